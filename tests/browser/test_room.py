"""The page around the messages: people, commands, pictures, files, notices, and the line to the server."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.preview.server import LocalTelegram
from tests.browser.chromium import ChatPage, needs_chromium, open_chat
from tests.browser.samples import ADA, BLAISE, COMMANDS, png
from tests.browser.scripted import ScriptedBot, scripted

if TYPE_CHECKING:
    from playwright.async_api import Browser, WebSocketRoute

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="session")]


class Cable:
    """The line between page and server, to be cut."""

    def __init__(self) -> None:
        self.whole = True
        self._sockets: list[WebSocketRoute] = []

    async def plug(self, socket: "WebSocketRoute") -> None:
        """Connects the page, or refuses while the cable is cut."""
        if self.whole:
            socket.connect_to_server()
            self._sockets.append(socket)
        else:
            await socket.close()

    async def cut(self) -> None:
        """Ends what is connected and refuses what comes."""
        self.whole = False
        for socket in self._sockets:
            await socket.close()


async def test_a_new_chat_starts_with_a_button(bot: ScriptedBot, chat: ChatPage) -> None:
    """An empty chat says what to do; Start sends the command and makes room for messages."""
    await chat.page.get_by_role("button", name="Start", exact=True).click()
    assert (await bot.heard())["text"] == "/start"
    await bot.say(ADA, "Hello Ada!")
    await chat.wait_text("Hello Ada!")
    assert await chat.page.locator(".empty").count() == 0


async def test_three_people_stay_apart(bot: ScriptedBot, chat: ChatPage) -> None:
    """What Ada is told is not in Blaise's chat; who is away sees how much waits, and each writes as oneself."""
    await bot.say(ADA, "Only for Ada")
    await chat.wait_text("Only for Ada")
    await chat.be("Blaise")
    assert "Only for Ada" not in await chat.text()
    await chat.send("Bonjour")
    heard = await bot.heard()
    assert (heard["from"]["id"], heard["chat"]["id"]) == (BLAISE, BLAISE)
    await bot.say(ADA, "One more")
    await chat.page.get_by_role("button", name="Be Ada, 1 unread").click()
    shown = await chat.wait_text("One more")
    assert "Bonjour" not in shown


async def test_the_group_is_shared(bot: ScriptedBot, chat: ChatPage) -> None:
    """In the group everybody sees everything; the sender's name is shown to the others."""
    await chat.page.get_by_role("button", name="Study group").click()
    assert await chat.page.locator("#status").inner_text() == "3 people and Nabla"
    await chat.send("/help")
    heard = await bot.heard()
    assert heard["chat"]["title"] == "Study group"
    await bot.say(heard["chat"]["id"], "One line for all")
    await chat.wait_text("One line for all")
    await chat.be("Chen")
    shown = await chat.wait_text("One line for all")
    assert "Ada" in shown


async def test_commands_by_keyboard_alone(bot: ScriptedBot, chat: ChatPage) -> None:
    """A slash opens the list, letters narrow it, arrows choose, Enter sends, Tab completes, Escape closes."""
    await bot.call("setMyCommands", commands=COMMANDS)
    await chat.page.locator("#commands").wait_for()
    await chat.page.locator("#words").focus()
    await chat.page.keyboard.type("/l")
    options = chat.page.get_by_role("option")
    assert await options.all_inner_texts() == ["/learn\nGo on", "/lessons\nAll lessons"]
    await chat.page.keyboard.press("ArrowDown")
    assert await chat.page.locator("[aria-selected=true] b").inner_text() == "/lessons"
    await chat.page.keyboard.press("Enter")
    assert (await bot.heard())["text"] == "/lessons"
    await chat.page.keyboard.type("/le")
    await chat.page.keyboard.press("Tab")
    await chat.page.keyboard.type("weights")
    await chat.page.keyboard.press("Enter")
    assert (await bot.heard())["text"] == "/learn weights"
    await chat.page.keyboard.type("/")
    await chat.page.keyboard.press("Escape")
    assert await options.count() == 0


async def test_enter_sends_and_shift_enter_breaks_the_line(bot: ScriptedBot, chat: ChatPage) -> None:
    """The box is empty afterwards and ready for the next words."""
    await chat.page.locator("#words").focus()
    await chat.page.keyboard.type("one")
    await chat.page.keyboard.press("Shift+Enter")
    await chat.page.keyboard.type("two")
    await chat.page.keyboard.press("Enter")
    assert (await bot.heard())["text"] == "one\ntwo"
    assert await chat.page.locator("#words").input_value() == ""


async def test_a_picture_appears_and_fills_the_window(bot: ScriptedBot, chat: ChatPage) -> None:
    """A photo is loaded from the server, opens in full on a tap, and Escape closes it."""
    await bot.picture(ADA, png(900, 600), "Loss over 50 steps")
    await chat.wait_text("Loss over 50 steps")
    loaded = (
        "() => { const i = document.querySelector('.photo img'); return i?.complete && i.naturalWidth > 0; }"
    )
    await chat.page.wait_for_function(loaded)
    await chat.page.get_by_role("button", name="Enlarge: Loss over 50 steps").click()
    full = chat.page.get_by_role("dialog", name="Picture")
    assert await full.get_by_role("img", name="Loss over 50 steps").is_visible()
    await chat.page.keyboard.press("Escape")
    await full.wait_for(state="hidden")


async def test_a_file_can_be_downloaded(bot: ScriptedBot, chat: ChatPage) -> None:
    """A document keeps its name and content."""
    await bot.file(ADA, "nabla-export.json", {"answers": 3})
    async with chat.page.expect_download() as download:
        await chat.page.get_by_role("link", name="Download nabla-export.json").click()
    saved = await download.value
    assert saved.suggested_filename == "nabla-export.json"
    assert (await saved.path()).read_text() == '{"answers": 3}'


async def test_typing_is_shown_until_the_message_comes(bot: ScriptedBot, chat: ChatPage) -> None:
    """Dots in the chat and a word in the header, gone with the next message."""
    await chat.send("hello")
    await bot.heard()
    await bot.call("sendChatAction", chat_id=ADA, action="typing")
    await chat.page.locator(".typing").wait_for()
    assert await chat.page.locator("#status").inner_text() == "typing …"
    await bot.say(ADA, "Here it is")
    await chat.page.locator(".typing").wait_for(state="detached")


async def test_notices_of_the_lesson_files_can_be_dismissed(chat: ChatPage, telegram: LocalTelegram) -> None:
    """Errors come line by line as they were written; the strip goes when told to."""
    telegram.notice("lessons/a.yaml:3: L104: <b>steps</b>\nlessons/a.yaml:9: L210: ask", level="error")
    strip = chat.page.locator("#notice")
    await strip.wait_for()
    assert (await strip.locator("pre").inner_text()).splitlines() == [
        "lessons/a.yaml:3: L104: <b>steps</b>",
        "lessons/a.yaml:9: L210: ask",
    ]
    await strip.get_by_role("button", name="Dismiss").click()
    assert await strip.is_hidden()


async def test_a_lost_connection_comes_back(
    browser: "Browser", bot: ScriptedBot, telegram: LocalTelegram
) -> None:
    """Cut off, the page says so and keeps the words in the box; back again it has everything that was missed."""
    async with open_chat(browser, telegram.url) as chat:
        cable = Cable()
        await chat.page.route_web_socket("**/ws", cable.plug)
        await chat.page.clock.install()
        await chat.page.reload()
        await chat.page.locator(".empty").wait_for()
        await cable.cut()
        await chat.page.get_by_text("The connection was lost").wait_for()
        await chat.page.clock.pause_at(
            datetime.now(UTC) + timedelta(seconds=5)
        )  # it shall not come back by itself
        await chat.send("too early")
        await chat.page.get_by_text("nothing was sent").wait_for()
        await bot.say(ADA, "Missed while away")
        cable.whole = True
        await chat.page.get_by_role("button", name="Try now").click()
        await chat.wait_text("Missed while away")
        assert await chat.page.locator("#banner").is_hidden()
        assert await chat.page.locator("#words").input_value() == "too early"


async def test_a_bot_that_does_not_run_is_named(browser: "Browser", telegram: LocalTelegram) -> None:
    """Without a poller the page says so; when it comes, the banner goes."""
    async with open_chat(browser, telegram.url) as chat:
        banner = chat.page.get_by_text("The bot is not running")
        await banner.wait_for()
        async with scripted(telegram.url):
            await banner.wait_for(state="hidden")
            assert await chat.page.locator("#status").inner_text() == "online"
