"""What a message can hold: the fields of a Bot API Message besides who, where and when."""

from collections.abc import Mapping
from typing import Any

from bot.preview.chats import Object
from bot.preview.entities import Formatted, utf16_length
from bot.preview.found import found_in
from bot.preview.refusals import bad_request
from bot.preview.tidying import tidy, with_found

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
MEDIA = ("photo", "document")
FIELDS = ("text", "entities", *MEDIA, "caption", "caption_entities", "has_protected_content")


def person_text(text: str) -> Object:
    """Make the content of a person's text message, with the entities that Telegram finds in it."""
    formatted = tidy(text, ())
    if not formatted.text:
        raise bad_request("message text is empty")
    if utf16_length(formatted.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text_content(formatted)


def sticker() -> Object:
    """Make the content of a sticker message."""
    waving = {"emoji": "👋", "type": "regular", "is_animated": False, "is_video": False}
    return {
        "sticker": {
            "file_id": "local-sticker",
            "file_unique_id": "sticker",
            "width": 512,
            "height": 512,
            **waving,
        }
    }


def text_content(formatted: Formatted, *, text: str = "text", entities: str = "entities") -> Object:
    """Make message fields of a text; what Telegram would find in it is marked."""
    full = with_found(formatted, found_in(formatted.text))
    content: Object = {text: full.text}
    if full.entities:
        content[entities] = full.as_objects()
    return content


def content_of(body: Mapping[str, Any]) -> Object:
    """Take the content out of a Message, without its keyboard."""
    return {name: body[name] for name in FIELDS if name in body}


def media_of(body: Mapping[str, Any]) -> Object:
    """Take the picture or file out of a Message; empty if it is a text."""
    return {name: body[name] for name in MEDIA if name in body}
