"""One browser for all tests of this room; a fresh local Telegram, bot and page for each."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest_asyncio

from bot.preview.server import LocalTelegram
from tests.browser.chromium import ChatPage, chromium, open_chat
from tests.browser.scripted import ScriptedBot, scripted

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator["Browser"]:
    """Chromium, started once."""
    async with chromium() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def telegram() -> AsyncIterator[LocalTelegram]:
    """A local Telegram in memory on a free port."""
    local = LocalTelegram(host="127.0.0.1", port=0, path=None, now=lambda: datetime.now(UTC))
    await local.start()
    yield local
    await local.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def bot(telegram: LocalTelegram) -> AsyncIterator[ScriptedBot]:
    """A bot that does what the test says."""
    async with scripted(telegram.url) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def chat(browser: "Browser", telegram: LocalTelegram, bot: ScriptedBot) -> AsyncIterator[ChatPage]:
    """The page on a desk, as Ada; whatever the page complains of fails the test."""
    async with open_chat(browser, telegram.url) as page:
        yield page
        assert page.complaints == []
