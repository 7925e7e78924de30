"""Every screen in its extremes: within Telegram's limits, and never without something to do next."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

import bot
from bot.core.actions import LONGEST_DATA, Action, data
from bot.core.effects import Toast
from bot.core.experiment import Verdict
from bot.core.menu import COMMANDS
from bot.core.scenes import LabScene, Plain, ProgressScene, QuestionScene, ResultScene, Scene, StepScene
from bot.training.program import program
from bot.tutor.gather import TOAST_LIMIT, answer_word, gather
from bot.view.lab import caption, percent_text, step_texts
from bot.view.menu import bar
from bot.view.message import LABEL_LIMIT, Keyboard, Message, cut
from bot.view.rich import CAPTION_LIMIT, ENTITY_LIMIT, MESSAGE_LIMIT, utf16_len
from bot.view.screens import SAMPLE_KEY, draw
from bot.view.stage import Stage
from bot.view.texts import CATALOGUES, Texts
from tests.view.extremes import LESSON, LINE, SHELF, VALUES, WIDE, scenes, spec_from

STAGE = Stage(texts=Texts(), shelf=SHELF, username="x" * 32, program=program)
ALL = list(scenes())


@cache
def drawn() -> tuple[tuple[Scene, Message], ...]:
    """Every scene with its messages."""
    return tuple((scene, message) for scene in ALL for message in draw(STAGE, scene, SAMPLE_KEY))


def test_every_kind_of_scene_is_among_the_extremes() -> None:
    """A scene that is added later cannot be forgotten here."""
    kinds = {type(scene) for scene in ALL} | {StepScene, QuestionScene}
    assert kinds == set(Scene.__args__)


def test_texts_stay_within_a_message() -> None:
    """4096 UTF-16 units, 100 entities, never empty."""
    for scene, message in drawn():
        assert 0 < message.rich.units <= MESSAGE_LIMIT, scene
        assert len(message.rich.entities) <= ENTITY_LIMIT, scene


def test_buttons_stay_within_telegrams_limits() -> None:
    """Callback data of at most 64 bytes, labels that a phone shows, eight a row, a hundred in all."""
    for scene, message in drawn():
        assert sum(map(len, message.rows)) <= 100, scene
        for row in message.rows:
            assert 1 <= len(row) <= 8
            for button in row:
                assert len(button.data.encode()) <= LONGEST_DATA, button
                assert 0 < utf16_len(button.label) <= LABEL_LIMIT, button
                assert button.data.startswith(f"{SAMPLE_KEY}:")


def test_every_message_ends_with_something_to_do() -> None:
    """Buttons, or a sentence that names a command."""
    commands = re.compile("|".join(f"/{name}\\b" for name in COMMANDS))
    for scene, message in drawn():
        last = message.rich.text.rstrip().splitlines()[-1]
        assert message.rows or commands.search(last), scene


def test_without_lessons_every_text_names_a_command() -> None:
    """With no button to go on, the words alone say what to do."""
    stage = Stage(texts=Texts(), shelf={}, username="nabla", program=program)
    commands = re.compile("|".join(f"/{name}\\b" for name in COMMANDS))
    for scene in ALL:
        if isinstance(scene, Plain):
            message = draw(stage, Plain(text=scene.text, params=scene.params, lesson=None), SAMPLE_KEY)[0]
            assert message.rows or commands.search(message.rich.text), scene.text


def test_the_longest_ids_fit_into_callback_data() -> None:
    """The longest argument that any button has."""
    for action in Action:
        assert len(data(SAMPLE_KEY, action, "x" * 40).encode()) <= LONGEST_DATA


def test_toasts_fit() -> None:
    """Each answer to a tap is whole within 200 characters; only a name in it may be cut."""
    toasts = set(toast_keys())
    assert {"stale", "quiz.answered", "lab.running"} <= toasts
    for language in CATALOGUES:
        for key in toasts:
            assert utf16_len(CATALOGUES[language].get(key, "")) <= TOAST_LIMIT, key
    word = answer_word(STAGE, Toast(text="lab.story_set", params={"name": LINE}), chat=1, callback="q")
    assert "…" in word.body.encode().decode("unicode_escape", "surrogatepass")


def toast_keys() -> Iterator[str]:
    """The keys that the core answers taps with."""
    for path in (Path(bot.__file__).parent / "core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "toast":
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and part.value:
                        yield str(part.value)
    yield from ("lab.about_optimizer", "lab.about_rate", "lab.about_steps", "error.apology", "error.flood")


def test_captions_fit() -> None:
    """Under a picture, 1024 UTF-16 units."""
    for value in VALUES:
        assert caption(STAGE, LESSON, spec_from(value)).units <= CAPTION_LIMIT


def test_the_promised_lines_stand_first_in_every_result() -> None:
    """`Loss before: X` and `Loss after: Y` as Python floats, `inf` or `nan`, whatever came out."""
    for scene, message in drawn():
        if isinstance(scene, ResultScene):
            before, after, empty, judged, *_ = message.rich.text.splitlines()
            for line, start in ((before, "Loss before: "), (after, "Loss after: ")):
                assert line.startswith(start)
                shown = line.removeprefix(start)
                assert str(float(shown)) == shown
            assert empty == ""
            assert judged[0] == (
                "🏁"
                if scene.verdict is Verdict.ARRIVED
                else "✅"
                if scene.verdict is scene.prediction
                else "❌"
            )


def test_progress_that_is_too_long_says_how_much_is_left_out() -> None:
    """As many lessons as fit, then a count."""
    text = next(m.rich.text for s, m in drawn() if isinstance(s, ProgressScene) and len(s.standings) == 200)
    shown = text.count("0/200")
    assert 5 <= shown < 200
    assert f"… and {200 - shown} more." in text


def test_the_settings_of_the_lab_have_three_buttons_a_row() -> None:
    """◀ value ▶."""
    for scene, message in drawn():
        if isinstance(scene, LabScene):
            assert [[b.label for b in row][::2] for row in message.rows[:3]] == [["◀", "▶"]] * 3


@pytest.mark.parametrize(
    ("right", "asked", "shown"),
    [
        (0, 5, "▱▱▱▱▱"),
        (5, 5, "▰▰▰▰▰"),
        (1, 100, "▰▱▱▱▱"),
        (99, 100, "▰▰▰▰▱"),
        (2, 4, "▰▰▱▱▱"),
        (1, 1, "▰▰▰▰▰"),
    ],
)
def test_a_bar_is_full_only_if_all_is_right(right: int, asked: int, shown: str) -> None:
    """Five squares; neither end is reached by rounding."""
    assert bar(right, asked) == shown


@pytest.mark.parametrize(
    ("before", "rate", "gradient", "after", "shown"),
    [
        (0.0, 0.1, -1.9865, 0.19865, ("0", "(−1.9865)", "0.1986")),
        (0.19865, 0.1, -1.5892, 0.35757, ("0.1986", "(−1.5892)", "0.3576")),
        (1.0, 1e-5, 0.5, 0.999995, ("1", "0.5", "0.999995")),
        (0.0, 0.1, 1e-8, 0.0, ("0", "0", "0")),
        (0.5, 10.0, 2.0, -19.5, ("0.5", "2", "−19.5")),
        (0.0, 10.0, -1e8, 1e9, ("0", "(−1e+08)", "1e+09")),
    ],
)
def test_a_step_is_written_with_the_digits_that_it_needs(
    before: float, rate: float, gradient: float, after: float, shown: tuple[str, str, str]
) -> None:
    """A small step shows more decimals, a huge one an exponent, rounding noise a zero."""
    assert step_texts(before, rate, gradient, after) == shown


@pytest.mark.parametrize("rate", [1e-5, 1e-3, 0.03, 0.1, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("before", [0.0, 0.123456789, -7.654321])
@pytest.mark.parametrize("gradient", [-1.98765432, 0.000123456, 0.5, 12.3456789])
def test_the_arithmetic_comes_out_right_with_the_numbers_shown(
    before: float, rate: float, gradient: float
) -> None:
    """Whoever calculates with what is shown gets the new weight, but for one in the last digit."""
    texts = step_texts(before, rate, gradient, before - rate * gradient)
    w, g, new = (float(text.strip("()").replace("−", "-")) for text in texts)
    last = 10 ** -max(len(text.partition(".")[2]) for text in (texts[0], texts[2]))
    assert abs(w - rate * g - new) <= 1.5 * last
    assert (new != w) == (before - rate * gradient != before)


@pytest.mark.parametrize(
    ("part", "shown"),
    [(0.0, "0"), (-1e-9, "0"), (1e-9, "< 0.0001"), (0.12345, "12.3"), (1.0, "100"), (1.2, "100")],
)
def test_percent_has_no_exponent(part: float, shown: str) -> None:
    """Three digits that matter, between 0 and 100."""
    assert percent_text(part) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        (WIDE * 3, 6, WIDE * 3),
        (WIDE * 3, 5, WIDE * 2 + "…"),
        ("a  b", 3, "a…"),
    ],
)
def test_cutting_counts_as_telegram_counts(text: str, limit: int, shown: str) -> None:
    """UTF-16 units, never half a character."""
    assert cut(text, limit) == shown


def test_a_long_label_is_cut() -> None:
    """Sixty units with the ellipsis."""
    button = Keyboard("k").button(LINE, Action.NEXT)
    assert utf16_len(button.label) <= LABEL_LIMIT and button.label.endswith("…")


def test_the_answer_to_a_tap_comes_first() -> None:
    """Whatever else a tap causes, its answer is the first word, once."""
    change = gather(
        [Toast(text="stale")],
        stage=STAGE,
        learner=1,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        update=None,
        callback="q",
    )
    assert [word.kind for word in change.words] == ["answer"]
