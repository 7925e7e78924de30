"""Texts with entities, as values; offsets and lengths count UTF-16 code units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """Every entity type of the Bot API, by its name there."""

    MENTION = "mention"
    HASHTAG = "hashtag"
    CASHTAG = "cashtag"
    BOT_COMMAND = "bot_command"
    URL = "url"
    EMAIL = "email"
    PHONE_NUMBER = "phone_number"
    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKETHROUGH = "strikethrough"
    SPOILER = "spoiler"
    BLOCKQUOTE = "blockquote"
    EXPANDABLE_BLOCKQUOTE = "expandable_blockquote"
    CODE = "code"
    PRE = "pre"
    TEXT_LINK = "text_link"
    TEXT_MENTION = "text_mention"
    CUSTOM_EMOJI = "custom_emoji"
    DATE_TIME = "date_time"


STYLES = (Kind.BOLD, Kind.ITALIC, Kind.UNDERLINE, Kind.STRIKETHROUGH, Kind.SPOILER)
QUOTES = (Kind.BLOCKQUOTE, Kind.EXPANDABLE_BLOCKQUOTE)
CODES = (Kind.CODE, Kind.PRE)
FOUND = (Kind.MENTION, Kind.HASHTAG, Kind.CASHTAG, Kind.BOT_COMMAND, Kind.URL, Kind.EMAIL, Kind.PHONE_NUMBER)
"""Types that Telegram finds in a text by itself; sent by a bot they are passed over."""


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A stretch of a text that means or looks something; bounds in UTF-16 code units."""

    kind: Kind
    offset: int
    length: int
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """Give the first unit after it."""
        return self.offset + self.length

    def as_object(self) -> dict[str, object]:
        """Give the Bot API's MessageEntity."""
        return {"type": self.kind.value, "offset": self.offset, "length": self.length, **self.extra}


@dataclass(frozen=True, kw_only=True)
class Formatted:
    """A text with its entities, as Telegram keeps it."""

    text: str
    entities: tuple[Entity, ...] = ()

    def as_objects(self) -> list[dict[str, object]]:
        """Give the entities as the Bot API writes them."""
        return [entity.as_object() for entity in self.entities]


def utf16_length(text: str) -> int:
    """Count UTF-16 code units, the measure of every limit."""
    return len(text) + sum(character > "\uffff" for character in text)
