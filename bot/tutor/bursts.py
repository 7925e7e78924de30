"""How often lines that anybody can ask for are said in a chat.

Law: Telegram takes twenty messages a minute for a group; whoever sends commands for ever gets at most half of them,
in all topics and sorts together, so that what the group waits for still comes.
"""

from collections import deque
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

BURST, BURST_S = 4, timedelta(seconds=15)  # lines of one sort in a chat within that time
MOST, MOST_S = 10, timedelta(minutes=1)  # lines of all sorts in a chat
REMEMBERED = 4096  # chats and sorts

Times = deque[datetime]


class Bursts:
    """Counts what is said; now: UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sorts: dict[Hashable, Times] = {}
        self._chats: dict[int, Times] = {}

    def too_many(self, chat: int, sort: Hashable) -> bool:
        """Whether this sort of line, or any, was said often enough here just now; else it is counted."""
        now = self._now()
        if len(self._sorts) > REMEMBERED:
            self._sorts.clear()
            self._chats.clear()
        of_sort = self._sorts.setdefault((chat, sort), deque(maxlen=BURST))
        of_chat = self._chats.setdefault(chat, deque(maxlen=MOST))
        if _is_full(of_sort, now, BURST_S) or _is_full(of_chat, now, MOST_S):
            return True
        of_sort.append(now)
        of_chat.append(now)
        return False


def _is_full(times: Times, now: datetime, span: timedelta) -> bool:
    return len(times) == times.maxlen and now - times[0] < span
