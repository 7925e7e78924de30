"""Group commit: all that waits goes into one transaction, one sync of the disk for many.

Law: the pieces of a group do not touch the same learner or update, so that each statement takes all of them and
their order does not matter. Whatever goes wrong with a group, each piece is done again alone: it fails alone.
The queue is bounded. A caller that is cancelled has still asked: its work may be done.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, NamedTuple

from bot.errors import OverloadedError
from bot.store.postgres.faults import ERRORS, fault, is_lost, is_luck, told
from bot.store.postgres.pieces import Piece

MOST = 512  # pieces in one transaction
SEEN = 2_048  # pieces that are looked at to fill one: bounds the look where one learner has asked for much
TRIES = 4  # of a piece alone that only had bad luck: a deadlock, somebody else's insert
Write = Callable[[Sequence[Piece]], Awaitable[list[Any]]]


class Unlucky(Exception):  # noqa: N818 (not an error: try again)
    """What was looked at changed before it could be locked; nothing was written."""


class Waiting(NamedTuple):
    """A piece and where its result is awaited."""

    piece: Piece
    future: asyncio.Future[Any]


class Group:
    """The one writer of a process. `write` does all pieces in one transaction: a result each, or an error for all.

    A result that is an exception is its caller's alone.
    """

    def __init__(self, *, write: Write, place: str, limit: int) -> None:
        self._write = write
        self._place = place
        self._limit = limit
        self._waiting: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self.groups = 0  # transactions so far
        self.items = 0  # pieces in them
        self._task = asyncio.create_task(self._live())

    def __len__(self) -> int:
        """How many pieces wait."""
        return len(self._waiting)

    def ask(self, piece: Piece) -> asyncio.Future[Any]:
        """Queue a piece; OverloadedError if the queue is full, StoreError if the store is closing."""
        if self._closing:
            raise fault(self._place, "is closed", "this is normal while the bot stops")
        if len(self._waiting) >= self._limit:
            raise OverloadedError(
                f"{self._place}: {self._limit} pieces of work wait already; try again later"
            )
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(piece, future))
        self._wake.set()
        return future

    async def stop(self) -> None:
        """Finish what waits, then end; cancelled, tell those that wait that nobody knows what becomes of it."""
        self._closing = True
        self._wake.set()
        await self._task

    async def _live(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while taken := self._take():
                self.groups += 1
                self.items += len(taken)
                try:
                    results = await self._serve([one.piece for one in taken])
                except asyncio.CancelledError:
                    for one in (*taken, *self._waiting):
                        _settle(one.future, told(self._place, TimeoutError()))
                    raise
                for one, result in zip(taken, results, strict=True):
                    _settle(one.future, result)
            if self._closing:
                return

    def _take(self) -> list[Waiting]:
        """The next pieces, oldest first, without those that touch what one before them touches."""
        taken: list[Waiting] = []
        left: list[Waiting] = []
        changed: set[Hashable] = set()
        shared: set[Hashable] = set()
        while self._waiting and len(taken) < MOST and len(taken) + len(left) < SEEN:
            one = self._waiting.popleft()
            shares, keys = set(one.piece.shares()), set(one.piece.keys())
            shares -= keys
            waits = keys & (changed | shared) or shares & changed
            (left if waits else taken).append(one)
            changed |= keys
            shared |= shares
        self._waiting.extendleft(reversed(left))
        return taken

    async def _serve(self, pieces: Sequence[Piece]) -> list[Any]:
        try:
            return await self._write(pieces)
        except Exception as error:  # noqa: BLE001 (handed to each caller; the writer lives on for the others)
            if is_lost(error):
                return [told(self._place, error)] * len(pieces)
            if len(pieces) > 1:
                return [await self._serve_alone(piece) for piece in pieces]
            return [await self._serve_alone(pieces[0], error)]

    async def _serve_alone(self, piece: Piece, error: Exception | None = None) -> Any:
        """One piece in a transaction of its own; what was only bad luck is tried again."""
        for _ in range(TRIES):
            if error is not None and not (isinstance(error, Unlucky) or is_luck(error)):
                break
            try:
                return (await self._write([piece]))[0]
            except Exception as new:  # noqa: BLE001 (as above)
                error = new
        return told(self._place, error) if isinstance(error, ERRORS) else error


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if future.done():  # the caller was cancelled
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
