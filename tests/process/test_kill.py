"""Kill -9 under load, many times: what was acknowledged is there, and nobody is left without a reply."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, CHEN, Message, Person
from tests.process.conftest import Start
from tests.process.program import SECRET, TOKEN, free_port

pytestmark = pytest.mark.process
KILLS = 15
PATIENCE_S = 20.0
VERDICTS = ("✅", "❌")


@dataclass(kw_only=True)
class Learner:
    """Somebody who goes through the practice questions again and again, and keeps count."""

    person: Person
    answered: int = 0  # verdicts shown
    _acted: set[str] = field(default_factory=set)  # what was acted on in this round

    async def study(self, stop: asyncio.Event) -> None:
        """Ask for questions and answer them, each tap only when its message is there, until told to stop."""
        while not stop.is_set():
            self._acted.clear()
            await self.person.send("/quiz")
            said = await self._hear("B")
            while said.button("B") and not stop.is_set():
                await self._press("B", said)
                said = await self._hear("Next")  # the verdict, in the question's place or below it
                assert said.text.startswith(VERDICTS)
                self.answered += 1
                await self._press("Next", said)
                said = await self._hear("B", "Again", "Next: the lab")

    async def _press(self, label: str, message: Message) -> None:
        """Every tap is answered; where a kill had a question said twice, its first copy only says so."""
        while True:
            query = await self.person.press(label, message=message)
            async with asyncio.timeout(PATIENCE_S):
                answer = await self.person.local.answer_to(query)
            assert answer is not None, "a tap was never answered"
            if not answer.text:
                return
            copies = [one for one in self.person.messages() if one.text == message.text]
            message = copies[-1]

    async def _hear(self, *labels: str) -> Message:
        """The next message with one of these buttons that was not acted on; what is said twice is passed over."""
        while True:
            said = await self.person.says(timeout_s=PATIENCE_S)
            if said.text not in self._acted and any(map(said.button, labels)):
                self._acted.add(said.text)
                return said


def stored(database: Path) -> dict[int, int]:
    """How many answers of each learner are in the file; it must be whole."""
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        twice = "SELECT count(*) FROM answers GROUP BY learner, lesson, question, sitting HAVING count(*) > 1"
        assert db.execute(twice).fetchall() == []
        return dict(db.execute("SELECT learner, count(*) FROM answers GROUP BY learner"))


def waiting(database: Path) -> int:
    """Updates not handled, and words not said."""
    with closing(sqlite3.connect(database)) as db:
        inbox = "SELECT count(*) FROM inbox WHERE handled_at IS NULL"
        return int(db.execute(inbox).fetchone()[0] + db.execute("SELECT count(*) FROM words").fetchone()[0])


def polling(telegram: LocalTelegram) -> dict[str, str]:
    """Settings of a bot that fetches its updates."""
    return {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}


def webhook(telegram: LocalTelegram) -> dict[str, str]:
    """Settings of a bot that is sent its updates."""
    port = free_port()
    return polling(telegram) | {
        "NABLA_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
        "NABLA_WEBHOOK_SECRET": SECRET,
        "NABLA_LISTEN": f"127.0.0.1:{port}",
    }


@pytest.mark.parametrize(("settings", "kills"), [(polling, KILLS), (webhook, KILLS // 3)])
async def test_no_acknowledged_answer_is_lost_and_nobody_waits_for_ever(
    telegram: LocalTelegram,
    tmp_path: Path,
    start: Start,
    settings: Callable[[LocalTelegram], dict[str, str]],
    kills: int,
) -> None:
    """Killed at moments of chance while three learners answer: each goes on by the next start alone."""
    chance = random.Random(20260704)
    environ = settings(telegram)
    database = tmp_path / "data" / "nabla.db"
    learners = [Learner(person=Person(telegram, each)) for each in (ADA, BLAISE, CHEN)]
    stop = asyncio.Event()
    studying = [asyncio.create_task(learner.study(stop)) for learner in learners]
    for _ in range(kills):
        bot = await (await start(**environ)).ready()
        await asyncio.sleep(chance.uniform(0.05, 1.0))
        assert not any(task.done() for task in studying), "a learner was left without a reply"
        await bot.kill()
        assert "Traceback" not in bot.stderr
    bot = await (await start(**environ)).ready()
    stop.set()
    await asyncio.gather(*studying)  # nobody is left without a reply: each was waiting for one
    for learner in learners:
        await learner.person.send("/start")
        await learner.person.says("Hello")
    assert await bot.stop() == 0
    assert waiting(database) == 0
    counts = stored(database)
    assert {learner.person.id: learner.answered for learner in learners} == counts
    assert min(counts.values()) > kills, "hardly anything happened between the kills"
