"""How much group commit is worth: `python -m tests.bench.store` prints rows a second and ratios.

One row is one durable answer (inbox row emptied, session, answer and word in one change). "one by one" waits for
each before the next; "many at once" has a number of learners waiting at the same time. The way of a tap is
load + commit + said, as the bot does it. Numbers depend on the disk; the ratios tell.
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bot.store.base import Answer, Change, NewWord, Store, UpdateKey
from bot.store.sqlite import SqliteStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEARNERS = 2_000
_SESSION = '{"lesson": "first", "at": 3, "order": [2, 0, 1, 3], "seen": "' + "x" * 600 + '"}'
_VERDICT = '{"screen": "verdict", "text": "' + "y" * 400 + '"}'
_numbers = count(1)


def change() -> Change:
    """What one tap on an option changes."""
    number = next(_numbers)
    return Change(
        learner=1 + number % LEARNERS,
        update=UpdateKey(bot=1, update_id=number),
        session=_SESSION,
        answers=(
            Answer(
                lesson="first",
                question=f"q{number % 7}",
                sitting=number,
                option=number % 4,
                correct=number % 4 == 0,
                hints=0,
                seconds=3.5,
                answered_at=NOW,
            ),
        ),
        words=(NewWord(chat=number, kind="screen", body=_VERDICT, key="ask"),),
    )


async def answer(store: Store) -> None:
    """One durable answer."""
    await store.commit(change(), now=NOW)


async def tap(store: Store) -> None:
    """All that a tap asks of the store."""
    tapped = change()
    learner = tapped.learner or 0
    await store.load(learner)
    words = await store.commit(tapped, now=NOW)
    if words is None:
        raise RuntimeError("a new update cannot have been handled")
    await store.said(words[0].number, screen=(learner, "ask", words[0].number))


async def rate(work: Callable[[], Awaitable[None]], *, total: int, at_once: int) -> float:
    """Pieces of work a second, with so many under way at any time."""
    left = iter(range(total))

    async def line() -> None:
        for _ in left:
            await work()

    begun = time.perf_counter()
    await asyncio.gather(*(line() for _ in range(at_once)))
    return total / (time.perf_counter() - begun)


def bare(folder: Path, *, group: int, total: int) -> float:
    """What SQLite itself gives for one small durable row, so many to a commit."""
    with closing(sqlite3.connect(folder / f"bare-{group}.db", isolation_level=None)) as db:
        db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER, s TEXT)"
        )
        begun = time.perf_counter()
        for start in range(0, total, group):
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO t VALUES (?, 'row')", ((n,) for n in range(start, start + group)))
            db.execute("COMMIT")
        return total / (time.perf_counter() - begun)


async def main(folder: Path) -> None:
    """Prints the table."""
    store = SqliteStore(folder / "nabla.db")
    await store.open()
    await rate(lambda: answer(store), total=2_000, at_once=100)  # warm: pages, statements
    alone = await rate(lambda: answer(store), total=2_000, at_once=1)
    print(f"{'answers, one by one':32}{alone:10,.0f}/s")
    for at_once in (10, 100, 512):
        together = await rate(lambda: answer(store), total=20_000, at_once=at_once)
        print(f"{f'answers, {at_once} at once':32}{together:10,.0f}/s  {together / alone:5.1f} times")
    alone = await rate(lambda: tap(store), total=1_000, at_once=1)
    print(f"{'taps, one by one':32}{alone:10,.0f}/s  {1000 / alone:5.2f} ms each")
    for at_once in (10, 100):
        together = await rate(lambda: tap(store), total=10_000, at_once=at_once)
        print(f"{f'taps, {at_once} at once':32}{together:10,.0f}/s  {together / alone:5.1f} times")
    loads = await rate(lambda: load(store), total=20_000, at_once=100)
    print(f"{'loads, 100 at once':32}{loads:10,.0f}/s")
    await store.close()
    one, many = bare(folder, group=1, total=2_000), bare(folder, group=512, total=102_400)
    print(f"{'bare small rows, 1 a commit':32}{one:10,.0f}/s")
    print(f"{'bare small rows, 512 a commit':32}{many:10,.0f}/s  {many / one:5.1f} times")


async def load(store: Store) -> None:
    """One look at a learner."""
    await store.load(1 + next(_numbers) % LEARNERS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        asyncio.run(main(Path(place)))
