"""`run`: store, lessons, engine, tutor and chat put together, kept alive, and taken apart again.

Law: what was opened is closed in the opposite order; a stop takes no new update, finishes what is in hand
within 8 s, and leaves the rest in the store for the next start.
"""

import asyncio
import errno
import random
import signal
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from bot.chat.app import Means, TelegramChat
from bot.chat.webhook import Webhook, web_app
from bot.check import lint
from bot.config import LOOPBACK, Settings
from bot.errors import ConfigError
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from bot.store.base import Store
from bot.store.sqlite import open_store
from bot.store.url import sqlite_path
from bot.training.engine import Engine as LocalEngine
from bot.tutor.shelf import Shelf
from bot.tutor.trainings import TrainingEngine, Trainings
from bot.tutor.tutor import Tutor

HANDLE_S, SAY_S, TRAIN_S = 2.5, 3.0, 2.0  # what a stop gives to handling, saying and training: under 8 s
SWEEP_S = 3600.0
Announce = Callable[[str], None]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


REAL = Means(now=utc_now, clock=time.monotonic, sleep=asyncio.sleep, jitter=random.random)


async def serve(settings: Settings, *, announce: Announce) -> None:
    """Run until a signal comes; raises what a person must act on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await House(settings, announce=announce).live(stop)


class Engine(TrainingEngine, Protocol):
    """An engine that can be started and stopped."""

    async def start(self) -> None:
        """Begin to make ready, in the background."""

    async def stop(self) -> None:
        """End; what waits is told so."""


def local_engine(settings: Settings, *, sizes: Sequence[int], folder: Path) -> Engine:
    """Worker processes on this machine, warm for data of these sizes; `folder` keeps what XLA compiled."""
    return LocalEngine(workers=settings.trainers, cache=folder / "xla-cache", warm=sizes)


class House:
    """One running bot. `local` is the chat page, where there is one."""

    def __init__(
        self,
        settings: Settings,
        *,
        announce: Announce,
        means: Means = REAL,
        chance: random.Random | None = None,
        make_engine: Callable[..., Engine] = local_engine,
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._means = means
        self._chance = chance or random.SystemRandom()
        self._make_engine = make_engine
        self.local: LocalTelegram | None = None

    async def live(self, stop: asyncio.Event) -> None:
        """Open everything, run, close everything."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            store = open_store(settings.database_url)
            database = sqlite_path(settings.database_url).absolute()
            await store.open()
            stack.push_async_callback(store.close)
            if settings.local:
                self.local = await self._open_page(stack, database)
            local = self.local
            shelf = await self._open_shelf(local)
            engine = await self._open_engine(stack, shelf, database.parent)
            chat = TelegramChat(
                token=settings.token or LOCAL_TOKEN,
                api_url=local.url if local else settings.api_url,
                store=store,
                means=self._means,
            )
            stack.push_async_callback(chat.close)
            if not await _unless(stop, chat.connect()):
                return
            tutor = self._tutor(store, shelf, chat)
            trainings = Trainings(
                tutor=tutor,
                store=store,
                engine=engine,
                say=chat.say,
                in_line=chat.in_line,
                now=self._means.now,
                sleep=self._means.sleep,
            )
            stack.push_async_callback(trainings.drain)
            stack.push_async_callback(engine.stop)
            chat.attach(pictures=trainings.picture, documents=tutor.document)
            stack.push_async_callback(partial(chat.stop, handle_s=HANDLE_S, say_s=SAY_S))
            await chat.start(tutor)
            await trainings.resume()
            if local is None:
                await self._open_web(stack, chat)
            works = [shelf.watch(stop), self._sweep(store)]
            if settings.webhook is None:
                works.append(chat.intake.poll())
            self._announce(self._address(local, chat))
            await _until(stop, works, first=chat.intake.stop)

    async def _open_page(self, stack: AsyncExitStack, database: Path) -> LocalTelegram:
        settings = self._settings
        path = database.with_name(f"{database.stem}-chat.db")
        page = LocalTelegram(host=settings.host, port=settings.port, path=path, now=self._means.now)
        try:
            await page.start()
        except OSError as error:
            raise busy(settings, error) from None
        stack.push_async_callback(page.stop)
        if settings.host not in LOOPBACK:
            self._announce(
                f"Warning: whoever reaches {settings.host}:{settings.port} can use this chat, as anybody in it."
            )
        return page

    async def _open_shelf(self, local: LocalTelegram | None) -> Shelf:
        shelf = Shelf(self._settings.lessons, lint=lint)
        if local is not None:
            shelf.report = lambda text, level: local.notice(text, level=level)
        await shelf.load()
        return shelf

    async def _open_engine(self, stack: AsyncExitStack, shelf: Shelf, folder: Path) -> Engine:
        sizes = sorted({len(lesson.lab.x.values) for lesson in shelf.lessons().values() if lesson.lab})
        engine = self._make_engine(self._settings, sizes=sizes, folder=folder)
        await engine.start()
        stack.push_async_callback(engine.stop)
        return engine

    def _tutor(self, store: Store, shelf: Shelf, chat: TelegramChat) -> Tutor:
        return Tutor(
            store=store,
            lessons=shelf.lessons,
            username=chat.bot.username,
            say=chat.say,
            now=self._means.now,
            chance=self._chance,
            sleep=self._means.sleep,
        )

    async def _open_web(self, stack: AsyncExitStack, chat: TelegramChat) -> None:
        """Health always; the webhook too, if one is wanted."""
        settings, hook = self._settings, None
        if settings.webhook is not None:
            await chat.intake.resume()
            path = urlsplit(settings.webhook.url).path or "/"
            hook = Webhook(intake=chat.intake, path=path, secret=settings.webhook.secret)
        runner = web.AppRunner(web_app(health=self._health, webhook=hook), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise busy(settings, error) from None
        if settings.webhook is not None:
            await chat.intake.set_webhook(settings.webhook.url, settings.webhook.secret)

    def _health(self) -> dict[str, Any]:
        mode = "webhook" if self._settings.webhook else "polling"
        return {"ok": True, "mode": mode}

    def _address(self, local: LocalTelegram | None, chat: TelegramChat) -> str:
        if local is not None:
            return f"Nabla is ready: open {local.url} in a browser. Ctrl+C stops it."
        mode = "by webhook" if self._settings.webhook else "by polling"
        return f"Nabla is ready: @{chat.bot.username} answers {mode}. Ctrl+C stops it."

    async def _sweep(self, store: Store) -> None:
        """Drop old inbox rows now and every hour."""
        while True:
            await store.sweep(now=self._means.now())
            await self._means.sleep(SWEEP_S)


def busy(settings: Settings, error: OSError) -> ConfigError:
    """One line for an address that cannot be listened on."""
    place = f"{settings.host}:{settings.port}"
    fact = (
        "is in use by another program"
        if error.errno == errno.EADDRINUSE
        else f"cannot be used ({error.strerror})"
    )
    return ConfigError(f"NABLA_LISTEN: {place} {fact}; wanted: a free HOST:PORT (or --port P)")


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Whether the work was done before a stop came."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return True
        return False
    finally:
        await _cancel([task, stopping])


async def _until(
    stop: asyncio.Event, works: Iterable[Coroutine[Any, Any, None]], *, first: Callable[[], None]
) -> None:
    """Work until `stop`; an error of one ends all. `first` tells them, before they are cut off."""
    tasks = [asyncio.create_task(work) for work in works]
    waiting: set[asyncio.Task[Any]] = {*tasks, asyncio.create_task(stop.wait())}
    try:
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        first()
        await asyncio.wait(tasks, timeout=0.5)
        await _cancel([*tasks, *waiting])


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
