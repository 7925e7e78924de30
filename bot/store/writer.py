"""Threads that own a connection each: the only places where SQLite runs.

Law: work is done in the order it came. The writer takes all that waits into one transaction, each piece under
a savepoint of its own, and answers only after the disk has it: one sync for many. The queue is bounded.
A caller that is cancelled has still asked: its work may be done.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bot.errors import OverloadedError
from bot.store.faults import fault, told

T = TypeVar("T")
GROUP = 512  # pieces in one transaction at most: bounds how long the first of them waits for the last


class Piece(NamedTuple):
    """One piece of work and where its result is awaited; `alone` runs outside a transaction."""

    work: Callable[[sqlite3.Connection], Any]
    alone: bool
    future: asyncio.Future[Any]


class Result(NamedTuple):
    """What became of a piece: a value, or an error."""

    value: Any = None
    error: Exception | None = None


class ConnectionThread:
    """One thread, one connection, one bounded queue; base of writer and reader."""

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        limit: int,
        connect: Callable[[], sqlite3.Connection],
        disconnect: Callable[[sqlite3.Connection], None] = sqlite3.Connection.close,
    ) -> None:
        self._path = path
        self._limit = limit
        self._connect = connect
        self._disconnect = disconnect
        self._waiting: deque[Piece] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self.groups = self.items = 0  # served so far; counted in the thread, read anywhere
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        # A daemon, so that a program which dies without closing can end; what was answered is on the disk.
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    @property
    def depth(self) -> int:
        """How many pieces of work wait."""
        return len(self._waiting)

    async def start(self) -> None:
        """Connect, in the thread; raises what connecting raised."""
        self._thread.start()
        await self._opened

    async def stop(self) -> None:
        """Finish what waits, disconnect, end the thread; safe to call twice."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.shield(self._ended)
        self._thread.join()

    def ask(self, work: Callable[[sqlite3.Connection], T], *, alone: bool = False) -> asyncio.Future[T]:
        """Queue a piece of work; OverloadedError if the queue is full, StoreError if the store is closing."""
        future: asyncio.Future[T] = self._loop.create_future()
        with self._wake:
            if self._closing:
                raise fault(self._path, "is closed", "this is normal while the bot stops")
            if len(self._waiting) >= self._limit:
                raise OverloadedError(
                    f"{self._path}: {self._limit} pieces of work wait already; try again later"
                )
            self._waiting.append(Piece(work, alone, future))
            self._wake.notify()
        return future

    def _live(self) -> None:
        try:
            connection = self._connect()
        except Exception as error:  # noqa: BLE001 - handed to the one who opens
            self._closing = True
            self._tell([(self._opened, Result(error=self._as_told(error))), (self._ended, Result())])
            return
        self._tell([(self._opened, Result())])
        try:
            while pieces := self._take():
                outcomes = self._try_serve(connection, pieces)
                self.groups, self.items = self.groups + 1, self.items + len(pieces)
                self._tell([(piece.future, outcome) for piece, outcome in zip(pieces, outcomes, strict=True)])
        finally:
            self._part(connection)

    def _part(self, connection: sqlite3.Connection) -> None:
        error: Exception | None = None
        try:
            self._disconnect(connection)
        except (sqlite3.Error, OSError) as reason:
            error = self._as_told(reason)
        self._tell([(self._ended, Result(error=error))])

    def _take(self) -> list[Piece]:
        """All that waits, up to `GROUP`, a lone piece by itself; empty when it is time to end."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            pieces: list[Piece] = []
            while self._waiting and len(pieces) < GROUP and not (pieces and self._waiting[0].alone):
                pieces.append(self._waiting.popleft())
                if pieces[-1].alone:
                    break
            return pieces

    def _try_serve(self, connection: sqlite3.Connection, pieces: Sequence[Piece]) -> list[Result]:
        try:
            outcomes = self._serve(connection, pieces)
        except Exception as error:  # noqa: BLE001 - handed to each caller; the thread lives on for the others
            outcomes = [Result(error=error)] * len(pieces)
            # A disk that fails may fail here too: the next group tries again, and its callers hear of it.
            with suppress(sqlite3.Error):
                connection.rollback()
        return [o if o.error is None else Result(error=self._as_told(o.error)) for o in outcomes]

    def _serve(self, connection: sqlite3.Connection, pieces: Sequence[Piece]) -> list[Result]:
        raise NotImplementedError

    def _as_told(self, error: Exception) -> Exception:
        if not isinstance(error, sqlite3.Error | OSError):
            return error
        line = told(self._path, error)
        line.__cause__ = error
        return line

    def _tell(self, news: Sequence[tuple[asyncio.Future[Any], Result]]) -> None:
        # A closed loop: nobody waits there any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_settle, news)


def _settle(news: Sequence[tuple[asyncio.Future[Any], Result]]) -> None:
    for future, outcome in news:
        if future.done():  # the caller was cancelled
            continue
        if outcome.error is None:
            future.set_result(outcome.value)
        else:
            future.set_exception(outcome.error)


class Writer(ConnectionThread):
    """Group commit: one `BEGIN IMMEDIATE … COMMIT` for all that waits."""

    def _serve(self, connection: sqlite3.Connection, pieces: Sequence[Piece]) -> list[Result]:
        if pieces[0].alone:
            return [Result(pieces[0].work(connection))]
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_attempt(connection, piece) for piece in pieces]
        connection.execute("COMMIT")  # returns after the sync
        return outcomes


def _attempt(connection: sqlite3.Connection, piece: Piece) -> Result:
    """Do one piece so that it fails alone."""
    connection.execute("SAVEPOINT piece")
    try:
        outcome = Result(piece.work(connection))
    except Exception as error:
        if not connection.in_transaction:
            raise  # SQLite has rolled the whole group back (disk full, memory): nobody's work is there
        connection.execute("ROLLBACK TO piece")
        outcome = Result(error=error)
    connection.execute("RELEASE piece")
    return outcome


class Reader(ConnectionThread):
    """Reads all that waits from one snapshot, taken after the last of them was asked."""

    def _serve(self, connection: sqlite3.Connection, pieces: Sequence[Piece]) -> list[Result]:
        connection.execute("BEGIN")
        outcomes = [_look(connection, piece) for piece in pieces]
        connection.execute("COMMIT")
        return outcomes


def _look(connection: sqlite3.Connection, piece: Piece) -> Result:
    try:
        return Result(piece.work(connection))
    except Exception as error:  # noqa: BLE001 - handed to its caller
        return Result(error=error)
