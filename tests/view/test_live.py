"""Live rounds as they look, in their extremes."""

from datetime import UTC, datetime

import pytest

from bot.core.live import PACES_S, Ending, Live, Phase, Row, Table
from bot.core.quiz import print_of
from bot.core.state import Asked
from bot.tutor.tables import NAME_LIMIT
from bot.view.live import SHOWN_ROWS, lobby_message, question_message, table_message, top_message
from bot.view.rich import MESSAGE_LIMIT
from bot.view.stage import Stage
from bot.view.texts import CATALOGUES, Texts
from tests.core.shelves import shelf
from tests.talk.shelves import question, small
from tests.view.extremes import LINE, WIDE

SHELF = shelf(small("alpha", questions=[question("q-one"), question("q-two")]))
STAGE = Stage(texts=Texts(), shelf=SHELF, username="nabla", program=lambda _: "")
CODE = "AAAAAAAA"
FIRST = SHELF["alpha"].practice[0]
ALERTS = (
    "noted", "noted_before", "late", "question_changed", "not_yours", "began", "went_on", "was_ended", "left",
    "nameless_join",
)  # fmt: skip


def live(**keys: object) -> Live:
    """A round of two questions; the first one stands."""
    asked = Asked(
        question="q-one", order=(1, 0), seen=print_of(FIRST), shown_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    values: dict[str, object] = {
        "language": "en",
        "lesson": "alpha",
        "title": LINE,
        "questions": ("q-one", "q-two"),
        "chat": -1,
        "phase": Phase.OPEN,
        "next": 1,
        "asked": (asked,),
        **keys,
    }
    return Live.model_validate(values)


def table(names: int, others: int = 0) -> Table:
    """So many names as long as they may be."""
    row = Row(name=WIDE * (NAME_LIMIT // 2), points=29.5, seconds=35_999.9)
    return Table(rows=(row,) * names, others=others)


@pytest.mark.parametrize("ending", list(Ending))
def test_a_table_fits_and_counts_whom_it_does_not_name(ending: Ending) -> None:
    """Twenty names; all others, named or not, are a number."""
    message = table_message(STAGE, live(phase=Phase.OVER, ending=ending), CODE, table(5000, 10**6))
    assert message.rich.units <= MESSAGE_LIMIT
    assert message.rich.text.startswith("🏁")
    assert f"and {5000 - SHOWN_ROWS + 10**6} others" in message.rich.text
    assert top_message(STAGE, CODE, table(5000)).rich.units <= MESSAGE_LIMIT


@pytest.mark.parametrize(
    ("shown", "others", "said"),
    [
        (0, 0, "Nobody answered"),
        (0, 1, "1 person took part"),
        (0, 2, "2 people took part"),
        (1, 0, "1. "),
        (1, 1, "and 1 other\n"),
        (1, 2, "and 2 others"),
    ],
)
def test_a_table_says_how_many(shown: int, others: int, said: str) -> None:
    """With nobody, one, more."""
    text = table_message(STAGE, live(phase=Phase.OVER), CODE, table(shown, others)).rich.text
    assert said in text
    assert ("and" in text.partition("Points first")[0].split()) == (shown > 0 and others > 0)


def test_a_running_question_shows_no_mark() -> None:
    """The options in their order, the count, a button each; the last seconds say so."""
    message = question_message(STAGE, live(), CODE, {0: 3, 1: 1})
    assert "A. Wrong one\nB. Right one" in message.rich.text
    assert message.rich.text.endswith("4 answered")
    assert [button.label for row in message.rows for button in row] == ["A", "B"]
    assert "half" in question_message(STAGE, live(phase=Phase.LAST), CODE, {}).rich.text


def test_a_solution_marks_the_right_option_and_counts() -> None:
    """The mark before its letter, the numbers behind each, the reason, the way to the whole why."""
    message = question_message(STAGE, live(phase=Phase.SHOWN), CODE, {0: 3, 1: 1})
    assert "A. Wrong one  ·  1\n✅ B. Right one  ·  3" in message.rich.text
    assert "It is so." in message.rich.text and "4 answered, 75 % right" in message.rich.text
    [[why]] = message.rows
    assert why.url.endswith(f"start=p-{CODE}00")


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.SHOWN])
def test_a_question_that_changed_has_a_way_on(phase: Phase) -> None:
    """Without a timer a button, with one the next question comes by itself; after the end neither."""
    changed = Stage(texts=Texts(), shelf={}, username="nabla", program=lambda _: "")
    assert question_message(changed, live(phase=phase, pace_s=None), CODE, {}).rows
    assert not question_message(changed, live(phase=phase), CODE, {}).rows
    assert not question_message(changed, live(phase=Phase.OVER, pace_s=None), CODE, {}).rows


def test_the_first_message_in_its_states() -> None:
    """Paces with the picked one marked; begun without them; called off without a button."""
    for pace in (*PACES_S, None):
        message = lobby_message(STAGE, live(phase=Phase.LOBBY, asked=(), next=0, pace_s=pace), CODE)
        assert sum(button.label.endswith("✓") for button in message.rows[0]) == 1
        assert message.rich.units <= MESSAGE_LIMIT
    assert len(lobby_message(STAGE, live(), CODE).rows) == 1
    for ending in (Ending.IDLE, Ending.AWAY, Ending.GONE, Ending.STOPPED):
        off = lobby_message(STAGE, live(phase=Phase.OVER, ending=ending, asked=()), CODE)
        assert off.rows == () and "/round" in off.rich.text


@pytest.mark.parametrize("language", list(CATALOGUES))
def test_alerts_are_whole(language: str) -> None:
    """Telegram takes 200 characters."""
    t = Texts(language)
    assert max(len(t(f"live.{key}")) for key in ALERTS) <= 200
    assert len(t("live.joined", name=WIDE * (NAME_LIMIT // 2))) <= 200


def test_a_name_from_right_to_left_turns_nothing_around() -> None:
    """It stands apart, so that place and points of its row stay where they are in the others."""
    rows = tuple(Row(name=name, points=2, seconds=3.5) for name in ("\u05e9\u05dc\u05d5\u05dd", "Ada"))
    text = table_message(STAGE, live(phase=Phase.OVER), CODE, Table(rows=rows, others=0)).rich.text
    assert "\n1. \u2068\u05e9\u05dc\u05d5\u05dd\u2069: 2 of 1, 3.5 s\n2. Ada: 2 of 1, 3.5 s\n" in text
    week = top_message(STAGE, CODE, Table(rows=rows, others=0)).rich.text
    assert "\n1. \u2068\u05e9\u05dc\u05d5\u05dd\u2069: 2, 3.5 s\n" in week
