"""One learner who floods taps, texts and runs: a kind word, every tap answered, and nobody else notices."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.chat.bucket import MOST, PER_S
from bot.cli.run import REAL
from tests.house import running
from tests.person import BLAISE, Person

AT_ONCE = 40  # fewer than a line holds, so that it is the bucket that turns away
KIND = "That was a lot at once"


async def test_one_who_floods_is_told_kindly_and_delays_nobody(tmp_path: Path) -> None:
    """Beyond the bucket no run begins, texts get one word a burst, taps an answer each; then all goes on."""
    now = [1000.0]
    async with running(tmp_path, means=replace(REAL, clock=lambda: now[0])) as bot:
        ada, blaise = Person(bot.local), Person(bot.local, BLAISE)
        await blaise.send("/quiz")
        question = await blaise.says(button="A")
        await ada.send("/train")
        panel = await ada.says("Lab:", button="Run")

        async def flood(label: str, taps: int) -> list[str]:
            answers = await asyncio.gather(*(ada.tap(label, message=panel) for _ in range(taps)))
            return [answer.text or "" for answer in answers]

        served = [await flood("rate", AT_ONCE) for _ in range(MOST // AT_ONCE - 1)]
        served.append(await flood("rate", AT_ONCE - 1))  # the command took a token, too
        assert not any(KIND in answer for answers in served for answer in answers)
        assert all(KIND in answer for answer in await flood("Run: it learns", AT_ONCE))
        assert bot.engine.trained == []
        for _ in range(AT_ONCE):
            await ada.send("/help")
        await blaise.tap("A", message=question)
        await blaise.says("your answer")
        assert not any("/progress" in message.text for message in ada.messages())

        now[0] += 2 * MOST / PER_S
        await ada.send("/help")
        await ada.says("/progress")
        assert sum(KIND in message.text for message in ada.messages()) <= 1
        await ada.tap("Run: it learns", message=panel)
        await ada.says("Loss before")
