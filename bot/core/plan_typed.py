"""What somebody types behind `/plan`: zone, time, days, track and @channel, in any order; each part known by its form.

Law: what is not understood is named, with the form that is wanted; nothing is guessed.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta, timezone

from bot.core.plan import Phase, Plan, Shelf, become
from bot.core.plan_moves import begin

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GROUPS = {"daily": tuple(range(7)), "weekdays": tuple(range(5)), "weekend": (5, 6)}
LEAST, MOST = timedelta(hours=-12), timedelta(hours=14)  # of all offsets that are in use
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})", re.ASCII)
_OFFSET = re.compile(r"(?:utc|gmt)?([+−-])(\d{1,2})(?::?(\d{2}))?", re.ASCII | re.IGNORECASE)
_CHANNEL = re.compile(r"@\w{4,32}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What was typed behind `/plan`; None: not said."""

    zone: str | None = None
    at: time | None = None
    days: tuple[int, ...] | None = None
    track: str | None = None
    target: str = ""  # @channel

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be chosen."""
        return None not in (self.zone, self.at, self.days)

    @property
    def says_something(self) -> bool:
        """Whether anything of the plan was said."""
        return any(each is not None for each in (self.zone, self.at, self.days, self.track))


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """A word that is none of what is wanted; `text`: catalogue key of the line that says what is."""

    text: str
    word: str


def typed(argument: str, *, zones: Mapping[str, str], tracks: Collection[str]) -> Typed | Unclear:
    """What was typed; zones: name in small letters → the name as it is written."""
    found = Typed()
    for word in re.sub(r"\s*,\s*", ",", argument.strip()).split():
        part = _part(word, zones, tracks)
        if isinstance(part, Unclear):
            return part
        if any(getattr(found, name) not in (None, "") for name in part):
            return Unclear(text="plan.twice", word=word)
        found = replace(found, **part)  # type: ignore[arg-type]  # names and values come from `_part`
    return found


def retimed(plan: Plan, typed: Typed, shelf: Shelf) -> Plan | None:
    """The plan with what was typed: set up and, if nothing is missing, begun; one under way keeps its place.

    None: it is under way with another track.
    """
    if plan.phase is not Phase.SETUP and typed.track not in (None, plan.track):
        return None
    fields: dict[str, object] = {"track": typed.track or plan.track}
    if typed.zone is not None:
        fields["zone"] = typed.zone
    if typed.days is not None:
        fields["days"] = typed.days
    if typed.at is not None:
        fields |= {"hour": typed.at.hour, "minute": typed.at.minute}
    after = become(plan, **fields)
    begun = begin(after, "", shelf) if plan.phase is Phase.SETUP and typed.is_whole else None
    return begun or after


def _part(word: str, zones: Mapping[str, str], tracks: Collection[str]) -> dict[str, object] | Unclear:
    """The field that a word fills."""
    small = word.lower()
    if _CHANNEL.fullmatch(word):
        return {"target": word}
    if match := _TIME.fullmatch(word):
        hour, minute = int(match[1]), int(match[2])
        is_time = hour < 24 and minute < 60
        return {"at": time(hour, minute)} if is_time else Unclear(text="plan.bad_time", word=word)
    if _OFFSET.fullmatch(word):
        zone = offset_name(word)
        return {"zone": zone} if zone else Unclear(text="plan.bad_zone", word=word)
    known = {"days": _days(small), "track": small if small in tracks else None, "zone": zones.get(small)}
    name = next((name for name, value in known.items() if value), None)
    return {name: known[name]} if name else Unclear(text=_wanted(small), word=word)


def _wanted(word: str) -> str:
    """Which form a word that has none comes closest to."""
    if "/" in word:
        return "plan.bad_zone"
    if ":" in word or word.isdecimal():
        return "plan.bad_time"
    if "," in word or word[:3] in DAYS:
        return "plan.bad_days"
    return "plan.bad_word"


def _days(word: str) -> tuple[int, ...]:
    """`mon,wed,fri`, `mon-fri`, `daily`; empty if it is none of these."""
    found: set[int] = set()
    for part in word.split(","):
        begin, dash, end = part.partition("-")
        if part in GROUPS:
            found |= {*GROUPS[part]}
        elif _day(begin) is not None and not dash:
            found |= {_day(begin) or 0}
        elif (start := _day(begin)) is not None and (stop := _day(end)) is not None:
            found |= {(start + number) % 7 for number in range((stop - start) % 7 + 1)}
        else:
            return ()
    return tuple(sorted(found))


def _day(word: str) -> int | None:
    return next((place for place in range(7) if word in (DAYS[place], LONG[place])), None)


def offset_name(word: str) -> str | None:
    """`+05:30` for `+5:30`, `UTC+0530` and the like; None if no clock anywhere is so."""
    match = _OFFSET.fullmatch(word)
    if match is None or int(match[3] or 0) >= 60:
        return None
    span = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    sign = "+" if match[1] == "+" else "-"
    if not LEAST <= (span if sign == "+" else -span) <= MOST:
        return None
    return f"{sign}{int(match[2]):02}:{int(match[3] or 0):02}"


def offset_zone(name: str) -> timezone | None:
    """The zone of an offset as `offset_name` writes it; None if the name is none."""
    written = offset_name(name)
    if written is None:
        return None
    span = timedelta(hours=int(written[1:3]), minutes=int(written[4:]))
    return timezone(span if written[0] == "+" else -span, written)
