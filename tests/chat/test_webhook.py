"""The webhook: only with the secret, only after keeping, and a health page beside it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from telegram import Bot

from bot.chat.intake import Intake
from bot.chat.request import AiohttpRequest
from bot.chat.webhook import SECRET_HEADER, WebhookRoute, web_app
from bot.errors import ConfigError, OverloadedError
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import BotApi, Fault, message, plain
from tests.chat.clock import Hurried, noon

SECRET = "a-long-secret"
HEADERS = {SECRET_HEADER: SECRET}
PATH = "/hook"
BOT = 4242


class Site:
    """The web app with a client, and what its intake fed."""

    def __init__(self, bot: Bot, request: AiohttpRequest, store: SqliteStore) -> None:
        self.fed: list[int] = []
        self.facts: dict[str, Any] = {"ok": True, "updates": 3}
        clock = Hurried()
        self.intake = Intake(
            bot=bot,
            request=request,
            store=store,
            feed=self.feed,
            now=noon,
            clock=clock,
            sleep=clock.sleep,
            jitter=lambda: 1.0,
            allowed_updates=["message"],
        )
        webhook = WebhookRoute(intake=self.intake, path=PATH, secret=SECRET)
        app = web_app(health=lambda: self.facts, webhook=webhook)
        self.client = TestClient(TestServer(app, host="127.0.0.1"))

    async def feed(self, update: dict[str, Any]) -> None:
        """Where the application would take over."""
        self.fed.append(update["update_id"])

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> int:
        """The status of one delivery."""
        async with self.client.post(PATH, data=body, headers=headers or HEADERS) as response:
            return response.status


@pytest.fixture
async def site(bot: Bot, polling: AiohttpRequest, store: SqliteStore) -> AsyncIterator[Site]:
    """A listening site."""
    site = Site(bot, polling, store)
    async with site.client:
        yield site


def body(update_id: int) -> bytes:
    """An update as Telegram posts it."""
    return json.dumps(message(update_id), indent=1).encode()


async def test_an_update_is_kept_as_it_came_and_fed_once(site: Site, store: SqliteStore) -> None:
    """A repeated delivery gets its 200 and is not fed again."""
    assert [await site.post(body(n)) for n in (5, 6, 5)] == [200, 200, 200]
    assert site.fed == [5, 6]
    assert [kept.body.encode() for kept in await store.waiting(BOT)] == [body(5), body(6)]


@pytest.mark.parametrize("secret", [None, "", "a-long-secre", "a-long-secret ", "ä" * 13])
async def test_without_the_secret_nothing_is_read(site: Site, store: SqliteStore, secret: str | None) -> None:
    """403, whatever the body; nothing is kept."""
    headers = {"X-Other": "x"} if secret is None else {SECRET_HEADER: secret}
    expected = 200 if secret == "a-long-secret " else 403  # HTTP strips blanks around a header's value
    assert await site.post(body(5), headers) == expected
    assert len(site.fed) == (expected == 200)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b'{"update_id": "5"}',
        b'{"update_id": true}',
        b'{"update_id": -1}',
        b'{"update_id": 9223372036854775808}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_update_is_refused(site: Site, store: SqliteStore, broken: bytes) -> None:
    """400, and nothing is kept."""
    assert await site.post(broken) == 400
    assert await store.waiting(BOT) == []


async def test_a_body_that_breaks_off_is_not_kept(
    site: Site, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The sender went away in the middle: nothing to keep, nothing to report."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.client.port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode() + body(5)[:20])
    await writer.drain()
    writer.transport.abort()
    assert await site.post(body(6)) == 200
    assert site.fed == [6]
    assert not caplog.records
    assert not await reader.read()


async def test_a_huge_body_is_refused(site: Site) -> None:
    """413 beyond a megabyte."""
    async with site.client.post(PATH, data=io.BytesIO(b" " * 1_100_000), headers=HEADERS) as response:
        assert response.status == 413


async def test_200_comes_only_after_keeping(
    site: Site, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store writes, Telegram waits."""
    keep, asked, gate = store.keep, asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any, **named: Any) -> list[int]:
        asked.set()
        await gate.wait()
        return await keep(*args, **named)

    monkeypatch.setattr(store, "keep", slowly)
    posted = asyncio.create_task(site.post(body(5)))
    await asked.wait()
    assert not posted.done()
    gate.set()
    assert await posted == 200


async def test_an_overloaded_store_asks_telegram_to_wait(
    site: Site, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After; the delivery after it is taken."""

    async def full(*_: Any, **__: Any) -> list[int]:
        raise OverloadedError("the writer's queue is full; try again")

    with monkeypatch.context() as patch:
        patch.setattr(store, "keep", full)
        async with site.client.post(PATH, data=body(5), headers=HEADERS) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert await site.post(body(5)) == 200
    assert site.fed == [5]


async def test_health_says_what_it_is_told(site: Site) -> None:
    """200 with the facts; 503 when they are not well; no secret needed."""
    async with site.client.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"ok": True, "updates": 3})
    site.facts = {"ok": False}
    async with site.client.get("/healthz") as response:
        assert response.status == 503


async def test_without_a_webhook_there_is_only_health() -> None:
    """The same function serves a bot that polls."""
    async with TestClient(TestServer(web_app(health=dict), host="127.0.0.1")) as client:
        assert (await client.get("/healthz")).status == 200
        assert (await client.post(PATH, headers=HEADERS)).status == 404


async def test_the_webhook_is_set_with_its_secret(site: Site, api: BotApi) -> None:
    """A fault on the way is waited out; nothing pending is dropped."""
    api.script["setWebhook"].append(Fault(status=502, raw=b""))
    await site.intake.set_webhook("https://example.org/hook", SECRET)
    asked = api.made("setWebhook")[1]
    assert plain(asked.pop("allowed_updates")) == ["message"]
    assert asked == {
        "url": "https://example.org/hook",
        "secret_token": SECRET,
        "drop_pending_updates": "false",
    }


async def test_a_refused_address_is_the_operators(site: Site, api: BotApi) -> None:
    """Telegram's words about the address, under the variable's name."""
    api.script["setWebhook"].append(Fault(status=400, description="Bad Request: bad webhook: bad port"))
    with pytest.raises(ConfigError, match=r"NABLA_WEBHOOK_URL.*[Bb]ad port"):
        await site.intake.set_webhook("https://example.org:1/hook", SECRET)


async def test_after_stop_updates_are_kept_and_not_fed(site: Site, store: SqliteStore) -> None:
    """A delivery during shutdown is safe in the inbox."""
    site.intake.stop()
    assert await site.post(body(5)) == 200
    assert site.fed == []
    assert [kept.key.update_id for kept in await store.waiting(BOT)] == [5]
