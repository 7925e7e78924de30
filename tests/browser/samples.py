"""Things to show: a list of commands, a picture, and one of everything."""

import struct
import zlib

from tests.browser.scripted import ScriptedBot, span

ADA, BLAISE = 101, 102
COMMANDS = [
    {"command": "start", "description": "Begin"},
    {"command": "learn", "description": "Go on"},
    {"command": "lessons", "description": "All lessons"},
]


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x99" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


async def one_of_everything(bot: ScriptedBot) -> None:
    """One of everything, wide on purpose."""
    code = "print('a line of code that is much longer than any telephone is wide, and must scroll in its own box')"
    await bot.call("setMyCommands", commands=COMMANDS)
    await bot.say(ADA, f"Code:\n{code}", entities=[span(f"Code:\n{code}", code, "pre", language="python")])
    await bot.say(
        ADA,
        "word" * 200,
        ["◀", "0.1", "▶"],
        ["a label that is far too long to stand on one line of a telephone"],
    )
    await bot.picture(ADA, png(900, 600), "the picture")
    await bot.file(ADA, "everything-that-is-stored-about-you-in-one-file.json", {"a": 1})
