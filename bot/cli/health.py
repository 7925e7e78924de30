"""Whether the bot lives, and whether it can serve: `/healthz`, `/readyz` and `/metrics`, in every mode.

Law: alive means that the loop answers; restarting helps against nothing else. Ready means that an update can be
taken in, kept and answered now; what stands in the way is named by a word of this file, never by a path or a value.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from aiohttp import web

from bot import __version__
from bot.chat.app import TelegramChat
from bot.cli.metrics import Metrics
from bot.errors import NablaError
from bot.store.base import Store
from bot.tally import GROUPS, INFO, ITEMS, QUEUE, READY, Tally

LATELY_S = 120.0  # a long poll takes 30 s, its retries after a fault as long again
FRESH_S = 5.0  # so long the store's last answer counts: whoever asks often must not make the disk busy
PROBE_S = 2.0  # for the store's answer


class Reason(StrEnum):
    """Why it is not ready."""

    STARTING = "starting"
    STOPPING = "stopping"
    STORE = "store"
    BOT_API = "bot-api"
    INTAKE = "intake"


class Health:
    """What is known of one running bot; `clock`: monotonic seconds."""

    def __init__(self, *, mode: str, tally: Tally, clock: Callable[[], float]) -> None:
        self._mode = mode
        self._clock = clock
        self._metrics = Metrics(tally)
        self._state: Reason | None = Reason.STARTING
        self._store: Store | None = None
        self._chat: TelegramChat | None = None
        self._writable, self._probed_at = False, -FRESH_S
        self._probing = asyncio.Lock()
        self._probe: asyncio.Future[None] | None = None
        self._ready = False
        tally.watch(INFO, lambda: 1, __version__, mode)
        tally.watch(READY, lambda: self._ready)
        tally.watch(QUEUE, lambda: store.pulse().waiting if (store := self._store) else 0, "store")
        tally.watch(GROUPS, lambda: store.pulse().groups if (store := self._store) else 0)
        tally.watch(ITEMS, lambda: store.pulse().items if (store := self._store) else 0)

    def started(self, store: Store, chat: TelegramChat) -> None:
        """All is open: from now on the parts are asked."""
        self._store, self._chat = store, chat
        if self._state is Reason.STARTING:
            self._state = None

    def stopping(self) -> None:
        """The end has begun."""
        self._state = Reason.STOPPING

    async def reasons(self) -> list[Reason]:
        """Why it is not ready; empty if it is."""
        if self._state is not None or self._store is None or self._chat is None:
            found = [self._state or Reason.STARTING]
        else:
            reached = self._chat.reached_at
            far = reached is None or self._clock() - reached > LATELY_S
            wrong = {
                Reason.STORE: not await self._can_write(self._store),
                Reason.BOT_API: far,
                Reason.INTAKE: not self._chat.intake.running,
            }
            found = [reason for reason, is_so in wrong.items() if is_so]
        self._ready = not found
        return found

    async def _can_write(self, store: Store) -> bool:
        """Whether the store wrote something to the disk just now, asked once for all who ask meanwhile."""
        async with self._probing:
            if self._clock() - self._probed_at >= FRESH_S:
                self._writable = await self._wrote(store)
                self._probed_at = self._clock()
            return self._writable

    async def _wrote(self, store: Store) -> bool:
        """Whether it writes within two seconds. What takes longer is left to end by itself, and asked once.

        Not by `wait_for`: that waits until what it cancelled has ended, which a silent server holds up for long.
        """
        if self._probe is None or self._probe.done():
            self._probe = asyncio.ensure_future(store.probe())
            self._probe.add_done_callback(lambda probe: probe.cancelled() or probe.exception())
        await asyncio.wait({self._probe}, timeout=PROBE_S)
        if not self._probe.done():
            return False
        try:
            self._probe.result()
        except NablaError:
            return False
        return True

    def routes(self) -> list[web.RouteDef]:
        """The three pages."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
            web.get("/metrics", self._show),
        ]

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True, "mode": self._mode})

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = await self.reasons()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def _show(self, request: web.Request) -> web.Response:
        body, content_type = await self._metrics.text(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})
