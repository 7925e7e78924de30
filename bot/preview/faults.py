"""Trouble on demand, for tests: what a network and a busy Telegram do to a bot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Self

from bot.preview.refusals import too_many

When = Literal["before", "after"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one call: a wait, then an answer of its own, or a cut connection; else all goes on."""

    status: int | None = None
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drop: When | None = None
    """The connection is cut before or after the call took effect."""

    @classmethod
    def flood(cls, retry_after_s: int) -> Self:
        """Answer as Telegram does when a bot is too fast."""
        refused = too_many(retry_after_s)
        return cls(
            status=refused.status, body=refused.as_answer(), headers={"Retry-After": str(retry_after_s)}
        )


Faults = Callable[[str, dict[str, str]], Fault | None]
"""Given a method's name and its parameters, says what shall happen to the call."""


class Call(NamedTuple):
    """One call that the bot made; `status` 0 is a connection cut by a fault."""

    method: str
    params: dict[str, str]
    status: int
    at_s: float
    """On the event loop's monotonic clock."""
