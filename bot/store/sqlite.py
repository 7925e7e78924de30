"""The store in one SQLite file: a writer thread that commits in groups, and two threads that read.

Law: nothing of SQLite runs on the event loop's thread; what a tap waits for (`load`) never stands behind what
reads much (`figures`, `export`). One process has the file; a second one is refused, unless it only reads.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.store import changes, erase, group_queries, opening, queries
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
from bot.store.faults import fault
from bot.store.groups import Activity, Ballot, KnownChat, Score
from bot.store.stamps import stamp
from bot.store.writer import ConnectionThread, Reader, Writer

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
_READ_ONLY: dict[str, type[ConnectionThread]] = {"quick": Reader}
_READ_WRITE: dict[str, type[ConnectionThread]] = {"write": Writer, "quick": Reader, "slow": Reader}


class SqliteStore(Store):
    """A `Store` in one file; `read_only` (figures beside a running bot) makes nothing, refuses changes."""

    def __init__(
        self,
        path: Path | str,
        *,
        read_only: bool = False,
        busy_timeout_s: float = 5.0,
        queue_limit: int = 8192,
    ) -> None:
        self._path = Path(path).absolute()
        self._read_only = read_only
        self._limit = queue_limit
        self._site = opening.Site(self._path, timeout_s=busy_timeout_s, read_only=read_only)
        self._threads: dict[str, ConnectionThread] = {}

    async def open(self) -> None:
        if self._threads:
            raise fault(self._path, "is open already", "open a store once")
        kinds = _READ_ONLY if self._read_only else _READ_WRITE
        try:
            for name, kind in kinds.items():
                await self._start(name, kind)
        except BaseException:
            await self.close()
            raise

    async def _start(self, name: str, kind: type[ConnectionThread]) -> None:
        # The first to come opens the site; as the last to go it leaves it.
        first = not self._threads
        self._threads[name] = thread = kind(
            self._path,
            name=f"nabla-store-{name}",
            limit=self._limit,
            connect=self._site.enter if first else self._site.read,
            disconnect=self._site.leave if first else sqlite3.Connection.close,
        )
        await thread.start()

    async def close(self) -> None:
        for thread in reversed(list(self._threads.values())):
            await thread.stop()
        self._threads.clear()

    def _thread(self, name: str) -> ConnectionThread:
        if not self._threads:
            raise fault(self._path, "is not open", "open the store first")
        return self._threads.get(name) or self._threads["quick"]

    async def _write(self, work: Work[T], *, alone: bool = False) -> T:
        if self._read_only:
            raise fault(self._path, "is open for reading only", "change it through the bot")
        return await self._thread("write").ask(work, alone=alone)

    async def _read(self, work: Work[T], *, slow: bool = False) -> T:
        return await self._thread("slow" if slow else "quick").ask(work)

    async def keep(self, bot: int, updates: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
        return await self._write(lambda db: changes.keep(db, bot, updates, now))

    async def waiting(self, bot: int) -> list[KeptUpdate]:
        return await self._read(lambda db: queries.waiting(db, bot))

    async def load(self, learner: int) -> Remembered:
        return await self._read(lambda db: queries.load(db, learner))

    async def commit(self, change: Change, *, now: datetime) -> tuple[Word, ...] | None:
        return await self._write(lambda db: changes.commit(db, change, now))

    async def said(self, number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        await self._write(lambda db: changes.said(db, number, screen))

    async def unsaid(self) -> list[Word]:
        return await self._read(queries.unsaid)

    async def jobs(self) -> list[Job]:
        return await self._read(queries.jobs)

    async def orphans(self, bot: int) -> AsyncIterator[Left]:
        return
        yield  # an iterator without items: one process has the file

    async def run(self, code: str) -> Run | None:
        return await self._read(lambda db: queries.run(db, code))

    async def post(self, code: str) -> Post | None:
        return await self._read(lambda db: queries.post(db, code))

    async def posts(self, chat: int, lesson: str) -> list[Post]:
        return await self._read(lambda db: queries.posts(db, chat, lesson))

    async def move(self, old: int, new: int) -> None:
        await self._write(lambda db: changes.move(db, old, new))

    async def post_answer(self, code: str, learner: int) -> PostAnswer | None:
        return await self._read(lambda db: queries.post_answer(db, code, learner))

    async def totals(self, code: str) -> Totals:
        return await self._read(lambda db: queries.totals(db, code))

    async def shares(self, code: str) -> Mapping[int, int]:
        return await self._read(lambda db: queries.shares(db, code))

    async def fresh_posts(self, since: datetime) -> list[str]:
        return await self._read(lambda db: queries.fresh_posts(db, stamp(since)))

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
        return await self._read(lambda db: group_queries.ended(db, kind, stamp(since), chat))

    async def due(self, now: datetime) -> list[Activity]:
        return await self._read(lambda db: group_queries.due(db, stamp(now)))

    async def ballots(self, code: str) -> list[Ballot]:
        return await self._read(lambda db: group_queries.ballots(db, code), slow=True)

    async def ballot(self, code: str, item: str, learner: int) -> Ballot | None:
        return await self._read(lambda db: group_queries.ballot(db, code, item, learner))

    async def tally(self, code: str, item: str) -> Mapping[int, int]:
        return await self._read(lambda db: group_queries.tally(db, code, item))

    async def shown_names(self, chat: int) -> Mapping[int, str]:
        return await self._read(lambda db: group_queries.shown_names(db, chat))

    async def scores(self, chat: int, kind: str, since: datetime) -> list[Score]:
        return await self._read(lambda db: group_queries.scores(db, chat, kind, stamp(since)), slow=True)

    async def tries(self, learner: int) -> list[Tries]:
        return await self._read(lambda db: queries.tries(db, learner))

    async def figures(self, lesson: str | None = None) -> list[OptionFigure]:
        return await self._read(lambda db: queries.figures(db, lesson), slow=True)

    async def export(self, learner: int) -> dict[str, Any]:
        return await self._read(lambda db: queries.export(db, learner), slow=True)

    async def forget(self, learner: int, *, update: UpdateKey | None = None) -> None:
        await self._write(lambda db: erase.delete(db, self._path, learner, update), alone=True)
        if await self._read(lambda _: self._site.holds(learner), slow=True):
            await self._write(lambda db: erase.rebuild(db, self._path), alone=True)

    async def sweep(self, *, now: datetime) -> None:
        while await self._write(lambda db: changes.sweep(db, now)):
            pass

    async def probe(self) -> None:
        await self._write(changes.touch)

    def pulse(self) -> Pulse:
        writer = self._threads.get("write")
        groups, items = (writer.groups, writer.items) if writer is not None else (0, 0)
        waiting = sum(thread.depth for thread in self._threads.values())
        return Pulse(groups=groups, items=items, waiting=waiting)
