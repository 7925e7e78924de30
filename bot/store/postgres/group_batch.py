"""What a group of changes says of chats and what goes on in them, one statement a table.

Law: what a change believes of an activity is looked at, and held, before anything is written.
"""

from collections.abc import Sequence

import asyncpg

from bot.store.base import Change
from bot.store.groups import Activity
from bot.store.postgres.group import Unlucky
from bot.store.postgres.many import many
from bot.store.postgres.pieces import body_text, moment


async def unbelieved(db: asyncpg.Connection, changes: Sequence[Change]) -> list[Change]:
    """Changes that believe of an activity what is not so."""
    wrong = [change for change in changes if await _goes_on_elsewhere(db, change)]
    changed = {c.activity.code for c in changes if c.activity is not None and c.activity.version}
    looked_at = {c.while_at[0] for c in changes if c.while_at is not None} - changed
    versions: dict[str, int] = {}
    for codes, how in ((changed, _CHANGED), (looked_at, _LOOKED_AT)):
        if codes:
            versions |= {row["code"]: row["version"] for row in await db.fetch(how, sorted(codes))}
    return wrong + [change for change in changes if not _believes(change, versions)]


_STANDING = "SELECT code, version FROM activities WHERE code = ANY($1::text[]) AND NOT over ORDER BY code"
_CHANGED = f"{_STANDING} FOR NO KEY UPDATE"
_LOOKED_AT = f"{_STANDING} FOR SHARE"  # many processes may count votes of one activity at once


def _believes(change: Change, versions: dict[str, int]) -> bool:
    believed = [change.while_at] if change.while_at else []
    if change.activity is not None and change.activity.version:
        believed.append((change.activity.code, change.activity.version))
    return all(versions.get(code) == version for code, version in believed)


async def _goes_on_elsewhere(db: asyncpg.Connection, change: Change) -> bool:
    """Whether one that must be alone in its topic is not; of two at the same moment the index decides (`_begin`)."""
    new = change.activity
    if new is None or not new.alone or new.over:
        return False
    found = await db.fetchval(_OTHER, new.kind, new.chat, new.thread or 0, new.code)
    return found is not None


_OTHER = """SELECT 1 FROM activities WHERE alone AND NOT over
    AND kind = $1 AND chat = $2 AND coalesce(thread, 0) = $3 AND code != $4"""


async def write(db: asyncpg.Connection, changes: Sequence[Change]) -> None:
    """Write what the changes say of groups."""
    chats = [change.chat for change in changes if change.chat is not None]
    await many(db, _CHATS, [(c.chat, c.kind, c.title, c.username, c.inside, c.whispers) for c in chats])
    topics = [change.topic for change in changes if change.topic is not None]
    await many(db, _NO_TOPICS, [(t.chat, t.thread) for t in topics if t.name is None])
    await many(db, _TOPICS, [(t.chat, t.thread, t.name) for t in topics if t.name is not None])
    await many(db, _WHISPERS, [change.whispers for change in changes if change.whispers is not None])
    await _activities(db, changes)
    await _votes(db, changes)
    rights = [(change.learner, change.runs_chat) for change in changes if change.runs_chat is not None]
    await many(db, _ADMINS, [row for row in rights if row[0] is not None])
    names = [(c.shown_name, c.learner) for c in changes if c.shown_name is not None and c.learner is not None]
    await many(db, _NAMES, [(shown.chat, who, shown.name) for shown, who in names if shown.name is not None])
    await many(db, _NO_NAMES, [(shown.chat, who) for shown, who in names if shown.name is None])


_CHATS = """INSERT INTO chats (chat, kind, title, username, inside, whispers)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bool[])
    ON CONFLICT (chat) DO UPDATE SET kind = excluded.kind, title = excluded.title,
    username = excluded.username, inside = excluded.inside"""
_TOPICS = """INSERT INTO topics (chat, thread, name)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
    ON CONFLICT (chat, thread) DO UPDATE SET name = excluded.name"""
_NO_TOPICS = """DELETE FROM topics USING unnest($1::bigint[], $2::bigint[]) AS gone (chat, thread)
    WHERE topics.chat = gone.chat AND topics.thread = gone.thread"""
_WHISPERS = """UPDATE chats SET whispers = chosen.whispers
    FROM unnest($1::bigint[], $2::bool[]) AS chosen (chat, whispers) WHERE chats.chat = chosen.chat"""
_ADMINS = """INSERT INTO chat_admins (learner, chat) SELECT * FROM unnest($1::bigint[], $2::bigint[])
    ON CONFLICT DO NOTHING"""
_NAMES = """INSERT INTO shown_names (chat, learner, name)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
    ON CONFLICT (chat, learner) DO UPDATE SET name = excluded.name"""
_NO_NAMES = """DELETE FROM shown_names USING unnest($1::bigint[], $2::bigint[]) AS gone (chat, learner)
    WHERE shown_names.chat = gone.chat AND shown_names.learner = gone.learner"""


async def _activities(db: asyncpg.Connection, changes: Sequence[Change]) -> None:
    found = [change.activity for change in changes if change.activity is not None]
    known = [each for each in found if each.version]
    await many(
        db,
        _NEXT,
        [(a.code, body_text(a.body), a.due and moment(a.due), a.over) for a in known],
    )
    await _begin(db, [each for each in found if not each.version])


async def _begin(db: asyncpg.Connection, new: Sequence[Activity]) -> None:
    """Add those that begin; Unlucky if another process began one just now where one may only go on alone."""
    rows = [
        (
            a.code, a.kind, a.chat, a.thread, a.starter, body_text(a.body), a.due and moment(a.due), a.alone,
            a.over, moment(a.made_at),
        )
        for a in new
    ]  # fmt: skip
    try:
        await many(db, _NEW, rows)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "activities_alone":
            raise
        raise Unlucky from None


_NEXT = """UPDATE activities SET body = new.body, due = new.due, over = new.over, version = version + 1
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bool[]) AS new (code, body, due, over)
    WHERE activities.code = new.code"""
_NEW = """INSERT INTO activities (code, kind, chat, thread, starter, body, due, alone, over, made_at, version)
    SELECT *, 1 FROM unnest(
        $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[],
        $8::bool[], $9::bool[], $10::timestamptz[]
    )"""


async def _votes(db: asyncpg.Connection, changes: Sequence[Change]) -> None:
    """First votes stay; of the others the last one counts."""
    cast = [
        (change.learner, vote) for change in changes for vote in change.votes if change.learner is not None
    ]
    rows = [
        (v.final, (v.code, v.item, learner, v.choice, v.points, v.seconds, moment(v.cast_at)))
        for learner, v in cast
    ]
    await many(db, f"{_VOTES} DO NOTHING", [row for final, row in rows if final])
    last = {row[:3]: row for final, row in rows if not final}
    await many(db, f"{_VOTES} {_LAST}", list(last.values()))


_VOTES = """INSERT INTO votes (code, item, learner, choice, points, seconds, cast_at)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::bigint[], $4::int[], $5::float8[], $6::float8[], $7::timestamptz[]
    ) ON CONFLICT (code, item, learner)"""
_LAST = """DO UPDATE SET choice = excluded.choice, points = excluded.points, seconds = excluded.seconds,
    cast_at = excluded.cast_at"""

# Where a message of a group stands; a post has its own place for that.
STANDS = """INSERT INTO chat_screens (chat, key, message)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS stands (chat, key, message)
    WHERE chat < 0 AND NOT EXISTS (SELECT 1 FROM posts WHERE code = stands.key)
    ON CONFLICT (chat, key) DO UPDATE SET message = excluded.message"""


async def move(db: asyncpg.Connection, old: int, new: int) -> None:
    """All of a group to its new id; message ids do not move along."""
    async with db.transaction():
        for statement in _MOVES:
            await db.execute(statement, new, old)
        for table in ("chat_screens", "shown_names", "chats"):
            await db.execute(f"DELETE FROM {table} WHERE chat = $1", old)  # noqa: S608 (the three names above)


_MOVES = (
    "UPDATE posts SET chat = $1, message = 0 * message WHERE chat = $2",
    "UPDATE words SET chat = $1 WHERE chat = $2",
    # Of two that may only go on alone, the one of the new id stays.
    """UPDATE activities SET over = true, due = NULL, version = version + 1
        WHERE alone AND NOT over AND chat = $2 AND EXISTS (
            SELECT 1 FROM activities AS other WHERE other.alone AND NOT other.over AND other.chat = $1
            AND other.kind = activities.kind AND coalesce(other.thread, 0) = coalesce(activities.thread, 0))""",
    "UPDATE activities SET chat = $1 WHERE chat = $2",
    """UPDATE shown_names SET chat = $1 WHERE chat = $2 AND NOT EXISTS (
        SELECT 1 FROM shown_names AS there WHERE there.chat = $1 AND there.learner = shown_names.learner)""",
    # Their administrators and topics follow.
    """UPDATE chats SET chat = $1, kind = 'supergroup' WHERE chat = $2
        AND NOT EXISTS (SELECT 1 FROM chats AS there WHERE there.chat = $1)""",
    """UPDATE chat_admins SET chat = $1 WHERE chat = $2 AND NOT EXISTS (
        SELECT 1 FROM chat_admins AS there WHERE there.chat = $1 AND there.learner = chat_admins.learner)""",
)
