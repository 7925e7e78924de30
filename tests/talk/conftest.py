"""A running bot and the people who talk to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house import Running, running
from tests.person import Person


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Running]:
    """The bot with the lessons of the house, a file of its own, and SGD in plain Python."""
    async with running(tmp_path) as bot:
        yield bot


@pytest.fixture
def ada(bot: Running) -> Person:
    """A learner."""
    return Person(bot.local)
