"""The schema, table by table, and the named steps that lead to it.

Law: a step that was released is never changed, only followed by another; each runs in one transaction and is
recorded by name in `_sqlite_migrations`, so that a program can see that a file is newer than itself.

`learners`  a person: Telegram's user id, the session (JSON), when first seen.
            Goes with `/forget`, and with it every row below that names the learner.
`answers`   one answer, unique by (learner, lesson, question, sitting); `first` marks the first try at a question.
`words`     one thing committed but not yet said to a chat, gone when said; `number` grows in the order of saying
            and is never used again.
`jobs`      the training a learner waits for, at most one each, under the code of its run; gone with its result.
`runs`      a run under its short code, to be replayed by anyone who has the code.
`screens`   where a screen of a learner stands: its key and Telegram's message id; gone when it is dead.
`posts`     something of a lesson posted for everyone in a chat; `message` is Telegram's id once it was said,
            0 where that id is no longer good (the group has a new one).
`post_answers`  the first tap of a person on a post, unique by (code, learner); goes with the learner.
`inbox`     an update: its body until it is handled, then empty; gone 48 h after it was handled.

Times are UTC, ISO 8601 text with microseconds, so that they sort as text. Bodies are JSON text that the store
does not look into. Tables are STRICT: a value of the wrong type is refused.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

SET = "nabla"
migrations = Migrations(SET)


@migrations(name="0001-first-tables")
def _first_tables(db: Database) -> None:
    for statement in _FIRST_TABLES:
        db.execute(statement)


_FIRST_TABLES = (
    """
    CREATE TABLE learners (
        learner INTEGER PRIMARY KEY,
        session TEXT,
        since TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE answers (
        number INTEGER PRIMARY KEY,
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        lesson TEXT NOT NULL,
        question TEXT NOT NULL,
        sitting INTEGER NOT NULL CHECK (sitting >= 0),
        option INTEGER NOT NULL CHECK (option >= 0),
        correct INTEGER NOT NULL CHECK (correct IN (0, 1)),
        hints INTEGER NOT NULL CHECK (hints >= 0),
        seconds REAL,
        answered_at TEXT NOT NULL,
        source TEXT NOT NULL,
        first INTEGER NOT NULL CHECK (first IN (0, 1)),
        UNIQUE (learner, lesson, question, sitting)
    ) STRICT
    """,
    "CREATE INDEX answers_first ON answers (lesson, question, option) WHERE first",
    """
    CREATE TABLE words (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        chat INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        key TEXT
    ) STRICT
    """,
    """
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        learner INTEGER NOT NULL UNIQUE REFERENCES learners ON DELETE CASCADE,
        code TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL,
        asked_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        lesson TEXT NOT NULL,
        body TEXT NOT NULL,
        made_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX runs_learner ON runs (learner)",
    """
    CREATE TABLE screens (
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        key TEXT NOT NULL,
        message INTEGER NOT NULL,
        PRIMARY KEY (learner, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE inbox (
        number INTEGER PRIMARY KEY,
        bot INTEGER NOT NULL,
        update_id INTEGER NOT NULL,
        body TEXT NOT NULL,
        kept_at TEXT NOT NULL,
        handled_at TEXT,
        UNIQUE (bot, update_id)
    ) STRICT
    """,
    # Serves both: NULL are those that wait (in order of number), the smallest times are those to sweep.
    "CREATE INDEX inbox_handled ON inbox (handled_at)",
)


@migrations(name="0002-posts")
def _posts(db: Database) -> None:
    for statement in _POSTS:
        db.execute(statement)


_POSTS = (
    """
    CREATE TABLE posts (
        number INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        chat INTEGER NOT NULL,
        lesson TEXT NOT NULL,
        question TEXT,
        body TEXT NOT NULL,
        made_at TEXT NOT NULL,
        message INTEGER
    ) STRICT
    """,
    "CREATE INDEX posts_chat ON posts (chat, lesson)",
    """
    CREATE TABLE post_answers (
        code TEXT NOT NULL REFERENCES posts (code) ON DELETE CASCADE,
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        option INTEGER NOT NULL CHECK (option >= 0),
        correct INTEGER NOT NULL CHECK (correct IN (0, 1)),
        answered_at TEXT NOT NULL,
        PRIMARY KEY (code, learner)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX post_answers_learner ON post_answers (learner)",
    "CREATE INDEX post_answers_time ON post_answers (answered_at)",
)


def unknown(db: Database) -> list[str]:
    """Names of steps that this file has taken and this program does not know."""
    known = {step.name for step in migrations._migrations}  # the set has no public list
    return [step.name for step in migrations.applied(db) if step.name not in known]
