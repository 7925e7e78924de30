"""Copies: of one moment, whole or not there, proven before they are trusted, put back without losing anything."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import backup
from bot.store.base import Answer, Change, NewWord
from bot.store.migrations import migrations
from bot.store.sqlite import SqliteStore
from tests.store.test_opening import filled, fingerprints, foreign, newer, text_file, torn

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def pair(learner: int) -> Change:
    """Two rows that belong together: a session and an answer of one learner."""
    answer = Answer(
        lesson="l", question="q", sitting=1, option=0, correct=True, hints=0, seconds=1.0, answered_at=NOW
    )
    word = NewWord(chat=learner, kind="say", body="{}")
    return Change(learner=learner, session=f'"{learner}"', answers=(answer,), words=(word,))


def copied(source: Path, target: Path, *, overwrite: bool = False) -> backup.Copy:
    """A copy that leaves nothing else behind in its folder."""
    before = {file.name for file in target.parent.iterdir()}
    copy = backup.back_up(source, target, overwrite=overwrite)
    assert {file.name for file in target.parent.iterdir()} <= before | {target.name, f"{source.name}.lock"}
    return copy


async def test_a_copy_of_a_store_that_is_being_written_is_of_one_moment(tmp_path: Path) -> None:
    """Copy after copy while answers arrive: each is sound, and no answer is there without its session."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    (tmp_path / "copies").mkdir()
    done = asyncio.Event()

    async def write() -> int:
        number = 0
        while not done.is_set():
            number += 50
            await asyncio.gather(*(store.commit(pair(n), now=NOW) for n in range(number - 49, number + 1)))
        return number

    writing = asyncio.create_task(write())
    counts = []
    for number in range(8):
        target = tmp_path / "copies" / f"{number}.db"
        await asyncio.to_thread(copied, tmp_path / "nabla.db", target)
        rows = (await asyncio.to_thread(backup.check, target)).rows
        assert rows["learners"] == rows["answers"] == rows["words"]
        counts.append(rows["learners"])
    done.set()
    total = await writing
    await store.close()
    assert counts == sorted(counts) and 0 < counts[-1] <= total
    assert counts[-1] > counts[0]


async def test_a_copy_becomes_a_bot_again(tmp_path: Path) -> None:
    """Everything acknowledged before the copy is in it, also what is only in the write-ahead log."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    await store.commit(pair(7), now=NOW)
    await asyncio.to_thread(copied, tmp_path / "nabla.db", tmp_path / "copy.db")
    await store.commit(pair(8), now=NOW)
    await store.close()
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    again = SqliteStore(tmp_path / "copy.db")
    await again.open()
    assert (await again.load(7)).session == '"7"'
    assert (await again.load(8)).session is None
    assert [word.chat for word in await again.unsaid()] == [7]
    await again.close()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    """Refused with the file as it was; with `overwrite` the old one is replaced at once, never half."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    target = tmp_path / "copy.db"
    target.write_text("last week's")
    with pytest.raises(StoreError, match="is there already; name another file, or overwrite it with --force"):
        backup.back_up(tmp_path / "nabla.db", target, overwrite=False)
    assert target.read_text() == "last week's"
    copied(tmp_path / "nabla.db", target, overwrite=True)
    assert backup.check(target).rows["learners"] == 299


def test_a_name_taken_meanwhile_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two backups to one name: the second to finish is refused."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    target, copy = tmp_path / "copy.db", backup._copy

    def slowly(db: sqlite3.Connection, file: Path) -> None:
        copy(db, file)
        target.write_text("the first")

    monkeypatch.setattr(backup, "_copy", slowly)
    with pytest.raises(StoreError, match="is there already"):
        backup.back_up(tmp_path / "nabla.db", target, overwrite=False)
    assert target.read_text() == "the first"
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize(
    ("source", "target", "fact"),
    [
        ("none.db", "copy.db", "none.db: is not there yet"),
        ("nabla.db", ".", "is a folder; name a file in it"),
        ("nabla.db", "no/copy.db", "has no folder to be in"),
        ("nabla.db", "nabla.db", "is the store itself"),
        ("nabla.db", "link.db", "is the store itself"),
        ("empty.db", "copy.db", "empty.db: holds nothing yet; start the bot once"),
        ("foreign.db", "copy.db", "foreign.db: belongs to another program"),
        ("text.db", "copy.db", "text.db: is not a SQLite database"),
        ("torn.db", "copy.db", "torn.db: is damaged"),
        ("newer.db", "copy.db", "newer.db: was written by a newer program"),
    ],
)
def test_what_cannot_be_copied_is_one_line(tmp_path: Path, source: str, target: str, fact: str) -> None:
    """Place, fact, advice; no file is made, not even a part of one."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    (tmp_path / "link.db").symlink_to("nabla.db")
    (tmp_path / "empty.db").touch()
    for spoil in (foreign, text_file, torn, newer):
        spoil(tmp_path / f"{spoil.__name__.removesuffix('_file')}.db")
    before = fingerprints(tmp_path)
    with pytest.raises(StoreError) as caught:
        backup.back_up(tmp_path / source, tmp_path / target, overwrite=True)
    line = str(caught.value)
    assert fact in line and ";" in line and "\n" not in line and ".part" not in line
    assert fingerprints(tmp_path) == before


def test_a_full_disk_leaves_the_last_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told about the copy, which stays as it was."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    (tmp_path / "copy.db").write_text("last week's")

    def full(db: sqlite3.Connection, file: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_copy", full)
    with pytest.raises(StoreError, match="No space left on device"):
        backup.back_up(tmp_path / "nabla.db", tmp_path / "copy.db", overwrite=True)
    assert (tmp_path / "copy.db").read_text() == "last week's"
    assert not list(tmp_path.glob("*.part*"))


# check


def loose(path: Path) -> None:
    """An answer of nobody."""
    asyncio.run(filled(path))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO screens (learner, key, message) VALUES (9999, 'k', 1)")


def indexless(path: Path) -> None:
    """Somebody took an index away."""
    asyncio.run(filled(path))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP INDEX inbox_handled")


def with_log(path: Path) -> None:
    """Copied by hand from under a running bot, its log beside it."""
    asyncio.run(filled(path))
    path.with_name(f"{path.name}-wal").write_bytes(b"something")


def short(path: Path) -> None:
    """Copied halfway."""
    asyncio.run(filled(path))
    path.write_bytes(path.read_bytes()[: 9 * 4096])


def one_bit(path: Path) -> None:
    """A bit of an index fell over: the pages still look like pages."""
    asyncio.run(filled(path))
    with closing(sqlite3.connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'answers'").fetchone()[0]
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 + 3] ^= 0x40
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "fact"),
    [
        (lambda path: None, "is no file here"),
        (Path.mkdir, "is no file here"),
        (Path.touch, "is empty"),
        (text_file, "is not a SQLite database"),
        (torn, "is damaged"),
        (short, "is damaged"),
        (one_bit, "is damaged"),
        (loose, "is damaged (a row of screens belongs to no row of learners)"),
        (foreign, "belongs to another program"),
        (newer, "was written by a newer program"),
        (indexless, "has another schema than its steps make"),
        (with_log, "is not all of it: copy.db-wal belongs to it"),
    ],
)
def test_what_is_no_sound_copy_is_found_and_never_put_back(
    tmp_path: Path, spoil: Callable[[Path], None], fact: str
) -> None:
    """One line; neither the copy nor the store is touched."""
    (tmp_path / "data").mkdir()
    database = tmp_path / "data" / "nabla.db"
    asyncio.run(filled(database, learners=5))
    (tmp_path / "copies").mkdir()
    file = tmp_path / "copies" / "copy.db"
    spoil(file)
    before = [sorted(folder.iterdir()) for folder in (file.parent, database.parent)]
    for act in (lambda: backup.check(file), lambda: backup.put_back(file, database, mark="m")):
        with pytest.raises(StoreError) as caught:
            act()
        assert fact in str(caught.value) and "\n" not in str(caught.value)
    assert [sorted(folder.iterdir()) for folder in (file.parent, database.parent)] == before
    assert backup.back_up(database, tmp_path / "x.db", overwrite=False).rows["learners"] == 4


def test_a_copy_of_an_older_version_is_sound(tmp_path: Path) -> None:
    """What it lacks is named: the bot adds it when it starts."""
    path, names = tmp_path / "copy.db", [step.name for step in migrations._migrations]
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrations.apply(backup._tables(db), stop_before=names[1])
    assert backup.check(path).pending == tuple(names[1:])


def test_a_copy_on_a_read_only_place_can_be_checked(tmp_path: Path) -> None:
    """Nothing is written beside it."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    folder = tmp_path / "tape"
    folder.mkdir()
    backup.back_up(tmp_path / "nabla.db", folder / "copy.db", overwrite=False)
    before = fingerprints(folder)
    folder.chmod(0o500)
    backup.check(folder / "copy.db")
    folder.chmod(0o700)
    assert fingerprints(folder) == before


# put back


async def test_put_back_keeps_what_it_replaces(tmp_path: Path) -> None:
    """The store is as it was at the copy; what came since is in the file beside it."""
    database = tmp_path / "nabla.db"
    store = SqliteStore(database)
    await store.open()
    await store.commit(pair(7), now=NOW)
    await asyncio.to_thread(copied, database, tmp_path / "copy.db")
    await store.commit(pair(8), now=NOW)
    await store.close()
    kept = await asyncio.to_thread(backup.put_back, tmp_path / "copy.db", database, mark="replaced")
    assert kept == tmp_path / "nabla.db.replaced"
    for path, learners in ((database, [7]), (kept, [7, 8])):
        store = SqliteStore(path)
        await store.open()
        assert [n for n in (7, 8) if (await store.load(n)).session] == learners
        await store.close()
    assert database.stat().st_mode & 0o777 == 0o600


async def test_put_back_is_refused_while_a_bot_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot goes on; nothing is changed."""
    monkeypatch.setattr(backup, "TIMEOUT_S", 0.1)
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    await store.commit(pair(7), now=NOW)
    await asyncio.to_thread(copied, tmp_path / "nabla.db", tmp_path / "copy.db")
    await store.commit(pair(8), now=NOW)
    with pytest.raises(StoreError, match="is in use by another bot"):
        await asyncio.to_thread(backup.put_back, tmp_path / "copy.db", tmp_path / "nabla.db", mark="m")
    assert (await store.load(8)).session == '"8"'
    await store.close()


KILL = (
    "import os, signal, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
    "db.execute('PRAGMA journal_mode = WAL'); db.execute('PRAGMA wal_autocheckpoint = 0');"
    "db.execute('DELETE FROM learners'); os.kill(os.getpid(), signal.SIGKILL)"
)


@pytest.mark.parametrize("damaged", [False, True])
def test_the_log_of_the_old_store_is_not_played_into_the_new_one(tmp_path: Path, damaged: bool) -> None:
    """A bot was killed and left a log that deletes everybody; its store may be damaged, too."""
    database = tmp_path / "nabla.db"
    asyncio.run(filled(database))
    copied(database, tmp_path / "copy.db")
    subprocess.run([sys.executable, "-c", KILL, str(database)], check=False)
    assert database.with_name("nabla.db-wal").stat().st_size
    if damaged:
        database.write_bytes(b"\xff" * 4096 * 4)
    kept = backup.put_back(tmp_path / "copy.db", database, mark="old")
    assert kept is not None and kept.exists()
    assert not database.with_name("nabla.db-wal").exists()
    assert database.with_name("nabla.db.old-wal").exists() == damaged
    assert backup.check(database).rows["learners"] == 299


def test_put_back_where_nothing_was(tmp_path: Path) -> None:
    """On a new machine: the folder is made, private."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    copied(tmp_path / "nabla.db", tmp_path / "copy.db")
    database = tmp_path / "new" / "data" / "nabla.db"
    assert backup.put_back(tmp_path / "copy.db", database, mark="m") is None
    assert backup.check(database).rows["learners"] == 299
    assert database.parent.stat().st_mode & 0o777 == 0o700


def test_a_store_is_not_put_back_into_itself(tmp_path: Path) -> None:
    """By whatever name it goes."""
    asyncio.run(filled(tmp_path / "nabla.db"))
    (tmp_path / "link.db").symlink_to("nabla.db")
    with pytest.raises(StoreError, match="is the store itself"):
        backup.put_back(tmp_path / "link.db", tmp_path / "nabla.db", mark="m")


STEPS = ("_copy", "_move_away", "_sync")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_while_putting_back_leaves_a_whole_store(tmp_path: Path, step: str, when: str) -> None:
    """Killed at any step, the store is either the old one or the copy; never empty, never half."""
    database = tmp_path / "nabla.db"
    asyncio.run(filled(database, learners=5))
    backup.back_up(database, tmp_path / "copy.db", overwrite=False)
    asyncio.run(filled(database, learners=300))
    code = f"""
import os, signal, sys
from pathlib import Path
from bot.store import backup
step = backup.{step}
def killed(*arguments):
    if {when == "after"}:
        step(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
backup.{step} = killed
backup.put_back(Path(sys.argv[1]), Path(sys.argv[2]), mark="m")
"""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "copy.db"), str(database)], env=environ, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert backup.check(database).rows["learners"] in {4, 299}
    for part in tmp_path.glob("*.part*"):
        part.unlink()
    backup.put_back(tmp_path / "copy.db", database, mark="again")
    assert backup.check(database).rows["learners"] == 4
