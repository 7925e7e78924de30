"""What is in hand: the words taken over and not yet told to the store as said, and who works on them.

Law: one number is in hand once; whatever goes wrong with one word ends that word only, and it stays in the
store for the next start.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

from bot.chat.pace import Jitter, Sleep, backoff_s
from bot.errors import OverloadedError
from bot.store.base import Store, Word

log = logging.getLogger(__name__)


class Hand:
    """Words in hand and the tasks that say them."""

    def __init__(self, *, store: Store, sleep: Sleep, jitter: Jitter) -> None:
        self._store = store
        self._sleep = sleep
        self._jitter = jitter
        self._numbers: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        """How many words are in hand."""
        return len(self._numbers)

    def take(self, word: Word) -> bool:
        """Take a word over; False if it is in hand already, or nothing is taken any more."""
        if self._closed or word.number in self._numbers:
            return False
        self._numbers.add(word.number)
        return True

    def work(self, word: Word, work: Coroutine[Any, Any, None]) -> None:
        """Work on a word beside all others."""
        self.spawn(self.guard(word, work))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task that `settle` waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def guard(self, word: Word, work: Coroutine[Any, Any, None]) -> None:
        """Work on a word so that its failure ends nothing else."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 (the law above; ids and the kind of error are logged)
            self._numbers.discard(word.number)
            log.error("word %d (%s) to chat %d: %s", word.number, word.kind, word.chat, type(error).__name__)

    async def said(self, word: Word, screen: tuple[int, str, int] | None = None) -> None:
        """Tell the store, as often as it takes while it is overloaded; the word is out of hand then."""
        await self._tell(lambda: self._store.said(word.number, screen=screen))
        self._numbers.discard(word.number)

    async def moved(self, old: int, new: int) -> None:
        """Tell the store that a group has a new id, as patiently."""
        await self._tell(lambda: self._store.move(old, new))

    async def _tell(self, tell: Callable[[], Awaitable[None]]) -> None:
        for attempt in count():
            try:
                await tell()
                break
            except OverloadedError:
                await self._sleep(backoff_s(attempt, self._jitter, first_s=0.1))

    async def settle(self, timeout_s: float) -> bool:
        """Wait for all tasks, at most so long; then cancel them and take nothing more. True if all ended."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while self._tasks and loop.time() < end:
            await asyncio.wait(self._tasks, timeout=end - loop.time())
        self._closed = True
        late = set(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late
