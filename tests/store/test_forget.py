"""After `forget` the id is in no file, in no form, and everybody else is."""

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store.base import Answer, Change, Job, NewWord, Run, UpdateKey
from bot.store.erase import _forms
from bot.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def change(learner: int, number: int, text: str) -> Change:
    """A change that writes the id wherever one can be: rows, JSON, chats."""
    answer = Answer(
        lesson="l",
        question=text,
        sitting=number,
        option=0,
        correct=True,
        hints=0,
        seconds=1.0,
        answered_at=NOW,
    )
    body = f'{{"from": {learner}, "text": "{text}"}}'
    return Change(
        learner=learner,
        update=UpdateKey(bot=1, update_id=number),
        session=body,
        answers=(answer,),
        words=(
            NewWord(chat=learner, kind="k", body=body, key="s"),
            NewWord(chat=learner, kind="k", body=body),
        ),
        runs=(Run(code=f"r{number}", learner=learner, lesson="l", body=body, made_at=NOW),),
        job=Job(learner=learner, code=f"r{number}", body=body),
    )


async def live(store: SqliteStore, learner: int, number: int, text: str) -> None:
    """One event of a learner, as the bot does it."""
    event = change(learner, number, text)
    await store.keep(1, [(number, event.session or "")], now=NOW)
    words = await store.commit(event, now=NOW)
    assert words is not None
    await store.said(words[0].number, screen=(learner, f"s{number % 3}", number))


def traces(folder: Path, learner: int) -> list[tuple[str, bytes]]:
    """Files that hold the id, and in which form: digits, big-endian bytes, varint."""
    forms = [str(learner).encode(), learner.to_bytes(6, "big"), learner.to_bytes(8, "big"), *_forms(learner)]
    return [(file.name, form) for file in folder.iterdir() for form in forms if form in file.read_bytes()]


async def test_no_file_holds_the_id_afterwards(tmp_path: Path) -> None:
    """Among many learners with rows of every size, all who ask are gone from .db, -wal and -shm."""
    chance = random.Random(4)
    learners = chance.sample(range(2**41, 2**46), 60)
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    events = [(learner, chance.randrange(1, 400)) for learner in learners * 12]
    for number, (learner, size) in enumerate(events, start=1):
        await live(store, learner, number, "x" * size)
    gone, stay = learners[:8], learners[8:]
    before = {learner: await store.export(learner) for learner in stay}
    for learner in gone:
        assert traces(tmp_path, learner)
        await store.forget(learner)
        assert traces(tmp_path, learner) == []
    assert {learner: await store.export(learner) for learner in stay} == before
    assert all(traces(tmp_path, learner) for learner in stay)
    await store.close()
    assert all(traces(tmp_path, learner) == [] for learner in gone)


async def test_the_update_that_asked_is_emptied(tmp_path: Path) -> None:
    """The body of the very update that asked holds the id too; it is handled, and known when it comes again."""
    learner = 2**45 + 987_654_321
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    await live(store, learner, 1, "hello")
    await store.keep(1, [(2, f'{{"from": {learner}}}')], now=NOW)
    await store.forget(learner)
    assert traces(tmp_path, learner), "the update that waits still names the learner"
    await store.forget(learner, update=UpdateKey(bot=1, update_id=2))
    assert traces(tmp_path, learner) == []
    assert await store.waiting(1) == []
    assert await store.keep(1, [(2, "{}")], now=NOW) == []
    await store.close()


async def test_forgetting_among_others_at_work(tmp_path: Path) -> None:
    """Others read and write while somebody is forgotten; none of them loses anything."""
    learner = 2**45 + 13
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    await live(store, learner, 1, "bye")

    async def work(other: int) -> None:
        for number in range(20):
            await live(store, other, other * 100 + number, "y" * 50)
            await store.load(other)
            await store.figures()

    await asyncio.gather(store.forget(learner), *(work(other) for other in range(2, 9)))
    assert traces(tmp_path, learner) == []
    assert [len(await store.tries(other)) for other in range(2, 9)] == [1] * 7
    assert [(await store.tries(other))[0].tries for other in range(2, 9)] == [20] * 7
    await store.close()


@pytest.mark.parametrize(
    "number",
    [2**40 + 5, 7_100_000_001, 987_654_321, 2**55 + 77, 2**56 - 1, 2**56, 2**62 + 9, -1_001_234_567_890],
)
def test_every_form_is_one_that_sqlite_writes(tmp_path: Path, number: int) -> None:
    """What is searched for is what SQLite itself puts into a file: as row number, as value, as text."""
    _, _, varint = forms = list(_forms(number))
    for column, form in zip(("text TEXT", "value INTEGER", "id INTEGER PRIMARY KEY"), forms, strict=True):
        path = tmp_path / column.split()[0]
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"CREATE TABLE one ({column})")
            db.execute("INSERT INTO one VALUES (?)", (str(number) if "TEXT" in column else number,))
        assert form in path.read_bytes()
    assert len(varint) > 3
