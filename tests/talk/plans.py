"""Study plans in a conversation: a town whose time passes when the test says so, and what a plan's message shows."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.chat.app import Means
from bot.preview.directory import GROUP_ID
from bot.store.stamps import stamp
from tests.chat.clock import Clock
from tests.house import Running, running
from tests.patience import until
from tests.person import ADA, BLAISE, Message, Person
from tests.talk.shelves import put, question, small

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = small("first", title="First lesson", order=10)
SECOND = small("second", title="Second lesson", order=20, questions=[question("q-two")])
ITEMS = ["First step", "Second step", "What is q-one?", "First step", "Second step", "What is q-two?"]


class Time:
    """UTC and monotonic seconds of one clock, which goes on over a restart of the bot."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._began = self.clock()
        self.starts = 0  # of the bot

    def now(self) -> datetime:
        """UTC."""
        return MONDAY + timedelta(seconds=self.clock() - self._began)

    def go_to(self, moment: datetime) -> None:
        """Let time pass until then."""
        self.clock.advance((moment - self.now()).total_seconds())

    def pass_(self, span: timedelta) -> None:
        """Let so much time pass."""
        self.clock.advance(span.total_seconds())

    @property
    def means(self) -> Means:
        """As the bot gets it."""
        return Means(now=self.now, clock=self.clock, sleep=self.clock.sleep, jitter=lambda: 0.5)


class Town:
    """The bot, its time and its lessons; Ada is in charge of the study group, Blaise is a member."""

    def __init__(self, bot: Running, time: Time, lessons: Path) -> None:
        self.bot = bot
        self.local = bot.local
        self.time = time
        self.lessons = lessons
        self.ada = Person(bot.local, ADA, chat=GROUP_ID)
        self.blaise = Person(bot.local, BLAISE, chat=GROUP_ID)
        self.private = Person(bot.local, ADA)

    async def plan(self, said: str = "Europe/Berlin 18:00 mon,wed,fri") -> Message:
        """Ada begins a plan in the group by typing it."""
        await self.ada.send(f"/plan {said}")
        return await self.ada.says("The next three times")

    async def meet(self, moment: datetime) -> None:
        """Its time comes, the bot is awake, and nothing is due any more a few seconds later."""
        self.time.go_to(moment)
        await until(self._is_met)

    def _is_met(self) -> bool:
        """Whether nothing is due; the clock ticks on, for who fell asleep just now."""
        self.time.pass_(timedelta(seconds=1))
        with closing(sqlite3.connect(self.bot.database)) as db:
            sql = "SELECT count(*) FROM activities WHERE NOT over AND due <= ?"
            return bool(db.execute(sql, (stamp(self.time.now()),)).fetchone() == (0,))

    def posted(self, person: Person | None = None) -> list[str]:
        """What of the lessons was posted, by its first words."""
        posts = [each for each in (person or self.ada).messages() if each.button("Learn")]
        found = [next((item for item in ITEMS if item in post.text), None) for post in posts]
        return [item for item in found if item]


@asynccontextmanager
async def town(folder: Path, *, time: Time | None = None, lessons: Path | None = None) -> AsyncIterator[Town]:
    """The bot with two small lessons of one track; once more on the same folder, it is the same bot."""
    lessons = lessons or put(folder / "lessons", FIRST, SECOND)
    time = time or Time()
    time.starts += 1  # keys are made by chance, so it must not begin anew
    chance = Random(time.starts)
    async with running(folder, lessons=lessons, means=time.means, chance=chance) as bot:
        yield Town(bot, time, lessons)


def moments(message: Message) -> list[datetime]:
    """The moments that a message shows to each reader in their own zone."""
    found = [each for each in message.entities if each["type"] == "date_time"]
    return [datetime.fromtimestamp(each["unix_time"], UTC) for each in found]


def under(message: Message) -> list[str]:
    """The texts that stand under these moments."""
    units = message.text.encode("utf-16-le")
    found: list[dict[str, Any]] = [each for each in message.entities if each["type"] == "date_time"]
    spans = [(2 * each["offset"], 2 * (each["offset"] + each["length"])) for each in found]
    return [units[start:stop].decode("utf-16-le") for start, stop in spans]
