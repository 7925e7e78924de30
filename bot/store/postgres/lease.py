"""Who has what in hand: a process owns what it keeps and commits for as long as its heart beats.

Law: an owner is a row with a beat; the database's clock alone decides. Whose beat is older than `DEAD_S`, or who
left, owns nothing: what it had in hand goes to whoever asks first (`SKIP LOCKED`), each row to one process.
Who was only slow goes on with what nobody took; a word that somebody took may be said twice, never not at all.
"""

from collections.abc import Sequence

import asyncpg

from bot.store.base import Job, KeptUpdate, UpdateKey, Word

BEAT_S = 2.0  # between two beats, and between two looks for what the dead left
DEAD_S = 10.0  # without a beat: four were missed
BURIED_S = 3600.0  # the row of an owner goes so late that the slowest of processes beats again before

_TAKE = """
UPDATE {0} SET owner = $1 WHERE number IN (
    SELECT number FROM {0} WHERE {1} AND NOT EXISTS (
        SELECT 1 FROM owners WHERE owners.owner = {0}.owner
            AND (owners.owner = $1 OR owners.beat > clock_timestamp() - make_interval(secs => $2))
    ) ORDER BY number FOR UPDATE SKIP LOCKED
) RETURNING {2}
"""


async def enter(db: asyncpg.Connection) -> int:
    """A new owner; its number was never used before."""
    number: int = await db.fetchval("INSERT INTO owners DEFAULT VALUES RETURNING owner")
    return number


async def beat(db: asyncpg.Connection, owner: int) -> bool:
    """Show that the owner lives; False if its row is gone."""
    sql = "UPDATE owners SET beat = clock_timestamp() WHERE owner = $1"
    done: str = await db.execute(sql, owner)
    return done == "UPDATE 1"


async def leave(db: asyncpg.Connection, owner: int) -> None:
    """Give up all that is in hand, at once."""
    await db.execute("DELETE FROM owners WHERE owner = $1", owner)


async def begin_anew(db: asyncpg.Connection, owner: int) -> int:
    """Leave and enter at one moment: at none is what was in hand another living owner's."""
    sql = "WITH left_now AS (DELETE FROM owners WHERE owner = $1) INSERT INTO owners DEFAULT VALUES RETURNING owner"
    number: int = await db.fetchval(sql, owner)
    return number


async def bury(db: asyncpg.Connection) -> None:
    """Take out the rows of those whose heart has long stood still."""
    sql = "DELETE FROM owners WHERE beat < clock_timestamp() - make_interval(secs => $1)"
    await db.execute(sql, BURIED_S)


async def take_words(db: asyncpg.Connection, owner: int) -> list[Word]:
    """Words that nobody has in hand, in order; the owner's from now on."""
    rows = await _take(db, owner, "words", "true", "number, chat, kind, body, key")
    return [Word(**row) for row in rows]


async def take_jobs(db: asyncpg.Connection, owner: int) -> list[Job]:
    """The same for trainings."""
    rows = await _take(db, owner, "jobs", "true", "number, learner, code, body")
    return [Job(learner=row["learner"], code=row["code"], body=row["body"]) for row in rows]


async def take_updates(db: asyncpg.Connection, owner: int, bot: int) -> list[KeptUpdate]:
    """The same for updates of one bot."""
    columns = "number, bot, update_id, body"
    rows = await _take(db, owner, "inbox", f"handled_at IS NULL AND bot = {int(bot)}", columns)
    return [
        KeptUpdate(key=UpdateKey(bot=row["bot"], update_id=row["update_id"]), body=row["body"])
        for row in rows
    ]


async def _take(
    db: asyncpg.Connection, owner: int, table: str, which: str, columns: str
) -> Sequence[asyncpg.Record]:
    sql = _TAKE.format(table, which, columns)
    return sorted(await db.fetch(sql, owner, DEAD_S), key=lambda row: int(row["number"]))
