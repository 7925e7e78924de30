"""The buttons of a study plan: each makes of the plan what it becomes, or does not fit.

Law: a button names what it makes, so that a second tap, an old message or forged data change nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.plan import Asks, Phase, Plan, Shelf, become, paused, rest, taken
from bot.core.track import tracks

PAGE = 6  # tracks on one page
MINUTE = 60
CITIES = (
    "UTC", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "Europe/London", "Africa/Lagos",
    "Europe/Berlin", "Europe/Istanbul", "Asia/Dubai", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """A button of the plan's message: what it does, and with what."""

    word: str
    value: str = ""

    @property
    def argument(self) -> str:
        """As it stands in callback data."""
        return f"{self.word}={self.value}" if self.value else self.word

    @classmethod
    def parse(cls, argument: str) -> "Press":
        """From callback data; anything can come."""
        word, _, value = argument.partition("=")
        return cls(word=word, value=value)


def pressed(plan: Plan, press: Press, shelf: Shelf) -> Plan | None:
    """What a button makes of the plan; None: it does not fit, or fits no more."""
    move = _MOVES.get((plan.phase, press.word))
    return move(plan, press.value, shelf) if move else None


def _day(plan: Plan, value: str, _: Shelf) -> Plan | None:
    """`3+` and `3-`: the day as it becomes, so that a second tap changes nothing."""
    if len(value) != 2 or value[0] not in "0123456" or value[1] not in "+-":
        return None
    day = int(value[0])
    days = {*plan.days, day} if value[1] == "+" else {*plan.days} - {day}
    return become(plan, days=tuple(sorted(days)))


def _time(plan: Plan, value: str, _: Shelf) -> Plan | None:
    """Minutes since midnight."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 4 and int(value) < 24 * MINUTE):
        return None
    return become(plan, hour=int(value) // MINUTE, minute=int(value) % MINUTE)


def _ask(plan: Plan, value: str, _: Shelf) -> Plan | None:
    """What is asked, and which page of it."""
    asks, _dot, number = value.partition(".")
    if asks not in (Asks.TRACK, Asks.ZONE) or not (number == "" or number in "0123456789"):
        return None
    return plan.model_copy(update={"asks": Asks(asks), "page": int(number or 0)})


def _back(plan: Plan, _: str, __: Shelf) -> Plan | None:
    return become(plan) if plan.asks else None


def _track(plan: Plan, value: str, shelf: Shelf) -> Plan | None:
    return become(plan, track=value) if value in tracks(shelf) else None


def _zone(plan: Plan, value: str, _: Shelf) -> Plan | None:
    return become(plan, zone=value) if value in CITIES else None


def begin(plan: Plan, _: str, shelf: Shelf) -> Plan | None:
    """A plan that has days and something to post begins."""
    return become(plan, phase=Phase.RUNNING) if plan.days and rest(plan, shelf) else None


def _pause(plan: Plan, _: str, __: Shelf) -> Plan:
    return paused(plan)


def _resume(plan: Plan, _: str, __: Shelf) -> Plan:
    return become(plan, phase=Phase.RUNNING, trouble=None, misses=0, last="")


def _skip(plan: Plan, value: str, shelf: Shelf) -> Plan | None:
    """The next item is left out, if it is the one that the button was made for."""
    todo = rest(plan, shelf)
    if value != str(plan.count) or not todo:
        return None
    after = taken(plan, todo[0])
    return after if rest(after, shelf) else become(after, phase=Phase.DONE)


def _ask_stop(plan: Plan, _: str, __: Shelf) -> Plan:
    return become(plan, asks=Asks.STOP)


def _stop(plan: Plan, _: str, __: Shelf) -> Plan | None:
    fits = plan.asks is Asks.STOP or plan.phase is Phase.SETUP
    return become(plan, phase=Phase.STOPPED) if fits else None


DAY, TIME, ASK, BACK, TRACK, ZONE = "d", "h", "a", "b", "t", "z"
BEGIN, PAUSE, RESUME, SKIP, ASK_STOP, STOP = "go", "p", "r", "k", "s", "x"
CHAT = "c"  # in private: which chat; the one word that is no plan's own
_MOVES = {
    **{
        (Phase.SETUP, word): move
        for word, move in {
            DAY: _day, TIME: _time, ASK: _ask, BACK: _back, TRACK: _track, ZONE: _zone,
            BEGIN: begin, STOP: _stop,
        }.items()
    },
    (Phase.RUNNING, PAUSE): _pause,
    (Phase.PAUSED, RESUME): _resume,
    **{
        (phase, word): move
        for phase in (Phase.RUNNING, Phase.PAUSED)
        for word, move in {SKIP: _skip, ASK_STOP: _ask_stop, STOP: _stop, BACK: _back}.items()
    },
}  # fmt: skip


def page_of(found: Sequence[str], page: int) -> tuple[Sequence[str], int, int]:
    """(what is on the page, the page that is there, how many there are)."""
    pages = max(1, -(-len(found) // PAGE))
    page = min(page, pages - 1)
    return found[page * PAGE : (page + 1) * PAGE], page, pages
