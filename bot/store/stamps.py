"""Times as the store writes them: UTC, ISO 8601 with microseconds, so that they sort as text."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """A time as the store writes it; ValueError for a time without its zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; the store takes UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
