"""The model: a lesson that exists is whole, also when it is not made from a file."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.course.load import load_file
from bot.course.model import Lab, Lesson, Option, Question, Step, StepKind, Story

OPTIONS = (Option(text="a", correct=True, because="b"), Option(text="c", because="d"))


def question(**changes: Any) -> Question:
    """A test question with changes."""
    given: dict[str, Any] = {
        "id": "q",
        "use": "test",
        "level": "easy",
        "skill": "s",
        "step": "hook",
        "ask": "?",
        "options": OPTIONS,
    }
    return Question(**(given | changes))


def codes(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Where and what."""
    return [(each["loc"], each["type"]) for each in error.errors()]


@pytest.fixture
def lesson() -> Lesson:
    """The lesson with every key."""
    lesson = load_file(Path(__file__).parent / "good.yaml").lesson
    assert lesson is not None
    return lesson


def test_a_lesson_cannot_be_changed(lesson: Lesson) -> None:
    """Frozen, so that it can be shared."""
    with pytest.raises(ValidationError, match="frozen"):
        lesson.title = "Other"  # type: ignore[misc]  # that is the test


def test_a_lesson_survives_json(lesson: Lesson) -> None:
    """Out and in again, the same."""
    assert Lesson.model_validate_json(lesson.model_dump_json(by_alias=True)) == lesson


def test_finding_parts_of_a_lesson(lesson: Lesson) -> None:
    """By use and by id; None for what is not there."""
    assert [each.id for each in lesson.practice] == ["first-question"]
    assert lesson.test == ()
    assert lesson.step("hook") is lesson.steps[0]
    assert lesson.question("first-question") is lesson.questions[0]
    assert lesson.step("none") is None
    assert lesson.question("none") is None


def test_right_is_the_place_of_the_right_option() -> None:
    """Wherever it stands."""
    assert question(options=OPTIONS[::-1]).right == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"options": OPTIONS[1:] * 2},
            [(("options",), "one-right"), (("options", 1, "text"), "same-option")],
        ),
        ({"options": OPTIONS[:1]}, [(("options",), "too_short")]),
        ({"use": "practice"}, [((), "no-hint"), ((), "no-solution")]),
        ({"ask": "\u200b\n"}, [(("ask",), "blank")]),
        ({"skill": "Weights"}, [(("skill",), "wrong-id")]),
        ({"skill": "a" * 41}, [(("skill",), "wrong-id")]),
        ({"skill": "weights\n"}, [(("skill",), "wrong-id")]),
        ({"ask": 1, "options": ()}, [(("ask",), "string_type"), (("options",), "too_short")]),
    ],
)
def test_a_question_is_whole_or_all_its_problems(changes: dict[str, Any], expected: list[Any]) -> None:
    """Rules and keys are told together."""
    with pytest.raises(ValidationError) as caught:
        question(**changes)
    assert codes(caught.value) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"kind": "idea"}, [((), "missing-key")]),
        ({"kind": "idea", "text": "x", "points": ("y",)}, [(("points",), "wrong-kind")]),
        ({"kind": "compare", "text": "x"}, [((), "missing-key"), ((), "missing-key")]),
        ({"kind": "takeaways"}, [((), "missing-key")]),
        ({"kind": "takeaways", "points": ()}, [((), "missing-key")]),
        ({"kind": "poem", "text": "x"}, [(("kind",), "enum")]),
    ],
)
def test_a_step_has_the_keys_of_its_kind(keys: dict[str, Any], expected: list[Any]) -> None:
    """Those it needs, and none without a place."""
    with pytest.raises(ValidationError) as caught:
        Step(id="s", title="t", **keys)
    assert codes(caught.value) == expected


def test_titles_and_code_lose_only_blank_ends() -> None:
    """The line feed of a YAML block is no second line; indentation of code stays."""
    assert Step(id="s", kind=StepKind.IDEA, title="Title\n", text="  x\n\n").title == "Title"
    assert Step(id="s", kind=StepKind.IDEA, title="Title", text="  x\n\n").text == "  x"


def lab(x: Any, y: Any, **story: Any) -> Lab:
    """A lab on these values with one story."""
    told: dict[str, Any] = {"name": "n", "optimizer": "sgd", "rate": 0.1, "steps": 1, "outcome": "learns"}
    axes = {name: {"label": "l", "unit": "u", "values": values} for name, values in (("x", x), ("y", y))}
    return Lab.model_validate({"task": "line", "title": "t", **axes, "stories": [told | story]})


def test_the_bounds_of_a_story_are_inside() -> None:
    """Rates from 1e-5 to 10 and steps from 1 to 1,000 can be trained."""
    assert lab([0, 1], [0, 1], rate=1e-5, steps=1000).stories[0].rate == 1e-5
    assert lab([0, 1], [0, 1], rate=10, steps=1).stories[0] == Story(
        name="n", optimizer="sgd", rate=10.0, steps=1, outcome="learns"
    )


@pytest.mark.parametrize(
    ("x", "y", "story", "expected"),
    [
        ([0, 1], [0, 1], {"rate": 0.9e-5}, "greater_than_equal"),
        ([0, 1], [0, 1], {"rate": 10.1}, "less_than_equal"),
        ([0, 1], [0, 1], {"steps": 0}, "greater_than_equal"),
        ([0, 1], [0, 1], {"steps": 1001}, "less_than_equal"),
        ([0, 1], [0, 1], {"steps": 1.5}, "int_type"),
        ([0, 1], [0, 1], {"steps": True}, "int_type"),
        ([0, 1], [0, 1], {"optimizer": "SGD"}, "literal_error"),
        ([0, 1], [0, 1], {"outcome": "arrived"}, "literal_error"),
        ([0, 1], [0, 1, 2], {}, "uneven-data"),
        ([1, 1], [0, 1], {}, "constant"),
        ([1e9, 1e9 - 1], [0, 1], {}, "constant"),  # the same in float32
        ([0, float("nan")], [0, 1], {}, "finite_number"),
        ([0, 1e10], [0, 1], {}, "less_than_equal"),
        ([0, 10**400], [0, 1], {}, "float_type"),
        ([0], [0], {}, "too_short"),
    ],
)
def test_a_lab_can_be_trained(x: Any, y: Any, story: dict[str, Any], expected: str) -> None:
    """Data that cannot be standardised, and settings outside the bounds, are refused."""
    with pytest.raises(ValidationError) as caught:
        lab(x, y, **story)
    assert expected in [each["type"] for each in caught.value.errors()]
