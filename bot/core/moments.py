"""Appointments: the same hour on chosen days of the week in one zone, as moments in UTC.

Law: moments strictly increase. A local time that the clocks skip is the moment at which they jump; of one that
comes twice the first counts. The zone is given: what it says about a time is a table, read elsewhere.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count, islice

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MARGIN = 2  # days that a zone's date can be behind: no clock was ever set back by more


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """The moment of a local time, in UTC."""
    early, late = sorted(
        datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    local = datetime.combine(day, at)
    if early.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return early
    return _jump(early, late, zone)


def _jump(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """The first second with another offset than `early` has, by halving; it lies between the two."""
    before, low, high = early.astimezone(zone).utcoffset(), 0, (late - early) // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if (early + middle * SECOND).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return early + high * SECOND


def moments(days: Collection[int], at: time, zone: tzinfo, *, after: datetime) -> Iterator[datetime]:
    """Appointments later than `after`, in UTC, without end; days: weekdays, 0 is Monday; none: no appointments."""
    if not days:
        return
    start = after.astimezone(zone).date() - MARGIN * DAY
    last = after
    for number in count():
        day = start + number * DAY
        found = moment(day, at, zone) if day.weekday() in days else last
        if found > last:
            last = found
            yield found


def first(
    days: Collection[int], at: time, zone: tzinfo, *, after: datetime, most: int
) -> tuple[datetime, ...]:
    """The first appointments later than `after`, at most so many."""
    return tuple(islice(moments(days, at, zone, after=after), most))
