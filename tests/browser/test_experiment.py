"""A class experiment on the page, with all three people: votes, totals, the picture of real trainings."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.preview.directory import GROUP_ID
from bot.training.engine import Engine
from tests.browser.chromium import ChatPage, needs_chromium, open_chat
from tests.browser.test_whole import TALL, picture
from tests.house import running
from tests.person import ADA
from tests.talk.hours import Hours

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.tensorflow,
    pytest.mark.asyncio(loop_scope="session"),
    needs_chromium,
]
VOTES = {
    "Ada": ("rate 3", "It blows up"),
    "Blaise": ("rate 0.1", "It learns"),
    "Chen": ("rate 0.1", "It learns"),
}


async def vote(chat: ChatPage, who: str) -> None:
    """Both votes of one of the three."""
    await chat.be(who)
    for label in VOTES[who]:
        await chat.tap(label)


@pytest.mark.timeout(400)
async def test_a_class_experiment(browser: "Browser", tmp_path: Path) -> None:
    """All three vote and predict; TensorFlow trains; the photo stands in the group with its promised lines."""
    hours, engine = Hours(), Engine(workers=1, warm=(7,), timeout_s=60)
    async with (
        running(tmp_path, engine=engine, means=hours.means()) as bot,
        open_chat(browser, bot.local.url, screen=TALL, person=ADA, group=GROUP_ID) as chat,
    ):
        await engine.ready.wait()
        await chat.send("/experiment")
        await chat.wait_text("Class experiment")
        for who in VOTES:
            await vote(chat, who)
        await hours.pass_(10)
        await chat.wait_text("Votes: 3. Predictions: 3.")
        await hours.pass_(110)
        shown = await chat.wait_text("Loss before: 1.0", timeout_s=120)
        assert "Loss after: 0.0243408 · rate 0.1: it learns" in shown
        assert "2 of 3 predicted it" in shown
        loaded = "() => { const i = document.querySelector('.photo img'); return i?.complete && i.naturalWidth > 0; }"
        await chat.page.wait_for_function(loaded)
        await picture(chat, "experiment", height=1500)
        assert await chat.overflow_px() == 0
        assert chat.complaints == []
