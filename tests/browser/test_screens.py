"""Other screens, other eyes, other ears; and nothing leaves the machine."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from bot.preview.server import LocalTelegram
from tests.browser.checks import FAINT, NAMELESS
from tests.browser.chromium import (
    DESK,
    DESK_DARK,
    PHONE,
    PHONE_DARK,
    SMALL,
    ChatPage,
    Screen,
    needs_chromium,
    open_chat,
)
from tests.browser.samples import ADA, BLAISE, one_of_everything
from tests.browser.scripted import ScriptedBot

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    "screen",
    [DESK, DESK_DARK, PHONE, PHONE_DARK, SMALL],
    ids=["desk", "desk dark", "phone", "phone dark", "small"],
)
async def test_everything_fits_the_screen(
    browser: "Browser", bot: ScriptedBot, telegram: LocalTelegram, screen: Screen
) -> None:
    """Nothing is wider than the window, every control has a name, and dark is dark."""
    async with open_chat(browser, telegram.url, screen=screen) as chat:
        await one_of_everything(bot)
        await chat.page.locator(".file").wait_for()
        assert await chat.overflow_px() == 0
        assert await chat.page.evaluate(NAMELESS) == []
        assert await chat.page.evaluate(FAINT) == []
        wide = "n => n.scrollWidth > n.clientWidth === (n.tabIndex === 0)"
        assert await chat.page.locator(".code pre").evaluate(wide), "a box that scrolls is reached by Tab"
        paper = await chat.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(18, 23, 22)") is screen.dark
        await chat.page.locator("#commands").click()
        assert await chat.page.get_by_role("listbox").is_visible()
        assert await chat.overflow_px() == 0
        assert chat.complaints == []


async def test_chosen_colours_are_remembered(chat: ChatPage) -> None:
    """The toggle wins over the system's colours, also after a reload."""
    await chat.page.get_by_role("button", name="Dark colours").click()
    await chat.page.reload()
    await chat.page.get_by_role("button", name="Light colours").wait_for()
    assert await chat.page.evaluate("document.documentElement.dataset.theme") == "dark"


async def test_no_request_leaves_the_machine(
    bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram
) -> None:
    """Whatever is shown or pressed, only the local server is asked."""
    await one_of_everything(bot)
    await chat.page.locator(".file").wait_for()
    await chat.page.locator(".photo").click()
    await chat.page.keyboard.press("Escape")
    await chat.be("Blaise")
    await chat.send("hello")
    await bot.heard()
    hosts = {urlsplit(address).netloc for address in chat.requests}
    assert hosts == {urlsplit(telegram.url).netloc}
    assert len(chat.requests) > 10


async def test_the_policy_forbids_what_the_page_does_not_need(
    chat: ChatPage, telegram: LocalTelegram
) -> None:
    """An inline script, even if it got into the page, does not run."""
    await chat.page.evaluate(
        """() => { const node = document.createElement('script');
            node.textContent = 'window.broken = 1'; document.body.append(node); }"""
    )
    assert await chat.page.evaluate("window.broken") is None
    assert any("Content Security Policy" in line for line in chat.complaints)
    chat.complaints.clear()


async def test_a_screen_reader_finds_its_way(bot: ScriptedBot, chat: ChatPage) -> None:
    """Landmarks, one heading for the chat, a log that speaks of new and changed messages in the chat in view only."""
    question = await bot.say(ADA, "Which line?", ["A"])
    await chat.wait_text("Which line?")
    for role in ("banner", "navigation", "main"):
        assert await chat.page.get_by_role(role).count() == 1
    assert await chat.page.get_by_role("heading", level=1).inner_text() != ""
    await bot.edit(ADA, question, "✅ Right.")
    await bot.say(BLAISE, "Not for these ears")
    await bot.say(ADA, "Next step")
    await chat.wait_text("Next step")
    spoken = await chat.page.get_by_role("log").inner_text()
    assert [part.split(": ", 1)[1] for part in spoken.split("\n") if part] == [
        "Which line?",
        "✅ Right.",
        "Next step",
    ]
