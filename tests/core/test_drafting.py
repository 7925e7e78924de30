"""Putting a post together, in any order of taps, words, answers of Telegram, forgeries and changed lessons."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.core.actions import Action, parse
from bot.core.draft_choices import MOST_PLANNED
from bot.core.drafting import AHEAD
from bot.core.effects import CallOff, CheckTarget, Edit, Effect, Plan, Show, Toast
from bot.core.events import Chatter, ChatterKind, Command, Desk, Event, Planned, Tap, Target, TargetChecked
from bot.core.posting import Phase
from bot.core.session import step
from bot.core.state import DraftStep, ScreenKind, Session
from bot.core.turn import Lessons
from bot.view.screens import draw
from bot.view.stage import Stage
from bot.view.texts import Texts
from tests.core.shelves import SHELVES

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHATS = tuple(Target(chat=-number, title=f"Chat {number}") for number in range(1, 12))
VALUES = (
    "", "0", "1", "alpha", "q-q-one", "-1", "now", "1h", "go", "p1", "w1", "open", "9999", "l", "c-2", "٣",
)  # fmt: skip
ARGUMENTS = [f"{each}-{value}" for each in [*DraftStep, "b", "g", "x"] for value in VALUES]


class Drafting(RuleBasedStateMachine):
    """An administrator of eleven chats."""

    @initialize(seed=st.integers(0, 2**32), chats=st.sampled_from([0, 1, 11]))
    def begin(self, seed: int, chats: int) -> None:
        """Nothing said yet."""
        self.session, self.now, self.chance = Session(), NOON, Random(seed)
        self.shelf: Lessons = SHELVES[0]
        self.chats = CHATS[:chats]
        self.planned: dict[str, Planned] = {}
        self.asked: dict[str, CheckTarget] = {}
        self.allowed: set[int] = set()  # chats for which Telegram said yes
        self.data: list[str] = []

    def _desk(self) -> Desk:
        return Desk(chats=self.chats, planned=tuple(self.planned.values()), posted=frozenset({"q-one"}))

    @rule(
        argument=st.sampled_from(
            ["", "alpha", "alpha q-two", "alpha two @name", "nope", "alpha nope", "@n", "beta @n"]
        )
    )
    def command(self, argument: str) -> None:
        """`/post`, with more or less said."""
        self.happen(Command(name="post", argument=argument, desk=self._desk()))

    @rule(pick=st.integers(0, 100))
    def press(self, pick: int) -> None:
        """A button that stands there."""
        assume(self.data)
        key, action, argument = parse(self.data[pick % len(self.data)])
        self.happen(Tap(key=key, action=action, argument=argument, desk=self._desk()))

    @rule(argument=st.sampled_from(ARGUMENTS))
    def forge(self, argument: str) -> None:
        """A button that may never have been."""
        key = next((k for k, s in self.session.screens.items() if s.kind is ScreenKind.POST), "nokey")
        self.happen(Tap(key=key, action=Action.POST, argument=argument, desk=self._desk()))

    @rule(
        text=st.sampled_from(
            ["2026-03-05 10:00", "18:00", "9", "2020-01-01 00:00", "hello", "2030-01-01 00:00"]
        )
    )
    def type(self, text: str) -> None:
        """Words, some of them times."""
        self.happen(Chatter(kind=ChatterKind.TEXT, text=text))

    @rule(
        problem=st.sampled_from(["", "", "", "post.not_admin", "post.may_not_post", "post.unclear"]),
        forum=st.booleans(),
        kind=st.sampled_from(["supergroup", "channel"]),
    )
    def telegram_answers(self, problem: str, forum: bool, kind: str) -> None:
        """Yes or no, perhaps to a question that nobody waits for any more."""
        assume(self.asked)
        key, asked = list(self.asked.items())[-1]
        chat = int(asked.target) if asked.target.startswith("-") else -77
        if not problem:
            self.allowed.add(chat)
        topics = tuple((number, f"Topic {number}") for number in range(2, 12)) if forum else ()
        self.happen(
            TargetChecked(
                key=key,
                target=asked.target,
                chat=0 if problem == "post.unclear" else chat,
                kind=kind,
                title=f"Chat {chat}",
                is_forum=forum,
                topics=topics,
                problem=problem,
                desk=self._desk(),
            )
        )

    @rule(hours=st.integers(0, 30))
    def time_passes(self, hours: int) -> None:
        """What is planned comes due."""
        self.now += timedelta(hours=hours)

    @rule(place=st.sampled_from([0, 0, 0, *range(len(SHELVES))]))
    def lessons_change(self, place: int) -> None:
        """An author saves."""
        self.shelf = SHELVES[place]

    def happen(self, event: Event) -> None:
        """One event, and what must hold of it."""
        before = self.session
        self.session, effects = step(
            before, event, now=self.now, chance=self.chance, shelf=self.shelf, languages=("en",)
        )
        toasts = [effect for effect in effects if isinstance(effect, Toast)]
        assert len(toasts) == isinstance(event, Tap)
        if toasts and toasts[0].text == "stale":
            assert self.session == before and len(effects) == 1
        stage = Stage(texts=Texts(), shelf=self.shelf, username="nabla_bot", program=lambda _: "")
        for effect in effects:
            self._look(effect, stage)

    def _look(self, effect: Effect, stage: Stage) -> None:
        match effect:
            case Show(key=key, scene=scene) | Edit(key=key, scene=scene):
                message = draw(stage, scene, key)[-1]
                self.data = [button.data for row in message.rows for button in row]
                assert self.data or not self.shelf, "there is always something to do next"
                assert all(len(each.encode()) <= 64 for each in self.data)
            case CheckTarget(key=key):
                self.asked[key] = effect
            case Plan(code=code, chat=chat, state=state):
                assert chat in self.allowed, "planned where Telegram was not asked"
                assert code not in self.planned
                assert self.now <= state.at <= self.now + AHEAD and state.phase is Phase.WAITING
                assert (state.question is None) != (state.step is None)
                assert len(self.planned) < MOST_PLANNED
                self.planned[code] = Planned(code=code, version=1, chat=chat, title="T", state=state)
            case CallOff(code=code, state=state):
                assert state.phase is Phase.ENDED
                del self.planned[code]

    @invariant()
    def one_draft_at_a_time(self) -> None:
        """A newer one takes the buttons of the one before."""
        kinds = [screen.kind for screen in self.session.screens.values()]
        assert kinds.count(ScreenKind.POST) <= 1

    @invariant()
    def it_survives_json(self) -> None:
        """A restart in the middle loses nothing."""
        assert Session.model_validate_json(self.session.model_dump_json()) == self.session


TestDrafting = Drafting.TestCase
TestDrafting.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
