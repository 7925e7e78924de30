"""Where updates come in: our own polling, and the one door that the webhook uses too.

Law: an update is in the store before Telegram is told that it arrived, and only what was new is fed,
in order. What was fetched but not kept was never confirmed: Telegram sends it again.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.chat.pace import Jitter, Sleep, backoff_s
from bot.chat.request import AiohttpRequest, call, request_data, seconds_to_wait, token_refused
from bot.chat.soundness import numbered
from bot.errors import ConfigError, ConflictError, OverloadedError
from bot.store.base import Change, KeptUpdate, Store, UpdateKey

log = logging.getLogger(__name__)

T = TypeVar("T")
RawUpdate = dict[str, Any]  # as JSON
Feed = Callable[[RawUpdate, float], Awaitable[None]]

READ_MARGIN_S = 10.0  # how much longer than the long poll an answer may take
CONFLICTS = 3  # so many within the window are another poller; a restart of ourselves causes one
CONFLICT_WINDOW_S = 60.0
QUIET_S = 24 * 3600.0  # as long as Telegram keeps updates
# A server that does not wait with an empty answer would be asked thousands of times a second.
AT_ONCE_S, EMPTY_PAUSE_S = 0.5, 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """An update as it came: its id, its body as JSON text, and the same parsed."""

    update_id: int
    body: str
    update: RawUpdate


class Intake:
    """Keeps what arrives, then feeds it to the learners' lines.

    feed: gets each new update as JSON, and when it arrived; request: the connection for getUpdates alone;
    now: UTC; clock: monotonic seconds. `running`: whether updates can come now.
    """

    def __init__(
        self,
        *,
        bot: Bot,
        request: AiohttpRequest,
        store: Store,
        feed: Feed,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        sleep: Sleep,
        jitter: Jitter,
        allowed_updates: Sequence[str],
        poll_timeout_s: int = 30,
    ) -> None:
        self._bot = bot
        self._request = request
        self._store = store
        self._feed = feed
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._allowed = json.dumps(list(allowed_updates))
        self._poll_timeout_s = poll_timeout_s
        self._stopped = asyncio.Event()
        self.running = False
        self._conflicts: deque[float] = deque(maxlen=CONFLICTS)

    async def resume(self) -> int:
        """Feed what an earlier run kept but did not finish, oldest first; call once, before anything new."""
        waiting = await self._store.waiting(self._bot.id)
        await self.again(waiting)
        return len(waiting)

    async def again(self, waiting: Sequence[KeptUpdate]) -> None:
        """Feed what was kept before, here or by a process that ended."""
        for kept in waiting:
            if self._stopped.is_set():
                break
            try:
                update = json.loads(kept.body)
            except ValueError:
                update = None
            await self._hand_on(kept.key.update_id, update, self._clock())

    async def take(self, batch: Sequence[Arrived]) -> list[int]:
        """Keep, then feed the new ones in order; returns their ids. OverloadedError: nothing was kept."""
        at, pairs = self._clock(), [(one.update_id, one.body) for one in batch]
        new = await self._store.keep(self._bot.id, pairs, now=self._now())
        fresh = set(new)
        for one in batch:
            if one.update_id in fresh and not self._stopped.is_set():
                fresh.discard(one.update_id)
                await self._hand_on(one.update_id, one.update, at)
        return new

    async def dismiss(self, update_id: int) -> None:
        """Mark an update handled that nobody can handle, so that it does not come again at each start."""
        key = UpdateKey(bot=self._bot.id, update_id=update_id)
        await self._store.commit(Change(learner=None, update=key), now=self._now())

    async def poll(self) -> None:
        """Resume, then fetch, keep and feed until `stop`; ConflictError, ConfigError: a person must help.

        At first, and after a quiet day, no offset goes out: Telegram may begin ids anew at random after a quiet
        week, and an offset above them would throw them away. The inbox knows what comes a second time.
        """
        await self._until_done(self._drop_webhook)
        await self.resume()
        self.running = not self._stopped.is_set()
        offset, heard = None, self._clock()
        while not self._stopped.is_set():
            asked = self._clock()
            updates = await self._until_done(lambda: self._fetch(offset))  # noqa: B023 (done within this round)
            if updates and await self._keep_patiently([arrived(update) for update in updates]):
                offset, heard = max(update["update_id"] for update in updates) + 1, self._clock()
            elif self._clock() - heard > QUIET_S:
                offset = None
            if updates == [] and self._clock() - asked < AT_ONCE_S:
                await self._unless_stopped(self._sleep_for(EMPTY_PAUSE_S))

    async def _drop_webhook(self) -> None:
        """Make polling possible; a server that knows no webhooks needs none dropped."""
        try:
            await call(self._bot, "deleteWebhook", {"drop_pending_updates": False})
        except (InvalidToken, BadRequest) as error:
            # The token was good for getMe: what the framework calls invalid is a 404.
            log.warning("deleteWebhook was refused: %s", type(error).__name__)

    async def set_webhook(self, url: str, secret: str) -> None:
        """Tell Telegram where to send updates; call after `resume`, with the server listening."""
        params = {"url": url, "secret_token": secret, "allowed_updates": self._allowed}
        await self._until_done(
            lambda: call(self._bot, "setWebhook", {**params, "drop_pending_updates": False}),
            setting="NABLA_WEBHOOK_URL or _SECRET",
        )
        self.running = not self._stopped.is_set()

    def stop(self) -> None:
        """End `poll` at once: the long poll is cut, nothing more is fed; what is being kept is still kept."""
        self._stopped.set()
        self.running = False

    async def _fetch(self, offset: int | None) -> list[RawUpdate]:
        params = {"offset": offset, "timeout": self._poll_timeout_s, "allowed_updates": self._allowed}
        updates = await self._request.post(
            f"{self._bot.base_url}/getUpdates",
            request_data(params),
            read_timeout=self._poll_timeout_s + READ_MARGIN_S,
        )
        if not isinstance(updates, list) or not all(map(numbered, updates)):
            raise TelegramError("Invalid server response")
        return updates

    async def _hand_on(self, update_id: int, update: object, at: float) -> None:
        if isinstance(update, dict):
            try:
                await self._feed(update, at)
            except Exception as error:  # noqa: BLE001 (one bad update must not end the intake; its id is logged)
                log.error("update %d could not be read (%s): dismissed", update_id, type(error).__name__)
            else:
                return
        else:
            log.error("update %d is not a JSON object: dismissed", update_id)
        await self.dismiss(update_id)

    async def _keep_patiently(self, batch: Sequence[Arrived]) -> bool:
        """Keep and feed, waiting while the store is overloaded; False if stopped before it was kept."""
        attempt = 0
        while not self._stopped.is_set():
            try:
                await self.take(batch)
            except OverloadedError:
                log.warning("the store is overloaded: %d updates wait", len(batch))
                await self._unless_stopped(self._sleep_for(backoff_s(attempt, self._jitter, first_s=0.1)))
                attempt += 1
            else:
                return True
        return False

    async def _until_done(
        self, make: Callable[[], Coroutine[Any, Any, T]], *, setting: str = "TELEGRAM_API_URL"
    ) -> T | None:
        """Try until it succeeds; None if stopped before; a refusal blames the setting."""
        attempt = 0
        while not self._stopped.is_set():
            try:
                return await self._unless_stopped(make())
            except BadRequest as error:
                raise ConfigError(f"{setting}: refused by the Bot API server: {error.message}") from None
            except TelegramError as error:
                wait_s = self._wait_s(error, attempt)
                log.warning("intake: %s; next try in %.1f s", type(error).__name__, wait_s)
            attempt += 1
            await self._unless_stopped(self._sleep_for(wait_s))
        return None

    def _wait_s(self, error: TelegramError, attempt: int) -> float:
        """Seconds until the next try; raises what only the operator can put right."""
        if isinstance(error, RetryAfter):
            return seconds_to_wait(error)
        if isinstance(error, InvalidToken | Forbidden):
            raise token_refused() from None
        if isinstance(error, Conflict):
            self._count_conflict()
        return backoff_s(attempt, self._jitter)

    def _count_conflict(self) -> None:
        now = self._clock()
        self._conflicts.append(now)
        if len(self._conflicts) == CONFLICTS and now - self._conflicts[0] <= CONFLICT_WINDOW_S:
            raise ConflictError(
                "TELEGRAM_BOT_TOKEN: another program fetches this bot's updates (or set a webhook for it); "
                "stop that one, or use a bot of your own"
            ) from None

    async def _sleep_for(self, delay_s: float) -> None:
        await self._sleep(delay_s)

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result, or None with the work cancelled if `stop` comes first."""
        task = asyncio.create_task(work)
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            stopped.cancel()
            task.cancel()
            await asyncio.wait({task})


def arrived(update: RawUpdate) -> Arrived:
    """An update from a list, with its body (ASCII, so that no half of a character can break it)."""
    body = json.dumps(update, separators=(",", ":"))
    return Arrived(update_id=update["update_id"], body=body, update=update)
