"""A group of changes in one transaction: one statement a table, however many changes there are (`unnest`).

Law: look first, then change. Rows are locked in the order of their keys, so that two processes do not wait for
each other; what cannot be told beforehand (a row that came in between) ends the transaction as `Unlucky`, and each
piece is tried alone. A change comes out with its words, None or StaleError; None and StaleError wrote nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from bot.errors import StaleError
from bot.store.base import Change, UpdateKey, Word
from bot.store.postgres import group_batch, queueing
from bot.store.postgres.group import Unlucky
from bot.store.postgres.many import many
from bot.store.postgres.pieces import Asked, Kept, Piece, Said, body_text, moment


async def write(
    db: asyncpg.Connection, pieces: Sequence[Piece], owner: int, *, queued: bool = False
) -> list[Any]:
    """Do all of them; a result each. Runs in the caller's transaction. queued: jobs are trainers' errands, too."""
    results: dict[int, Any] = {}
    kept = [(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, Kept)]
    said = [(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, Said)]
    asked = [(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, Asked)]
    if kept:
        results |= await _keep(db, kept, owner)
    if said:
        await _said(db, [piece for _, piece in said])
    if asked:
        results |= await _commit(db, asked, owner, queued)
    return [results.get(place) for place in range(len(pieces))]


async def _keep(db: asyncpg.Connection, kept: Sequence[tuple[int, Kept]], owner: int) -> dict[int, list[int]]:
    rows: dict[tuple[int, int], tuple[int, str, datetime]] = {}  # the first to bring an update has it
    for place, piece in kept:
        for update_id, body in piece.updates:
            rows.setdefault((piece.bot, update_id), (place, body_text(body), piece.at))
    bots, ids = zip(*rows, strict=True) if rows else ((), ())
    _, bodies, times = zip(*rows.values(), strict=True) if rows else ((), (), ())
    found = await db.fetch(_KEEP, bots, ids, bodies, times, owner)
    new = {(row["bot"], row["update_id"]) for row in found}
    results: dict[int, list[int]] = {place: [] for place, _ in kept}
    for key, (place, _, _) in rows.items():
        if key in new:
            results[place].append(key[1])
    return results


# Numbers are given in the order of the pieces; locks are no matter, since an insert waits for nobody but its twin.
_KEEP = """INSERT INTO inbox (bot, update_id, body, kept_at, owner)
    SELECT bot, update_id, body, at, $5
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[])
        WITH ORDINALITY AS new (bot, update_id, body, at, place) ORDER BY place
    ON CONFLICT DO NOTHING RETURNING bot, update_id"""


async def _said(db: asyncpg.Connection, said: Sequence[Said]) -> None:
    """Forget words; where one stands is remembered only if it was still to be said (not after `forget`)."""
    numbers = sorted({piece.number for piece in said})
    sql = "DELETE FROM words WHERE number = ANY($1::bigint[]) RETURNING number"
    gone = {row["number"] for row in await db.fetch(sql, numbers)}
    screens = [piece.screen for piece in said if piece.screen is not None and piece.number in gone]
    if screens:
        chats, keys, messages = zip(*screens, strict=True)
        await db.execute(_SCREEN, chats, keys, messages)
    if any(screen[0] < 0 for screen in screens):
        await db.execute(_POSTED, chats, keys, messages)
        await db.execute(group_batch.STANDS, chats, keys, messages)


_SCREEN = """INSERT INTO screens (learner, key, message)
    SELECT learner, stands.key, stands.message
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS stands (chat, key, message)
    JOIN learners ON learner = chat
    ORDER BY learner, key
    ON CONFLICT (learner, key) DO UPDATE SET message = excluded.message"""
# Said before its group got a new id, a post stands where no edit reaches it.
_POSTED = """UPDATE posts SET message = CASE WHEN posts.chat = stands.chat THEN stands.message ELSE 0 END
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS stands (chat, key, message)
    WHERE posts.code = stands.key AND (posts.chat = stands.chat OR posts.message IS NULL)"""


async def _commit(
    db: asyncpg.Connection, asked: Sequence[tuple[int, Asked]], owner: int, queued: bool
) -> dict[int, tuple[Word, ...] | StaleError | None]:
    results: dict[int, tuple[Word, ...] | StaleError | None] = {place: None for place, _ in asked}
    known = await _lock(db, {learner for _, piece in asked for learner in piece.learners()})
    stale = {place for place, piece in asked if _is_stale(piece.change, known)}
    left = [(place, piece) for place, piece in asked if place not in stale]
    left = await _with_job(db, left)
    unbelieved = await group_batch.unbelieved(db, [piece.change for _, piece in left])
    stale |= {place for place, piece in left if piece.change in unbelieved}
    left = [(place, piece) for place, piece in left if place not in stale]
    left = await _handle(db, left, owner)
    results |= {place: StaleError("something changed since it was read; read it again") for place in stale}
    if left:
        pieces = [piece for _, piece in left]
        await _know(db, pieces, known)
        await _jobs(db, pieces, owner, queued)
        await _rows(db, pieces)
        words = await _words(db, [piece.change for piece in pieces], owner)
        results |= {place: found for (place, _), found in zip(left, words, strict=True)}
    return results


async def _lock(db: asyncpg.Connection, learners: Iterable[int]) -> dict[int, str | None]:
    """Hold the learners' rows until the end; their sessions, none for who has no row."""
    wanted = sorted(learners)
    if not wanted:
        return {}
    return {row["learner"]: row["session"] for row in await db.fetch(_LOCK, wanted)}


# Not FOR UPDATE: that would wait for every row that another process hangs on the learner.
_LOCK = """SELECT learner, session FROM learners WHERE learner = ANY($1::bigint[])
    ORDER BY learner FOR NO KEY UPDATE"""


def _is_stale(change: Change, known: dict[int, str | None]) -> bool:
    if change.loaded is None or change.learner is None:
        return False
    return known.get(change.learner) != change.loaded.session


async def _with_job(db: asyncpg.Connection, asked: list[tuple[int, Asked]]) -> list[tuple[int, Asked]]:
    """Those whose job is still there, or that name none."""
    ended = [piece.change.job_done for _, piece in asked if piece.change.job_done is not None]
    if not ended:
        return asked
    sql = "SELECT code, learner FROM jobs WHERE code = ANY($1::text[])"
    there = {(row["code"], row["learner"]) for row in await db.fetch(sql, ended)}
    return [
        (place, piece)
        for place, piece in asked
        if piece.change.job_done is None or (piece.change.job_done, piece.change.learner) in there
    ]


async def _handle(
    db: asyncpg.Connection, asked: list[tuple[int, Asked]], owner: int
) -> list[tuple[int, Asked]]:
    """Mark the updates handled and empty them; those that were not before, or that name none."""
    marks = sorted(
        (piece.update.bot, piece.update.update_id, piece.at) for _, piece in asked if piece.update is not None
    )
    if not marks:
        return asked
    bots, ids, times = zip(*marks, strict=True)
    found = await db.fetch(_HANDLE, bots, ids, times, owner)
    first = {UpdateKey(bot=row["bot"], update_id=row["update_id"]) for row in found}
    return [(place, piece) for place, piece in asked if piece.update is None or piece.update in first]


_HANDLE = """INSERT INTO inbox (bot, update_id, body, kept_at, handled_at, owner)
    SELECT bot, update_id, '', at, at, $4
    FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS done (bot, update_id, at)
    ORDER BY bot, update_id
    ON CONFLICT (bot, update_id) DO UPDATE SET body = '', handled_at = excluded.handled_at
    WHERE inbox.handled_at IS NULL RETURNING bot, update_id"""


async def _know(db: asyncpg.Connection, asked: Sequence[Asked], known: dict[int, str | None]) -> None:
    """New sessions, and rows for those who have none and something to hang on one."""
    rows: dict[int, tuple[str | None, datetime]] = {}
    for piece in asked:
        for learner in piece.hangs() - known.keys():
            rows[learner] = (None, piece.at)
        if piece.change.session is not None and piece.change.learner is not None:
            rows[piece.change.learner] = (body_text(piece.change.session), piece.at)
    if not rows:
        return
    ordered = sorted(rows)
    sessions, times = zip(*(rows[learner] for learner in ordered), strict=True)
    for row in await db.fetch(_KNOW, ordered, sessions, times):
        if row["made"] != (row["learner"] not in known):
            raise Unlucky  # another process made this row since it was looked for


_KNOW = """INSERT INTO learners (learner, session, since)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS new (learner, session, at)
    ORDER BY learner
    ON CONFLICT (learner) DO UPDATE SET session = coalesce(excluded.session, learners.session)
    RETURNING learner, xmax = 0 AS made"""


async def _jobs(db: asyncpg.Connection, asked: Sequence[Asked], owner: int, queued: bool) -> None:
    """Trainings that end or give way, and those that begin."""
    ended = [piece.change.job_done for piece in asked if piece.change.job_done is not None]
    jobs = [(piece.change.job, piece.at) for piece in asked if piece.change.job is not None]
    if not ended and not jobs:
        return
    sql = "DELETE FROM jobs WHERE code = ANY($1::text[]) OR learner = ANY($2::bigint[]) RETURNING code"
    gone = await db.fetch(sql, ended, [job.learner for job, _ in jobs])
    if queued and gone:
        await queueing.cancel(db, [row["code"] for row in gone])
    await many(db, _JOBS, [(job.learner, job.code, body_text(job.body), at, owner) for job, at in jobs])
    if queued:
        errands = [(job.code, job.learner, "train", body_text(job.body), at) for job, at in jobs]
        await queueing.enqueue(db, errands, once_a_learner=True)


async def _rows(db: asyncpg.Connection, asked: Sequence[Asked]) -> None:
    """All else that hangs on the learners but their words."""
    changes = [piece.change for piece in asked]
    await many(
        db,
        _ANSWERS,
        [
            (
                change.learner, a.lesson, a.question, a.sitting, a.option, a.correct, a.hints, a.seconds,
                moment(a.answered_at), a.source,
            )
            for change in changes
            for a in change.answers
        ],
    )  # fmt: skip
    runs = {run.code: run for change in changes for run in change.runs}
    await many(
        db,
        _RUNS,
        [(r.code, r.learner, r.lesson, body_text(r.body), moment(r.made_at)) for r in runs.values()],
    )
    posts = [change.post for change in changes if change.post is not None]
    await many(
        db,
        _POSTS,
        [(p.code, p.chat, p.lesson, p.question, body_text(p.body), moment(p.made_at)) for p in posts],
    )
    taps = [(change.learner, change.post_answer) for change in changes if change.post_answer is not None]
    await many(
        db,
        _TAPS,
        [(tap.code, learner, tap.option, tap.correct, moment(tap.answered_at)) for learner, tap in taps],
    )
    dead = [(change.learner, key) for change in changes for key in change.dead_screens]
    await many(db, _DEAD, dead)
    await group_batch.write(db, changes)


# The first try at a question: nothing of it is there yet, and it is the first of this statement.
_ANSWERS = """INSERT INTO answers
    (learner, lesson, question, sitting, option, correct, hints, seconds, answered_at, source, first)
    SELECT learner, lesson, question, sitting, option, correct, hints, seconds, answered_at, source,
        row_number() OVER (PARTITION BY learner, lesson, question ORDER BY place) = 1
        AND NOT EXISTS (
            SELECT 1 FROM answers AS old WHERE old.learner = new.learner AND old.lesson = new.lesson
                AND old.question = new.question
        )
    FROM unnest(
        $1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bool[], $7::int[], $8::float8[],
        $9::timestamptz[], $10::text[]
    ) WITH ORDINALITY AS new
        (learner, lesson, question, sitting, option, correct, hints, seconds, answered_at, source, place)
    ORDER BY place ON CONFLICT (learner, lesson, question, sitting) DO NOTHING"""
_RUNS = """INSERT INTO runs (code, learner, lesson, body, made_at)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT (code) DO UPDATE SET learner = excluded.learner, lesson = excluded.lesson,
    body = excluded.body, made_at = excluded.made_at"""
_JOBS = """INSERT INTO jobs (learner, code, body, asked_at, owner)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])"""
_POSTS = """INSERT INTO posts (code, chat, lesson, question, body, made_at)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])"""
_TAPS = """INSERT INTO post_answers (code, learner, option, correct, answered_at)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[], $4::bool[], $5::timestamptz[])
    ON CONFLICT (code, learner) DO NOTHING"""
_DEAD = """DELETE FROM screens USING unnest($1::bigint[], $2::text[]) AS dead (learner, key)
    WHERE screens.learner = dead.learner AND screens.key = dead.key"""


async def _words(db: asyncpg.Connection, changes: Sequence[Change], owner: int) -> list[tuple[Word, ...]]:
    """Words with their numbers, which grow in the order of saying."""
    flat = [(change.learner, word, body_text(word.body)) for change in changes for word in change.words]
    numbers: list[int] = []
    if flat:
        rows = [(learner, w.chat, w.kind, body, w.key, owner) for learner, w, body in flat]
        found = await db.fetch(_WORDS, *zip(*rows, strict=True))
        numbers = sorted(row["number"] for row in found)
    named = iter(
        Word(number=number, chat=word.chat, kind=word.kind, body=body, key=word.key)
        for number, (_, word, body) in zip(numbers, flat, strict=True)
    )
    return [tuple(next(named) for _ in change.words) for change in changes]


_WORDS = """INSERT INTO words (learner, chat, kind, body, key, owner)
    SELECT learner, chat, kind, body, key, owner
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[])
        WITH ORDINALITY AS new (learner, chat, kind, body, key, owner, place)
    ORDER BY place RETURNING number"""
