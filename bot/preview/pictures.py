"""What a picture is, from its first bytes: what Telegram looks at before it takes a photo."""

import struct
from dataclasses import dataclass

_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Kind and size in pixels."""

    kind: str
    width: int
    height: int


def look_at(content: bytes) -> Picture | None:
    """Read the head of a PNG, GIF or JPEG; None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return Picture(kind="png", width=width, height=height)
    if content[:6] in (b"GIF87a", b"GIF89a") and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
        return Picture(kind="gif", width=width, height=height)
    return _jpeg(content) if content.startswith(b"\xff\xd8") else None


def _jpeg(content: bytes) -> Picture | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _START_OF_FRAME:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return Picture(kind="jpeg", width=width, height=height)
        at += 2 + length
    return None
