"""Methods that send, change and delete messages, and that answer taps."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from .chats import Chat, ChatKind, File, Message, Object
from .cloud import LONGEST_TEXT, Answer, Cloud, text_content
from .entities import CODES, FOUND, Entity, Formatted, Kind, tidy, utf16_length
from .links import checked_link
from .markup import reply_markup
from .methods import chat_of, list_of, method, writable_chat
from .params import Params, Upload
from .pictures import picture_size
from .refusals import bad_request, not_modified

LONGEST_CAPTION = 1024
LONGEST_ANSWER = 200
LARGEST_PHOTO_BYTES = 10 * 1024 * 1024
LARGEST_PHOTO_SIDES = 10_000
LARGEST_PHOTO_RATIO = 20
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "upload_document",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_video_note",
        "upload_video_note",
        "choose_sticker",
        "find_location",
    }
)
_HOW = "message_thread_id disable_notification protect_content reply_parameters reply_markup"
_WHICH = "chat_id message_id"
_INPUT_MEDIA = ("type", "media", "caption", "caption_entities", "parse_mode", "show_caption_above_media")


@method("sendMessage", f"chat_id text entities parse_mode link_preview_options {_HOW}")
def send_message(cloud: Cloud, params: Params) -> Object:
    """Send a text."""
    content = _text(cloud, params)
    return _send(cloud, params, content)


@method("sendPhoto", f"chat_id photo caption caption_entities parse_mode show_caption_above_media {_HOW}")
def send_photo(cloud: Cloud, params: Params) -> Object:
    """Send a picture."""
    chat = writable_chat(cloud, params)
    caption = _caption(cloud, params)
    keyboard = _keyboard(params)
    _check_thread(params)
    photo = _photo(cloud, params, params.text("photo"), "photo")
    return dict(_post(cloud, params, chat, {"photo": photo.as_photo(), **caption}, keyboard))


@method(
    "sendDocument",
    f"chat_id document caption caption_entities parse_mode disable_content_type_detection {_HOW}",
)
def send_document(cloud: Cloud, params: Params) -> Object:
    """Send a file."""
    chat = writable_chat(cloud, params)
    caption = _caption(cloud, params)
    keyboard = _keyboard(params)
    _check_thread(params)
    document = _document(cloud, params, params.text("document"), "document")
    return dict(_post(cloud, params, chat, {"document": document.as_document(), **caption}, keyboard))


@method("editMessageText", f"{_WHICH} text entities parse_mode link_preview_options reply_markup")
def edit_message_text(cloud: Cloud, params: Params) -> Object:
    """Replace the text of a message of the bot, and its keyboard."""
    content = _text(cloud, params)
    message = _editable(cloud, params)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    return _edit(cloud, message, content, _keyboard(params, inline_only=True))


@method(
    "editMessageCaption",
    f"{_WHICH} caption caption_entities parse_mode show_caption_above_media reply_markup",
)
def edit_message_caption(cloud: Cloud, params: Params) -> Object:
    """Replace the caption of a message of the bot, and its keyboard."""
    message = _editable(cloud, params)
    media = _media_of(message)
    if not media:
        raise bad_request("there is no caption in the message to edit")
    return _edit(cloud, message, {**media, **_caption(cloud, params)}, _keyboard(params, inline_only=True))


@method("editMessageMedia", f"{_WHICH} media reply_markup")
def edit_message_media(cloud: Cloud, params: Params) -> Object:
    """Replace the picture or file of a message of the bot, its caption and its keyboard."""
    media = params.value("media", "input media")
    if not isinstance(media, dict):
        raise bad_request("input media is not specified")
    message = _editable(cloud, params)
    keyboard = _keyboard(params, inline_only=True)
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in media.items()}
    inner = Params(fields=fields, uploads=params.uploads)
    inner.check_known(_INPUT_MEDIA)
    caption = _caption(cloud, inner)
    match media.get("type"):
        case "photo":
            content: Object = {"photo": _photo(cloud, params, inner.text("media"), "media").as_photo()}
        case "document":
            content = {"document": _document(cloud, params, inner.text("media"), "media").as_document()}
        case _:
            raise bad_request("can't parse InputMedia: Unsupported type specified")
    return _edit(cloud, message, {**content, **caption}, keyboard)


@method("editMessageReplyMarkup", f"{_WHICH} reply_markup")
def edit_message_reply_markup(cloud: Cloud, params: Params) -> Object:
    """Replace the keyboard of a message of the bot."""
    message = _editable(cloud, params)
    return _edit(cloud, message, _content_of(message), _keyboard(params, inline_only=True))


@method("deleteMessage", _WHICH)
def delete_message(cloud: Cloud, params: Params) -> bool:
    """Delete a message of the bot, or one that a person sent in private."""
    chat = writable_chat(cloud, params)
    message = _named(cloud, chat, params)
    if message is None:
        raise bad_request("message to delete not found")
    if not _may_delete(cloud, chat, message):
        raise bad_request("message can't be deleted")
    cloud.delete(message)
    return True


@method("deleteMessages", "chat_id message_ids")
def delete_messages(cloud: Cloud, params: Params) -> bool:
    """Delete several messages; those that are not there are passed over."""
    chat = writable_chat(cloud, params)
    ids = list_of(params, "message_ids", what="message identifiers")
    if not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > 100:
        raise bad_request("too many message identifiers specified")
    messages = [message for message in (cloud.find(chat.id, int(number)) for number in ids) if message]
    if not all(_may_delete(cloud, chat, message) for message in messages):
        raise bad_request("message can't be deleted")
    for message in messages:
        cloud.delete(message)
    return True


@method("sendChatAction", "chat_id action message_thread_id")
def send_chat_action(cloud: Cloud, params: Params) -> bool:
    """Show for some seconds what the bot is about."""
    chat = writable_chat(cloud, params)
    _check_thread(params)
    if params.text("action").lower() not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    cloud.show({"type": "action", "chat_id": chat.id, "action": params.text("action").lower()})
    return True


@method("answerCallbackQuery", "callback_query_id text show_alert url cache_time")
def answer_callback_query(cloud: Cloud, params: Params) -> bool:
    """Answer a tap."""
    if utf16_length(params.text("text")) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    url = params.text("url")
    if url and not _is_own_link(cloud, url):
        raise bad_request("URL_INVALID")
    answer = Answer(text=params.text("text") or None, show_alert=params.flag("show_alert"), url=url or None)
    cloud.answer(params.text("callback_query_id"), answer)
    return True


def _is_own_link(cloud: Cloud, url: str) -> bool:
    """Telegram opens only a start link of the bot itself from a tap (games aside)."""
    parts = urlsplit(url)
    own = f"/{cloud.bot.username}".lower()
    return parts.netloc in ("t.me", "telegram.me") and parts.path.lower() == own and "start" in parts.query


def _send(cloud: Cloud, params: Params, content: Object) -> Object:
    chat = writable_chat(cloud, params)
    keyboard = _keyboard(params)
    _check_thread(params)
    return dict(_post(cloud, params, chat, content, keyboard))


def _post(cloud: Cloud, params: Params, chat: Chat, content: Object, keyboard: Object | None) -> Any:
    reply = _reply(cloud, params, chat)
    extra: Object = {"reply_markup": keyboard} if keyboard else {}
    if params.flag("protect_content"):
        extra["has_protected_content"] = True
    return cloud.post(chat, {**reply, **content, **extra}).body


def _reply(cloud: Cloud, params: Params, chat: Chat) -> Object:
    given = params.value("reply_parameters", "reply parameters")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    if "message_id" not in given:
        raise bad_request('can\'t find field "message_id"')
    message = cloud.find(chat.id, int(given["message_id"]))
    if message is not None:
        return {"reply_to_message": {k: v for k, v in message.body.items() if k != "reply_to_message"}}
    if given.get("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def _edit(cloud: Cloud, message: Message, content: Object, keyboard: Object | None) -> Object:
    new = {**content, **({"reply_markup": keyboard} if keyboard else {})}
    old = {**_content_of(message)}
    if "reply_markup" in message.body:
        old["reply_markup"] = message.body["reply_markup"]
    if new == old:
        raise not_modified()
    return dict(cloud.edit(message, new).body)


def _content_of(message: Message) -> Object:
    names = ("text", "entities", "photo", "document", "caption", "caption_entities", "has_protected_content")
    return {name: message.body[name] for name in names if name in message.body}


def _media_of(message: Message) -> Object:
    return {name: message.body[name] for name in ("photo", "document") if name in message.body}


def _editable(cloud: Cloud, params: Params) -> Message:
    chat = chat_of(cloud, params)
    message = _named(cloud, chat, params)
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != cloud.bot.id:
        raise bad_request("message can't be edited")
    return message


def _named(cloud: Cloud, chat: Chat, params: Params) -> Message | None:
    message_id = params.integer("message_id")
    if message_id <= 0:
        raise bad_request("message identifier is not specified")
    return cloud.find(chat.id, message_id)


def _may_delete(cloud: Cloud, chat: Chat, message: Message) -> bool:
    if message.sender_id == cloud.bot.id or chat.kind is ChatKind.PRIVATE:
        return True
    member = chat.member(cloud.bot.id)
    return member is not None and "can_delete_messages" in member.rights


def _check_thread(params: Params) -> None:
    if params.text("message_thread_id"):
        raise bad_request("message thread not found")


def _keyboard(params: Params, *, inline_only: bool = False) -> Object | None:
    return reply_markup(params.value("reply_markup", "reply keyboard markup"), inline_only=inline_only)


def _text(cloud: Cloud, params: Params) -> Object:
    if not params.text("text"):
        raise bad_request("message text is empty")
    formatted = _formatted(cloud, params, "text", "entities")
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if utf16_length(formatted.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text_content(formatted)


def _caption(cloud: Cloud, params: Params) -> Object:
    formatted = _formatted(cloud, params, "caption", "caption_entities")
    if utf16_length(formatted.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    if not formatted.text:
        return {}
    return text_content(formatted, text="caption", entities="caption_entities")


def _formatted(cloud: Cloud, params: Params, text: str, entities: str) -> Formatted:
    if params.text("parse_mode"):
        raise bad_request("unsupported parse_mode: this house sends text with entities, never markup")
    given = params.value(entities, "entities")
    if not isinstance(given, list | None):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    read = [_entity(cloud, entity) for entity in given or ()]
    return tidy(params.text(text), [entity for entity in read if entity])


def _entity(cloud: Cloud, given: object) -> Entity | None:
    """Read one MessageEntity; types that Telegram finds by itself are passed over."""
    if not isinstance(given, dict):
        raise _unreadable("expected an Object")
    bounds = [_bound(given, name) for name in ("offset", "length")]
    try:
        kind = Kind(given.get("type"))
    except ValueError:
        raise _unreadable("Unsupported type specified") from None
    if kind in FOUND:
        return None
    return Entity(kind=kind, offset=bounds[0], length=bounds[1], extra=_extra(cloud, kind, given))


def _bound(given: Object, name: str) -> int:
    if name not in given:
        raise _unreadable(f'Can\'t find field "{name}"')
    if not isinstance(given[name], int) or isinstance(given[name], bool):
        raise _unreadable(f'Field "{name}" must be of type Number')
    return int(given[name])


def _extra(cloud: Cloud, kind: Kind, given: Object) -> Object:
    """Give what an entity of this kind carries besides its bounds."""
    match kind:
        case Kind.TEXT_LINK:
            return {"url": checked_link(str(_field(given, "url")), place="entity URL")}
        case Kind.TEXT_MENTION:
            user = _field(given, "user")
            return {"user": cloud.user(int(user["id"] if isinstance(user, dict) else 0)).as_object()}
        case Kind.CUSTOM_EMOJI:
            if not str(_field(given, "custom_emoji_id")).isdecimal():
                raise _unreadable('Field "custom_emoji_id" must be a valid Number')
            return {"custom_emoji_id": given["custom_emoji_id"]}
        case Kind.DATE_TIME:
            form = given.get("date_time_format")
            return {"unix_time": _field(given, "unix_time"), **({"date_time_format": form} if form else {})}
        case _ if kind in CODES and given.get("language"):
            return {"language": str(given["language"])}
        case _:
            return {}


def _field(given: Object, name: str) -> Any:
    if name not in given:
        raise _unreadable(f'Can\'t find field "{name}"')
    return given[name]


def _unreadable(why: str) -> Exception:
    return bad_request(f"can't parse MessageEntity: {why}")


def _photo(cloud: Cloud, params: Params, given: str, field: str) -> File:
    source = _source(cloud, params, given, field, "photo")
    if isinstance(source, File):
        if not source.width:
            raise bad_request("type of file mismatch")
        return source
    if len(source.content) > LARGEST_PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(source.content)} bytes is too big for a photo; "
            f"the maximum size is {LARGEST_PHOTO_BYTES} bytes"
        )
    size = picture_size(source.content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > LARGEST_PHOTO_SIDES or max(size) > LARGEST_PHOTO_RATIO * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return cloud.new_file(
        folder="photos",
        name=source.name,
        mime_type=source.mime_type,
        content=source.content,
        width=width,
        height=height,
    )


def _document(cloud: Cloud, params: Params, given: str, field: str) -> File:
    source = _source(cloud, params, given, field, "document")
    if isinstance(source, File):
        return source
    return cloud.new_file(
        folder="documents", name=source.name, mime_type=source.mime_type, content=source.content
    )


def _source(cloud: Cloud, params: Params, given: str, field: str, what: str) -> Upload | File:
    """Find what was sent: an upload, or the id of a file that is known here already."""
    name = given.removeprefix("attach://") if given.startswith("attach://") else field
    upload = params.uploads.get(name)
    if upload is not None:
        if not upload.content:
            raise bad_request("file must be non-empty")
        return upload
    if not given or given.startswith("attach://"):
        raise bad_request(f"there is no {what} in the request")
    if given not in cloud.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return cloud.files[given]
