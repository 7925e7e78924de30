"""A Bot API server for faults: it does what it is asked, unless the script says otherwise."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "4242:AAsecret-token-that-nobody-may-see"
ME = {"id": 4242, "is_bot": True, "first_name": "Nabla", "username": "nabla_bot"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one call instead of success."""

    status: int = 200
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None  # this body instead of JSON
    drop: bool = False  # it takes effect, then the connection is cut
    hang: bool = False  # it takes effect, then waits for `BotApi.release`
    dribble: bool = False  # it takes effect, then its answer comes byte by byte and never ends
    headers: dict[str, str] = field(default_factory=dict)


FLOOD = Fault(status=429, description="Too Many Requests: retry after 7", parameters={"retry_after": 7})


@dataclass(kw_only=True)
class Upload:
    """A file as it arrived."""

    filename: str
    content: bytes
    mime: str


class BotApi:
    """The server; `calls` is all that arrived, `script[method]` what to do with the next calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.script: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.chat_script: defaultdict[int, deque[Fault]] = defaultdict(deque)
        self.updates: list[dict[str, Any]] = []
        self.release = asyncio.Event()
        self.ports: set[int] = set()
        self.polling = 0
        self._message_id = 100
        self._news = asyncio.Condition()
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self.server = TestServer(app, host="127.0.0.1")

    @property
    def root(self) -> str:
        """Base address as `telegram.Bot` wants it."""
        return str(self.server.make_url("/bot"))

    def made(self, method: str) -> list[dict[str, Any]]:
        """Parameters of the calls of one method, in the order of their arrival."""
        return [params for name, params in self.calls if name == method]

    def texts(self, chat: int | None = None) -> list[str]:
        """Texts of sendMessage, of one chat or all."""
        sent = self.made("sendMessage")
        return [params["text"] for params in sent if chat is None or params["chat_id"] == str(chat)]

    async def publish(self, updates: Sequence[dict[str, Any]]) -> None:
        """Let updates arrive."""
        async with self._news:
            self.updates.extend(updates)
            self._news.notify_all()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        self.ports.add(request.transport.get_extra_info("peername")[1])
        method = request.match_info["method"]
        params: dict[str, Any] = {name: _value(value) for name, value in (await request.post()).items()}
        self.calls.append((method, params))
        scripted = self.script[method] or self.chat_script[int(params.get("chat_id", 0))]
        fault = scripted.popleft() if scripted else Fault()
        if fault.hang:
            await self.release.wait()
        if fault.dribble:
            return await _dribble(request)
        if fault.drop:
            request.transport.abort()
            if method == "getUpdates":
                return web.Response()  # nobody is there to wait for news
        if fault.raw is not None:
            return web.Response(status=fault.status, body=fault.raw, headers=fault.headers)
        if fault.status != 200:
            error = {"ok": False, "error_code": fault.status, "description": fault.description}
            parameters = {"parameters": fault.parameters} if fault.parameters else {}
            return web.json_response({**error, **parameters}, status=fault.status)
        return web.json_response({"ok": True, "result": await self._result(method, params)})

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method == "getMe":
            return ME
        if method == "getUpdates":
            return await self._get_updates(int(params.get("offset", 0)), int(params.get("timeout", 0)))
        if method in {"sendMessage", "sendPhoto", "sendDocument"}:
            self._message_id += 1
            chat = {"id": int(params["chat_id"]), "type": "private"}
            return {"message_id": self._message_id, "date": 1, "chat": chat}
        return True

    async def _get_updates(self, offset: int, timeout_s: int) -> list[dict[str, Any]]:
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        self.polling += 1
        try:
            async with self._news:
                if timeout_s:
                    await self._news.wait_for(lambda: self.updates)
            return self.updates[:100]
        finally:
            self.polling -= 1


async def _dribble(request: web.Request) -> web.StreamResponse:
    """A blank every so often, until the other side has had enough."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)
    return response


def _value(value: object) -> object:
    if isinstance(value, web.FileField):
        return Upload(filename=value.filename, content=value.file.read(), mime=value.content_type)
    return value


def message(update_id: int, text: str = "hello", chat: int = 7) -> dict[str, Any]:
    """An update with a text message."""
    where = {"id": chat, "type": "private", "first_name": "Ada"}
    sender = {"id": chat, "is_bot": False, "first_name": "Ada"}
    body = {"message_id": update_id, "date": 1, "chat": where, "from": sender, "text": text}
    return {"update_id": update_id, "message": body}


def plain(value: Any) -> Any:
    """A parameter that went as JSON."""
    return json.loads(value)
