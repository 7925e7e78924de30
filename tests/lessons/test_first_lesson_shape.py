"""The first lesson has the parts its brief names, and its questions are fair to who reads closely."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lessons.programs import ROOT

TEXT = Path(ROOT, "lessons", "why-training-changes-weights.yaml").read_text("utf-8")
LESSON: dict[str, Any] = yaml.load(TEXT, Loader=yaml.CSafeLoader)
QUESTIONS: list[dict[str, Any]] = LESSON["questions"]
PRACTICE = [question for question in QUESTIONS if question["use"] == "practice"]
TEST = [question for question in QUESTIONS if question["use"] == "test"]
STEPS = {
    "hook": "idea",
    "scenario": "story",
    "problem": "problem",
    "solution": "solution",
    "before-after": "compare",
    "outcome": "outcome",
    "example": "example",
    "takeaways": "takeaways",
}
LEVELS = {
    "purpose": "easy",
    "who-updates": "easy",
    "what-prints": "medium",
    "nothing-changes": "medium",
    "house-prices": "hard",
}
SKILLS = {
    "weights",
    "loss",
    "gradient",
    "optimizer",
    "learning-rate",
    "training-loop",
    "missing-line",
    "loss-timing",
}
CODES = [
    *(step[side]["code"] for step in LESSON["steps"] for side in ("before", "after") if side in step),
    *(question["code"]["code"] for question in QUESTIONS if "code" in question),
]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question["id"]))


def _right(question: dict[str, Any]) -> str:
    return next(str(option["text"]) for option in question["options"] if option.get("correct"))


def test_the_lesson_is_the_one_of_the_brief() -> None:
    """Id, track and level are those of the brief, and facts have sources."""
    head = {key: LESSON[key] for key in ("schema", "id", "track", "level", "language", "minutes")}
    assert head == {
        "schema": 1,
        "id": "why-training-changes-weights",
        "track": "tensorflow-basics",
        "level": "beginner",
        "language": "en",
        "minutes": 3,
    }
    assert LESSON["sources"]


def test_the_steps_come_in_order() -> None:
    """Eight steps of the right kinds, three takeaways, two programs side by side."""
    assert {step["id"]: step["kind"] for step in LESSON["steps"]} == STEPS
    assert [step["id"] for step in LESSON["steps"]] == list(STEPS)
    by_id = {step["id"]: step for step in LESSON["steps"]}
    assert len(by_id["takeaways"]["points"]) == 3
    for side in ("before", "after"):
        assert len(by_id["before-after"][side]["code"].splitlines()) <= 22
    introduction = by_id["before-after"]["text"]
    assert "\n" not in introduction and len(introduction) <= 220  # one line; what came out follows the code


def test_steps_fit_a_phone() -> None:
    """A step is short enough to be read as one message."""
    for step in LESSON["steps"]:
        assert len(step.get("text", "")) <= 900, step["id"]


def test_code_lines_fit_a_phone() -> None:
    """No line of code is wider than 48 characters."""
    assert max(len(line) for code in CODES for line in code.splitlines()) <= 48


def test_what_the_programs_print_is_in_sight_on_a_phone() -> None:
    """The answer to the step's question stands in a comment: 38 characters are seen without scrolling."""
    step = next(step for step in LESSON["steps"] if step["id"] == "before-after")
    for side in ("before", "after"):
        printed = [line for line in step[side]["code"].splitlines() if line.startswith("print(")]
        assert len(printed) == 2 and all("  # " in line and len(line) <= 38 for line in printed)


def test_the_questions_of_the_brief_are_there() -> None:
    """Five to practice at their levels, ten for the strength test, with ids of their own."""
    assert {question["id"]: question["level"] for question in PRACTICE} == LEVELS
    assert Counter(question["level"] for question in TEST) == {"easy": 4, "medium": 3, "hard": 3}
    assert len({question["id"] for question in QUESTIONS}) == len(PRACTICE) + len(TEST) == 15
    assert {question["skill"] for question in TEST} == SKILLS
    assert {question["skill"] for question in PRACTICE} <= SKILLS


def test_half_of_the_strength_test_shows_code_or_numbers() -> None:
    """At least five of the ten show code or a number in what is asked or offered."""
    shown = ["code" in question or re.search(r"\d", question["ask"] + _right(question)) for question in TEST]
    assert sum(map(bool, shown)) >= 5


@each_question
def test_a_question_is_whole(question: dict[str, Any]) -> None:
    """Four different options with one right, a reason for each, and a step that explains it."""
    options = question["options"]
    assert len({option["text"] for option in options}) == len(options) == 4
    assert sum(option.get("correct", False) for option in options) == 1
    assert len({option["because"] for option in options}) == 4
    assert question["step"] in STEPS


@pytest.mark.parametrize("question", PRACTICE, ids=lambda question: str(question["id"]))
def test_a_practice_question_teaches(question: dict[str, Any]) -> None:
    """One or two hints that do not quote the answer, a solution in titled steps, common mistakes."""
    assert 1 <= len(question["hints"]) <= 2
    assert not any(_right(question) in hint for hint in question["hints"])
    assert all(piece["title"] and piece["text"] for piece in question["solution"])
    assert len(question["solution"]) >= 2 and len(question["mistakes"]) >= 2


@each_question
def test_options_are_short_lines(question: dict[str, Any]) -> None:
    """An option is one line of prose with inline code at most, no longer than 110 characters."""
    for option in question["options"]:
        assert len(option["text"]) <= 110 and "\n" not in option["text"] and "```" not in option["text"]


@each_question
def test_a_reason_fits_into_an_alert(question: dict[str, Any]) -> None:
    """The first sentence of a reason stays under 180 characters."""
    for option in question["options"]:
        assert len(re.split(r"(?<=[.!?])\s", option["because"])[0]) < 180


def test_the_right_option_does_not_stand_out() -> None:
    """Neither the longest nor the shortest option is right suspiciously often, nor one position."""
    lengths = [(len(_right(q)), sorted(len(option["text"]) for option in q["options"])) for q in QUESTIONS]
    assert sum(right == all_[-1] > all_[-2] for right, all_ in lengths) <= len(QUESTIONS) / 3
    assert sum(right == all_[0] < all_[1] for right, all_ in lengths) <= len(QUESTIONS) / 3
    places = Counter([bool(option.get("correct")) for option in q["options"]].index(True) for q in QUESTIONS)
    assert set(places) == {0, 1, 2, 3} and max(places.values()) <= len(QUESTIONS) / 2


def test_every_sum_is_right() -> None:
    """What stands before the sign of an equation gives what stands after it."""
    prose = re.sub("[−×²`]", lambda sign: {"−": "-", "×": "*", "²": "**2", "`": ""}[sign[0]], TEXT)
    number = r"-?\d+(?:\.\d+)?"
    equations = re.findall(rf"([\d(][\d .()*+-]*[*+-][\d .()*+-]*[\d)]) = ({number})", prose)
    assert len(equations) >= 12
    for left, value in equations:
        assert eval(left) == pytest.approx(float(value)), f"{left} = {value}"


def test_no_letters_stand_for_options() -> None:
    """Options are shuffled, so no text may call one by a letter."""
    assert not re.search(r"\b(option|answer|choice) \(?[A-F]\b", json.dumps(LESSON), re.IGNORECASE)


def test_nothing_commonly_taught_and_false() -> None:
    """`fit` is not offered as a line that leaves the weights alone, and no loss is "close to 1"."""
    who_updates = next(question for question in QUESTIONS if question["id"] == "who-updates")
    assert "fit(" not in json.dumps(who_updates)
    assert "close to 1" not in TEXT


def test_the_lab_tells_three_stories() -> None:
    """Five to eight points, and three stories on the lab's grid: learns, crawls, diverges."""
    lab = LESSON["lab"]
    assert lab["task"] == "line" and 5 <= len(lab["x"]["values"]) == len(lab["y"]["values"]) <= 8
    assert [story["outcome"] for story in lab["stories"]] == ["learns", "crawls", "diverges"]
    grid = {1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0}
    assert all(story["rate"] in grid and story["steps"] in {1, 10, 100, 1000} for story in lab["stories"])
