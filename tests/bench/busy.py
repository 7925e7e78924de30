"""Learners who train, beside learners who tap.

Law: taps come at a steady rate from learners who do not train, so that what they wait for is the machine, not
their own training.
"""

import asyncio
import time
from typing import Any

from tests.bench.crowd import Crowd, Learner
from tests.bench.ready import Ready

FIRST_RUNNER, FIRST_OF_BURST = 3_000_001, 3_500_001
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
        crowd = [self._crowd.learner(FIRST_OF_BURST + number) for number in range(learners)]
        await asyncio.gather(*(_open_lab(each) for each in crowd))
        others = asyncio.create_task(self._ready.open_taps(taps=taps, per_s=per_s))
        begun = time.monotonic()
        for each in crowd:
            self._crowd.press(each, each.data(RUN) or "", begun)
        await asyncio.gather(*(_picture(each) for each in crowd))
        return await others | {"pictures_s": [each.photo_at - begun for each in crowd]}


async def _open_lab(learner: Learner) -> None:
    learner.write("/train")
    await learner.until(lambda: learner.data(RUN) is not None, PATIENCE_S)


async def _picture(learner: Learner) -> None:
    await learner.until(lambda: learner.photo_at > 0, PATIENCE_S)
