"""An evening of live rounds: a bot whose time the test holds, and three people in the study group."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from bot.preview.directory import GROUP_ID
from tests.house import LESSONS, Running, running
from tests.person import ADA, BLAISE, CHEN, Answer, Message, Person
from tests.talk.hours import Hours
from tests.talk.questions import LESSON, right, wrong

TITLE = f"Live round: {LESSON['title']}"
LAST_S, READING_S = 8, 10


class Evening:
    """The bot, its time, and Ada (who made the group), Blaise and Chen."""

    def __init__(self, bot: Running, hours: Hours, chat: int = GROUP_ID) -> None:
        self.bot = bot
        self.hours = hours
        self.ada, self.blaise, self.chen = (Person(bot.local, who, chat=chat) for who in (ADA, BLAISE, CHEN))

    async def begin(self, argument: str = "", *, by: Person | None = None, pace: str = "20 s") -> Message:
        """A round from its command to its first question."""
        starter = by or self.ada
        await starter.send(f"/round {argument}".strip())
        lobby = await self.ada.says(TITLE, button="Start")
        await starter.tap(pace, message=lobby)
        if pace != "40 s":
            lobby = await self.ada.says(TITLE, button=f"{pace} ✓")
        await starter.tap("Start", message=lobby)
        return await self.ada.says("Question 1", button="A")

    async def time_is_up(self) -> Message:
        """The last seconds and the solution, where twenty seconds were the pace."""
        await self.hours.pass_(20)
        await self.ada.says("Last seconds")
        await self.hours.pass_(LAST_S)
        return await self.ada.says("✅")

    async def next_question(self) -> Message:
        """After the time to read."""
        await self.hours.pass_(READING_S)
        return await self.ada.says(button="A")

    async def table(self) -> Message:
        """The end, after the time to read."""
        await self.hours.pass_(READING_S)
        return await self.ada.says("🏁")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What is in the bot's file."""
        with closing(sqlite3.connect(self.bot.database)) as db:
            return db.execute(sql).fetchall()


@asynccontextmanager
async def evening(
    folder: Path, hours: Hours | None = None, *, chat: int = GROUP_ID, lessons: Path = LESSONS
) -> AsyncIterator[Evening]:
    """From start to stop; again on the same folder and hours, it is the same bot later."""
    hours = hours or Hours()
    async with running(folder, means=hours.means(), lessons=lessons) as bot:
        yield Evening(bot, hours, chat)


async def answers(question: Message, *, is_right: bool, by: Person) -> Answer:
    """Tap a right or a wrong letter."""
    return await by.tap(right(question) if is_right else wrong(question), message=question)
