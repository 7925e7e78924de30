"""`python -m bot` on Telegram: it answers by polling and by webhook, and what it cannot do is one line."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from tests.patience import until
from tests.person import BLAISE, Person
from tests.process.conftest import Start
from tests.process.program import READY, SECRET, TOKEN, free_port

pytestmark = pytest.mark.process


async def health(port: int) -> tuple[int, object]:
    """Status and facts of the health page."""
    url = f"http://127.0.0.1:{port}/healthz"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json()


async def test_answers_by_polling_with_a_health_page(
    telegram: LocalTelegram, ada: Person, start: Start
) -> None:
    """Without a word to TensorFlow, which never gets ready here: reading and questions wait for nobody."""
    bot = await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)
    await bot.ready()
    assert "by polling" in bot.stdout
    await ada.send("/start")
    await ada.says("Hello, Ada!")
    await ada.send("/quiz")
    await ada.says("Question 1")
    assert (await ada.tap("A")).text is None
    assert await health(bot.port) == (200, {"ok": True, "mode": "polling"})
    assert await bot.stop() == 0
    assert bot.stderr == ""


async def test_answers_by_webhook(telegram: LocalTelegram, ada: Person, start: Start) -> None:
    """Telegram is told where and with which secret; who does not know it gets 403 and is not heard."""
    calls = telegram.record_calls()
    port = free_port()
    hook = f"http://127.0.0.1:{port}/a/hook"
    bot = await start(
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_API_URL=telegram.url,
        NABLA_WEBHOOK_URL=hook,
        NABLA_WEBHOOK_SECRET=SECRET,
        NABLA_LISTEN=f"127.0.0.1:{port}",
    )
    await bot.ready()
    told = next(call.params for call in calls if call.method == "setWebhook")
    assert (told["url"], told["secret_token"]) == (hook, SECRET)
    assert set(json.loads(told["allowed_updates"])) == {"message", "callback_query", "my_chat_member"}
    assert not any(call.method == "getUpdates" for call in calls)

    forged = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": ada.id, "type": "private"},
              "from": {"id": ada.id, "is_bot": False, "first_name": "X"}, "text": "hello"}}  # fmt: skip
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}):
            async with session.post(hook, json=forged, headers=headers) as response:
                assert (response.status, await response.text()) == (403, "")
        packed = {"Content-Encoding": "gzip", "X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with session.post(hook, data=b"not packed", headers=packed) as response:
            assert response.status == 400

    await ada.send("/learn")
    await ada.says(button="Next")
    await ada.tap("Next")
    await ada.says(button="Back")
    assert len([m for m in ada.messages() if m.body["from"]["is_bot"]]) == 2
    assert await health(port) == (200, {"ok": True, "mode": "webhook"})
    assert await bot.stop() == 0
    assert bot.stderr == ""


async def test_what_came_by_webhook_while_it_was_away_is_answered(
    telegram: LocalTelegram, ada: Person, start: Start
) -> None:
    """From webhook to polling on the same database: nothing is lost, nothing comes twice."""
    port = free_port()
    common = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    hook = {
        "NABLA_WEBHOOK_URL": f"http://127.0.0.1:{port}/",
        "NABLA_WEBHOOK_SECRET": SECRET,
        "NABLA_LISTEN": f"127.0.0.1:{port}",
    }
    bot = await (await start(**common, **hook)).ready()
    await ada.send("/start")
    await ada.says("Hello, Ada!")
    assert await bot.stop() == 0
    await ada.send("/help")
    bot = await (await start(**common)).ready()
    await ada.says("/progress")
    await ada.send("/privacy")
    await ada.says()
    assert sum("Hello, Ada!" in message.text for message in ada.messages()) == 1
    assert await bot.stop() == 0


async def test_a_second_poller_stops_this_one(telegram: LocalTelegram, start: Start) -> None:
    """One line that says what is wrong, and exit code 1: a supervisor would only make it worse by hiding it."""
    bot = await (await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)).ready()
    async with aiohttp.ClientSession() as session:
        while bot.process.returncode is None:
            url = f"{telegram.url}/bot{TOKEN}/getUpdates"
            async with session.post(url, data={"timeout": 5}) as response:
                await response.read()
            await asyncio.sleep(0.05)
    assert await bot.ended(1) == 1
    last = bot.stderr.splitlines()[-1]
    assert last.startswith("nabla: TELEGRAM_BOT_TOKEN: another program fetches this bot's updates")
    assert "Traceback" not in bot.stderr


async def test_a_refused_token_is_one_line(tmp_path: Path, start: Start) -> None:
    """Exit code 2: the operator has to act, and a restart would not help."""
    other = LocalTelegram(
        host="127.0.0.1", port=0, path=None, now=lambda: datetime.now(UTC), token="1:of-another-bot"
    )
    await other.start()
    try:
        bot = await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=other.url)
        assert await bot.ended(20) == 2
    finally:
        await other.stop()
    assert bot.stdout == ""
    (line,) = bot.stderr.splitlines()
    assert line.startswith("nabla: TELEGRAM_BOT_TOKEN: refused by the Bot API server; wanted: ")


async def test_a_busy_port_is_one_line(telegram: LocalTelegram, start: Start) -> None:
    """On Telegram and on the local page, whichever variable or flag named it."""
    port = telegram.url.rpartition(":")[2]
    with_token = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    for environ in ({}, with_token):
        bot = await start("run", "--port", port, **environ)
        assert await bot.ended(20) == 2
        assert READY not in bot.stdout
        (line,) = bot.stderr.splitlines()
        assert line == (
            f"nabla: NABLA_LISTEN: 127.0.0.1:{port} is in use by another program; "
            "wanted: a free HOST:PORT (or --port P)"
        )


async def test_the_local_page_is_served_without_a_token(start: Start) -> None:
    """Its address is printed; the page and the health page answer there."""
    bot = await (await start()).ready()
    assert f"http://127.0.0.1:{bot.port}" in bot.stdout
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{bot.port}/") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    assert (await health(bot.port))[0] == 200
    assert await bot.stop() == 0
    assert bot.stderr == ""


@pytest.mark.parametrize("trouble", ["error", "gateway", "cut", "redirect", "garbage"])
async def test_no_trouble_of_the_server_shows_the_token(
    telegram: LocalTelegram, start: Start, trouble: str
) -> None:
    """At the first call, and at every fetch afterwards; the server even repeats the address that has the token."""
    address = f"{telegram.url}/bot{TOKEN}/elsewhere"
    answers = {
        "error": Fault(status=400, body={"ok": False, "error_code": 400, "description": f"Bad: {address}"}),
        "gateway": Fault(status=502, body=f"<html>{address}</html>"),
        "cut": Fault(drop="before"),
        "redirect": Fault(status=302, headers={"Location": address}, body=address),
        "garbage": Fault(status=200, body=f'{{"ok": "{address}"'),
    }
    counts: dict[str, int] = {}

    def faults(method: str, _params: dict[str, str]) -> Fault | None:
        counts[method] = counts.get(method, 0) + 1
        troubled = (method == "getMe" and counts[method] == 1) or method == "getUpdates"
        return answers[trouble] if troubled else None

    telegram.faults = faults
    calls = telegram.record_calls()
    bot = await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)
    if trouble == "error":  # a refusal of the fetch itself: nothing to wait for
        assert await bot.ended(20) == 2
        assert "[hidden]" in bot.stderr
    else:
        await until(lambda: counts.get("getUpdates", 0) > 1)
        assert await bot.stop() == 0
        logged = [json.loads(line) for line in bot.stderr.splitlines()]  # no terminal: one object a line
        assert {"ts", "level", "room", "event"} <= set(logged[0])
    assert "Traceback" not in bot.stderr
    assert not any(call.method == "elsewhere" for call in calls)


async def test_people_are_answered_side_by_side(telegram: LocalTelegram, ada: Person, start: Start) -> None:
    """Two people in turn, each with their own place."""
    await (await start(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_URL=telegram.url)).ready()
    blaise = Person(telegram, BLAISE)
    await asyncio.gather(ada.send("/learn"), blaise.send("/quiz"))
    await ada.says(button="Next")
    await blaise.says("Question 1")
