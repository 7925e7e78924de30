"""Learners who go on and on while the bot is killed under them, and what its file must hold afterwards."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.preview.server import LocalTelegram
from bot.view.texts import Texts
from tests.person import Message, Person
from tests.process.program import SECRET, TOKEN, free_port

PATIENCE_S = 90.0  # only there to end a test that fails
PACE_S = 0.06  # between taps: as fast as the bot lets one learner go on for long
STALE = Texts()("stale")
VERDICTS = ("✅", "❌")


async def press(person: Person, label: str, message: Message) -> str:
    """The words of a tap's answer, if it came; where a kill had a message said twice, the newest copy is tapped."""
    while True:
        await asyncio.sleep(PACE_S)
        query = await person.press(label, message=message)
        async with asyncio.timeout(PATIENCE_S):
            answer = await person.local.answer_to(query)
        if (
            answer is None
        ):  # too late for it: the bot was away for long; what the tap did is shown all the same
            return ""
        if STALE not in (answer.text or ""):
            return answer.text or ""
        copies = [one for one in person.messages() if one.text == message.text]
        message = copies[-1]


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
                await press(self.person, "B", said)
                said = await self._hear("Next")  # the verdict, in the question's place or below it
                assert said.text.startswith(VERDICTS)
                self.answered += 1
                await press(self.person, "Next", said)
                said = await self._hear("B", "Again", "Next: the lab")

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
