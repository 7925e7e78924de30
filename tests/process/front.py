"""One address before several bots: each update goes to the next of them, and past one that is not there."""

from itertools import count

import aiohttp
from aiohttp import web

from bot.chat.webhook import SECRET_HEADER
from tests.process.program import free_port


class Front:
    """A proxy that goes round; `ports` are those of the bots, and may change at any time."""

    def __init__(self) -> None:
        self.port = free_port()
        self.ports: list[int] = []
        self.served: dict[int, int] = {}  # updates taken, by port
        self._turn = count()

    @property
    def url(self) -> str:
        """The public address."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def start(self) -> None:
        """Begin to listen."""
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_post("/hook", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Close everything."""
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {SECRET_HEADER: request.headers.get(SECRET_HEADER, "")}
        first = next(self._turn)
        for turn in range(first, first + len(self.ports)):
            port = self.ports[turn % len(self.ports)]
            try:
                url = f"http://127.0.0.1:{port}/hook"
                async with self._session.post(url, data=body, headers=headers) as answer:
                    self.served[port] = self.served.get(port, 0) + (answer.status == 200)
                    return web.Response(status=answer.status)
            except aiohttp.ClientError:
                continue  # killed, perhaps in the middle: the update is kept or not, and the next one asks
        return web.Response(status=502)
