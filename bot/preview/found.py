"""What Telegram finds in a text by itself: commands, mentions, tags, addresses.

A bare domain such as `model.py` is found by Telegram too, by its list of top-level domains; without that
list only addresses with a scheme or `www.` are found here.
"""

import re

from bot.preview.entities import Entity, Kind, utf16_length

_PATTERNS = {
    Kind.BOT_COMMAND: re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])"),
    Kind.EMAIL: re.compile(
        r"(?<![\w.+-])[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b", re.IGNORECASE
    ),
    Kind.URL: re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"]+[^\s<>\".,;:!?)'\]]", re.IGNORECASE),
    Kind.MENTION: re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)"),
    Kind.HASHTAG: re.compile(r"(?<![\w#])#(?=\d*[^\W\d])\w{1,256}(?![\w#])"),
    Kind.CASHTAG: re.compile(r"(?<![\w$])\$(?:1INCH|[A-Z]{1,8})(?![\w$])"),
}


def found_in(text: str) -> tuple[Entity, ...]:
    """Find entities that nobody marked; of those that overlap the first stays."""
    matches = sorted(
        (
            (match.start(), -match.end(), kind)
            for kind, pattern in _PATTERNS.items()
            for match in pattern.finditer(text)
        ),
        key=lambda found: found[:2],
    )
    kept: list[Entity] = []
    done = 0
    for start, negative_end, kind in matches:
        if start >= done:
            done = -negative_end
            kept.append(_entity(text, kind, start, done))
    return tuple(kept)


def _entity(text: str, kind: Kind, start: int, end: int) -> Entity:
    return Entity(kind=kind, offset=utf16_length(text[:start]), length=utf16_length(text[start:end]))
