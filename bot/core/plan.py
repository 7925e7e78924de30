"""A study plan: a track posted into a chat, one thing at each appointment; a pure state machine, kept as JSON.

Law: a thing is posted at most once, an appointment posts at most one thing, and what does not fit the phase changes
nothing. After an outage the plan goes on with the next appointment; only one that is less than an hour late is still
kept. No person is in it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.core.moments import first
from bot.core.state import Value
from bot.core.track import Item, left, lessons_of, tracks
from bot.course.model import Lesson

KIND = "plan"
LATE = timedelta(hours=1)  # an appointment that is missed by less is still kept
DRAFT = timedelta(hours=24)  # a plan that nobody starts for so long ends
SHOWN = 3  # appointments in sight
INSTANT = timedelta(microseconds=1)
Shelf = Mapping[str, Lesson]


class Phase(StrEnum):
    """Where a plan is in its life."""

    SETUP = "setup"  # an administrator chooses
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"  # the track is over


class Asks(StrEnum):
    """What the plan's message asks beside its usual buttons."""

    NOTHING = ""
    TRACK = "track"
    ZONE = "zone"
    STOP = "stop"


class Trouble(StrEnum):
    """Why a plan paused by itself."""

    OUTSIDE = "outside"  # the bot is not in the chat any more
    MUTED = "muted"  # it may not post there
    UNSEEN = "unseen"  # the last two posts did not get through
    TRACK = "track"  # no lesson of the track is there
    ZONE = "zone"  # the time zone is not known any more


class Plan(Value):
    """When a plan posts what, and how far it is."""

    language: str
    track: str
    days: tuple[int, ...] = (0, 2, 4)  # weekdays, 0 is Monday
    hour: int = 18
    minute: int = 0
    zone: str = "UTC"
    phase: Phase = Phase.SETUP
    asks: Asks = Asks.NOTHING
    page: int = 0
    trouble: Trouble | None = None
    lesson: str | None = None  # the one under way
    done: tuple[str, ...] = ()  # of its items, by name
    finished: tuple[str, ...] = ()  # lessons
    count: int = 0  # items posted or skipped
    is_public: bool = True  # its message stands in the chat, not with an administrator in private
    last: str = ""  # key of the newest post
    misses: int = 0  # newest posts that did not get through

    @property
    def at(self) -> time:
        """The time of day, in the plan's zone."""
        return time(self.hour, self.minute)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.phase in (Phase.STOPPED, Phase.DONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Woken:
    """What comes of an appointment."""

    plan: Plan
    due: datetime | None
    item: Item | None = None  # to be posted now


def new(shelf: Shelf, language: str, *, is_public: bool) -> Plan | None:
    """A plan to be set up, with the first track; None if there is no lesson."""
    found = tracks(shelf)
    return Plan(language=language, track=found[0], is_public=is_public) if found else None


def rest(plan: Plan, shelf: Shelf) -> list[Item]:
    """What is still to be posted, in order."""
    lessons = lessons_of(shelf, plan.track)
    return left(lessons, lesson=plan.lesson, done=plan.done, finished=plan.finished)


def appointments(plan: Plan, zone: tzinfo, *, after: datetime, most: int = SHOWN) -> tuple[datetime, ...]:
    """The next times, as they are in the plan's zone."""
    found = first(plan.days, plan.at, zone, after=after, most=most)
    return tuple(each.astimezone(zone) for each in found)


def due(plan: Plan, zone: tzinfo, now: datetime) -> datetime | None:
    """When the plan wants to be woken; for one that begins, goes on, or has new times."""
    if plan.phase is Phase.SETUP:
        return now + DRAFT
    if plan.phase is not Phase.RUNNING:
        return None
    return next(iter(first(plan.days, plan.at, zone, after=now, most=1)), None)


def woken(plan: Plan, zone: tzinfo, shelf: Shelf, *, due: datetime, now: datetime) -> Woken:
    """Its time has come, now or while the bot was away."""
    if plan.phase is Phase.SETUP:
        return Woken(plan=become(plan, phase=Phase.STOPPED), due=None)
    if plan.phase is not Phase.RUNNING:
        return Woken(plan=plan, due=None)
    if not lessons_of(shelf, plan.track):
        return Woken(plan=paused(plan, Trouble.TRACK), due=None)
    return _met(plan, zone, shelf, due=due, now=now)


def _met(plan: Plan, zone: tzinfo, shelf: Shelf, *, due: datetime, now: datetime) -> Woken:
    """A running plan at an appointment: the next thing, if it is not too late for it."""
    todo = rest(plan, shelf)
    if not todo:
        return Woken(plan=become(plan, phase=Phase.DONE), due=None)
    newest = first(plan.days, plan.at, zone, after=max(due - INSTANT, now - LATE), most=1)
    following = next(iter(first(plan.days, plan.at, zone, after=now, most=1)), None)
    if not newest or newest[0] > now:
        return Woken(plan=plan, due=following)
    after = taken(plan, todo[0])
    if not rest(after, shelf):
        return Woken(plan=become(after, phase=Phase.DONE), due=None, item=todo[0])
    return Woken(plan=after, due=following, item=todo[0])


def taken(plan: Plan, item: Item) -> Plan:
    """The plan behind an item that was posted or skipped."""
    count = plan.count + 1
    if item.lesson == plan.lesson:
        return become(plan, done=(*plan.done, item.name), count=count)
    finished = (*plan.finished, plan.lesson) if plan.lesson else plan.finished
    return become(plan, lesson=item.lesson, done=(item.name,), finished=finished, count=count)


def paused(plan: Plan, trouble: Trouble | None = None) -> Plan:
    """The plan at rest."""
    return become(plan, phase=Phase.PAUSED, trouble=trouble) if plan.phase is Phase.RUNNING else plan


def seen(plan: Plan, there: Collection[str]) -> Plan:
    """Count the newest posts that did not get through; `there`: keys of messages that stand in the chat."""
    if not plan.last:
        return plan
    return plan.model_copy(update={"misses": 0 if plan.last in there else plan.misses + 1, "last": ""})


def become(plan: Plan, **fields: object) -> Plan:
    """The plan changed; what its message asked is answered."""
    return plan.model_copy(update={"asks": Asks.NOTHING, "page": 0, **fields})
