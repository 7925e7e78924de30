"""Text with its entities, as Telegram takes it: values that can be added, joined and cut.

Law: what is made here is valid. Offsets and lengths count UTF-16 units and never cut a character in two; no
entity is empty, ends with white space or (but for blocks of code) begins with it; `code` and `pre` hold
nothing and stand in nothing but a quote; neither quotes nor links are nested, no quote begins or ends in a link;
entities are sorted. So Telegram drops and refuses nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

MESSAGE_LIMIT = 4096  # UTF-16 units of a message's text, after entities
CAPTION_LIMIT = 1024  # the same for the text under a photo
ENTITY_LIMIT = 100  # Telegram keeps the first hundred entities of a message and drops the others


class EntityType(StrEnum):
    """The kinds of entities that this bot sends."""

    BLOCKQUOTE = "blockquote"
    EXPANDABLE_BLOCKQUOTE = "expandable_blockquote"
    TEXT_LINK = "text_link"
    DATE_TIME = "date_time"
    BOLD = "bold"
    ITALIC = "italic"
    SPOILER = "spoiler"
    CODE = "code"
    PRE = "pre"


# From the outside in, where both span the same.
_ORDER = {kind: place for place, kind in enumerate(EntityType)}
_SOLID = frozenset({EntityType.CODE, EntityType.PRE})  # hold no other entity
_WHOLE = _SOLID | {EntityType.TEXT_LINK, EntityType.DATE_TIME}  # never overlap one another
_QUOTES = frozenset({EntityType.BLOCKQUOTE, EntityType.EXPANDABLE_BLOCKQUOTE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """A span of a text, in UTF-16 units; `language` is for pre, `url` for text_link, the last two for date_time."""

    type: EntityType
    offset: int
    length: int
    language: str | None = None
    url: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None

    @property
    def end(self) -> int:
        """Offset of the first unit behind the span."""
        return self.offset + self.length

    def moved(self, units: int) -> "Entity":
        """The same so many units further on (`replace` takes three times as long)."""
        if not units:
            return self
        return Entity(
            type=self.type,
            offset=self.offset + units,
            length=self.length,
            language=self.language,
            url=self.url,
            unix_time=self.unix_time,
            date_time_format=self.date_time_format,
        )

    def as_json(self) -> dict[str, str | int]:
        """The entity as the Bot API takes it."""
        found: dict[str, str | int] = {"type": str(self.type), "offset": self.offset, "length": self.length}
        if self.language:
            found["language"] = self.language
        if self.url:
            found["url"] = self.url
        if self.unix_time is not None:
            found["unix_time"] = self.unix_time
        if self.date_time_format:
            found["date_time_format"] = self.date_time_format
        return found


def _sort_key(entity: Entity) -> tuple[int, int, int]:
    return entity.offset, -entity.length, _ORDER[entity.type]


def utf16_len(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class Rich:
    """A text and its entities."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    def __add__(self, other: "Rich | str") -> "Rich":
        return Rich.join("", (self, other))

    def __radd__(self, other: str) -> "Rich":
        return Rich.join("", (other, self))

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def units(self) -> int:
        """Length of the text in UTF-16 units."""
        return utf16_len(self.text)

    @staticmethod
    def join(separator: "Rich | str", parts: "Iterable[Rich | str]") -> "Rich":
        """The parts one after the other, the separator between."""
        texts: list[str] = []
        entities: list[Entity] = []
        shift = 0
        for place, part in enumerate(parts):
            for piece in (plain(separator), plain(part)) if place else (plain(part),):
                texts.append(piece.text)
                entities += [entity.moved(shift) for entity in piece.entities]
                shift += piece.units
        return Rich("".join(texts), tuple(entities))

    def strip(self) -> "Rich":
        """Without white space at both ends, as Telegram cuts it off a message; code keeps its indentation."""
        if self.text == self.text.strip():
            return self
        head = utf16_len(self.text) - utf16_len(self.text.lstrip())
        head = min([head, *(each.offset for each in self.entities if each.type is EntityType.PRE)])
        return self.cut(head, max(head, len(self.text.rstrip())))  # white space is never two units

    def cut(self, start: int, stop: int) -> "Rich":
        """The part between two places of `text` (in characters), with what its entities leave in it."""
        text = self.text[start:stop]
        shift, length = utf16_len(self.text[:start]), utf16_len(text)
        spans = (
            (max(entity.offset - shift, 0), min(entity.end - shift, length), entity)
            for entity in self.entities
        )
        kept = [replace(entity, offset=low, length=high - low) for low, high, entity in spans if high > low]
        return tidy(text, kept)


def plain(text: Rich | str) -> Rich:
    """A text without entities; a Rich is left as it is."""
    return text if isinstance(text, Rich) else Rich(text)


def bold(text: Rich | str) -> Rich:
    """The text in bold."""
    return _around(text, EntityType.BOLD)


def pre(text: str, language: str | None = None) -> Rich:
    """The text as a block of code; tabs become spaces, since Telegram makes one blank of each."""
    return _around(text.expandtabs(4), EntityType.PRE, language=language or None)


def blockquote(text: Rich | str) -> Rich:
    """The text as a quote; quotes inside it become part of it."""
    return _around(text, EntityType.BLOCKQUOTE)


def expandable(text: Rich | str) -> Rich:
    """The text as a quote of which a reader first sees the beginning; quotes inside it become part of it."""
    return _around(text, EntityType.EXPANDABLE_BLOCKQUOTE)


def moment(at: datetime) -> Rich:
    """A time: each reader sees it in their own zone; where the entity is not known it reads as UTC."""
    text = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    shown = Entity(
        type=EntityType.DATE_TIME,
        offset=0,
        length=len(text),
        unix_time=int(at.timestamp()),
        date_time_format="wdt",
    )
    return Rich(text, (shown,))


def date_time(text: str, unix_time: int) -> Rich:
    """A time with a text of one's own, for programs that do not know of such entities."""
    shown = Entity(
        type=EntityType.DATE_TIME,
        offset=0,
        length=utf16_len(text),
        unix_time=unix_time,
        date_time_format="wDt",
    )
    return Rich(text, (shown,))


def link(text: Rich | str, url: str) -> Rich:
    """The text as a link; code inside it and inner links become plain text of it."""
    return _around(text, EntityType.TEXT_LINK, url=url)


def _around(
    text: Rich | str, kind: EntityType, *, language: str | None = None, url: str | None = None
) -> Rich:
    text = plain(text)
    around = Entity(type=kind, offset=0, length=text.units, language=language, url=url)
    if text and not text.entities and text.text == text.text.strip():
        return Rich(text.text, (around,))  # what `tidy` would make of it; on the way of every tap
    return tidy(text.text, [*text.entities, around])


def tidy(text: str, entities: Iterable[Entity]) -> Rich:
    """The text with these entities as Telegram would keep them: trimmed, parted around code, sorted."""
    units = text.encode("utf-16-le", "surrogatepass")
    entities = list(entities)
    indented = [each.offset for each in entities if each.type is EntityType.PRE]
    trimmed = [each for entity in entities if (each := _trimmed(units, entity, indented)) is not None]
    quotes = _first_come(each for each in trimmed if each.type in _QUOTES)
    whole = _first_come(each for each in trimmed if each.type in _WHOLE)
    solid = [
        part
        for each in whole
        for piece in _at_edges(each, quotes)
        if (part := _trimmed(units, piece, indented))
    ]
    styles = [each for each in trimmed if each.type not in _WHOLE | _QUOTES]
    code_spans = [each for each in solid if each.type in _SOLID]
    pieces = [piece for each in _united(styles) for piece in _beside(each, code_spans)]
    cut = [each for piece in pieces if (each := _trimmed(units, piece, [])) is not None]
    return Rich(text, tuple(sorted([*quotes, *solid, *cut], key=_sort_key)))


def _first_come(entities: Iterable[Entity]) -> list[Entity]:
    """Those that do not overlap one before them, the outermost first."""
    found: list[Entity] = []
    for entity in sorted(entities, key=_sort_key):
        if not found or found[-1].end <= entity.offset:
            found.append(entity)
    return found


def _at_edges(entity: Entity, quotes: list[Entity]) -> Iterator[Entity]:
    """What lies before, in and behind each quote, which is in order: Telegram drops a link that a quote begins in."""
    start = entity.offset
    for edge in [edge for quote in quotes for edge in (quote.offset, quote.end)]:
        if start < edge < entity.end:
            yield replace(entity, offset=start, length=edge - start)
            start = edge
    yield replace(entity, offset=start, length=entity.end - start)


def _beside(entity: Entity, code_spans: list[Entity]) -> Iterator[Entity]:
    """What of an entity lies beside the code, which is in order."""
    start = entity.offset
    first = bisect_right(code_spans, start, key=lambda each: each.end)
    for place in range(first, len(code_spans)):
        each = code_spans[place]
        if each.offset >= entity.end:
            break
        if each.offset > start:
            yield replace(entity, offset=start, length=each.offset - start)
        start = each.end
    if entity.end > start:
        yield replace(entity, offset=start, length=entity.end - start)


def _trimmed(units: bytes, entity: Entity, indented: list[int]) -> Entity | None:
    """The entity without white space at its ends, or None if nothing is left.

    A block of code keeps its indentation, and so does the quote that begins with one (`indented`: their offsets).
    """
    inside = units[2 * entity.offset : 2 * entity.end].decode("utf-16-le", "surrogatepass")
    length = utf16_len(inside.rstrip())
    head = length - utf16_len(inside.strip())
    if entity.type in _QUOTES | {EntityType.PRE}:
        head = min([head, *(start - entity.offset for start in indented if start >= entity.offset)])
    return replace(entity, offset=entity.offset + head, length=length - head) if length else None


def _united(entities: list[Entity]) -> list[Entity]:
    """One entity where several of the same style overlap (bold within bold says nothing more)."""
    found: list[Entity] = []
    for entity in sorted(entities, key=lambda each: (each.type, each.offset, -each.length)):
        last = found[-1] if found else None
        if last and last.type is entity.type and entity.offset < last.end:
            found[-1] = replace(last, length=max(last.end, entity.end) - last.offset)
        else:
            found.append(entity)
    return found
