"""SIGTERM and SIGINT at every moment: exit code 0 in time, nothing lost, no process left behind."""

import asyncio
import os
import signal
import time
from contextlib import suppress

import pytest

from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from tests.kin import below
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Person
from tests.process.conftest import Start
from tests.process.program import STOP_S, TOKEN, alive, free_port, gone
from tests.process.test_run import health

pytestmark = pytest.mark.process
BOTH = [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("number", BOTH)
async def test_stops_while_it_is_still_loading(start: Start, number: signal.Signals) -> None:
    """From the first moment on that it can: nothing is open yet, and no traceback shows."""
    bot = await start(TELEGRAM_BOT_TOKEN=TOKEN)
    await bot.catches(signal.SIGTERM)  # the last one that it takes over
    assert await bot.stop(number) == 0
    assert bot.stdout + bot.stderr == ""


@pytest.mark.parametrize("number", BOTH)
@pytest.mark.parametrize("loaded", [False, True])
async def test_asked_again_and_again_it_still_ends_cleanly(
    telegram: LocalTelegram, start: Start, number: signal.Signals, *, loaded: bool
) -> None:
    """An impatient finger, or a supervisor that asks twice: exit code 0 to the last moment, and nothing is said."""
    bot = await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)
    await (bot.ready() if loaded else bot.catches(signal.SIGTERM))
    family = below(bot.pid)
    await asyncio.to_thread(pester, bot.pid, number)
    assert await bot.ended(STOP_S) == 0
    assert bot.stderr == ""
    await gone(family)


def pester(pid: int, number: signal.Signals) -> None:
    """Send a signal for as long as somebody is there (not through Popen, which would reap it unseen)."""
    with suppress(ProcessLookupError):
        while alive(pid):
            os.kill(pid, number)
            time.sleep(0.002)


@pytest.mark.parametrize("number", BOTH)
async def test_stops_before_any_server_was_reached(start: Start, number: signal.Signals) -> None:
    """It is patient with the server, not with the operator; who watches over it sees that it lives."""
    url = f"http://127.0.0.1:{free_port()}"
    bot = await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=url)
    await bot.shows("no Bot API server yet")
    assert (await health(bot.port))[0] == 200
    assert await bot.stop(number) == 0
    assert "Traceback" not in bot.stderr


async def test_stops_while_the_webhook_cannot_be_set(telegram: LocalTelegram, start: Start) -> None:
    """The server went away after it had said who the bot is."""
    telegram.faults = lambda method, _: Fault(drop="before") if method == "setWebhook" else None
    port = free_port()
    bot = await start(
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_API_URL=telegram.url,
        NABLA_WEBHOOK_URL=f"http://127.0.0.1:{port}/",
        NABLA_WEBHOOK_SECRET="a-secret",
        NABLA_LISTEN=f"127.0.0.1:{port}",
    )
    await bot.shows("intake: ")
    assert await bot.stop() == 0


@pytest.mark.parametrize("number", BOTH)
async def test_nothing_is_lost_by_a_stop_in_the_middle_of_traffic(
    telegram: LocalTelegram, start: Start, number: signal.Signals
) -> None:
    """Everybody's every message has its reply after the next start; one on its way may come twice."""
    environ = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    people = [Person(telegram, each) for each in (ADA, BLAISE, CHEN)]
    bot = await (await start(**environ)).ready()
    telegram.faults = lambda method, _: Fault(delay_s=0.3) if method == "sendMessage" else None

    async def write(person: Person) -> None:
        for _ in range(40):
            await person.send("/help")

    writing = [asyncio.create_task(write(person)) for person in people]
    await people[0].says("/progress")
    assert await bot.stop(number) == 0
    await asyncio.gather(*writing)
    assert "Traceback" not in bot.stderr
    assert any(replies(person) < 40 for person in people), "the stop came too late to test anything"
    telegram.faults = None
    await (await start(**environ)).ready()
    await until(lambda: all(replies(person) >= 40 for person in people))
    await people[0].send("/start")  # whatever comes twice has come by then
    await people[0].says("Hello, Ada!")
    assert all(replies(person) <= 41 for person in people)


def replies(person: Person) -> int:
    """How often the bot helped."""
    return sum(
        message.body["from"]["is_bot"] and "/progress" in message.text for message in person.messages()
    )


async def test_ctrl_c_for_the_whole_group_ends_cleanly(
    telegram: LocalTelegram, ada: Person, start: Start
) -> None:
    """A terminal sends SIGINT to the workers too: they leave it to the bot, and none stays."""
    bot = await (await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)).ready()
    await ada.send("/start")
    await ada.says("Hello, Ada!")
    family = below(bot.pid)
    assert family, "no worker was started"
    os.killpg(bot.pid, signal.SIGINT)
    os.killpg(bot.pid, signal.SIGINT)  # an impatient finger
    assert await bot.ended(STOP_S) == 0
    await gone(family)
    assert bot.stderr == ""


async def test_a_stop_waits_for_no_dead_connection(
    telegram: LocalTelegram, ada: Person, start: Start
) -> None:
    """The server hangs while words are being said: still in time, and the words come after the next start."""
    environ = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    bot = await (await start(**environ)).ready()
    telegram.faults = lambda method, _: Fault(delay_s=30, drop="before") if method == "sendMessage" else None
    calls = telegram.record_calls()
    await ada.send("/start")
    await asyncio.sleep(1)
    assert await bot.stop() == 0
    assert not any(call.method == "sendMessage" and call.status == 200 for call in calls)
    telegram.faults = None
    await (await start(**environ)).ready()
    await ada.says("Hello, Ada!")
