"""`trainer`: this machine's TensorFlow workers at the service of every bot on the same Postgres.

Law: a trainer knows no bot, no token and no learner; killed at any moment, it loses nothing: another one, or its
next start, does again what it had in hand. A stop lets what runs finish, and waits for no silent database.
"""

import asyncio
import logging
import os
from collections.abc import Callable

from bot.cli.logs import log_of_loop
from bot.cli.until import unless
from bot.config import Settings
from bot.course.load import load_folder
from bot.errors import ConfigError
from bot.signals import on_stop
from bot.store.choose import files_of, missing
from bot.store.url import is_postgres, postgres_url
from bot.training.engine import Engine
from bot.training.remote import ErrandAnswer, run_errand

log = logging.getLogger(__name__)
STOP_S = 7.0  # what runs takes at most five; then it is left to another trainer


async def serve_trainer(
    settings: Settings, *, announce: Callable[[str], None], leave: Callable[[int], object] = os._exit
) -> None:
    """Run errands until a signal comes; raises what a person must act on.

    leave: ends the process with an exit code, whatever still waits (the library's own end takes a minute where
    the server is silent).
    """
    if not is_postgres(settings.database_url):
        raise ConfigError("NABLA_DATABASE_URL: a trainer needs the bots' Postgres; wanted: postgresql://…")
    url = postgres_url(settings.database_url)
    try:
        # Only now: nothing else needs it.
        from bot.store.postgres import worker  # noqa: PLC0415
    except ImportError as error:
        raise missing(error) from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_of_loop)
    on_stop(lambda: loop.is_closed() or loop.call_soon_threadsafe(stop.set))
    if not await unless(stop, worker.prepare(url)):
        return
    engine = local_engine(settings)
    await engine.start()

    async def work(kind: str, body: str) -> ErrandAnswer:
        return await run_errand(engine, kind, body)

    def ready() -> None:
        announce(f"Nabla's trainer is ready: {settings.trainers} at once. Ctrl+C stops it.")

    # One more than run at once: it is fetched while the others are trained.
    running = worker.run_worker(url, work, at_once=settings.trainers + 1, ready=ready)
    working = asyncio.create_task(running)
    try:
        await unless(stop, asyncio.shield(working))
    finally:
        working.cancel()
        _, late = await asyncio.wait({working}, timeout=STOP_S)
        await engine.stop()
        if late:
            log.warning(
                "not done %g s after the stop, perhaps the database does not answer: left without a word",
                STOP_S,
            )
            leave(0)
        elif not working.cancelled():
            working.result()


def local_engine(settings: Settings) -> Engine:
    """Warm for the lessons that are here; for others the first training takes a moment longer."""
    lessons = load_folder(settings.lessons).lessons if settings.lessons.is_dir() else {}
    sizes = sorted({len(lesson.lab.x.values) for lesson in lessons.values() if lesson.lab})
    cache = files_of(settings.database_url).parent / "xla-cache"
    return Engine(workers=settings.trainers, cache=cache, warm=sizes)
