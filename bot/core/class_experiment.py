"""A class experiment: a group predicts, votes for learning rates, and sees the three most wanted trained side by side.

Law: pure, and nothing about a person in it. Votes are counted outside, one of each sort a person, and only while
voting is open; what is trained follows from how they stood when it closed. What is trained is kept as it was when
voting began, so that a lesson that changes meanwhile changes nothing. From every state time leads to an end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import log10

from bot.core.experiment import (
    ModelState,
    Optimizer,
    Outcome,
    Spec,
    Verdict,
    least_loss,
    standardise,
    verdict,
)
from bot.core.panel import PREDICTIONS, RATES, lab_of
from bot.core.state import Value
from bot.course.model import Lab, Lesson

KIND = "experiment"
RATE, PREDICTION = "rate", "prediction"  # the two sorts of votes
OPEN = timedelta(minutes=2)
RENEW = timedelta(seconds=10)  # between two looks at the counts
LEASE = timedelta(seconds=60)  # a training that nobody works on any more is taken up after that
PATIENCE = timedelta(minutes=10)  # for somebody to try again
RUNS = 3  # as many curves as one picture shows
OFFERED = 6  # rates at least, in two rows of buttons
USUAL_RATE = 0.1  # where a lesson has no story of plain SGD


class Phase(StrEnum):
    """How far it is."""

    VOTING = "voting"
    TRAINING = "training"
    LOST = "lost"  # the training did not come back; somebody may try again
    OVER = "over"


class Ending(StrEnum):
    """How it ended."""

    SHOWN = "shown"
    NOBODY = "nobody"  # voted
    GIVEN_UP = "given_up"  # nobody tried again
    STOPPED = "stopped"


class Counts(Value):
    """How many voted for what."""

    rates: tuple[int, ...] = ()
    predictions: tuple[int, ...] = ()

    @property
    def nobody(self) -> bool:
        """Whether there is no vote of any sort."""
        return not sum(self.rates) + sum(self.predictions)


class Subject(Value):
    """What is trained: the lab of a lesson, as it was when voting began."""

    lesson: str
    title: str
    x_label: str
    x_unit: str
    x: tuple[float, ...]
    y_label: str
    y_unit: str
    y: tuple[float, ...]
    weight: float
    bias: float


class Experiment(Value):
    """The whole state, kept as JSON."""

    language: str
    subject: Subject
    steps: int
    rates: tuple[float, ...]  # ascending; a vote for a rate is its place
    # The lesson's own, in the order of its stories: they stand in where votes are few.
    usual: tuple[float, ...]
    chat: int  # where its message stands: a group may get a new id, and messages do not move along
    closes_at: datetime
    phase: Phase = Phase.VOTING
    ending: Ending | None = None
    shown: Counts = Counts()  # as the message with the buttons says
    failed: int = 0  # times that the training did not come back
    ran: tuple[float, ...] = ()  # what was trained, the most wanted first


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What one rate did."""

    rate: float
    loss_before: float
    loss_after: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What time did: the state after it, when it wants to be looked at again, and what follows."""

    state: Experiment
    due: datetime | None
    renewed: bool = False  # the message shows something else now
    train: bool = False


# what is offered


def begin(lesson: Lesson, language: str, now: datetime, *, chat: int) -> Experiment:
    """Open the voting on a lesson with a lab."""
    lab = lab_of(lesson)
    plain = [story for story in lab.stories if story.optimizer == Optimizer.SGD.value]
    steps = (plain or lab.stories)[0].steps
    usual = tuple(dict.fromkeys(story.rate for story in plain if story.steps == steps))
    return Experiment(
        language=language,
        subject=_subject(lesson.id, lab),
        steps=steps,
        rates=offered(usual, steps),
        usual=usual or (USUAL_RATE,),
        chat=chat,
        closes_at=now + OPEN,
    )


def _subject(lesson: str, lab: Lab) -> Subject:
    return Subject(
        lesson=lesson,
        title=lab.title,
        x_label=lab.x.label,
        x_unit=lab.x.unit,
        x=lab.x.values,
        y_label=lab.y.label,
        y_unit=lab.y.unit,
        y=lab.y.values,
        weight=lab.start.weight,
        bias=lab.start.bias,
    )


def offered(usual: tuple[float, ...], steps: int) -> tuple[float, ...]:
    """The rates to vote for: the lesson's own and those near its first, so that each outcome is among them."""
    rates = list(usual) or [USUAL_RATE]
    near = sorted(RATES, key=lambda rate: (round(abs(log10(rate / rates[0])), 6), -rate))
    for wanted in PREDICTIONS:
        if wanted not in {expected(rate, steps) for rate in rates}:
            rates += [rate for rate in near if expected(rate, steps) is wanted][:1]
    rates += [rate for rate in near if rate not in rates][: max(0, OFFERED - len(rates))]
    return tuple(sorted(rates))


def expected(rate: float, steps: int) -> Verdict:
    """What plain SGD does on standardised data, in closed form: each step multiplies both errors by 1 − 2 × rate."""
    factor = abs(1 - 2 * rate)
    if factor > 1:
        return Verdict.DIVERGES
    return Verdict.LEARNS if factor ** (2 * steps) <= 0.5 else Verdict.CRAWLS


# votes


def choice(state: Experiment, sort: str, argument: str) -> int | None:
    """The place that a button names; None for a forged one."""
    most = len(state.rates) if sort == RATE else len(PREDICTIONS)
    plain = argument.isascii() and argument.isdecimal() and len(argument) <= 2
    return int(argument) if plain and int(argument) < most else None


def is_open(state: Experiment, now: datetime) -> bool:
    """Whether votes count."""
    return state.phase is Phase.VOTING and now < state.closes_at


def wanted(state: Experiment, counts: Counts) -> tuple[float, ...]:
    """The most wanted rates, at most three: of as many votes the smaller rate; the lesson's own where votes are few."""
    votes = dict(zip(state.rates, counts.rates, strict=False))
    voted = sorted((rate for rate, count in votes.items() if count), key=lambda rate: (-votes[rate], rate))
    others = [rate for rate in (*state.usual, *state.rates) if rate not in voted]
    return tuple(dict.fromkeys([*voted, *others]))[:RUNS]


# what happens; None: not in this state


def wake(state: Experiment, counts: Counts, now: datetime) -> Step:
    """Its time has come: count, close, train, or end."""
    match state.phase:
        case Phase.VOTING if is_open(state, now):
            changed = counts != state.shown
            after = state.model_copy(update={"shown": counts})
            return Step(state=after, due=min(state.closes_at, now + RENEW), renewed=changed)
        case Phase.VOTING:
            return close(state, now) or Step(state=state, due=now)
        case Phase.TRAINING if counts.nobody:
            return _end(state, Ending.NOBODY)
        case Phase.TRAINING:
            return Step(state=state, due=now + LEASE, train=True)
        case Phase.LOST:
            return _end(state, Ending.GIVEN_UP)
        case Phase.OVER:
            return Step(state=state, due=None)


def close(state: Experiment, now: datetime) -> Step | None:
    """Take no more votes; the next thing to do is at once."""
    if state.phase is not Phase.VOTING:
        return None
    # The counts are taken anew when all is in.
    after = state.model_copy(update={"phase": Phase.TRAINING, "shown": Counts()})
    return Step(state=after, due=now, renewed=True)


def finish(state: Experiment, ran: tuple[float, ...], counts: Counts) -> Step | None:
    """The training came back."""
    if state.phase is not Phase.TRAINING:
        return None
    return _end(state.model_copy(update={"ran": ran, "shown": counts}), Ending.SHOWN)


def lose(state: Experiment, now: datetime) -> Step | None:
    """The training will not come back; somebody may try again, for a while."""
    if state.phase is not Phase.TRAINING:
        return None
    after = state.model_copy(update={"phase": Phase.LOST, "failed": state.failed + 1})
    return Step(state=after, due=now + PATIENCE, renewed=True)


def retry(state: Experiment, now: datetime) -> Step | None:
    """The same training again."""
    if state.phase is not Phase.LOST:
        return None
    return Step(state=state.model_copy(update={"phase": Phase.TRAINING}), due=now, renewed=True)


def stop(state: Experiment, now: datetime) -> Step | None:
    """Who is in charge wants no more votes: what was voted for is trained; a training that was lost is left."""
    return _end(state, Ending.STOPPED) if state.phase is Phase.LOST else close(state, now)


def leave(state: Experiment) -> Step:
    """The bot is not in the chat any more."""
    return _end(state, Ending.STOPPED)


def _end(state: Experiment, ending: Ending) -> Step:
    after = state.model_copy(update={"phase": Phase.OVER, "ending": ending})
    return Step(state=after, due=None, renewed=True)


# what is trained, and what it showed


def spec(state: Experiment, rate: float) -> Spec:
    """The run of one rate, from the lesson's own start."""
    about = state.subject
    start = ModelState.fresh(Optimizer.SGD, about.weight, about.bias)
    return Spec(x=about.x, y=about.y, optimizer=Optimizer.SGD, rate=rate, steps=state.steps, start=start)


def least(state: Experiment) -> float:
    """The least possible loss on these data."""
    return least_loss(standardise(state.subject.x)[0], standardise(state.subject.y)[0])


def showed(state: Experiment, rate: float, outcome: Outcome) -> Ran:
    """How a run is judged."""
    judged = verdict(outcome.loss_before, outcome.loss_after, least(state))
    return Ran(rate=rate, loss_before=outcome.loss_before, loss_after=outcome.loss_after, verdict=judged)


def predicted(counts: Counts, ran: Ran) -> int:
    """How many predicted what the most wanted rate did."""
    told = dict(zip(PREDICTIONS, counts.predictions, strict=False))
    return told.get(ran.verdict, 0)
