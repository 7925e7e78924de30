"""What is written, in plain SQL: each function is one piece of work inside the writer's transaction.

Law: look first, then change. What was handled before is found out before anything is written.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection

from bot.errors import StaleError
from bot.store import group_changes
from bot.store.base import Answer, Change, Job, NewWord, Post, PostAnswer, Remembered, Run, UpdateKey, Word
from bot.store.stamps import stamp

KEEP_HANDLED = timedelta(hours=48)
SWEEP_ROWS = 2_000  # in one piece, so that a sweep after a busy day holds nobody up


def json_text(body: str) -> str:
    """JSON that UTF-8 can carry: half a surrogate pair becomes its own JSON escape, all else stays."""
    return body if body.isascii() else body.encode("utf-8", "backslashreplace").decode("utf-8")


def keep(db: Connection, bot: int, updates: Sequence[tuple[int, str]], now: datetime) -> list[int]:
    """Put updates into the inbox; the ids that were not there."""
    at = stamp(now)
    new = []
    for update_id, body in updates:
        row = (bot, update_id, json_text(body), at)
        if db.execute(_KEEP, row).rowcount:
            new.append(update_id)
    return new


_KEEP = "INSERT INTO inbox (bot, update_id, body, kept_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


def commit(db: Connection, change: Change, now: datetime) -> tuple[Word, ...] | None:
    """Apply a change; None, and nothing changed, if its update or job is done with."""
    at = stamp(now)
    if change.job_done is not None and not db.execute(_HAS_JOB, (change.job_done, change.learner)).fetchone():
        return None
    if change.update is not None and not _handle(db, change.update, at):
        return None
    if change.learner is not None and change.session is None and change.loaded is not None:
        _check_unchanged(db, change.learner, change.loaded)
    group_changes.check(db, change)
    _know(db, change, at)
    if change.learner is not None:
        _of_learner(db, change, change.learner)
    if change.job_done is not None:
        db.execute("DELETE FROM jobs WHERE code = ?", (change.job_done,))
    for run in change.runs:
        _run(db, run)
    if change.job is not None:
        _job(db, change.job, at)
    if change.post is not None:
        _post(db, change.post)
    group_changes.apply(db, change)
    return tuple(_word(db, change.learner, word) for word in change.words)


def _of_learner(db: Connection, change: Change, learner: int) -> None:
    """What hangs on the person whose event it was."""
    for answer in change.answers:
        _answer(db, learner, answer)
    if change.post_answer is not None:
        _post_answer(db, learner, change.post_answer)
    for key in change.dead_screens:
        db.execute("DELETE FROM screens WHERE learner = ? AND key = ?", (learner, key))


_HAS_JOB = "SELECT 1 FROM jobs WHERE code = ? AND learner = ?"


def _handle(db: Connection, key: UpdateKey, at: str) -> bool:
    """Mark an update handled and empty it; False if it was before."""
    if db.execute(_HANDLE, (at, key.bot, key.update_id)).rowcount:
        return True
    return db.execute(_HANDLED, (key.bot, key.update_id, at, at)).rowcount == 1


_HANDLE = "UPDATE inbox SET body = '', handled_at = ? WHERE bot = ? AND update_id = ? AND handled_at IS NULL"
_HANDLED = """INSERT INTO inbox (bot, update_id, body, kept_at, handled_at) VALUES (?, ?, '', ?, ?)
    ON CONFLICT DO NOTHING"""


def _know(db: Connection, change: Change, at: str) -> None:
    """The learner's row, made when there is something to hang on it."""
    learners = {run.learner for run in change.runs} | ({change.job.learner} if change.job else set())
    if change.activity is not None and change.activity.starter is not None:
        learners.add(change.activity.starter)
    if change.learner is not None and change.session is not None:
        _renew(db, change.learner, json_text(change.session), change.loaded, at)
    elif change.learner is not None and (
        change.answers or change.words or change.post_answer or group_changes.hangs_on_learner(change)
    ):
        learners.add(change.learner)
    for learner in learners:
        db.execute(
            "INSERT INTO learners (learner, since) VALUES (?, ?) ON CONFLICT DO NOTHING", (learner, at)
        )


def _renew(db: Connection, learner: int, session: str, loaded: Remembered | None, at: str) -> None:
    """Write the session; StaleError if it is not the one that was loaded. Asking costs no statement."""
    if loaded is None:
        done = db.execute(_SESSION, (learner, session, at))
    elif loaded.session is None:
        done = db.execute(f"{_SESSION} WHERE learners.session IS NULL", (learner, session, at))
    else:
        done = db.execute(_NEXT_SESSION, (session, learner, loaded.session))
    if not done.rowcount:
        raise _stale(learner)


_SESSION = """INSERT INTO learners (learner, session, since) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET session = excluded.session"""
_NEXT_SESSION = "UPDATE learners SET session = ? WHERE learner = ? AND session = ?"


def _check_unchanged(db: Connection, learner: int, loaded: Remembered) -> None:
    found = db.execute("SELECT session FROM learners WHERE learner = ?", (learner,)).fetchone()
    if (found[0] if found else None) != loaded.session:
        raise _stale(learner)


def _stale(learner: int) -> StaleError:
    return StaleError(f"the session of learner {learner} is another by now; load it again")


def _answer(db: Connection, learner: int, answer: Answer) -> None:
    question = (learner, answer.lesson, answer.question)
    first = db.execute(_ANSWERED, question).fetchone() is None
    how = (answer.sitting, answer.option, answer.correct, answer.hints, answer.seconds)
    db.execute(_ANSWER, (*question, *how, stamp(answer.answered_at), answer.source, first))


_ANSWERED = "SELECT 1 FROM answers WHERE learner = ? AND lesson = ? AND question = ?"
_ANSWER = """INSERT INTO answers
    (learner, lesson, question, sitting, option, correct, hints, seconds, answered_at, source, first)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (learner, lesson, question, sitting) DO NOTHING"""


def _run(db: Connection, run: Run) -> None:
    db.execute(_RUN, (run.code, run.learner, run.lesson, json_text(run.body), stamp(run.made_at)))


_RUN = """INSERT INTO runs (code, learner, lesson, body, made_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (code) DO UPDATE SET
    learner = excluded.learner, lesson = excluded.lesson, body = excluded.body, made_at = excluded.made_at"""


def _job(db: Connection, job: Job, at: str) -> None:
    db.execute("DELETE FROM jobs WHERE learner = ?", (job.learner,))
    row = (job.learner, job.code, json_text(job.body), at)
    db.execute("INSERT INTO jobs (learner, code, body, asked_at) VALUES (?, ?, ?, ?)", row)


def _post(db: Connection, post: Post) -> None:
    row = (post.code, post.chat, post.lesson, post.question, json_text(post.body), stamp(post.made_at))
    db.execute(
        "INSERT INTO posts (code, chat, lesson, question, body, made_at) VALUES (?, ?, ?, ?, ?, ?)", row
    )


def _post_answer(db: Connection, learner: int, answer: PostAnswer) -> None:
    row = (answer.code, learner, answer.option, answer.correct, stamp(answer.answered_at))
    db.execute(_POST_ANSWER, row)


_POST_ANSWER = """INSERT INTO post_answers (code, learner, option, correct, answered_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (code, learner) DO NOTHING"""


def _word(db: Connection, learner: int | None, word: NewWord) -> Word:
    body = json_text(word.body)
    number = db.execute(_WORD, (learner, word.chat, word.kind, body, word.key)).lastrowid
    if number is None:
        raise RuntimeError("SQLite gave no number to a new row")
    return Word(number=number, chat=word.chat, kind=word.kind, body=body, key=word.key)


_WORD = "INSERT INTO words (learner, chat, kind, body, key) VALUES (?, ?, ?, ?, ?)"


def said(db: Connection, number: int, screen: tuple[int, str, int] | None) -> None:
    """Forget a word; where it stands is remembered only if it was still to be said (not after `forget`)."""
    gone = db.execute("DELETE FROM words WHERE number = ?", (number,)).rowcount
    if gone and screen is not None:
        chat, key, message = screen
        db.execute(_SCREEN, (key, message, chat))
        _post_stands(db, chat, key, message)
        group_changes.stands(db, chat, key, message)


def _post_stands(db: Connection, chat: int, code: str, message: int) -> None:
    """Remember where a post stands; said before its group got a new id, it stands where no edit reaches it."""
    if not db.execute(
        "UPDATE posts SET message = ? WHERE code = ? AND chat = ?", (message, code, chat)
    ).rowcount:
        db.execute("UPDATE posts SET message = 0 WHERE code = ? AND message IS NULL", (code,))


_SCREEN = """INSERT INTO screens (learner, key, message) SELECT learner, ?, ? FROM learners WHERE learner = ?
    ON CONFLICT (learner, key) DO UPDATE SET message = excluded.message"""


def move(db: Connection, old: int, new: int) -> None:
    """A group's posts, activities and waiting words to its new id."""
    db.execute("UPDATE posts SET chat = ?, message = 0 * message WHERE chat = ?", (new, old))
    db.execute("UPDATE words SET chat = ? WHERE chat = ?", (new, old))
    group_changes.move(db, old, new)


def sweep(db: Connection, now: datetime) -> bool:
    """Drop some inbox rows handled more than 48 h ago; True if there may be more."""
    return db.execute(_SWEEP, (stamp(now - KEEP_HANDLED), SWEEP_ROWS)).rowcount == SWEEP_ROWS


_SWEEP = "DELETE FROM inbox WHERE number IN (SELECT number FROM inbox WHERE handled_at < ? LIMIT ?)"


def touch(db: Connection) -> None:
    """Write the first page as it is: the disk is asked, nothing is changed."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    db.execute(f"PRAGMA user_version = {int(version)}")
