"""Nothing grows or waits without end."""

import asyncio

import aiohttp
import pytest
import telegram

from bot.preview import cloud, page, taps
from bot.preview.refusals import Refused
from bot.preview.server import LocalTelegram
from tests.person import ADA

from .conftest import Api
from .test_framework import KEYBOARD
from .test_page import frame


async def test_a_tap_is_too_old_after_its_time(
    local: LocalTelegram, bot: telegram.Bot, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stops waiting, the person gets no answer, the bot is told that it was too late."""
    monkeypatch.setattr(taps, "LIFETIME_S", 0.01)
    sent = await bot.send_message(ADA, "Ready?", reply_markup=KEYBOARD)
    async with http.ws_connect(f"{local.url}/ws") as socket:
        tap = {
            "type": "tap",
            "id": 1,
            "person": ADA,
            "chat_id": ADA,
            "message_id": sent.message_id,
            "data": "n",
        }
        await socket.send_json(tap)
        assert await frame(socket, "answer") == {"type": "answer", "id": 1, "person": ADA}
    query = await local.tap(person=ADA, chat=ADA, message=sent.message_id, data="n")
    assert await local.answer_to(query) is None
    with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query)


async def test_only_the_last_answers_are_remembered(
    local: LocalTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking for the answer to a tap of long ago is refused."""
    monkeypatch.setattr(taps, "MOST_REMEMBERED", 2)
    first, *_ = [await local.tap(person=ADA, chat=ADA, message=1, data="d") for _ in range(3)]
    with pytest.raises(Refused, match="query is too old"):
        await local.answer_to(first)


async def test_the_oldest_messages_of_a_chat_go(
    local: LocalTelegram, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long chat forgets its beginning, for the bot too."""
    monkeypatch.setattr(cloud, "MOST_MESSAGES", 3)
    ids = [(await api("sendMessage", chat_id=ADA, text=f"{n}"))["result"]["message_id"] for n in range(5)]
    assert [message["text"] for message in local.messages(ADA)] == ["2", "3", "4"]
    refused = await api("editMessageText", chat_id=ADA, message_id=ids[0], text="x")
    assert refused["description"] == "Bad Request: message to edit not found"


async def test_a_page_that_does_not_read_is_disconnected(
    local: LocalTelegram, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames pile up for one page only so far; the others go on."""
    monkeypatch.setattr(page, "MOST_WAITING", 5)
    async with http.ws_connect(f"{local.url}/ws") as slow, asyncio.timeout(5):
        await frame(slow, "hello")
        for n in range(20):  # without a pause in which they could be sent
            local.notice(f"{n}")
        while not slow.closed:
            await slow.receive()
        assert slow.close_code == 1013
    async with http.ws_connect(f"{local.url}/ws") as fresh:
        assert (await frame(fresh, "hello"))["notice"]["text"] == "19"
