"""A class experiment's rules: each person counts once of each sort, three rates at most are trained, and it ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core import class_experiment as core
from bot.core.class_experiment import PREDICTION, RATE, Counts, Ending, Experiment, Phase, Step
from bot.core.experiment import Verdict, verdict
from bot.core.panel import PREDICTIONS
from tests.core.shelves import lesson
from tests.house import descend
from tests.talk.shelves import with_lab

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LESSON = lesson(with_lab("alpha"))
SOME = st.integers(0, 6)


def counts_of(state: Experiment, votes: dict[tuple[int, str], int]) -> Counts:
    """What a store counts: the last vote of each person and sort."""
    chosen = {RATE: [0] * len(state.rates), PREDICTION: [0] * len(PREDICTIONS)}
    for (_, sort), choice in votes.items():
        chosen[sort][choice] += 1
    return Counts(rates=tuple(chosen[RATE]), predictions=tuple(chosen[PREDICTION]))


class AnyOrder(RuleBasedStateMachine):
    """People, the clock, the engine and whoever is in charge, in any order; a restart forgets all but the state."""

    @initialize()
    def begin(self) -> None:
        """Voting opens."""
        self.now = NOON
        self.state = core.begin(LESSON, "en", self.now, chat=-1)
        self.due: datetime | None = self.now + core.RENEW
        self.votes: dict[tuple[int, str], int] = {}
        self.closed_with: Counts | None = None
        self.pictures = 0
        self.training = False

    def take(self, step: Step | None) -> None:
        """As the store keeps it: by way of JSON."""
        if step is None:
            return
        was = self.state.phase
        self.state = Experiment.model_validate_json(step.state.model_dump_json())
        self.due = step.due
        self.training = self.training or step.train
        if was is Phase.VOTING and self.state.phase is not Phase.VOTING:
            self.closed_with = counts_of(self.state, self.votes)

    @rule(
        person=st.integers(1, 5),
        sort=st.sampled_from([RATE, PREDICTION]),
        argument=st.text(max_size=2) | SOME.map(str),
    )
    def vote(self, person: int, sort: str, argument: str) -> None:
        """Anybody presses anything, again and again."""
        choice = core.choice(self.state, sort, argument)
        if choice is not None and core.is_open(self.state, self.now):
            self.votes[person, sort] = choice

    @rule(seconds=st.sampled_from([0, 1, 10, 60, 700]))
    def time_passes(self, seconds: int) -> None:
        """The clock wakes what is due, also long after its time."""
        self.now += timedelta(seconds=seconds)
        if self.due is not None and self.due <= self.now:
            self.take(core.wake(self.state, counts_of(self.state, self.votes), self.now))

    @rule()
    def close(self) -> None:
        """Close now."""
        self.take(core.close(self.state, self.now))

    @rule()
    def stop(self) -> None:
        """/stop."""
        self.take(core.stop(self.state, self.now))

    @rule()
    def retry(self) -> None:
        """Try again."""
        self.take(core.retry(self.state, self.now))

    @rule()
    def restart(self) -> None:
        """What the process had in hand is gone."""
        self.training = False

    @precondition(lambda self: self.training)
    @rule(well=st.booleans())
    def engine_answers(self, well: bool) -> None:
        """A training that somebody waited for comes back, or does not; perhaps twice, from two processes."""
        counts = counts_of(self.state, self.votes)
        before = self.state.phase
        if well:
            self.take(core.finish(self.state, core.wanted(self.state, counts), counts))
        else:
            self.take(core.lose(self.state, self.now))
        self.pictures += before is Phase.TRAINING and self.state.phase is Phase.OVER

    @invariant()
    def everybody_counts_once(self) -> None:
        """Never more votes of a sort than people; none after the closing."""
        counts = counts_of(self.state, self.votes)
        assert sum(counts.rates) <= 5 and sum(counts.predictions) <= 5
        if self.closed_with is not None:
            assert counts == self.closed_with

    @invariant()
    def three_at_most_once(self) -> None:
        """One picture, of three different rates that were offered."""
        assert self.pictures <= 1
        assert len(self.state.ran) == len(set(self.state.ran)) <= 3
        assert set(self.state.ran) <= set(self.state.rates)
        assert (self.state.ending is Ending.SHOWN) == bool(self.state.ran)

    @invariant()
    def it_wants_to_be_woken_until_it_is_over(self) -> None:
        """Nothing hangs: whoever only lets time pass sees the end."""
        assert (self.due is None) == (self.state.phase is Phase.OVER)

    def teardown(self) -> None:
        """Time alone ends it, with a picture if anybody voted and the engine answers."""
        if not hasattr(self, "state"):
            return
        for _ in range(50):
            if self.due is None:
                return
            self.now = max(self.now, self.due)
            counts = counts_of(self.state, self.votes)
            step = core.wake(self.state, counts, self.now)
            self.take(step)
            if step.train:
                self.take(core.finish(self.state, core.wanted(self.state, counts), counts))
        raise AssertionError("it never ends")


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_any_order = pytest.mark.timeout(180)(AnyOrder.TestCase)


def voted(state: Experiment, *, rates: dict[float, int]) -> Counts:
    """Counts with these votes for rates."""
    return Counts(rates=tuple(rates.get(rate, 0) for rate in state.rates), predictions=(0, 0, 0))


def test_the_three_most_wanted_are_trained() -> None:
    """Of as many votes the smaller rate first; where votes are few, the lesson's own rates stand in."""
    state = core.begin(LESSON, "en", NOON, chat=-1)
    assert core.wanted(state, voted(state, rates={0.3: 2, 1.0: 2, 0.03: 5, 3.0: 1})) == (0.03, 0.3, 1.0)
    assert core.wanted(state, voted(state, rates={1.0: 1}))[0] == 1.0
    assert core.wanted(state, Counts())[: len(state.usual)] == state.usual[:3]
    assert len(core.wanted(state, voted(state, rates={1.0: 1}))) == 3


@given(
    usual=st.lists(st.floats(1e-5, 10), max_size=6, unique=True).map(tuple),
    steps=st.integers(1, 1000),
)
def test_each_outcome_is_among_the_rates(usual: tuple[float, ...], steps: int) -> None:
    """Whatever a lesson's stories are; six at least, ascending, none twice, two rows of buttons and a little."""
    rates = core.offered(usual, steps)
    assert {core.expected(rate, steps) for rate in rates} == set(PREDICTIONS)
    assert set(usual) <= set(rates)
    assert list(rates) == sorted(set(rates))
    assert 6 <= len(rates) <= 8


@pytest.mark.parametrize("rate", [0.0001, 0.001, 0.03, 0.1, 0.3, 0.7, 3.0, 10.0])
@pytest.mark.parametrize("steps", [1, 10, 100])
def test_what_is_expected_is_what_a_training_shows(rate: float, steps: int) -> None:
    """The closed form against the arithmetic, step by step."""
    state = core.begin(LESSON, "en", NOON, chat=-1).model_copy(update={"steps": steps})
    outcome = descend(core.spec(state, rate))
    assert core.expected(rate, steps) is verdict(outcome.loss_before, outcome.loss_after, core.least(state))


def test_a_lesson_without_sgd_has_rates_too() -> None:
    """Its stories tell of other optimizers: then the usual rate stands in, with all outcomes."""
    made = with_lab("adam")
    for story in made["lab"]["stories"]:
        story["optimizer"] = "adam"
    state = core.begin(lesson(made), "en", NOON, chat=-1)
    assert core.USUAL_RATE in state.rates
    assert core.wanted(state, Counts())[0] == core.USUAL_RATE


def test_who_predicted_right_is_counted() -> None:
    """By what the most wanted rate did; a model that was there already was predicted by nobody."""
    counts = Counts(rates=(3,), predictions=(5, 2, 1))
    ran = core.Ran(rate=0.1, loss_before=1.0, loss_after=0.1, verdict=Verdict.CRAWLS)
    assert core.predicted(counts, ran) == 2
    arrived = core.Ran(rate=0.1, loss_before=1.0, loss_after=1.0, verdict=Verdict.ARRIVED)
    assert core.predicted(counts, arrived) == 0


@pytest.mark.parametrize("argument", ["", "-1", "6x", "٣", "99", "1e0", "007", "3"])
def test_forged_choices_are_none(argument: str) -> None:
    """Only a place that there is."""
    state = core.begin(LESSON, "en", NOON, chat=-1)
    assert core.choice(state, PREDICTION, argument) is None
