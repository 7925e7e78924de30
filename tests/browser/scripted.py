"""A bot of a few lines: plain HTTP calls to the local Bot API, updates fetched by long polling as any bot does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.preview.server import LOCAL_TOKEN


class ScriptedBot:
    """What a test says and does in the bot's place."""

    def __init__(self, session: aiohttp.ClientSession, root: str) -> None:
        self._session = session
        self._root = f"{root}/bot{LOCAL_TOKEN}"
        self._updates: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def call(self, method: str, **params: Any) -> Any:
        """The result of a Bot API method; a refusal fails the test with Telegram's words."""
        async with self._session.post(f"{self._root}/{method}", json=params) as answer:
            body = await answer.json()
        assert body["ok"], f"{method}: {body}"
        return body["result"]

    async def say(self, chat: int, text: str, *rows: list[str], **more: Any) -> int:
        """Sends a message with rows of buttons whose data is their label; returns its id."""
        if rows:
            more["reply_markup"] = keyboard(*rows)
        message = await self.call("sendMessage", chat_id=chat, text=text, **more)
        return int(message["message_id"])

    async def edit(self, chat: int, message: int, text: str, *rows: list[str], **more: Any) -> None:
        """Changes a message in place; without rows its buttons go."""
        if rows:
            more["reply_markup"] = keyboard(*rows)
        await self.call("editMessageText", chat_id=chat, message_id=message, text=text, **more)

    async def picture(self, chat: int, png: bytes, caption: str) -> None:
        """Sends a photo as an upload."""
        form = aiohttp.FormData()
        form.add_field("chat_id", str(chat))
        form.add_field("caption", caption)
        form.add_field("photo", png, filename="plot.png", content_type="image/png")
        await self._upload("sendPhoto", form)

    async def file(self, chat: int, name: str, content: object) -> None:
        """Sends a JSON document as an upload."""
        form = aiohttp.FormData()
        form.add_field("chat_id", str(chat))
        form.add_field("document", json.dumps(content), filename=name, content_type="application/json")
        await self._upload("sendDocument", form)

    async def _upload(self, method: str, form: aiohttp.FormData) -> None:
        async with self._session.post(f"{self._root}/{method}", data=form) as answer:
            body = await answer.json()
        assert body["ok"], f"{method}: {body}"

    async def heard(self) -> dict[str, Any]:
        """The next message from a person."""
        return dict((await self._next("message"))["message"])

    async def tapped(self) -> dict[str, Any]:
        """The next callback query."""
        return dict((await self._next("callback_query"))["callback_query"])

    async def answer(self, tap: dict[str, Any], **more: Any) -> None:
        """Answers a callback query."""
        await self.call("answerCallbackQuery", callback_query_id=tap["id"], **more)

    async def _next(self, kind: str) -> dict[str, Any]:
        while True:
            update = await asyncio.wait_for(self._updates.get(), timeout=10)
            if kind in update:
                return update

    async def poll(self) -> None:
        """Fetches updates until it is cancelled."""
        offset = 0
        while True:
            for update in await self.call("getUpdates", offset=offset, timeout=20):
                offset = update["update_id"] + 1
                self._updates.put_nowait(update)


def keyboard(*rows: list[str]) -> dict[str, Any]:
    """Inline buttons whose data is their label."""
    return {"inline_keyboard": [[{"text": label, "callback_data": label} for label in row] for row in rows]}


def span(text: str, words: str, kind: str, **more: str) -> dict[str, Any]:
    """An entity over the words' first occurrence, counted in UTF-16 units."""
    before, _, _ = text.partition(words)
    return {"type": kind, "offset": units(before), "length": units(words), **more}


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


@asynccontextmanager
async def scripted(root: str) -> AsyncIterator[ScriptedBot]:
    """A bot that polls, as long as the block lasts."""
    async with aiohttp.ClientSession() as session:
        bot = ScriptedBot(session, root)
        polling = asyncio.create_task(bot.poll())
        yield bot
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
