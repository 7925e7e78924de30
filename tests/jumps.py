"""Time that passes by itself, and can be put forward: who sleeps wakes when the jump goes past its time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from bot.chat.app import Means
from bot.cli.run import REAL


class Jumps:
    """One time for everything in a running bot."""

    def __init__(self) -> None:
        self._shift_s = 0.0
        self._jumped = asyncio.Event()

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._shift_s)

    def clock(self) -> float:
        """Monotonic seconds."""
        return time.monotonic() + self._shift_s

    async def sleep(self, delay_s: float) -> None:
        """Until so much time has passed, by itself or by jumps."""
        end = self.clock() + delay_s
        while (left_s := end - self.clock()) > 0:
            try:
                await asyncio.wait_for(self._jumped.wait(), left_s)
            except TimeoutError:
                return

    def forward(self, **spans: float) -> None:
        """Put the time forward, by what `timedelta` takes."""
        self._shift_s += timedelta(**spans).total_seconds()
        old, self._jumped = self._jumped, asyncio.Event()
        old.set()

    @property
    def means(self) -> Means:
        """For a running bot."""
        return Means(now=self.now, clock=self.clock, sleep=self.sleep, jitter=REAL.jitter)
