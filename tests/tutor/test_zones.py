"""Time zones by name, city and offset."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.tutor.zones import Zones


async def test_a_city_stands_for_its_zone() -> None:
    """In small letters; a whole name wins over a city of that name."""
    names = await Zones().names()
    assert names["berlin"] == names["europe/berlin"] == "Europe/Berlin"
    assert names["new_york"] == "America/New_York"
    assert names["utc"] == "UTC"
    assert not {"factory", "localtime", "posixrules"} & set(names)


async def test_every_name_is_a_zone() -> None:
    """What is offered can be read."""
    zones = Zones()
    for name in sorted(set((await zones.names()).values()))[::25]:
        assert await zones.get(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "x\0y", "+99:00", "é"]
)
async def test_what_is_no_zone_is_none(name: str) -> None:
    """Also a name that reaches for another file."""
    assert await Zones().get(name) is None


async def test_an_offset_is_a_zone() -> None:
    """Of a quarter of an hour, too."""
    zone = await Zones().get("+05:45")
    assert zone is not None and zone.utcoffset(None) == timedelta(hours=5, minutes=45)
