"""The schema, table by table, and the named steps that lead to it.

Law: a step that was released is never changed, only followed by another; each runs in one transaction and is
recorded by name in `_sqlite_migrations`, so that a program can see that a file is newer than itself.

`learners`  a person: Telegram's user id, the session (JSON), when first seen.
            Goes with `/forget`, and with it every row below that names the learner.
`answers`   one answer, unique by (learner, lesson, question, sitting); `first` marks the first try at a question.
`words`     one thing committed but not yet said to a chat, gone when said; `number` grows in the order of saying
            and is never used again. `learner` is empty for what is said to everybody in a group.
`jobs`      the training a learner waits for, at most one each, under the code of its run; gone with its result.
`runs`      a run under its short code, to be replayed by anyone who has the code.
`screens`   where a screen of a learner stands: its key and Telegram's message id; gone when it is dead.
`posts`     something of a lesson posted for everyone in a chat; `message` is Telegram's id once it was said,
            0 where that id is no longer good (the group has a new one).
`post_answers`  the first tap of a person on a post, unique by (code, learner); goes with the learner.
`chats`     a group or channel as Telegram last described it, and whether verdicts are whispered there;
            `chat_admins`: who has acted as an administrator there; `topics`: the topics of a forum that were seen.
`chat_screens`  where a message of a group that is edited later stands, by its key.
`activities`  what goes on in a chat over time (round, experiment, plan …); `version` grows with every change,
            `due` is when it wants to be woken; of those that are `alone` one goes on in a topic.
`votes`     what a person chose in an activity, unique by (code, item, learner); goes with the learner.
`shown_names`  the name by which a person wants to be seen in a chat; goes with the learner.
`inbox`     an update: its body until it is handled, then empty; gone 48 h after it was handled.

Times are UTC, ISO 8601 text with microseconds, so that they sort as text. Bodies are JSON text that the store
does not look into. Tables are STRICT: a value of the wrong type is refused.
"""

from bot.store.tables import Database, Migrations

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


@migrations(name="0003-activities")
def _activities(db: Database) -> None:
    for statement in _ACTIVITIES:
        db.execute(statement)


_ACTIVITIES = (
    # Words of a group belong to nobody. The numbers must go on where they were.
    "ALTER TABLE words RENAME TO old_words",
    """
    CREATE TABLE words (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        learner INTEGER REFERENCES learners ON DELETE CASCADE,
        chat INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        key TEXT
    ) STRICT
    """,
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'words', seq FROM sqlite_sequence WHERE name = 'old_words'",
    "INSERT INTO words SELECT number, learner, chat, kind, body, key FROM old_words",
    "DROP TABLE old_words",
    """
    CREATE TABLE chats (
        chat INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        username TEXT,
        inside INTEGER NOT NULL CHECK (inside IN (0, 1))
    ) STRICT
    """,
    """
    CREATE TABLE chat_admins (
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        chat INTEGER NOT NULL REFERENCES chats ON DELETE CASCADE ON UPDATE CASCADE,
        PRIMARY KEY (learner, chat)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE chat_screens (
        chat INTEGER NOT NULL,
        key TEXT NOT NULL,
        message INTEGER NOT NULL,
        PRIMARY KEY (chat, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE activities (
        number INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        chat INTEGER NOT NULL,
        thread INTEGER,
        starter INTEGER REFERENCES learners ON DELETE SET NULL,
        body TEXT NOT NULL,
        version INTEGER NOT NULL,
        due TEXT,
        alone INTEGER NOT NULL CHECK (alone IN (0, 1)),
        over INTEGER NOT NULL CHECK (over IN (0, 1)),
        made_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX activities_due ON activities (due) WHERE NOT over AND due NOT NULL",
    "CREATE UNIQUE INDEX activities_alone ON activities (kind, chat, coalesce(thread, 0)) WHERE alone AND NOT over",
    "CREATE INDEX activities_chat ON activities (chat, kind, made_at)",
    "CREATE INDEX activities_starter ON activities (starter)",
    """
    CREATE TABLE votes (
        code TEXT NOT NULL REFERENCES activities (code) ON DELETE CASCADE,
        item TEXT NOT NULL,
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        choice INTEGER NOT NULL,
        points REAL NOT NULL,
        seconds REAL,
        cast_at TEXT NOT NULL,
        PRIMARY KEY (code, item, learner)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX votes_learner ON votes (learner)",
    """
    CREATE TABLE shown_names (
        chat INTEGER NOT NULL,
        learner INTEGER NOT NULL REFERENCES learners ON DELETE CASCADE,
        name TEXT NOT NULL,
        PRIMARY KEY (chat, learner)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX shown_names_learner ON shown_names (learner)",
)


@migrations(name="0004-topics-and-whispers")
def _topics_and_whispers(db: Database) -> None:
    for statement in _TOPICS_AND_WHISPERS:
        db.execute(statement)


_TOPICS_AND_WHISPERS = (
    "ALTER TABLE chats ADD COLUMN whispers INTEGER NOT NULL DEFAULT 0 CHECK (whispers IN (0, 1))",
    """
    CREATE TABLE topics (
        chat INTEGER NOT NULL REFERENCES chats ON DELETE CASCADE ON UPDATE CASCADE,
        thread INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (chat, thread)
    ) STRICT, WITHOUT ROWID
    """,
)


def unknown(db: Database) -> list[str]:
    """Names of steps that this file has taken and this program does not know."""
    known = {step.name for step in migrations._migrations}  # the set has no public list
    return [step.name for step in migrations.applied(db) if step.name not in known]
