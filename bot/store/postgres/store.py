"""The store on Postgres: one writer that commits in groups, a few connections that read, and a beating heart.

Law: any number of processes share one database; each has in hand what it kept and committed, and what it took over
from those that ended. What a transaction's end was not heard of is given up, to be found by the next look.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, TypeVar

import asyncpg

from bot.errors import StoreError
from bot.store.base import (
    Change,
    Job,
    KeptUpdate,
    Left,
    OptionFigure,
    Post,
    PostAnswer,
    Pulse,
    Remembered,
    Run,
    Store,
    Totals,
    Tries,
    UpdateKey,
    Word,
)
from bot.store.changes import KEEP_HANDLED, SWEEP_ROWS
from bot.store.groups import Activity, Ballot, KnownChat, Score
from bot.store.postgres import (
    batch,
    forgetting,
    group_batch,
    group_queries,
    lease,
    queries,
    queueing,
    schema,
)
from bot.store.postgres.errands import Done, PostgresErrands
from bot.store.postgres.faults import (
    ERRORS,
    OPTIONS,
    fault,
    is_cut,
    is_lost,
    is_luck,
    place_of,
    refused_options,
    told,
)
from bot.store.postgres.group import Group
from bot.store.postgres.pieces import Asked, Kept, Piece, Said, moment

T = TypeVar("T")
Read = Callable[[asyncpg.Connection], Awaitable[T]]

READERS = 6  # connections of a process: one of them writes
CONNECT_S = 10.0
TRIES = READERS + 1  # where every connection was cut, the last try makes a new one
CLOSE_S = 1.5  # a stop has eight for all
RELEASE_S = 1.0  # to end what a reader gave up, and to make a connection fresh for the next
ANSWER_S = 30.0  # the server's longest silence; a forgetting of much may take some seconds
ASKS_AFTER_S = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
log = logging.getLogger(__name__)


class PostgresStore(Store):
    """A `Store` in one schema of a database; `read_only` (figures beside running bots) makes and changes nothing."""

    def __init__(
        self,
        url: str,
        *,
        read_only: bool = False,
        queued: bool = False,
        name: str = schema.SCHEMA,
        connections: int = READERS,
        queue_limit: int = 8192,
        beat_s: float = lease.BEAT_S,
    ) -> None:
        self._url = url
        self._place = place_of(url)
        self._read_only = read_only
        self._queued = queued
        self._schema = name
        self._connections = connections
        self._limit = queue_limit
        self._beat_s = beat_s
        self._pool: asyncpg.Pool | None = None
        self._group: Group | None = None
        self._heart: asyncio.Task[None] | None = None
        self._owner = 0
        self._vacuum = asyncio.Lock()

    async def open(self) -> None:
        if self._pool is not None:
            raise fault(self._place, "is open already", "open a store once")
        with self._telling():
            try:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._connections,
                    timeout=CONNECT_S,
                    command_timeout=ANSWER_S,
                    server_settings=self._settings(),
                )
            except OPTIONS:
                raise refused_options(self._place) from None  # the error quotes the option
        try:
            await self._enter()
        except BaseException:
            await self.close()
            raise

    async def _enter(self) -> None:
        if self._read_only:
            await self._read(lambda db: schema.check_current(db, self._schema, self._place))
            return
        await self._read(
            lambda db: schema.bring_up_to_date(db, self._schema, self._place, queued=self._queued)
        )
        self._owner = await self._read(lease.enter)
        self._group = Group(write=self._write_all, place=self._place, limit=self._limit)
        self._heart = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """End; from a server that is silent the connections are cut, and others find what was in hand."""
        if self._pool is None:
            return
        leaving = asyncio.create_task(self._leave(self._pool))
        _, late = await asyncio.wait({leaving}, timeout=CLOSE_S)
        if late:
            log.warning("the database does not answer: left without a word")
            self._pool.terminate()  # what waits on a connection ends
            leaving.cancel()  # what waits for one, too
            await asyncio.wait({leaving})
            await self._stop_heart()
        self._pool = self._group = self._heart = None
        with suppress(asyncio.CancelledError):
            leaving.result()

    async def _leave(self, pool: asyncpg.Pool) -> None:
        """Finish what waits, say goodbye, hang up."""
        if self._group is not None:
            await self._group.stop()
        await self._stop_heart()
        with suppress(*ERRORS):  # who cannot leave is missed after a while
            if self._group is not None:
                async with self._borrowed(pool) as db:
                    await lease.leave(db, abs(self._owner))
            await pool.close()

    async def _stop_heart(self) -> None:
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.wait({self._heart})

    async def _beat(self) -> None:
        """Live; after a failure, go on as somebody new."""
        reached = True
        while True:
            await asyncio.sleep(self._beat_s)
            try:
                owner = self._owner
                if owner < 0:
                    self._owner = await self._read(lambda db: lease.begin_anew(db, -owner))  # noqa: B023 (done within this round)
                elif not await self._read(lambda db: lease.beat(db, owner)):  # noqa: B023
                    self._owner = await self._read(lease.enter)
            except Exception as error:  # noqa: BLE001 (the heart beats on; the next beat may reach the server)
                if reached:
                    log.warning("the database was not reached: %s", type(error).__name__)
                reached = False
            else:
                reached = True

    def _give_up(self) -> None:
        """Somebody heard of a failure and will not try again: the next beat lets what is in hand be found again."""
        self._owner = -abs(self._owner)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        if self._pool is None:
            raise fault(self._place, "is not open", "open the store first")
        with self._telling():
            async with self._borrowed(self._pool) as db:
                yield db

    @asynccontextmanager
    async def _borrowed(self, pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool. A silent server holds up nobody who gives one back: it is cut, and replaced."""
        db = await pool.acquire()
        try:
            yield db
        finally:
            with suppress(*ERRORS):  # what it was borrowed for is done, or has told its own error
                await pool.release(db, timeout=RELEASE_S)

    def _telling(self) -> "_Telling":
        return _Telling(self._place)

    async def _read(self, work: Read[T]) -> T:
        """Work on a connection; again after bad luck, or on another if it was cut: all of it may be done twice."""
        for attempt in range(TRIES):
            try:
                async with self._connection() as db:
                    return await work(db)
            except StoreError as error:
                cause = error.__cause__
                if is_lost(cause):
                    self._give_up()
                if not (is_cut(cause) or is_luck(cause)) or attempt + 1 == TRIES:
                    raise
        raise AssertionError("unreachable")

    def _writer(self) -> Group:
        if self._read_only:
            raise fault(self._place, "is open for reading only", "change it through the bot")
        if self._group is None:
            raise fault(self._place, "is not open", "open the store first")
        return self._group

    async def _ask(self, piece: Piece) -> Any:
        return await self._writer().ask(piece)

    async def _write_all(self, pieces: Sequence[Piece]) -> list[Any]:
        """One transaction; returns after the sync."""
        if self._pool is None:
            raise fault(self._place, "is closed", "this is normal while the bot stops")
        for attempt in range(TRIES):
            begun = False
            try:
                async with self._borrowed(self._pool) as db, db.transaction():
                    begun = True
                    return await batch.write(db, pieces, abs(self._owner), queued=self._queued)
            except Exception as error:
                if not is_lost(error):
                    raise
                self._give_up()
                # Cut while nobody used it: nothing was asked yet. Later, nobody knows what became of it.
                if begun or not is_cut(error) or attempt + 1 == TRIES:
                    raise
        raise AssertionError("unreachable")

    async def keep(self, bot: int, updates: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
        new: list[int] = await self._ask(Kept(bot=bot, updates=tuple(updates), at=moment(now)))
        return new

    async def commit(self, change: Change, *, now: datetime) -> tuple[Word, ...] | None:
        words: tuple[Word, ...] | None = await self._ask(Asked(change=change, at=moment(now)))
        return words

    async def said(self, number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        await self._ask(Said(number=number, screen=screen))

    async def waiting(self, bot: int) -> list[KeptUpdate]:
        await self._take(lambda db: lease.take_updates(db, abs(self._owner), bot))
        sql = """SELECT update_id, body FROM inbox
            WHERE handled_at IS NULL AND bot = $1 AND owner = $2 ORDER BY number"""
        rows = await self._read(lambda db: db.fetch(sql, bot, abs(self._owner)))
        return [
            KeptUpdate(key=UpdateKey(bot=bot, update_id=row["update_id"]), body=row["body"]) for row in rows
        ]

    async def unsaid(self) -> list[Word]:
        await self._take(lambda db: lease.take_words(db, abs(self._owner)))
        sql = "SELECT number, chat, kind, body, key FROM words WHERE owner = $1 ORDER BY number"
        return [Word(**row) for row in await self._read(lambda db: db.fetch(sql, abs(self._owner)))]

    async def jobs(self) -> list[Job]:
        await self._take(lambda db: lease.take_jobs(db, abs(self._owner)))
        sql = "SELECT learner, code, body FROM jobs WHERE owner = $1 ORDER BY number"
        return [Job(**row) for row in await self._read(lambda db: db.fetch(sql, abs(self._owner)))]

    async def orphans(self, bot: int) -> AsyncIterator[Left]:
        while True:
            await asyncio.sleep(self._beat_s)
            try:
                left = await self._take(lambda db: self._left(db, bot))
            except Exception:  # noqa: BLE001, S112 (the heart tells; the next look may reach the server)
                continue
            if left.updates or left.words or left.jobs:
                yield left

    async def _left(self, db: asyncpg.Connection, bot: int) -> Left:
        owner = abs(self._owner)
        async with db.transaction():  # all of it or nothing: what is taken is handed on
            return Left(
                updates=await lease.take_updates(db, owner, bot),
                words=await lease.take_words(db, owner),
                jobs=await lease.take_jobs(db, owner),
            )

    async def _take(self, work: Read[T]) -> T:
        """Take over from those that ended; only who may write has anything in hand."""
        self._writer()
        return await self._read(work)

    async def load(self, learner: int) -> Remembered:
        return await self._read(lambda db: queries.load(db, learner))

    async def run(self, code: str) -> Run | None:
        return await self._read(lambda db: queries.run(db, code))

    async def post(self, code: str) -> Post | None:
        return await self._read(lambda db: queries.post(db, code))

    async def posts(self, chat: int, lesson: str) -> list[Post]:
        return await self._read(lambda db: queries.posts(db, chat, lesson))

    async def turn(self, name: str, *, every_s: float) -> bool:
        self._writer()
        return await self._turn(name, every_s, None)

    async def claim(self, name: str, *, at_most_s: float) -> bool:
        self._writer()
        return await self._turn(name, at_most_s, abs(self._owner))

    async def _turn(self, name: str, for_s: float, owner: int | None) -> bool:
        call = token_urlsafe(9)  # asked twice (its answer was lost), it finds what it took
        found = await self._read(lambda db: db.fetchval(_TURN, name, for_s, owner, call, lease.DEAD_S))
        return found is not None

    async def give_back(self, name: str) -> bool:
        self._writer()
        sql = "DELETE FROM turns WHERE name = $1 AND owner = $2 RETURNING 1"
        return await self._read(lambda db: db.fetchval(sql, name, abs(self._owner))) is not None

    async def probe(self) -> None:
        self._writer()
        await self._read(lambda db: lease.beat(db, abs(self._owner)))

    def pulse(self) -> Pulse:
        group = self._group
        return Pulse() if group is None else Pulse(groups=group.groups, items=group.items, waiting=len(group))

    async def move(self, old: int, new: int) -> None:
        self._writer()
        await self._read(lambda db: group_batch.move(db, old, new))

    async def post_answer(self, code: str, learner: int) -> PostAnswer | None:
        return await self._read(lambda db: queries.post_answer(db, code, learner))

    async def totals(self, code: str) -> Totals:
        return await self._read(lambda db: queries.totals(db, code))

    async def shares(self, code: str) -> Mapping[int, int]:
        return await self._read(lambda db: queries.shares(db, code))

    async def fresh_posts(self, since: datetime) -> list[str]:
        return await self._read(lambda db: queries.fresh_posts(db, moment(since)))

    async def known_chat(self, chat: int) -> KnownChat | None:
        return await self._read(lambda db: group_queries.known_chat(db, chat))

    async def chats_of(self, learner: int) -> list[KnownChat]:
        return await self._read(lambda db: group_queries.chats_of(db, learner))

    async def activity(self, code: str) -> Activity | None:
        return await self._read(lambda db: group_queries.activity(db, code))

    async def topics(self, chat: int) -> Mapping[int, str]:
        return await self._read(lambda db: group_queries.topics(db, chat))

    async def activities(
        self, *, chat: int | None = None, kind: str | None = None, starter: int | None = None
    ) -> list[Activity]:
        return await self._read(lambda db: group_queries.activities(db, chat, kind, starter))

    async def ended(self, kind: str, since: datetime, *, chat: int | None = None) -> list[Activity]:
        return await self._read(lambda db: group_queries.ended(db, kind, moment(since), chat))

    async def due(self, now: datetime) -> list[Activity]:
        return await self._read(lambda db: group_queries.due(db, moment(now)))

    async def ballots(self, code: str) -> list[Ballot]:
        return await self._read(lambda db: group_queries.ballots(db, code))

    async def ballot(self, code: str, item: str, learner: int) -> Ballot | None:
        return await self._read(lambda db: group_queries.ballot(db, code, item, learner))

    async def tally(self, code: str, item: str) -> Mapping[int, int]:
        return await self._read(lambda db: group_queries.tally(db, code, item))

    async def shown_names(self, chat: int) -> Mapping[int, str]:
        return await self._read(lambda db: group_queries.shown_names(db, chat))

    async def scores(self, chat: int, kind: str, since: datetime) -> list[Score]:
        return await self._read(lambda db: group_queries.scores(db, chat, kind, moment(since)))

    async def tries(self, learner: int) -> list[Tries]:
        return await self._read(lambda db: queries.tries(db, learner))

    async def figures(self, lesson: str | None = None) -> list[OptionFigure]:
        return await self._read(lambda db: queries.figures(db, lesson))

    async def export(self, learner: int) -> dict[str, Any]:
        return await self._read(lambda db: queries.export(db, learner))

    async def forget(self, learner: int, *, update: UpdateKey | None = None) -> None:
        self._writer()
        await self._read(lambda db: forgetting.delete(db, learner, update, queued=self._queued))
        async with self._vacuum:
            await self._read(lambda db: forgetting.clean(db, queued=self._queued))

    async def queue_length(self) -> int:
        """How many trainings wait for a trainer; StoreError where training does not go through the database."""
        if not self._queued:
            raise fault(self._place, "has no queue of trainings", "set NABLA_ENGINE to procrastinate")
        return await self._read(queueing.length)

    def errands(self, done: Done) -> PostgresErrands:
        """Errands over this database, for a bot whose trainings are run elsewhere."""
        return PostgresErrands(run=self._read, connect=self._connect, done=done)

    async def _connect(self) -> asyncpg.Connection:
        """A connection beside the others, to listen on."""
        with self._telling():
            return await asyncpg.connect(
                self._url, timeout=CONNECT_S, command_timeout=ANSWER_S, server_settings=self._settings()
            )

    def _settings(self) -> dict[str, str]:
        return {
            "search_path": f'"{self._schema}"',
            "application_name": "nabla",
            "synchronous_commit": "on",
            "timezone": "UTC",
            "default_transaction_read_only": "on" if self._read_only else "off",
            **ASKS_AFTER_S,
        }

    async def sweep(self, *, now: datetime) -> None:
        limit = moment(now) - KEEP_HANDLED
        self._writer()
        await self._read(lease.bury)
        await self._read(lambda db: db.execute(_OLD_TURNS))
        if self._queued:
            await self._read(lambda db: queueing.sweep(db, limit))
        while await self._read(lambda db: db.fetchval(_SWEEP, limit, SWEEP_ROWS)) == SWEEP_ROWS:
            pass


_TURN = """INSERT INTO turns (name, taken_at, owner, call) VALUES ($1, clock_timestamp(), $3, $4)
    ON CONFLICT (name) DO UPDATE
    SET taken_at = excluded.taken_at, owner = excluded.owner, call = excluded.call
    WHERE turns.call = excluded.call
        OR turns.taken_at <= excluded.taken_at - make_interval(secs => $2)
        OR turns.owner IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM owners WHERE owners.owner = turns.owner
                AND owners.beat > clock_timestamp() - make_interval(secs => $5)
        )
    RETURNING 1"""
_OLD_TURNS = "DELETE FROM turns WHERE taken_at < clock_timestamp() - interval '1 day'"
_SWEEP = """WITH gone AS (
    DELETE FROM inbox WHERE number IN (
        SELECT number FROM inbox WHERE handled_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING 1
) SELECT count(*) FROM gone"""


class _Telling:
    """Turns what the server and the way to it raise into a line for the operator."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ERRORS):
            raise told(self._place, error) from error
