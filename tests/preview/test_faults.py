"""Trouble on demand reaches the bot as the network and Telegram would make it."""

import asyncio
from datetime import timedelta

import pytest
import telegram

from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from tests.person import ADA, Person


async def test_a_flood_is_a_retry_after(
    local: LocalTelegram, bot: telegram.Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 carries the seconds, and the call took no effect."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it the framework warns of its own future
    local.faults = lambda method, params: Fault.flood(7) if method == "sendMessage" else None
    with pytest.raises(telegram.error.RetryAfter) as caught:
        await bot.send_message(ADA, "hi")
    assert caught.value.retry_after == timedelta(seconds=7)
    assert local.messages(ADA) == []
    local.faults = None
    await bot.send_message(ADA, "hi")


@pytest.mark.parametrize(("drop", "arrived"), [("before", 0), ("after", 1)])
async def test_a_cut_connection(local: LocalTelegram, bot: telegram.Bot, drop: str, arrived: int) -> None:
    """The bot cannot know whether a call took effect: both kinds look the same to it."""
    local.faults = lambda method, params: Fault(drop=drop) if params.get("text") == "hi" else None  # type: ignore[arg-type]  # parametrised
    calls = local.record_calls()
    with pytest.raises(telegram.error.NetworkError):
        await bot.send_message(ADA, "hi")
    assert len(local.messages(ADA)) == arrived
    assert [(call.method, call.status) for call in calls] == [("sendMessage", 0)]


async def test_a_slow_answer(local: LocalTelegram, bot: telegram.Bot) -> None:
    """A delay lets other calls pass."""
    came = asyncio.Event()

    def delayed(method: str, params: dict[str, str]) -> Fault | None:
        if params.get("text") != "slow":
            return None
        came.set()
        return Fault(delay_s=1.0)

    local.faults = delayed
    slow = asyncio.create_task(bot.send_message(ADA, "slow"))
    await came.wait()
    await bot.send_message(ADA, "quick")
    await slow
    assert [message.text for message in Person(local).messages()] == ["quick", "slow"]


async def test_any_answer_at_all(local: LocalTelegram, bot: telegram.Bot) -> None:
    """A gateway's page instead of JSON."""
    local.faults = lambda method, params: Fault(status=502, body="<html>Bad Gateway</html>")
    with pytest.raises(telegram.error.TelegramError):
        await bot.get_me()


async def test_calls_are_recorded_when_switched_on(local: LocalTelegram, bot: telegram.Bot) -> None:
    """The record tells method, parameters, status and time."""
    await bot.send_message(ADA, "before")
    calls = local.record_calls()
    await bot.send_message(ADA, "one")
    with pytest.raises(telegram.error.BadRequest):
        await bot.send_message(999, "two")
    await bot.send_document(ADA, b"12345", filename="n.txt")
    told = [
        (call.method, call.status, call.params.get("text"), call.params.get("document")) for call in calls
    ]
    assert told == [
        ("sendMessage", 200, "one", None),
        ("sendMessage", 400, "two", None),
        ("sendDocument", 200, None, "n.txt (5 bytes)"),
    ]
    assert calls[0].at_s <= calls[1].at_s <= calls[2].at_s
