"""Methods that change and delete messages."""

import json
from collections.abc import Callable

from bot.preview.access import Access, may_delete, may_edit
from bot.preview.chats import Chat, Object
from bot.preview.cloud import Cloud
from bot.preview.content import content_of, media_of
from bot.preview.messages import Message
from bot.preview.methods import chat_of, keyboard_of, method
from bot.preview.params import Params
from bot.preview.reading import read_caption, read_text
from bot.preview.refusals import bad_request, not_modified
from bot.preview.sending import check_preview
from bot.preview.speaking import change
from bot.preview.uploads import find_document, find_photo

_WHICH = "chat_id message_id"
_INPUT_MEDIA = ("type", "media", "caption", "caption_entities", "parse_mode", "show_caption_above_media")
TEXT = "text entities parse_mode link_preview_options reply_markup"
CAPTION = "caption caption_entities parse_mode show_caption_above_media reply_markup"
MEDIA = "media reply_markup"
Find = Callable[[], Message]
"""Finds the message to edit; called when what it shall become was read."""


@method("editMessageText", f"{_WHICH} {TEXT}")
def edit_message_text(cloud: Cloud, params: Params) -> Object:
    """Replace the text of a message of the bot, and its keyboard."""
    return change_text(cloud, params, lambda: _editable(cloud, params))


@method("editMessageCaption", f"{_WHICH} {CAPTION}")
def edit_message_caption(cloud: Cloud, params: Params) -> Object:
    """Replace the caption of a message of the bot, and its keyboard."""
    return change_caption(cloud, params, lambda: _editable(cloud, params))


@method("editMessageMedia", f"{_WHICH} {MEDIA}")
def edit_message_media(cloud: Cloud, params: Params) -> Object:
    """Replace the picture or file of a message of the bot, its caption and its keyboard."""
    return change_media(cloud, params, lambda: _editable(cloud, params))


@method("editMessageReplyMarkup", f"{_WHICH} reply_markup")
def edit_message_reply_markup(cloud: Cloud, params: Params) -> Object:
    """Replace the keyboard of a message of the bot."""
    return change_keyboard(cloud, params, lambda: _editable(cloud, params))


def change_text(cloud: Cloud, params: Params, find: Find) -> Object:
    """Give a message another text and keyboard."""
    content = read_text(cloud, params)
    check_preview(params)
    message = find()
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    return _edit(cloud, message, content, keyboard_of(params, inline_only=True))


def change_caption(cloud: Cloud, params: Params, find: Find) -> Object:
    """Give a picture or file another caption and keyboard."""
    message = find()
    media = media_of(message.body)
    if not media:
        raise bad_request("there is no caption in the message to edit")
    content = {**media, **read_caption(cloud, params)}
    return _edit(cloud, message, content, keyboard_of(params, inline_only=True))


def change_media(cloud: Cloud, params: Params, find: Find) -> Object:
    """Put another picture or file in a message, with caption and keyboard."""
    media = params.value("media", "input media")
    if not isinstance(media, dict):
        raise bad_request("input media is not specified")
    message = find()
    keyboard = keyboard_of(params, inline_only=True)
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in media.items()}
    inner = Params(fields=fields, uploads=params.uploads)
    inner.check_known(_INPUT_MEDIA)
    caption = read_caption(cloud, inner)
    match media.get("type"):
        case "photo":
            content: Object = {"photo": find_photo(cloud, params, inner.text("media"), "media").as_photo()}
        case "document":
            content = {"document": find_document(cloud, params, inner.text("media"), "media").as_document()}
        case _:
            raise bad_request("can't parse InputMedia: Unsupported type specified")
    return _edit(cloud, message, {**content, **caption}, keyboard)


def change_keyboard(cloud: Cloud, params: Params, find: Find) -> Object:
    """Give a message another keyboard."""
    message = find()
    return _edit(cloud, message, content_of(message.body), keyboard_of(params, inline_only=True))


@method("deleteMessage", _WHICH)
def delete_message(cloud: Cloud, params: Params) -> bool:
    """Delete a message of the bot, or one that a person sent in private."""
    chat = chat_of(cloud, params, Access.WRITE)
    message = _named(cloud, chat, params)
    if message is None:
        raise bad_request("message to delete not found")
    if not _deletes(cloud, chat, message):
        raise bad_request("message can't be deleted")
    cloud.delete(message)
    return True


@method("deleteMessages", "chat_id message_ids")
def delete_messages(cloud: Cloud, params: Params) -> bool:
    """Delete several messages; those that are not there are passed over."""
    chat = chat_of(cloud, params, Access.WRITE)
    ids = params.numbers("message_ids", what="message identifiers")
    if not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > 100:
        raise bad_request("too many message identifiers specified")
    messages = [message for message in (cloud.find(chat.id, number) for number in ids) if message]
    if not all(_deletes(cloud, chat, message) for message in messages):
        raise bad_request("message can't be deleted")
    for message in messages:
        cloud.delete(message)
    return True


def _edit(cloud: Cloud, message: Message, content: Object, keyboard: Object | None) -> Object:
    new = {**content, **({"reply_markup": keyboard} if keyboard else {})}
    old = {**content_of(message.body)}
    if "reply_markup" in message.body:
        old["reply_markup"] = message.body["reply_markup"]
    if new == old:
        raise not_modified()
    cloud.limits.take(cloud.directory.chat(message.chat_id))
    return dict(change(cloud, message, new).body)


def _editable(cloud: Cloud, params: Params) -> Message:
    chat = chat_of(cloud, params, Access.EDIT)
    message = _named(cloud, chat, params)
    if message is None:
        raise bad_request("message to edit not found")
    if not may_edit(chat, chat.member(cloud.bot.id), is_own=message.author == cloud.bot.id):
        raise bad_request("message can't be edited")
    return message


def _named(cloud: Cloud, chat: Chat, params: Params) -> Message | None:
    message_id = params.integer("message_id")
    if message_id <= 0:
        raise bad_request("message identifier is not specified")
    return cloud.find(chat.id, message_id)


def _deletes(cloud: Cloud, chat: Chat, message: Message) -> bool:
    return may_delete(chat, chat.member(cloud.bot.id), is_own=message.author == cloud.bot.id)
