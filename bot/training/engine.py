"""Training as the rest of the bot sees it: a call that takes its turn and returns a value.

Law: nothing here blocks the event loop, imports TensorFlow, NumPy or matplotlib, or knows what a learner is called.
Learners take turns; numbers go before pictures; a call always ends, with a value or TrainingFailed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.experiment import Outcome, Spec
from bot.training import door
from bot.training.labels import Bars, Curves, Labels
from bot.training.line import Line
from bot.training.pool import TrainingFailed, TrainingFailure, Workers

__all__ = ["Engine", "TrainingFailed", "TrainingFailure"]

PLACES_EVERY_S = 0.2  # places are told at most this often, so that a long line costs little
log = logging.getLogger(__name__)


@dataclass(eq=False, kw_only=True, slots=True)
class _Job:
    learner: int
    late: bool
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    result: asyncio.Future[Any]
    on_place: Callable[[int], None] | None = None
    place: int | None = None


class Engine:
    """The local training engine: `workers` processes, one fair line before them."""

    def __init__(
        self, *, workers: int = 1, timeout_s: float = 5.0, cache: Path | None = None, warm: Sequence[int] = ()
    ) -> None:
        self._number = workers
        self._timeout_s = timeout_s
        self._workers = Workers(workers=workers, warm=warm, cache=cache)
        self._line: Line[_Job] = Line()
        self._running: dict[_Job, asyncio.Task[None]] = {}
        self._opening: asyncio.Task[None] | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._closed = False
        self.ready = asyncio.Event()  # set once all workers are warm

    async def start(self) -> None:
        """Start the workers in the background; calls wait until one is there."""
        self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            await self._workers.open()
        except TrainingFailed:
            return  # said by the pool; the next call tries again
        self.ready.set()

    async def train(
        self,
        learner: int,
        spec: Spec,
        *,
        on_place: Callable[[int], None] | None = None,
        code: str | None = None,  # for engines that were asked under this name before
    ) -> Outcome:
        """Run an experiment in turn; `on_place` is told how many learners are ahead, 0 when it begins."""
        outcome: Outcome = await self._take_turn(learner, door.train, (spec,), late=False, on_place=on_place)
        return outcome

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """The picture of a run (PNG), drawn when no training waits."""
        picture: bytes = await self._take_turn(learner, door.draw, (spec, outcome, labels), late=True)
        return picture

    async def draw_curves(self, learner: int, curves: Curves) -> bytes:
        """Several runs side by side (PNG), drawn when no training waits; `learner`: whose turn it takes."""
        picture: bytes = await self._take_turn(learner, door.draw_curves, (curves,), late=True)
        return picture

    async def draw_bars(self, learner: int, bars: Bars) -> bytes:
        """How many chose what (PNG), drawn when no training waits; `learner`: whose turn it takes."""
        picture: bytes = await self._take_turn(learner, door.draw_bars, (bars,), late=True)
        return picture

    async def _take_turn(
        self,
        learner: int,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        *,
        late: bool,
        on_place: Callable[[int], None] | None = None,
    ) -> Any:
        if self._closed:
            raise TrainingFailed(TrainingFailure.CLOSED)
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        job = _Job(
            learner=learner,
            late=late,
            function=function,
            arguments=arguments,
            result=result,
            on_place=on_place,
        )
        self._line.add(job)
        self._serve()
        if job not in self._running:
            self._tell_places(only=job)
        try:
            return await result
        finally:
            self._line.remove(job)

    def _serve(self) -> None:
        """Give free workers their next jobs."""
        while not self._closed and len(self._running) < self._number and (job := self._line.next()):
            self._running[job] = asyncio.create_task(self._run(job))
            self._tell(job, 0)
            if self._telling is None:
                self._telling = asyncio.get_running_loop().call_later(PLACES_EVERY_S, self._tell_places)

    async def _run(self, job: _Job) -> None:
        try:
            value = await self._workers.call(job.function, self._timeout_s, *job.arguments)
        except TrainingFailed as error:
            _settle(job.result, error)
        else:
            _settle(job.result, value)
            self.ready.set()  # also when the first start had failed
        finally:
            del self._running[job]
            self._serve()

    def _tell_places(self, *, only: _Job | None = None) -> None:
        """Tell who waits how many other learners are served or wait before them."""
        if only is None:
            self._telling = None
        ahead = {job.learner for job in self._running}
        for job in self._line:
            if only is None or job is only:
                self._tell(job, len(ahead - {job.learner}))
            ahead.add(job.learner)

    def _tell(self, job: _Job, place: int) -> None:
        if job.on_place is not None and place != job.place:
            job.place = place
            asyncio.get_running_loop().call_soon(job.on_place, place)

    async def stop(self) -> None:
        """End the workers; who still waits gets TrainingFailed(CLOSED)."""
        self._closed = True
        self.ready.clear()
        if self._telling is not None:
            self._telling.cancel()
        for job in (*self._running, *self._line):
            _settle(job.result, TrainingFailed(TrainingFailure.CLOSED))
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await self._workers.close()
        await asyncio.gather(*running, *filter(None, [self._opening]), return_exceptions=True)


def _settle(result: asyncio.Future[Any], value: Any) -> None:
    """Give a waiting call its value or failure, unless it went away."""
    if result.done():
        return
    if isinstance(value, TrainingFailed):
        result.set_exception(value)
    else:
        result.set_result(value)
