"""What a word becomes on the wire, and what an error says about it.

Law: a table and two functions, no waiting, no state: a word (kind, body, key) becomes one Bot API call; an
error becomes a fate. Whether a call may be repeated is decided here and nowhere else.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.chat.request import NotDoneError

Json = Mapping[str, Any]


class Kind(StrEnum):
    """The kinds of words; a kind is also how the store spells it."""

    ANSWER = "answer"
    SAY = "say"
    EDIT = "edit"
    STRIP = "strip"
    PHOTO = "photo"
    DOCUMENT = "document"


SENDS = frozenset({Kind.SAY, Kind.PHOTO, Kind.DOCUMENT})  # each makes a message: not blindly repeated
TEXTS = frozenset({Kind.SAY, Kind.EDIT})  # what a learner must be told of when it is refused
UPLOADS = frozenset({Kind.PHOTO, Kind.DOCUMENT})


class Fate(Enum):
    """What becomes of a word after an error."""

    SAID = "there is nothing left to do"
    GONE = "nobody can be told any more"
    FLOOD = "again when the chat's pause is over"
    AGAIN = "again after a while, as often as it takes: surely not done"
    RETRY = "again after a while, some times: may be done, repeating is harmless"
    MAYBE = "may have arrived: not repeated"
    ANEW = "as a new message"
    REFUSED = "the server will never take it"
    MOVED = "to the chat's new id"


# Beginnings of what Telegram says with a 400, in lower case, by what it means for us.
_NOTHING_LEFT = ("message is not modified",)
_LOST_MESSAGE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)
_NO_PICTURES = ("not enough rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden")
_TOPIC_GONE = ("topic_closed", "topic_deleted", "message thread not found")
_NOBODY_THERE = (
    "chat not found",
    "query is too old",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "group chat was deactivated",
    *_TOPIC_GONE,
    "chat_restricted",
    "chat_send_plain_forbidden",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One Bot API call; files: {field: (file name, content)}."""

    method: str
    params: Json
    files: Mapping[str, tuple[str, bytes]] | None = None


def fate(error: TelegramError, kind: Kind) -> Fate:
    """What becomes of a word of this kind after this error."""
    if isinstance(error, RetryAfter):
        return Fate.FLOOD
    if isinstance(error, ChatMigrated):
        return Fate.MOVED
    if isinstance(error, Forbidden):
        return Fate.GONE
    if isinstance(error, BadRequest):
        return _fate_of_bad_request(error.message.lower(), kind)
    if isinstance(error, NotDoneError | InvalidToken):  # a refused token is the intake's to report
        return Fate.AGAIN
    return Fate.MAYBE if kind in SENDS else Fate.RETRY


def _fate_of_bad_request(fact: str, kind: Kind) -> Fate:
    if kind in {Kind.ANSWER, Kind.STRIP} or fact.startswith(_NOBODY_THERE):
        return Fate.GONE
    if fact.startswith(_NOTHING_LEFT):
        return Fate.SAID
    if kind is Kind.EDIT and fact.startswith(_LOST_MESSAGE):
        return Fate.ANEW
    return Fate.REFUSED


def is_picture_forbidden(error: TelegramError) -> bool:
    """Whether a picture was refused because a chat lets nobody (or not the bot) send any."""
    fact = error.message.lower().removeprefix("bad request: ")
    return fact.startswith(_NO_PICTURES)


def is_topic_gone(error: TelegramError) -> bool:
    """Whether a word was refused because its forum topic is closed or deleted."""
    return error.message.lower().removeprefix("bad request: ").startswith(_TOPIC_GONE)


def call_for(
    kind: Kind, chat: int, body: Json, *, message_id: int | None = None, content: bytes = b""
) -> Call:
    """The call that says a word; an edit without a message id is said as a new message, a picture as no reply."""
    if kind is Kind.ANSWER:
        return Call(method="answerCallbackQuery", params=body)
    if kind is Kind.STRIP:
        return Call(method="editMessageReplyMarkup", params={"chat_id": chat, "message_id": message_id})
    if kind in UPLOADS:
        return _upload(kind, chat, body, content, message_id)
    if message_id is None:
        thread = {"message_thread_id": body.get("message_thread_id")}
        return Call(method="sendMessage", params={**_text(chat, body), **thread})
    return Call(method="editMessageText", params={**_text(chat, body), "message_id": message_id})


def _upload(kind: Kind, chat: int, body: Json, content: bytes, reply_to: int | None) -> Call:
    params = _captioned(chat, body)
    if reply_to is not None:  # what it belongs to; gone, and this is not said either
        params["reply_parameters"] = json.dumps({"message_id": reply_to})
    if kind is Kind.PHOTO:
        return Call(method="sendPhoto", params=params, files={"photo": ("picture.png", content)})
    files = {"document": (str(body.get("name", "file")), content)}
    return Call(method="sendDocument", params=params, files=files)


def _text(chat: int, body: Json) -> dict[str, Any]:
    return {
        "chat_id": chat,
        "text": body["text"],
        "entities": body.get("entities") or None,
        "reply_markup": _markup(body),
    }


def _captioned(chat: int, body: Json) -> dict[str, Any]:
    return {
        "chat_id": chat,
        "caption": body.get("caption") or None,
        "caption_entities": body.get("entities") or None,
        "reply_markup": _markup(body),
        "message_thread_id": body.get("message_thread_id"),
    }


def _markup(body: Json) -> str | None:
    """The inline keyboard as JSON."""
    rows = body.get("buttons")
    return json.dumps({"inline_keyboard": rows}) if rows else None


def caption_alone(body: Json) -> Json:
    """A picture's caption as a message of its own: what stood there is in its words too."""
    kept = {name: body[name] for name in ("entities", "buttons", "message_thread_id") if name in body}
    return {"text": body["caption"], **kept}


def loggable(error: TelegramError) -> str:
    """The kind of an error and the plain beginning of Telegram's words, cut before anything it may quote."""
    plain = re.match(r"[A-Za-z_' ]{0,60}", error.message)
    return f"{type(error).__name__}: {plain[0] if plain else ''}".rstrip(": ")
