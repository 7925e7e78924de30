"""Posts and the answers to their taps, as they look."""

import pytest

from bot.core.scenes import QuestionScene
from bot.course.model import Option
from bot.view.message import Message
from bot.view.post import ALERT_LIMIT, CLOSED, OPEN, Closed, Open, alert, post_message, shares_caption
from bot.view.rich import EntityType, utf16_len
from bot.view.screens import SAMPLE_KEY
from bot.view.stage import Stage
from bot.view.texts import Texts
from tests.core.shelves import shelf
from tests.talk.shelves import small

LONG = "X" * 196
STAGE = Stage(texts=Texts(), shelf=shelf(small("one")), username="nabla_bot", program=lambda _: "")


def posted(state: Open | Closed, **totals: int) -> Message:
    """A question of two options, the right one shown second."""
    scene = QuestionScene(lesson="one", question="q-one", order=(1, 0), place=1, total=1, alone=True)
    return post_message(STAGE, scene, SAMPLE_KEY, state=state, **totals)


def test_a_closed_post_keeps_its_buttons_and_shows_the_answer() -> None:
    """The letter as it was shown, the reason folded, the totals last."""
    open_, closed = posted(OPEN), posted(CLOSED, answered=4, right=1)
    assert closed.rows == open_.rows
    assert "It is so." not in open_.rich.text
    assert "✅ B. Right one\nIt is so." in closed.rich.text
    (quote,) = [each for each in closed.rich.entities if each.type is EntityType.EXPANDABLE_BLOCKQUOTE]
    assert closed.rich.text.encode("utf-16-le")[2 * quote.offset : 2 * quote.end].decode("utf-16-le") == (
        "✅ B. Right one\nIt is so."
    )
    assert closed.rich.text.endswith("4 answered, 25 % right")


def test_the_picture_is_said_in_words_too() -> None:
    """Each letter as shown with its count, none left out, the right one marked."""
    scene = QuestionScene(lesson="one", question="q-one", order=(1, 0), place=1, total=1, alone=True)
    assert "A: 3\nB: 0 ✅" in shares_caption(STAGE, scene, {1: 3}).text


def test_a_late_alert_begins_with_its_mark() -> None:
    """Then the note, then as much of the reason as fits."""
    late = alert(Option(text="A", because=f"One. {LONG}."), "Closed.")
    assert late == "❌ Closed. One." and utf16_len(late) <= ALERT_LIMIT


@pytest.mark.parametrize(
    ("because", "shown"),
    [
        ("Short **and** `plain`.", "✅ Short and plain."),
        (f"One. Two! {LONG}.", "✅ One. Two!"),
        (f'He said "yes." Then {LONG}.', '✅ He said "yes."'),
        (f"Right (so far?) {LONG}.", "✅ Right (so far?)"),
        (f"Use one, e.g. the first, i.e. this. Then {LONG}.", "✅ Use one, e.g. the first, i.e. this."),
        (f"It is 0.5 there. Then {LONG}.", "✅ It is 0.5 there."),
        (f"对。错！{LONG}", "✅ 对。错！"),
        ("😀" * 150, "✅ " + "😀" * 98 + "…"),
        (f"- one\n- two\n\n{LONG}", None),
    ],
)
def test_an_alert_ends_with_a_sentence(because: str, shown: str | None) -> None:
    """As many whole ones as fit, as Telegram counts; an abbreviation, a decimal point end none."""
    text = alert(Option(text="A", correct=True, because=because))
    assert utf16_len(text) <= ALERT_LIMIT
    assert "\n" not in text
    assert shown is None or text == shown
    assert shown is not None or text.endswith("…")
