"""What buttons do: a turning wheel, a toast, an alert, an edit in place, a link into the private chat."""

import pytest

from bot.preview.server import LocalTelegram
from tests.browser.chromium import ChatPage, needs_chromium
from tests.browser.scripted import ScriptedBot, span

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="session")]

ADA = 101
IN_VIEW = """node => { const head = document.getElementById("scroll").getBoundingClientRect().top;
    const { top } = node.getBoundingClientRect(); return head <= top && top < innerHeight; }"""


async def test_a_tap_turns_until_it_is_answered_with_a_toast(bot: ScriptedBot, chat: ChatPage) -> None:
    """The pressed button is busy and keeps the focus; the answer's words appear for a moment."""
    message = await bot.say(ADA, "Which line?", ["A", "B"], ["Hint"])
    await chat.tap("B")
    tap = await bot.tapped()
    assert (tap["data"], tap["from"]["id"], tap["message"]["message_id"]) == ("B", ADA, message)
    button = chat.button("B")
    assert await button.get_attribute("aria-busy") == "true"
    await bot.answer(tap, text="Noted ✓")
    await chat.page.get_by_role("status").get_by_text("Noted ✓").wait_for()
    assert await button.get_attribute("aria-busy") is None
    assert await button.evaluate("node => node === document.activeElement")


async def test_an_impatient_second_press_says_nothing_twice(bot: ScriptedBot, chat: ChatPage) -> None:
    """While a button turns, pressing it again is not sent; another button is."""
    await bot.say(ADA, "Go?", ["Run", "Stop"])
    await chat.tap("Run")
    await chat.tap("Run")
    await chat.tap("Stop")
    assert [(await bot.tapped())["data"], (await bot.tapped())["data"]] == ["Run", "Stop"]


async def test_an_alert_holds_the_focus_and_gives_it_back(bot: ScriptedBot, chat: ChatPage) -> None:
    """show_alert is a modal dialog that Escape closes."""
    await bot.say(ADA, "Which line?", ["A"])
    await chat.tap("A")
    await bot.answer(await bot.tapped(), text="❌ Not quite <b>", show_alert=True)
    dialog = chat.page.get_by_role("alertdialog")
    await dialog.get_by_text("❌ Not quite <b>").wait_for()
    assert await chat.page.get_by_role("button", name="OK").evaluate(
        "node => node === document.activeElement"
    )
    await chat.page.keyboard.press("Escape")
    await dialog.wait_for(state="hidden")
    assert await chat.button("A").evaluate("node => node === document.activeElement")


async def test_an_edit_changes_the_message_in_its_place(bot: ScriptedBot, chat: ChatPage) -> None:
    """Text and buttons are new, the message is the same one, and the focus is on its first button."""
    question = await bot.say(ADA, "Which line?", ["A", "B"])
    await bot.say(ADA, "Something after it")
    await chat.tap("A")
    await bot.answer(await bot.tapped())
    await bot.edit(ADA, question, "❌ Not that one.\n\nWhich line?", ["Why", "Next"])
    await chat.wait_text("❌ Not that one.")
    assert await chat.page.locator(".message").count() == 2
    assert "edited" in await chat.message("Not that one").inner_text()
    assert await chat.button("Why").evaluate("node => node === document.activeElement")
    assert await chat.page.locator(".key").all_inner_texts() == ["Why", "Next"]


async def test_an_edit_far_above_does_not_move_what_is_read(bot: ScriptedBot, chat: ChatPage) -> None:
    """Who reads in the middle stays there; what arrives below is counted on the pill that leads to it."""
    first = await bot.say(ADA, "the first one", ["Next"])
    for number in range(30):
        await bot.say(ADA, f"message {number}")
    await chat.wait_text("message 29")
    landmark = chat.message("message 12")
    await landmark.evaluate("node => node.scrollIntoView()")
    await chat.page.locator("#pill").wait_for()
    before = await landmark.bounding_box()
    assert before
    await bot.edit(ADA, first, "the first one\n" * 20)
    await bot.say(ADA, "the newest")
    await chat.wait_text("the newest")
    after = await landmark.bounding_box()
    assert after and abs(after["y"] - before["y"]) < 1
    await chat.page.get_by_role("button", name="1 new message").click()
    assert await chat.message("the newest").evaluate(
        "node => node.getBoundingClientRect().bottom < innerHeight"
    )
    assert await chat.page.locator("#pill").is_hidden()


async def test_a_long_message_is_shown_from_its_beginning(bot: ScriptedBot, chat: ChatPage) -> None:
    """A step taller than the window starts at the top, not at its last line."""
    await bot.say(ADA, "hello", ["Next"])
    await chat.tap("Next")
    await bot.answer(await bot.tapped())
    await bot.say(ADA, "The beginning.\n" + "and on it goes\n" * 80)
    await chat.wait_text("The beginning.")
    top = await chat.message("The beginning").evaluate("node => node.getBoundingClientRect().top")
    head = await chat.page.locator("#scroll").evaluate("node => node.getBoundingClientRect().top")
    assert head <= top <= head + 40


async def test_an_answer_in_two_messages_is_read_from_its_beginning(bot: ScriptedBot, chat: ChatPage) -> None:
    """The second message does not push the first one's beginning out of the window."""
    await bot.say(ADA, "hello", ["Next"])
    await chat.tap("Next")
    await bot.answer(await bot.tapped())
    await bot.say(ADA, "Part one.\n" + "and on it goes\n" * 25)
    await bot.say(ADA, "Part two.\n" + "and on it goes\n" * 25)
    await chat.wait_text("Part two.")
    assert await chat.message("Part one").evaluate(IN_VIEW)


async def test_the_arrows_of_a_tall_keyboard_stay_under_the_finger(bot: ScriptedBot, chat: ChatPage) -> None:
    """An edit that keeps the layout of the buttons moves nothing; one with other buttons shows its beginning."""
    arrows = [["◀", f"row {number}", "▶"] for number in range(20)]
    lab = await bot.say(ADA, "The lab: rate 0.1", *arrows)
    await chat.wait_text("The lab")
    await chat.tap("▶")
    await bot.answer(await bot.tapped())
    before = await chat.button("▶").bounding_box()
    await bot.edit(ADA, lab, "The lab: rate 0.2", *arrows)
    await chat.wait_text("rate 0.2")
    assert await chat.button("▶").bounding_box() == before
    await bot.edit(ADA, lab, "✅ Verdict first\n" + "and on it goes\n" * 60, ["Next"])
    await chat.wait_text("Verdict first")
    assert await chat.message("Verdict first").evaluate(IN_VIEW)


async def test_the_bots_own_links_stay_on_the_page(
    bot: ScriptedBot, chat: ChatPage, telegram: LocalTelegram
) -> None:
    """A deep link, written or on a button, opens the private chat and sends its payload."""
    username = (await bot.call("getMe"))["username"]
    address = f"https://t.me/{username}?start=learn-weights"
    text = "Read it here"
    row = [{"text": "Open in private", "url": address}]
    await bot.say(
        ADA,
        text,
        entities=[span(text, "here", "text_link", url=address)],
        reply_markup={"inline_keyboard": [row]},
    )
    await chat.tap("Open in private")
    assert (await bot.heard())["text"] == "/start learn-weights"
    await chat.page.locator(".text").get_by_role("button", name="here").click()
    assert (await bot.heard())["text"] == "/start learn-weights"
    assert chat.page.url.startswith(telegram.url)
    assert len(chat.page.context.pages) == 1


async def test_a_web_link_as_an_answer_asks_first(bot: ScriptedBot, chat: ChatPage) -> None:
    """answer.url that leads to the bot acts at once; nothing opens by itself."""
    username = (await bot.call("getMe"))["username"]
    await bot.say(ADA, "More?", ["More"])
    await chat.tap("More")
    await bot.answer(await bot.tapped(), url=f"https://t.me/{username}?start=why")
    assert (await bot.heard())["text"] == "/start why"


async def test_a_message_can_be_taken_back(bot: ScriptedBot, chat: ChatPage) -> None:
    """A deleted message goes from the page."""
    message = await bot.say(ADA, "Not for long")
    await chat.wait_text("Not for long")
    await bot.call("deleteMessage", chat_id=ADA, message_id=message)
    await chat.message("Not for long").wait_for(state="detached")
