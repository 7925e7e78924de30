"""A live round on the page, with all three people: letters, alerts, the solution, the table."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.preview.directory import GROUP_ID
from tests.browser.chromium import ChatPage, needs_chromium, open_chat
from tests.browser.test_whole import LESSON, TALL, picture
from tests.house import running
from tests.person import ADA
from tests.talk.hours import Hours

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), needs_chromium]
PRACTICE = [each for each in LESSON["questions"] if each["use"] == "practice"]


async def answer(chat: ChatPage, number: int, who: str, *, correct: bool) -> None:
    """The letter of a right or wrong option of the newest question, by one of the three; then the alert is closed."""
    await chat.be(who)
    shown = await chat.message(f"Question {number} of 2").inner_text()
    right = [line for line in shown.splitlines() if line[:3] in {"A. ", "B. ", "C. ", "D. "}]
    question = next(each for each in PRACTICE if each["ask"].split("\n")[0][:30] in shown)
    texts = {
        option["text"].replace("`", "").replace("*", ""): option.get("correct", False)
        for option in question["options"]
    }
    await chat.tap(next(line[0] for line in right if texts[line[3:]] is correct))
    await dismiss(chat, "✓")


async def dismiss(chat: ChatPage, words: str) -> None:
    """Read an alert with these words, and close it."""
    alert = chat.page.get_by_role("alertdialog")
    await alert.get_by_text(words).wait_for()
    await chat.page.keyboard.press("Escape")
    await alert.wait_for(state="hidden")


async def test_a_live_round(browser: "Browser", tmp_path: Path) -> None:
    """Blaise and Chen join with their names, all three answer twice; nothing is given away before time is up."""
    hours = Hours()
    async with (
        running(tmp_path, means=hours.means()) as bot,
        open_chat(browser, bot.local.url, screen=TALL, person=ADA, group=GROUP_ID) as chat,
    ):
        await chat.send("/round 2")
        await chat.wait_text("Live round")
        for who in ("Blaise", "Chen"):
            await chat.be(who)
            await chat.tap("Join, show my name")
            await dismiss(chat, who)
        await chat.be("Ada")
        await chat.tap("20 s")
        await chat.tap("Start")
        for number in (1, 2):
            await chat.wait_text(f"Question {number} of 2")
            await hours.pass_(5.5)
            await answer(chat, number, "Blaise", correct=True)
            await hours.pass_(1.3)
            await answer(chat, number, "Chen", correct=number == 2)
            await answer(chat, number, "Ada", correct=True)
            assert "✅" not in await chat.message(f"Question {number} of 2").inner_text()
            await hours.pass_(13.2)
            await chat.wait_text("Last seconds")
            await hours.pass_(8)
            await chat.wait_text("3 answered, 67 % right" if number == 1 else "3 answered, 100 % right")
            await hours.pass_(10)
        shown = await chat.wait_text("🏁")
        assert "1. Blaise: 2 of 2" in shown and "2. Chen: 1 of 2" in shown and "and 1 other" in shown
        await picture(chat, "round")
        assert await chat.overflow_px() == 0
        assert chat.complaints == []
