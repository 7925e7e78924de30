"""Flood limits: how fast a bot may speak before Telegram answers 429. Off unless switched on.

Real, from the Bot API's own FAQ: about one message a second in one chat with short bursts, twenty a minute in one
group, about thirty a second over all. Approximations: Telegram's true numbers are secret and move; here a private chat
takes five within five seconds, edits count like messages (how much they count is not told), a channel counts as
a group, and a refused call costs nothing.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from bot.preview.chats import Chat, ChatKind
from bot.preview.refusals import too_many


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So many within so many seconds."""

    most: int
    within_s: float

    def wait_s(self, past: deque[float], now_s: float) -> float:
        """Forget what is long past; give how long the next one has to wait, 0 if it may come now."""
        while past and past[0] <= now_s - self.within_s:
            past.popleft()
        return past[-self.most] + self.within_s - now_s if len(past) >= self.most else 0.0


OVER_ALL = Rate(most=30, within_s=1)
IN_GROUP = Rate(most=20, within_s=60)
IN_PRIVATE = Rate(most=5, within_s=5)


class Limits:
    """Counts what the bot says, chat by chat."""

    def __init__(self, now: Callable[[], datetime], *, on: bool = False) -> None:
        self.on = on
        self._now = now
        self._all: deque[float] = deque()
        self._chats: dict[int, deque[float]] = {}

    def take(self, chat: Chat) -> None:
        """Count one message or edit; refused with 429 and the seconds to wait if it comes too soon."""
        if not self.on:
            return
        now_s = self._now().timestamp()
        rate = IN_PRIVATE if chat.kind is ChatKind.PRIVATE else IN_GROUP
        past = self._chats.setdefault(chat.id, deque())
        wait_s = max(rate.wait_s(past, now_s), OVER_ALL.wait_s(self._all, now_s))
        if wait_s > 0:
            raise too_many(max(1, ceil(wait_s)))
        past.append(now_s)
        self._all.append(now_s)
