"""Updates: polled one by one or delivered to a webhook, each until it was taken, in order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.preview.directory import GROUP_ID
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.patience import until
from tests.person import ADA, BLAISE, Person

from .conftest import Api, now


async def texts(api: Api, **params: object) -> list[str]:
    """Fetch updates and give the texts of their messages."""
    return [update["message"]["text"] for update in (await api("getUpdates", **params))["result"]]


async def test_updates_stay_until_they_are_confirmed(local: LocalTelegram, api: Api) -> None:
    """Asking again without a higher offset gives the same; ids are consecutive."""
    for word in ("one", "two", "three"):
        await local.send(person=ADA, chat=ADA, text=word)
    first, second, third = (update["update_id"] for update in (await api("getUpdates"))["result"])
    assert [second, third] == [first + 1, first + 2]
    assert await texts(api, limit=1) == ["one"]
    assert await texts(api, offset=second) == ["two", "three"]
    assert await texts(api, offset=first) == ["two", "three"]
    assert await texts(api, offset=-1) == ["three"]
    assert await texts(api, offset=third + 1) == []


async def test_a_second_poll_ends_the_first(local: LocalTelegram, api: Api) -> None:
    """The older one gets 409, the newer one the update."""
    older = asyncio.create_task(api("getUpdates", timeout=30))
    await until(lambda: local._cloud.updates._poller)
    newer = asyncio.create_task(api("getUpdates", timeout=30))
    refused = await older
    assert (refused["error_code"], refused["description"]) == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    await local.send(person=ADA, chat=ADA, text="hello")
    assert len((await newer)["result"]) == 1


async def test_a_poll_that_is_given_up_eats_nothing(
    local: LocalTelegram, http: aiohttp.ClientSession, api: Api
) -> None:
    """A bot that dies while polling leaves the update for the next one."""
    with pytest.raises(TimeoutError):
        await http.get(
            f"{local.url}/bot{LOCAL_TOKEN}/getUpdates?timeout=30", timeout=aiohttp.ClientTimeout(total=0.1)
        )
    await local.send(person=ADA, chat=ADA, text="still here")
    assert await texts(api) == ["still here"]


async def test_only_wanted_kinds_arrive(local: LocalTelegram, api: Api) -> None:
    """`allowed_updates` holds until it is changed; an empty list means everything."""
    await api("getUpdates", allowed_updates=["callback_query"])
    await local.send(person=ADA, chat=ADA, text="unheard")
    assert await texts(api) == []
    assert (await api("getWebhookInfo"))["result"]["allowed_updates"] == ["callback_query"]
    await api("getUpdates", allowed_updates=[])
    await local.send(person=ADA, chat=ADA, text="heard")
    assert await texts(api) == ["heard"]


async def test_edits_arrive_as_edits(local: LocalTelegram, api: Api) -> None:
    """An edited message is an update of its own kind with the same id."""
    said = await local.send(person=ADA, chat=ADA, text="helo")
    await local.send(person=ADA, chat=ADA, text="hello", edit_of=said)
    edited = (await api("getUpdates", offset=-1))["result"][0]["edited_message"]
    assert (edited["message_id"], edited["text"]) == (said, "hello")
    assert edited["edit_date"] >= edited["date"]


async def test_privacy_mode_in_groups(local: LocalTelegram, api: Api) -> None:
    """In a group the bot hears its commands and replies to itself, nothing else."""
    sent = (await api("sendMessage", chat_id=GROUP_ID, text="hi all"))["result"]["message_id"]
    blaise = Person(local, BLAISE, chat=GROUP_ID)
    await blaise.send("just chatting about /help")
    await blaise.send("/help@another_bot")
    await blaise.send("/help@Nabla_Local_Bot now")
    await blaise.send("/learn")
    await blaise.send("me too", reply_to=sent)
    assert await texts(api) == ["/help@Nabla_Local_Bot now", "/learn", "me too"]


async def test_old_updates_are_forgotten(http: aiohttp.ClientSession) -> None:
    """Telegram keeps an update for a day."""
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    local = LocalTelegram(host="127.0.0.1", port=0, path=None, now=lambda: clock[0])
    await local.start()
    await local.send(person=ADA, chat=ADA, text="old")
    clock[0] += timedelta(hours=20)
    await local.send(person=ADA, chat=ADA, text="new")
    clock[0] += timedelta(hours=5)
    async with http.get(f"{local.url}/bot{LOCAL_TOKEN}/getUpdates") as answer:
        left = [update["message"]["text"] for update in (await answer.json())["result"]]
    await local.stop()
    assert left == ["new"]


@dataclass
class Hook:
    """The bot's own web server: answers with the statuses that it is told, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    taken: asyncio.Queue[tuple[int, str, str | None]] = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        """Note what came with which secret, and answer."""
        status = self.statuses.pop(0) if self.statuses else 200
        update: dict[str, Any] = await request.json()
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        await self.taken.put((status, update["message"]["text"], secret))
        return web.Response(status=status)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """Serve a webhook on a free port."""
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


@pytest.fixture
async def local() -> AsyncIterator[LocalTelegram]:
    """Serve a local Telegram that tries a webhook again at once."""
    server = LocalTelegram(host="127.0.0.1", port=0, path=None, now=now, webhook_wait_s=0.001)
    await server.start()
    yield server
    await server.stop()


async def test_a_webhook_gets_everything_in_order(local: LocalTelegram, api: Api, hook: Hook) -> None:
    """What waited and what comes is delivered with the secret; a failure is repeated, nothing overtakes it."""
    hook.statuses = [200, 500, 403, 302]
    await local.send(person=ADA, chat=ADA, text="waited")
    assert (await api("setWebhook", url=hook.url, secret_token="s3cret"))["result"]
    for word in ("one", "two"):
        await local.send(person=ADA, chat=ADA, text=word)
    seen = [await hook.taken.get() for _ in range(6)]
    assert [text for _, text, _ in seen] == ["waited", "one", "one", "one", "one", "two"]
    assert {secret for _, _, secret in seen} == {"s3cret"}


async def test_a_webhook_excludes_polling(local: LocalTelegram, api: Api, hook: Hook) -> None:
    """A waiting poll is ended by setWebhook, later ones are refused, deleteWebhook allows them again."""
    poll = asyncio.create_task(api("getUpdates", timeout=30))
    await until(lambda: local._cloud.updates._poller)
    await api("setWebhook", url=hook.url)
    assert (await poll)["description"].startswith("Conflict: terminated by setWebhook request")
    refused = await api("getUpdates")
    assert (refused["error_code"], refused["description"]) == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
    assert (await api("deleteWebhook"))["result"]
    assert (await api("getUpdates"))["result"] == []


async def test_webhook_trouble_is_reported(local: LocalTelegram, api: Api, hook: Hook) -> None:
    """getWebhookInfo tells the last error and how much waits."""
    await local.send(person=ADA, chat=ADA, text="one")
    hook.statuses = [500] * 10_000
    await api("setWebhook", url=hook.url, max_connections=5)
    await hook.taken.get()
    await hook.taken.get()
    info = (await api("getWebhookInfo"))["result"]
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert (info["url"], info["pending_update_count"], info["max_connections"]) == (hook.url, 1, 5)
    await api("deleteWebhook", drop_pending_updates=True)
    assert (await api("getWebhookInfo"))["result"] == {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": 0,
    }


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://example.com/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://example.com/", "secret_token": "no spaces"},
            "secret token contains unallowed characters",
        ),
    ],
)
async def test_bad_webhooks_are_refused(api: Api, params: dict[str, str], words: str) -> None:
    """Only https (or this machine) and plain secrets."""
    assert (await api("setWebhook", **params))["description"] == f"Bad Request: {words}"


async def test_a_webhook_sleeps_when_its_updates_grew_too_old(hook: Hook) -> None:
    """An update that outlived its day is dropped, and the delivery waits for the next one."""
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    local = LocalTelegram(host="127.0.0.1", port=0, path=None, now=lambda: clock[0], webhook_wait_s=0.001)
    await local.start()
    await local.send(person=ADA, chat=ADA, text="old")
    clock[0] += timedelta(hours=25)
    async with aiohttp.ClientSession() as http:
        await http.post(f"{local.url}/bot{LOCAL_TOKEN}/setWebhook", json={"url": hook.url})
    await local.send(person=ADA, chat=ADA, text="new")
    assert await hook.taken.get() == (200, "new", None)
    await local.stop()
