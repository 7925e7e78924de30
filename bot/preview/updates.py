"""News for the bot: kept in order until it confirms them, fetched by long polling.

Confirming is naming a higher offset, as with Telegram. There is one poll at a time: a second one ends
the first with 409, and a webhook ends polling altogether.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from bot.preview.archive import Archive, Table
from bot.preview.refusals import Refused, conflict

LIFETIME = timedelta(hours=24)
"""Telegram keeps an update no longer than this."""
GRACE_S = 3.0
"""How long the bot still counts as online between two polls."""


class UpdateKind(Enum):
    """The kinds of update that happen here."""

    MESSAGE = "message"
    EDITED_MESSAGE = "edited_message"
    CHANNEL_POST = "channel_post"
    EDITED_CHANNEL_POST = "edited_channel_post"
    CALLBACK_QUERY = "callback_query"
    MY_CHAT_MEMBER = "my_chat_member"


ALL_KINDS = frozenset(UpdateKind)
_ONCE_ALL = {"message", "edited_message", "callback_query", "my_chat_member"}
"""All that there was before there were channels: an archive of then that names them all means all."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """One piece of news with its number."""

    id: int
    kind: UpdateKind
    at: datetime
    body: Mapping[str, Any]

    def as_object(self) -> dict[str, Any]:
        """Give the Bot API's Update."""
        return {"update_id": self.id, self.kind.value: self.body}


class Updates:
    """The queue of what the bot has not confirmed yet."""

    def __init__(self, *, now: Callable[[], datetime], archive: Archive) -> None:
        self._now = now
        self._archive = archive
        self._waiting: deque[Update] = deque()
        self._next_id = 0
        self._allowed = ALL_KINDS
        self._poller: asyncio.Future[None] | None = None
        self._offline: asyncio.TimerHandle | None = None
        self.arrived = asyncio.Event()
        self.webhook_is_set = False
        self.online = False
        self.on_online: Callable[[bool], None] = lambda online: None

    async def load(self, *, first_id: int) -> None:
        """Take up where an earlier run stopped, or begin with `first_id`."""
        rows = await self._archive.rows(Table.UPDATES)
        self._waiting.extend(
            Update(
                id=row["id"],
                kind=UpdateKind(row["kind"]),
                at=datetime.fromisoformat(row["at"]),
                body=row["body"],
            )
            for row in rows
        )
        self._next_id = await self._archive.setting("next_update_id", first_id)
        allowed = await self._archive.setting("allowed_updates", [kind.value for kind in ALL_KINDS])
        self._allowed = (
            ALL_KINDS if set(allowed) == _ONCE_ALL else frozenset(UpdateKind(kind) for kind in allowed)
        )
        if self._waiting:
            self.arrived.set()

    @property
    def pending(self) -> int:
        """Count what the bot has not confirmed."""
        self._forget_old()
        return len(self._waiting)

    @property
    def allowed(self) -> list[str]:
        """Name the kinds that the bot wants, sorted; empty if it wants all."""
        return [] if self._allowed == ALL_KINDS else sorted(kind.value for kind in self._allowed)

    def allow(self, kinds: Iterable[str]) -> None:
        """Set the kinds that the bot wants from now on; none means all, unknown names mean nothing here."""
        known = {kind.value for kind in ALL_KINDS}
        wanted = list(kinds)
        self._allowed = (
            frozenset(UpdateKind(kind) for kind in wanted if kind in known) if wanted else ALL_KINDS
        )
        self._archive.keep(Table.SETTINGS, ("allowed_updates",), [kind.value for kind in self._allowed])

    def add(self, kind: UpdateKind, body: Mapping[str, Any]) -> None:
        """Tell the bot something, if it wants to know."""
        if kind not in self._allowed:
            return
        update = Update(id=self._next_id, kind=kind, at=self._now(), body=body)
        self._next_id += 1
        self._waiting.append(update)
        row = {"id": update.id, "kind": kind.value, "at": update.at.isoformat(), "body": body}
        self._archive.keep(Table.UPDATES, (update.id,), row)
        self._archive.keep(Table.SETTINGS, ("next_update_id",), self._next_id)
        self.arrived.set()
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    def confirm(self, offset: int) -> None:
        """Let go of what is below the offset; a negative one keeps only that many of the newest."""
        if offset < 0:
            offset = self._waiting[offset].id if len(self._waiting) >= -offset else 0
        while self._waiting and self._waiting[0].id < offset:
            self._drop_oldest()

    def drop_all(self) -> None:
        """Let go of everything that waits."""
        self.confirm(self._next_id)

    def oldest(self, limit: int = 100) -> list[Update]:
        """Give the next ones to deliver."""
        self._forget_old()
        return [self._waiting[index] for index in range(min(limit, len(self._waiting)))]

    async def poll(self, *, offset: int, limit: int, timeout_s: float) -> list[dict[str, Any]]:
        """Confirm what is below the offset and give what comes next, waiting for it if need be."""
        if self.webhook_is_set:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self.end_poll(
            conflict(
                "terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        )
        self.confirm(offset)
        self.seen(True)
        try:
            if not self.oldest(1) and timeout_s > 0:
                await self._wait(timeout_s)
        finally:
            self._leave()
        return [update.as_object() for update in self.oldest(limit)]

    def end_poll(self, refusal: Refused) -> None:
        """End the poll that is waiting, if there is one, with this refusal."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(refusal)

    def close(self) -> None:
        """Let no timer run on."""
        if self._offline is not None:
            self._offline.cancel()

    def seen(self, online: bool) -> None:
        """Note whether somebody fetches updates."""
        if self._offline is not None:
            self._offline.cancel()
            self._offline = None
        if online != self.online:
            self.online = online
            self.on_online(online)

    async def _wait(self, timeout_s: float) -> None:
        poller = self._poller = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await poller
        except TimeoutError:
            return
        finally:
            if self._poller is poller:
                self._poller = None

    def _leave(self) -> None:
        if self._poller is None and not self.webhook_is_set:
            if self._offline is not None:
                self._offline.cancel()
            self._offline = asyncio.get_running_loop().call_later(GRACE_S, self.seen, False)

    def _forget_old(self) -> None:
        while self._waiting and self._now() - self._waiting[0].at > LIFETIME:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._archive.drop(Table.UPDATES, (self._waiting.popleft().id,))
        if not self._waiting:
            self.arrived.clear()
