"""Waiting in tests: for a fact, never for a time."""

import asyncio
from collections.abc import Callable

LOOK_S = 0.005


async def until(fact: Callable[[], object], *, timeout_s: float = 20) -> None:
    """Wait for a fact; the bound is only there to end a test that fails."""
    async with asyncio.timeout(timeout_s):
        while not fact():  # noqa: ASYNC110 - files, processes and insides have no event to wait for
            await asyncio.sleep(LOOK_S)
