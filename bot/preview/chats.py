"""Who is there and what was said: people, chats with their members, messages, files.

Values only. A message is kept as the very Bot API object that everybody gets to see, so that the bot,
the page and the archive cannot disagree about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Self, TypeAlias

Object: TypeAlias = dict[str, Any]
"""An object of the Bot API, ready for JSON."""


class ChatKind(Enum):
    """The Bot API's chat types."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Standing(Enum):
    """What somebody is in a chat: the Bot API's ChatMember statuses."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"

    @property
    def is_inside(self) -> bool:
        """Tell whether messages reach them."""
        return self not in (Standing.LEFT, Standing.KICKED)

    @property
    def is_in_charge(self) -> bool:
        """Tell whether they are listed as an administrator."""
        return self in (Standing.CREATOR, Standing.ADMINISTRATOR)


@dataclass(frozen=True, kw_only=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False

    def as_object(self) -> Object:
        """Give the Bot API's User."""
        user: Object = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code:
            user["language_code"] = self.language_code
        return user


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody's standing in a chat, with the rights an administrator was given."""

    user_id: int
    standing: Standing = Standing.MEMBER
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A place where messages are; a private chat's id is the person's id."""

    id: int
    kind: ChatKind
    name: str
    username: str | None = None
    members: tuple[Member, ...] = ()

    def member(self, user_id: int) -> Member | None:
        """Find somebody who is or was in the chat."""
        return next((member for member in self.members if member.user_id == user_id), None)

    def with_member(self, member: Member) -> Self:
        """Give the chat with this member's new standing."""
        others = tuple(other for other in self.members if other.user_id != member.user_id)
        return replace(self, members=(*others, member))

    def as_object(self) -> Object:
        """Give the Bot API's Chat."""
        name = "first_name" if self.kind is ChatKind.PRIVATE else "title"
        chat: Object = {"id": self.id, "type": self.kind.value, name: self.name}
        if self.username:
            chat["username"] = self.username
        return chat

    def as_row(self) -> Object:
        """Give what the archive keeps."""
        members = [
            {"user_id": member.user_id, "standing": member.standing.value, "rights": sorted(member.rights)}
            for member in self.members
        ]
        return {
            "id": self.id,
            "kind": self.kind.value,
            "name": self.name,
            "username": self.username,
            "members": members,
        }

    @classmethod
    def from_row(cls, row: Object) -> Self:
        """Read what the archive kept."""
        members = tuple(
            Member(
                user_id=member["user_id"],
                standing=Standing(member["standing"]),
                rights=frozenset(member["rights"]),
            )
            for member in row["members"]
        )
        return cls(**{**row, "kind": ChatKind(row["kind"]), "members": members})


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; `body` is the Bot API's Message."""

    chat_id: int
    id: int
    body: Mapping[str, Any]

    @property
    def sender_id(self) -> int:
        """Give the id of who wrote it."""
        return int(self.body["from"]["id"])

    def without_reply(self) -> Object:
        """Give it as it stands in an answer to it: replies are not nested."""
        return {name: value for name, value in self.body.items() if name != "reply_to_message"}

    def callback_data(self) -> set[str]:
        """List what its buttons say when they are pressed."""
        rows = self.body.get("reply_markup", {}).get("inline_keyboard", [])
        return {button["callback_data"] for row in rows for button in row if "callback_data" in button}


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
