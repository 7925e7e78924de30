"""The local Telegram: a strict Bot API server and the chat page, on one address of this machine."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from aiohttp import web

from bot.preview.archive import Archive
from bot.preview.botapi import LARGEST_REQUEST_BYTES, BotApi
from bot.preview.chats import Object, User
from bot.preview.cloud import Cloud
from bot.preview.directory import Directory
from bot.preview.faults import Call, Faults
from bot.preview.guard import add_headers, guard
from bot.preview.limits import Limits
from bot.preview.page import Page
from bot.preview.people import People
from bot.preview.places import furnish
from bot.preview.refusals import Refused
from bot.preview.updates import Updates
from bot.preview.webhook import FIRST_WAIT_S, WebhookDelivery

LOCAL_TOKEN = "4242:local-chat-page-token-is-no-secret"  # noqa: S105 - known to everybody, opens only this machine
STOP_S = 1.0


class LocalTelegram(People):
    """The Bot API server and the chat page on one address; what people can do in it is in `People`.

    routes: served beside them, in place of a `/healthz`.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        path: Path | None,
        now: Callable[[], datetime],
        token: str = LOCAL_TOKEN,
        webhook_wait_s: float = FIRST_WAIT_S,
        limits: bool = False,
        ephemeral: bool = False,
        routes: Sequence[web.RouteDef] | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._archive = Archive(path)
        self._cloud = Cloud(
            now=now,
            archive=self._archive,
            directory=Directory(self._archive),
            updates=Updates(now=now, archive=self._archive),
            limits=Limits(now, on=limits),
        )
        self._cloud.ephemerals.on = ephemeral
        self._api = BotApi(cloud=self._cloud, archive=self._archive, token=token)
        self._page = Page(cloud=self._cloud, archive=self._archive)
        self._delivery = WebhookDelivery(self._cloud, first_wait_s=webhook_wait_s)
        self._routes = [web.get("/healthz", _health)] if routes is None else routes
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Load what was kept and listen; OSError if the port is taken, StoreError if the file cannot be used."""
        try:
            await self._archive.open()
            await self._cloud.load()
            furnish(self._cloud)
            await self._page.start()
            self._cloud.updates.on_online = self._show_online
            await self._delivery.start()
            await self._listen()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End polls, pages and deliveries, and close the file."""
        self._cloud.updates.end_poll(Refused(500, "Internal Server Error: restart"))
        self._cloud.taps.close()
        await self._page.stop()
        await self._delivery.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        self._cloud.updates.close()
        await self._archive.close()

    @property
    def url(self) -> str:
        """Give the root address, without a slash at its end."""
        port = self._runner.addresses[0][1] if self._runner and self._runner.addresses else self._port
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)  # noqa: S104 - shown, not bound
        return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{port}"

    @property
    def bot(self) -> User:
        """Give the one bot that is served."""
        return self._cloud.bot

    # what is seen

    def notice(self, text: str, *, level: Literal["info", "error"] = "info") -> None:
        """Show a line on every open page, and on those that open later until the next one."""
        self._page.notice(text, level)

    def listen(self, listener: Callable[[Object], None]) -> Callable[[], None]:
        """Have every frame for the page told to a function as well; gives what ends it."""
        self._cloud.listeners.append(listener)
        return lambda: self._cloud.listeners.remove(listener)

    async def content(self, file_id: str) -> bytes | None:
        """Read an uploaded file."""
        return await self._archive.content(file_id)

    # tests

    @property
    def limits(self) -> bool:
        """Tell whether Telegram's flood limits hold (see `bot.preview.limits`)."""
        return self._cloud.limits.on

    @limits.setter
    def limits(self, on: bool) -> None:
        self._cloud.limits.on = on

    @property
    def ephemeral(self) -> bool:
        """Tell whether this is a server new enough for ephemeral messages (see `bot.preview.ephemerals`)."""
        return self._cloud.ephemerals.on

    @ephemeral.setter
    def ephemeral(self, on: bool) -> None:
        self._cloud.ephemerals.on = on

    @property
    def faults(self) -> Faults | None:
        """Give what makes trouble for the bot's calls, if anything does."""
        return self._api.faults

    @faults.setter
    def faults(self, faults: Faults | None) -> None:
        self._api.faults = faults

    @property
    def calls(self) -> deque[Call]:
        """Give the bot's calls since recording was switched on, oldest first, at most 10,000."""
        return self._api.calls

    def record_calls(self) -> deque[Call]:
        """Switch the record of calls on, empty."""
        self._api.recording = True
        self._api.calls.clear()
        return self._api.calls

    async def _listen(self) -> None:
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES, middlewares=[guard([self._host])])
        app.on_response_prepare.append(add_headers)
        app.add_routes([*self._api.routes(), *self._page.routes(), *self._routes])
        # a poll whose bot has died must end at once, else it would count as online and eat a wake-up
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=STOP_S, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host.strip("[]"), self._port).start()

    def _show_online(self, online: bool) -> None:
        self._cloud.show({"type": "online", "online": online})


async def _health(_: web.Request) -> web.Response:
    """Tell who watches over the process (a container, say) that it serves."""
    return web.json_response({"ok": True, "mode": "local"})
