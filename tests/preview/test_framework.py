"""The real python-telegram-bot works with the local Telegram as with Telegram itself."""

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot.preview.server import LocalTelegram
from tests.patience import until
from tests.person import ADA, Person

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Next", callback_data="n")]])


async def test_says_who_the_bot_is(bot: telegram.Bot) -> None:
    """The token belongs to the local bot."""
    assert (bot.id, bot.username) == (4242, "nabla_local_bot")


async def test_a_command_reaches_the_bot(local: LocalTelegram, bot: telegram.Bot) -> None:
    """A person's command arrives as an update with its entity, until it is confirmed."""
    await Person(local).send("/start lesson-1")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "/start lesson-1"
    assert update.message.from_user is not None
    assert (update.message.from_user.id, update.message.chat.id) == (ADA, ADA)
    assert [(e.type, e.offset, e.length) for e in update.message.entities] == [("bot_command", 0, 6)]
    assert await bot.get_updates() == (update,)
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_a_waiting_poll_wakes(local: LocalTelegram, bot: telegram.Bot) -> None:
    """Long polling answers as soon as something happens."""
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await until(lambda: local._cloud.updates._poller)
    await Person(local).send("hello")
    assert [update.message.text for update in await poll if update.message] == ["hello"]


async def test_a_tap_is_answered(local: LocalTelegram, bot: telegram.Bot) -> None:
    """A press becomes a callback query on that message; its answer gets back to the person."""
    ada = Person(local)
    sent = await bot.send_message(ADA, "Ready?", reply_markup=KEYBOARD)
    assert (await ada.says("Ready")).buttons == [["Next"]]
    tap = asyncio.create_task(ada.tap("Ne"))
    (update,) = await bot.get_updates(timeout=5)
    assert update.callback_query is not None
    assert (update.callback_query.data, update.callback_query.message) == ("n", sent)
    await update.callback_query.answer("Well done", show_alert=True)
    answer = await tap
    assert (answer.text, answer.show_alert) == ("Well done", True)
    with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
        await update.callback_query.answer()


async def test_edits_replace_text_and_buttons(local: LocalTelegram, bot: telegram.Bot) -> None:
    """An edit shows in place, and the same edit again is refused."""
    ada = Person(local)
    sent = await bot.send_message(ADA, "One", reply_markup=KEYBOARD)
    bold = [MessageEntity("bold", 0, 3)]
    await bot.edit_message_text("Two", ADA, sent.message_id, entities=bold)
    assert (await ada.says("One")).id == (await ada.says("Two")).id
    assert (ada.last().text, ada.last().buttons, ada.last().edited) == ("Two", [], True)
    assert ada.last().entities == [{"type": "bold", "offset": 0, "length": 3}]
    with pytest.raises(telegram.error.BadRequest, match="Message is not modified"):
        await bot.edit_message_text("Two", ADA, sent.message_id, entities=bold)
    await bot.edit_message_reply_markup(ADA, sent.message_id, reply_markup=KEYBOARD)
    assert ada.last().buttons == [["Next"]]


async def test_pictures_and_files_go_there_and_back(
    local: LocalTelegram, bot: telegram.Bot, tmp_path: Path
) -> None:
    """An upload can be looked at, downloaded and sent again by its id."""
    ada = Person(local)
    photo = await bot.send_photo(ADA, PNG, caption="A dot", reply_markup=KEYBOARD)
    assert (photo.photo[-1].width, photo.photo[-1].height) == (1, 1)
    shown = await ada.says("A dot")
    assert shown.photo is not None
    assert await ada.download(shown.photo) == PNG
    file = await bot.get_file(photo.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == PNG
    again = await bot.send_photo(ADA, photo.photo[-1].file_id)
    assert again.photo == photo.photo
    document = await bot.send_document(ADA, io.BytesIO(b"{}"), filename="data.json")
    assert document.document is not None
    assert document.document.file_name == "data.json"
    media = telegram.InputMediaPhoto(PNG, caption="Another dot")
    edited = await bot.edit_message_media(media, ADA, photo.message_id)
    assert isinstance(edited, telegram.Message)
    assert edited.caption == "Another dot"
    assert ada.messages()[0].photo != shown.photo


async def test_commands_are_registered(bot: telegram.Bot) -> None:
    """Commands are kept for their scope and language."""
    commands = [("start", "Begin"), ("help", "What I do")]
    await bot.set_my_commands(commands)
    assert [(c.command, c.description) for c in await bot.get_my_commands()] == commands
    assert await bot.get_my_commands(language_code="fr") == ()
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()


async def test_deleted_messages_are_gone(local: LocalTelegram, bot: telegram.Bot) -> None:
    """What was deleted can be neither seen nor edited."""
    sent = await bot.send_message(ADA, "Soon gone")
    assert await bot.delete_message(ADA, sent.message_id)
    assert Person(local).messages() == []
    with pytest.raises(telegram.error.BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("Back", ADA, sent.message_id)
    with pytest.raises(telegram.error.BadRequest, match="Message to delete not found"):
        await bot.delete_message(ADA, sent.message_id)


@pytest.mark.parametrize("form", ["", "r", "w", "d", "D", "t", "T", "wd", "wDt", "DT", "wT"])
async def test_a_moment_in_each_readers_own_zone(bot: telegram.Bot, form: str) -> None:
    """The date-time entity is carried with its moment and its form, on its own and inside other styles."""
    moment = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
    when = MessageEntity("date_time", 5, 7, unix_time=moment, date_time_format=form or None)
    styles = [MessageEntity("bold", 0, 12), MessageEntity("spoiler", 5, 7), when]
    sent = await bot.send_message(ADA, "Next 6:30 PM, then more", entities=styles)
    (kept,) = [entity for entity in sent.entities if entity.type == "date_time"]
    assert (kept.offset, kept.length, kept.date_time_format or "") == (5, 7, form)
    assert kept.unix_time == moment
