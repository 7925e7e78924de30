"""A live round in a group: one question after the other, for everybody at once; what time, taps and commands do to it.

Law: the state holds no person. Who chose what are votes in the store, one a person and question; the state only
says which question stands, what an answer to it is worth now, and when time is up. Whatever comes in whatever
order, a round ends: after its questions, after two that nobody answered, when nobody goes on with it, or when it
is stopped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from bot.core.quiz import find, print_of
from bot.core.state import Asked, Value
from bot.core.turn import Lessons
from bot.course.model import Lesson, Question

PACES_S = (20, 40, 60)
FIRST_PACE_S = 40  # until the starter picks one
USUAL, MOST = 10, 30  # questions: when none is asked for, and at most
LAST = timedelta(seconds=8)  # for slower players, at half the points
READING = timedelta(seconds=10)  # between the solution and the next question
WAITING = timedelta(minutes=10)  # for the start, and without a timer for the button that goes on
AWAY = timedelta(seconds=15)  # who is woken later than this was away: the question closes at once
LONG_AWAY = timedelta(minutes=10)  # and after this nobody waits for the round any more
SILENT = 2  # unanswered questions, one after the other, that end a round
HALF = 0.5


class Phase(StrEnum):
    """Where a round stands."""

    LOBBY = "lobby"  # the starter picks the pace, people join
    OPEN = "open"  # a question waits for answers
    LAST = "last"  # its last seconds, at half the points
    SHOWN = "shown"  # its solution is shown
    OVER = "over"


class Ending(StrEnum):
    """Why a round is over."""

    DONE = "done"
    STOPPED = "stopped"
    SILENT = "silent"  # two questions that nobody answered
    IDLE = "idle"  # nobody pressed the button that starts it or goes on
    AWAY = "away"  # the bot was away for too long
    GONE = "gone"  # the lesson, or all that was left of its questions


class Live(Value):
    """A round; `asked` are the questions so far, as they were shown, the last one is the one that stands."""

    language: str
    lesson: str
    title: str  # the lesson's, should it be gone
    questions: tuple[str, ...]  # those to come and those that were, in order
    chat: int  # where what is said last stands: message ids do not move with a group
    pace_s: int | None = FIRST_PACE_S
    phase: Phase = Phase.LOBBY
    next: int = 0  # place in `questions` of the one that comes next
    asked: tuple[Asked, ...] = ()
    closes: datetime | None = None  # until when the full points are given; None: no timer
    silent: int = 0  # unanswered ones up to here
    away: bool = False  # the bot has been away since the last message
    ending: Ending | None = None

    @property
    def running(self) -> bool:
        """Whether a question waits for answers."""
        return self.phase in (Phase.OPEN, Phase.LAST)

    @property
    def place(self) -> int:
        """The place of the question that stands among those asked; -1 before the first."""
        return len(self.asked) - 1

    @property
    def total(self) -> int:
        """How many questions there are, without those that were passed over."""
        return len(self.asked) + len(self.questions) - self.next


class Part(StrEnum):
    """What is said or renewed after a change: one message each."""

    LOBBY = "lobby"
    QUESTION = "question"  # the one that stands is put, or renewed
    TABLE = "table"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What becomes of a round: its new state, when it wants to be woken, and what is said, in this order."""

    live: Live
    due: datetime | None
    parts: tuple[Part, ...]
    put: bool = False  # the question is a new one


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What a change needs to know of the world; `answered`: how many answered the question that stands."""

    now: datetime
    chance: Random
    shelf: Lessons
    answered: int = 0


# beginning


def choose(lesson: Lesson, number: int | None, chance: Random) -> tuple[str, ...]:
    """So many practice questions, picked by chance, in the lesson's order; None: all, up to ten."""
    all_ = [question.id for question in lesson.practice]
    count = min(USUAL if number is None else number, MOST, len(all_))
    picked = set(chance.sample(all_, count))
    return tuple(each for each in all_ if each in picked)


def set_pace(live: Live, argument: str, moment: Moment) -> Step | None:
    """Another pace, by its seconds; `0` is no timer. None: it began already, or there is no such pace."""
    paces = {str(pace): pace for pace in PACES_S} | {"0": None}
    if live.phase is not Phase.LOBBY or argument not in paces:
        return None
    changed = live.model_copy(update={"pace_s": paces[argument]})
    return Step(live=changed, due=moment.now + WAITING, parts=(Part.LOBBY,))


def begin(live: Live, moment: Moment) -> Step | None:
    """The first question; None: it began already."""
    if live.phase is not Phase.LOBBY:
        return None
    step = _ask(live, moment)
    parts = (Part.LOBBY, *(part for part in step.parts if part is not Part.LOBBY))
    return replace(step, parts=parts)


# going on


def wake(live: Live, due: datetime, moment: Moment) -> Step:
    """Its time has come, perhaps a while ago."""
    late = moment.now - due
    if live.phase is Phase.OVER:
        return Step(live=live, due=None, parts=())
    if live.phase is Phase.LOBBY or (live.pace_s is None and late <= AWAY):
        return _end(live, Ending.IDLE, moment)
    if live.pace_s is None or late > LONG_AWAY:
        return _end(live, Ending.AWAY, moment)
    live = live.model_copy(update={"away": late > AWAY})
    if live.phase is Phase.OPEN and not live.away and stands(live, live.place, moment.shelf):
        last = live.model_copy(update={"phase": Phase.LAST})
        return Step(live=last, due=moment.now + LAST, parts=(Part.QUESTION,))
    return _close(live, moment) if live.running else _ask(live, moment)


def go_on(live: Live, argument: str, moment: Moment) -> Step | None:
    """The button of a round without a timer; None: it went on already, by this or another press."""
    if live.pace_s is not None or live.phase not in (Phase.OPEN, Phase.SHOWN) or argument != mark(live):
        return None
    return _close(live, moment) if live.running else _ask(live, moment)


def mark(live: Live) -> str:
    """What a button that goes on carries, so that each press goes on from what it stands under."""
    return f"{live.place}-{live.phase}"


def stop(live: Live, moment: Moment) -> Step:
    """Somebody who may has stopped it: the question that stands is closed with what was answered."""
    return _end(live, Ending.STOPPED, moment)


def _ask(live: Live, moment: Moment) -> Step:
    """The next question that is still in the lesson, else the end."""
    lesson = moment.shelf.get(live.lesson)
    for place in range(live.next, len(live.questions)):
        question = find(lesson, live.questions[place]) if lesson else None
        if question is not None:
            return _put(live, place, question, moment)
    ending = Ending.DONE if lesson and live.asked and live.next >= len(live.questions) else Ending.GONE
    return _end(live, ending, moment)


def _put(live: Live, place: int, question: Question, moment: Moment) -> Step:
    places = range(len(question.options))
    order = moment.chance.sample(places, len(places)) if question.shuffle else places
    asked = Asked(question=question.id, order=tuple(order), seen=print_of(question), shown_at=moment.now)
    pace = None if live.pace_s is None else timedelta(seconds=live.pace_s)
    closes = None if pace is None else moment.now + pace
    live = live.model_copy(
        update={
            "phase": Phase.OPEN,
            "next": place + 1,
            "asked": (*live.asked, asked),
            "closes": closes,
        }
    )
    return Step(live=live, due=closes or moment.now + WAITING, parts=(Part.QUESTION,), put=True)


def _close(live: Live, moment: Moment) -> Step:
    """The solution; after two that nobody answered the end."""
    live = _closed(live, moment)
    if live.lesson not in moment.shelf:
        return _over(live, Ending.GONE, (Part.QUESTION,))
    if live.silent >= SILENT:
        return _over(live, Ending.SILENT, (Part.QUESTION,))
    wait = WAITING if live.pace_s is None else READING
    return Step(live=live, due=moment.now + wait, parts=(Part.QUESTION,))


def _closed(live: Live, moment: Moment) -> Live:
    """A question that changed meanwhile is passed over: that nobody answered it says nothing."""
    silent = 0 if moment.answered else live.silent + 1
    if not moment.answered and stands(live, live.place, moment.shelf) is None:
        silent = live.silent
    return live.model_copy(update={"phase": Phase.SHOWN, "silent": silent})


def _end(live: Live, ending: Ending, moment: Moment) -> Step:
    if live.running:
        return _over(_closed(live, moment), ending, (Part.QUESTION,))
    if not live.asked:
        return _over(live, ending, (Part.LOBBY,))
    # Without a timer the solution has a button that goes on: nothing goes on any more.
    return _over(live, ending, (Part.QUESTION,) if live.pace_s is None else ())


def _over(live: Live, ending: Ending, parts: tuple[Part, ...]) -> Step:
    over = live.model_copy(update={"phase": Phase.OVER, "ending": ending})
    return Step(live=over, due=None, parts=(*parts, Part.TABLE) if live.asked else parts)


# answering


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """An answer that counts."""

    lesson: str
    question: str
    place: int  # of the question among those asked
    option: int  # in the lesson file
    correct: bool
    points: float
    seconds: float  # from asked to answered


class Uncounted(StrEnum):
    """Why a tap counts nothing."""

    NOTED = "noted"  # the person has answered this one
    LATE = "late"  # the round has gone on without this person's answer
    WHY = "why"  # it has gone on, and this person answered: the explanation waits in private
    CHANGED = "changed"  # the author changed the question meanwhile
    STALE = "stale"  # no button of ours


def answer(live: Live, argument: str, *, voted: bool, now: datetime, shelf: Lessons) -> Counted | Uncounted:
    """What a tap on an option is; `argument` is what the button carries, `voted`: this person answered it before."""
    tapped = parse_option(argument)
    if tapped is None or tapped[0] > live.place:
        return Uncounted.STALE
    place, shown = tapped
    if not live.running or place != live.place:
        return Uncounted.WHY if voted else Uncounted.LATE
    if voted:
        return Uncounted.NOTED
    asked = live.asked[place]
    question = stands(live, place, shelf)
    if question is None:
        return Uncounted.CHANGED
    if shown >= len(asked.order):
        return Uncounted.STALE
    option = asked.order[shown]
    correct = question.options[option].correct
    return Counted(
        lesson=live.lesson,
        question=question.id,
        place=place,
        option=option,
        correct=correct,
        points=worth(live, now) if correct else 0.0,
        seconds=round(max(0.0, (now - asked.shown_at).total_seconds()), 3),
    )


def worth(live: Live, now: datetime) -> float:
    """What a right answer brings: half once the time is over, also when the bot is late to say so."""
    if live.phase is not Phase.OPEN:
        return HALF
    return 1.0 if live.closes is None or now <= live.closes else HALF


def option_argument(place: int, shown: int) -> str:
    """What the button of an option carries: the question's place, and the option's as shown."""
    return f"{place}-{shown}"


def parse_option(argument: str) -> tuple[int, int] | None:
    """The two of `option_argument`; None for what is none. Never raises: anybody can send anything."""
    place, dash, shown = argument.partition("-")
    numbers = [part for part in (place, shown) if part.isascii() and part.isdecimal() and len(part) <= 2]
    return (int(place), int(shown)) if dash and len(numbers) == 2 else None


def stands(live: Live, place: int, shelf: Lessons) -> Question | None:
    """The question at a place, if it still is as it was shown."""
    lesson = shelf.get(live.lesson)
    asked = live.asked[place]
    question = find(lesson, asked.question) if lesson else None
    return question if question is not None and print_of(question) == asked.seen else None


# the table


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What somebody has in all."""

    points: float
    seconds: float  # for what brought points


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Somebody who shows a name."""

    name: str
    points: float
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Names with what they reached, the best first; all others are a number."""

    rows: tuple[Row, ...]
    others: int


def add_up(votes: Iterable[tuple[int, float, float | None]]) -> dict[int, Reached]:
    """Person → what all votes (person, points, seconds) come to."""
    found: dict[int, Reached] = {}
    for person, points, seconds in votes:
        before = found.get(person, Reached(points=0.0, seconds=0.0))
        found[person] = Reached(points=before.points + points, seconds=before.seconds + (seconds or 0.0))
    return found


def table(reached: Mapping[int, Reached], names: Mapping[int, str]) -> Table:
    """By points, then by time; who shows no name is counted with the others, wherever they stand."""
    rows = [
        Row(name=names[person], points=each.points, seconds=each.seconds)
        for person, each in reached.items()
        if person in names
    ]
    rows.sort(key=lambda row: (-row.points, row.seconds, row.name))
    return Table(rows=tuple(rows), others=len(reached) - len(rows))


def monday(now: datetime) -> datetime:
    """When this week began: Monday, 00:00 UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
