"""Messages in a group that one person alone sees (Bot API 10.2 and 10.3), as long as the server runs.

Off by default: then the local Telegram is an older server, which knows neither the methods nor the parameters. Here
they are refused; the real older service passes over a parameter that it does not know and posts for everybody, so a bot
must find out by one of the new methods (404) before it ever sends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.preview.messages import Message

AFTER_TAP = timedelta(seconds=15)
"""How long a tap allows a bot without rights to answer so."""
_MOST_TAPS = 10_000


@dataclass(frozen=True, kw_only=True)
class _Tap:
    chat: int
    person: int
    at: datetime


class Ephemerals:
    """What is seen by one person only, and the taps that allow more of it."""

    def __init__(self) -> None:
        self.on = False
        self._messages: dict[tuple[int, int], dict[int, Message]] = {}
        self._taps: dict[str, _Tap] = {}

    def find(self, chat: int, receiver: int, message_id: int) -> Message | None:
        """Find a message by the person who sees it and its id."""
        return self._messages.get((chat, receiver), {}).get(message_id)

    def seen_by(self, chat: int, receiver: int) -> list[Message]:
        """List what somebody alone sees in a chat, oldest first."""
        return list(self._messages.get((chat, receiver), {}).values())

    def everything(self) -> list[Message]:
        """List all of it, for a page that shows every person's view."""
        return [message for seen in self._messages.values() for message in seen.values()]

    def keep(self, message: Message) -> None:
        """Keep a message, new or changed."""
        self._messages.setdefault((message.chat_id, message.receiver or 0), {})[message.id] = message

    def drop(self, message: Message) -> None:
        """Take a message away."""
        self._messages.get((message.chat_id, message.receiver or 0), {}).pop(message.id, None)

    def tapped(self, query_id: str, *, chat: int, person: int, at: datetime) -> None:
        """Remember a tap."""
        self._taps[query_id] = _Tap(chat=chat, person=person, at=at)
        while len(self._taps) > _MOST_TAPS:
            del self._taps[next(iter(self._taps))]

    def allows(self, query_id: str, *, chat: int, person: int, now: datetime) -> bool:
        """Tell whether a tap of this person in this chat is young enough to be answered so."""
        tap = self._taps.get(query_id)
        return tap is not None and (tap.chat, tap.person) == (chat, person) and now - tap.at <= AFTER_TAP
