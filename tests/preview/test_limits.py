"""Flood limits: off unless switched on; then Telegram's words, and a wait that is long enough."""

from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import telegram
from hypothesis import given
from hypothesis import strategies as st

from bot.preview.directory import CHANNEL_ID, GROUP_ID
from bot.preview.limits import Rate
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.person import ADA, BLAISE

from .conftest import Api


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Read it."""
        return self.at

    def pass_s(self, seconds: float) -> None:
        """Move it on."""
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
async def local(clock: Clock) -> AsyncIterator[LocalTelegram]:
    """A strict local Telegram with that clock."""
    server = LocalTelegram(host="127.0.0.1", port=0, path=None, now=clock, limits=True)
    await server.start()
    yield server
    await server.stop()


async def test_twenty_a_minute_in_one_group(local: LocalTelegram, api: Api, clock: Clock) -> None:
    """Messages and edits count; the wait that is named is just long enough, and other chats go on."""
    sent = []
    for number in range(20):
        sent.append(await api("sendMessage", chat_id=GROUP_ID, text=str(number)))
        clock.pass_s(1)
    assert all(answer["ok"] for answer in sent)
    edit = {"chat_id": GROUP_ID, "message_id": sent[0]["result"]["message_id"]}
    refused = await api("editMessageText", **edit, text="x")
    words = "Too Many Requests: retry after 40"
    assert (refused["error_code"], refused["description"]) == (429, words)
    assert refused["parameters"] == {"retry_after": 40}
    assert (await api("sendMessage", chat_id=CHANNEL_ID, text="elsewhere"))["ok"]
    assert local.messages(GROUP_ID)[0]["text"] == "0"
    clock.pass_s(39)
    assert (await api("sendMessage", chat_id=GROUP_ID, text="early"))["parameters"] == {"retry_after": 1}
    clock.pass_s(1)
    assert (await api("editMessageText", **edit, text="x"))["ok"]
    local.limits = False
    assert all([(await api("sendMessage", chat_id=GROUP_ID, text="fast"))["ok"] for _ in range(30)])


async def test_a_burst_in_private_and_thirty_over_all(local: LocalTelegram, api: Api, clock: Clock) -> None:
    """Five at once to one person, then one a second; thirty a second to everybody together."""
    assert [(await api("sendMessage", chat_id=ADA, text="x"))["ok"] for _ in range(6)] == [True] * 5 + [False]
    clock.pass_s(5)
    for person in range(201, 231):
        await local.send(person=await _joined(local, person), chat=person, text="/start")
        answer = await api("sendMessage", chat_id=person, text="x")
        assert answer["ok"], person
    assert (await api("sendMessage", chat_id=BLAISE, text="x"))["parameters"] == {"retry_after": 1}
    clock.pass_s(1)
    assert (await api("sendMessage", chat_id=BLAISE, text="x"))["ok"]


async def test_what_telegram_would_refuse_anyway_costs_nothing(local: LocalTelegram, api: Api) -> None:
    """A text that is too long, a button that is broken: 400 as ever, and no place taken."""
    for _ in range(30):
        assert (await api("sendMessage", chat_id=ADA, text="x" * 5000))["error_code"] == 400
    assert (await api("sendMessage", chat_id=ADA, text="x"))["ok"]


async def test_the_framework_is_told_how_long(local: LocalTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot raises RetryAfter."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it the framework warns of its own future
    async with telegram.Bot(LOCAL_TOKEN, base_url=f"{local.url}/bot") as bot:
        for _ in range(5):
            await bot.send_message(ADA, "x")
        with pytest.raises(telegram.error.RetryAfter) as refused:
            await bot.send_message(ADA, "x")
    assert refused.value.retry_after == timedelta(seconds=5)


async def _joined(local: LocalTelegram, person: int) -> int:
    await local.join(person)
    return person


@given(
    most=st.integers(1, 5),
    within_s=st.integers(1, 10),
    gaps=st.lists(st.integers(0, 5), max_size=60),
)
def test_no_window_ever_holds_more(most: int, within_s: int, gaps: list[int]) -> None:
    """Whatever the pace, no stretch of that length takes more; who waits as told is always let in."""
    rate, past, taken, now_s = Rate(most=most, within_s=within_s), deque[float](), list[float](), 0.0
    for gap in gaps:
        now_s += gap
        wait_s = rate.wait_s(past, now_s)
        now_s += wait_s
        assert rate.wait_s(past, now_s) == 0
        past.append(now_s)
        taken.append(now_s)
    for start in taken:
        assert sum(start <= moment < start + within_s for moment in taken) <= most
