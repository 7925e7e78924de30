"""Order, patience, and the loop: fast tests first, no deadline for property tests, and the bot's own event loop."""

import asyncio
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from bot.cli.loop import new_loop
from tests.postgres import Cluster, cluster

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real Postgres server of this test run; without one, whoever asks for it is skipped by name."""
    with cluster() as server:
        yield server


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What a test is run in is what the bot runs in."""
    return {"the bot's": _strict_loop}


def _strict_loop() -> asyncio.AbstractEventLoop:
    """The bot's loop; what is left open when it closes is an error, as all warnings are.

    Not before it is closed: libuv would wait for ever for what an error kept it from closing.
    """
    loop = new_loop()
    close = loop.close

    def close_then_complain() -> None:
        with warnings.catch_warnings(record=True) as left_open:
            warnings.simplefilter("always", ResourceWarning)
            close()
        for each in left_open:
            warnings.warn(str(each.message), each.category, stacklevel=2)

    loop.close = close_then_complain  # type: ignore[method-assign]
    return loop


SLOW = ("process", "tensorflow", "browser")  # from the quickest to the slowest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, so that what is plainly wrong shows in a minute; otherwise the order stays.

    The whole bot as a process brings TensorFlow's workers with it, so it counts among their tests too.
    """
    for item in items:
        if item.get_closest_marker("process"):
            item.add_marker("tensorflow")
    items.sort(
        key=lambda item: max(
            (SLOW.index(m.name) + 1 for m in item.iter_markers() if m.name in SLOW), default=0
        )
    )
