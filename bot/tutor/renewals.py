"""What stands in a group, renewed while people tap: now, or when ten seconds have passed since the last time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.tutor.tutor import Sleep

log = logging.getLogger(__name__)

RENEW_S = 10.0  # between two renewals of one message


class Turn(Protocol):
    """`Store.turn`."""

    async def __call__(self, name: str, *, every_s: float) -> bool: ...


class Renewals:
    """Renews messages by their keys; `renew` makes one anew, however many wanted it.

    turn: whether it is this process's turn at a name, as the store says.
    """

    def __init__(self, renew: Callable[[str], Awaitable[None]], *, turn: Turn, sleep: Sleep) -> None:
        self._renew = renew
        self._turn = turn
        self._sleep = sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()  # since their last renewal began
        self._stopped = False
        self._left = False  # nothing is renewed any more

    def want(self, key: str) -> None:
        """Something changed in what stands under a key."""
        self._wanted.add(key)
        if (
            key not in self._tasks and not self._left
        ):  # after the stop: what was in hand then is renewed once, at once
            work = self._once(key) if self._stopped else self._run(key)
            self._tasks[key] = asyncio.create_task(work)

    def look_again(self, key: str) -> None:
        """The next time is wanted already, unless there is none."""
        if not self._stopped:
            self.want(key)

    async def leave(self) -> None:
        """Renew no more; what was wanted is for the next start."""
        self._left = True
        await self._end()

    async def stop(self) -> None:
        """Renew at once what was wanted, then no more."""
        self._stopped = True
        await self._end()
        for key in tuple(self._wanted):
            await self._once(key)

    async def _end(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _run(self, key: str) -> None:
        while key in self._wanted:
            self._wanted.discard(key)
            await self._once(key)
            await self._sleep(RENEW_S)
        del self._tasks[key]  # here, not in a callback: what is wanted in between would wait for the next

    async def _once(self, key: str) -> None:
        try:
            if self._stopped or await self._turn(f"renewal-{key}", every_s=RENEW_S):
                await self._renew(key)
            else:  # another process has just renewed it
                self._wanted.add(key)
        except asyncio.CancelledError:  # by `stop`, which does it then
            self._wanted.add(key)
            raise
        except Exception as error:  # noqa: BLE001 (it can wait: the next tap renews it)
            log.error("%s was not renewed: %s", key, type(error).__name__)
