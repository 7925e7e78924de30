"""When an update arrived, carried along to what is said about it, for the figures of latency.

Law: only what the update's own handler says counts; what comes of it later (a training's result, new totals) is
another event. Nothing depends on it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from bot.tally import LATENCY, Tally

KINDS = {"message": "message", "callback_query": "tap", "my_chat_member": "membership"}


def kind_of(update: Mapping[str, Any]) -> str:
    """What kind of update it is, in the words of the figures."""
    return next((word for name, word in KINDS.items() if name in update), "other")


@dataclass(slots=True, eq=False)
class Arrival:
    """One update on its way; `at`: monotonic seconds of `clock`."""

    kind: str
    at: float
    clock: Callable[[], float]
    tally: Tally
    open: bool = True  # while its handler runs
    told: bool = False  # whether something was said

    def answered(self) -> None:
        """Its tap was answered."""
        self.tally.took(LATENCY, self.clock() - self.at, self.kind, "answered")

    def said(self) -> None:
        """Something was said; the first time counts."""
        if not self.told:
            self.told = True
            self.tally.took(LATENCY, self.clock() - self.at, self.kind, "said")


_HANDLED: ContextVar[Arrival | None] = ContextVar("arrival", default=None)


@contextmanager
def handling(arrival: Arrival | None) -> Iterator[None]:
    """While an update is handled, what is said is said about it."""
    token = _HANDLED.set(arrival)
    try:
        yield
    finally:
        _HANDLED.reset(token)
        if arrival is not None:
            arrival.open = False


def handled_now() -> Arrival | None:
    """The update whose handler runs here, if one does; a task that it left behind is not it any more."""
    arrival = _HANDLED.get()
    return arrival if arrival is not None and arrival.open else None
