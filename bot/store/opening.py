"""How a file is opened: looked at without leaving a trace, and only then touched.

Law: what is refused stays as it was, byte for byte, and gets no new files beside it (the guard's lock apart).
So a file is judged through a connection that cannot write, `immutable` where no write-ahead log is about.
"""

import os
import sqlite3
import stat
from contextlib import ExitStack, closing
from pathlib import Path

from bot.errors import ConfigError, StoreError
from bot.store.erase import found
from bot.store.faults import DAMAGED, fault
from bot.store.guard import Guard
from bot.store.migrations import migrations, unknown
from bot.store.tables import Database


class Site:
    """The place of one store: the file with its guard, entered once and left last."""

    def __init__(self, path: Path, *, timeout_s: float, read_only: bool, any_schema: bool = False) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._read_only = read_only
        self._any_schema = any_schema  # also one that this program would first bring up to date
        self._immutable = False
        self._held: ExitStack | None = None
        self._eye = -1

    def enter(self) -> sqlite3.Connection:
        """The first connection: the one that writes, or for `read_only` one that reads."""
        with ExitStack() as held:
            db = self._peek(held) if self._read_only else self._take(held)
            self._held = held.pop_all()
        return db

    def _take(self, held: ExitStack) -> sqlite3.Connection:
        prepare(self._path)
        held.callback(Guard(self._path.resolve(), timeout_s=self._timeout_s).release)
        inspect(self._path, timeout_s=self._timeout_s)
        # Opened before SQLite comes, closed after it went: closing any handle of the file drops SQLite's own
        # locks in this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
        self._eye = os.open(self._path, os.O_RDONLY)
        held.callback(os.close, self._eye)
        return writer(self._path, timeout_s=self._timeout_s)

    def _peek(self, held: ExitStack) -> sqlite3.Connection:
        self._immutable = False
        _check_is_file(self._path)
        if not self._path.exists():
            raise fault(self._path, "is not there yet", "start the bot once, it makes the file")
        try:
            held.callback(Guard(self._path.resolve(), timeout_s=0).release)
        except (StoreError, OSError):
            pass  # a bot is running, or the folder is read-only: then SQLite's own locks are what there is
        else:
            self._immutable = not any(file.exists() for file in beside(self._path))
        db = self.read()
        try:
            inspect_current(self._path, db, any_schema=self._any_schema)
        except BaseException:
            db.close()
            raise
        return db

    def read(self) -> sqlite3.Connection:
        """A further connection, which can only read."""
        return reader(self._path, timeout_s=self._timeout_s, immutable=self._immutable)

    def leave(self, db: sqlite3.Connection) -> None:
        """Close the last connection, which puts the log into the file, then let go of the file."""
        try:
            db.close()
        finally:
            if self._held is not None:
                self._held.close()

    def holds(self, learner: int) -> bool:
        """Whether a learner's id can still be read anywhere in the file."""
        return found(self._eye, learner)


def prepare(path: Path) -> None:
    """Make folder and file if missing, readable by this user only; StoreError if they cannot be written."""
    _check_is_file(path)
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
    if path.exists():
        _check_writable(path)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _check_is_file(path: Path) -> None:
    """A folder or a device was named by mistake: a matter of settings, that no restart mends."""
    if path.exists() and not path.is_file():
        raise ConfigError(
            f"NABLA_DATABASE_URL: {path} is not a file; wanted: a file, there or still to be made"
        )


def _check_writable(path: Path) -> None:
    # The bits too: root may write everything, but a file made read-only was made so on purpose.
    marked = not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if marked or not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise fault(path, "is read-only", "give this user the right to write the file and its folder")


def inspect(path: Path, *, timeout_s: float) -> None:
    """Refuse a file that is damaged, newer than this program, or another program's."""
    if path.stat().st_size == 0:
        return
    if Path(f"{path}-journal").exists():
        _roll_back(path, timeout_s)
    # A log left by a kill is read through (`immutable` would pass it over); without one no file is made.
    quiet = not any(file.exists() for file in beside(path))
    with closing(reader(path, timeout_s=timeout_s, immutable=quiet)) as db:
        report = [row[0] for row in db.execute("PRAGMA quick_check(1)")]
        if report != ["ok"]:
            raise fault(path, f"is damaged ({report[0].splitlines()[-1]})", DAMAGED)
        check_schema(path, Database(db, recursive_triggers=False, execute_plugins=False))


def _roll_back(path: Path, timeout_s: float) -> None:
    """Let SQLite undo what a kill cut short before the file had its write-ahead log: no reader may do that."""
    with closing(sqlite3.connect(path, timeout=timeout_s, isolation_level=None)) as db:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()


def check_schema(path: Path, db: Database) -> None:
    """Refuse a schema that is newer than this program, or another program's."""
    newer = unknown(db)
    if newer:
        raise fault(path, f"was written by a newer program (schema {newer[0]})", "update this program")
    if db.table_names() and not migrations.applied(db):
        raise fault(path, "belongs to another program", "set NABLA_DATABASE_URL to a file of its own")


def inspect_current(path: Path, db: sqlite3.Connection, *, any_schema: bool = False) -> None:
    """For one who only reads: refuse a file whose schema is not the present one."""
    tables = Database(db, recursive_triggers=False, execute_plugins=False)
    check_schema(path, tables)
    if migrations.pending(tables) and not any_schema:
        raise fault(
            path, "was not written by this version yet", "start the bot once, it brings the file up to date"
        )


def beside(path: Path) -> tuple[Path, ...]:
    """The files that SQLite keeps beside a database while it is in use."""
    return tuple(Path(f"{path}{end}") for end in ("-wal", "-shm", "-journal"))


def reader(path: Path, *, timeout_s: float, immutable: bool = False) -> sqlite3.Connection:
    """A connection that can only read; `immutable` if nobody else has the file open."""
    mode = "mode=ro&immutable=1" if immutable else "mode=ro"
    db = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=timeout_s, isolation_level=None)
    db.execute("PRAGMA query_only = ON")
    return db


def writer(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    """The one connection that writes, its schema up to date."""
    db = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    try:
        _set_up(db)
    except BaseException:
        db.close()
        raise
    return db


def _set_up(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("BEGIN IMMEDIATE")  # a file locked by another program is refused before anything is set
    db.execute("ROLLBACK")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    migrations.apply(Database(db, recursive_triggers=False, execute_plugins=False))
