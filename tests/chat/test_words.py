"""The small rooms: fates of errors, waiting times, the memory of screens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat.pace import Window, backoff_s
from bot.chat.request import NotDoneError, NotDoneInTimeError
from bot.chat.screens import Screens
from bot.chat.words import SENDS, Fate, Kind, fate, loggable

ANY = frozenset(Kind)


@pytest.mark.parametrize(
    ("error", "kinds", "expected"),
    [
        (RetryAfter(3), ANY, Fate.FLOOD),
        (ChatMigrated(-5), ANY, Fate.MOVED),
        (Forbidden("Forbidden: user is deactivated"), ANY, Fate.GONE),
        (NotDoneError("no connection"), ANY, Fate.AGAIN),
        (NotDoneInTimeError("no connection"), ANY, Fate.AGAIN),
        (InvalidToken(), ANY, Fate.AGAIN),
        (TimedOut(), SENDS, Fate.MAYBE),
        (TimedOut(), ANY - SENDS, Fate.RETRY),
        (NetworkError("reset"), SENDS, Fate.MAYBE),
        (NetworkError("reset"), ANY - SENDS, Fate.RETRY),
        (TelegramError("Invalid server response"), SENDS, Fate.MAYBE),
        (BadRequest("Bad Request: chat not found"), ANY, Fate.GONE),
        (BadRequest("Bad Request: PEER_ID_INVALID"), ANY, Fate.GONE),
        (BadRequest("Bad Request: not enough rights to send photos to the chat"), SENDS, Fate.GONE),
        (BadRequest("Bad Request: message thread not found"), SENDS, Fate.GONE),
        (BadRequest("Bad Request: TOPIC_DELETED"), SENDS, Fate.GONE),
        (BadRequest("Bad Request: CHAT_RESTRICTED"), SENDS, Fate.GONE),
        (BadRequest("Bad Request: message is not modified: same"), {Kind.EDIT}, Fate.SAID),
        (BadRequest("Bad Request: message to edit not found"), {Kind.EDIT}, Fate.ANEW),
        (BadRequest("Bad Request: message can't be edited"), {Kind.EDIT}, Fate.ANEW),
        (BadRequest("Bad Request: MESSAGE_ID_INVALID"), {Kind.EDIT}, Fate.ANEW),
        (BadRequest("Bad Request: message to edit not found"), {Kind.STRIP}, Fate.GONE),
        (BadRequest("Bad Request: query is too old"), {Kind.ANSWER}, Fate.GONE),
        (BadRequest("Bad Request: anything"), {Kind.ANSWER, Kind.STRIP}, Fate.GONE),
        (BadRequest("Bad Request: message is too long"), SENDS | {Kind.EDIT}, Fate.REFUSED),
        (BadRequest("Bad Request: text that only quotes chat not found"), SENDS, Fate.REFUSED),
    ],
)
def test_fates(error: TelegramError, kinds: frozenset[Kind], expected: Fate) -> None:
    """What becomes of each kind of word after each error."""
    assert {fate(error, kind) for kind in kinds} == {expected}


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (BadRequest("Bad Request: message is too long"), "BadRequest: Message is too long"),
        (
            BadRequest('Bad Request: unsupported start tag "private" at 3'),
            "BadRequest: Unsupported start tag",
        ),
        (BadRequest("Bad Request: wrong HTTP URL: https://private"), "BadRequest: Wrong http url"),
        (TelegramError(""), "TelegramError"),
    ],
)
def test_what_an_error_quotes_is_not_logged(error: TelegramError, shown: str) -> None:
    """Telegram's words are cut before a quotation."""
    assert loggable(error) == shown


@given(attempt=st.integers(0, 10_000), chance=st.floats(0, 1))
def test_backoff_grows_and_is_bounded(attempt: int, chance: float) -> None:
    """From half of to the whole doubled wait, never beyond half a minute."""
    wait_s = backoff_s(attempt, lambda: chance)
    whole = min(30.0, 2.0 ** min(attempt, 10))
    assert whole / 2 <= wait_s <= whole


@given(st.lists(st.floats(0, 30), max_size=80))
def test_a_window_lets_no_more_through(gaps: list[float]) -> None:
    """Whoever waits as told never goes out more than twenty times within a minute; idle windows say so."""
    window, now, out = Window(most=20, span_s=60), 0.0, []
    for gap in gaps:
        now += gap
        now += window.wait_s(now)
        window.count(now)
        out.append(now)
        assert sum(one > now - 59.999 for one in out) <= 20
        assert not window.idle(now)
    assert window.idle(now + 60)


def test_screens_are_a_bounded_memory() -> None:
    """The least recently used goes first."""
    screens = Screens(most=2)
    screens.put(1, "a", 11)
    screens.put(1, "b", 12)
    assert screens.get(1, "a") == 11
    screens.put(2, "c", 13)
    assert [screens.get(1, "a"), screens.get(1, "b"), screens.get(2, "c")] == [11, None, 13]
