"""The store on Postgres, and trainings through it: on a server of its own that syncs to the disk.

Without Postgres on the machine, or without the extra, there are no figures of it.
"""

import asyncio
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.core.experiment import Optimizer
from bot.store.choose import errands_of, open_store
from bot.training.remote import ErrandAnswer, RemoteEngine
from tests.bench.figures import Figure
from tests.bench.store import answer, load, rate, tap
from tests.kin import below
from tests.postgres import Cluster, cluster, missing
from tests.process.program import Program, gone
from tests.training.samples import houses

GROUP = "postgres"
AT_ONCE = 256
COLD_S = 120.0
SPEC = houses(Optimizer.ADAM, steps=200)


async def measure(*, total: int = 10_000, trainings: int = 300) -> list[Figure]:
    """The figures; none without a server."""
    if missing() is not None:
        return []
    with cluster(fsync="on", autovacuum="on") as server:
        return [*await _storing(server, total), *await _training(server, trainings)]


async def _storing(server: Cluster, total: int) -> list[Figure]:
    store = open_store(server.new_database())
    await store.open()
    await rate(lambda: answer(store), total=total // 10, at_once=100)  # warm: connections, statements
    figures = []
    for what, work in (("durable answers", answer), ("taps (load, commit, said)", tap)):
        alone = await rate(lambda: work(store), total=total // 20, at_once=1)  # noqa: B023 (awaited here)
        together = await rate(lambda: work(store), total=total, at_once=AT_ONCE)  # noqa: B023
        figures.append(_rate(f"{what}, one by one", alone))
        figures.append(_rate(f"{what}, {AT_ONCE} at once", together, f"{together / alone:.1f} times"))
    figures.append(
        _rate(f"loads, {AT_ONCE} at once", await rate(lambda: load(store), total=total, at_once=AT_ONCE))
    )
    await store.close()
    return figures


async def _training(server: Cluster, total: int) -> list[Figure]:
    url = server.new_database()
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as folder:
        async with _trainer(Path(folder), "first", url) as first, _engine(url) as engine:
            await engine.train(1, SPEC)  # warm: compiled
            times = [await _timed(engine) for _ in range(max(3, total // 10))]
            speed = await rate(lambda: _train(engine), total=total, at_once=64)
            async with _trainer(Path(folder), "second", url) as second:
                again = await _killed(engine, first, second)
    return [
        Figure(
            group=GROUP,
            name="training asked for → result, p50",
            value=1000 * statistics.median(times),
            unit="ms",
        ),
        _rate("trainings, 64 at once, one trainer with one worker", speed),
        Figure(group=GROUP, name="killed trainer's training done by another", value=again, unit="s"),
    ]


async def _train(engine: RemoteEngine) -> None:
    await engine.train(1, SPEC)


async def _timed(engine: RemoteEngine) -> float:
    begun = time.perf_counter()
    await engine.train(1, SPEC)
    return time.perf_counter() - begun


async def _killed(engine: RemoteEngine, first: Program, second: Program) -> float:
    """From the kill of a trainer with a training in hand to its result from another one, in seconds."""
    os.kill(first.pid, signal.SIGSTOP)
    await engine.train(1, SPEC)  # the second is warm, too
    os.kill(first.pid, signal.SIGCONT)
    os.kill(second.pid, signal.SIGSTOP)
    hanging = below(first.pid)
    for worker in hanging:
        os.kill(worker, signal.SIGSTOP)
    waiting = asyncio.create_task(engine.train(1, SPEC))
    await asyncio.sleep(1.0)  # the first takes it: the second cannot
    await first.kill()
    begun = time.perf_counter()
    for each in (second.pid, *hanging):  # which see that their trainer is gone, and end
        os.kill(each, signal.SIGCONT)
    await waiting
    again = time.perf_counter() - begun
    await gone(hanging)
    return again


@asynccontextmanager
async def _trainer(folder: Path, name: str, url: str) -> AsyncIterator[Program]:
    place = folder / name
    place.mkdir()
    trainer = Program(place, "trainer", real_tensorflow=True, NABLA_DATABASE_URL=url)
    await trainer.start()
    try:
        await trainer.shows("trainer is ready", timeout_s=COLD_S)
        yield trainer
    finally:
        left = below(trainer.pid)
        await trainer.kill()
        await gone(left)


@asynccontextmanager
async def _engine(url: str) -> AsyncIterator[RemoteEngine]:
    store: Any = open_store(url, queued=True)
    await store.open()
    engine = RemoteEngine(errands_of(store, ErrandAnswer))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()
        await store.close()


def _rate(name: str, value: float, note: str = "") -> Figure:
    return Figure(group=GROUP, name=name, value=value, unit="/s", note=note)
