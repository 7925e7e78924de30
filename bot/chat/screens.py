"""Which message shows which screen, as far as this process has seen it; the store knows the rest.

Law: a bounded memory that may forget anything at any time.
"""

from collections import OrderedDict


class Screens:
    """(chat, screen key) → message id, the least recently used forgotten first."""

    def __init__(self, most: int = 8192) -> None:
        self._most = most
        self._ids: OrderedDict[tuple[int, str], int] = OrderedDict()

    def get(self, chat: int, key: str) -> int | None:
        """The message id, if it is still remembered."""
        if (chat, key) in self._ids:
            self._ids.move_to_end((chat, key))
        return self._ids.get((chat, key))

    def put(self, chat: int, key: str, message_id: int) -> None:
        """Remember where a screen stands."""
        self._ids[chat, key] = message_id
        self._ids.move_to_end((chat, key))
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
