"""Training on other machines: the same Spec in, the same Outcome out, by errands that somebody else runs.

Law: an errand is named by its code and asked for once, however often it is asked; its answer waits for who comes
for it. A call ends with a value or TrainingFailed, as with workers of one's own. Bodies are JSON; nothing here
knows where errands are kept.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from secrets import token_urlsafe
from typing import Any, Protocol

from bot.core.experiment import Outcome, Spec, from_json, to_json
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Bar, Bars, Curve, Curves, Labels, PictureWords

OnPlace = Callable[[int], None]


class ErrandKind(StrEnum):
    """What is to be done."""

    TRAIN = "train"
    DRAW = "draw"
    CURVES = "curves"
    BARS = "bars"


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrandAnswer:
    """What came of an errand: numbers (JSON), a picture (PNG), or why there is neither."""

    result: str | None = None
    picture: bytes | None = None
    failure: str | None = None


class Errands(Protocol):
    """Where errands are kept, and their answers."""

    length: int  # errands of all bots that wait for a trainer, as last seen

    async def start(self) -> None:
        """Begin to listen for answers."""

    async def stop(self) -> None:
        """End; whoever waits gets None."""

    async def ask(self, code: str, *, learner: int, kind: str, body: str) -> None:
        """Have it done by whoever is free; what was asked for before is not asked for again."""

    async def answer(self, code: str, *, on_place: OnPlace | None) -> ErrandAnswer | None:
        """Wait for the answer; `on_place` is told how many are ahead, 0 when it begins."""

    async def drop(self, code: str) -> None:
        """Nobody wants it any more."""


class Trainer(Protocol):
    """What runs errands: the engine of this machine."""

    async def train(self, learner: int, spec: Spec) -> Outcome:
        """Run an experiment."""

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """The picture of a run."""

    async def draw_curves(self, learner: int, curves: Curves) -> bytes:
        """The picture of several runs."""

    async def draw_bars(self, learner: int, bars: Bars) -> bytes:
        """How many chose what."""


class RemoteEngine:
    """The engine of a bot that has no workers of its own."""

    def __init__(self, errands: Errands) -> None:
        self._errands = errands
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many errands, of all bots, wait for a trainer."""
        return self._errands.length

    async def start(self) -> None:
        """Begin to listen."""
        await self._errands.start()

    async def stop(self) -> None:
        """End; who still waits gets TrainingFailed(CLOSED), and finds the answer at the next start."""
        self._closed = True
        await self._errands.stop()

    async def train(
        self, learner: int, spec: Spec, *, on_place: OnPlace | None = None, code: str | None = None
    ) -> Outcome:
        """Run an experiment; under a job's `code` it was asked for when that job was committed."""
        body = json.dumps({"spec": to_json(spec)}, allow_nan=False)
        answer = await self._run(code, learner, ErrandKind.TRAIN, body, on_place)
        if answer.result is None:
            raise TrainingFailed(_reason(answer))
        return from_json(Outcome, json.loads(answer.result))

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """The picture of a run (PNG)."""
        body = {"spec": to_json(spec), "outcome": to_json(outcome), "labels": asdict(labels)}
        return await self._picture(learner, ErrandKind.DRAW, body)

    async def draw_curves(self, learner: int, curves: Curves) -> bytes:
        """Several runs side by side (PNG)."""
        rows = [{**asdict(row), "losses": [_plain(loss) for loss in row.losses]} for row in curves.rows]
        return await self._picture(learner, ErrandKind.CURVES, {"curves": {**asdict(curves), "rows": rows}})

    async def _picture(self, learner: int, kind: ErrandKind, body: Mapping[str, Any]) -> bytes:
        answer = await self._run(None, learner, kind, json.dumps(body, allow_nan=False), None)
        if answer.picture is None:
            raise TrainingFailed(_reason(answer))
        return answer.picture

    async def draw_bars(self, learner: int, bars: Bars) -> bytes:
        """How many chose what (PNG)."""
        answer = await self._run(None, learner, ErrandKind.BARS, json.dumps(asdict(bars)), None)
        if answer.picture is None:
            raise TrainingFailed(_reason(answer))
        return answer.picture

    async def _run(
        self, code: str | None, learner: int, kind: ErrandKind, body: str, on_place: OnPlace | None
    ) -> ErrandAnswer:
        if self._closed:
            raise TrainingFailed(TrainingFailure.CLOSED)
        name = code or f"once-{token_urlsafe(12)}"
        await self._errands.ask(name, learner=learner, kind=kind, body=body)
        try:
            answer = await self._errands.answer(name, on_place=on_place)
            if answer is None:
                raise TrainingFailed(TrainingFailure.CLOSED)
            return answer
        finally:
            # A job's answer stays until its commit: should this process die, another one finds it there.
            if code is None and not self._closed:
                await self._errands.drop(name)


def _reason(answer: ErrandAnswer) -> TrainingFailure:
    """Why there is no value; what nobody foresaw counts as a death."""
    known = {each.value for each in TrainingFailure}
    return TrainingFailure(answer.failure) if answer.failure in known else TrainingFailure.DIED


async def run_errand(trainer: Trainer, kind: str, body: str) -> ErrandAnswer:
    """Do an errand on this machine; TrainingFailed(CLOSED) if it is for another one to do."""
    fields: Mapping[str, Any] = json.loads(body)
    try:
        if kind == ErrandKind.CURVES:
            return ErrandAnswer(picture=await trainer.draw_curves(0, _curves(fields["curves"])))
        if kind == ErrandKind.BARS:
            rows = tuple(Bar(**row) for row in fields["rows"])
            return ErrandAnswer(picture=await trainer.draw_bars(0, Bars(**{**fields, "rows": rows})))
        spec = from_json(Spec, fields["spec"])
        if kind == ErrandKind.TRAIN:
            outcome = await trainer.train(0, spec)
            return ErrandAnswer(result=json.dumps(to_json(outcome), allow_nan=False))
        labels = fields["labels"]
        words = PictureWords(**labels["words"])
        outcome = from_json(Outcome, fields["outcome"])
        return ErrandAnswer(
            picture=await trainer.draw(0, spec, outcome, Labels(**{**labels, "words": words}))
        )
    except TrainingFailed as failure:
        if failure.reason is TrainingFailure.CLOSED:
            raise
        return ErrandAnswer(failure=failure.reason)


def _plain(loss: float) -> float | str:
    """For JSON, which has no sign for what is not finite."""
    return loss if math.isfinite(loss) else str(loss)


def _curves(fields: Mapping[str, Any]) -> Curves:
    rows = [Curve(**{**row, "losses": tuple(map(float, row["losses"]))}) for row in fields["rows"]]
    return Curves(**{**fields, "rows": tuple(rows)})
