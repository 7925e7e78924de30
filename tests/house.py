"""The whole bot in this process: real application, real HTTP on loopback, a real SQLite file, a local Telegram.

Only TensorFlow is left out where a test does not ask for it: `PlainEngine` does SGD's arithmetic in Python.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from bot.chat.app import Means
from bot.cli.run import REAL, House
from bot.config import Settings, read_settings
from bot.core.experiment import ModelState, Outcome, Spec, standardise
from bot.preview.server import LocalTelegram
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Bars, Curves, Labels

LESSONS = Path(__file__).parent.parent / "lessons"
PIXEL = bytes.fromhex(  # a PNG of one dot
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030006"
    "0502fe02fea7359f0000000049454e44ae426082"
)


class PlainEngine:
    """SGD on a line, step by step; `gate` holds results back, `failures` are raised first."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[TrainingFailure] = []
        self.trained: list[Spec] = []
        self.drawn = 0
        self.curves: list[Curves] = []
        self.bars: list[Bars] = []
        self._closed = asyncio.Event()

    async def start(self) -> None:
        """Nothing to make ready."""

    async def stop(self) -> None:
        """Tell who waits that there will be no result."""
        self._closed.set()

    async def train(
        self,
        learner: int,
        spec: Spec,
        *,
        on_place: Callable[[int], None] | None = None,
        code: str | None = None,
    ) -> Outcome:
        """Run an experiment when the gate is open."""
        waiting = [asyncio.ensure_future(self.gate.wait()), asyncio.ensure_future(self._closed.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        if self._closed.is_set():
            raise TrainingFailed(TrainingFailure.CLOSED)
        if self.failures:
            raise TrainingFailed(self.failures.pop(0))
        self.trained.append(spec)
        return descend(spec)

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """One dot."""
        self.drawn += 1
        return PIXEL

    async def draw_curves(self, learner: int, curves: Curves) -> bytes:
        """One dot."""
        self.curves.append(curves)
        return PIXEL

    async def draw_bars(self, learner: int, bars: Bars) -> bytes:
        """One dot."""
        self.bars.append(bars)
        return PIXEL


def descend(spec: Spec) -> Outcome:
    """Plain gradient descent on the mean squared error of a line."""
    x, y = standardise(spec.x)[0], standardise(spec.y)[0]
    w, b = spec.start.weight, spec.start.bias
    losses: list[float] = []
    first = (0.0, 0.0)
    for number in range(spec.steps + 1):
        errors = [w * xi + b - yi for xi, yi in zip(x, y, strict=True)]
        losses.append(sum(e * e for e in errors) / len(x))
        gradient = (
            2 * sum(e * xi for e, xi in zip(errors, x, strict=True)) / len(x),
            2 * sum(errors) / len(x),
        )
        first = gradient if number == 0 else first
        if number < spec.steps:
            w, b = w - spec.rate * gradient[0], b - spec.rate * gradient[1]
    after = ModelState(weight=w, bias=b, optimizer=spec.optimizer, step=spec.start.step + spec.steps)
    return Outcome(
        loss_before=losses[0],
        loss_after=losses[-1],
        losses=tuple(losses),
        after=after,
        gradient=first,
        seconds=0.001,
    )


def local_settings(folder: Path, *, lessons: Path = LESSONS) -> Settings:
    """Settings of a local chat page on a free port, its files in a folder of the test."""
    environ = {"NABLA_DATABASE_URL": f"sqlite:///{folder / 'local.db'}", "NABLA_LESSONS": str(lessons)}
    return read_settings(environ, port=0)


class Running:
    """A bot that runs, and what a test needs of it."""

    def __init__(self, house: House, engine: Any, folder: Path) -> None:
        assert house.local is not None
        self.house = house
        self.local: LocalTelegram = house.local
        self.engine = engine
        self.folder = folder
        self.database = folder / "local.db"


@asynccontextmanager
async def running(
    folder: Path,
    *,
    lessons: Path = LESSONS,
    engine: Any | None = None,
    means: Means = REAL,
    chance: Random | None = None,
) -> AsyncIterator[Running]:
    """The bot from start to stop; start it again on the same folder and it is the same bot."""
    engine = engine or PlainEngine()
    ready, stop = asyncio.Event(), asyncio.Event()

    def make_engine(settings: Settings, *, sizes: Sequence[int], folder: Path) -> Any:
        return engine

    house = House(
        local_settings(folder, lessons=lessons),
        announce=lambda _: ready.set(),
        means=means,
        chance=chance or Random(7),
        make_engine=make_engine,
    )
    living = asyncio.create_task(house.live(stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if living.done():
        living.result()
    try:
        yield Running(house, engine, folder)
    finally:
        stop.set()
        await living
