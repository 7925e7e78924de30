"""A database full of learners who have a question open, made by bulk SQL in the real schema.

Law: the sample is what the real bot kept of one real learner; the rows are its copies under other ids. What is
made here is for a measurement, in a folder that goes with it.
"""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.store.sqlite import SqliteStore
from tests.bench.crowd import FIRST_LEARNER
from tests.bench.processes import bot, stub

FIRST = 2_000_001  # of the copies
LESSON = "why-training-changes-weights"
SINCE = "2026-01-01T00:00:00.000000+00:00"
QUESTIONS = 10  # of a lesson that was answered long ago


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One learner with a question open: what is kept, what was sent, and what a tap on an option makes of it."""

    session: str
    key: str
    number: int
    asked: dict[str, str]
    verdict: dict[str, str]

    def wish(self) -> dict[str, Any]:
        """For the crowd's `prepare`."""
        return {"asked": self.asked, "number": self.number, "first": FIRST}


async def sample(folder: Path) -> Sample:
    """Ask the real bot."""
    async with stub() as wire, bot(folder, api_url=wire.url):
        asked = await wire.crowd("show", learner=FIRST_LEARNER, text=f"/quiz {LESSON}")
        await wire.crowd("show", learner=FIRST_LEARNER + 1, text=f"/quiz {LESSON}")
        verdict = await wire.crowd("show", learner=FIRST_LEARNER + 1, text="", tap="B")
    with closing(sqlite3.connect(folder / "nabla.db")) as db:
        (session,) = db.execute("SELECT session FROM learners WHERE learner = ?", (FIRST_LEARNER,)).fetchone()
        ((key, number),) = db.execute("SELECT key, message FROM screens WHERE learner = ?", (FIRST_LEARNER,))
    if number != asked["number"]:
        raise RuntimeError("the store and the wire do not agree on the question's message")
    return Sample(session=session, key=key, number=number, asked=asked["shown"], verdict=verdict["shown"])


async def fill(database: Path, one: Sample, *, learners: int, answers: int = 0) -> None:
    """So many copies, and so many answers of theirs to questions of lessons that are over."""
    store = SqliteStore(database)
    await store.open()
    await store.close()
    await asyncio.to_thread(_copy, database, one, learners, answers)


def _copy(database: Path, one: Sample, learners: int, answers: int) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute(
            "PRAGMA journal_mode = OFF"
        )  # a kill would leave a broken file, in a folder that goes anyway
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -400000")
        db.execute("BEGIN")
        last = FIRST + learners - 1
        db.execute(_LEARNERS, (FIRST, last, one.session, SINCE))
        db.execute(_SCREENS, (one.key, one.number))
        each = -(-answers // learners)
        if each:
            db.execute(_ANSWERS, (each, QUESTIONS, QUESTIONS, SINCE, answers))
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")


_LEARNERS = """INSERT INTO learners (learner, session, since)
    WITH RECURSIVE ids (id) AS (SELECT ? UNION ALL SELECT id + 1 FROM ids WHERE id < ?) SELECT id, ?, ? FROM ids"""
_SCREENS = "INSERT INTO screens (learner, key, message) SELECT learner, ?, ? FROM learners"
_ANSWERS = """INSERT INTO answers
    (learner, lesson, question, sitting, option, correct, hints, seconds, answered_at, source, first)
    WITH RECURSIVE places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place < ? - 1)
    SELECT learner, printf('lesson-%03d', place / ?), printf('question-%02d', place % ?), 1, learner % 4,
        learner % 4 = 0, 0, 4.5, ?, 'private', 1 FROM learners CROSS JOIN places LIMIT ?"""


def dump(one: Sample, file: Path) -> Path:
    """The verdict, for rivals."""
    file.write_text(json.dumps(one.verdict), encoding="utf-8")
    return file
