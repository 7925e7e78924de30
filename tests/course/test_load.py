"""The loader: a whole lesson, or every problem at the line of its key."""

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.check import CODES
from bot.course import events
from bot.course.finding import Finding
from bot.course.load import load_file, load_folder, load_text
from bot.course.model import Level, StepKind, Use

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def edited(*changes: tuple[str, str]) -> bytes:
    """The good lesson with pieces replaced; each piece is there exactly once."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.encode()


def found(text: bytes | str) -> list[tuple[int, str]]:
    """Line and code of all findings."""
    raw = text.encode() if isinstance(text, str) else text
    return [(finding.line, finding.code) for finding in load_text(raw, file="f.yaml").findings]


def told(*changes: tuple[str, str]) -> str:
    """The only finding about an edited lesson, as authors read it."""
    (finding,) = load_text(edited(*changes), file="f.yaml").findings
    return str(finding)


def line_of(piece: str) -> int:
    """The line of the good lesson on which a piece stands."""
    return GOOD[: GOOD.index(piece)].count("\n") + 1


def test_the_lesson_of_the_contract_loads_whole() -> None:
    """Every key of the schema arrives under its own name."""
    lesson = load_text(GOOD.encode(), file="good.yaml").lesson
    assert lesson is not None
    assert (lesson.id, lesson.schema_, lesson.level, lesson.order) == (
        "example-lesson",
        1,
        Level.BEGINNER,
        10,
    )
    assert [step.kind for step in lesson.steps] == [StepKind.IDEA, StepKind.COMPARE, StepKind.TAKEAWAYS]
    assert lesson.steps[1].before is not None
    assert lesson.steps[1].before.code == "print('a')"
    assert lesson.steps[2].points == ("One", "Two")
    (question,) = lesson.questions
    assert (question.use, question.right, question.shuffle) == (Use.PRACTICE, 0, True)
    assert question.hints == ("First nudge", "Stronger nudge")
    assert lesson.lab is not None
    assert lesson.lab.x.values == (50.0, 70.0, 90.0, 120.0)
    assert lesson.lab.stories[0].rate == 0.1


def without(lesson: Any, *path: str | int) -> list[str]:
    """Codes of the lesson with every key, with one key taken out."""
    part = lesson = copy.deepcopy(lesson)
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return [code for _, code in found(yaml.safe_dump(lesson, allow_unicode=True))]


def keys(part: Any) -> Iterator[tuple[str | int, ...]]:
    """The path of every key of a mapping, however deep."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in pairs:
        if isinstance(key, str):
            yield (key,)
        for path in keys(value):
            yield (key, *path)


MAY_GO = {
    ("sources",),
    ("steps", 1, "text"),
    ("questions", 0, "code"),
    ("questions", 0, "shuffle"),
    ("questions", 0, "mistakes"),
    ("lab",),
    ("lab", "start"),
    ("lab", "start", "weight"),
    ("lab", "start", "bias"),
}  # what an author may leave out


@pytest.mark.parametrize("path", list(keys(yaml.safe_load(GOOD))), ids=str)
def test_a_key_may_be_left_out_where_the_contract_says_so(path: tuple[str | int, ...]) -> None:
    """And nowhere else: half a file that was cut off between two keys is no lesson."""
    codes = without(yaml.safe_load(GOOD), *path)
    assert (codes == []) == (path in MAY_GO)


def test_all_problems_are_told_at_once_at_their_lines() -> None:
    """Wrong keys, wrong values and broken rules, sorted by line; none hides another."""
    text = edited(
        ("minutes: 3", "minutes: 12:30"),
        ("level: beginner", "level: Beginner"),
        ("title: A short title", "titel: A short title"),
        ("because: Why it is wrong.", "because: Why, it is wrong."),
        ("rate: 0.1", "rate: 1e-6"),
        ("step: hook  ", "step: hok  "),
        ("correct: true, because", "because"),
    )
    assert found(text) == [
        (1, "missing-key"),
        (line_of("title: A short"), "unknown-key"),
        (line_of("level: beginner"), "wrong-value"),
        (line_of("minutes: 3"), "wrong-type"),
        (line_of("step: hook  "), "no-such-step"),
        (line_of("options:"), "one-right"),
        (line_of("Why it is wrong"), "unknown-key"),
        (line_of("rate: 0.1"), "out-of-range"),
    ]


def test_a_finding_is_one_line_with_place_fact_and_advice() -> None:
    """FILE:LINE: CODE: key: fact; advice."""
    line = line_of("level: easy")
    assert told(("level: easy", "level: simple")) == (
        f"f.yaml:{line}: wrong-value: questions[0].level: `simple` is not allowed; write easy, medium or hard"
    )


def test_an_unquoted_comma_is_explained() -> None:
    """Inside {…} it makes a key without a value: the advice says so."""
    assert told(("because: Why it is wrong.", "because: Why, it is wrong.")).endswith(
        "`it is wrong.` is no key here; in {…} a comma begins a new key: quote a text with commas"
    )


def test_the_nearest_key_is_suggested() -> None:
    """A slip of the pen gets the key that was meant; a key of another part its home."""
    assert "did you mean `minutes`?" in str(load_text(edited(("minutes:", "minuts:")), file="f").findings[1])
    assert "it is a key of question: check the indentation" in told(("sources: [", "hints: ["))


@pytest.mark.parametrize("number", ["1e-3", "1E-3", "0.001", ".001", "+1e-3", "1.0e-03"])
def test_numbers_are_numbers(number: str) -> None:
    """YAML 1.1 reads some of these as texts; here they are what they look like."""
    lesson = load_text(edited(("rate: 0.1", f"rate: {number}")), file="f.yaml").lesson
    assert lesson is not None
    assert lesson.lab is not None
    assert lesson.lab.stories[0].rate == 0.001


@pytest.mark.parametrize(
    "word", ["yes", "No", "on", "OFF", "y", "12:30", "2024-01-31", "1_000", "0b1", "NaN", "="]
)
def test_words_stay_words(word: str) -> None:
    """What YAML 1.1 turns into booleans, dates and sixties is text, as the author sees it."""
    lesson = load_text(edited(("{text: That one,", f"{{text: {word},")), file="f.yaml").lesson
    assert lesson is not None
    assert lesson.questions[0].options[1].text == word


@pytest.mark.parametrize("value", ["4", "-4.0", "1e5", "true", "0x10", ".inf", "9" * 5000])
def test_a_number_for_a_text_must_be_quoted(value: str) -> None:
    """It is not silently written as Python would write it."""
    assert told(("{text: That one,", f"{{text: {value},")).endswith("not a text; put it in quotes")
    assert found(edited(("{text: That one,", f"{{text: '{value}',"))) == []


@pytest.mark.parametrize(
    "value", ["'0.1'", "1_000", "0,1", "ten", "[1]", "true", ".nan", ".inf", "1e999", "9" * 400]
)
def test_a_rate_is_a_finite_number(value: str) -> None:
    """Anything else is told, and only that."""
    assert found(edited(("rate: 0.1", f"rate: {value}")))[0][0] == line_of("rate: 0.1")


def test_empty_keys_are_told_even_where_they_may_be_left_out() -> None:
    """`hints:` with nothing after it is a slip, whatever the key."""
    text = edited(("    shuffle: true ", "    shuffle: "), ("start: {weight: 0.0, bias: 0.0}", "start: "))
    assert found(text) == [(line_of("shuffle: true"), "empty"), (line_of("start: {"), "empty")]


def test_windows_files_are_read() -> None:
    """A byte order mark and carriage returns change nothing."""
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert load_text(raw, file="f.yaml").lesson == load_text(GOOD.encode(), file="f.yaml").lesson


def test_accents_are_composed() -> None:
    """Telegram would drop a ring that stands beside its letter."""
    lesson = load_text(edited(("A short title", "A\u030angstro\u0308m")), file="f.yaml").lesson
    assert lesson is not None
    assert lesson.title == "\u00c5ngstr\u00f6m"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * 100_000, (1, "too-deep")),
        ("a: " * 100_000, (1, "yaml")),
        ("- " * 100_000, (1, "too-deep")),
        ("? " * 100_000, (1, "yaml")),
        ("a: &a [x]\nb: *a", (1, "alias")),
        ("a: **bold** text", (1, "yaml")),
        ("a: `code`", (1, "yaml")),
        ("a: ||spoiler||", (1, "yaml")),
        ("a: !!python/object/apply:os.system [x]", (1, "tag")),
        ("a: !x!y z", (1, "tag")),
        ("a: 'open\nb: 1\n", (1, "yaml")),
        ("a: {b: 1\n\n", (1, "yaml")),
        ("a: 1\n b: 2", (2, "yaml")),
        ("{a: 1}: 2", (1, "yaml")),
        ("a:\n\tb: 1", (2, "tab")),
        ("a: 1\n---\nb: 1", (2, "several-documents")),
        ("", (1, "empty-file")),
        ("--- ~\n", (1, "empty-file")),
        ("# only words\n", (1, "empty-file")),
        ("x" * 1_000_001, (1, "too-big")),
        ("a: \x00", (1, "control-character")),
        ('\n\na: "\\u202e"', (3, "control-character")),
        ("a: b\rc: d", (1, "control-character")),
        ("just words", (1, "wrong-type")),
        ("- a list", (1, "wrong-type")),
    ],
)
@pytest.mark.parametrize("parser", ["C", "Python"])
def test_hostile_and_broken_yaml(
    text: str, expected: tuple[int, str], parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told by the same code with either parser, and none is built."""
    monkeypatch.setattr(events, "_LOADER", yaml.CSafeLoader if parser == "C" else yaml.SafeLoader)
    assert expected in found(text)
    assert load_text(text.encode(), file="f.yaml").lesson is None


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("level: beginner", "level beginner", "key: value"),
        ("correct: true, because: Why it is right.}", "correct: true, because: Why it is right.", "bracket"),
        ("correct: true, because: Why", "correct: true, because: #1 Why", "quote texts with , : #"),
        ("    after:", "     after:", "check the indentation"),
        ("ask: What", 'ask: "C:\\Users" What', "for a backslash"),
        ("ask: What", "ask: - What", "begins with `- ` must be quoted"),
        ("  - id: first-question", "  -\tid: first-question", "indent with spaces"),
    ],
)
def test_broken_yaml_is_told_where_it_is(old: str, new: str, advice: str) -> None:
    """At the line to be changed, not at the next one where the parser stumbles; the advice fits."""
    (finding,) = load_text(edited((old, new)), file="f.yaml").findings
    assert finding.line == line_of(old)
    assert advice in finding.advice


def test_a_comma_before_a_key_with_a_value_is_explained_too() -> None:
    """`because: Yes, it: is` makes the key `it`."""
    told_of = told(("because: Why it is wrong.", "because: 'No', note: it is wrong."))
    assert "`note` is no key here" in told_of and "quote a text with commas" in told_of


@pytest.mark.parametrize("key", ["\u00a0title", '" title"', '"title "', "title\u200b"])
def test_a_key_that_only_looks_right_is_unknown(key: str) -> None:
    """Blanks and marks that nobody sees make another key of it."""
    codes = [code for _, code in found(edited(("title: A short title", f"{key}: A short title")))]
    assert codes == ["missing-key", "unknown-key"]


def test_hints_that_are_no_list_are_there() -> None:
    """One mistake, one finding."""
    assert "this is a text, not a list" in told(("hints: [First nudge, Stronger nudge]", "hints: Think"))


def test_a_number_in_quotes_is_told_as_a_text() -> None:
    """Not as a 1 that should be a 1."""
    assert told(("schema: 1", "schema: '1'")).endswith("in quotes is a text, not a number; remove the quotes")


def test_a_bomb_of_aliases_is_not_built() -> None:
    """Nine levels of nine aliases would be a thousand million values."""
    levels = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert {code for _, code in found("\n".join(levels))} >= {"alias"}


def test_encoding_is_told_with_its_line() -> None:
    """Latin-1 on line 2; UTF-16 as a whole."""
    assert found(b"a: 1\nb: \xe4\n") == [(2, "encoding")]
    assert found(GOOD.encode("utf-16")) == [(1, "encoding")]


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_bytes_end_in_findings(raw: bytes) -> None:
    """Nothing raises, and no finding is more than one printable line."""
    loaded = load_text(raw, file="f.yaml")
    assert loaded.lesson is None
    assert loaded.findings
    assert all(str(finding).isprintable() for finding in loaded.findings)


PLACES = [place for place in range(len(GOOD)) if not GOOD[place].isspace()]


@settings(deadline=None)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["", " ", "\n", "'", '"', ":", ",", "{", "}", "[", "-", "#", "*", "\t", "0"]),
)
def test_any_slip_of_the_pen_ends_in_a_lesson_or_findings(place: int, slip: str) -> None:
    """One character replaced by another anywhere: a lesson or findings at lines of the file, never both."""
    text = GOOD[:place] + slip + GOOD[place + 1 :]
    loaded = load_text(text.encode(), file="f.yaml")
    assert (loaded.lesson is None) == bool(loaded.findings)
    assert all(1 <= finding.line <= text.count("\n") + 1 for finding in loaded.findings)
    assert {finding.code for finding in loaded.findings} <= set(CODES)


def test_lines_are_kept_for_the_lint() -> None:
    """Each key path has its line; a path that is not in the file has that of the key above it."""
    loaded = load_text(GOOD.encode(), file="f.yaml")
    assert loaded.line("questions[0].options[1].text") == line_of("That one")
    assert loaded.line("questions[0].options[1].correct") == line_of("That one")
    assert loaded.line("questions[0].nothing") == line_of("- id: first-question")
    assert loaded.line("") == 1


def test_files_that_cannot_be_read_are_findings(tmp_path: Path) -> None:
    """Missing, a folder, a pipe: told, never waited for."""
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, fact in [("none.yaml", "no such file"), (".", "no file"), ("pipe.yaml", "no file")]:
        (finding,) = load_file(tmp_path / name).findings
        assert finding.code == "unreadable"
        assert fact in finding.fact


def test_a_folder_gives_its_good_lessons_and_all_findings(tmp_path: Path) -> None:
    """Lessons come in the order of their track; a broken file takes none down; other files are ignored."""
    later = edited(
        ("id: example-lesson", "id: later"), ("A short title", "Later"), ("order: 10", "order: 20")
    )
    (tmp_path / "a-later.yaml").write_bytes(later)
    (tmp_path / "b-first.yml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "c-broken.yaml").write_text("id: [", encoding="utf-8")
    (tmp_path / "notes.md").write_text("notes", encoding="utf-8")
    (tmp_path / ".hidden.yaml").write_text("hidden", encoding="utf-8")
    (tmp_path / "folder.yaml").mkdir()
    library = load_folder(tmp_path)
    assert list(library.lessons) == ["example-lesson", "later"]
    assert [Path(finding.file).name for finding in library.findings] == ["c-broken.yaml", "folder.yaml"]


def test_what_clashes_between_files_is_told(tmp_path: Path) -> None:
    """The first file keeps the id; lessons may share a title or a place."""
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_bytes(edited(("A short title", "Another")))
    (tmp_path / "c.yaml").write_bytes(
        edited(("id: example-lesson", "id: third"), ("A short title", "A SHORT title"))
    )
    library = load_folder(tmp_path)
    assert {lesson.title for lesson in library.lessons.values()} == {"A short title", "A SHORT title"}
    codes = [(Path(finding.file).name, finding.code) for finding in library.findings]
    assert codes == [("b.yaml", "same-lesson")]


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    """So is one without lessons."""
    assert [finding.code for finding in load_folder(tmp_path / "none").findings] == ["unreadable"]
    assert [finding.code for finding in load_folder(tmp_path).findings] == ["no-lesson"]


def test_findings_sort_by_file_and_line() -> None:
    """As compilers do."""
    later = Finding("a", 10, "x", "x", "x")
    assert str(Finding("a\nb", 1, "x", "x", "x")) == "a\\nb:1: x: x; x"
    assert sorted([later, Finding("b", 1, "x", "x", "x"), Finding("a", 9, "x", "x", "x")])[1] is later
