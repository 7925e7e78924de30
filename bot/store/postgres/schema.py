"""The schema on Postgres, and the named steps that lead to it; see `bot.store.migrations` for what a table means.

Law: a step that was released is never changed, only followed by another; all run in one transaction under an
advisory lock, so that of several processes that start at once one does them. What is newer is left alone.

Beside the tables that SQLite has: `turns`, when a process last did what all together do only so often, or began
what one of them does; `errands`, what trainers are asked for; `owners`, a process that lives as long as its `beat`
is fresh. `owner` in `inbox`, `words` and `jobs` says who has a row in hand; whose owner is gone is taken over by
another process.
Names are compared byte for byte (`COLLATE "C"`), as in SQLite.
"""

import asyncpg

from bot.store.postgres.faults import fault
from bot.store.postgres.queueing import ERRANDS

SCHEMA = "nabla"
_LOCK = -7_305_816_222  # of migrations; of all that this program takes, the only advisory lock

_FIRST_TABLES = """
CREATE TABLE owners (
    owner bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    beat timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE learners (
    learner bigint PRIMARY KEY,
    session text,
    since timestamptz NOT NULL
);
CREATE TABLE answers (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    lesson text COLLATE "C" NOT NULL,
    question text COLLATE "C" NOT NULL,
    sitting integer NOT NULL CHECK (sitting >= 0),
    option integer NOT NULL CHECK (option >= 0),
    correct boolean NOT NULL,
    hints integer NOT NULL CHECK (hints >= 0),
    seconds double precision,
    answered_at timestamptz NOT NULL,
    source text NOT NULL,
    first boolean NOT NULL,
    UNIQUE (learner, lesson, question, sitting)
);
CREATE INDEX answers_first ON answers (lesson, question, option) WHERE first;
CREATE TABLE words (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    learner bigint REFERENCES learners ON DELETE CASCADE,
    chat bigint NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    key text COLLATE "C",
    owner bigint NOT NULL
);
CREATE INDEX words_learner ON words (learner);
CREATE INDEX words_key ON words (key) WHERE key IS NOT NULL;
CREATE TABLE jobs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    learner bigint NOT NULL UNIQUE REFERENCES learners ON DELETE CASCADE,
    code text COLLATE "C" NOT NULL UNIQUE,
    body text NOT NULL,
    asked_at timestamptz NOT NULL,
    owner bigint NOT NULL
);
CREATE TABLE runs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE,
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    lesson text COLLATE "C" NOT NULL,
    body text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX runs_learner ON runs (learner);
CREATE TABLE screens (
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    PRIMARY KEY (learner, key)
);
CREATE TABLE inbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot bigint NOT NULL,
    update_id bigint NOT NULL,
    body text NOT NULL,
    kept_at timestamptz NOT NULL,
    handled_at timestamptz,
    owner bigint NOT NULL,
    UNIQUE (bot, update_id)
);
CREATE INDEX inbox_waiting ON inbox (bot, number) WHERE handled_at IS NULL;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;
CREATE TABLE posts (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE,
    chat bigint NOT NULL,
    lesson text COLLATE "C" NOT NULL,
    question text COLLATE "C",
    body text NOT NULL,
    made_at timestamptz NOT NULL,
    message bigint
);
CREATE INDEX posts_chat ON posts (chat, lesson);
CREATE TABLE post_answers (
    code text COLLATE "C" NOT NULL REFERENCES posts (code) ON DELETE CASCADE,
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    option integer NOT NULL CHECK (option >= 0),
    correct boolean NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (code, learner)
);
CREATE INDEX post_answers_learner ON post_answers (learner);
CREATE TABLE turns (
    name text COLLATE "C" PRIMARY KEY,
    taken_at timestamptz NOT NULL
);
CREATE INDEX post_answers_time ON post_answers (answered_at);
CREATE TABLE chats (
    chat bigint PRIMARY KEY,
    kind text NOT NULL,
    title text COLLATE "C" NOT NULL,
    username text,
    inside boolean NOT NULL
);
CREATE TABLE chat_admins (
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    chat bigint NOT NULL REFERENCES chats ON DELETE CASCADE ON UPDATE CASCADE,
    PRIMARY KEY (learner, chat)
);
CREATE TABLE chat_screens (
    chat bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    PRIMARY KEY (chat, key)
);
CREATE TABLE activities (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL,
    chat bigint NOT NULL,
    thread bigint,
    starter bigint REFERENCES learners ON DELETE SET NULL,
    body text NOT NULL,
    version bigint NOT NULL,
    due timestamptz,
    alone boolean NOT NULL,
    over boolean NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX activities_due ON activities (due) WHERE NOT over AND due IS NOT NULL;
CREATE UNIQUE INDEX activities_alone ON activities (kind, chat, coalesce(thread, 0)) WHERE alone AND NOT over;
CREATE INDEX activities_chat ON activities (chat, kind, made_at);
CREATE INDEX activities_starter ON activities (starter);
CREATE TABLE votes (
    code text COLLATE "C" NOT NULL REFERENCES activities (code) ON DELETE CASCADE,
    item text COLLATE "C" NOT NULL,
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    choice integer NOT NULL,
    points double precision NOT NULL,
    seconds double precision,
    cast_at timestamptz NOT NULL,
    PRIMARY KEY (code, item, learner)
);
CREATE INDEX votes_learner ON votes (learner);
CREATE TABLE shown_names (
    chat bigint NOT NULL,
    learner bigint NOT NULL REFERENCES learners ON DELETE CASCADE,
    name text NOT NULL,
    PRIMARY KEY (chat, learner)
);
CREATE INDEX shown_names_learner ON shown_names (learner);
"""

_TOPICS_AND_WHISPERS = """
ALTER TABLE chats ADD COLUMN whispers boolean NOT NULL DEFAULT false;
CREATE TABLE topics (
    chat bigint NOT NULL REFERENCES chats ON DELETE CASCADE ON UPDATE CASCADE,
    thread bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (chat, thread)
);
"""

# Who took a turn: of a claim, the owner it ends with; of either, the call, which may have to be made twice.
_CLAIMS = """
ALTER TABLE turns ADD COLUMN owner bigint, ADD COLUMN call text;
"""

STEPS = {
    "0001-first-tables": _FIRST_TABLES,
    "0002-errands": ERRANDS,
    "0003-topics-and-whispers": _TOPICS_AND_WHISPERS,
    "0004-claims": _CLAIMS,
}
QUEUE_STEP = (
    "procrastinate-3.10"  # its own tables, made when training goes through it; a later version adds steps
)
_KNOWN = STEPS.keys() | {QUEUE_STEP}


async def bring_up_to_date(db: asyncpg.Connection, schema: str, place: str, *, queued: bool = False) -> None:
    """Make the schema, or take the steps that are missing; StoreError for what is newer or another program's.

    queued: procrastinate's tables, too.
    """
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        taken = await _taken(db, schema, place)
        if not taken:
            await db.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            await db.execute("CREATE TABLE IF NOT EXISTS steps (name text PRIMARY KEY, taken_at timestamptz)")
        steps = {**STEPS, **({QUEUE_STEP: _queue_tables()} if queued and QUEUE_STEP not in taken else {})}
        for name, statements in steps.items():
            if name not in taken:
                await db.execute(statements)
                await db.execute("INSERT INTO steps VALUES ($1, clock_timestamp())", name)


def _queue_tables() -> str:
    """What procrastinate's own command would run; imported only where it is used."""
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 (an extra, and not every bot's)

    return SchemaManager.get_schema()


async def check_current(db: asyncpg.Connection, schema: str, place: str) -> None:
    """For one who only reads: StoreError unless the schema is the present one."""
    if not STEPS.keys() <= await _taken(db, schema, place):
        raise fault(
            place, "was not written by this version yet", "start the bot once, it brings it up to date"
        )


async def _taken(db: asyncpg.Connection, schema: str, place: str) -> set[str]:
    """The steps that were taken; none of them where there is nothing yet."""
    tables = {
        row["tablename"]
        for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
    }
    if not tables:
        return set()
    if "steps" not in tables:
        fact = f"has a schema {schema} of another program"
        raise fault(place, fact, "name a database of its own in NABLA_DATABASE_URL")
    taken = {row["name"] for row in await db.fetch(f'SELECT name FROM "{schema}".steps')}  # noqa: S608 (our own name)
    if newer := sorted(taken - _KNOWN):
        raise fault(place, f"was written by a newer program (schema {newer[0]})", "update this program")
    return taken
