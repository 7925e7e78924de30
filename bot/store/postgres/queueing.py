"""Errands on their way to trainers: rows of our own, and procrastinate's jobs, always in one transaction.

Law: an errand that is wanted and not done has one job that waits or runs; one that nobody wants has none. A job
holds only the errand's code, so that nothing about a person is in procrastinate's tables but the number in its
`queueing_lock`, which goes with it. The two functions of procrastinate that are called here are why its version
is pinned.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

QUEUE = "trainings"
TASK = "errand"
CHANNEL = "nabla_errands"  # told the code of an errand that is done
NUMBERS_FIRST = {"train": 10, "draw": 0, "curves": 0, "bars": 0}  # priorities

ERRANDS = """
CREATE TABLE errands (
    code text COLLATE "C" PRIMARY KEY,
    learner bigint NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    asked_at timestamptz NOT NULL,
    result text,
    picture bytea,
    failure text,
    done_at timestamptz
);
CREATE INDEX errands_learner ON errands (learner);
"""


def lock_of(learner: int) -> str:
    """What keeps a learner's waiting trainings to one."""
    return f"learner-{learner}"


async def enqueue(
    db: asyncpg.Connection, errands: Sequence[tuple[str, int, str, str, datetime]], *, once_a_learner: bool
) -> None:
    """Have errands (code, learner, kind, body, when asked) done; those that are there already stay as they are."""
    if not errands:
        return
    codes, learners, kinds, bodies, times = zip(*errands, strict=True)
    new = await db.fetch(_ERRANDS, codes, learners, kinds, bodies, times)
    if not new:
        return
    locks = [lock_of(row["learner"]) if once_a_learner else f"errand-{row['code']}" for row in new]
    priorities = [NUMBERS_FIRST[row["kind"]] for row in new]
    await db.execute(_DEFER, [row["code"] for row in new], locks, priorities, QUEUE, TASK)


_ERRANDS = """INSERT INTO errands (code, learner, kind, body, asked_at)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT (code) DO NOTHING RETURNING code, learner, kind"""
_DEFER = """SELECT procrastinate_defer_jobs_v1(array(
    SELECT row($4, $5, priority, NULL, lock, jsonb_build_object('code', code), NULL)::procrastinate_job_to_defer_v1
    FROM unnest($1::text[], $2::text[], $3::int[]) AS new (code, lock, priority)
))"""


async def cancel(db: asyncpg.Connection, codes: Sequence[str]) -> None:
    """Nobody wants these any more: out of the queue; what runs is stopped, unless its answer is there."""
    gone = await db.fetch("DELETE FROM errands WHERE code = ANY($1::text[]) RETURNING code, done_at", codes)
    if unfinished := [row["code"] for row in gone if row["done_at"] is None]:
        await db.execute(_UNQUEUE, unfinished)
        await db.execute(_ABORT, unfinished)


_UNQUEUE = "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND args ->> 'code' = ANY($1::text[])"
_ABORT = """UPDATE procrastinate_jobs SET abort_requested = true
    WHERE status = 'doing' AND NOT abort_requested AND args ->> 'code' = ANY($1::text[])"""


async def forget(db: asyncpg.Connection, learner: int) -> None:
    """All errands of a learner, and the number in what still runs."""
    codes = [row["code"] for row in await db.fetch("SELECT code FROM errands WHERE learner = $1", learner)]
    await cancel(db, codes)
    await db.execute(
        "DELETE FROM procrastinate_jobs WHERE queueing_lock = $1 AND status != 'doing'", lock_of(learner)
    )
    await db.execute(
        "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE queueing_lock = $1", lock_of(learner)
    )


async def sweep(db: asyncpg.Connection, since: datetime) -> None:
    """Errands of processes that ended before they had the answer, and jobs that ended badly."""
    await db.execute(_OLD, since)
    await db.execute("DELETE FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing')")


_OLD = """DELETE FROM errands WHERE asked_at < $1
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.code = errands.code)"""


async def length(db: asyncpg.Connection) -> int:
    """How many errands wait for a trainer."""
    sql = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = $1"
    number: int = await db.fetchval(sql, QUEUE)
    return number
