"""Learners who train, beside learners who tap.

Law: taps come at a steady rate from learners who do not train, so that what they wait for is the machine, not
their own training.
"""

import asyncio
import time
from typing import Any

from tests.bench.crowd import Crowd
from tests.bench.ready import Ready

FIRST_RUNNER = 3_000_001
PATIENCE_S = 120.0
RUN = "Run: it learns"


class Busy:
    """Both kinds of learners."""

    def __init__(self, crowd: Crowd, ready: Ready) -> None:
        self._crowd = crowd
        self._ready = ready

    async def taps_beside_runs(self, *, runners: int, taps: int, per_s: float) -> dict[str, Any]:
        """Taps, while so many learners run again as soon as their picture has come."""
        runs: list[float] = []
        tasks = [asyncio.create_task(self._run_on(number, runs)) for number in range(runners)]
        told = await self._ready.open_taps(taps=taps, per_s=per_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if any(not task.cancelled() for task in tasks):
            raise RuntimeError("a learner could not train")
        return told | {"pictures_s": runs}

    async def _run_on(self, number: int, runs: list[float]) -> None:
        while True:
            told = await self._crowd.train(FIRST_RUNNER + number, runs=1, patience_s=PATIENCE_S)
            runs += told["pictures_s"]

    async def burst(self, *, learners: int, taps: int, per_s: float) -> dict[str, Any]:
        """So many open the lab and press Run in the same moment, while others tap."""
        crowd = [self._crowd.learner(FIRST_RUNNER + number) for number in range(learners)]
        for each in crowd:
            each.write("/train")
        await asyncio.gather(*(one.until(lambda one=one: one.data(RUN) is not None) for one in crowd))  # type: ignore[misc]
        for each in crowd:
            each.photo_at = 0.0
        others = asyncio.create_task(self._ready.open_taps(taps=taps, per_s=per_s))
        begun = time.monotonic()
        for each in crowd:
            self._crowd.press(each, each.data(RUN) or "", begun)
        await asyncio.gather(*(one.until(lambda one=one: one.photo_at > 0, PATIENCE_S) for one in crowd))  # type: ignore[misc]
        return await others | {"pictures_s": [each.photo_at - begun for each in crowd]}
