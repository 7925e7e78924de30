"""The lint: one bad file per code, and what Telegram's limits leave to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.check import CODES, check_folder, check_paths, lint
from bot.check.codes import table
from bot.check.messages import button_problem
from bot.core.actions import LONGEST_DATA
from bot.core.experiment import ModelState, Optimizer, Spec
from bot.course.load import load_file, load_text
from bot.course.model import Lesson
from bot.view import lab
from bot.view.rich import CAPTION_LIMIT
from bot.view.screens import longest_messages
from bot.view.stage import Stage
from bot.view.texts import Texts, languages

HERE = Path(__file__).parent
BAD = HERE / "bad"
GOOD = (HERE / "good.yaml").read_text(encoding="utf-8")


def bad(code: str) -> Path:
    """The bad file of a code; a folder where it takes several files, or none."""
    return BAD / code if (BAD / code).is_dir() else BAD / f"{code}.yaml"


def found(*changes: tuple[str, str]) -> list[str]:
    """Codes of an edited good lesson."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return [finding.code for finding in lint(load_text(text.encode(), file="f.yaml"))]


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_bad_file_that_gives_exactly_it(code: str) -> None:
    """And nothing else."""
    findings = check_paths([bad(code)])
    assert {finding.code for finding in findings} == {code}
    for finding in findings:
        assert finding.file.startswith(str(BAD))
        assert finding.fact
        assert finding.advice
        assert str(finding).isprintable()


def test_each_bad_file_has_its_code() -> None:
    """No file is left over."""
    assert {path.name.removesuffix(".yaml") for path in BAD.iterdir()} == set(CODES)


def test_all_bad_files_at_once() -> None:
    """The folder as a whole: every file is told, none stops the others, and no lesson comes out of it."""
    single = {code for code in CODES if bad(code).suffix == ".yaml" and code != "same-lesson"}
    library = check_folder(BAD)
    assert {finding.code for finding in library.findings} >= single
    assert not library.lessons


def test_the_good_lesson_is_clean() -> None:
    """What the bad files were made from has no finding; so the one change is what is told."""
    assert check_paths([HERE / "good.yaml"]) == []
    assert list(check_folder(HERE).lessons) == ["small"]


def test_the_lessons_of_this_project_are_clean() -> None:
    """They go out as they are."""
    assert check_paths([HERE.parents[1] / "lessons"]) == []


def test_files_named_twice_are_checked_once() -> None:
    """By their folder and by name: no clash with themselves."""
    assert check_paths([HERE, HERE / "good.yaml"]) == []


def test_a_path_that_is_not_there_is_told() -> None:
    """With the other findings, not instead of them."""
    codes = [finding.code for finding in check_paths([BAD / "none.yaml", BAD / "tab.yaml"])]
    assert codes == ["unreadable", "tab"]


def test_a_path_that_the_system_refuses_is_told() -> None:
    """A name too long for a file is one finding, not a traceback."""
    assert [finding.code for finding in check_paths([Path("x" * 300)])] == ["unreadable"]


@pytest.mark.parametrize("text", ["**{}**", " {} ", "{}\\n", "`{}`"])
def test_options_that_look_the_same_are_told(text: str) -> None:
    """However they are written, a learner could not tell them apart."""
    lesson = load_text(GOOD.encode(), file="f.yaml").lesson
    assert lesson is not None
    first, second = (option.text for option in lesson.questions[0].options[:2])
    assert found((f"text: {second}", f'text: "{text.format(first)}"')) == ["same-option"]


def test_a_bad_lesson_never_reaches_a_learner(tmp_path: Path) -> None:
    """Not even one whose only fault is in what learners see; the good one beside it does."""
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_bytes(bad("option-letter").read_bytes().replace(b"id: small", b"id: other"))
    library = check_folder(tmp_path)
    assert list(library.lessons) == ["small"]
    assert "option-letter" in {finding.code for finding in library.findings}


@pytest.mark.parametrize(
    "text",
    [
        "Option B says it.",
        "See options A to C.",
        "The answer is not answer (C).",
        "Like choice D",
        "Option 2 is close.",
        "The last option is a trap.",
        "'All of the above'",
        "Both A and C are wrong.",
        "Close, but (B) is right.",
        "**Option** B",
        "See option b.",
        "Here option d is wrong.",
        "It is not answer c)",
        "The right answer is C.",
        "The answer is (D)",
    ],
)
def test_letters_of_options_are_told_where_options_are_shuffled(text: str) -> None:
    """In hints as anywhere else of the question; not where the order is fixed."""
    hint = ("hints: [Think of the first step.]", f'hints: ["{text}"]')
    assert found(hint) == ["option-letter"]
    assert found(hint, ("    ask:", "    shuffle: false\n    ask:")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Answer a question first.",
        "An option: a weight.",
        "The answer 4.0 comes from the loss.",
        "A is a matrix, B another.",
        "Grade A work, plan B.",
        "The answer is A model.",
        "The answer is C = 3.",
        "Take the option a model offers.",
        "The choice d = 2 fits, the choice b_1 does not.",
        "The answer b + 1 is odd, the answer f(x) or c.shape is not.",
        "Look at `option B` and f(A).",
        "Answer C's question.",
        "What options are there? A weight is one.",
        "None of the weights above moved.",
    ],
)
def test_other_letters_are_not_told(text: str) -> None:
    """A letter is no option by itself; code is code."""
    assert found(("hints: [Think of the first step.]", f'hints: ["{text}"]')) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * 120, []),
        ("x" * 121, ["option-too-long"]),
        ("**" + "x" * 120 + "**", []),
        ("one\\ntwo", []),
        ("one\\n\\ntwo", ["option-line"]),
        ("```\\nx\\n```", ["option-line"]),
        ("> x", ["option-line"]),
        ("# ", ["blank"]),
    ],
)
def test_options_fit_a_line(text: str, expected: list[str]) -> None:
    """Measured as shown, not as typed."""
    assert found(("{text: The data,", f'{{text: "{text}",')) == expected


def test_a_message_of_exactly_the_limit_is_clean() -> None:
    """4096 units pass, one more is told, with the longest state of the question in the fact."""
    rest = max(rich.units for path, rich, _ in longest_messages(small()) if path.startswith("questions"))
    ask = "What does training change?"
    room = 4096 - rest + len(ask)
    assert found((ask, "x" * room)) == []
    assert found((ask, "x" * (room + 1))) == ["message-too-long"]
    assert found((ask, "😀" * (room // 2) + "x" * (room % 2 + 1))) == ["message-too-long"]


def test_a_question_must_fit_as_a_post_too() -> None:
    """With a long title the post is the longest state: title, how to answer, and totals stand in it."""
    title, ask = ("title: A small lesson", "title: " + "T" * 200), "What does training change?"
    lesson = load_text(GOOD.replace(*title).encode(), file="f.yaml").lesson
    assert lesson is not None
    questions = [rich for path, rich, _ in longest_messages(lesson) if path.startswith("questions")]
    longest = max(questions, key=lambda rich: rich.units)
    assert longest.text.endswith("answered, 100 % right")
    room = 4096 - longest.units + len(ask)
    assert found(title, (ask, "x" * room)) == []
    assert found(title, (ask, "x" * (room + 1))) == ["message-too-long"]


def test_a_long_step_is_split_not_refused() -> None:
    """Paragraphs go into several messages; one paragraph or block cannot."""
    paragraph = "word " * 300
    text = "A **weight** is a number that training changes."
    assert found((text, '"' + (paragraph + "\\n\\n") * 7 + '"')) == []
    assert found((text, paragraph * 3)) == ["message-too-long"]


def small() -> Lesson:
    """The good lesson."""
    lesson = load_file(HERE / "good.yaml").lesson
    assert lesson is not None
    return lesson


def test_what_telegram_refuses_in_buttons() -> None:
    """Labels that show nothing or have lines, data of no or too many bytes, too many at once."""
    assert button_problem(((("A", "d" * 64), ("…", "d")),)) is None
    for label, data in [
        (" ", "d"),
        ("a\nb", "d"),
        ("A", ""),
        ("A", "d" * 65),
        ("A", "é" * 33),
        ("x" * 59 + "…", "d"),
    ]:
        problem = button_problem((((label, data),),))
        assert problem is not None
        assert problem[0] == "button"
    assert button_problem(((("A", "d"),) * 8,) * 12) is None
    assert button_problem(((("A", "d"),) * 9,)) is not None
    assert button_problem(((("A", "d"),),) * 101) is not None


def longest_lesson() -> Lesson:
    """A lesson with every id, title and label as long as the schema allows."""
    text = GOOD.replace("id: small", f"id: {'i' * 40}").replace("id: hook", f"id: {'h' * 40}")
    text = text.replace("step: hook", f"step: {'h' * 40}").replace("id: purpose", f"id: {'p' * 40}")
    text = text.replace("title: Houses", f"title: {'T' * 200}").replace("label: Size", f"label: {'L' * 40}")
    lesson = load_text(text.encode(), file="f.yaml").lesson
    assert lesson is not None
    return lesson


def test_callback_data_cannot_be_too_long() -> None:
    """Whatever the schema takes stays within Telegram's 64 bytes."""
    data = [data for _, _, rows in longest_messages(longest_lesson()) for row in rows for _, data in row]
    assert data
    assert max(len(each.encode()) for each in data) <= LONGEST_DATA


def captions(lesson: Lesson) -> Iterator[int]:
    """UTF-16 units of the longest caption in each language."""
    state = ModelState.fresh(Optimizer.MOMENTUM, 0, 0)
    spec = Spec(
        x=(1.0, 2.0), y=(1.0, 2.0), optimizer=Optimizer.MOMENTUM, rate=1.2345e-5, steps=1000, start=state
    )
    for language in languages():
        stage = Stage(
            texts=Texts(language), shelf={lesson.id: lesson}, username="x" * 32, program=lambda _: ""
        )
        yield lab.caption(stage, lesson, spec).units


def test_captions_cannot_be_too_long() -> None:
    """The schema bounds the title of a lab, so no lesson can make a caption that Telegram refuses."""
    assert max(captions(longest_lesson())) <= CAPTION_LIMIT - 200  # a title of emoji counts twice


def test_the_table_names_every_code() -> None:
    """Made for the README: one row a code."""
    rows = table().splitlines()
    assert rows[:2] == ["| code | meaning |", "| --- | --- |"]
    assert len(rows) == len(CODES) + 2
    assert all(f"| `{code}` | {sentence} |" in rows for code, sentence in CODES.items())
