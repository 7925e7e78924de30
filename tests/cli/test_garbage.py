"""Garbage is looked for less often, and still found."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from bot.cli.garbage import NEW_OBJECTS, look_less_often


class Knot:
    """Something that only the search for garbage can free."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The process that runs the tests keeps its own ways."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_garbage_is_found_when_there_is_much() -> None:
    """What is new lives through a few taps; it is gone when many objects have come since."""
    look_less_often()
    gc.collect()
    knot = weakref.ref(Knot())
    few = [[] for _ in range(NEW_OBJECTS // 4)]  # type: ignore[var-annotated]
    assert knot() is not None
    many = [[] for _ in range(NEW_OBJECTS)]  # type: ignore[var-annotated]
    assert knot() is None
    assert len(few) + len(many) == NEW_OBJECTS // 4 + NEW_OBJECTS


def test_what_was_loaded_is_left_out() -> None:
    """All that lives at the start is looked through no more."""
    look_less_often()
    assert gc.get_freeze_count() > NEW_OBJECTS
