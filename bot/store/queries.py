"""What is read, each from one snapshot: plain SQL where a tap waits for it, sqlite-utils elsewhere."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from sqlite_utils import Database

from bot.store.base import Job, KeptUpdate, OptionFigure, Remembered, Run, Tries, UpdateKey, Word


def rows(db: Connection, sql: str, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows by column name."""
    return Database(db, recursive_triggers=False, execute_plugins=False).query(sql, dict(values))


def load(db: Connection, learner: int) -> Remembered:
    """On the way of every tap."""
    found = db.execute("SELECT session FROM learners WHERE learner = ?", (learner,)).fetchone()
    if found is None:
        return Remembered(session=None, screens={})
    screens = db.execute("SELECT key, message FROM screens WHERE learner = ?", (learner,)).fetchall()
    return Remembered(session=found[0], screens=dict(screens))


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
    parts = {part: [_plain(row) for row in rows(db, sql, one)] for part, sql in _EXPORT.items()}
    return {
        "learner": learner,
        "since": known and known["since"],
        "session": known and _decoded(known["session"]),
        **parts,
    }


_EXPORT = {
    "answers": """SELECT lesson, question, sitting, option, correct, hints, seconds, answered_at, source,
        first AS first_try FROM answers WHERE learner = :learner ORDER BY number""",
    "runs": "SELECT code, lesson, body, made_at FROM runs WHERE learner = :learner ORDER BY number",
    "jobs": "SELECT code, body, asked_at FROM jobs WHERE learner = :learner ORDER BY number",
    "words": "SELECT number, chat, kind, body, key FROM words WHERE learner = :learner ORDER BY number",
    "screens": "SELECT key, message FROM screens WHERE learner = :learner ORDER BY key",
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
