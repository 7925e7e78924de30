"""Groups as they are: topics, a channel and its discussion group, hidden administrators, rights, a group that moves."""

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, DISCUSSION_ID, FORUM_ID, GROUP_ID
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.browser.checks import FAINT, NAMELESS
from tests.browser.chromium import DESK_DARK, PHONE, SMALL, ChatPage, Screen, needs_chromium, open_chat
from tests.browser.samples import ADA, BLAISE
from tests.browser.scripted import ScriptedBot, keyboard, span

if TYPE_CHECKING:
    from playwright.async_api import Browser

CHEN = 103
pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="session")]


async def asked(telegram: LocalTelegram, method: str, **params: Any) -> dict[str, Any]:
    """What the server answers to a call that it may refuse."""
    address = f"{telegram.url}/bot{LOCAL_TOKEN}/{method}"
    async with aiohttp.ClientSession() as session, session.post(address, json=params) as answer:
        return dict(await answer.json())


async def test_a_forum_has_its_topics(bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram) -> None:
    """By keyboard: each topic shows only its own, words go into the one in view, what waits elsewhere is counted."""
    _, homework, exam = telegram.topics(FORUM_ID)
    await chat.page.get_by_role("button", name="Course forum").press("Enter")
    topics = chat.page.get_by_role("group", name="Topics")
    await topics.get_by_role("button", name="Topic Homework").press("Enter")
    await chat.wait_text("Ada opened the topic “Homework”")
    await chat.send("/help")
    heard = await bot.heard()
    assert (heard["message_thread_id"], heard["is_topic_message"]) == (homework.id, True)
    await bot.say(FORUM_ID, "Here is the homework", message_thread_id=homework.id)
    await chat.wait_text("Here is the homework")
    await bot.say(FORUM_ID, "Not for this topic", message_thread_id=exam.id)
    await bot.say(FORUM_ID, "For everybody")
    await topics.get_by_role("button", name="Topic General, 1 unread").wait_for()
    assert "topic" not in (await chat.text()).replace("opened the topic", "")
    await topics.get_by_role("button", name="Topic Exam talk, 1 unread").press("Enter")
    shown = await chat.wait_text("Not for this topic")
    assert "Here is the homework" not in shown
    await chat.page.reload()
    await chat.wait_text("Not for this topic")


async def test_a_closed_topic_is_for_administrators(chat: ChatPage, telegram: LocalTelegram) -> None:
    """Who cannot write is told why, at once; opened again, the box is back. A deleted topic is left."""
    topic = telegram.topics(FORUM_ID)[1]
    await chat.page.goto(f"{telegram.url}/#{BLAISE}/{FORUM_ID}/{topic.id}")
    await chat.wait_text("opened the topic")
    await telegram.close_topic(chat=FORUM_ID, topic=topic.id, by=ADA)
    await chat.page.get_by_text("This topic is closed.").wait_for()
    assert await chat.page.locator("#words").is_hidden()
    await chat.be("Ada")
    await chat.page.locator("#words").wait_for()
    await chat.be("Blaise")
    await telegram.reopen_topic(chat=FORUM_ID, topic=topic.id, by=ADA)
    await chat.page.locator("#words").wait_for()
    await telegram.delete_topic(chat=FORUM_ID, topic=topic.id)
    await (
        chat.page.get_by_role("button", name="Topic General")
        .and_(chat.page.locator("[aria-current]"))
        .wait_for()
    )


async def test_a_channel_and_its_discussion_group(
    bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram
) -> None:
    """Administrators post without a name, subscribers read and press; each post comes into the group as a forward."""
    await chat.page.get_by_role("button", name="Daily questions, Channel").click()
    assert await chat.page.locator("#status").inner_text() == "3 subscribers"
    await chat.send("Good morning")
    await chat.wait_text("Good morning")
    assert await chat.message("Good morning").locator(".who").inner_text() == "Daily questions"
    assert await chat.message("Good morning").locator(".face").is_hidden()
    await bot.say(CHANNEL_ID, "Which line?", ["A", "B"])
    await chat.page.get_by_role(
        "button", name="Daily questions chat, 3 people and Nabla, 2 unread"
    ).wait_for()
    await chat.be("Blaise")
    await chat.page.get_by_text("Only administrators post in this channel").wait_for()
    assert await chat.page.locator("#composer").is_hidden()
    await chat.tap("B")
    tap = await bot.tapped()
    assert (tap["from"]["id"], tap["message"]["chat"]["id"]) == (BLAISE, CHANNEL_ID)
    await bot.answer(tap, text="❌ Not this one. Press again for the reason.", show_alert=True)
    await chat.page.get_by_role("alertdialog").get_by_text("❌ Not this one.").wait_for()
    await chat.page.keyboard.press("Escape")
    await chat.page.get_by_role("button", name="Daily questions chat").click()
    shown = await chat.wait_text("Which line?")
    assert "Post from Daily questions" in shown
    assert await chat.message("Which line?").locator(".key").count() == 0
    assert [message["text"] for message in telegram.messages(DISCUSSION_ID)] == [
        "Good morning",
        "Which line?",
    ]


async def test_a_hidden_administrator_speaks_as_the_group(chat: ChatPage, telegram: LocalTelegram) -> None:
    """Nobody learns who it was, not even from the side on which the words stand."""
    hidden = ["is_anonymous"]
    await telegram.set_standing(chat=GROUP_ID, standing=Standing.CREATOR, by=ADA, person=ADA, rights=hidden)
    await chat.page.get_by_role("button", name="Study group").click()
    await chat.send("Quiet please")
    await chat.wait_text("Quiet please")
    for name in ("Ada", "Blaise"):
        await chat.be(name)
        message = chat.message("Quiet please")
        assert await message.locator(".who").inner_text() == "Study group"
        assert "mine" not in str(await message.get_attribute("class")).split()


async def test_a_post_is_deleted(bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram) -> None:
    """By who may, after a question; it is gone for everybody with its buttons, and an edit finds nothing."""
    post = await bot.say(GROUP_ID, "Which line?", ["A"])
    await chat.page.get_by_role("button", name="Study group").click()
    await chat.wait_text("Which line?")
    await chat.be("Blaise")
    gone = chat.page.get_by_role("button", name="Delete this message")
    assert await gone.count() == 0, "a member deletes only what is theirs"
    await chat.send("My own words")
    await chat.message("My own words").get_by_role("button", name="Delete this message").click()
    await chat.page.get_by_role("alertdialog").get_by_role("button", name="Keep it").click()
    assert "My own words" in await chat.text()
    await chat.be("Ada")
    await chat.message("Which line?").hover()
    await chat.message("Which line?").get_by_role("button", name="Delete this message").click()
    await chat.page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    await chat.message("Which line?").wait_for(state="detached")
    edit = await asked(telegram, "editMessageText", chat_id=GROUP_ID, message_id=post, text="x")
    assert edit["description"] == "Bad Request: message to edit not found"


async def test_rights_are_seen_at_once(chat: ChatPage, telegram: LocalTelegram) -> None:
    """A muted person keeps reading; a group that moved shows the way to where it went on."""
    old = await telegram.open_chat("Evening class", people=[ADA, BLAISE])
    await chat.page.get_by_role("button", name="Evening class").click()
    await telegram.set_permissions(chat=old, permissions=[])
    await chat.be("Blaise")
    await chat.page.get_by_text("You may not write in this group.").wait_for()
    new = await telegram.migrate(old)
    await chat.wait_text("The group has become a supergroup")
    await chat.page.get_by_role("button", name="Go there").click()
    await chat.wait_text("The group goes on here as a supergroup")
    assert chat.page.url.endswith(f"#{BLAISE}/{new}")


async def test_who_runs_a_chat_manages_it(bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram) -> None:
    """By keyboard, in a dialog: mute the bot, hide one's name, open a topic; members see no such thing."""
    manage = chat.page.get_by_role("button", name="Manage this chat")
    await chat.page.get_by_role("button", name="Study group").click()
    await manage.press("Enter")
    box = chat.page.get_by_role("dialog", name="Manage Study group")
    await box.get_by_role("radio", name="Muted").check()
    await box.get_by_role("checkbox", name="Hide my name").press("Space")
    await chat.page.keyboard.press("Escape")
    refused = await asked(telegram, "sendMessage", chat_id=GROUP_ID, text="x")
    assert refused["description"] == "Bad Request: not enough rights to send text messages to the chat"
    await chat.send("Quiet please")
    assert await chat.message("Quiet please").locator(".who").inner_text() == "Study group"
    await chat.page.get_by_role("button", name="Course forum").click()
    await manage.click()
    box = chat.page.get_by_role("dialog", name="Manage Course forum")
    await box.get_by_role("textbox", name="Name of a new topic").fill("Week <b>2</b>")
    await chat.page.keyboard.press("Enter")
    await box.get_by_role("button", name="Close “General”").click()
    await box.get_by_role("button", name="Open “General” again").wait_for()
    assert await chat.page.evaluate(NAMELESS) == [] and await chat.page.evaluate(FAINT) == []
    await chat.page.keyboard.press("Escape")
    await chat.page.get_by_role("button", name="Topic Week <b>2</b>").click()
    await chat.wait_text("opened the topic “Week <b>2</b>”")
    await chat.be("Blaise")
    assert await manage.is_hidden()


async def test_everybody_has_their_own_commands(bot: ScriptedBot, chat: ChatPage) -> None:
    """The menu is the viewer's: administrators of a group see theirs, members others, and a channel shows none."""
    await bot.call("setMyCommands", commands=[{"command": "help", "description": "x"}])
    for name, scope in (("top", "all_group_chats"), ("plan", "all_chat_administrators")):
        commands = [{"command": name, "description": "x"}]
        await bot.call("setMyCommands", commands=commands, scope={"type": scope})
    options = chat.page.get_by_role("option")
    for place, person, expected in (("Study group", "Ada", "/plan"), ("Study group", "Blaise", "/top")):
        await chat.page.get_by_role("button", name=place).click()
        await chat.be(person)
        await chat.page.locator("#commands").click()
        await options.filter(has_text=expected).wait_for()
        assert await options.count() == 1
        await chat.page.keyboard.press("Escape")


async def test_what_one_person_alone_sees(bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram) -> None:
    """An ephemeral answer stands in the group for one pair of eyes; its button works, and nobody else has it."""
    telegram.ephemeral = True
    await bot.say(GROUP_ID, "Which line?", ["A"])
    await chat.page.get_by_role("button", name="Study group").click()
    await chat.tap("A")
    tap = await bot.tapped()
    await bot.answer(tap)
    only = {"receiver_user_id": ADA, "callback_query_id": tap["id"]}
    more = {"ephemeral_message_parameters": only, "reply_markup": keyboard(["Why"])}
    await bot.call("sendMessage", chat_id=GROUP_ID, text="✅ Only for you", **more)
    await chat.wait_text("Only you see this")
    await chat.tap("Why")
    assert (await bot.tapped())["message"]["receiver_user"]["id"] == ADA
    await chat.be("Blaise")
    assert "Only for you" not in await chat.text()
    assert await chat.page.get_by_text("Only for you").is_hidden()


@pytest.mark.parametrize(("zone", "clock"), [("UTC", "23:30"), ("Asia/Tokyo", "08:30")])
async def test_a_moment_is_the_readers_own(
    browser: "Browser", bot: ScriptedBot, telegram: LocalTelegram, zone: str, clock: str
) -> None:
    """The same message shows each reader's weekday and clock, and says the zone; without a form the words stay."""
    at = 1_777_937_400  # Monday, 4 May 2026, 23:30 UTC
    text = "Next: MOMENT. Also AS WRITTEN."
    moment: dict[str, Any] = {"unix_time": at, "date_time_format": "wDt"}
    entities = [
        {**span(text, "MOMENT", "date_time"), **moment},
        {**span(text, "AS WRITTEN", "date_time"), "unix_time": at},
    ]
    await bot.say(ADA, text, entities=entities)
    async with open_chat(browser, telegram.url, zone=zone) as chat:
        shown = await chat.wait_text("AS WRITTEN")
        day = "Tuesday, May 5" if zone == "Asia/Tokyo" else "Monday, May 4"
        assert day in shown and "MOMENT" not in shown
        hours, minutes = clock.split(":")
        assert f"{int(hours) % 12 or 12:02}:{minutes}" in shown or clock in shown
        times = chat.page.locator("time.moment")
        assert await times.first.get_attribute("datetime") == "2026-05-04T23:30:00.000Z"
        title = str(await times.first.get_attribute("title"))
        assert ("Japan" in title) is (zone == "Asia/Tokyo")
        assert chat.complaints == []


@pytest.mark.parametrize("screen", [DESK_DARK, PHONE, SMALL], ids=["desk dark", "phone", "small"])
async def test_every_place_fits_the_screen(
    browser: "Browser", bot: ScriptedBot, telegram: LocalTelegram, screen: Screen
) -> None:
    """Topics, posts, forwards and closed boxes: nothing too wide, nameless or faint."""
    topic = telegram.topics(FORUM_ID)[1].id
    await bot.say(CHANNEL_ID, "Which line? " * 20, ["A", "B", "C", "D"])
    await bot.say(FORUM_ID, "In a topic", ["Join, show my name", "Leave"], message_thread_id=topic)
    await telegram.close_topic(chat=FORUM_ID, topic=topic, by=ADA)
    for person, place, inside in (
        (ADA, CHANNEL_ID, None),
        (CHEN, DISCUSSION_ID, None),
        (CHEN, FORUM_ID, topic),
    ):
        async with open_chat(
            browser, telegram.url, screen=screen, person=person, group=place, topic=inside
        ) as chat:
            await chat.page.locator(".bubble").first.wait_for()
            assert await chat.overflow_px() == 0
            assert await chat.page.evaluate(NAMELESS) == []
            assert await chat.page.evaluate(FAINT) == []
            assert await chat.page.locator("[aria-current]").first.is_visible()
            assert chat.complaints == []
