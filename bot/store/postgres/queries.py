"""What is read on Postgres; what a learner's export holds is asked in the words of SQLite's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bot.store.base import OptionFigure, Post, PostAnswer, Remembered, Run, Totals, Tries
from bot.store.queries import EXPORT, exported


async def load(db: asyncpg.Connection, learner: int) -> Remembered:
    """On the way of every tap: one round trip."""
    rows = await db.fetch(_LOAD_GROUP if learner < 0 else _LOAD, learner)
    session = rows[0]["session"] if rows else None
    return Remembered(
        session=session, screens={row["key"]: row["message"] for row in rows if row["key"] is not None}
    )


_LOAD = """SELECT session, key, message FROM learners LEFT JOIN screens USING (learner)
    WHERE learner = $1"""
# A group has no screens of its own, but posts.
_LOAD_GROUP = """SELECT session, key, message FROM learners LEFT JOIN screens USING (learner)
    WHERE learner = $1 UNION ALL SELECT NULL, key, message FROM (
        SELECT code AS key, message FROM posts WHERE chat = $1 AND message > 0
        UNION ALL SELECT key, message FROM chat_screens WHERE chat = $1
    ) AS standing WHERE NOT EXISTS (SELECT 1 FROM learners WHERE learner = $1)"""


async def run(db: asyncpg.Connection, code: str) -> Run | None:
    """The run under a code."""
    sql = "SELECT code, learner, lesson, body, made_at FROM runs WHERE code = $1"
    row = await db.fetchrow(sql, code)
    return None if row is None else Run(**row)


async def post(db: asyncpg.Connection, code: str) -> Post | None:
    """The post under a code."""
    sql = "SELECT code, chat, lesson, question, body, made_at FROM posts WHERE code = $1"
    row = await db.fetchrow(sql, code)
    return None if row is None else Post(**row)


async def posts(db: asyncpg.Connection, chat: int, lesson: str) -> list[Post]:
    """What of a lesson was posted in a chat, oldest first."""
    return [Post(**row) for row in await db.fetch(_POSTED, chat, lesson)]


# Said, or still to be said, or surely seen: anything else was refused.
_POSTED = """SELECT code, chat, lesson, question, body, made_at FROM posts
    WHERE chat = $1 AND lesson = $2 AND (
        message IS NOT NULL
        OR EXISTS (SELECT 1 FROM words WHERE words.key = posts.code)
        OR EXISTS (SELECT 1 FROM post_answers WHERE post_answers.code = posts.code)
    ) ORDER BY number
"""


async def post_answer(db: asyncpg.Connection, code: str, learner: int) -> PostAnswer | None:
    """What a person chose on a post."""
    sql = "SELECT code, option, correct, answered_at FROM post_answers WHERE code = $1 AND learner = $2"
    row = await db.fetchrow(sql, code, learner)
    return None if row is None else PostAnswer(**row)


async def totals(db: asyncpg.Connection, code: str) -> Totals:
    """How a post stands."""
    sql = """SELECT count(*) AS answered, count(*) FILTER (WHERE correct) AS "right"
        FROM post_answers WHERE code = $1"""
    row = await db.fetchrow(sql, code)
    return Totals(**row)


async def shares(db: asyncpg.Connection, code: str) -> Mapping[int, int]:
    """Option → how many chose it."""
    sql = """SELECT option, count(*) AS chosen FROM post_answers
        WHERE code = $1 GROUP BY option ORDER BY option"""
    return {row["option"]: row["chosen"] for row in await db.fetch(sql, code)}


async def fresh_posts(db: asyncpg.Connection, since: datetime) -> list[str]:
    """Codes of posts that were answered since then."""
    sql = "SELECT DISTINCT code FROM post_answers WHERE answered_at >= $1"
    return sorted(row["code"] for row in await db.fetch(sql, since))


async def tries(db: asyncpg.Connection, learner: int) -> list[Tries]:
    """Per question, in order of the first answer."""
    return [Tries(**row) for row in await db.fetch(_TRIES, learner)]


_TRIES = """
    SELECT one.lesson, one.question, one.correct AS first_correct, one.source AS first_source,
        every.tries, every.correct, one.hints, one.seconds
    FROM answers AS one JOIN (
        SELECT lesson, question, count(*) AS tries, count(*) FILTER (WHERE correct) AS correct
        FROM answers WHERE learner = $1 GROUP BY lesson, question
    ) AS every USING (lesson, question)
    WHERE one.learner = $1 AND one.first ORDER BY one.number
"""


async def figures(db: asyncpg.Connection, lesson: str | None) -> list[OptionFigure]:
    """Per option, first tries only."""
    return [OptionFigure(**row) for row in await db.fetch(_FIGURES, lesson)]


_FIGURES = """
    SELECT lesson, question, option, count(*) AS chosen, bool_or(correct) AS correct,
        avg(hints)::double precision AS hints,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
    FROM answers WHERE first AND ($1::text IS NULL OR lesson = $1)
    GROUP BY lesson, question, option
    ORDER BY lesson, question, option
"""


async def export(db: asyncpg.Connection, learner: int) -> dict[str, Any]:
    """All rows that name the learner, from one snapshot, JSON bodies decoded."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        known = await db.fetchrow("SELECT session, since FROM learners WHERE learner = $1", learner)
        parts = {
            part: [_plain(row) for row in await db.fetch(sql.replace(":learner", "$1"), learner)]
            for part, sql in EXPORT.items()
        }
    return exported(learner, None if known is None else _plain(known), parts)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Times as text, as every store writes them."""
    return {key: stamp(value) if isinstance(value, datetime) else value for key, value in row.items()}


def stamp(moment: datetime) -> str:
    """A time as an export shows it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
