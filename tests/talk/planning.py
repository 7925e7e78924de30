"""What tests of planned posts share: an administrator, and a post on its way."""

import sqlite3
from contextlib import closing
from typing import Any

from bot.core.posting import Posting
from bot.preview.chats import Standing
from tests.house import Running
from tests.person import ADA, Message, Person
from tests.talk.questions import PRACTICE, TITLE, plain

ASK = plain(PRACTICE[0]["ask"]).splitlines()[0][:30]


async def known(bot: Running, *chats: int) -> Person:
    """Ada, who runs these chats as the bot has seen; in her private chat."""
    for chat in chats:
        await bot.local.set_standing(chat=chat, standing=Standing.ADMINISTRATOR, by=ADA)
    ada = Person(bot.local)
    await ada.send("/start")
    await ada.says("Hello")
    return ada


async def chosen(ada: Person, chat: str, *, command: str = "/post") -> Message:
    """A post as far as its chat is looked at: the next question of the lesson."""
    await ada.send(command)
    await ada.says("Which lesson?")
    await ada.tap(TITLE)
    await ada.says("Which question or step?")
    await ada.tap("▶")
    await ada.says("Where to?", button=chat)
    await ada.tap(chat)
    return await ada.says("ask Telegram")


async def plan(ada: Person, chat: str, *, when: str = "Now", closes: str = "Never", also: str = "") -> None:
    """Put a post together, with one of the switches perhaps, and confirm it."""
    await chosen(ada, chat)
    await ada.says("When?")
    await ada.tap(when)
    await ada.says("close?")
    await ada.tap(closes)
    await ada.says("right?")
    if also:
        await ada.tap(also)
        await ada.says("right?", button=f"{also} ✓")
    await ada.tap("Post it now" if when == "Now" else "Plan it")
    await ada.says("in a moment" if when == "Now" else "Planned")


def rows(bot: Running, sql: str) -> list[tuple[Any, ...]]:
    """What the store says."""
    with closing(sqlite3.connect(bot.database)) as db:
        return db.execute(sql).fetchall()


def postings(bot: Running) -> list[tuple[int, Posting]]:
    """Chat and state of all postings, oldest first."""
    found = rows(bot, "SELECT chat, body FROM activities WHERE kind = 'posting' ORDER BY number")
    return [(chat, Posting.model_validate_json(body)) for chat, body in found]
