"""What the local Telegram keeps over restarts: one SQLite file, on a thread of its own.

The event loop never waits for the disk: it hands over what changed and goes on; whoever must not
answer before it is kept awaits `settled`. All that waits goes into one transaction.
"""

import asyncio
import json
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import StoreError

VERSION = 2
"""1 knew private chats and one group; its rows are read as they are, and new places are added beside them."""
_SCHEMA = """
CREATE TABLE people (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE chats (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE messages (
    chat_id INTEGER NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (chat_id, id)
) WITHOUT ROWID;
CREATE TABLE files (id TEXT PRIMARY KEY, body TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE updates (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE settings (id TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
_LARGEST_BATCH = 512
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class _Job:
    """Something to do on the thread, and who waits for it."""

    run: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]
    is_question: bool


class Table(Enum):
    """What is kept, each row a JSON body under its key."""

    PEOPLE = "people"
    CHATS = "chats"
    MESSAGES = "messages"
    FILES = "files"
    UPDATES = "updates"
    SETTINGS = "settings"

    @property
    def keys(self) -> tuple[str, ...]:
        """Name the columns that tell rows apart."""
        return ("chat_id", "id") if self is Table.MESSAGES else ("id",)


class Archive:
    """The file (or, without a path, memory) behind a local Telegram."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="local-telegram-archive", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last: asyncio.Future[Any] | None = None
        self._failure: Exception | None = None

    async def open(self) -> None:
        """Open or create the file; StoreError if it is not ours, damaged, or newer."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await self._ask(self._prepare)

    async def close(self) -> None:
        """Write what waits and close the file."""
        if self._thread.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def keep(
        self, table: Table, key: tuple[int | str, ...], body: object, content: bytes | None = None
    ) -> None:
        """Write a row, in place of the one with the same key."""
        columns = [*table.keys, "body", *(["content"] if table is Table.FILES else [])]
        marks = ", ".join("?" * len(columns))
        values: list[object] = [*key, json.dumps(body, ensure_ascii=False)]
        if table is Table.FILES:
            values.append(content)
        statement = f"INSERT OR REPLACE INTO {table.value} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names from an Enum
        self._tell(lambda database: database.execute(statement, values))

    def drop(self, table: Table, key: tuple[int | str, ...]) -> None:
        """Delete a row."""
        where = " AND ".join(f"{name} = ?" for name in table.keys)
        statement = f"DELETE FROM {table.value} WHERE {where}"  # noqa: S608 - names from an Enum
        self._tell(lambda database: database.execute(statement, key))

    async def rows(self, table: Table) -> list[Any]:
        """Read the bodies of a table in the order of their keys."""
        statement = f"SELECT body FROM {table.value} ORDER BY {', '.join(reversed(table.keys))}"  # noqa: S608 - names from an Enum
        return await self._ask(lambda db: [json.loads(body) for (body,) in db.execute(statement)])

    async def setting(self, name: str, default: _Result) -> _Result:
        """Read one setting."""
        found = await self._ask(
            lambda db: db.execute("SELECT body FROM settings WHERE id = ?", (name,)).fetchone()
        )
        return json.loads(found[0]) if found else default

    async def content(self, file_id: str) -> bytes | None:
        """Read what is in a file."""
        found = await self._ask(
            lambda db: db.execute("SELECT content FROM files WHERE id = ?", (file_id,)).fetchone()
        )
        return bytes(found[0]) if found else None

    async def settled(self) -> None:
        """Wait until everything handed over so far is on the disk; StoreError if it could not be written."""
        if self._last is not None:
            await asyncio.shield(self._last)
        if self._failure is not None:
            raise self._failure

    def _tell(self, run: Callable[[sqlite3.Connection], object]) -> None:
        self._last = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(run=run, done=self._last, is_question=False))

    async def _ask(self, run: Callable[[sqlite3.Connection], _Result]) -> _Result:
        done: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(run=run, done=done, is_question=True))
        return await done

    def _prepare(self, database: sqlite3.Connection) -> None:
        if _version(database) == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                database.execute(statement)
        if _version(database) != VERSION:
            database.execute(f"PRAGMA user_version = {VERSION}")

    def _connect(self) -> sqlite3.Connection:
        if self._path is None:
            return sqlite3.connect(":memory:", isolation_level=None)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)  # what people said is nobody else's
        database = sqlite3.connect(self._path, isolation_level=None)
        if _version(database) > VERSION:  # looked at before anything is written
            database.close()
            raise StoreError(
                f"{self._path}: written by a newer version; update the bot, or name another file"
            )
        database.execute("PRAGMA journal_mode = WAL")
        return database

    def _work(self) -> None:
        try:
            database = self._connect()
        except StoreError as error:
            self._refuse_all(error)
            return
        except (sqlite3.Error, OSError) as error:
            self._refuse_all(
                StoreError(f"{self._path}: cannot be opened ({error}); move it away or name another")
            )
            return
        try:
            while batch := self._next_batch():
                if jobs := [job for job in batch if job is not None]:
                    self._run(database, jobs)
                if None in batch:
                    break
        finally:
            database.close()

    def _next_batch(self) -> list[_Job | None]:
        batch = [self._jobs.get()]
        while len(batch) < _LARGEST_BATCH and batch[-1] is not None:
            try:
                batch.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return batch

    def _run(self, database: sqlite3.Connection, jobs: list[_Job]) -> None:
        try:
            database.execute("BEGIN IMMEDIATE")
            results = [job.run(database) for job in jobs]
            database.execute("COMMIT")
        except (sqlite3.Error, StoreError) as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            failure = error if isinstance(error, StoreError) else StoreError(f"{self._path}: {error}")
            self._settle(jobs, [None] * len(jobs), failure)
        else:
            self._settle(jobs, results, None)

    def _refuse_all(self, failure: StoreError) -> None:
        while (job := self._jobs.get()) is not None:
            self._settle([job], [None], failure)

    def _settle(self, jobs: list[_Job], results: list[Any], failure: StoreError | None) -> None:
        def on_loop() -> None:
            self._failure = failure or self._failure
            for job, result in zip(jobs, results, strict=True):
                if job.done.done():
                    continue
                if failure is not None and job.is_question:
                    job.done.set_exception(failure)
                else:
                    job.done.set_result(result)

        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(on_loop)


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
