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
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.bench.crowd import Crowd, message

BATCH = 100  # Telegram gives at most so many updates at once
ME = '{"id":4242,"is_bot":true,"first_name":"Nabla","username":"nabla_bench_bot"}'


class Stub:
    """The Bot API of one bot. `delay_s`: how long each answer is on its way."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.calls = 0
        self.crowd = Crowd(self.put)
        self._updates: deque[tuple[int, str]] = deque()
        self._some = asyncio.Event()
        # A second stub for the same database must not begin where its inbox has been.
        self._update_ids, self._message_ids = count(time.time_ns() // 1_000_000), count(100)

    def put(self, kind: str, body: str) -> None:
        """Queue an update for the bot."""
        number = next(self._update_ids)
        self._updates.append((number, f'{{"update_id":{number},"{kind}":{body}}}'))
        self._some.set()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Everything that is asked, by the last part of the path."""
        name = request.path.rpartition("/")[2]
        if name == "crowd":
            return web.json_response(await self.act(await request.json()))
        result = await self._result(name, request)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return web.Response(text=f'{{"ok":true,"result":{result}}}', content_type="application/json")

    async def _result(self, name: str, request: web.BaseRequest) -> str:
        self.calls += 1
        if name == "getMe":
            return ME
        if name == "sendPhoto":
            form = await request.post()
            self.crowd.learner(int(str(form["chat_id"]))).sees_photo()
            return message(next(self._message_ids), int(str(form["chat_id"])), {})
        params = dict(parse_qsl((await request.read()).decode()))
        if name == "getUpdates":
            return await self._get_updates(int(params.get("offset", 0)), float(params.get("timeout", 0)))
        if name == "answerCallbackQuery":
            self.crowd.answered(params["callback_query_id"])
        elif name in {"sendMessage", "editMessageText"}:
            number = int(params["message_id"]) if "message_id" in params else next(self._message_ids)
            chat = int(params["chat_id"])
            self.crowd.learner(chat).sees(number, params)
            return message(number, chat, params)
        return "true"

    async def _get_updates(self, offset: int, timeout_s: float) -> str:
        while self._updates and self._updates[0][0] < offset:
            self._updates.popleft()
        if not self._updates:
            self._some.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._some.wait(), timeout_s)
        batch = [body for _, body in list(self._updates)[:BATCH]]
        return f"[{','.join(batch)}]"

    async def act(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Let the crowd do something: {"do": name of a load, and its arguments}."""
        load = getattr(self.crowd, wish.pop("do"))
        self.delay_s = wish.pop("delay_s", 0.0)
        calls = self.calls
        try:
            result: dict[str, Any] = await load(**wish)
        except (TimeoutError, RuntimeError) as error:
            return {"error": f"{load.__name__}: {str(error) or 'the bot did not answer in time'}"}
        return result | {
            "calls": self.calls - calls,
            "options": self.crowd.options,
            "cpu_s": sum(os.times()[:2]),
        }


async def serve() -> None:
    """Serve until standard input ends: then the bench is gone."""
    stub = Stub()
    runner = web.ServerRunner(web.Server(stub.answer), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
