"""Trainings that learners wait for: begun when their change is committed, brought back as events.

Law: a job is in the store until its result is; what a stop cuts off is trained again at the next start. A
result enters the learner's line like any other event.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Protocol

from bot.core.events import Loss, TrainingDone, TrainingLost
from bot.core.experiment import Outcome, Spec, Verdict, least_loss, standardise, verdict
from bot.course.model import Lab
from bot.store.base import Job, Store
from bot.tally import QUEUE, RUN, TRAINING, TRAININGS, Tally
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Curves, Labels, PictureWords
from bot.tutor.kept import Replay
from bot.tutor.learner import Learner
from bot.tutor.places import Places
from bot.tutor.tutor import InLine, Say, Sleep, Tutor
from bot.view.texts import Texts

log = logging.getLogger(__name__)

OUTCOMES = 512  # kept for pictures that are still to be drawn; a lost one is trained again


class TrainingEngine(Protocol):
    """What trains: local worker processes, or another machine."""

    async def train(
        self,
        learner: int,
        spec: Spec,
        *,
        on_place: Callable[[int], None] | None = None,
        code: str | None = None,
    ) -> Outcome:
        """Run an experiment in turn; `code`: of the job that it is, where it is one."""

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """The picture of a run as PNG."""

    async def draw_curves(self, learner: int, curves: Curves) -> bytes:
        """The picture of several runs side by side as PNG."""


class Trainings:
    """Runs the jobs of the store and brings their results back; `clock`: monotonic seconds."""

    def __init__(
        self,
        *,
        tutor: Tutor,
        store: Store,
        engine: TrainingEngine,
        say: Say,
        in_line: InLine,
        sleep: Sleep,
        clock: Callable[[], float],
        tally: Tally | None = None,
    ) -> None:
        self._tutor = tutor
        self._store = store
        self._engine = engine
        self._say = say
        self._in_line = in_line
        self._sleep = sleep
        self._clock = clock
        self._tally = tally or Tally()
        self._tally.watch(QUEUE, lambda: len(self._waited_for), "trainings")
        self._tasks: set[asyncio.Task[None]] = set()
        self._waited_for: dict[str, asyncio.Task[None]] = {}  # by the run's code
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        tutor.on_job = self.begin
        tutor.on_job_over = self._give_up

    async def resume(self) -> int:
        """Begin again what an earlier run left unfinished; call once, at start."""
        jobs = await self._store.jobs()
        self.take_over(jobs)
        return len(jobs)

    def take_over(self, jobs: Iterable[Job]) -> None:
        """Begin again what was not finished, here or by a process that ended; not what is on its way."""
        for job in jobs:
            if job.code not in self._waited_for:
                self.begin(job.learner, job.code, Replay.parse(job.body))

    def begin(self, learner: int, code: str, replay: Replay) -> None:
        """Train in the background."""
        task = asyncio.create_task(self._train(learner, code, replay))
        self._tasks.add(task)
        self._waited_for[code] = task
        task.add_done_callback(self._ended)

    async def picture(self, code: str) -> bytes | None:
        """The picture of a kept run; None if the run, its lesson, or the engine is gone."""
        run = await self._store.run(code)
        if run is None:
            return None
        replay = Replay.parse(run.body)
        lesson = self._tutor.stage("en").shelf.get(replay.lesson)
        if lesson is None or lesson.lab is None:
            return None
        outcome = self._outcomes.pop(code, None) or await self._engine.train(run.learner, replay.spec)
        labels = await self._labels(run.learner, lesson.lab)
        return await self._engine.draw(run.learner, replay.spec, outcome, labels)

    async def drain(self) -> None:
        """Wait until nothing is on its way; the engine is stopped by then, so this is short."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _train(self, learner: int, code: str, replay: Replay) -> None:
        places = Places(
            tutor=self._tutor, say=self._say, sleep=self._sleep, learner=learner, lesson=replay.lesson
        )
        try:
            event = await self._result(learner, code, replay, places)
        finally:
            self._waited_for.pop(code, None)  # from here on it is handled, not given up
            places.stop()
        if event is not None:
            await places.end()
            await self._in_line(learner, lambda: self._tutor.handle(Learner(id=learner), event))

    async def _result(
        self, learner: int, code: str, replay: Replay, places: Places
    ) -> TrainingDone | TrainingLost | None:
        """What came of it; None if it is for the next start."""
        began = self._clock()
        try:
            outcome = await self._engine.train(learner, replay.spec, on_place=places.put, code=code)
        except TrainingFailed as failure:
            if failure.reason is TrainingFailure.CLOSED:
                return None
            self._tally.add(TRAININGS, failure.reason)
            log.error("training %s of learner %d: %s", code, learner, failure.reason)
            reason = Loss.TIMEOUT if failure.reason is TrainingFailure.TIMEOUT else Loss.DIED
            return TrainingLost(code=code, lesson=replay.lesson, reason=reason)
        self._keep(code, outcome)
        self._tally.add(TRAININGS, _shown(replay.spec, outcome))
        self._tally.took(TRAINING, self._clock() - began)
        self._tally.took(RUN, outcome.seconds)
        return TrainingDone(
            code=code,
            lesson=replay.lesson,
            prediction=replay.prediction,
            spec=replay.spec,
            outcome=outcome,
        )

    def _give_up(self, code: str) -> None:
        """Nobody waits for this any more: leave the line, say nothing."""
        if task := self._waited_for.pop(code, None):
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a training was not brought back (%s): its job stays", type(error).__name__)

    def _keep(self, code: str, outcome: Outcome) -> None:
        self._outcomes[code] = outcome
        if len(self._outcomes) > OUTCOMES:
            self._outcomes.popitem(last=False)

    async def _labels(self, learner: int, lab: Lab) -> Labels:
        texts = (await self._tutor.stage_of(learner)).texts
        return Labels(
            title=lab.title,
            x_label=lab.x.label,
            x_unit=lab.x.unit,
            y_label=lab.y.label,
            y_unit=lab.y.unit,
            words=_picture_words(texts),
        )


def _shown(spec: Spec, outcome: Outcome) -> Verdict:
    least = least_loss(standardise(spec.x)[0], standardise(spec.y)[0])
    return verdict(outcome.loss_before, outcome.loss_after, least)


def _picture_words(texts: Texts) -> PictureWords:
    return PictureWords(
        before=texts("picture.before"),
        after=texts("picture.after"),
        data=texts("picture.data"),
        losses=texts("picture.losses"),
        loss=texts("picture.loss"),
        step=texts("picture.step"),
        least=texts("picture.least"),
        blew_up=texts("picture.blew_up", step="{step}"),
    )
