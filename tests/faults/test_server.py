"""Telegram's server goes away and comes back, its clock and ours jump, a learner blocks the bot: talk goes on."""

import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.preview.chats import Standing
from tests.faults.outside import bot_on, fast, telegram
from tests.house import PlainEngine
from tests.patience import until
from tests.person import ADA, BLAISE, Person
from tests.talk.questions import LESSON, right

STEPS = [step["title"] for step in LESSON["steps"]]
YEAR = timedelta(days=365)


async def test_a_restart_of_telegrams_server_is_waited_out(tmp_path: Path) -> None:
    """Words said meanwhile come afterwards, taps on old messages work, and nothing is handled twice."""
    kept, engine = tmp_path / "telegram.db", PlainEngine()
    async with AsyncExitStack() as stack:
        async with telegram(path=kept) as server:
            port = int(server.url.rpartition(":")[2])
            await stack.enter_async_context(bot_on(server.url, tmp_path, engine=engine))
            ada = Person(server)
            await ada.send("/quiz")
            await ada.says("Question 1")
            await ada.send("/train")
            await ada.says("Lab:", button="Run")
            engine.gate.clear()
            await ada.tap("Run: it learns")
        engine.gate.set()
        await until(lambda: engine.trained)
        async with telegram(path=kept, port=port) as server:
            ada = Person(server)
            await ada.has_said("Loss before")
            await ada.has_said("Top: the line")
            question = next(message for message in ada.messages() if "Question 1" in message.text)
            await ada.tap(right(question), message=question)
            await ada.says("✅")
            assert sum("Loss before" in message.text for message in ada.messages()) == 1
            await stack.aclose()


class Jumping:
    """A clock that somebody sets: each look at it is where the last jump put it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


JUMPS = {
    "forward": [YEAR, YEAR, YEAR],
    "back": [-YEAR, -YEAR, -YEAR],
    "to and fro": [YEAR, -2 * YEAR, timedelta(hours=-1)],
}


@pytest.mark.parametrize("name", JUMPS)
async def test_clocks_may_jump(name: str, tmp_path: Path) -> None:
    """A year forward or back between two taps, a restart in the middle: the place is kept, times stay sensible."""
    now = Jumping()
    async with telegram() as server:
        ada = Person(server)
        async with bot_on(server.url, tmp_path, means=fast(now)):
            await ada.send("/quiz")
            question = await ada.says("Question 1")
            now.ahead += JUMPS[name][0]
            await ada.tap(right(question))
            await ada.says("✅")
            now.ahead += JUMPS[name][1]
            await ada.tap("Next")
            await ada.says("Question 2")
        now.ahead += JUMPS[name][2]
        async with bot_on(server.url, tmp_path, means=fast(now)):
            await ada.send("hello?")
            await ada.says("button")
            await ada.tap("A", message=next(m for m in ada.messages() if "Question 2" in m.text))
            await ada.says("your answer")
            await ada.send("/progress")
            await ada.says("/5")
    with closing(sqlite3.connect(tmp_path / "nabla.db")) as db:
        times = db.execute("SELECT seconds FROM answers").fetchall()
        assert len(times) == 2
        assert all(seconds is None or 0 <= seconds < 3600 for (seconds,) in times)
        assert db.execute("SELECT count(*) FROM inbox WHERE handled_at IS NULL").fetchone() == (0,)


async def test_who_blocks_the_bot_finds_everything_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A result for one who left is told nobody, and logged nowhere; others go on; back again, the place is there."""
    engine = PlainEngine()
    async with telegram() as server, bot_on(server.url, tmp_path, engine=engine):
        ada, blaise = Person(server), Person(server, BLAISE)
        await ada.send("/train")
        await ada.says("Lab:", button="Run")
        engine.gate.clear()
        await ada.tap("Run: it learns")
        await server.set_standing(chat=ADA, standing=Standing.KICKED, by=ADA)
        engine.gate.set()
        await until(lambda: engine.trained)
        await blaise.send("/learn")
        await blaise.says(STEPS[0])
        await until(lambda: words_left(tmp_path) == 0)
        assert not any("Loss before" in message.text for message in ada.messages())
        assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]
        await server.set_standing(chat=ADA, standing=Standing.MEMBER, by=ADA)
        await ada.send("/train")
        await ada.says("The model so far")


def words_left(folder: Path) -> int:
    """Words that are still to be said."""
    with closing(sqlite3.connect(folder / "nabla.db")) as db:
        return int(db.execute("SELECT count(*) FROM words").fetchone()[0])


EXTREMES = {
    "4,096 units of four-byte signs": "🧁" * 2048,
    "right to left, with overrides": "שלום \u202e/learn\u202c \u2066abc\u2069",
    "markup of every kind": "<b>*_`[x](tg://user?id=1)||&lt;</b>\\" * 20,
    "combining marks": "e" + "\u0301" * 4000,
    "a command with 4,000 signs": "/learn " + "ß" * 4000,
    "a command with markup": "/train <b>{title}</b>%s\u0000x",
    "a start with a wild payload": "/start r-" + "A" * 300,
}


async def test_texts_of_any_kind_get_a_friendly_answer(tmp_path: Path) -> None:
    """Whatever a learner writes is answered, says what to do next, and harms no later command."""
    async with telegram() as server, bot_on(server.url, tmp_path):
        for number, text in enumerate(EXTREMES.values(), start=5001):
            ada = Person(server, number)
            await ada.send(text)
            said = await ada.says()
            assert said.buttons or "/" in said.text
            assert "went wrong" not in said.text
            await ada.send("/help")
            await ada.says("/progress")
