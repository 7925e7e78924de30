"""Time for tests: it passes only when the test says so."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def noon() -> datetime:
    """The same moment each time."""
    return NOON


class Clock:
    """Monotonic seconds, and a sleep that ends when `advance` has come so far."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    @property
    def sleepers(self) -> int:
        """How many sleep now."""
        return len(self._sleepers)

    async def sleep(self, delay_s: float) -> None:
        """Sleep in this clock's time."""
        self.slept.append(delay_s)
        sleeper = (self.now + delay_s, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

    def advance(self, by_s: float) -> None:
        """Let time pass; who has slept enough wakes."""
        self.now += by_s
        for until_s, future in self._sleepers:
            if until_s <= self.now + 1e-9 and not future.done():
                future.set_result(None)


class Hurried(Clock):
    """A clock whose sleeps are over at once, and counted."""

    async def sleep(self, delay_s: float) -> None:
        """Note the delay and let the time pass."""
        self.slept.append(delay_s)
        self.now += delay_s
        await asyncio.sleep(0)


async def until(fact: Callable[[], object]) -> None:
    """Wait for a fact; the bound is only there to end a test that fails."""
    async with asyncio.timeout(10):
        while not fact():  # noqa: ASYNC110 (facts of other parts have no event)
            await asyncio.sleep(0.002)
