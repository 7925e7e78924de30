"""Real trainings in a running bot: numbers come, TensorFlow stays out of its process, a kill loses nothing."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.preview.server import LocalTelegram
from tests.kin import below
from tests.person import Person
from tests.process.conftest import Start
from tests.process.program import STOP_S, TOKEN, gone

pytestmark = [pytest.mark.process, pytest.mark.tensorflow]
COLD_S = 60.0  # until a first result with everything still to be loaded, on a busy machine
HEAVY = ("tensorflow", "matplotlib", "keras")


def settings(telegram: LocalTelegram) -> Mapping[str, str]:
    """A bot on this Telegram."""
    return {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}


async def test_heavy_libraries_are_never_in_the_bots_process(
    telegram: LocalTelegram, ada: Person, start: Start
) -> None:
    """After a training with its picture: neither a module nor a mapped file of it; Ctrl+C then ends all of it."""
    bot = await (await start(real_tensorflow=True, **settings(telegram))).ready()
    await ada.send("/train")
    await ada.says(button="Run")
    await ada.tap("Run")
    result = await ada.says("Loss before: ", timeout_s=COLD_S)
    assert "Loss after: " in result.text
    while not result.photo:
        result = await ada.says(timeout_s=COLD_S)
    modules = {name.partition(".")[0] for name in await bot.modules()}
    assert "telegram" in modules, "the probe looked into another process"
    assert modules.isdisjoint(HEAVY)
    # its folder, named after this test, is among the mapped files: so no such word in the name above
    maps = Path(f"/proc/{bot.pid}/maps").read_text()
    assert not [name for name in HEAVY if name in maps]
    family = below(bot.pid)
    assert any("tensorflow" in Path(f"/proc/{pid}/maps").read_text() for pid in family), (
        "no worker has it either"
    )
    os.killpg(bot.pid, signal.SIGINT)
    assert await bot.ended(STOP_S) == 0
    await gone(family)
    assert bot.stderr == ""


async def test_a_training_cut_short_by_a_kill_is_done_after_the_restart(
    telegram: LocalTelegram, ada: Person, start: Start
) -> None:
    """Killed before the result: its learner gets it from the next start, once; no worker outlives the bot."""
    bot = await (await start(**settings(telegram))).ready()  # here no result can come
    await ada.send("/train")
    await ada.says(button="Run")
    await ada.tap("Run")
    family = below(bot.pid)
    await bot.kill()
    await gone(family)
    assert not results(ada)

    bot = await (await start(real_tensorflow=True, **settings(telegram))).ready()
    await ada.says("Loss before: ", timeout_s=COLD_S)
    family = below(bot.pid)
    await bot.kill()  # with a picture on its way, perhaps
    await gone(family)

    await (await start(real_tensorflow=True, **settings(telegram))).ready()
    await ada.tap("Run")
    await ada.says("Loss before: ", timeout_s=COLD_S)
    assert len(results(ada)) == 2


def results(person: Person) -> list[str]:
    """The results of trainings in a chat."""
    return [message.text for message in person.messages() if "Loss before: " in message.text]
