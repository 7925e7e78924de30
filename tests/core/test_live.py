"""Live rounds: in whatever order things come, each person counts once a question, it ends, the table is right."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.core.live import (
    AWAY,
    HALF,
    LAST,
    LONG_AWAY,
    MOST,
    PACES_S,
    READING,
    WAITING,
    Counted,
    Ending,
    Live,
    Moment,
    Part,
    Phase,
    Reached,
    Step,
    Uncounted,
    add_up,
    answer,
    begin,
    choose,
    go_on,
    mark,
    monday,
    option_argument,
    parse_option,
    set_pace,
    stop,
    table,
    wake,
)
from bot.core.turn import Lessons
from tests.core.shelves import SHELVES, lesson, shelf
from tests.talk.shelves import question, small

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
SECOND = timedelta(seconds=1)
PEOPLE = range(4)
FIVE = small("alpha", questions=[question(f"q-{n}", shuffle=True) for n in range(5)])
SHELF = shelf(FIVE)


def lobby(*, pace_s: int | None = 20, questions: int = 5) -> Live:
    """A round that waits for its start."""
    live = Live(
        language="en",
        lesson="alpha",
        title="Alpha",
        questions=choose(lesson(FIVE), questions, Random(1)),
        chat=-1,
    )
    return live.model_copy(update={"pace_s": pace_s})


def moment(now: datetime = NOON, *, answered: int = 0, shelf: Lessons = SHELF) -> Moment:
    """What a change knows."""
    return Moment(now=now, chance=Random(3), shelf=shelf, answered=answered)


def begun(**how: int | None) -> Step:
    """The first question stands."""
    step = begin(lobby(**how), moment())  # type: ignore[arg-type]  # a test's shorthand
    assert step is not None
    return step


def woken(step: Step, *, answered: int = 1, late: timedelta = timedelta(), shelf: Lessons = SHELF) -> Step:
    """Woken at its time, or later."""
    assert step.due is not None
    return wake(step.live, step.due, moment(step.due + late, answered=answered, shelf=shelf))


def phases(step: Step, number: int) -> list[Phase]:
    """Where it stands after so many wakes."""
    found = []
    for _ in range(number):
        step = woken(step)
        found.append(step.live.phase)
    return found


class Play(RuleBasedStateMachine):
    """A round among people who tap, a clock that may be late, buttons old and new, restarts, and an author."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.chance = Random(5)
        self.shelf: Lessons = SHELVES[0]
        found = self.shelf["alpha"]
        self.live = Live(
            language="en",
            lesson="alpha",
            title=found.title,
            questions=choose(found, None, self.chance),
            chat=-1,
        )
        self.due: datetime | None = NOON + WAITING
        self.votes: dict[tuple[int, int], Counted] = {}  # (person, place)
        self.put = 0

    def take(self, step: Step | None) -> None:
        """What the use case does with a step."""
        if step is None:
            return
        self.live, self.due = step.live, step.due
        self.put += step.put

    def moment(self) -> Moment:
        """The world as it is."""
        answered = sum(place == self.live.place for _, place in self.votes)
        return Moment(now=self.now, chance=self.chance, shelf=self.shelf, answered=answered)

    @rule(person=st.sampled_from(PEOPLE), place=st.integers(-1, 4), shown=st.integers(0, 7))
    def tap(self, person: int, place: int, shown: int) -> None:
        """Somebody presses a letter under some question."""
        argument = option_argument(place, shown)
        voted = (person, place) in self.votes
        found = answer(self.live, argument, voted=voted, now=self.now, shelf=self.shelf)
        if isinstance(found, Counted):
            assert self.live.running and found.place == place == self.live.place
            assert not voted
            self.votes[person, place] = found
        elif voted:
            assert found is (
                Uncounted.NOTED if self.live.running and place == self.live.place else Uncounted.WHY
            )

    @rule(late_s=st.sampled_from([0, 0, 0, 5, 60, 3600]))
    def wake(self, late_s: int) -> None:
        """The clock rings, on time or after the bot was away."""
        if self.due is not None:
            self.now = max(self.now, self.due) + late_s * SECOND
            self.take(wake(self.live, self.due, self.moment()))

    @rule(pace=st.sampled_from(["20", "40", "60", "0", "1", ""]))
    def pick(self, pace: str) -> None:
        """A pace, or none."""
        self.take(set_pace(self.live, pace, self.moment()))

    @rule()
    def begin(self) -> None:
        """Start is pressed."""
        self.take(begin(self.live, self.moment()))

    @rule(old=st.booleans())
    def press(self, old: bool) -> None:
        """The button that goes on, perhaps one of an older message."""
        self.take(go_on(self.live, "0-open" if old else mark(self.live), self.moment()))

    @precondition(lambda self: self.chance.random() < 0.2)
    @rule()
    def stop(self) -> None:
        """/stop."""
        if self.live.phase is not Phase.OVER:
            self.take(stop(self.live, self.moment()))

    @rule(seconds=st.integers(0, 30))
    def pass_time(self, seconds: int) -> None:
        """Nothing happens for a while."""
        self.now += seconds * SECOND

    @rule()
    def restart(self) -> None:
        """The state goes through the store."""
        self.live = Live.model_validate_json(self.live.model_dump_json())

    @rule(shelf=st.sampled_from(SHELVES))
    def edit(self, shelf: Lessons) -> None:
        """The author changes the lessons."""
        self.shelf = shelf

    @invariant()
    def it_is_woken_again_until_it_is_over(self) -> None:
        """Nothing stands still, and what is over is over."""
        assert (self.due is None) == (self.live.phase is Phase.OVER) == (self.live.ending is not None)

    @invariant()
    def each_question_is_put_once(self) -> None:
        """In order, never more than there are."""
        asked = [each.question for each in self.live.asked]
        assert len(asked) == self.put <= len(self.live.questions)
        assert asked == [each for each in self.live.questions if each in asked]

    @invariant()
    def points_add_up(self) -> None:
        """A right answer brings a half or a whole, a wrong one nothing; the table has the same sum, in order."""
        assert {each.points for each in self.votes.values()} <= {0.0, HALF, 1.0}
        assert all(bool(each.points) == each.correct for each in self.votes.values())
        reached = add_up((person, each.points, each.seconds) for (person, _), each in self.votes.items())
        rows = table(reached, {person: str(person) for person in PEOPLE}).rows
        assert sum(row.points for row in rows) == sum(each.points for each in self.votes.values())
        assert [(-row.points, row.seconds) for row in rows] == sorted(
            (-each.points, each.seconds) for each in reached.values()
        )

    def teardown(self) -> None:
        """Left alone, it ends: three wakes a question are enough."""
        for _ in range(3 * len(self.live.questions) + 3):
            if self.due is not None:
                self.now = max(self.now, self.due)
                self.take(wake(self.live, self.due, self.moment()))
        assert self.live.phase is Phase.OVER
        assert not isinstance(answer(self.live, "0-0", voted=False, now=self.now, shelf=self.shelf), Counted)


TestPlay = Play.TestCase
TestPlay.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_question_has_its_time_its_last_seconds_and_its_solution() -> None:
    """Twenty seconds, eight at half the points, ten to read; then the next one."""
    step = begun()
    assert (step.due, step.parts, step.put) == (NOON + 20 * SECOND, (Part.LOBBY, Part.QUESTION), True)
    last = woken(step)
    assert (last.live.phase, last.due) == (Phase.LAST, NOON + 20 * SECOND + LAST)
    shown = woken(last)
    assert (shown.live.phase, shown.due) == (Phase.SHOWN, NOON + 20 * SECOND + LAST + READING)
    second = woken(shown)
    assert (second.live.phase, second.live.place, second.put) == (Phase.OPEN, 1, True)


def test_after_its_questions_it_is_done() -> None:
    """Two questions, and the table after the second solution was read."""
    assert phases(begun(questions=2), 6) == [
        Phase.LAST,
        Phase.SHOWN,
        Phase.OPEN,
        Phase.LAST,
        Phase.SHOWN,
        Phase.OVER,
    ]


def closed(step: Step, *, answered: int) -> Step:
    """Its solution is shown; so many had answered."""
    return woken(woken(step, answered=answered), answered=answered)


def test_two_unanswered_questions_end_it() -> None:
    """One after the other; an answer in between begins the count anew."""
    step = begun()
    for answered in (0, 2, 0):
        step = woken(closed(step, answered=answered))
        assert step.live.phase is Phase.OPEN
    over = closed(step, answered=0)
    assert (over.live.ending, over.parts) == (Ending.SILENT, (Part.QUESTION, Part.TABLE))


@pytest.mark.parametrize(("after_s", "points"), [(0, 1.0), (20, 1.0), (20.001, HALF), (27, HALF), (-5, 1.0)])
def test_the_time_decides_what_an_answer_is_worth(after_s: float, points: float) -> None:
    """Also when the clock is late to say that it is over; a clock that went back gives no negative seconds."""
    live = begun().live
    right = next(shown for shown, option in enumerate(live.asked[0].order) if option == 0)
    now = NOON + timedelta(seconds=after_s)
    found = answer(live, option_argument(0, right), voted=False, now=now, shelf=SHELF)
    assert isinstance(found, Counted)
    assert (found.points, found.correct, found.seconds) == (points, True, max(after_s, 0))


def test_without_a_timer_only_the_button_goes_on() -> None:
    """No half points; one press shows the solution, the next one asks; the same press twice is one."""
    step = begun(pace_s=None)
    first = mark(step.live)
    shown = go_on(step.live, first, moment(NOON + 3600 * SECOND, answered=1))
    assert shown is not None and shown.live.phase is Phase.SHOWN
    assert go_on(shown.live, first, moment()) is None
    second = go_on(shown.live, mark(shown.live), moment())
    assert second is not None and second.put
    assert go_on(begun().live, mark(begun().live), moment()) is None
    idle = woken(second)
    assert idle.live.ending is Ending.IDLE


def test_who_was_away_closes_the_question_and_says_so() -> None:
    """A little late is on time; later the question closes at once; much later nobody waits any more."""
    step = begun()
    assert woken(step, late=AWAY).live.phase is Phase.LAST
    back = woken(step, late=AWAY + SECOND)
    assert (back.live.phase, back.live.away) == (Phase.SHOWN, True)
    assert not woken(back).live.away
    over = woken(step, late=LONG_AWAY + SECOND)
    assert (over.live.ending, over.parts) == (Ending.AWAY, (Part.QUESTION, Part.TABLE))
    assert woken(begun(pace_s=None), late=LONG_AWAY).live.ending is Ending.AWAY


def test_a_changed_question_is_passed_over() -> None:
    """It has no last seconds, its answers count no more, and that nobody answered it says nothing."""
    step = begun()
    changed = shelf({**FIVE, "questions": [question(f"q-{n}", ask=f"Now {n}?") for n in range(5)]})
    tap = answer(step.live, "0-0", voted=False, now=NOON, shelf=changed)
    assert tap is Uncounted.CHANGED
    closed = woken(step, answered=0, shelf=changed)
    assert (closed.live.phase, closed.live.silent) == (Phase.SHOWN, 0)
    assert woken(closed, shelf=changed).live.place == 1


def test_a_lesson_that_is_gone_ends_it() -> None:
    """In the lobby, while a question stands, before the next one."""
    assert begin(lobby(), moment(shelf={})).live.ending is Ending.GONE  # type: ignore[union-attr]
    step = begun()
    assert woken(step, shelf={}).live.ending is Ending.GONE
    shown = woken(woken(step))
    assert woken(shown, shelf={}).live.ending is Ending.GONE
    fewer = shelf({**FIVE, "questions": FIVE["questions"][:1]})
    assert woken(shown, shelf=fewer).live.phase in (Phase.OVER, Phase.OPEN)


def test_stopping_shows_what_stands() -> None:
    """A question with its solution, then the table; a lobby is called off without one."""
    assert stop(begun().live, moment(answered=1)).parts == (Part.QUESTION, Part.TABLE)
    assert stop(lobby(), moment()).parts == (Part.LOBBY,)
    assert stop(woken(woken(begun())).live, moment()).parts == (Part.TABLE,)


@given(st.text(max_size=8))
def test_anybody_may_send_anything(argument: str) -> None:
    """Callback data that is none is no answer, and no error."""
    found = answer(begun().live, argument, voted=False, now=NOON, shelf=SHELF)
    parsed = parse_option(argument)
    assert isinstance(found, Counted) == (parsed is not None and parsed[0] == 0 and parsed[1] < 2)


@given(st.integers(1, 60), st.integers())
def test_questions_are_chosen_in_the_lessons_order(number: int, seed: int) -> None:
    """So many, none twice; without a number all of them, up to ten."""
    many = lesson(small("many", questions=[question(f"q-{n}") for n in range(40)]))
    found = choose(many, number, Random(seed))
    assert len(found) == min(number, MOST)
    assert list(found) == [each.id for each in many.practice if each.id in found]
    assert len(choose(many, None, Random(seed))) == 10


def test_the_paces() -> None:
    """Before the start only, and only those there are."""
    assert PACES_S == (20, 40, 60)
    live = lobby()
    assert [set_pace(live, pace, moment()) is not None for pace in ("20", "40", "60", "0", "5", "x")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert set_pace(begun().live, "40", moment()) is None


def test_the_table_orders_by_points_then_time() -> None:
    """Those without a name are a number, wherever they stand."""
    reached = {
        1: Reached(points=2, seconds=9),
        2: Reached(points=2, seconds=4),
        3: Reached(points=2.5, seconds=60),
        4: Reached(points=9, seconds=1),
    }
    found = table(reached, {1: "Ann", 2: "Bob", 3: "Cem", 9: "Nobody"})
    assert [row.name for row in found.rows] == ["Cem", "Bob", "Ann"]
    assert found.others == 1


def test_a_week_begins_on_monday() -> None:
    """At midnight UTC."""
    assert monday(NOON) == datetime(2026, 3, 2, tzinfo=UTC)
    assert monday(datetime(2026, 3, 2, tzinfo=UTC)) == datetime(2026, 3, 2, tzinfo=UTC)
    assert monday(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)) == datetime(2026, 2, 23, tzinfo=UTC)
