"""A post for a channel, put together on the page: confirmed in the reader's zone, tapped by all three, closed."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.preview.directory import CHANNEL_ID
from bot.training.door import draw_bars
from bot.training.labels import Bars
from tests.browser.chromium import ChatPage, needs_chromium, open_chat
from tests.browser.test_whole import LESSON, TALL, picture
from tests.house import PlainEngine, running
from tests.jumps import Jumps
from tests.person import ADA
from tests.talk.questions import plain

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), needs_chromium]
QUESTION = next(each for each in LESSON["questions"] if each["use"] == "practice")


class Drawing(PlainEngine):
    """Draws the answers as a worker does."""

    async def draw_bars(self, learner: int, bars: Bars) -> bytes:
        """The real picture."""
        return draw_bars(bars)


def letter(shown: str, *, correct: bool) -> str:
    """The letter of a right or wrong option of the post."""
    texts = [plain(o["text"]) for o in QUESTION["options"] if o.get("correct", False) is correct]
    return next(line[0] for line in shown.splitlines() if line[3:] in texts)


async def answer(chat: ChatPage, who: str, *, correct: bool) -> None:
    """Tap as one of the three, and read the alert."""
    await chat.be(who)
    shown = await chat.wait_text("Tap a letter")
    await chat.tap(letter(shown, correct=correct))
    alert = chat.page.get_by_role("alertdialog")
    await alert.get_by_text("✅" if correct else "❌").wait_for()
    await chat.page.keyboard.press("Escape")
    await alert.wait_for(state="hidden")


async def test_a_post_from_its_plan_to_its_closing(browser: "Browser", tmp_path: Path) -> None:
    """By buttons alone; the time in the reader's zone; the answer, totals and picture in the channel."""
    time = Jumps()
    async with running(tmp_path, means=time.means, engine=Drawing()) as bot:
        async with open_chat(browser, bot.local.url, screen=TALL, person=ADA, zone="Asia/Tokyo") as chat:
            await chat.send(f"/post {LESSON['id']} @daily_local")
            await chat.wait_text("When? Tap a button")
            await chat.tap("In 1 hour")
            await chat.wait_text("When does it close?")
            await chat.tap("After 1 hour")
            await chat.tap("Picture of the answers at closing")
            await chat.wait_text("Is this right?")
            assert "UTC" not in (await chat.message("Is this right?").inner_text())
            await picture(chat, "planned")
            await chat.tap("Plan it")
            await chat.wait_text("Planned. Send /post")
            assert await chat.overflow_px() == 0
            assert chat.complaints == []
        time.forward(hours=1)
        async with open_chat(browser, bot.local.url, screen=TALL, person=ADA, group=CHANNEL_ID) as chat:
            for who, correct in (("Ada", True), ("Blaise", True), ("Chen", False)):
                await answer(chat, who, correct=correct)
            time.forward(hours=1)
            shown = await chat.wait_text("How many chose what")
            assert "The right answer:" in shown and "3 answered, 67 % right" in shown
            await picture(chat, "closed", height=1500)
            assert await chat.overflow_px() == 0
            assert chat.complaints == []
