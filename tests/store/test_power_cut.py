"""Power cuts: what was acknowledged was synced, and what was cut off in the middle is no damage."""

import asyncio
import shutil
from pathlib import Path
from random import Random

import pytest

from bot.store.sqlite import SqliteStore
from tests.store.powercut import AVAILABLE, Disk
from tests.store.test_writer import NOW, change

LEARNERS, ANSWERS, CUTS = 24, 12, 20
Cut = tuple[set[int], dict[str, bytes]]  # what was acknowledged, and what is found on the disk
followed = pytest.mark.skipif(
    not AVAILABLE, reason="SQLite is built into this Python: its files cannot be followed"
)


async def cut_off(path: Path, disk: Disk, *, synchronous: str) -> list[Cut]:
    """Many learners answer as fast as the store takes it; at some acknowledgements the power is cut."""
    chance, cuts, acknowledged = Random(20260101), list[Cut](), set[int]()
    store = SqliteStore(path)
    await store.open()
    await store._write(lambda db: db.execute(f"PRAGMA synchronous = {synchronous}"), alone=True)

    async def learn(learner: int) -> None:
        for place in range(ANSWERS):
            one = learner * 1000 + place
            await store.commit(change(one, size=300), now=NOW)
            acknowledged.add(one)
            if chance.random() < CUTS / (LEARNERS * ANSWERS):
                cuts.append((set(acknowledged), disk.image(chance)))

    await asyncio.gather(*map(learn, range(LEARNERS)))
    await store.close()
    return cuts


async def found(folder: Path, image: dict[str, bytes]) -> set[int]:
    """Whose answers the next start finds; it takes the file for sound."""
    folder.mkdir()
    for name, content in image.items():
        (folder / name).write_bytes(content)
    store = SqliteStore(folder / "nabla.db")
    await store.open()
    answered = await store._read(lambda db: {row[0] for row in db.execute("SELECT learner FROM answers")})
    await store.close()
    return answered


@followed
async def test_what_was_acknowledged_outlives_a_power_cut(tmp_path: Path) -> None:
    """At the moment of an acknowledgement only synced bytes are sure, and some that are not: all answers are there."""
    with Disk() as disk:
        cuts = await cut_off(tmp_path / "nabla.db", disk, synchronous="FULL")
    assert len(cuts) > CUTS // 2
    for number, (acknowledged, image) in enumerate(cuts):
        assert acknowledged <= await found(tmp_path / f"cut-{number}", image)
    assert disk.syncs < LEARNERS * ANSWERS, "no group shared a sync"


@followed
async def test_without_the_sync_the_same_cuts_lose_answers(tmp_path: Path) -> None:
    """So the test above can fail: with `synchronous = NORMAL` answers are missing, though the file is sound."""
    with Disk() as disk:
        cuts = await cut_off(tmp_path / "nabla.db", disk, synchronous="NORMAL")
    lost = [
        acknowledged - await found(tmp_path / f"cut-{number}", image)
        for number, (acknowledged, image) in enumerate(cuts)
    ]
    assert any(lost)


async def test_a_copy_taken_at_an_acknowledgement_has_the_answer(tmp_path: Path) -> None:
    """Files copied as they are, the moment that `commit` returns: nothing is held back in the process."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    for number in range(1, 4):
        await store.commit(change(number), now=NOW)
        copy = tmp_path / f"copy-{number}"
        copy.mkdir()
        for name in ("nabla.db", "nabla.db-wal"):
            shutil.copy(tmp_path / name, copy)
        other = SqliteStore(copy / "nabla.db")
        await other.open()
        assert len(await other.tries(number)) == 1
        await other.close()
    await store.close()
