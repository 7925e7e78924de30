"""One long text as several messages.

Law: cut between paragraphs only, never inside a block of code; nothing but white space is lost.
"""

from collections.abc import Callable
from itertools import pairwise

from bot.errors import NablaError
from bot.view.rich import MESSAGE_LIMIT, EntityType, Rich, utf16_len


class TooLongError(NablaError):
    """The author's: a paragraph or code block of `units` UTF-16 units, which no message can hold."""

    def __init__(self, *, start: str, units: int, limit: int, is_code: bool) -> None:
        self.start, self.units, self.limit, self.is_code = start, units, limit, is_code
        what = "code block" if is_code else "paragraph"
        super().__init__(
            f"the {what} that begins with `{start}` has {units} UTF-16 units, a message takes {limit}"
        )


def split(rich: Rich, limit: int = MESSAGE_LIMIT) -> list[Rich]:
    """Messages of at most `limit` UTF-16 units, cut between paragraphs only, never inside a code block.

    Raises TooLongError if one paragraph or code block is longer than that.
    """
    parts: list[Rich] = []
    start = stop = 0
    rest = rich.strip()
    if rest and rest.units <= limit:
        return [rest]
    places = _paragraph_places(rest)
    for low, high in places:
        if stop > start and utf16_len(rest.text[start:high]) > limit:
            parts.append(rest.cut(start, stop).strip())
            start = low
        if utf16_len(rest.text[low:high]) > limit:
            raise _too_long(rest.cut(low, high), limit)
        stop = high
    return [*parts, rest.cut(start, stop).strip()] if stop > start else parts


def _paragraph_places(rich: Rich) -> list[tuple[int, int]]:
    """Where each paragraph begins and ends in `text`; a code block is part of one paragraph."""
    at = _characters(rich.text)
    blocks = [(at(each.offset), at(each.end)) for each in rich.entities if each.type is EntityType.PRE]
    cuts = [0]
    place = rich.text.find("\n\n")
    while place >= 0:
        if not any(low <= place < high for low, high in blocks):
            cuts.append(place + 2)
        place = rich.text.find("\n\n", place + 2)
    cuts.append(len(rich.text))
    return [
        (low, len(rich.text[:high].rstrip())) for low, high in pairwise(cuts) if rich.text[low:high].strip()
    ]


def _characters(text: str) -> Callable[[int], int]:
    """A function from an offset in UTF-16 units to the place of its character."""
    units = text.encode("utf-16-le", "surrogatepass")
    return lambda offset: len(units[: 2 * offset].decode("utf-16-le", "surrogatepass"))


def _too_long(paragraph: Rich, limit: int) -> TooLongError:
    blocks = [each for each in paragraph.entities if each.type is EntityType.PRE]
    start = paragraph.text.strip().splitlines()[0][:40]
    return TooLongError(start=start, units=paragraph.units, limit=limit, is_code=bool(blocks))
