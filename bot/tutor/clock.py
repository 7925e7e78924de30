"""Wakes what goes on in groups when its time comes, each in its chat's line, also after a restart.

Law: nobody's long work holds another's time up; a failure ends nothing else, is logged, and tried again later.
Time is the store's: what is not due there any more when its turn comes is not woken. Of several processes one
wakes it; the others look on, and one of them does it where that one is gone.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import NablaError
from bot.store.base import Store
from bot.store.groups import Activity
from bot.tutor.activities import Activities
from bot.tutor.tutor import InLine, Sleep

log = logging.getLogger(__name__)

# How far one look goes: whoever sets the machine's clock is noticed within it.
HORIZON = timedelta(seconds=60)
FAILED = timedelta(seconds=30)  # after a failure the next try comes this much later
CLAIM_S = 25.0  # a process that lives has for a wake; less than FAILED, so that it may itself try again
LOOK_ON = timedelta(seconds=2)  # between two looks at what another process wakes


class Clock:
    """One look at the store, then sleep until the next time or the next change."""

    def __init__(
        self,
        *,
        activities: Activities,
        store: Store,
        in_line: InLine,
        now: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._activities = activities
        self._store = store
        self._in_line = in_line
        self._now = now
        self._sleep = sleep
        self._waking: dict[str, asyncio.Task[None]] = {}
        self._not_before: dict[tuple[str, datetime | None], datetime] = {}  # by code and due
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        activities.on_change = self._news.set

    async def start(self) -> None:
        """Begin; what came due while the bot was away is woken at once."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Wake nobody any more; what is cut off is due again at the next start."""
        tasks = [task for task in (self._task, *self._waking.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                at = await self._look()
            except NablaError as error:
                log.error("what goes on in groups cannot be read: %s", type(error).__name__)
                at = self._now() + FAILED
            await self._pause(at)

    async def _look(self) -> datetime:
        """Begin to wake what is due; give the time of the next one."""
        now = self._now()
        times = [now + HORIZON]
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}
        for each in await self._store.due(now + HORIZON):
            at = max(each.due or now, self._not_before.get((each.code, each.due), now))
            if each.code in self._waking:
                continue
            if at <= now:
                self._waking[each.code] = asyncio.create_task(self._wake(each))
            else:
                times.append(at)
        return min(times)

    async def _sleep_until(self, at: datetime) -> None:
        wait_s = (at - self._now()).total_seconds()  # now, since the look took time, too
        if wait_s > 0:
            await self._sleep(wait_s)

    async def _pause(self, at: datetime) -> None:
        """Until the time has come, or something changed."""
        waits = [asyncio.ensure_future(self._sleep_until(at)), asyncio.ensure_future(self._news.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _wake(self, due: Activity) -> None:
        try:
            await self._in_line(due.chat, lambda: self._wake_now(due.code))
        except Exception as error:  # noqa: BLE001 (the law above; logged, and tried again)
            log.error("activity %s in chat %d: %s", due.code, due.chat, type(error).__name__)
            self._not_before[due.code, due.due] = self._now() + FAILED
        finally:
            del self._waking[due.code]
            self._news.set()

    async def _wake_now(self, code: str) -> None:
        """In the line: as it is now, if it is still due."""
        activity = await self._store.activity(code)
        if activity is None or activity.over or activity.due is None or activity.due > self._now():
            return
        if not await self._store.claim(f"wake {code} {activity.due.isoformat()}", at_most_s=CLAIM_S):
            self._not_before[code, activity.due] = self._now() + LOOK_ON
            return
        kind = self._activities.kind(activity.kind)
        if kind is None:
            raise LookupError(f"this version knows no {activity.kind}")
        await kind.wake(activity)
