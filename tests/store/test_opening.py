"""What is refused at the door is left alone, and told in one line."""

import asyncio
import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.errors import ConfigError, StoreError
from bot.store.base import Change, NewWord
from bot.store.migrations import migrations
from bot.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def fingerprints(folder: Path) -> dict[str, str]:
    """Every file of a folder but the guard's, by the hash of its bytes; -shm by name, it is an index to memory."""
    files = [file for file in folder.iterdir() if file.suffix != ".lock"]
    return {
        file.name: "" if file.suffix == ".db-shm" else hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


async def filled(path: Path, learners: int = 300) -> None:
    """A sound database with some pages."""
    store = SqliteStore(path)
    await store.open()
    changes = (Change(learner=n, session=f'"{n} {"x" * 200}"') for n in range(1, learners))
    await asyncio.gather(*(store.commit(change, now=NOW) for change in changes))
    await store.close()


async def refusal(path: Path) -> str:
    """The line with which a file is refused; the folder is as it was."""
    before = fingerprints(path.parent)
    store = SqliteStore(path, busy_timeout_s=0.1)
    with pytest.raises(StoreError) as caught:
        await store.open()
    await store.close()
    assert fingerprints(path.parent) == before
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and "\n" not in line and ";" in line
    return line


async def test_folder_and_file_are_made_private(tmp_path: Path) -> None:
    """A missing folder is made; nobody else reads what is in it."""
    path = tmp_path / "a" / "data" / "nabla.db"
    store = SqliteStore(path)
    await store.open()
    await store.commit(Change(learner=1, session="{}"), now=NOW)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    await store.close()
    assert {file.name for file in path.parent.iterdir()} == {"nabla.db", "nabla.db.lock"}


async def test_settings_of_the_writer(tmp_path: Path) -> None:
    """What the promises rest on is switched on: WAL, FULL (2), foreign keys, secure delete, 5 s."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
    found = await store._write(lambda db: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names])
    assert found == ["wal", 2, 1, 1, 5000]
    await store.close()


async def test_a_reading_connection_cannot_write(tmp_path: Path) -> None:
    """The reading threads hold connections that refuse every change."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    for slow in (False, True):
        with pytest.raises(StoreError, match="cannot be written"):
            await store._read(lambda db: db.execute("DELETE FROM learners"), slow=slow)
    await store.close()


async def test_no_sqlite_on_the_loops_thread(tmp_path: Path) -> None:
    """Opening, reading, writing and closing leave the loop's thread without a single SQLite call."""
    used = set()

    def audit(event: str, args: tuple[object, ...]) -> None:
        if event.startswith("sqlite3."):
            used.add(threading.get_ident())

    sys.addaudithook(audit)
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    await store._write(lambda db: used.add(threading.get_ident()))
    await store._read(lambda db: used.add(threading.get_ident()))
    await store.close()
    assert used and threading.get_ident() not in used


def text_file(path: Path) -> None:
    """No database at all."""
    path.write_text("not a database, but a diary\n" * 200)


def torn(path: Path) -> None:
    """A page in the middle overwritten."""
    asyncio.run(filled(path))
    data = bytearray(path.read_bytes())
    data[5 * 4096 : 12 * 4096] = os.urandom(7 * 4096)
    path.write_bytes(data)


def cut(path: Path) -> None:
    """The end of the file missing."""
    asyncio.run(filled(path))
    path.write_bytes(path.read_bytes()[: 9 * 4096])


def newer(path: Path) -> None:
    """Written by a program that knows one step more."""
    asyncio.run(filled(path))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('nabla', '9999-to-come')")


def newer_and_killed(path: Path) -> None:
    """The same, its write-ahead log still beside it."""
    newer(path)
    kill = (
        "import os, signal, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('UPDATE learners SET session = NULL'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", kill, str(path)], check=False)
    assert path.with_name("nabla.db-wal").stat().st_size > 0


def foreign(path: Path) -> None:
    """Another program's database."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")


def read_only(path: Path) -> None:
    """Made read-only on purpose."""
    asyncio.run(filled(path))
    path.chmod(0o400)


@pytest.mark.parametrize(
    ("spoil", "fact"),
    [
        (text_file, "is not a SQLite database"),
        (torn, "is damaged"),
        (cut, "is damaged"),
        (newer, "newer program (schema 9999-to-come)"),
        (newer_and_killed, "newer program (schema 9999-to-come)"),
        (foreign, "belongs to another program"),
        (read_only, "is read-only"),
    ],
)
def test_what_cannot_be_trusted_is_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], fact: str
) -> None:
    """Refused in one line with path, fact and advice; every byte and every file as before."""
    path = tmp_path / "nabla.db"
    spoil(path)
    assert fact in asyncio.run(refusal(path))


async def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """A folder in place of the file is told as such: the setting is wrong, whoever opens it."""
    path = tmp_path / "nabla.db"
    path.mkdir()
    for read_only in (False, True):
        with pytest.raises(ConfigError, match=r"NABLA_DATABASE_URL: .*nabla\.db is not a file; wanted: "):
            await SqliteStore(path, read_only=read_only).open()
    assert list(tmp_path.iterdir()) == [path]


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The system's own error becomes one line too."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match="cannot be used"):
        await SqliteStore(tmp_path / "data" / "nabla.db").open()


async def test_a_file_locked_by_another_program_is_refused(tmp_path: Path) -> None:
    """Somebody's open transaction is waited for, then told; once it is over the store opens."""
    path = tmp_path / "nabla.db"
    await filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert "locked by another program" in await refusal(path)
        db.execute("ROLLBACK")
    store = SqliteStore(path, busy_timeout_s=0.1)
    await store.open()
    await store.close()


async def test_a_second_store_on_one_file_is_refused(tmp_path: Path) -> None:
    """One bot, one file, by whatever name it goes; the first goes on, and leaves the place free."""
    path = tmp_path / "nabla.db"
    first = SqliteStore(path)
    await first.open()
    (tmp_path / "link.db").symlink_to(path)
    for name in ("nabla.db", "link.db"):
        with pytest.raises(StoreError, match=rf"in use by another bot \(process {os.getpid()}\)"):
            await SqliteStore(tmp_path / name, busy_timeout_s=0.1).open()
    assert await first.commit(Change(learner=1, session="{}"), now=NOW) == ()
    await first.close()
    second = SqliteStore(path, busy_timeout_s=0.1)
    await second.open()
    await second.close()


async def test_one_who_is_just_leaving_is_waited_for(tmp_path: Path) -> None:
    """A restart need not wait for the old process to be gone to the last."""
    first, second = (SqliteStore(tmp_path / "nabla.db") for _ in range(2))
    await first.open()
    opening = asyncio.ensure_future(second.open())
    await asyncio.sleep(0.05)
    assert not opening.done()
    await first.close()
    await opening
    await second.close()


async def test_reading_beside_a_running_bot(tmp_path: Path) -> None:
    """`read_only` looks at a file in use, at one at rest, at one left by a kill, and changes none."""
    path = tmp_path / "nabla.db"
    bot = SqliteStore(path)
    await bot.open()
    await bot.commit(Change(learner=1, session='"s"'), now=NOW)
    for bot_runs in (True, False):
        if not bot_runs:
            await bot.close()
        before = fingerprints(tmp_path) if not bot_runs else None
        looking = SqliteStore(path, read_only=True)
        await looking.open()
        assert (await looking.load(1)).session == '"s"'
        assert await looking.figures() == []
        with pytest.raises(StoreError, match="for reading only"):
            await looking.commit(Change(learner=1, session="{}"), now=NOW)
        with pytest.raises(StoreError, match="for reading only"):
            await looking.forget(1)
        await looking.close()
        assert before in (None, fingerprints(tmp_path))


async def test_reading_a_store_that_is_not_there(tmp_path: Path) -> None:
    """`read_only` makes no file; an older or foreign one is refused with the way on."""
    path = tmp_path / "nabla.db"
    with pytest.raises(StoreError, match="start the bot once"):
        await SqliteStore(path, read_only=True).open()
    assert list(tmp_path.iterdir()) == []
    path.touch()
    with pytest.raises(StoreError, match="start the bot once"):
        await SqliteStore(path, read_only=True).open()
    foreign(path)
    with pytest.raises(StoreError, match="another program"):
        await SqliteStore(path, read_only=True).open()


def cut_short(path: Path) -> None:
    """A change half written into the file itself, its rollback journal beside it."""
    kill = (
        "import os, signal, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('PRAGMA journal_mode = DELETE'); db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN');"
        "db.execute('UPDATE learners SET session = hex(randomblob(99))'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    sound = path.read_bytes()
    subprocess.run([sys.executable, "-c", kill, str(path)], check=False)
    assert path.with_name("nabla.db-journal").exists() and path.read_bytes() != sound


async def test_a_first_write_cut_short_is_undone(tmp_path: Path) -> None:
    """A rollback journal left by a kill is no damage: the store opens with what was there before."""
    path = tmp_path / "nabla.db"
    await filled(path)
    cut_short(path)
    store = SqliteStore(path)
    await store.open()
    assert (await store.load(299)).session == f'"299 {"x" * 200}"'
    await store.close()


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """Somebody's `touch` is no damage."""
    path = tmp_path / "nabla.db"
    path.touch()
    store = SqliteStore(path)
    await store.open()
    assert await store.unsaid() == []
    await store.close()


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    """Before, after and twice: one clear line instead of a riddle."""
    store = SqliteStore(tmp_path / "nabla.db")
    with pytest.raises(StoreError, match="is not open"):
        await store.load(1)
    await store.open()
    with pytest.raises(StoreError, match="is open already"):
        await store.open()
    await store.close()
    with pytest.raises(StoreError, match="is not open"):
        await store.load(1)
    await store.open()
    assert (await store.load(1)).session is None
    await store.close()


@pytest.mark.parametrize("waiting", [True, False])
async def test_words_of_an_older_file_keep_their_numbers(tmp_path: Path, waiting: bool) -> None:
    """They wait as they did, and no number is given twice, though the table was made anew."""
    path = tmp_path / "nabla.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrations.apply(Database(db), stop_before="0003-activities")
        db.execute("INSERT INTO learners (learner, since) VALUES (7, '')")
        for _ in range(3):
            db.execute("INSERT INTO words (learner, chat, kind, body) VALUES (7, 7, 'say', '{}')")
        db.execute("DELETE FROM words WHERE number > ?", (2 if waiting else 0,))
    store = SqliteStore(path)
    await store.open()
    try:
        assert [word.number for word in await store.unsaid()] == ([1, 2] if waiting else [])
        said = NewWord(chat=-5, kind="say", body="{}")
        [word] = await store.commit(Change(learner=None, words=(said,)), now=NOW) or ()
        assert word.number == 4
    finally:
        await store.close()
