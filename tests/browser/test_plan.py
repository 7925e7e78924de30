"""A study plan on the page: set up by buttons, its moments in the reader's zone, its first post."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.preview.directory import GROUP_ID
from tests.browser.chromium import needs_chromium, open_chat
from tests.browser.test_whole import TALL, picture
from tests.house import LESSONS
from tests.person import ADA
from tests.talk.plans import town

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), needs_chromium]


async def test_a_study_plan(browser: "Browser", tmp_path: Path) -> None:
    """Ada sets it up; one appointment passes."""
    async with (
        town(tmp_path, lessons=LESSONS) as here,
        open_chat(browser, here.local.url, screen=TALL, person=ADA, group=GROUP_ID) as chat,
    ):
        await chat.send("/plan")
        await chat.wait_text("A study plan for this chat")
        await chat.tap("Time zone: UTC")
        await chat.tap("Berlin")
        await chat.wait_text("18:00, Europe/Berlin")
        await chat.tap("Start")
        await chat.wait_text("The next three times")
        await here.meet(datetime(2026, 3, 2, 17, tzinfo=UTC))
        await chat.wait_text("1 of")
        await chat.send("/plan")
        await chat.wait_text("Next: “A cake without a recipe”")
        await picture(chat, "plan")
        assert await chat.overflow_px() == 0
        assert chat.complaints == []
