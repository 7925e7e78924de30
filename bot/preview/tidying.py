"""The rules of text with entities, as Telegram applies them to what a bot sends.

What Telegram refuses is refused with its words; what it repairs is repaired the same way: control
characters become spaces, entities lose the space at their start, both ends of a message are trimmed,
styles are united and then cut so that entities nest, code holds nothing. TDLib is the authority: a
property test compares with it.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from bot.preview.entities import CODES, FOUND, QUOTES, STYLES, Entity, Formatted, Kind
from bot.preview.refusals import bad_request

LARGEST_BOUND = 1_000_000
_SPACE, _NEWLINE = 0x20, 0x0A
_DROPPED = {0x0D, 0x0333, 0x033F, 0x030A, *range(0x2028, 0x202F)}

# Of entities with the same bounds the one with the smaller number is the outer one (TDLib's order).
_DEPTH = {
    Kind.BLOCKQUOTE: 0,
    Kind.EXPANDABLE_BLOCKQUOTE: 0,
    Kind.PRE: 11,
    Kind.CODE: 20,
    Kind.TEXT_LINK: 49,
    Kind.TEXT_MENTION: 49,
    **dict.fromkeys(FOUND, 50),
    Kind.DATE_TIME: 50,
    Kind.BOLD: 90,
    Kind.ITALIC: 91,
    Kind.UNDERLINE: 92,
    Kind.STRIKETHROUGH: 93,
    Kind.SPOILER: 94,
    Kind.CUSTOM_EMOJI: 99,
}


def tidy(text: str, entities: Iterable[Entity], *, trim: bool = True) -> Formatted:
    """Check and repair a text with entities. Refuses bad bounds."""
    units, kept = _cleaned(_units(text), _nested(_checked_bounds(entities)))
    if trim:
        units, kept = _trimmed(units, _nested(_without_blank(units, kept)))
    return Formatted(text=_text(units), entities=_nested(kept))


def with_found(formatted: Formatted, found: Iterable[Entity]) -> Formatted:
    """Lay entities that were found in a tidy text in where no code, link or edge of a quote is in the way."""
    return replace(formatted, entities=_nested(formatted.entities, tuple(found)))


def _units(text: str) -> list[int]:
    try:
        raw = text.encode("utf-16-le")
    except UnicodeEncodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    return list(memoryview(raw).cast("H")) if raw else []


def _text(units: list[int]) -> str:
    return b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le")


def _checked_bounds(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    given = tuple(entities)
    for entity in given:
        if not 0 <= entity.offset <= LARGEST_BOUND:
            raise bad_request(f"receive an entity with incorrect offset {entity.offset}")
        if not 0 <= entity.length <= LARGEST_BOUND:
            raise bad_request(f"receive an entity with incorrect length {entity.length}")
    return tuple(entity for entity in given if entity.length)


def _ordered(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity.offset, -entity.length, _DEPTH[entity.kind]))


def _nested(entities: Iterable[Entity], found: tuple[Entity, ...] = ()) -> tuple[Entity, ...]:
    """Make entities nest: whole ones never cross, styles are cut at the bounds of what they cross."""
    ordered = _ordered(entities)
    quotes = _apart(entity for entity in ordered if entity.kind in QUOTES)
    whole = _apart(entity for entity in ordered if entity.kind not in QUOTES and entity.kind not in STYLES)
    news = [new for new in _ordered(found) if not any(_meet(new, old) for old in whole)]
    blocks = quotes + [
        entity for entity in whole + news if not any(_crosses(entity, quote) for quote in quotes)
    ]
    styles = _cut([entity for entity in ordered if entity.kind in STYLES], blocks)
    return tuple(_ordered([*blocks, *styles]))


def _apart(entities: Iterable[Entity]) -> list[Entity]:
    """Keep the first of those that overlap."""
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
    return kept


def _meet(one: Entity, other: Entity) -> bool:
    return one.offset < other.end and other.offset < one.end


def _crosses(entity: Entity, quote: Entity) -> bool:
    """Tell whether an entity overlaps a quote without lying inside it."""
    return _meet(entity, quote) and not (quote.offset <= entity.offset and entity.end <= quote.end)


def _cut(styles: list[Entity], blocks: list[Entity]) -> list[Entity]:
    runs = [run for kind in STYLES for run in _united(style for style in styles if style.kind is kind)]
    cuts = {run.offset for run in runs} | {bound for block in blocks for bound in (block.offset, block.end)}
    codes = [block for block in blocks if block.kind in CODES]
    return [
        piece for run in runs for piece in _pieces(run, cuts) if not any(_meet(piece, code) for code in codes)
    ]


def _united(styles: Iterable[Entity]) -> list[Entity]:
    """Unite styles of one kind that overlap or touch."""
    runs: list[Entity] = []
    for style in styles:
        if runs and style.offset <= runs[-1].end:
            end = max(style.end, runs[-1].end)
            runs[-1] = replace(runs[-1], length=end - runs[-1].offset)
        else:
            runs.append(style)
    return runs


def _pieces(run: Entity, cuts: set[int]) -> list[Entity]:
    bounds = [run.offset, *sorted(cut for cut in cuts if run.offset < cut < run.end), run.end]
    return [replace(run, offset=start, length=end - start) for start, end in pairwise(bounds)]


def _cleaned(units: list[int], entities: tuple[Entity, ...]) -> tuple[list[int], tuple[Entity, ...]]:
    """Drop and replace characters that Telegram does not keep, and move the entities accordingly."""
    for entity in entities:
        if entity.offset > len(units):
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {entity.offset}")
    for entity in entities:
        _check_bounds_within(units, entity)
    kept: list[int] = []
    moved = [0] * (len(units) + 1)
    for index, unit in enumerate(units):
        moved[index] = len(kept)
        if unit not in _DROPPED:
            kept.append(_SPACE if unit < _SPACE and unit != _NEWLINE else unit)
    moved[len(units)] = len(kept)
    shifted = (
        replace(entity, offset=moved[entity.offset], length=moved[entity.end] - moved[entity.offset])
        for entity in entities
    )
    return kept, tuple(entity for entity in shifted if entity.length)


def _check_bounds_within(units: list[int], entity: Entity) -> None:
    if _splits_pair(units, entity.offset):
        at = _byte_offset(units, entity.offset + 1)
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {at}")
    start = f"entity beginning at UTF-16 offset {entity.offset}"
    if entity.end > len(units):
        raise bad_request(f"{start} ends after the end of the text at UTF-16 offset {entity.end}")
    if _splits_pair(units, entity.end):
        at = _byte_offset(units, entity.end + 1)
        raise bad_request(f"{start} ends in a middle of a UTF-16 symbol at byte offset {at}")


def _splits_pair(units: list[int], offset: int) -> bool:
    return offset < len(units) and 0xDC00 <= units[offset] <= 0xDFFF


def _byte_offset(units: list[int], offset: int) -> int:
    return len(_text(units[:offset]).encode())


def _without_blank(units: list[int], entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Move the start of each entity past white space; those that hold nothing else go."""
    kept = []
    for entity in entities:
        start = entity.offset
        while start < entity.end and units[start] in (_SPACE, _NEWLINE):
            start += 1
        if start < entity.end:
            kept.append(replace(entity, offset=start, length=entity.end - start))
    return tuple(kept)


def _trimmed(units: list[int], entities: tuple[Entity, ...]) -> tuple[list[int], tuple[Entity, ...]]:
    """Cut white space off both ends of the text; entities are clipped at its end."""
    end = len(units)
    while end and units[end - 1] in (_SPACE, _NEWLINE):
        end -= 1
    start = 0
    while start < end and units[start] in (_SPACE, _NEWLINE):
        start += 1
    clipped = (
        replace(entity, offset=entity.offset - start, length=min(entity.end, end) - entity.offset)
        for entity in entities
    )
    return units[start:end], tuple(_ordered(clipped))
