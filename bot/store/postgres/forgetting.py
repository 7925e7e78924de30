"""Forgetting a person on Postgres: the rows at once, and what they leave behind in the tables after it.

Law: a deleted row is dead but there until VACUUM takes it out, from the indexes too; so it is run on every table
that can name a person. What is beyond a client's reach (the write-ahead log until it is recycled, copies on other
servers, backups) is named in the README.
"""

import asyncpg

from bot.store.base import UpdateKey
from bot.store.postgres import queueing

TABLES = """learners, answers, words, jobs, runs, screens, post_answers, inbox,
    chat_admins, activities, votes, shown_names, errands"""
_QUEUES = "procrastinate_jobs, procrastinate_events"
VACUUM_S = 600.0  # it waits for another one, and reads whole indexes

# The time of keeping stands for the time of handling: soon enough to be swept, and no clock is needed.
_HANDLED = """UPDATE inbox SET body = '', handled_at = coalesce(handled_at, kept_at)
    WHERE bot = $1 AND update_id = $2"""


async def delete(db: asyncpg.Connection, learner: int, update: UpdateKey | None, *, queued: bool) -> None:
    """Delete a learner's rows, and empty the update that asked."""
    async with db.transaction():
        # First, as a commit does: two that lock in another order would wait for each other.
        await db.execute("SELECT FROM learners WHERE learner = $1 FOR UPDATE", learner)
        if queued:
            await queueing.forget(db, learner)
        await db.execute("DELETE FROM learners WHERE learner = $1", learner)  # the other tables follow
        if update is not None:
            await db.execute(_HANDLED, update.bot, update.update_id)


async def clean(db: asyncpg.Connection, *, queued: bool) -> None:
    """Take dead rows out of tables and indexes; runs outside a transaction, and holds nobody up."""
    tables = f"{TABLES}, {_QUEUES}" if queued else TABLES
    await db.execute(f"VACUUM (INDEX_CLEANUP ON) {tables}", timeout=VACUUM_S)
