"""What is read of groups and channels on Postgres."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from bot.store.groups import Activity, Ballot, KnownChat, Score


async def known_chat(db: asyncpg.Connection, chat: int) -> KnownChat | None:
    """A chat by its id."""
    sql = "SELECT chat, kind, title, username, inside, whispers FROM chats WHERE chat = $1"
    row = await db.fetchrow(sql, chat)
    return None if row is None else KnownChat(**row)


async def chats_of(db: asyncpg.Connection, learner: int) -> list[KnownChat]:
    """Chats that a person has acted in as an administrator, by title."""
    sql = """SELECT chat, kind, title, username, inside, whispers FROM chats JOIN chat_admins USING (chat)
        WHERE learner = $1 AND inside ORDER BY title, chat"""
    return [KnownChat(**row) for row in await db.fetch(sql, learner)]


_ACTIVITY = """SELECT code, kind, chat, thread, starter, body, version, due, alone, over, made_at
    FROM activities WHERE"""


async def activity(db: asyncpg.Connection, code: str) -> Activity | None:
    """The activity under a code."""
    row = await db.fetchrow(f"{_ACTIVITY} code = $1", code)
    return None if row is None else Activity(**row)


async def topics(db: asyncpg.Connection, chat: int) -> Mapping[int, str]:
    """Thread → name, by name."""
    rows = await db.fetch("SELECT thread, name FROM topics WHERE chat = $1 ORDER BY name, thread", chat)
    return {row["thread"]: row["name"] for row in rows}


async def activities(
    db: asyncpg.Connection, chat: int | None, kind: str | None, starter: int | None
) -> list[Activity]:
    """What goes on, oldest first."""
    where = """NOT over AND ($1::bigint IS NULL OR chat = $1) AND ($2::text IS NULL OR kind = $2)
        AND ($3::bigint IS NULL OR starter = $3)"""
    found = await db.fetch(f"{_ACTIVITY} {where} ORDER BY number", chat, kind, starter)
    return [Activity(**row) for row in found]


async def ended(db: asyncpg.Connection, kind: str, since: datetime, chat: int | None) -> list[Activity]:
    """What is over and was begun since then, oldest first."""
    where = "over AND kind = $1 AND made_at >= $2 AND ($3::bigint IS NULL OR chat = $3)"
    found = await db.fetch(f"{_ACTIVITY} {where} ORDER BY number", kind, since, chat)
    return [Activity(**row) for row in found]


async def due(db: asyncpg.Connection, now: datetime) -> list[Activity]:
    """What wants to be woken by now."""
    where = "NOT over AND due IS NOT NULL AND due <= $1"
    return [Activity(**row) for row in await db.fetch(f"{_ACTIVITY} {where} ORDER BY due, number", now)]


async def ballots(db: asyncpg.Connection, code: str) -> list[Ballot]:
    """Every vote of an activity, in the order of items."""
    sql = """SELECT learner, item, choice, points, seconds FROM votes
        WHERE code = $1 ORDER BY item, cast_at, learner"""
    return [Ballot(**row) for row in await db.fetch(sql, code)]


async def ballot(db: asyncpg.Connection, code: str, item: str, learner: int) -> Ballot | None:
    """What a person chose."""
    sql = """SELECT learner, item, choice, points, seconds FROM votes
        WHERE code = $1 AND item = $2 AND learner = $3"""
    row = await db.fetchrow(sql, code, item, learner)
    return None if row is None else Ballot(**row)


async def tally(db: asyncpg.Connection, code: str, item: str) -> Mapping[int, int]:
    """Choice → how many chose it."""
    sql = """SELECT choice, count(*) AS chosen FROM votes
        WHERE code = $1 AND item = $2 GROUP BY choice ORDER BY choice"""
    return {row["choice"]: row["chosen"] for row in await db.fetch(sql, code, item)}


async def shown_names(db: asyncpg.Connection, chat: int) -> Mapping[int, str]:
    """Learner → the name that this chat may see."""
    rows = await db.fetch("SELECT learner, name FROM shown_names WHERE chat = $1", chat)
    return {row["learner"]: row["name"] for row in rows}


async def scores(db: asyncpg.Connection, chat: int, kind: str, since: datetime) -> list[Score]:
    """What each person reached since then, the best first."""
    return [Score(**row) for row in await db.fetch(_SCORES, chat, kind, since)]


_SCORES = """
    SELECT learner, sum(points) AS points, count(*) AS answered, coalesce(sum(seconds), 0.0) AS seconds
    FROM votes JOIN activities USING (code) WHERE chat = $1 AND kind = $2 AND cast_at >= $3
    GROUP BY learner ORDER BY 2 DESC, 4, 1
"""
