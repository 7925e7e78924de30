"""No framework at all: an asyncio loop that polls with aiohttp, and a task for each tap."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp

from tests.bench.peers import AT_ONCE, POLL_S, READY, TOKEN, verdict


class Loop:
    """The bot."""

    def __init__(self, session: aiohttp.ClientSession, url: str, file: str) -> None:
        self._session = session
        self._base = f"{url}/bot{TOKEN}"
        shown = verdict(file)
        self._shown = {name: each if name == "text" else json.dumps(each) for name, each in shown.items()}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """One call's result."""
        async with self._session.post(f"{self._base}/{method}", data=params) as response:
            return json.loads(await response.read())["result"]

    async def on_tap(self, query: Mapping[str, Any]) -> None:
        """The two calls."""
        async with self._slots:
            await self.call("answerCallbackQuery", {"callback_query_id": query["id"]})
            message = query["message"]
            where = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
            await self.call("editMessageText", {**where, **self._shown})

    async def poll(self) -> None:
        """For ever."""
        offset = 0
        while True:
            updates = await self.call("getUpdates", {"offset": offset, "timeout": POLL_S})
            for update in updates:
                offset = update["update_id"] + 1
                task = asyncio.create_task(self.on_tap(update["callback_query"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)


async def main(url: str, file: str) -> None:
    """Poll until SIGTERM ends the process."""
    connector = aiohttp.TCPConnector(limit=AT_ONCE + 4)
    async with aiohttp.ClientSession(connector=connector) as session:
        print(READY, flush=True)
        await Loop(session, url, file).poll()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
