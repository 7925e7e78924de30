"""Group commit: one sync for many, each fails alone, the queue is bounded, a full disk is survived."""

import asyncio
import resource
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import OverloadedError, StoreError
from bot.store.base import Answer, Change, UpdateKey
from bot.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def change(learner: int, size: int = 10) -> Change:
    """A change of some size."""
    answer = Answer(
        lesson="l", question="q", sitting=1, option=0, correct=True, hints=0, seconds=1.0, answered_at=NOW
    )
    update = UpdateKey(bot=1, update_id=learner)
    return Change(learner=learner, update=update, session=f'"{"x" * size}"', answers=(answer,))


async def statements(store: SqliteStore) -> list[str]:
    """Records what the writer's connection executes from now on."""
    seen: list[str] = []
    await store._write(lambda db: db.set_trace_callback(seen.append))
    return seen


async def held(store: SqliteStore) -> threading.Event:
    """Keeps the writer busy until the event is set."""
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(db: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait(10)

    holding = asyncio.ensure_future(store._write(hold))
    await begun.wait()
    holding.add_done_callback(lambda done: done.result())
    return go


async def test_all_that_waits_is_one_transaction(tmp_path: Path) -> None:
    """What arrives while the writer is busy is committed together, 512 at most at a time."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    seen = await statements(store)
    go = await held(store)
    asked = [asyncio.ensure_future(store.commit(change(n), now=NOW)) for n in range(1, 1001)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*asked) == [()] * 1000
    begins = [statement for statement in seen if statement.startswith("BEGIN IMMEDIATE")]
    assert len(begins) == 3, "the one that held, 512, and the other 488"
    await store.close()


async def test_an_answer_is_told_after_the_commit_only(tmp_path: Path) -> None:
    """When commit returns, another connection sees the change: the transaction is over."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()

    async def one(learner: int) -> None:
        await store.commit(change(learner), now=NOW)
        assert len(await store.tries(learner)) == 1

    await asyncio.gather(*(one(learner) for learner in range(1, 200)))
    await store.close()


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    """Who comes when all places are taken is told at once; who waits is served."""
    store = SqliteStore(tmp_path / "nabla.db", queue_limit=10)
    await store.open()
    go = await held(store)
    asked = [asyncio.ensure_future(store.commit(change(n), now=NOW)) for n in range(1, 16)]
    await asyncio.sleep(0)
    go.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert results[:10] == [()] * 10
    assert [type(result) for result in results[10:]] == [OverloadedError] * 5
    assert await store.commit(change(99), now=NOW) == ()
    await store.close()


async def test_a_fault_of_the_program_fails_alone(tmp_path: Path) -> None:
    """Any exception reaches its own caller as it is; the neighbours in the group are committed."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()

    def fail(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO learners (learner, since) VALUES (77, 'x')")
        raise ZeroDivisionError

    go = await held(store)
    asked = [
        asyncio.ensure_future(work)
        for work in (store.commit(change(1), now=NOW), store._write(fail), store.commit(change(2), now=NOW))
    ]
    await asyncio.sleep(0)
    go.set()
    first, failed, last = await asyncio.gather(*asked, return_exceptions=True)
    assert first == last == ()
    assert isinstance(failed, ZeroDivisionError)
    assert (await store.export(77))["since"] is None
    await store.close()


async def test_a_lone_piece_that_breaks_off_is_undone(tmp_path: Path) -> None:
    """Work outside the group transaction leaves none of its own open behind it."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()

    def break_off(db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO learners (learner, since) VALUES (77, 'x')")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store._write(break_off, alone=True)
    assert await store.commit(change(1), now=NOW) == ()
    assert (await store.export(77))["since"] is None
    await store.close()


async def test_a_number_too_big_for_sqlite_fails_alone(tmp_path: Path) -> None:
    """A forged update id beyond 64 bits is refused, not half written."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    with pytest.raises(OverflowError):
        await store.keep(1, [(5, "{}"), (2**70, "{}")], now=NOW)
    assert await store.waiting(1) == []
    await store.close()


async def test_a_full_database_refuses_and_goes_on(tmp_path: Path) -> None:
    """SQLite's own limit on pages: what does not fit is refused whole, what fits is written."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    pages = await store._write(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await store._write(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 5}").fetchone())
    with pytest.raises(StoreError, match="disk is full"):
        await store.commit(change(1, size=200_000), now=NOW)
    assert (await store.load(1)).session is None
    assert await store.commit(change(2), now=NOW) == ()
    assert await store.commit(change(1), now=NOW) == ()
    await store.close()


async def test_a_failing_disk_refuses_and_the_writer_goes_on(tmp_path: Path) -> None:
    """No more room for the log: all who wait get a StoreError and nothing is written; with room it goes on."""
    path = tmp_path / "nabla.db"
    store = SqliteStore(path)
    await store.open()
    await store.commit(change(1), now=NOW)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.with_name("nabla.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, hard))
    try:
        asked = (store.commit(change(n, size=30_000), now=NOW) for n in range(2, 12))
        results = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [type(result) for result in results] == [StoreError] * 10
    assert all("disk" in str(result) for result in results)
    assert [(await store.load(n)).session for n in range(2, 12)] == [None] * 10
    assert await store.commit(change(2), now=NOW) == ()
    await store.close()
    again = SqliteStore(path)
    await again.open()
    assert [figure.chosen for figure in await again.figures()] == [2]
    await again.close()


async def test_a_locked_database_is_told_and_survived(tmp_path: Path) -> None:
    """Another program that keeps the file locked costs the callers an error, not the store its life."""
    store = SqliteStore(tmp_path / "nabla.db", busy_timeout_s=0.05)
    await store.open()
    with closing(sqlite3.connect(tmp_path / "nabla.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            await store.commit(change(1), now=NOW)
        other.execute("ROLLBACK")
    assert await store.commit(change(1), now=NOW) == ()
    await store.close()


async def test_a_long_look_does_not_hold_up_a_tap(tmp_path: Path) -> None:
    """While the slow thread is busy, learners are loaded."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    go = threading.Event()
    long = asyncio.ensure_future(store._read(lambda db: go.wait(10), slow=True))
    await store.commit(change(1), now=NOW)
    assert (await store.load(1)).session is not None
    assert not long.done()
    go.set()
    assert await long
    await store.close()


async def test_threads_end_with_the_store(tmp_path: Path) -> None:
    """Closing leaves no thread behind, a refused opening neither."""
    before = threading.active_count()
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    assert threading.active_count() == before + 3
    with pytest.raises(StoreError):
        await SqliteStore(tmp_path / "nabla.db", busy_timeout_s=0).open()
    await store.close()
    assert threading.active_count() == before
