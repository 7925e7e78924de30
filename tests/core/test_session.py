"""The conversation as a pure function: any order of events, legal or not, keeps its laws."""

import math
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.core.actions import IN_GROUPS, Action, parse
from bot.core.effects import Edit, Effect, Forget, KeepRun, Record, Show, Strip, Toast, Train, Untrain
from bot.core.events import (
    Chatter,
    ChatterKind,
    Command,
    Event,
    Loss,
    SharedRun,
    Tap,
    TrainingDone,
    TrainingLost,
)
from bot.core.experiment import ModelState, Outcome
from bot.core.menu import COMMANDS
from bot.core.panel import RATES, STEPS, moved
from bot.core.session import TAPS, step
from bot.core.state import LIVE_SCREENS, READING, ScreenKind, Session
from bot.core.turn import Lessons
from bot.view.screens import draw
from bot.view.stage import Stage
from bot.view.texts import Texts
from tests.core.shelves import SHELVES

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LANGUAGES = ("en", "xx")
ARGUMENTS = ("", "0", "1", "2", "7", "-1", "٣", "²", "99999", "alpha", "beta", "gamma", "nothing", "o+", "r-", "s+",
             "o", "r", "learns", "crawls", "diverges", "arrived", "auto", "en", "xx", "zz", "🧁")  # fmt: skip
COMMAND_ARGUMENTS = (
    "",
    "",
    "alpha",
    "BETA",
    "gamma",
    "nothing",
    "l-alpha",
    "q-beta",
    "t-gamma",
    "r-x",
    "l-",
    "<b>",
)
LOSSES = (0.0, 0.1, 1.0, 2.0, math.inf, math.nan)
WEIGHTS = (0.0, 0.5, -3.25, math.inf, math.nan)


class Conversation(RuleBasedStateMachine):
    """One learner, and everything that may happen to them."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        """A newcomer among the usual lessons."""
        self.session = Session()
        self.now = NOON
        self.chance = Random(seed)
        self.shelf: Lessons = SHELVES[0]
        self.buttons: dict[str, list[str]] = {}  # key → callback data as drawn last
        self.dead: list[str] = ["nokey"]
        self.jobs: dict[str, Train] = {}
        self.runs: dict[str, KeepRun] = {}
        self.firsts: dict[tuple[str, str], bool] = {}
        self.records: set[tuple[str, str, int]] = set()

    # what people do

    @rule(name=st.sampled_from([*COMMANDS, "nonsense", ""]), argument=st.sampled_from(COMMAND_ARGUMENTS))
    def command(self, name: str, argument: str) -> None:
        """Any command, with whatever behind it."""
        run = next(iter(self.runs.values()), None)
        shared = SharedRun(lesson=run.lesson, spec=run.spec) if run and argument == "r-x" else None
        self.happen(Command(name=name, argument=argument, first_name="Ada", shared=shared))

    @rule(
        name=st.sampled_from(["learn", "quiz", "quiz", "train", "train"]),
        argument=st.sampled_from(["alpha", ""]),
    )
    def open_something(self, name: str, argument: str) -> None:
        """What most people ask for."""
        self.happen(Command(name=name, argument=argument))

    @rule(picks=st.lists(st.integers(0, 60), min_size=1, max_size=8))
    def press_the_newest(self, picks: list[int]) -> None:
        """Some buttons one after the other, each on the newest message, which is what most people do."""
        for pick in picks:
            self._press(pick, newest=True)

    @rule(pick=st.integers(0, 2000))
    def press_a_button(self, pick: int) -> None:
        """Any button that stands on the screen."""
        self._press(pick)

    @rule(
        prediction=st.sampled_from(["learns", "crawls", "diverges"]),
        ends=st.sampled_from(["", "done", "done", "lost"]),
    )
    def predict(self, prediction: str, ends: str) -> None:
        """A run from a new panel, which may come back at once, or be lost, or stay on its way."""
        self.happen(Command(name="train", argument="alpha"))
        panels = [key for key, screen in self.session.screens.items() if screen.kind is ScreenKind.LAB]
        if panels:
            self.happen(self._tap(panels[-1], Action.RUN, prediction))
        if self.jobs and ends == "done":
            self._come_back(0.5, 0.25)
        elif self.jobs and ends == "lost":
            self._lose(Loss.DIED)

    @rule(
        pick=st.integers(0, LIVE_SCREENS),
        action=st.sampled_from([*Action, "zz", ""]),
        argument=st.sampled_from(ARGUMENTS),
    )
    def forge_on_a_live_screen(self, pick: int, action: str, argument: str) -> None:
        """Any action with any argument on a message of one's own."""
        keys = [*self.session.screens, "nokey"]
        self.happen(self._tap(keys[pick % len(keys)], str(action), argument))

    @rule(pick=st.integers(0, 2000), action=st.sampled_from(list(Action)), dead=st.booleans())
    def press_in_vain(self, pick: int, action: str, dead: bool) -> None:
        """A message whose buttons are gone, or that never was; or a live key on another message."""
        data = [each for key in self.session.screens for each in self.buttons.get(key, [])]
        gone = [key for key in self.dead if key not in self.session.screens]
        if dead or not data:
            self._expect_stale(self._tap(gone[pick % len(gone)], str(action), ""))
        else:
            self._expect_stale(replace(self._tap(*parse(data[pick % len(data)])), in_place=False))

    @rule(kind=st.sampled_from(list(ChatterKind)))
    def chatter(self, kind: ChatterKind) -> None:
        """Words and stickers."""
        self.happen(Chatter(kind=kind))

    # what happens elsewhere

    @rule(loss=st.sampled_from(LOSSES), weight=st.sampled_from(WEIGHTS), known=st.booleans())
    def training_comes_back(self, loss: float, weight: float, known: bool) -> None:
        """A result, of this training or of one that nobody waits for; finite or not."""
        assume(self.jobs)
        self._come_back(loss, weight, known=known)

    @rule(reason=st.sampled_from(list(Loss)))
    def training_is_lost(self, reason: Loss) -> None:
        """A training that does not come back."""
        assume(self.jobs)
        self._lose(reason)

    @rule(place=st.sampled_from([0] * 2 * len(SHELVES) + list(range(len(SHELVES)))))
    def lessons_change(self, place: int) -> None:
        """An author saves, removes, brings back."""
        self.shelf = SHELVES[place]

    @rule(seconds=st.sampled_from([0, 1, 3, 86_400, -5]))
    def time_passes(self, seconds: int) -> None:
        """Also backwards: clocks are set right."""
        self.now += timedelta(seconds=seconds)

    # the laws

    def happen(self, event: Event) -> tuple[Effect, ...]:
        """One event, with all that must hold for every event."""
        before, dice = self.session, self.chance.getstate()
        after, effects = self._step(event)
        self.chance.setstate(dice)
        again, same = self._step(event)
        assert dump(again) == dump(after)
        assert repr(same) == repr(effects), "the same inputs gave another answer"
        self._check_toasts(event, effects, before, after)
        self._check_screens(effects, after)
        self._check_answers(effects)
        self._check_runs(effects, before, after)
        self._look(effects)
        self.session = after
        if any(isinstance(effect, Forget) for effect in effects):
            self.begin(self.chance.getrandbits(32))
        return effects

    def _step(self, event: Event) -> tuple[Session, tuple[Effect, ...]]:
        return step(
            self.session, event, now=self.now, chance=self.chance, shelf=self.shelf, languages=LANGUAGES
        )

    def _check_toasts(
        self, event: Event, effects: tuple[Effect, ...], before: Session, after: Session
    ) -> None:
        toasts = [effect for effect in effects if isinstance(effect, Toast)]
        assert len(toasts) == isinstance(event, Tap)
        if toasts and toasts[0].text in {"stale", "gone"}:
            assert dump(after) == dump(before), "an illegal tap changed something"
            assert len(effects) == 1

    def _check_screens(self, effects: tuple[Effect, ...], after: Session) -> None:
        for effect in effects:
            match effect:
                case Show(key=key):
                    assert key not in self.session.screens and key not in self.dead
                case Edit(key=key) | Forget(key=key):
                    assert key in after.screens
                case Strip(key=key):
                    assert key not in after.screens
                    self.dead.append(key)

    def _check_answers(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Record):
                name = effect.lesson, effect.question, effect.sitting
                assert name not in self.records, "an answer counted twice"
                self.records.add(name)
                self.firsts.setdefault(name[:2], effect.correct)

    def _check_runs(self, effects: tuple[Effect, ...], before: Session, after: Session) -> None:
        for effect in effects:
            match effect:
                case Train(code=code):
                    assert before.running() is None and after.running() == code
                    assert effect.spec.start.is_finite()
                    self.jobs[code] = effect
                case Untrain(code=code):
                    assert after.running() != code
                    self.jobs.pop(code, None)
                case KeepRun(code=code):
                    self.runs[code] = effect

    def _look(self, effects: tuple[Effect, ...]) -> None:
        """Draw what is shown, as the learner would see it: every scene can be drawn, and its buttons are theirs."""
        stage = Stage(texts=Texts(), shelf=self.shelf, username="nabla_bot", program=lambda _: "print(1)")
        for effect in effects:
            if isinstance(effect, Show | Edit):
                message = draw(stage, effect.scene, effect.key)[-1]
                data = [button.data for row in message.rows for button in row]
                assert all(each.partition(":")[0] == effect.key for each in data)
                self.buttons[effect.key] = data

    @invariant()
    def screens_are_bounded(self) -> None:
        """At most so many live messages, one of them for reading, one panel."""
        kinds = [screen.kind for screen in self.session.screens.values()]
        assert len(kinds) <= LIVE_SCREENS
        assert sum(kind in READING for kind in kinds) <= 1
        assert kinds.count(ScreenKind.LAB) <= 1

    @invariant()
    def first_tries_are_kept(self) -> None:
        """What the session counts is what was recorded first, whatever came later."""
        kept = {
            (i, q): right for i, study in self.session.studies.items() for q, right in study.firsts.items()
        }
        assert kept == self.firsts

    @invariant()
    def the_session_survives_json(self) -> None:
        """What is stored is what is loaded."""
        text = self.session.model_dump_json()
        assert Session.model_validate_json(text).model_dump_json() == text

    @invariant()
    def the_model_is_made_of_numbers(self) -> None:
        """Weights that are not finite are never kept."""
        assert all(study.lab.model.is_finite() for study in self.session.studies.values() if study.lab)

    @invariant()
    def one_training_at_a_time(self) -> None:
        """The learner waits for the one training that is on its way, or for none."""
        running = [
            study.lab.running for study in self.session.studies.values() if study.lab and study.lab.running
        ]
        assert len(running) <= 1
        assert set(running) == set(self.jobs)

    def _come_back(self, loss: float, weight: float, *, known: bool = True) -> None:
        code, job = list(self.jobs.items())[-1]
        steps = job.spec.start.step + job.spec.steps
        after = ModelState(weight=weight, bias=0.5, optimizer=job.spec.optimizer, step=steps)
        outcome = Outcome(
            loss_before=1.0,
            loss_after=loss,
            losses=(1.0, loss),
            after=after,
            gradient=(-1.0, 0.5),
            seconds=0.1,
        )
        self.happen(
            TrainingDone(
                code=code if known else "unknown",
                lesson=job.lesson,
                prediction=job.prediction,
                spec=job.spec,
                outcome=outcome,
            )
        )

    def _lose(self, reason: Loss) -> None:
        code, job = list(self.jobs.items())[-1]
        self.happen(TrainingLost(code=code, lesson=job.lesson, reason=reason))

    def _tap(self, key: str, action: str, argument: str) -> Tap:
        screen = self.session.screens.get(key)
        run = self.runs.get(screen.ref) if screen else None
        shared = SharedRun(lesson=run.lesson, spec=run.spec) if run and action == Action.CODE else None
        return Tap(key=key, action=action, argument=argument, shared=shared)

    def _press(self, pick: int, *, newest: bool = False) -> None:
        keys = [key for key in self.session.screens if self.buttons.get(key)]
        data = [each for key in (keys[-1:] if newest else keys) for each in self.buttons[key]]
        if data:
            self.happen(self._tap(*parse(data[pick % len(data)])))

    def _expect_stale(self, tap: Tap) -> None:
        before = dump(self.session)
        assert self.happen(tap) == (Toast(text="stale"),)
        assert dump(self.session) == before


def dump(session: Session) -> str:
    """A session as it is kept; equal also where a loss is not a number."""
    return session.model_dump_json()


TestConversation = Conversation.TestCase
TestConversation.settings = settings(
    max_examples=70,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def happen(
    session: Session, *events: Event, shelf: Lessons = SHELVES[0], languages: Collection[str] = LANGUAGES
) -> tuple[Session, tuple[Effect, ...]]:
    """The session after events at noon, and the effects of the last one."""
    effects: tuple[Effect, ...] = ()
    chance = Random(session.model_dump_json())  # keys must not come twice
    for event in events:
        session, effects = step(session, event, now=NOON, chance=chance, shelf=shelf, languages=languages)
    return session, effects


def newest(session: Session) -> str:
    """The key of the newest message."""
    return list(session.screens)[-1]


def test_every_action_stands_in_the_table() -> None:
    """No button is drawn that nothing answers, and nothing is answered that has no action."""
    assert {action for taps in TAPS.values() for action in taps} == set(Action) - IN_GROUPS


@pytest.mark.parametrize("kind", list(ScreenKind))
@pytest.mark.parametrize("action", list(Action))
def test_what_is_not_in_the_table_changes_nothing(kind: ScreenKind, action: Action) -> None:
    """Each pair of screen and action that the table lacks is stale."""
    session, _ = happen(Session(), Command(name="train", argument="alpha"))
    key = newest(session)
    screens = {key: session.screens[key].model_copy(update={"kind": kind})}
    session = session.model_copy(update={"screens": screens})
    after, effects = happen(session, Tap(key=key, action=action, argument="alpha"))
    if action not in TAPS[kind]:
        assert effects == (Toast(text="stale"),) and after == session
    assert sum(isinstance(effect, Toast) for effect in effects) == 1


def test_a_seventeenth_message_takes_the_buttons_of_the_first() -> None:
    """So many messages answer at once; the oldest loses its buttons first."""
    session, _ = happen(Session(), Command(name="help"))
    first = newest(session)
    session, _ = happen(session, *[Command(name="help")] * (LIVE_SCREENS - 1))
    assert first in session.screens
    session, effects = happen(session, Command(name="privacy"))
    assert first not in session.screens and Strip(key=first) in effects


@pytest.mark.parametrize(("command", "kind"), [("learn", "step"), ("quiz", "question"), ("train", "lab")])
def test_the_place_in_the_lesson_and_the_panel_keep_their_buttons(command: str, kind: str) -> None:
    """However many messages come after: one runs one story after the other on the same panel."""
    session, _ = happen(Session(), Command(name=command, argument="alpha"))
    place = newest(session)
    session, _ = happen(session, *[Command(name="help")] * (2 * LIVE_SCREENS))
    assert session.screens[place].kind == kind and len(session.screens) == LIVE_SCREENS


def test_time_between_shown_and_answered_is_recorded() -> None:
    """Seconds as long as they say something: none after an hour, none if the clock went back."""
    asked, _ = happen(Session(), Command(name="quiz", argument="alpha"))
    for seconds, recorded in ((12.5, 12.5), (3600.0, 3600.0), (3601.0, None), (-1.0, None)):
        _, effects = step(
            asked,
            Tap(key=newest(asked), action=Action.OPTION, argument="0"),
            now=NOON + timedelta(seconds=seconds),
            chance=Random(1),
            shelf=SHELVES[0],
            languages=LANGUAGES,
        )
        assert [effect.seconds for effect in effects if isinstance(effect, Record)] == [recorded]


def test_a_chatter_burst_gets_one_answer_and_the_next_burst_another() -> None:
    """Text and stickers count together; two seconds of silence end a burst; a clock set back does not silence."""
    text, other = Chatter(kind=ChatterKind.TEXT), Chatter(kind=ChatterKind.OTHER)
    session, said = Session(), []
    for second, event in ((0, text), (1, other), (2.5, text), (4.5, other), (4.6, text), (-100, text)):
        session, effects = step(
            session,
            event,
            now=NOON + timedelta(seconds=second),
            chance=Random(1),
            shelf=SHELVES[0],
            languages=LANGUAGES,
        )
        said.append(len(effects))
    assert said == [1, 0, 0, 1, 0, 1]


@pytest.mark.parametrize("grid", [RATES, STEPS])
def test_neighbours_on_a_grid(grid: tuple[float, ...]) -> None:
    """Up and down by one, nothing beyond the ends, and from between to the next on that side."""
    for low, high in pairwise(grid):
        assert (moved(grid, low, 1), moved(grid, high, -1)) == (high, low)
        between = (low + high) / 2
        assert (moved(grid, between, 1), moved(grid, between, -1)) == (high, low)
    assert moved(grid, grid[-1], 1) == grid[-1] and moved(grid, grid[0], -1) == grid[0]


def test_an_older_session_still_loads() -> None:
    """Fields that came later have defaults; nothing but `{}` is a newcomer."""
    assert Session.model_validate_json("{}") == Session()
    bare: dict[str, Any] = {"studies": {"alpha": {"step": "one"}}, "lesson": "alpha"}
    session, effects = happen(Session.model_validate(bare), Command(name="learn"))
    assert session.studies["alpha"].step == "one" and effects
