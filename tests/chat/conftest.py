"""The real bot object, the real store, and a Bot API server of our own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot

from bot.chat.request import AiohttpRequest
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import TOKEN, BotApi
from tests.chat.clock import Clock
from tests.chat.speaker import Speaker


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A listening Bot API server."""
    api = BotApi()
    await api.server.start_server(access_log=None)  # it would log the addresses
    yield api
    api.release.set()
    await api.server.close()


@pytest.fixture
def polling() -> AiohttpRequest:
    """The connection for getUpdates alone."""
    return AiohttpRequest(connections=4)


@pytest.fixture
async def bot(api: BotApi, polling: AiohttpRequest) -> AsyncIterator[Bot]:
    """The framework's bot on our requests."""
    async with Bot(TOKEN, api.root, request=AiohttpRequest(), get_updates_request=polling) as bot:
        api.calls.clear()
        yield bot


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def clock() -> Clock:
    """Time in the test's hand."""
    return Clock()


@pytest.fixture
async def speaker(bot: Bot, store: SqliteStore, clock: Clock) -> AsyncIterator[Speaker]:
    """Without limits of its own."""
    speaker = Speaker(bot, store, clock)
    yield speaker
    await speaker.deliverer.drain(0)
