"""A Bot API server that is fast and believes everything: `python -m tests.bench.stub` prints its address.

Law: it stands in for Telegram in a measurement, never in a test of behaviour (that is `bot.preview`): nothing is
checked, nothing is kept. 127.0.0.1 only. The crowd lives in this process, so that its clock starts and stops at
the wire; `POST /crowd` makes it act and answers with what it measured.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from tests.bench.busy import Busy
from tests.bench.crowd import Crowd, message
from tests.bench.http import Exchange, Json, field
from tests.bench.ready import Ready
from tests.bench.storm import Storm

BATCH = 100  # Telegram gives at most so many updates at once
ME = '{"id":4242,"is_bot":true,"first_name":"Nabla","username":"nabla_bench_bot"}'
OWNER = '{"status":"creator","user":{"id":1,"is_bot":false,"first_name":"Owner"},"is_anonymous":false}'


class Stub:
    """The Bot API of one bot. `delay_s`: how long each answer is on its way."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.calls = 0
        self.asked_at: float | None = None  # when updates were asked for first, monotonic seconds
        self.crowd = Crowd(self.put)
        self._ready = Ready(self.put, self.crowd)
        self._storm = Storm(self.put, self.crowd, self._ready)
        self._busy = Busy(self.crowd, self._ready)
        self._updates: deque[tuple[int, str]] = deque()
        self._some = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        # A second stub for the same database must not begin where its inbox has been.
        self._update_ids, self._message_ids = count(time.time_ns() // 1_000_000), count(100)

    def put(self, kind: str, body: str) -> None:
        """Queue an update for the bot."""
        number = next(self._update_ids)
        self._updates.append((number, f'{{"update_id":{number},"{kind}":{body}}}'))
        self._some.set()

    def answer(self, exchange: Exchange, name: str, body: bytes) -> None:
        """Everything that is asked, by the last part of the path; what waits gets a task of its own."""
        if name == "crowd":
            self._spawn(self._act(exchange, json.loads(body)))
            return
        self.calls += 1
        if name == "getUpdates":
            self._spawn(self._get_updates(exchange, dict(parse_qsl(body.decode()))))
        else:
            self._reply(exchange, self._result(name, body))

    def _reply(self, exchange: Exchange, result: str) -> None:
        whole = f'{{"ok":true,"result":{result}}}'.encode()
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, exchange.reply, whole)
        else:
            exchange.reply(whole)

    def _result(self, name: str, body: bytes) -> str:
        match name:
            case "answerCallbackQuery":
                self.crowd.answered(field(body, b"callback_query_id"))
            case "sendMessage" | "editMessageText":
                return self._shown(name, body)
            case "sendPhoto":
                self.crowd.learner(int(field(body, b"chat_id"))).sees_photo()
                return message(next(self._message_ids), int(field(body, b"chat_id")), {})
            case "getMe":
                return ME
            case "getChatMember":
                return OWNER
        return "true"

    def _shown(self, name: str, body: bytes) -> str:
        chat = int(field(body, b"chat_id"))
        known = self._ready.edited(chat, body) if name == "editMessageText" else None
        if known is not None:
            return known
        params = dict(parse_qsl(body.decode()))
        number = int(params["message_id"]) if "message_id" in params else next(self._message_ids)
        self.crowd.learner(chat).sees(number, params)
        return message(number, chat, params)

    async def _get_updates(self, exchange: Exchange, params: dict[str, str]) -> None:
        self.asked_at = self.asked_at or time.monotonic()
        offset = int(params.get("offset", 0))
        while self._updates and self._updates[0][0] < offset:
            self._updates.popleft()
        if not self._updates:
            self._some.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._some.wait(), float(params.get("timeout", 0)))
        batch = [body for _, body in list(self._updates)[:BATCH]]
        self._reply(exchange, f"[{','.join(batch)}]")

    async def _act(self, exchange: Exchange, wish: Json) -> None:
        """Let the crowd do something: {"do": name of a load, and its arguments}."""
        do = wish.pop("do")
        load: Callable[..., Any] = next(
            getattr(each, do)
            for each in (self.crowd, self._ready, self._storm, self._busy)
            if hasattr(each, do)
        )
        self.delay_s = wish.pop("delay_s", 0.0)
        calls, cpu_s = self.calls, sum(os.times()[:2])
        try:
            result: Json = await load(**wish)
        except (TimeoutError, RuntimeError) as error:
            result = {"error": f"{load.__name__}: {str(error) or 'the bot did not answer in time'}"}
        else:
            result |= {"calls": self.calls - calls, "options": self.crowd.options, "asked_at": self.asked_at}
            result["stub_s"] = sum(os.times()[:2]) - cpu_s
        exchange.reply(json.dumps(result).encode())

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve() -> None:
    """Serve until standard input ends: then the bench is gone."""
    stub = Stub()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Exchange(stub.answer), "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()[:2]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def main() -> None:
    """On the fastest loop that is here."""
    try:
        import uvloop  # noqa: PLC0415 (not on every system)
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())


if __name__ == "__main__":
    main()
