"""How long to wait: after a failure, and between sends that Telegram counts.

Law: nothing here waits or reads a clock; times come in as monotonic seconds and go out as seconds to wait.
"""

from collections import deque
from collections.abc import Awaitable, Callable

Jitter = Callable[[], float]  # 0 to 1, such as random.random
Sleep = Callable[[float], Awaitable[None]]  # seconds


def backoff_s(attempt: int, jitter: Jitter, *, first_s: float = 1.0, most_s: float = 30.0) -> float:
    """Seconds before the next try; attempts count from 0, the wait doubles, half of it is left to chance."""
    whole = min(most_s, first_s * 2.0 ** min(attempt, 32))
    return whole * (0.5 + jitter() / 2)


class Window:
    """At most `most` in any `span_s` seconds."""

    def __init__(self, *, most: int, span_s: float) -> None:
        self._span_s = span_s
        self._times: deque[float] = deque(maxlen=most)

    def wait_s(self, now: float) -> float:
        """Seconds until the next one is allowed; 0 if it is allowed now."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0.0
        return max(0.0, self._times[0] + self._span_s - now)

    def count(self, now: float) -> None:
        """Note that one went out."""
        self._times.append(now)

    def idle(self, now: float) -> bool:
        """Whether all of it has passed, so that the window can be forgotten."""
        return not self._times or self._times[-1] + self._span_s <= now
