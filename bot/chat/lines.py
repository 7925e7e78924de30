"""Who is served when: one line per learner, first in, first out; different learners side by side.

Law: a slot is taken only after one's turn came, so that who waits holds none and one flooding learner delays
nobody. A line has a bound, and a learner a bucket over time; what comes beyond either is turned away at once,
politely, and never holds others up.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from telegram.ext import BaseUpdateProcessor

from bot.chat.bucket import Buckets

T = TypeVar("T")
KeyOf = Callable[[object], Hashable]
Ready = Callable[[Hashable], Awaitable[None]]
TooMany = Callable[[object, bool], Awaitable[None]]


@dataclass(slots=True)
class _Line:
    """One learner's line: who has the turn and who waits, counted together."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # asyncio's lock is first in, first out
    members: int = 0
    told: bool = False  # whether this burst was already turned away with words


class Lines(BaseUpdateProcessor):
    """The framework's update processor with a line per key.

    key_of: update → whose line; ready: awaited with the key after the turn came and before the slot is taken
    (room in the learner's outgoing lane); too_many: called with (update, first of this burst) for an update
    beyond the bound: it has to mark it handled, and to say something kind the first time. clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        key_of: KeyOf,
        too_many: TooMany,
        ready: Ready | None = None,
        admission: int = 8192,
        slots: int = 256,
        per_line: int = 64,
        buckets: Buckets | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(admission)
        self._key_of = key_of
        self._too_many = too_many
        self._ready = ready
        self._per_line = per_line
        self._buckets = Buckets() if buckets is None else buckets
        self._clock = clock
        self._free = asyncio.Semaphore(slots)
        self._lines: dict[Hashable, _Line] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many lines there are now; idle learners have none."""
        return len(self._lines)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Cancel what `drain` was not asked to wait for; it is kept in the inbox for the next start."""
        await self.drain(0)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Run the update's handlers in its learner's line, or turn it away if that line is full or the bucket empty."""
        key = self._key_of(update)
        if key is not None and not self._buckets.take(key, self._clock()):
            _discard(coroutine)
            await self._too_many(update, self._buckets.tell(key))
            return
        line = self._lines.get(key)
        if line is None or line.members <= self._per_line:  # one has the turn, `per_line` wait
            await self._in_line(key, coroutine)
            return
        _discard(coroutine)
        first, line.told = not line.told, True
        await self._too_many(update, first)

    async def run(self, key: Hashable, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run an event from inside (a training that finished) in the same line; never turned away."""
        return await self._in_line(key, function())

    async def _in_line(self, key: Hashable, work: Awaitable[T]) -> T:
        line = self._lines.setdefault(key, _Line())
        line.members += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine always runs in one; told to mypy)
        self._tasks.add(task)
        try:
            async with line.turn:
                if self._ready is not None:
                    await self._ready(key)
                async with self._free:
                    return await work
        finally:
            _discard(work)
            self._tasks.discard(task)
            line.members -= 1
            if not line.members:
                del self._lines[key]

    async def drain(self, timeout_s: float) -> bool:
        """Wait for all lines to end, at most so long; cancel the rest and tell whether there was none."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while mine := self._tasks - {asyncio.current_task()}:
            _, late = await asyncio.wait(mine, timeout=max(0.0, end - loop.time()))
            if late:
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
                return False
        return True


def _discard(work: Awaitable[Any]) -> None:
    """Close a coroutine that will not run (on one that has ended this does nothing)."""
    if inspect.iscoroutine(work):
        work.close()
