"""Order and patience: fast tests first, and no deadline for property tests on a busy machine."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import Cluster, cluster

gc.disable()  # until all is imported, which makes no garbage
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real Postgres server of this test run; without one, whoever asks for it is skipped by name."""
    with cluster() as server:
        yield server


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


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
