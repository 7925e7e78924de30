"""A disk that is really full, a file that somebody locks: one line for the operator, and nothing is lost."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.preview.server import LocalTelegram
from tests.person import Person
from tests.process.conftest import Start
from tests.process.study import polling

pytestmark = pytest.mark.process
SIZE_KB = 24 * 1024
MOST_MESSAGES, CROWD = 800, 40


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The bot's data folder on a file system of its own with a few megabytes."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k,mode=700", "none", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False, timeout=30).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk needs the right to mount one (root, and a container that may)")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


def fill(file: Path) -> None:
    """Write until no byte more fits."""
    with suppress(OSError), file.open("wb", buffering=0) as opened:
        while True:
            opened.write(bytes(1024))


async def test_a_full_disk_is_one_line_and_loses_nothing(
    telegram: LocalTelegram, small_disk: Path, ada: Person, start: Start
) -> None:
    """It ends with code 1 when it can keep no more; what came meanwhile is answered after the next start."""
    environ = polling(telegram)
    bot = await (await start(**environ)).ready()
    await ada.send("/quiz")
    await ada.says("Question 1", button="A")
    await ada.tap("A")
    await ada.says("your answer")
    filler = small_disk / "somebody-elses-file"
    fill(filler)
    crowd = [Person(telegram, number) for number in range(6001, 6001 + CROWD)]
    for person in crowd * (MOST_MESSAGES // CROWD):
        if bot.process.returncode is not None:
            break
        await person.send("/privacy " + "x" * 4000)
    assert await bot.ended(20) == 1
    last = bot.stderr.splitlines()[-1]
    assert "nabla.db: could not be written, the disk is full" in last and "free some space" in last
    assert "Traceback" not in bot.stderr and "xxx" not in bot.stderr
    filler.unlink()
    bot = await (await start(**environ)).ready()
    await ada.send("/help")
    await ada.says("/progress")
    assert await bot.stop() == 0
    with closing(sqlite3.connect(small_disk / "nabla.db")) as db:
        assert db.execute("SELECT count(*) FROM answers").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM inbox WHERE handled_at IS NULL").fetchone() == (0,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_file_that_stays_locked_is_one_line_and_loses_nothing(
    telegram: LocalTelegram, tmp_path: Path, ada: Person, start: Start
) -> None:
    """It waits for five seconds, then ends with code 1; the next start answers what came meanwhile, once."""
    environ = polling(telegram)
    bot = await (await start(**environ)).ready()
    await ada.send("/start")
    await ada.says("Hello")
    with closing(sqlite3.connect(tmp_path / "data" / "nabla.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await ada.send("/help")
        assert await bot.ended(30) == 1
        assert "nabla.db: is locked by another program" in bot.stderr.splitlines()[-1]
        assert "Traceback" not in bot.stderr
        other.execute("ROLLBACK")
    bot = await (await start(**environ)).ready()
    await ada.says("/progress")
    assert await bot.stop() == 0
    assert sum("/progress" in message.text for message in ada.messages()) == 1
