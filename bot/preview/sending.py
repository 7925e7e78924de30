"""Methods that send messages and signs of life, and that answer taps."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.preview.access import Access, Words, check_topic, check_write
from bot.preview.chats import GENERAL, Chat, Object
from bot.preview.cloud import Cloud
from bot.preview.entities import utf16_length
from bot.preview.links import checked_link
from bot.preview.messages import Message
from bot.preview.methods import chat_of, keyboard_of, method
from bot.preview.params import Params
from bot.preview.reading import read_caption, read_text
from bot.preview.receivers import receiver_of
from bot.preview.refusals import bad_request
from bot.preview.speaking import speak
from bot.preview.taps import Answer
from bot.preview.uploads import find_document, find_photo

LONGEST_ANSWER = 200
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
_PRIVATELY = "ephemeral_message_parameters receiver_user_id callback_query_id"
_CAPTION = "caption caption_entities parse_mode"
_PREVIEW_FLAGS = ("is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text")


@method("sendMessage", f"chat_id text entities parse_mode link_preview_options {_HOW}", newer=_PRIVATELY)
def send_message(cloud: Cloud, params: Params) -> Object:
    """Send a text."""
    content = read_text(cloud, params)
    check_preview(params)
    return _post(cloud, _place(cloud, params, Words.TEXT), content)


@method("sendPhoto", f"chat_id photo {_CAPTION} show_caption_above_media {_HOW}", newer=_PRIVATELY)
def send_photo(cloud: Cloud, params: Params) -> Object:
    """Send a picture."""
    place = _place(cloud, params, Words.PHOTO)
    caption = read_caption(cloud, params)
    photo = find_photo(cloud, params, params.text("photo"), "photo")
    return _post(cloud, place, {"photo": photo.as_photo(), **caption})


@method(
    "sendDocument", f"chat_id document {_CAPTION} disable_content_type_detection {_HOW}", newer=_PRIVATELY
)
def send_document(cloud: Cloud, params: Params) -> Object:
    """Send a file."""
    place = _place(cloud, params, Words.DOCUMENT)
    caption = read_caption(cloud, params)
    document = find_document(cloud, params, params.text("document"), "document")
    return _post(cloud, place, {"document": document.as_document(), **caption})


@method("sendChatAction", "chat_id action message_thread_id")
def send_chat_action(cloud: Cloud, params: Params) -> bool:
    """Show for some seconds what the bot is about."""
    action = params.text("action").lower()
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = chat_of(cloud, params, Access.WRITE)
    thread = _thread(params)
    if not (thread == GENERAL and chat.topics):  # here, and only here, the General topic goes by its number
        check_topic(chat, thread)
    where = {"chat_id": chat.id, **({"thread": thread} if thread else {})}
    cloud.show({"type": "action", **where, "action": action})
    return True


@method("answerCallbackQuery", "callback_query_id text show_alert url cache_time")
def answer_callback_query(cloud: Cloud, params: Params) -> bool:
    """Answer a tap."""
    text, url = params.text("text"), params.text("url")
    if utf16_length(text) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not _is_own_link(cloud, url):
        raise bad_request("URL_INVALID")
    answer = Answer(text=text or None, show_alert=params.flag("show_alert"), url=url or None)
    cloud.taps.answer(params.text("callback_query_id"), answer)
    return True


def check_preview(params: Params) -> None:
    """Check the options of a link's preview; nothing is fetched, so none is ever shown here."""
    given = params.value("link_preview_options", "link preview options") or {}
    if not isinstance(given, dict):
        raise bad_request("object expected as link preview options")
    for flag in _PREVIEW_FLAGS:
        if not isinstance(given.get(flag, False), bool):
            raise bad_request(f'field "{flag}" must be of type Boolean')
    if given.get("url"):
        checked_link(str(given["url"]), place="link preview URL")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a message goes, and what comes with every kind: what it replies to, its keyboard."""

    chat: Chat
    thread: int | None
    reply_to: Message | None
    receiver: int | None
    around: Object


def _place(cloud: Cloud, params: Params, words: Words) -> _Place:
    chat = chat_of(cloud, params, Access.WRITE)
    keyboard = keyboard_of(params)
    reply_to = _reply(cloud, params, chat)
    thread = _thread(params)
    check_topic(chat, thread)
    thread = thread if thread is not None else (reply_to.thread if reply_to else None)
    check_write(chat, chat.member(cloud.bot.id), words, thread=thread)
    receiver = receiver_of(cloud, params, chat)
    cloud.limits.take(chat)
    around: Object = {"reply_markup": keyboard} if keyboard else {}
    if params.flag("protect_content"):
        around["has_protected_content"] = True
    return _Place(chat=chat, thread=thread, reply_to=reply_to, receiver=receiver, around=around)


def _post(cloud: Cloud, place: _Place, content: Object) -> Object:
    message = speak(
        cloud,
        place.chat,
        {**place.around, **content},
        author=cloud.bot.id,
        thread=place.thread,
        reply_to=place.reply_to,
        receiver=place.receiver,
    )
    return dict(message.body)


def _thread(params: Params) -> int | None:
    return params.integer("message_thread_id") or None


def _reply(cloud: Cloud, params: Params, chat: Chat) -> Message | None:
    given = params.value("reply_parameters", "reply parameters")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    if cloud.ephemerals.on and "ephemeral_message_id" in given:
        return None  # only the receiver's own words can be meant, and those are not kept here
    if "message_id" not in given:
        raise bad_request('can\'t find field "message_id"')
    message = cloud.find(chat.id, _number(given["message_id"]))
    if message is None and not given.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return message


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise bad_request('field "message_id" must be a valid Number') from None


def _is_own_link(cloud: Cloud, url: str) -> bool:
    """Telegram opens only a start link of the bot itself from a tap (games aside)."""
    parts = urlsplit(url)
    own = f"/{cloud.bot.username}".lower()
    return parts.netloc in ("t.me", "telegram.me") and parts.path.lower() == own and "start" in parts.query
