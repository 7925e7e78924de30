"""Time zones by name, from the system's tables or the package tzdata.

Law: tables are files, so they are read in a thread; what was read once stays.
"""

import asyncio
from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.core.plan_typed import offset_zone

NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})


class Zones:
    """Names and zones; a city may stand for its zone, in small letters or not."""

    def __init__(self) -> None:
        self._names: dict[str, str] | None = None

    async def names(self) -> Mapping[str, str]:
        """Name or city in small letters → the zone's name."""
        if self._names is None:
            self._names = await asyncio.to_thread(_read_names)
        return self._names

    async def get(self, name: str) -> tzinfo | None:
        """The zone; None if there is none (any more) by this name."""
        return offset_zone(name) or await asyncio.to_thread(_read, name)


def _read_names() -> dict[str, str]:
    """Whole names win over cities, and of two places with one name the shorter and earlier does."""
    names = sorted(available_timezones() - NO_PLACES, key=lambda name: (name.count("/"), name), reverse=True)
    cities = {name.rpartition("/")[2].lower(): name for name in names if not name.startswith("Etc/")}
    return cities | {name.lower(): name for name in names}


def _read(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones; ValueError: no name
        return None
