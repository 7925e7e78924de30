"""How a study plan looks: within Telegram's limits in every state, whatever the lessons are called."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.actions import LONGEST_DATA, parse
from bot.core.plan import Asks, Phase, Plan, Trouble, appointments, rest
from bot.core.plan_moves import Press, pressed
from bot.core.turn import Lessons
from bot.training.program import program
from bot.view.message import Message
from bot.view.plan import PlanScene, notice, pick_message, plan_message
from bot.view.rich import MESSAGE_LIMIT
from bot.view.stage import Stage
from bot.view.texts import Texts
from tests.core.shelves import shelf
from tests.talk.shelves import small

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG = "x" * 40
SHELF: Lessons = shelf(*(small(f"l-{n}", track=f"{LONG[:-2]}{n:02}", title="T" * 80) for n in range(20)))
STATES: list[dict[str, Any]] = [
    {},
    {"days": ()},
    {"asks": Asks.TRACK, "page": 1},
    {"asks": Asks.TRACK, "page": 9},
    {"asks": Asks.ZONE},
    {"phase": Phase.RUNNING},
    {"phase": Phase.RUNNING, "asks": Asks.STOP},
    {"phase": Phase.PAUSED},
    *({"phase": Phase.PAUSED, "trouble": trouble} for trouble in Trouble),
    {"phase": Phase.STOPPED},
    {"phase": Phase.DONE},
]


def stage(lessons: Lessons = SHELF) -> Stage:
    """English words."""
    return Stage(texts=Texts("en"), shelf=lessons, username="nabla_bot", program=program)


def drawn(fields: dict[str, Any], lessons: Lessons = SHELF, chat: str | None = None) -> tuple[Plan, Message]:
    """A plan with these fields, and its message."""
    plan = Plan(language="en", track=f"{LONG[:-2]}00", zone="America/Argentina/ComodRivadavia").model_copy(
        update=fields
    )
    times = appointments(plan, UTC, after=NOW)
    return plan, plan_message(stage(lessons), PlanScene(plan=plan, times=times, chat=chat), "codecode")


@pytest.mark.parametrize("fields", STATES)
@pytest.mark.parametrize("chat", [None, "C" * 255])
def test_every_state_fits_and_says_what_to_do(fields: dict[str, Any], chat: str | None) -> None:
    """Text, callback data, and a button or a command to go on with; each button does something to the plan."""
    plan, message = drawn(fields, chat=chat)
    assert 0 < message.rich.units <= MESSAGE_LIMIT
    buttons = [button for row in message.rows for button in row]
    assert buttons or "/plan" in message.rich.text
    for button in buttons:
        assert len(button.data.encode()) <= LONGEST_DATA
        code, action, argument = parse(button.data)
        assert (code, action) == ("codecode", "pl")
        fits = pressed(plan, Press.parse(argument), SHELF)
        assert fits is not None or (argument == "go" and not plan.days)


def test_an_empty_shelf_is_no_empty_screen() -> None:
    """Set up or under way, without lessons."""
    for phase in (Phase.SETUP, Phase.RUNNING, Phase.PAUSED):
        plan, message = drawn({"phase": phase}, shelf())
        assert rest(plan, shelf()) == []
        assert message.rich.text and message.rows


def test_the_word_to_who_began_it_names_chat_and_way() -> None:
    """Also where the chat's name is not known."""
    plan, _ = drawn({"phase": Phase.PAUSED, "trouble": Trouble.MUTED})
    assert "“Class”" in notice(stage(), plan, "Class").rich.text
    assert "/plan" in notice(stage(), plan, None).rich.text


def test_chats_to_choose_from() -> None:
    """A button each, cut where a title is long."""
    message = pick_message(stage(), [(-1_001_234_567_890_123, "C" * 255), (-5, "Small")], "keykey12")
    assert [len(row) for row in message.rows] == [1, 1]
    assert all(len(row[0].data.encode()) <= LONGEST_DATA for row in message.rows)
