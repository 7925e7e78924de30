"""Trainings that learners wait for: begun when their change is committed, brought back as events.

Law: a job is in the store until its result is; what a stop cuts off is trained again at the next start. A
result enters the learner's line like any other event.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.core.events import Event, Loss, TrainingDone, TrainingLost
from bot.core.experiment import Outcome, Spec
from bot.core.scenes import Waiting
from bot.course.model import Lab
from bot.store.base import Change, NewWord, Store
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Labels, Words
from bot.tutor.tutor import InLine, Say, Sleep, Tutor
from bot.tutor.words import Learner, Replay, dumps
from bot.view.screens import draw
from bot.view.texts import Texts

log = logging.getLogger(__name__)

FIRST_WORD_S = 1.0  # who waits no longer than this is told nothing but the result
NEXT_WORD_S = 2.0  # between two words about the place in the line
OUTCOMES = 512  # kept for pictures that are still to be drawn; a lost one is trained again


class TrainingEngine(Protocol):
    """What trains: local worker processes, or another machine."""

    async def train(
        self, learner: int, spec: Spec, *, on_place: Callable[[int], None] | None = None
    ) -> Outcome:
        """Run an experiment in turn."""

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """The picture of a run as PNG."""


class Trainings:
    """Runs the jobs of the store and brings their results back."""

    def __init__(
        self,
        *,
        tutor: Tutor,
        store: Store,
        engine: TrainingEngine,
        say: Say,
        in_line: InLine,
        now: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._tutor = tutor
        self._store = store
        self._engine = engine
        self._say = say
        self._in_line = in_line
        self._now = now
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        tutor.on_job = self.begin

    async def resume(self) -> int:
        """Begin again what an earlier run left unfinished; call once, at start."""
        jobs = await self._store.jobs()
        for job in jobs:
            self.begin(job.learner, job.code, Replay.parse(job.body))
        return len(jobs)

    def begin(self, learner: int, code: str, replay: Replay) -> None:
        """Train in the background."""
        task = asyncio.create_task(self._train(learner, code, replay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
        event: Event
        waiting = _Place()
        telling = asyncio.create_task(self._tell_places(learner, replay.lesson, waiting))
        try:
            outcome = await self._engine.train(learner, replay.spec, on_place=waiting.put)
            self._keep(code, outcome)
            event = TrainingDone(
                code=code,
                lesson=replay.lesson,
                prediction=replay.prediction,
                spec=replay.spec,
                outcome=outcome,
            )
        except TrainingFailed as failure:
            if failure.reason is TrainingFailure.CLOSED:
                return  # the job stays in the store for the next start
            log.error("training %s of learner %d: %s", code, learner, failure.reason)
            reason = Loss.TIMEOUT if failure.reason is TrainingFailure.TIMEOUT else Loss.DIED
            event = TrainingLost(code=code, lesson=replay.lesson, reason=reason)
        finally:
            telling.cancel()
        await self._in_line(learner, lambda: self._tutor.handle(Learner(id=learner), event))

    def _keep(self, code: str, outcome: Outcome) -> None:
        self._outcomes[code] = outcome
        if len(self._outcomes) > OUTCOMES:
            self._outcomes.popitem(last=False)

    async def _tell_places(self, learner: int, lesson: str, waiting: "_Place") -> None:
        """One message with the place in the line, renewed while it changes."""
        await self._sleep(FIRST_WORD_S)
        key, told = self._tutor.new_key(), 0
        kind = "say"
        while waiting.ahead:
            if waiting.ahead != told:
                told = waiting.ahead
                stage = await self._tutor.stage_of(learner)
                message = draw(stage, Waiting(lesson=lesson, ahead=told), key)[-1]
                word = NewWord(chat=learner, kind=kind, body=dumps(message.as_json()), key=key)
                self._say(await self._tutor.commit(Change(learner=learner, words=(word,))) or ())
                kind = "edit"
            await self._sleep(NEXT_WORD_S)

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


class _Place:
    """How many learners are ahead; 0 when one's own turn came."""

    def __init__(self) -> None:
        self.ahead = 0

    def put(self, ahead: int) -> None:
        """Take the newest number."""
        self.ahead = ahead


def _picture_words(texts: Texts) -> Words:
    return Words(
        before=texts("picture.before"),
        after=texts("picture.after"),
        data=texts("picture.data"),
        losses=texts("picture.losses"),
        loss=texts("picture.loss"),
        step=texts("picture.step"),
        least=texts("picture.least"),
        blew_up=texts("picture.blew_up", step="{step}"),
    )
