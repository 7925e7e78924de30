"""How the bot and a person stand in a chat, as Telegram says now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A chat that the bot is in."""

    chat: int  # its id now: another one than was asked for if the group has moved
    kind: str  # group, supergroup, channel
    title: str
    username: str | None
    may_post: bool  # the bot
    in_charge: bool  # the person that was asked for


# (chat id or @name, person or None) → how they stand; None: the bot is not in such a chat
AskStanding = Callable[[int | str, int | None], Awaitable[Standing | None]]
