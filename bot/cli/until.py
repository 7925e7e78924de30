"""Work that a stop ends.

Law: an error in one piece of work ends all of it and is raised; nothing outlives the call that started it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any


async def unless(stop: asyncio.Event, work: Awaitable[object]) -> bool:
    """Whether the work was done before a stop came."""
    task, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return True
        return False
    finally:
        await _cancel([task, stopping])


async def until(
    stop: asyncio.Event,
    works: Iterable[Coroutine[Any, Any, None]],
    *,
    first: Callable[[], None],
    grace_s: float,
) -> None:
    """Work until `stop`; an error of one ends all. `first` tells them, `grace_s` before they are cut off."""
    tasks = [asyncio.create_task(work) for work in works]
    waiting: set[asyncio.Task[Any]] = {*tasks, asyncio.create_task(stop.wait())}
    try:
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        first()
        await asyncio.wait(tasks, timeout=grace_s)
        await _cancel([*tasks, *waiting])


async def at_most(timeout_s: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Work, but no longer: what is cut off is in the store."""
    with suppress(TimeoutError):
        await asyncio.wait_for(work(), timeout_s)


async def _cancel(tasks: Iterable[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
