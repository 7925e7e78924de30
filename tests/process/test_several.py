"""Several bots behind one address, on one Postgres: the same conversations as one bot with a file, kills included."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, CHEN, Person
from tests.postgres import Cluster, missing
from tests.process.conftest import Start
from tests.process.front import Front
from tests.process.program import SECRET, TOKEN, Program
from tests.process.study import Learner

pytestmark = [pytest.mark.process, pytest.mark.skipif(missing() is not None, reason=missing() or "")]
KILLS = 6
WITHIN_S = 30.0  # who is dead is missed after 10 s, looked for every 2 s
OPEN_WORK = """SELECT (SELECT count(*) FROM inbox WHERE handled_at IS NULL)
    + (SELECT count(*) FROM words) + (SELECT count(*) FROM jobs)"""
LATER = Fault.flood(60)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """The public address."""
    front = Front()
    await front.start()
    yield front
    await front.stop()


class Town:
    """A database, a Telegram, a public address, and the bots behind it."""

    def __init__(self, telegram: LocalTelegram, postgres: Cluster, front: Front, start: Start) -> None:
        self.postgres = postgres
        self.front = front
        self.url = postgres.new_database()
        self._start = start
        self._environ = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "NABLA_DATABASE_URL": self.url,
            "NABLA_WEBHOOK_URL": front.url,
            "NABLA_WEBHOOK_SECRET": SECRET,
        }

    async def bot(self, **environ: str) -> Program:
        """One bot more, behind the address once it is ready."""
        bot = await (await self._start(**self._environ, **environ)).ready()
        self.front.ports.append(bot.port)
        return bot

    async def kill(self, bot: Program) -> None:
        """Kill -9, and no update goes there any more."""
        await bot.kill()
        self.front.ports.remove(bot.port)
        assert "Traceback" not in bot.stderr, bot.stderr

    async def ask(self, sql: str) -> str:
        """What the database says."""
        database = self.url.rpartition("/")[2]
        return await asyncio.to_thread(
            self.postgres.psql, f"SET search_path = nabla; {sql}", database=database
        )

    async def becomes(self, sql: str, wanted: str) -> None:
        """Wait until the database says this."""
        async with asyncio.timeout(WITHIN_S):
            while await self.ask(sql) != wanted:  # noqa: ASYNC110 (another program's database has no event)
                await asyncio.sleep(0.1)

    async def at_rest(self) -> None:
        """Wait until every update is handled, every word said, every training done."""
        await self.becomes(OPEN_WORK, "0")


@pytest.fixture
def town(telegram: LocalTelegram, postgres: Cluster, front: Front, start: Start) -> Town:
    """Everything but the bots."""
    return Town(telegram, postgres, front, start)


async def test_kills_of_one_of_two_lose_nothing(telegram: LocalTelegram, town: Town) -> None:
    """Three learners answer while one bot after the other is killed: each goes on, and every answer counts once."""
    chance = random.Random(20261125)
    learners = [Learner(person=Person(telegram, each)) for each in (ADA, BLAISE, CHEN)]
    bots = [await town.bot(), await town.bot()]
    stop = asyncio.Event()
    studying = [asyncio.create_task(learner.study(stop)) for learner in learners]
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        assert not any(task.done() for task in studying), "a learner was left without a reply"
        await town.kill(bots.pop(0))
        bots.append(await town.bot())
    stop.set()
    await asyncio.gather(*studying)  # nobody is left without a reply: each was waiting for one
    await town.at_rest()
    counts = await town.ask("SELECT learner, count(*) FROM answers GROUP BY learner")
    assert {f"{learner.person.id}|{learner.answered}" for learner in learners} == set(counts.split())
    assert min(learner.answered for learner in learners) > KILLS
    for bot in bots:
        assert town.front.served[bot.port] > 0
        assert await bot.stop() == 0


async def test_what_a_killed_bot_had_in_hand_is_said_by_the_other(
    telegram: LocalTelegram, town: Town
) -> None:
    """The server takes nothing for a while; the bot that would say it is killed, and the other says it."""
    ada = Person(telegram)
    first = await town.bot()
    await ada.send("/start")
    await ada.says("Hello")
    await town.at_rest()
    telegram.faults = lambda method, params: LATER if method == "sendMessage" else None
    await ada.send("/progress")
    await town.becomes("SELECT count(*) FROM words", "1")
    second = await town.bot()
    assert await town.ask("SELECT count(*) FROM owners") == "2"
    await town.kill(first)
    telegram.faults = None
    await ada.says("0/", timeout_s=20)
    await town.at_rest()
    assert await second.stop() == 0
