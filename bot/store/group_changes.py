"""What is written of groups and channels, inside the writer's transaction.

Law: what a change believes of an activity is looked at before anything is written; StaleError undoes it whole.
"""

from sqlite3 import Connection

from bot.errors import StaleError
from bot.store.base import Change
from bot.store.groups import Activity, KnownChat, KnownTopic, ShownName, Vote
from bot.store.stamps import stamp


def check(db: Connection, change: Change) -> None:
    """StaleError if an activity is not as the change believes it to be."""
    believed = [change.while_at] if change.while_at else []
    if change.activity is not None and change.activity.version:
        believed.append((change.activity.code, change.activity.version))
    for code, version in believed:
        if db.execute(_STANDS, (code, version)).fetchone() is None:
            raise StaleError(f"activity {code} is not at version {version} any more; read it again")
    new = change.activity
    if new is not None and new.alone and not new.over and db.execute(_OTHER, _topic(new)).fetchone():
        raise StaleError(f"another {new.kind} goes on in chat {new.chat}; read what goes on again")


_STANDS = "SELECT 1 FROM activities WHERE code = ? AND version = ? AND NOT over"
_OTHER = """SELECT 1 FROM activities WHERE alone AND NOT over
    AND kind = ? AND chat = ? AND coalesce(thread, 0) = ? AND code != ?"""


def _topic(activity: Activity) -> tuple[str, int, int, str]:
    return activity.kind, activity.chat, activity.thread or 0, activity.code


def hangs_on_learner(change: Change) -> bool:
    """Whether something of a group hangs on the learner of this change."""
    return bool(
        change.votes or change.runs_chat is not None or (change.shown_name and change.shown_name.name)
    )


def apply(db: Connection, change: Change) -> None:
    """Write what a change says of groups."""
    if change.chat is not None:
        _chat(db, change.chat)
    if change.topic is not None:
        _forum_topic(db, change.topic)
    if change.whispers is not None:
        chat, whispers = change.whispers
        db.execute("UPDATE chats SET whispers = ? WHERE chat = ?", (whispers, chat))
    if change.activity is not None:
        _activity(db, change.activity)
    if change.learner is None:
        return
    for vote in change.votes:
        _vote(db, change.learner, vote)
    if change.runs_chat is not None:
        db.execute("INSERT OR IGNORE INTO chat_admins VALUES (?, ?)", (change.learner, change.runs_chat))
    if change.shown_name is not None:
        _name(db, change.learner, change.shown_name)


def _chat(db: Connection, chat: KnownChat) -> None:
    row = (chat.chat, chat.kind, chat.title, chat.username, chat.inside, chat.whispers)
    db.execute(_CHAT, row)


def _forum_topic(db: Connection, topic: KnownTopic) -> None:
    if topic.name is None:
        db.execute("DELETE FROM topics WHERE chat = ? AND thread = ?", (topic.chat, topic.thread))
    else:
        row = (topic.chat, topic.thread, topic.name)
        db.execute("INSERT OR REPLACE INTO topics (chat, thread, name) VALUES (?, ?, ?)", row)


_CHAT = """INSERT INTO chats (chat, kind, title, username, inside, whispers) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET kind = excluded.kind, title = excluded.title, username = excluded.username,
    inside = excluded.inside"""


def _activity(db: Connection, each: Activity) -> None:
    due = stamp(each.due) if each.due else None
    if each.version:
        state = (each.body, due, each.over, each.code)
        db.execute(
            "UPDATE activities SET body = ?, due = ?, over = ?, version = version + 1 WHERE code = ?", state
        )
        return
    place = (each.code, each.kind, each.chat, each.thread, each.starter)
    db.execute(_NEW, (*place, each.body, due, each.alone, each.over, stamp(each.made_at)))


_NEW = """INSERT INTO activities (code, kind, chat, thread, starter, body, version, due, alone, over, made_at)
    VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)"""


def _vote(db: Connection, learner: int, vote: Vote) -> None:
    row = (vote.code, vote.item, learner, vote.choice, vote.points, vote.seconds, stamp(vote.cast_at))
    db.execute(_FIRST_VOTE if vote.final else _LAST_VOTE, row)


_FIRST_VOTE = """INSERT INTO votes (code, item, learner, choice, points, seconds, cast_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_LAST_VOTE = """INSERT INTO votes (code, item, learner, choice, points, seconds, cast_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET choice = excluded.choice, points = excluded.points,
    seconds = excluded.seconds, cast_at = excluded.cast_at"""


def _name(db: Connection, learner: int, shown: ShownName) -> None:
    if shown.name is None:
        db.execute("DELETE FROM shown_names WHERE chat = ? AND learner = ?", (shown.chat, learner))
    else:
        db.execute("INSERT OR REPLACE INTO shown_names VALUES (?, ?, ?)", (shown.chat, learner, shown.name))


def stands(db: Connection, chat: int, key: str, message: int) -> None:
    """Remember where a message of a group stands; a post has its own place for that."""
    if chat < 0 and db.execute("SELECT 1 FROM posts WHERE code = ?", (key,)).fetchone() is None:
        db.execute("INSERT OR REPLACE INTO chat_screens VALUES (?, ?, ?)", (chat, key, message))


def move(db: Connection, old: int, new: int) -> None:
    """All of a group to its new id; message ids do not move along."""
    db.execute(_END_DOUBLES, (old, new))
    for statement in _MOVES:
        db.execute(statement, (new, old))
    for table in ("chat_screens", "shown_names", "chats"):
        db.execute(f"DELETE FROM {table} WHERE chat = ?", (old,))  # noqa: S608 (the three names above)


# Of two that may only go on alone, the one of the new id stays.
_END_DOUBLES = """UPDATE activities SET over = 1, due = NULL, version = version + 1
    WHERE alone AND NOT over AND chat = ? AND EXISTS (
        SELECT 1 FROM activities AS other WHERE other.alone AND NOT other.over AND other.chat = ?
        AND other.kind = activities.kind AND coalesce(other.thread, 0) = coalesce(activities.thread, 0))"""
_MOVES = (
    "UPDATE activities SET chat = ? WHERE chat = ?",
    "UPDATE OR IGNORE shown_names SET chat = ? WHERE chat = ?",
    # Their administrators and topics follow.
    "UPDATE OR IGNORE chats SET chat = ?, kind = 'supergroup' WHERE chat = ?",
    "UPDATE OR IGNORE chat_admins SET chat = ? WHERE chat = ?",
)
