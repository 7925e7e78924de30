"""Copies of a store: made while the bot runs, proven, and put back.

Law: a copy is of one moment, and whole or not there: it is written under another name, checked, synced, and only
then gets its own. What is there already is never overwritten unasked; putting back keeps what it replaces.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import StoreError
from bot.store.faults import DAMAGED, fault, told
from bot.store.guard import Guard
from bot.store.migrations import migrations
from bot.store.opening import Site, beside, check_schema, prepare, reader
from bot.store.tables import Database

TIMEOUT_S = 5.0
ANOTHER = "make another copy with `backup`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """What a sound copy holds: rows by table, and the names of the steps that its schema still lacks."""

    rows: dict[str, int]
    pending: tuple[str, ...]


def back_up(source: Path, target: Path, *, overwrite: bool) -> Copy:
    """Copy a store, also beside its running bot; StoreError if it cannot be, and then there is no file."""
    _check_target(source, target, overwrite=overwrite)
    site = Site(source.absolute(), timeout_s=TIMEOUT_S, read_only=True, any_schema=True)
    with _told(target), _new_file(target) as file:
        with _told(source), _leaving(site) as db:
            if not migrations.applied(_tables(db)):
                raise fault(source, "holds nothing yet", "start the bot once")
            _copy(db, file)
        # A store that is not quite as it should be is copied all the same, but none with unreadable pages.
        with closing(_reading(file)) as copy:
            _check_pages(copy, source, DAMAGED)
            found = _described(copy)
        _publish(file, target, overwrite=overwrite)
    return found


def check(file: Path) -> Copy:
    """Prove a copy: whole to the last page and reference, of a schema that this program knows; StoreError else."""
    _check_is_copy(file)
    with _told(file, advice=ANOTHER), closing(_reading(file)) as db:
        _check_pages(db, file, ANOTHER)
        check_schema(file, _tables(db))
        if not migrations.applied(_tables(db)):
            raise fault(file, "is empty", ANOTHER)
        loose = db.execute("PRAGMA foreign_key_check").fetchone()
        if loose:
            raise fault(file, f"is damaged (a row of {loose[0]} belongs to no row of {loose[2]})", ANOTHER)
        found = _described(db)
        if not found.pending and _schema(db) != _schema_wanted():
            raise fault(file, "has another schema than its steps make", ANOTHER)
        return found


def put_back(file: Path, database: Path, *, mark: str) -> Path | None:
    """Put a proven copy in a store's place while no bot runs; what was there is kept beside it, under this mark.

    StoreError while a bot runs, or for a copy that is not sound: then nothing is changed.
    """
    check(file)
    database = database.resolve()
    if database.exists() and file.samefile(database):
        raise fault(file, "is the store itself", "name a copy of it")
    with _told(database):
        prepare(database)
        guard = Guard(database, timeout_s=TIMEOUT_S)
        try:
            with _new_file(database) as new:
                with closing(_reading(file)) as db:
                    _copy(db, new)
                kept = _move_away(database, database.with_name(f"{database.name}.{mark}"))
                new.replace(database)
                _sync(database.parent)
        finally:
            guard.release()
    return kept


def _check_target(source: Path, target: Path, *, overwrite: bool) -> None:
    if target.is_dir():
        raise fault(target, "is a folder", "name a file in it")
    if target.exists() and not target.is_file():  # a device, a pipe: whoever put it there needs it
        raise fault(target, "is no file", "name one")
    if not target.parent.is_dir():
        raise fault(target, "has no folder to be in", f"make the folder {target.parent} first")
    if target.exists() and source.exists() and target.samefile(source):
        raise fault(target, "is the store itself", "name another file")
    if (target.exists() or target.is_symlink()) and not overwrite:
        raise fault(target, "is there already", "name another file, or overwrite it with --force")


def _check_pages(db: sqlite3.Connection, about: Path, advice: str) -> None:
    report = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
    if report != ["ok"]:
        raise fault(about, f"is damaged ({report[0].splitlines()[-1]})", advice)


def _check_is_copy(file: Path) -> None:
    if not file.is_file():
        raise fault(file, "is no file here", "name a copy made by `backup`")
    more = next((one for one in beside(file) if one.exists()), None)
    if more is not None:
        raise fault(file, f"is not all of it: {more.name} belongs to it", ANOTHER)
    if not file.stat().st_size:
        raise fault(file, "is empty", ANOTHER)


@contextmanager
def _told(path: Path, *, advice: str = "") -> Iterator[None]:
    """What SQLite and the system say becomes one line about this file, with this advice or their own."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        line = told(path, error)
        raise (StoreError(f"{str(line).rpartition('; ')[0]}; {advice}") if advice else line) from error


@contextmanager
def _leaving(site: Site) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, in a transaction: whatever is written meanwhile, it sees one moment."""
    db = site.enter()
    try:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield db
        db.execute("COMMIT")
    finally:
        site.leave(db)


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """An empty file beside the target, for this user only; gone at the end if nobody moved it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".part")
    os.close(handle)
    file = Path(name)
    try:
        yield file
    finally:
        for one in (file, *beside(file)):
            one.unlink(missing_ok=True)


def _copy(db: sqlite3.Connection, file: Path) -> None:
    """Copy all pages in one step (in several, a bot that writes would make it begin again and again), and sync."""
    with closing(sqlite3.connect(file, isolation_level=None)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which a read-only place can hold as well
    _sync(file)


def _publish(file: Path, target: Path, *, overwrite: bool) -> None:
    """Give the file its name; a name that was taken meanwhile is not taken away."""
    if overwrite:
        file.replace(target)
    else:
        try:
            target.hardlink_to(file)
        except FileExistsError:
            raise fault(
                target, "is there already", "name another file, or overwrite it with --force"
            ) from None
    _sync(target.parent)


def _move_away(database: Path, kept: Path) -> Path | None:
    """Keep a store under another name; it stays in its place until another takes it, so a kill leaves no empty one."""
    if not database.stat().st_size:
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, timeout=TIMEOUT_S)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # if it is sound, its log goes into the file
    kept.hardlink_to(database)
    for one in beside(database):
        # A log beside another file than its own would be played into it.
        if one.exists():
            one.rename(f"{kept}{one.name.removeprefix(database.name)}")
    return kept


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _schema(db: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Tables and indexes by kind, name and what made them."""
    found = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {(kind, name, sql) for kind, name, sql in found if not name.startswith("sqlite_")}


def _schema_wanted() -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrations.apply(_tables(db))
        return _schema(db)


def _described(db: sqlite3.Connection) -> Copy:
    names = sorted(name for kind, name, _ in _schema(db) if kind == "table" and not name.startswith("_"))
    rows = {name: db.execute(f"SELECT count(*) FROM [{name}]").fetchone()[0] for name in names}  # noqa: S608
    return Copy(rows=rows, pending=tuple(step.name for step in migrations.pending(_tables(db))))


def _reading(file: Path) -> sqlite3.Connection:
    """A look at a file that nobody writes: nothing is made beside it."""
    return reader(file.absolute(), timeout_s=0, immutable=True)


def _tables(db: sqlite3.Connection) -> Database:
    return Database(db, recursive_triggers=False, execute_plugins=False)
