"""A bot whose time passes only when the test says so: clock, pauses and flood windows together."""

import asyncio
from datetime import datetime, timedelta

from bot.chat.app import Means
from tests.chat.clock import NOON, Clock
from tests.patience import until


class Hours(Clock):
    """UTC and monotonic seconds that go on together, over restarts too."""

    def utc(self) -> datetime:
        """What the bot takes for the time."""
        return NOON + timedelta(seconds=self.now - 1000.0)

    def means(self) -> Means:
        """For `tests.house.running`."""
        return Means(now=self.utc, clock=self, sleep=self.sleep, jitter=lambda: 0.5)

    def next_end(self) -> float:
        """Seconds until the first sleeper wakes."""
        return min((end for end, _ in self._sleepers), default=float("inf")) - self.now

    async def pass_(self, seconds: float) -> None:
        """Let time pass, sleeper by sleeper, so that nobody oversleeps; whoever wakes does its work meanwhile."""
        left = seconds
        await settle()
        while left > 0:
            await until(lambda: self._sleepers)
            step = min(left, max(self.next_end(), 0.0))
            self.advance(step)
            left -= step
            await settle()


async def settle() -> None:
    """Let what is ready run; files and sockets of this machine need some turns of the loop."""
    for _ in range(20):
        await asyncio.sleep(0.002)
