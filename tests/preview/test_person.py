"""The person of the conversation tests sees what a person would see, and fails loudly."""

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.preview.server import LocalTelegram
from tests.person import ADA, Person


async def test_says_passes_over_what_does_not_match(local: LocalTelegram, bot: telegram.Bot) -> None:
    """Messages and edits are seen once, in their order; the person's own words are not the bot's."""
    ada = Person(local)
    await ada.send("hello bot")
    first = await bot.send_message(ADA, "one")
    await bot.send_message(ADA, "two")
    await bot.edit_message_text("one again", ADA, first.message_id)
    assert (await ada.says()).text == "one"
    assert (await ada.says("again")).edited
    with pytest.raises(AssertionError, match=r"did not say 'two'; it said \[\]"):
        await ada.says("two", timeout_s=0.01)


async def test_taps_the_newest_button_with_that_label(local: LocalTelegram, bot: telegram.Bot) -> None:
    """The whole label wins over its beginning, the newest message over older ones."""
    ada = Person(local)
    old = InlineKeyboardMarkup([[InlineKeyboardButton("Next", callback_data="old")]])
    new = InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton("Next step", callback_data="a"),
                InlineKeyboardButton("Next", callback_data="b"),
            ]
        ]
    )
    first = await bot.send_message(ADA, "1", reply_markup=old)
    await bot.send_message(ADA, "2", reply_markup=new)
    stale = await ada.says("1")
    await ada.press("Next")
    await ada.press("Next s")
    await bot.edit_message_reply_markup(ADA, first.message_id)
    await ada.press("Next", message=stale)
    pressed = [update.callback_query.data for update in await bot.get_updates() if update.callback_query]
    assert pressed == ["b", "a", "old"]
    with pytest.raises(AssertionError, match="no message has a button 'Hint'"):
        await ada.press("Hint")


async def test_a_forged_tap_is_possible(local: LocalTelegram, bot: telegram.Bot) -> None:
    """Data that no button has, on a message that is not there, reaches the bot."""
    await local.tap(person=ADA, chat=ADA, message=1, data="forged")
    query = (await bot.get_updates())[0].callback_query
    assert query is not None
    assert query.data == "forged"
    assert query.message is not None
    assert not query.message.is_accessible
