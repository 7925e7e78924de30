"""The webhook: only with the secret, only after keeping; who is slow, large or broken is refused alone."""

import asyncio
import io
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from telegram import Bot

from bot.chat.intake import Intake
from bot.chat.request import AiohttpRequest
from bot.chat.webhook import BODY_LIMIT, SECRET_HEADER, WebhookRoute, runner_of, web_app
from bot.cli.logs import is_ours
from bot.errors import ConfigError, OverloadedError, StoreError
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import BotApi, Fault, message, plain
from tests.chat.clock import Hurried, noon

SECRET = "a-long-secret"
HEADERS = {SECRET_HEADER: SECRET}
PATH = "/hook"
BOT = 4242


class Served(TestServer):
    """A test server with the runner of the house."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(app, host="127.0.0.1")

    async def _make_runner(self, **_: Any) -> web.AppRunner:
        return runner_of(self.app, stop_s=0.5)


class Line:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, piece: bytes) -> None:
        """Send some bytes now."""
        self._writer.write(piece)
        await self._writer.drain()

    async def status(self) -> int:
        """Read one answer; give its status."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"^content-length: (\d+)", head, re.I | re.M)
        await self._reader.readexactly(int(length[1]) if length else 0)
        return int(head.split()[1])

    async def ended(self) -> bytes:
        """What still comes until the other side closes."""
        try:
            return await self._reader.read()
        except ConnectionResetError:
            return b""

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def head(*lines: str, secret: str | None = SECRET) -> bytes:
    """The head of a delivery with these headers more."""
    own = [f"POST {PATH} HTTP/1.1", "Host: bot.example"]
    if secret is not None:
        own.append(f"{SECRET_HEADER}: {secret}")
    return ("\r\n".join([*own, *lines]) + "\r\n\r\n").encode()


def whole(update_id: int) -> bytes:
    """A delivery in one piece."""
    return head(f"Content-Length: {len(body(update_id))}") + body(update_id)


class Site:
    """The web app with a client, and what its intake fed."""

    def __init__(self, bot: Bot, request: AiohttpRequest, store: SqliteStore) -> None:
        self.fed: list[int] = []
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
        self.webhook = WebhookRoute(intake=self.intake, path=PATH, secret=SECRET)
        app = web_app(routes=[web.get("/other", self.other)], webhook=self.webhook)
        self.client = TestClient(Served(app))

    async def other(self, request: web.Request) -> web.Response:
        """What stands beside the webhook."""
        return web.Response(text="here")

    async def feed(self, update: dict[str, Any], at: float) -> None:
        """Where the application would take over."""
        self.fed.append(update["update_id"])

    async def raw(self, *pieces: bytes) -> "Line":
        """A connection of one's own, with these bytes sent on it."""
        line = Line(*await asyncio.open_connection("127.0.0.1", self.client.port))
        for piece in pieces:
            await line.send(piece)
        return line

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


async def test_a_store_that_cannot_write_asks_telegram_to_wait(
    site: Site, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk is one line a delivery, no traceback; what Telegram sends again is taken later."""

    async def full(*_: Any, **__: Any) -> list[int]:
        raise StoreError("nabla.db: could not be written, the disk is full; free some space")

    with monkeypatch.context() as patch:
        patch.setattr(store, "keep", full)
        async with site.client.post(PATH, data=body(5), headers=HEADERS) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info is None
    assert "update 5 was not kept" in record.getMessage()
    assert await site.post(body(5)) == 200


async def test_before_the_start_and_after_the_stop_telegram_keeps_it(site: Site, store: SqliteStore) -> None:
    """While nobody keeps updates, 503 with Retry-After; without the secret it is still 403."""
    site.webhook.intake = None
    async with site.client.post(PATH, data=body(5), headers=HEADERS) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert await site.post(body(5), {SECRET_HEADER: "no"}) == 403
    site.webhook.intake = site.intake
    assert await site.post(body(5)) == 200
    assert site.fed == [5]


async def test_forty_who_dribble_hold_nobody_up(site: Site, store: SqliteStore) -> None:
    """Their bodies come a byte now and then: each gets 408 in the end; a good client is served meanwhile."""
    site.webhook.body_s = 1.0
    lines = [await site.raw(head("Content-Length: 1000"), b"{") for _ in range(40)]

    async def dribble(line: Line) -> None:
        with suppress(ConnectionError):
            while True:
                await line.send(b" ")
                await asyncio.sleep(0.02)

    dribbling = [asyncio.create_task(dribble(line)) for line in lines]
    served = [await site.post(body(n)) for n in range(100, 120)]
    assert served == [200] * 20
    assert await asyncio.gather(*(line.status() for line in lines)) == [408] * 40
    for task in dribbling:
        task.cancel()
    await asyncio.gather(*dribbling, return_exceptions=True)
    for line in lines:
        await line.close()
    assert len(await store.waiting(BOT)) == 20
    assert await site.post(body(120)) == 200


async def test_a_slow_body_ends_its_connection(site: Site) -> None:
    """After 408 nothing that follows on it is taken for a request."""
    site.webhook.body_s = 0.05
    line = await site.raw(head(f"Content-Length: {len(body(5))}"), body(5)[:10])
    assert await line.status() == 408
    await line.send(body(5)[10:] + whole(6))
    assert await line.ended() == b""
    await line.close()
    assert site.fed == []


async def test_who_has_no_secret_is_refused_before_a_body_came(site: Site) -> None:
    """A stranger cannot make the bot wait for megabytes."""
    line = await site.raw(head("Content-Length: 1000000", secret=None))
    assert await line.status() == 403
    await line.close()


async def test_a_length_beyond_the_limit_is_refused_unread(site: Site) -> None:
    """413 for what only says that it is large."""
    line = await site.raw(head(f"Content-Length: {BODY_LIMIT + 1}"))
    assert await line.status() == 413
    await line.close()


async def test_chunks_beyond_the_limit_are_refused(site: Site, store: SqliteStore) -> None:
    """A body without a length is counted as it comes."""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    line = await site.raw(head("Transfer-Encoding: chunked"))
    for _ in range(BODY_LIMIT // 0x10000):
        await line.send(chunk)
    await line.send(b"1\r\n \r\n")
    assert await line.status() == 413
    await line.close()
    assert await store.waiting(BOT) == []


async def test_chunks_within_the_limit_are_an_update(site: Site) -> None:
    """A proxy may pass an update on so."""
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body(5)) + b"0\r\n\r\n"
    line = await site.raw(head("Transfer-Encoding: chunked") + chunks)
    assert await line.status() == 200
    await line.close()
    assert site.fed == [5]


@pytest.mark.parametrize(
    "request_",
    [
        head("Content-Length: 20") + b'{"update_id": 5}',  # says more than it sends
        head("Transfer-Encoding: chunked") + b"zz\r\n",  # no chunk at all
        head("Content-Length: -5"),
        head("Content-Length: 5", "Content-Length: 7") + b"12345",
        head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        b"POST " + b"/x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a port that speaks none
        b"\xff\xfe\x00\r\n\r\n",
    ],
    ids=["longer", "chunk", "negative", "two", "both", "path", "tls", "noise"],
)
async def test_who_lies_about_the_body_is_refused_alone(
    site: Site, store: SqliteStore, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is kept, the connection ends, the next one is served, and no traceback is logged."""
    site.webhook.body_s = 0.1
    line = await site.raw(request_)
    said = await line.ended()
    assert said[9:12] in {b"400", b"408", b""}
    await line.close()
    assert await store.waiting(BOT) == []
    assert await site.post(body(6)) == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR and is_ours(record)]


async def test_a_body_that_is_longer_than_it_says_breaks_only_itself(site: Site, store: SqliteStore) -> None:
    """The update ends where its length says; what comes after it is no request."""
    line = await site.raw(whole(5))
    assert await line.status() == 200
    await line.send(b"and some more\r\n\r\n")
    assert (await line.ended())[9:12] == b"400"
    await line.close()
    assert [kept.key.update_id for kept in await store.waiting(BOT)] == [5]


async def test_requests_in_one_piece_are_answered_in_order(site: Site) -> None:
    """A proxy may send several on one connection without waiting."""
    line = await site.raw(whole(5) + whole(6) + head("Content-Length: 1") + b"{")
    assert [await line.status() for _ in range(3)] == [200, 200, 400]
    await line.close()
    assert site.fed == [5, 6]


async def test_one_connection_serves_many(site: Site) -> None:
    """Kept alive between deliveries, also after a refusal for want of the secret."""
    line = await site.raw()
    for secret, status in ((SECRET, 200), ("wrong", 403), (SECRET, 200)):
        await line.send(head("Content-Length: 15", secret=secret) + b'{"update_id":5}')
        assert await line.status() == status
    await line.close()


async def test_many_connections_at_once(site: Site, store: SqliteStore) -> None:
    """Two hundred deliveries on connections of their own: each kept once, whatever their order."""
    lines = await asyncio.gather(*(site.raw(whole(1000 + n % 150)) for n in range(200)))
    assert await asyncio.gather(*(line.status() for line in lines)) == [200] * 200
    for line in lines:
        await line.close()
    assert sorted(site.fed) == list(range(1000, 1150))
    assert len(await store.waiting(BOT)) == 150


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("POST", "/", 404),
        ("POST", PATH + "/", 404),
        ("GET", "/other", 200),
    ],
)
async def test_other_methods_and_paths(site: Site, method: str, path: str, status: int) -> None:
    """Only POST, only there; what stands beside it needs no secret."""
    async with site.client.request(method, path, data=body(5), headers=HEADERS) as response:
        assert response.status == status
    assert site.fed == []


@pytest.mark.parametrize(
    ("sent", "fact"), [(b"\xff", "not UTF-8"), (b"{", "not JSON"), (b"[]", "update_id is missing")]
)
async def test_a_refusal_says_why(site: Site, sent: bytes, fact: str) -> None:
    """In words that quote nothing: whoever set the webhook up must see what is wrong."""
    async with site.client.post(PATH, data=sent, headers=HEADERS) as response:
        assert response.status == 400
        assert fact in await response.text()


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
