"""What is read of groups and channels."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from bot.store.groups import Activity, Ballot, KnownChat, Score


def known_chat(db: Connection, chat: int) -> KnownChat | None:
    """A chat by its id."""
    return next(_chats(db, "WHERE chat = ?", (chat,)), None)


def chats_of(db: Connection, learner: int) -> list[KnownChat]:
    """Chats that a person has acted in as an administrator, by title."""
    where = "JOIN chat_admins USING (chat) WHERE learner = ? AND inside ORDER BY title, chat"
    return list(_chats(db, where, (learner,)))


def _chats(db: Connection, where: str, values: tuple[Any, ...]) -> Iterator[KnownChat]:
    sql = f"SELECT chat, kind, title, username, inside, whispers FROM chats {where}"  # noqa: S608 (the two texts above)
    for chat, kind, title, username, inside, whispers in db.execute(sql, values):
        yield KnownChat(
            chat=chat,
            kind=kind,
            title=title,
            username=username,
            inside=bool(inside),
            whispers=bool(whispers),
        )


def topics(db: Connection, chat: int) -> Mapping[int, str]:
    """Thread → name, by name."""
    sql = "SELECT thread, name FROM topics WHERE chat = ? ORDER BY name, thread"
    return dict(db.execute(sql, (chat,)).fetchall())


def activity(db: Connection, code: str) -> Activity | None:
    """The activity under a code."""
    return next(_activities(db, "code = ?", (code,)), None)


def activities(db: Connection, chat: int | None, kind: str | None, starter: int | None) -> list[Activity]:
    """What goes on, oldest first."""
    if starter is not None:  # by its own index, which the general form would not use
        where = "NOT over AND starter = ?3 AND (?1 IS NULL OR chat = ?1) AND (?2 IS NULL OR kind = ?2)"
        return list(_activities(db, where, (chat, kind, starter)))
    where = "NOT over AND (?1 IS NULL OR chat = ?1) AND (?2 IS NULL OR kind = ?2)"
    return list(_activities(db, where, (chat, kind)))


def ended(db: Connection, kind: str, since: str, chat: int | None) -> list[Activity]:
    """What is over and was begun since then, oldest first."""
    if chat is None:
        return list(_activities(db, "over AND kind = ? AND made_at >= ?", (kind, since)))
    return list(_activities(db, "over AND kind = ? AND made_at >= ? AND chat = ?", (kind, since, chat)))


def due(db: Connection, now: str) -> list[Activity]:
    """What wants to be woken by now."""
    return list(_activities(db, "NOT over AND due NOT NULL AND due <= ?", (now,), order="due, number"))


def _activities(
    db: Connection, where: str, values: tuple[Any, ...], *, order: str = "number"
) -> Iterator[Activity]:
    sql = f"SELECT {', '.join(_COLUMNS)} FROM activities WHERE {where} ORDER BY {order}"  # noqa: S608 (texts of this module)
    for row in db.execute(sql, values).fetchall():
        fields = dict(zip(_COLUMNS, row, strict=True))
        times = {name: datetime.fromisoformat(fields[name]) for name in ("due", "made_at") if fields[name]}
        yield Activity(**{**fields, **times, "alone": bool(fields["alone"]), "over": bool(fields["over"])})


_COLUMNS = (
    "code", "kind", "chat", "thread", "starter", "body", "version", "due", "alone", "over", "made_at",
)  # fmt: skip


def ballots(db: Connection, code: str) -> list[Ballot]:
    """Every vote of an activity, in the order of items."""
    return [Ballot(**row) for row in _ballots(db, "code = ? ORDER BY item, cast_at, learner", (code,))]


def ballot(db: Connection, code: str, item: str, learner: int) -> Ballot | None:
    """What a person chose."""
    found = _ballots(db, "code = ? AND item = ? AND learner = ?", (code, item, learner))
    return next((Ballot(**row) for row in found), None)


def _ballots(db: Connection, where: str, values: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    columns = ("learner", "item", "choice", "points", "seconds")
    for row in db.execute(f"SELECT {', '.join(columns)} FROM votes WHERE {where}", values):  # noqa: S608 (texts of this module)
        yield dict(zip(columns, row, strict=True))


def tally(db: Connection, code: str, item: str) -> Mapping[int, int]:
    """Choice → how many chose it."""
    sql = "SELECT choice, count(*) FROM votes WHERE code = ? AND item = ? GROUP BY choice ORDER BY choice"
    return dict(db.execute(sql, (code, item)).fetchall())


def shown_names(db: Connection, chat: int) -> Mapping[int, str]:
    """Learner → the name that this chat may see."""
    return dict(db.execute("SELECT learner, name FROM shown_names WHERE chat = ?", (chat,)).fetchall())


def scores(db: Connection, chat: int, kind: str, since: str) -> list[Score]:
    """What each person reached since then, the best first."""
    found = db.execute(_SCORES, (chat, kind, since))
    return [Score(learner=row[0], points=row[1], answered=row[2], seconds=row[3]) for row in found]


_SCORES = """
    SELECT learner, sum(points), count(*), coalesce(sum(seconds), 0.0) FROM votes JOIN activities USING (code)
    WHERE chat = ? AND kind = ? AND cast_at >= ? GROUP BY learner ORDER BY 2 DESC, 4, 1
"""


def screens(db: Connection, chat: int) -> dict[str, int]:
    """Where the messages of a group stand."""
    return dict(db.execute("SELECT key, message FROM chat_screens WHERE chat = ?", (chat,)).fetchall())
