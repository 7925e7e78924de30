"""A study plan as a pure state machine: any order of buttons, times, outages and lessons keeps its laws."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.core import plan as plans
from bot.core.plan import DRAFT, LATE, Phase, Plan, Trouble, appointments, due, new, rest, woken
from bot.core.plan_moves import CITIES, Press, pressed
from bot.core.plan_typed import Typed, Unclear, offset_name, offset_zone, retimed, typed
from bot.core.track import Item, tracks
from bot.core.turn import Lessons
from tests.core.shelves import SHELVES, shelf
from tests.talk.shelves import small

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FULL = SHELVES[0]
WORDS = ("d", "h", "a", "b", "t", "z", "go", "p", "r", "k", "s", "x", "c", "", "nonsense")
VALUES = ("", "0+", "0-", "6+", "7+", "٣+", "0", "60", "1439", "1440", "-1", "²", "track", "zone", "zone.1", "stop",
          "tensorflow-basics", "other", "Europe/Berlin", "Mars/Olympus", "+05:30")  # fmt: skip
ZONES = {"europe/berlin": "Europe/Berlin", "berlin": "Europe/Berlin", "utc": "UTC"}


def read(text: str) -> Typed | Unclear:
    """What was typed, where there are a few zones and a track."""
    return typed(text, zones=ZONES, tracks={"tensorflow-basics"})


def zone_of(plan: Plan) -> Any:
    """The zone, as the use case finds it."""
    return offset_zone(plan.zone) or ZoneInfo(plan.zone)


def running(lessons: Lessons = FULL, **fields: Any) -> Plan:
    """A plan that runs daily at noon, UTC."""
    plan = new(lessons, "en", is_public=True)
    assert plan is not None
    return plan.model_copy(update={"days": tuple(range(7)), "hour": 12, "phase": Phase.RUNNING, **fields})


class Life(RuleBasedStateMachine):
    """A plan, the time, the lessons, and what was posted."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY
        self.shelf: Lessons = FULL
        made = new(FULL, "en", is_public=True)
        assert made is not None
        self.plan = made
        self.due = due(made, UTC, self.now)
        self.posted: list[Item] = []
        self.times: list[datetime] = []

    def become(self, plan: Plan | None, until: Callable[[Plan], datetime | None]) -> None:
        """Take what a move made, as it is read back from the store."""
        if plan is not None and not self.plan.over:
            self.due = until(plan)
            self.plan = Plan.model_validate_json(plan.model_dump_json())

    @rule(word=st.sampled_from(WORDS), value=st.sampled_from(VALUES))
    def press(self, word: str, value: str) -> None:
        """Any button, fitting or not."""
        before = self.plan
        after = pressed(before, Press(word=word, value=value), self.shelf)
        if before.over:
            assert after is None
        goes_on = after is not None and before.phase is after.phase is Phase.RUNNING
        self.become(after, lambda plan: self.due if goes_on else due(plan, zone_of(plan), self.now))

    @rule()
    def skip(self) -> None:
        """The button that is there; a second tap on it leaves the next item alone."""
        button = Press(word="k", value=str(self.plan.count))
        after = pressed(self.plan, button, self.shelf)
        if after is not None:
            assert pressed(after, button, self.shelf) is None
            self.become(after, lambda plan: None if plan.over else self.due)

    @rule(
        zone=st.sampled_from(["UTC", "Europe/Berlin", "+05:45", "-12:00", None]),
        at=st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        days=st.none() | st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    )
    def say(self, zone: str | None, at: time | None, days: tuple[int, ...] | None) -> None:
        """Times are typed."""
        after = retimed(self.plan, Typed(zone=zone, at=at, days=days), self.shelf)
        self.become(after, lambda plan: due(plan, zone_of(plan), self.now))

    @rule(lessons=st.sampled_from(SHELVES))
    def edit(self, lessons: Lessons) -> None:
        """An author changes the lessons."""
        self.shelf = lessons

    @rule(hours=st.floats(0.01, 24 * 15))
    def wait(self, hours: float) -> None:
        """Time passes, and the bot may have been away meanwhile."""
        self.now += timedelta(hours=hours)
        self._wake()

    @rule()
    def come(self) -> None:
        """The plan's own time comes."""
        if self.due is not None:
            self.now = max(self.now, self.due)
            self._wake()

    def _wake(self) -> None:
        if self.due is None or self.due > self.now or self.plan.over:
            return
        result = woken(self.plan, zone_of(self.plan), self.shelf, due=self.due, now=self.now)
        if result.item is not None:
            assert result.item in rest(self.plan, self.shelf)
            assert result.item not in self.posted
            self.posted.append(result.item)
            self.times.append(self.now)
        assert result.due is None or result.due > self.now
        self.become(result.plan, lambda _: result.due)

    @invariant()
    def it_waits_or_it_does_not(self) -> None:
        """A plan that runs is woken, unless it has no days; one that rests or is over is not."""
        wants = self.plan.phase is Phase.SETUP or (self.plan.phase is Phase.RUNNING and bool(self.plan.days))
        assert (self.due is not None) == wants

    @invariant()
    def nobody_is_in_it(self) -> None:
        """What is kept has no field for a person."""
        assert not {"by", "user", "learner", "starter", "name", "person"} & set(self.plan.model_dump())


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_plan_left_alone_posts_all_once_in_order_and_ends() -> None:
    """Steps, then questions, lesson by lesson; the last post ends it."""
    plan, now = running(), MONDAY - HOUR
    until, posted = due(plan, UTC, now), []
    todo = rest(plan, FULL)
    while until is not None:
        result = woken(plan, UTC, FULL, due=until, now=until)
        posted.append(result.item)
        plan, until = result.plan, result.due
    assert posted == todo
    assert plan.phase is Phase.DONE
    assert [item.name for item in todo[:5]] == ["s-one", "s-two", "q-q-one", "q-q-two", "q-q-three"]
    assert [item.lesson for item in todo] == ["alpha"] * 5 + ["beta"] * 3 + ["gamma"] * 2


@given(away=st.floats(0, 24 * 40))
def test_after_an_outage_one_appointment_is_kept_at_most(away: float) -> None:
    """Only the newest, and only if it is less than an hour late."""
    now = MONDAY + timedelta(hours=away)
    result = woken(running(), UTC, FULL, due=MONDAY, now=now)
    since = (now - MONDAY) % DAY
    assert (result.item is not None) == (since < LATE)
    assert result.due is not None and timedelta() < result.due - now <= DAY


def test_an_appointment_before_the_plan_went_on_is_not_late() -> None:
    """Resumed ten minutes past, it waits for the next one."""
    later = MONDAY + timedelta(minutes=10)
    assert due(running(), UTC, later) == MONDAY + DAY
    result = woken(running(), UTC, FULL, due=MONDAY + DAY, now=MONDAY + DAY)
    assert result.item is not None


def test_lessons_that_go_and_come_are_passed_over_and_found() -> None:
    """What is gone is skipped; a new lesson is found by its order; what was finished does not come back."""
    alpha, beta, early = small("alpha", order=20), small("beta", order=30), small("early", order=10)
    plan = running(shelf(alpha, beta))
    for _ in range(3):
        plan = plans.taken(plan, rest(plan, shelf(alpha, beta))[0])
    assert [item.lesson for item in rest(plan, shelf(alpha, beta, early))] == ["early"] * 3 + ["beta"] * 3
    assert rest(plan, shelf(alpha)) == []
    plan = plans.taken(plan, rest(plan, shelf(alpha, beta))[0])
    assert [item.lesson for item in rest(plan, shelf(alpha, early, beta))] == ["beta"] * 2 + ["early"] * 3
    shorter = {**beta, "steps": beta["steps"][:1]}
    assert [item.name for item in rest(plan, shelf(shorter))] == ["q-q-one"]


def test_a_track_that_is_gone_is_waited_for() -> None:
    """A folder that was emptied for a moment ends no plan."""
    result = woken(running(), UTC, shelf(), due=MONDAY, now=MONDAY)
    assert (result.plan.phase, result.plan.trouble, result.due) == (Phase.PAUSED, Trouble.TRACK, None)


def test_a_draft_ends_after_a_day() -> None:
    """So that it does not stand in the way for ever."""
    draft = new(FULL, "en", is_public=True)
    assert draft is not None
    until = due(draft, UTC, MONDAY)
    assert until == MONDAY + DRAFT
    assert woken(draft, UTC, FULL, due=until, now=until).plan.phase is Phase.STOPPED


def test_stop_is_asked_for() -> None:
    """A forged or stale `yes` alone stops nothing."""
    plan = running()
    assert pressed(plan, Press(word="x"), FULL) is None
    asked = pressed(plan, Press(word="s"), FULL)
    assert asked is not None
    stopped = pressed(asked, Press(word="x"), FULL)
    assert stopped is not None and stopped.phase is Phase.STOPPED


def test_two_posts_in_a_row_that_nobody_got_are_counted() -> None:
    """One that got through begins the count anew."""
    plan = running(last="a")
    assert plans.seen(plan, {"a"}).misses == 0
    once = plans.seen(plan, {"b"})
    assert once.misses == 1 and plans.seen(once, ()).misses == 1
    assert plans.seen(once.model_copy(update={"last": "c"}), ()).misses == 2


def test_the_next_times_are_in_the_plans_zone() -> None:
    """Three, also over the change to summer time."""
    plan = running(zone="Europe/Berlin", days=(5, 6), hour=18)
    found = appointments(plan, ZoneInfo("Europe/Berlin"), after=datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert [each.astimezone(UTC).hour for each in found] == [17, 16, 16]
    assert {each.hour for each in found} == {18}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", Typed()),
        (
            "Europe/Berlin 18:00 mon,wed,fri",
            Typed(zone="Europe/Berlin", at=time(18), days=(0, 2, 4)),
        ),
        ("BERLIN 7:05 Mon, Tuesday", Typed(zone="Europe/Berlin", at=time(7, 5), days=(0, 1))),
        ("sat-mon utc", Typed(zone="UTC", days=(0, 5, 6))),
        ("daily +5:30 0.00", Typed(zone="+05:30", at=time(0), days=tuple(range(7)))),
        ("@daily_local weekdays", Typed(target="@daily_local", days=(0, 1, 2, 3, 4))),
        ("UTC-3 tensorflow-basics", Typed(zone="-03:00", track="tensorflow-basics")),
    ],
)  # fmt: skip
def test_what_is_typed_is_known_by_its_form(text: str, want: Typed) -> None:
    """In any order, in capitals or not."""
    assert read(text) == want


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Mars/Olympus", "plan.bad_zone"),
        ("+15:00", "plan.bad_zone"),
        ("-05:60", "plan.bad_zone"),
        ("24:00", "plan.bad_time"),
        ("18", "plan.bad_time"),
        ("18:0x", "plan.bad_time"),
        ("mon,funday", "plan.bad_days"),
        ("monn", "plan.bad_days"),
        ("hello", "plan.bad_word"),
        ("utc berlin", "plan.twice"),
        ("18:00 19:00", "plan.twice"),
    ],
)
def test_what_is_not_understood_is_named(text: str, key: str) -> None:
    """With the form that is wanted."""
    said = read(text)
    assert isinstance(said, Unclear)
    assert said.text == key
    assert said.word in text


@given(text=st.text(max_size=80))
def test_anything_may_be_typed(text: str) -> None:
    """It is read, or named as unclear; never an error."""
    said = read(text)
    assert isinstance(said, Typed) or said.word


@given(minutes=st.integers(-12 * 60, 14 * 60))
def test_offsets_are_read_as_they_are_written(minutes: int) -> None:
    """From −12:00 to +14:00."""
    sign, rest_ = "+" if minutes >= 0 else "-", abs(minutes)
    name = f"{sign}{rest_ // 60:02}:{rest_ % 60:02}"
    assert offset_name(name) == name
    zone = offset_zone(name)
    assert zone is not None and zone.utcoffset(None) == timedelta(minutes=minutes)


def test_typed_whole_begins_and_keeps_its_place_later() -> None:
    """Part of it only fills in; another track does not take the place of one under way."""
    draft = new(FULL, "en", is_public=True)
    assert draft is not None
    part = retimed(draft, Typed(at=time(7)), FULL)
    assert part is not None and (part.phase, part.hour) == (Phase.SETUP, 7)
    whole = retimed(draft, Typed(zone="UTC", at=time(7), days=(0,)), FULL)
    assert whole is not None and whole.phase is Phase.RUNNING
    moved = retimed(plans.taken(whole, rest(whole, FULL)[0]), Typed(days=(1,)), FULL)
    assert moved is not None and (moved.days, moved.count, moved.phase) == ((1,), 1, Phase.RUNNING)
    assert retimed(moved, Typed(track="other"), FULL) is None


def test_every_city_is_a_zone() -> None:
    """And the first track is one of the catalogue."""
    assert [name for name in CITIES if ZoneInfo(name).key != name] == []
    assert tracks(FULL) == ("tensorflow-basics",)
