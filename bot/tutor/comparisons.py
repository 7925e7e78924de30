"""The runs of a class experiment and their picture: the engine's turn is the chat's, whoever voted.

Law: a call ends with what was compared or with why it was not. A picture that was drawn is kept until it was asked
for; one that was lost is made anew, with the same numbers.
"""

import logging
from collections import OrderedDict
from enum import Enum

from bot.core import class_experiment as core
from bot.core.class_experiment import Experiment, Ran
from bot.core.experiment import Outcome, Verdict
from bot.tally import TRAININGS, Tally
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Curve, Curves
from bot.tutor.trainings import TrainingEngine
from bot.tutor.tutor import Sleep
from bot.view.experiment import what_text
from bot.view.lab import rate_text, steps_text
from bot.view.stage import Stage

log = logging.getLogger(__name__)

PICTURES = 64  # kept until they are said; a lost one is made anew
TRIES, PAUSE_S = 3, 2.0  # to make a lost picture anew, while somebody waits for it


class Comparison(Enum):
    """Why nothing was compared."""

    CUT_OFF = "the engine is stopped: it is for the next start"
    FAILED = "the training did not come back"


class Comparisons:
    """Trains and draws the runs of one experiment after the other."""

    def __init__(self, *, engine: TrainingEngine, sleep: Sleep, tally: Tally) -> None:
        self._engine = engine
        self._sleep = sleep
        self._tally = tally
        self._pictures: OrderedDict[str, bytes] = OrderedDict()

    async def compare(
        self, code: str, chat: int, state: Experiment, stage: Stage
    ) -> tuple[Ran, ...] | Comparison:
        """Train the rates that `state` names and have them drawn; what each of them showed."""
        try:
            ran, picture = await self._make(chat, state, stage)
        except TrainingFailed as failure:
            if failure.reason is TrainingFailure.CLOSED:
                return Comparison.CUT_OFF
            self._tally.add(TRAININGS, failure.reason)
            log.error("experiment %s in chat %d: %s", code, chat, failure.reason)
            return Comparison.FAILED
        self._pictures[code] = picture
        if len(self._pictures) > PICTURES:
            self._pictures.popitem(last=False)
        return ran

    async def picture(self, code: str, chat: int, state: Experiment, stage: Stage) -> bytes:
        """The picture: as it was drawn, or made anew; TrainingFailed if that cannot be now."""
        kept = self._pictures.pop(code, None)
        if kept is not None:
            return kept
        for _ in range(TRIES - 1):
            try:
                return (await self._make(chat, state, stage))[1]
            except TrainingFailed as failure:
                if failure.reason is TrainingFailure.CLOSED:
                    raise
            await self._sleep(PAUSE_S)
        return (await self._make(chat, state, stage))[1]

    async def _make(self, chat: int, state: Experiment, stage: Stage) -> tuple[tuple[Ran, ...], bytes]:
        outcomes = [await self._engine.train(chat, core.spec(state, rate)) for rate in state.ran]
        ran = tuple(
            core.showed(state, rate, outcome) for rate, outcome in zip(state.ran, outcomes, strict=True)
        )
        for each in ran:
            self._tally.add(TRAININGS, each.verdict)
        return ran, await self._engine.draw_curves(chat, curves(stage, state, ran, outcomes))


def curves(stage: Stage, state: Experiment, ran: tuple[Ran, ...], outcomes: list[Outcome]) -> Curves:
    """What the picture shows, in the words of a language."""
    t = stage.texts
    return Curves(
        title=t("picture.compared", title=state.subject.title),
        below_title=t("picture.same_start", steps=steps_text(stage, state.steps)),
        step=t("picture.step"),
        loss=t("picture.loss"),
        least=core.least(state),
        least_name=t("picture.least"),
        rows=tuple(_curve(stage, each, outcome) for each, outcome in zip(ran, outcomes, strict=True)),
    )


def _curve(stage: Stage, ran: Ran, outcome: Outcome) -> Curve:
    t, rate = stage.texts, rate_text(ran.rate)
    return Curve(
        name=t("picture.curve", rate=rate, what=what_text(stage, ran.verdict)),
        losses=outcome.losses,
        blew_up=t("picture.left", rate=rate) if ran.verdict is Verdict.DIVERGES else "",
    )
