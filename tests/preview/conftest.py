"""A local Telegram on a free port, and a real python-telegram-bot `Bot` that talks to it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import telegram
from telegram.request import HTTPXRequest

from bot.preview.server import LOCAL_TOKEN, LocalTelegram

Api = Callable[..., Any]


def now() -> datetime:
    """Read the clock, as the command line does."""
    return datetime.now(UTC)


@pytest.fixture
async def local() -> AsyncIterator[LocalTelegram]:
    """Serve a fresh local Telegram in memory."""
    server = LocalTelegram(host="127.0.0.1", port=0, path=None, now=now)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def api(local: LocalTelegram, http: aiohttp.ClientSession) -> Api:
    """Give a function that calls a method with JSON and returns the whole answer."""

    async def call(method: str, **params: object) -> Any:
        async with http.post(f"{local.url}/bot{LOCAL_TOKEN}/{method}", json=params) as answer:
            body = await answer.json()
            assert body["ok"] == (answer.status == 200)
            return body

    return call


@pytest.fixture
async def bot(local: LocalTelegram) -> AsyncIterator[telegram.Bot]:
    """Connect the real framework; without the certificates of the world, which nobody needs on loopback."""
    client = telegram.Bot(
        LOCAL_TOKEN,
        base_url=f"{local.url}/bot",
        base_file_url=f"{local.url}/file/bot",
        request=HTTPXRequest(httpx_kwargs={"verify": False}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"verify": False}),
    )
    async with client:
        yield client
