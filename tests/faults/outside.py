"""The bot in this process on a Telegram that lives outside of it: its server can fail, restart, and keep another time.

Time runs faster for the bot (`fast`), so that a pause of a second costs a test some milliseconds.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from bot.chat.app import Means
from bot.cli.run import House
from bot.config import Settings, read_settings
from bot.preview.server import LocalTelegram
from tests.house import LESSONS, PlainEngine
from tests.process.program import SECRET, TOKEN, free_port

FASTER = 100.0


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


async def fast_sleep(seconds: float) -> None:
    """Sleep in the bot's fast time."""
    await asyncio.sleep(seconds / FASTER)


def fast(now: Callable[[], datetime] = utc_now) -> Means:
    """Means whose clock and sleep run a hundred times as fast."""
    return Means(now=now, clock=lambda: time.monotonic() * FASTER, sleep=fast_sleep, jitter=lambda: 0.5)


@asynccontextmanager
async def telegram(
    *, path: Path | None = None, port: int = 0, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[LocalTelegram]:
    """A strict Bot API server; with a path it is the same one after its restart."""
    server = LocalTelegram(host="127.0.0.1", port=port, path=path, now=now, token=TOKEN, webhook_wait_s=0.05)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def settings(folder: Path, url: str, *, webhook: bool) -> Settings:
    """Settings of a bot on this Telegram, its files in a folder of the test."""
    port = free_port()
    hook = {"NABLA_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook", "NABLA_WEBHOOK_SECRET": SECRET}
    environ = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "NABLA_DATABASE_URL": f"sqlite:///{folder / 'nabla.db'}",
        "NABLA_LESSONS": str(LESSONS),
        "NABLA_LISTEN": f"127.0.0.1:{port}",
    }
    return read_settings(environ | (hook if webhook else {}))


@asynccontextmanager
async def bot_on(
    url: str, folder: Path, *, webhook: bool = False, means: Means | None = None, engine: Any | None = None
) -> AsyncIterator[House]:
    """The bot from start to stop, ready to answer."""
    engine = engine or PlainEngine()
    ready, stop = asyncio.Event(), asyncio.Event()

    def make_engine(settings: Settings, *, sizes: Sequence[int], folder: Path) -> Any:
        return engine

    house = House(
        settings(folder, url, webhook=webhook),
        announce=lambda _: ready.set(),
        means=means or fast(),
        chance=Random(7),
        make_engine=make_engine,
    )
    living = asyncio.create_task(house.live(stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if living.done():
        living.result()
    try:
        yield house
    finally:
        stop.set()
        await living
