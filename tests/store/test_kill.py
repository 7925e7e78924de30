"""Kill -9 under load: what was acknowledged is there, what is there is whole."""

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store.sqlite import SqliteStore
from tests.store.victim import BOT, LEARNERS

ROUNDS = 15
_HERE = Path(__file__).resolve().parents[2]


@contextmanager
def victim(path: Path, number: int) -> Iterator[tuple[int, Path]]:
    """The victim, answering: its process id and the file of what it acknowledged; killed at the end."""
    told = path.with_name(f"told-{number}")
    command = [sys.executable, "-m", "tests.store.victim", str(path), str(number)]
    with told.open("wb") as out, path.with_name("errors").open("wb") as errors:
        process = subprocess.Popen(command, cwd=_HERE, stdout=out, stderr=errors)
    try:
        while not told.stat().st_size:
            assert process.poll() is None, path.with_name("errors").read_text()
            time.sleep(0.005)
        yield process.pid, told
        assert process.poll() is None, path.with_name("errors").read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.process
async def test_no_acknowledged_answer_is_lost(tmp_path: Path) -> None:
    """Killed at 15 moments of chance: every acknowledged answer, update and word is as it was acknowledged."""
    chance = random.Random(20260301)
    path = tmp_path / "nabla.db"
    answers: set[tuple[int, int]] = set()
    handled: set[int] = set()
    said: set[int] = set()
    for number in range(ROUNDS):
        with victim(path, number) as (_, told):
            await asyncio.sleep(chance.uniform(0.0, 0.4))
        lines = [line.split() for line in told.read_text().splitlines()]
        answers |= {(int(line[1]), int(line[2])) for line in lines if line[0] == "answer"}
        handled |= {int(line[3]) for line in lines if line[0] == "answer"}
        said |= {int(line[1]) for line in lines if line[0] == "said"}
        await check(path, answers, handled, said)
    assert len(answers) > 10 * ROUNDS


async def check(path: Path, answers: set[tuple[int, int]], handled: set[int], said: set[int]) -> None:
    """The next start finds all of it, and every change whole."""
    store = SqliteStore(path, busy_timeout_s=0)
    await store.open()
    try:
        words = await store.unsaid()
        waiting = {kept.key.update_id for kept in await store.waiting(BOT)}
        assert waiting.isdisjoint(handled)
        assert said.isdisjoint(word.number for word in words)
        for learner in LEARNERS:
            exported = await store.export(learner)
            stored = [answer["sitting"] for answer in exported["answers"]]
            assert {sitting for who, sitting in answers if who == learner} <= set(stored)
            # all or nothing: session, answer and word came with one change
            assert stored == list(range(1, len(stored) + 1))
            assert (exported["session"] or {"answered": 0})["answered"] == len(stored)
            left = {word["body"] for word in exported["words"]}
            # of two words one is never said; of the others a kill leaves one at most
            assert set(range(2, len(stored) + 1, 2)) <= left
            assert sum(number % 2 for number in left) <= ROUNDS
    finally:
        await store.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.process
async def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    """The guard holds between processes, names the other one, and ends with it."""
    path = tmp_path / "nabla.db"
    with victim(path, 1) as (pid, _):
        with pytest.raises(StoreError, match=rf"in use by another bot \(process {pid}\)"):
            await SqliteStore(path, busy_timeout_s=0.1).open()
        beside = SqliteStore(path, read_only=True)
        await beside.open()
        assert await beside.figures()
        await beside.close()
    store = SqliteStore(path, busy_timeout_s=0)
    await store.open()
    assert await store.figures()
    await store.close()
