"""The event loop that the bot and the trainers run on.

On libuv (uvloop) the same bot answers a quarter more taps on a core: tests/bench/RESULTS.md has both. Tests that start
the bot as a process run on it; those within one process on asyncio's own loop, as the bot does where there is no libuv.
"""

import asyncio
import sys


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop on libuv; on Windows, for which there is none, asyncio's own."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 (not on every system)

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
