"""A time as somebody types it: a date and an hour in UTC, or with an offset; an hour alone is the next such one."""

import re
from datetime import UTC, datetime, timedelta, timezone

_DATED = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})[ T]+)?(\d{1,2}):(\d{2})\s*(Z|UTC|[+−-]\d{1,2}(?::?\d{2})?)?", re.I
)


def moment(text: str, now: datetime) -> datetime | None:
    """The time in UTC; None if the text is none."""
    found = _DATED.fullmatch(text.strip()) if text.isascii() or "−" in text else None
    if found is None:
        return None
    year, month, day, hour, minute, zone = found.groups()
    try:
        offset = timezone(_offset(zone))
        here = now.astimezone(offset)
        date = (int(year), int(month), int(day)) if year else (here.year, here.month, here.day)
        at = datetime(*date, int(hour), int(minute), tzinfo=offset).astimezone(UTC)
        return at if year or at > now else at + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> timedelta:
    if not zone or zone.upper() in ("Z", "UTC"):
        return timedelta()
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return span if zone[0] == "+" else -span
