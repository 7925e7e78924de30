"""What a bot process sees of its errands: it asks, is told when one is done, and looks from time to time itself.

Law: the answer is in the table before anybody is told; a notice that was lost costs one look. What is in no queue
and not done (a trainer gave up on it) is answered as dead, so that nobody waits for ever.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import asyncpg

from bot.store.postgres import queueing
from bot.store.postgres.faults import ERRORS

T = TypeVar("T")
OnPlace = Callable[[int], None]
CLOSE_S = 0.5  # of the eight seconds of a stop
LOOK_S = 2.0  # between two looks without a notice; places are told as often
log = logging.getLogger(__name__)


class Done(Protocol):
    """How the answer to an errand is made of its columns."""

    def __call__(self, *, result: str | None, picture: bytes | None, failure: str | None) -> Any:
        """The answer."""


class PostgresErrands:
    """Errands over a store's database. `run` works on one of its connections; `connect` makes one to listen on."""

    def __init__(
        self,
        *,
        run: Callable[[Callable[[asyncpg.Connection], Awaitable[Any]]], Awaitable[Any]],
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        done: Done,
    ) -> None:
        self._run = run
        self._connect = connect
        self._done = done
        self._waiting: dict[str, list[asyncio.Future[Any]]] = {}
        self._on_place: dict[str, OnPlace] = {}
        self._places: dict[str, int] = {}
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ear: asyncpg.Connection | None = None
        self._end = asyncio.Event()
        self.length = 0  # errands of all bots that wait for a trainer, as last seen

    async def start(self) -> None:
        """Begin to listen and to look."""
        self._task = asyncio.create_task(self._look_on())

    async def stop(self) -> None:
        """End; whoever waits gets None."""
        self._end.set()
        self._news.set()
        for code in list(self._waiting):
            self._settle(code, None)
        if self._task is not None:
            _, late = await asyncio.wait({self._task}, timeout=CLOSE_S)
            if late:  # the server is silent
                self._task.cancel()
                await asyncio.wait({self._task})
        if self._ear is not None:
            with suppress(*ERRORS):
                await self._ear.close(timeout=CLOSE_S)

    async def ask(self, code: str, *, learner: int, kind: str, body: str) -> None:
        """Have it done by whoever is free; what was asked for before is not asked for again."""
        errand = (code, learner, kind, body, datetime.now(UTC))

        async def put(db: asyncpg.Connection) -> None:
            async with db.transaction():
                await queueing.enqueue(db, [errand], once_a_learner=False)

        await self._run(put)

    async def answer(self, code: str, *, on_place: OnPlace | None) -> Any:
        """Wait for the answer; `on_place` is told how many are ahead, 0 when it begins."""
        if self._end.is_set():
            return None
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(code, []).append(future)
        if on_place is not None:
            self._on_place[code] = on_place
        self._news.set()
        try:
            return await future
        finally:
            self._waiting[code].remove(future)
            if not self._waiting[code]:
                for each in (self._waiting, self._on_place, self._places):
                    each.pop(code, None)

    async def drop(self, code: str) -> None:
        """Nobody wants it any more."""

        async def cancel(db: asyncpg.Connection) -> None:
            async with db.transaction():
                await queueing.cancel(db, [code])

        await self._run(cancel)

    async def _look_on(self) -> None:
        # Not cancelled at the end: a connection that is just being made would be left open.
        while not self._end.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_S)
            if self._end.is_set():
                break
            self._news.clear()
            try:
                await self._listen()
                self.length = await self._run(queueing.length)
                if self._waiting:
                    await self._run(self._look)
            except Exception as error:  # noqa: BLE001 (the next look may reach the server)
                log.warning("trainings were not looked for: %s", type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._end.wait(), LOOK_S)

    async def _listen(self) -> None:
        """Have an ear open, a new one where the last was lost."""
        if self._ear is None or self._ear.is_closed():
            ear = await self._connect()
            try:
                await ear.add_listener(queueing.CHANNEL, self._told)
            except BaseException:
                ear.terminate()
                raise
            self._ear = ear

    def _told(self, _connection: object, _pid: int, _channel: str, code: str) -> None:
        if code in self._waiting:
            self._news.set()

    async def _look(self, db: asyncpg.Connection) -> None:
        codes = list(self._waiting)
        known = {row["code"]: row for row in await db.fetch(_ANSWERS, codes)}
        for code in codes:
            row = known.get(code)
            if row is not None and row["done_at"] is not None:
                answer = self._done(result=row["result"], picture=row["picture"], failure=row["failure"])
                self._settle(code, answer)
            elif row is None or row["status"] is None:
                self._settle(code, self._done(result=None, picture=None, failure="died"))
        await self._tell_places(db, [code for code in codes if code in self._waiting])

    def _settle(self, code: str, answer: Any) -> None:
        for future in self._waiting.get(code, ()):
            if not future.done():
                future.set_result(answer)

    async def _tell_places(self, db: asyncpg.Connection, codes: Sequence[str]) -> None:
        if not any(code in self._on_place for code in codes):
            return
        ahead = {row["code"]: row["ahead"] for row in await db.fetch(_PLACES, queueing.QUEUE)}
        for code in codes:
            place = ahead.get(code, 0)
            if code in self._on_place and self._places.get(code) != place:
                self._places[code] = place
                self._on_place[code](place)


_ANSWERS = """SELECT code, result, picture, failure, done_at, (
        SELECT status FROM procrastinate_jobs
        WHERE args ->> 'code' = code AND status IN ('todo', 'doing') LIMIT 1
    ) AS status FROM errands WHERE code = ANY($1::text[])"""
# Ahead of one that waits: all that run, and those that are taken before it.
_PLACES = """SELECT args ->> 'code' AS code,
        row_number() OVER (ORDER BY priority DESC, id) - 1
        + (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = $1) AS ahead
    FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = $1"""
