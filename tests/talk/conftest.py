"""A running bot and the people who talk to it."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from tests.house import Running, running
from tests.person import Person

NUMBERS = count(1001)  # a new learner for each test in the town


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Running]:
    """The bot with the lessons of the house, a file of its own, and SGD in plain Python."""
    async with running(tmp_path) as bot:
        yield bot


@pytest.fixture
def ada(bot: Running) -> Person:
    """A learner."""
    return Person(bot.local)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One bot for all tests of a module, which come with learners of their own."""
    async with running(tmp_path_factory.mktemp("town")) as bot:
        yield bot


@pytest.fixture
def learner(town: Running) -> Iterator[Person]:
    """A newcomer to the town."""
    person = Person(town.local, next(NUMBERS))
    yield person
    person.leave()


@pytest.fixture
def friend(town: Running) -> Iterator[Person]:
    """Another newcomer."""
    person = Person(town.local, next(NUMBERS))
    yield person
    person.leave()
