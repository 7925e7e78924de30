"""Kill -9 under load, many times: what was acknowledged is there, and nobody is left without a reply."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, CHEN, Person
from tests.process.conftest import Start
from tests.process.study import Learner, polling, stored, waiting, webhook

pytestmark = pytest.mark.process
KILLS = 15


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
        for task in studying:
            assert not task.done(), f"a learner was left without a reply: {task.exception()!r}"
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
