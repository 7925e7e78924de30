"""What is read, each from one snapshot: plain SQL where a tap waits for it, sqlite-utils elsewhere."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from bot.store import group_queries
from bot.store.base import (
    Job,
    KeptUpdate,
    OptionFigure,
    Post,
    PostAnswer,
    Remembered,
    Run,
    Totals,
    Tries,
    UpdateKey,
    Word,
)
from bot.store.tables import Database


def rows(db: Connection, sql: str, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows by column name."""
    return Database(db, recursive_triggers=False, execute_plugins=False).query(sql, dict(values))


def load(db: Connection, learner: int) -> Remembered:
    """On the way of every tap."""
    found = db.execute("SELECT session FROM learners WHERE learner = ?", (learner,)).fetchone()
    if found is None:
        return Remembered(session=None, screens=_posted(db, learner))
    screens = db.execute("SELECT key, message FROM screens WHERE learner = ?", (learner,)).fetchall()
    return Remembered(session=found[0], screens=dict(screens))


def _posted(db: Connection, chat: int) -> dict[str, int]:
    """A group has no session, but posts and other messages that are edited later."""
    if chat > 0:
        return {}
    sql = "SELECT code, message FROM posts WHERE chat = ? AND message > 0"
    return dict(db.execute(sql, (chat,)).fetchall()) | group_queries.screens(db, chat)


def waiting(db: Connection, bot: int) -> list[KeptUpdate]:
    """Kept but not handled, in the order they were kept."""
    sql = "SELECT update_id, body FROM inbox WHERE handled_at IS NULL AND bot = :bot ORDER BY number"
    return [
        KeptUpdate(key=UpdateKey(bot=bot, update_id=row["update_id"]), body=row["body"])
        for row in rows(db, sql, {"bot": bot})
    ]


def unsaid(db: Connection) -> list[Word]:
    """Words in the order of saying."""
    sql = "SELECT number, chat, kind, body, key FROM words ORDER BY number"
    return [Word(**row) for row in rows(db, sql, {})]


def jobs(db: Connection) -> list[Job]:
    """Trainings awaited, oldest first."""
    return [Job(**row) for row in rows(db, "SELECT learner, code, body FROM jobs ORDER BY number", {})]


def run(db: Connection, code: str) -> Run | None:
    """The run under a code."""
    sql = "SELECT code, learner, lesson, body, made_at FROM runs WHERE code = :code"
    for row in rows(db, sql, {"code": code}):
        return Run(**{**row, "made_at": datetime.fromisoformat(row["made_at"])})
    return None


def post(db: Connection, code: str) -> Post | None:
    """The post under a code."""
    return next(_posts(db, "WHERE code = :code", {"code": code}), None)


def posts(db: Connection, chat: int, lesson: str) -> list[Post]:
    """What of a lesson was posted in a chat, oldest first."""
    return list(_posts(db, _POSTED, {"chat": chat, "lesson": lesson}))


# Said, or still to be said, or surely seen: anything else was refused.
_POSTED = """
    WHERE chat = :chat AND lesson = :lesson AND (
        message NOT NULL
        OR EXISTS (SELECT 1 FROM words WHERE words.key = posts.code)
        OR EXISTS (SELECT 1 FROM post_answers WHERE post_answers.code = posts.code)
    ) ORDER BY number
"""


def _posts(db: Connection, where: str, values: Mapping[str, Any]) -> Iterator[Post]:
    for row in rows(db, f"SELECT code, chat, lesson, question, body, made_at FROM posts {where}", values):  # noqa: S608 (the two texts above)
        yield Post(**{**row, "made_at": datetime.fromisoformat(row["made_at"])})


def post_answer(db: Connection, code: str, learner: int) -> PostAnswer | None:
    """What a person chose on a post."""
    sql = "SELECT option, correct, answered_at FROM post_answers WHERE code = ? AND learner = ?"
    found = db.execute(sql, (code, learner)).fetchone()
    if found is None:
        return None
    at = datetime.fromisoformat(found[2])
    return PostAnswer(code=code, option=found[0], correct=bool(found[1]), answered_at=at)


def totals(db: Connection, code: str) -> Totals:
    """How a post stands."""
    sql = "SELECT count(*), coalesce(sum(correct), 0) FROM post_answers WHERE code = ?"
    answered, right = db.execute(sql, (code,)).fetchone()
    return Totals(answered=answered, right=right)


def shares(db: Connection, code: str) -> Mapping[int, int]:
    """Option → how many chose it."""
    sql = "SELECT option, count(*) FROM post_answers WHERE code = ? GROUP BY option ORDER BY option"
    return dict(db.execute(sql, (code,)).fetchall())


def fresh_posts(db: Connection, since: str) -> list[str]:
    """Codes of posts that were answered since then."""
    sql = "SELECT DISTINCT code FROM post_answers WHERE answered_at >= ? ORDER BY code"
    return [code for (code,) in db.execute(sql, (since,))]


def tries(db: Connection, learner: int) -> list[Tries]:
    """Per question, in order of the first answer."""
    found = rows(db, _TRIES, {"learner": learner})
    return [Tries(**{**row, "first_correct": bool(row["first_correct"])}) for row in found]


_TRIES = """
    SELECT one.lesson, one.question, one.correct AS first_correct, one.source AS first_source,
        every.tries, every.correct, one.hints, one.seconds
    FROM answers AS one JOIN (
        SELECT lesson, question, count(*) AS tries, sum(correct) AS correct FROM answers
        WHERE learner = :learner GROUP BY lesson, question
    ) AS every USING (lesson, question)
    WHERE one.learner = :learner AND one.first ORDER BY one.number
"""


def figures(db: Connection, lesson: str | None) -> list[OptionFigure]:
    """Per option, first tries only."""
    found = rows(db, _FIGURES, {"lesson": lesson})
    return [OptionFigure(**{**row, "correct": bool(row["correct"])}) for row in found]


# SQLite has no median: it is the mean of the one or two values in the middle of their order.
_FIGURES = """
    WITH tried AS (
        SELECT lesson, question, option, correct, hints, seconds, number,
            row_number() OVER timed AS place, count(seconds) OVER one AS timed_count
        FROM answers WHERE first AND (:lesson IS NULL OR lesson = :lesson)
        WINDOW one AS (PARTITION BY lesson, question, option),
            timed AS (PARTITION BY lesson, question, option ORDER BY seconds IS NULL, seconds)
    )
    SELECT lesson, question, option, count(*) AS chosen, max(correct) AS correct, avg(hints) AS hints,
        avg(seconds) FILTER (WHERE place IN ((timed_count + 1) / 2, timed_count / 2 + 1)) AS seconds
    FROM tried GROUP BY lesson, question, option ORDER BY lesson, question, option
"""


def export(db: Connection, learner: int) -> dict[str, Any]:
    """All rows that name the learner, JSON bodies decoded."""
    one = {"learner": learner}
    known = next(rows(db, "SELECT session, since FROM learners WHERE learner = :learner", one), None)
    parts = {part: list(rows(db, sql, one)) for part, sql in EXPORT.items()}
    return exported(learner, known, parts)


def exported(
    learner: int, known: Mapping[str, Any] | None, parts: Mapping[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """The export, the same from every store: the learner's row and all others, by part."""
    return {
        "learner": learner,
        "since": known and known["since"],
        "session": known and _decoded(known["session"]),
        **{part: [_plain(row) for row in found] for part, found in parts.items()},
    }


# What is said of one learner, by part; in words that every database understands.
EXPORT = {
    "answers": """SELECT lesson, question, sitting, option, correct, hints, seconds, answered_at, source,
        first AS first_try FROM answers WHERE learner = :learner ORDER BY number""",
    "runs": "SELECT code, lesson, body, made_at FROM runs WHERE learner = :learner ORDER BY number",
    "jobs": "SELECT code, body, asked_at FROM jobs WHERE learner = :learner ORDER BY number",
    "words": "SELECT number, chat, kind, body, key FROM words WHERE learner = :learner ORDER BY number",
    "post_answers": """SELECT code, lesson, question, option, correct, answered_at
        FROM post_answers JOIN posts USING (code) WHERE learner = :learner ORDER BY answered_at""",
    "screens": "SELECT key, message FROM screens WHERE learner = :learner ORDER BY key",
    "votes": """SELECT code, kind, chat, item, choice, points, seconds, cast_at
        FROM votes JOIN activities USING (code) WHERE learner = :learner ORDER BY cast_at""",
    "shown_names": "SELECT chat, name FROM shown_names WHERE learner = :learner ORDER BY chat",
    "started": "SELECT code, kind, chat, made_at FROM activities WHERE starter = :learner ORDER BY number",
    "chats": """SELECT chat, title FROM chat_admins JOIN chats USING (chat)
        WHERE learner = :learner ORDER BY chat""",
}
_FLAGS = ("correct", "first_try")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    flags = {key: bool(row[key]) for key in _FLAGS if key in row}
    body = {"body": _decoded(row["body"])} if "body" in row else {}
    return {**row, **flags, **body}


def _decoded(body: str | None) -> Any:
    """A JSON body as values; NaN and Infinity, which JSON does not have, by name; what is no JSON as text."""
    if body is None:
        return None
    try:
        return json.loads(body, parse_constant=str)
    except ValueError:
        return body
