"""What was said: messages and files. A message is kept as the very Bot API object that everybody gets to see,
so that the bot, the page and the archive cannot disagree about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bot.preview.chats import Object

_AUTHOR = "_author"  # in the archive only: who really wrote what a channel or a hidden administrator says


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; `body` is the Bot API's Message."""

    chat_id: int
    id: int
    body: Mapping[str, Any]
    author: int
    """Who really wrote it; the body may name a channel or a group instead."""
    receiver: int | None = None
    """The one who sees it, if it is ephemeral; its id is then its `ephemeral_message_id`."""

    @property
    def thread(self) -> int | None:
        """Give the forum topic that it stands in, None for the General one and outside of forums."""
        return self.body.get("message_thread_id") if self.body.get("is_topic_message") else None

    def without_reply(self) -> Object:
        """Give it as it stands in an answer to it: replies are not nested."""
        return {name: value for name, value in self.body.items() if name != "reply_to_message"}

    def callback_data(self) -> set[str]:
        """List what its buttons say when they are pressed."""
        rows = self.body.get("reply_markup", {}).get("inline_keyboard", [])
        return {button["callback_data"] for row in rows for button in row if "callback_data" in button}

    def as_row(self) -> Object:
        """Give what the archive keeps."""
        return {**self.body, _AUTHOR: self.author}

    @classmethod
    def from_row(cls, row: Object) -> Self:
        """Read what the archive kept; an older one did not tell the author apart from the sender."""
        author = row.pop(_AUTHOR, None) or row["from"]["id"]
        return cls(chat_id=row["chat"]["id"], id=row["message_id"], body=row, author=author)


@dataclass(frozen=True, kw_only=True)
class File:
    """An uploaded file; its content is in the archive."""

    id: str
    unique_id: str
    path: str
    size: int
    name: str
    mime_type: str
    width: int = 0
    height: int = 0

    def _as_object(self) -> Object:
        return {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": self.size}

    def as_file(self) -> Object:
        """Give the Bot API's File."""
        return {**self._as_object(), "file_path": self.path}

    def as_photo(self) -> list[Object]:
        """Give the Bot API's list of PhotoSize: one, since nothing is scaled here."""
        return [{**self._as_object(), "width": self.width, "height": self.height}]

    def as_document(self) -> Object:
        """Give the Bot API's Document."""
        return {**self._as_object(), "file_name": self.name, "mime_type": self.mime_type}
