"""Time for tests: it passes only when the test says so."""

import asyncio
from datetime import UTC, datetime

from tests.patience import until

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
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self.now + delay_s, future)
        self._sleepers.append(sleeper)
        try:
            await future
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def advance(self, by_s: float) -> None:
        """Let time pass; who has slept enough wakes, and sleeps no more."""
        self.now += by_s
        awake = [sleeper for sleeper in self._sleepers if sleeper[0] <= self.now + 1e-9]
        for sleeper in awake:
            self._sleepers.remove(sleeper)
            if not sleeper[1].done():
                sleeper[1].set_result(None)

    async def pass_sleeps(self, count: int, by_s: float) -> None:
        """Wait for somebody to sleep, then let time pass; so many times."""
        for _ in range(count):
            await until(lambda: self._sleepers)
            self.advance(by_s)


class Hurried(Clock):
    """A clock whose sleeps are over at once, and counted."""

    async def sleep(self, delay_s: float) -> None:
        """Note the delay and let the time pass."""
        self.slept.append(delay_s)
        self.now += delay_s
        await asyncio.sleep(0)
