"""Appointments: strictly one after the other, on the chosen days at the chosen time, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.moments import first, moment, moments

HOUR = timedelta(hours=1)
ZONES = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime", "posixrules"})).map(ZoneInfo)
DAYS = st.frozensets(st.integers(0, 6), min_size=1)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
NOW = st.datetimes(datetime(1900, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BERLIN = ZoneInfo("Europe/Berlin")


def is_skipped(day: date, at: time, zone: ZoneInfo) -> bool:
    """Whether the clocks of a zone never show this local time."""
    local = datetime.combine(day, at)
    back = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None, fold=0) != local


@given(zone=ZONES, days=DAYS, at=TIMES, after=NOW)
@example(zone=ZoneInfo("Pacific/Apia"), days={4, 5}, at=time(0, 0), after=datetime(2011, 12, 25, tzinfo=UTC))
@example(zone=BERLIN, days={6}, at=time(2, 30), after=datetime(2026, 3, 20, tzinfo=UTC))
@example(zone=BERLIN, days={6}, at=time(2, 30), after=datetime(2026, 10, 20, tzinfo=UTC))
@example(zone=ZoneInfo("Asia/Manila"), days={0}, at=time(12, 0), after=datetime(1844, 12, 1, tzinfo=UTC))
def test_appointments_increase_on_chosen_days_at_the_chosen_time(
    zone: ZoneInfo, days: frozenset[int], at: time, after: datetime
) -> None:
    """Each is later than the one before; on a chosen day at the time, or where the clocks jumped over it."""
    last = after
    for found in islice(moments(days, at, zone, after=after), 20):
        assert found > last
        last = found
        local = found.astimezone(zone)
        if local.weekday() in days and local.time() == at:
            continue
        before = (found - timedelta(seconds=1)).astimezone(zone)
        jumped = [local.date() - timedelta(days=back) for back in range(3)]
        assert local.utcoffset() != before.utcoffset()
        assert any(day.weekday() in days and is_skipped(day, at, zone) for day in jumped)


@given(zone=ZONES, at=TIMES, after=NOW)
def test_no_day_is_left_out(zone: ZoneInfo, at: time, after: datetime) -> None:
    """Daily means daily: two appointments lie at most two days apart, save where a date was lived twice."""
    found = first(range(7), at, zone, after=after, most=20)
    gaps = [late - early for early, late in pairwise(found)]
    assert all(gap <= timedelta(hours=49) for gap in gaps)
    assert found[0] - after <= timedelta(hours=49)


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 28, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # 02:30 is skipped: 03:00 summer time
        (date(2026, 3, 30), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first 02:30 of two
    ],
)
def test_half_past_two_in_berlin(day: date, utc: datetime) -> None:
    """Skipped in March, twice in October."""
    assert moment(day, time(2, 30), BERLIN) == utc


def test_no_days_no_appointments() -> None:
    """Nor an endless search."""
    assert first((), time(18), UTC, after=datetime(2026, 1, 1, tzinfo=UTC), most=3) == ()
