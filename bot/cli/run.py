"""`run`: store, lessons, engine, tutor and chat put together, kept alive, and taken apart again.

Law: what was opened is closed in the opposite order; a stop takes no new update, finishes what is in hand
within 8 s, and leaves the rest in the store for the next start.
"""

import asyncio
import errno
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web

from bot.chat.app import Means, TelegramChat
from bot.chat.webhook import WebhookRoute, runner_of, web_app
from bot.check import lint
from bot.cli.garbage import look_less_often
from bot.cli.health import Health
from bot.cli.logs import counted_logs, log_of_loop
from bot.cli.until import at_most, unless, until
from bot.config import LOOPBACK, QUEUED, Settings
from bot.errors import ConfigError, NablaError
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from bot.signals import on_stop
from bot.store.base import Store
from bot.store.choose import errands_of, files_of, open_store
from bot.tally import QUEUE, Tally
from bot.training.engine import Engine as LocalEngine
from bot.training.remote import ErrandAnswer, RemoteEngine
from bot.tutor.activities import Activities
from bot.tutor.chats import Chats
from bot.tutor.clock import Clock
from bot.tutor.experiments import Experiments
from bot.tutor.plans import Plans
from bot.tutor.postings import Draws, Postings
from bot.tutor.posts import Posts
from bot.tutor.rounds import Rounds
from bot.tutor.shelf import Shelf
from bot.tutor.targets import Targets
from bot.tutor.trainings import TrainingEngine, Trainings
from bot.tutor.tutor import Tutor
from bot.tutor.zones import Zones

# What a stop gives to taking in, answering the web, handling, saying and training; together under 8 s.
TAKE_S, WEB_S, HANDLE_S, SAY_S, TRAIN_S = 0.5, 0.5, 2.0, 2.5, 1.0
SWEEP_S = 3600.0
TOUCH_S = 30.0  # with a webhook nothing else may ask the Bot API server whether it is there
Announce = Callable[[str], None]

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


REAL = Means(now=utc_now, clock=time.monotonic, sleep=asyncio.sleep, jitter=random.random)


async def serve(settings: Settings, *, announce: Announce) -> None:
    """Run until a signal comes; raises what a person must act on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_of_loop)
    look_less_often()
    # Not the loop's own handlers: they end with the loop, and a second signal would kill.
    on_stop(lambda: loop.is_closed() or loop.call_soon_threadsafe(stop.set))
    if settings.admins:
        log.warning("NABLA_ADMINS: the chat has no author commands yet, so nobody is given any")
    await House(settings, announce=announce).live(stop)


class Engine(TrainingEngine, Draws, Protocol):
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
        self._hook: WebhookRoute | None = None
        if settings.webhook is not None:
            path = urlsplit(settings.webhook.url).path or "/"
            self._hook = WebhookRoute(path=path, secret=settings.webhook.secret)
        self._tally = Tally()
        mode = "local" if settings.local else "webhook" if settings.webhook else "polling"
        self._health = Health(mode=mode, tally=self._tally, clock=means.clock)
        self.local: LocalTelegram | None = None

    async def live(self, stop: asyncio.Event) -> None:
        """Open everything, run, close everything."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(counted_logs(self._tally))
            store = open_store(settings.database_url, queued=settings.engine == QUEUED)
            database = files_of(settings.database_url)
            if not settings.local:
                await self._open_web(stack)  # first and last: who watches over it sees it start and stop
            stack.push_async_callback(store.close)
            if not await unless(stop, store.open()):
                return
            if settings.local:
                self.local = await self._open_page(stack, database)
            shelf = await self._open_shelf()
            engine = await self._open_engine(stack, store, shelf, database.parent)
            chat = TelegramChat(
                token=settings.token or LOCAL_TOKEN,
                api_url=self.local.url if self.local else settings.api_url,
                store=store,
                means=self._means,
                tally=self._tally,
            )
            stack.push_async_callback(chat.close)
            if await unless(stop, chat.connect()):
                trainings = await self._start(stack, store, shelf, engine, chat)
                self._health.started(store, chat)
                works = [
                    self._take_in(chat),
                    shelf.watch(stop),
                    self._sweep(store, stop),
                    self._take_over(store, chat, trainings),
                ]
                if self._hook is not None:
                    works.append(self._stay_in_touch(chat, stop))
                await until(stop, works, first=partial(self._take_no_more, chat), grace_s=TAKE_S)
            self._health.stopping()

    async def _start(
        self, stack: AsyncExitStack, store: Store, shelf: Shelf, engine: Engine, chat: TelegramChat
    ) -> Trainings:
        """Begin to handle, to say and to train; first what an earlier run left."""
        tutor = self._tutor(store, shelf, chat)
        trainings = self._trainings(tutor, store, engine, chat)
        stack.push_async_callback(at_most, TRAIN_S, trainings.drain)
        stack.push_async_callback(engine.stop)
        activities = Activities(tutor=tutor, store=store, say=chat.say, now=self._means.now)
        experiments = self._experiments(activities, store, engine)
        stack.push_async_callback(experiments.stop)
        posts, postings = self._posts(tutor, store, engine, chat, activities)
        pictures = first_of(trainings.picture, experiments.picture, postings.picture)
        chat.attach(pictures=pictures, documents=tutor.document)
        chat.deliverer.on_lost(postings.lost)
        stack.push_async_callback(partial(chat.stop, handle_s=HANDLE_S, say_s=SAY_S))
        stack.push_async_callback(posts.stop)
        clock, targets = self._timed(tutor, store, activities, chat)
        stack.push_async_callback(clock.stop)
        stack.push_async_callback(targets.stop)
        rounds = self._rounds(activities, store)
        stack.push_async_callback(rounds.stop)
        Plans(activities=activities, posts=posts, asks=chat.rights(), zones=Zones()).register()
        chats = Chats(tutor=tutor, store=store, activities=activities, on_back=posts.back)
        await chat.start(tutor, activities, chats)
        await trainings.resume()
        await posts.resume()
        await experiments.resume()
        await clock.start()
        return trainings

    def _trainings(self, tutor: Tutor, store: Store, engine: Engine, chat: TelegramChat) -> Trainings:
        return Trainings(
            tutor=tutor,
            store=store,
            engine=engine,
            say=chat.say,
            in_line=chat.in_line,
            sleep=self._means.sleep,
            clock=self._means.clock,
            tally=self._tally,
        )

    def _experiments(self, activities: Activities, store: Store, engine: Engine) -> Experiments:
        return Experiments(
            activities=activities,
            store=store,
            engine=engine,
            now=self._means.now,
            sleep=self._means.sleep,
            tally=self._tally,
        )

    def _rounds(self, activities: Activities, store: Store) -> Rounds:
        return Rounds(
            activities=activities,
            store=store,
            now=self._means.now,
            chance=self._chance,
            sleep=self._means.sleep,
        )

    def _posts(
        self, tutor: Tutor, store: Store, engine: Engine, chat: TelegramChat, activities: Activities
    ) -> tuple[Posts, Postings]:
        """What is posted for everyone, now and at its time."""
        posts = Posts(
            tutor=tutor,
            store=store,
            say=chat.say,
            now=self._means.now,
            chance=self._chance,
            sleep=self._means.sleep,
            bursts=activities.bursts,
        )
        postings = Postings(
            activities=activities,
            posts=posts,
            tutor=tutor,
            store=store,
            asks=chat.rights(),
            draws=engine,
            now=self._means.now,
        )
        activities.on_command("post", posts.command)
        return posts, postings

    def _timed(
        self, tutor: Tutor, store: Store, activities: Activities, chat: TelegramChat
    ) -> tuple[Clock, Targets]:
        """What enters lines from inside."""
        clock = Clock(
            activities=activities,
            store=store,
            in_line=chat.in_line,
            now=self._means.now,
            sleep=self._means.sleep,
        )
        return clock, Targets(tutor=tutor, store=store, asks=chat.rights(), in_line=chat.in_line)

    async def _take_over(self, store: Store, chat: TelegramChat, trainings: Trainings) -> None:
        """Finish what other processes had in hand when they ended; with a file there are no others."""
        async for left in store.orphans(chat.bot.id):
            chat.say(left.words)
            trainings.take_over(left.jobs)
            await chat.intake.again(left.updates)

    async def _take_in(self, chat: TelegramChat) -> None:
        """Updates, by polling or by webhook."""
        webhook, hook = self._settings.webhook, self._hook
        if webhook is None or hook is None:
            self._announce(self._address(chat))
            await chat.intake.poll()
            return
        await chat.intake.resume()
        hook.intake = chat.intake
        await chat.intake.set_webhook(webhook.url, webhook.secret)
        self._announce(self._address(chat))

    def _take_no_more(self, chat: TelegramChat) -> None:
        """A stop: what comes by webhook from now on is asked to come later."""
        self._health.stopping()
        if self._hook is not None:
            self._hook.intake = None
        chat.intake.stop()

    async def _stay_in_touch(self, chat: TelegramChat, stop: asyncio.Event) -> None:
        """Ask the Bot API server now and then whether it is there, if nothing else did."""
        while await unless(stop, self._means.sleep(TOUCH_S)):
            reached = chat.reached_at
            if reached is None or self._means.clock() - reached >= TOUCH_S:
                await unless(stop, chat.reach())

    async def _open_page(self, stack: AsyncExitStack, database: Path) -> LocalTelegram:
        settings = self._settings
        path = database.with_name(f"{database.stem}-chat.db")
        page = LocalTelegram(
            host=settings.host,
            port=settings.port,
            path=path,
            now=self._means.now,
            routes=self._health.routes(),
        )
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

    async def _open_shelf(self) -> Shelf:
        shelf, local = Shelf(self._settings.lessons, lint=lint), self.local
        if local is not None:
            shelf.report = lambda text, level: local.notice(text, level=level)
        await shelf.load()
        return shelf

    async def _open_engine(self, stack: AsyncExitStack, store: Store, shelf: Shelf, folder: Path) -> Engine:
        sizes = sorted({len(lesson.lab.x.values) for lesson in shelf.lessons().values() if lesson.lab})
        engine: Engine
        if self._settings.engine == QUEUED:
            engine = remote = RemoteEngine(errands_of(store, ErrandAnswer))
            self._tally.watch(QUEUE, lambda: remote.waiting, "trainers")
        else:
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

    async def _open_web(self, stack: AsyncExitStack) -> None:
        """Health and figures always; the webhook too, if one is wanted: it says `later` until somebody keeps."""
        settings = self._settings
        runner = runner_of(web_app(routes=self._health.routes(), webhook=self._hook), stop_s=WEB_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise busy(settings, error) from None

    def _address(self, chat: TelegramChat) -> str:
        if self.local is not None:
            return f"Nabla is ready: open {self.local.url} in a browser. Ctrl+C stops it."
        mode = "by webhook" if self._settings.webhook else "by polling"
        return f"Nabla is ready: @{chat.bot.username} answers {mode}. Ctrl+C stops it."

    async def _sweep(self, store: Store, stop: asyncio.Event) -> None:
        """Drop old inbox rows now and every hour; a store that cannot now may be able to in an hour."""
        while not stop.is_set():
            try:
                await store.sweep(now=self._means.now())
            except NablaError as error:
                log.warning("old updates are not swept out yet: %s", error)
            await unless(stop, self._means.sleep(SWEEP_S))


def first_of(*sources: Callable[[str], Awaitable[bytes | None]]) -> Callable[[str], Awaitable[bytes | None]]:
    """The picture under a code from whoever has one; None if nobody has."""

    async def picture(code: str) -> bytes | None:
        for source in sources:
            if (drawn := await source(code)) is not None:
                return drawn
        return None

    return picture


def busy(settings: Settings, error: OSError) -> ConfigError:
    """One line for an address that cannot be listened on."""
    place = f"{settings.host}:{settings.port}"
    fact = (
        "is in use by another program"
        if error.errno == errno.EADDRINUSE
        else f"cannot be used ({error.strerror})"
    )
    return ConfigError(f"NABLA_LISTEN: {place} {fact}; wanted: a free HOST:PORT (or --port P)")
