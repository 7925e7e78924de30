"""Who is there: people, and chats with their members and topics. Values only."""

from dataclasses import asdict, dataclass, replace
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
    """Somebody's standing in a chat, with an administrator's rights or what a restricted member still may."""

    user_id: int
    standing: Standing = Standing.MEMBER
    rights: frozenset[str] = frozenset()


GENERAL = 1
"""The id of a forum's General topic; its messages carry none."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of a forum; its id is that of the message that opened it."""

    id: int
    name: str
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A place where messages are; a private chat's id is the person's id."""

    id: int
    kind: ChatKind
    name: str
    username: str | None = None
    members: tuple[Member, ...] = ()
    denied: frozenset[str] = frozenset()
    """Permissions that a group's plain members do not have."""
    topics: tuple[Topic, ...] = ()
    """The topics of a forum, the General one first; none if it is no forum."""
    linked: int | None = None
    """A channel's discussion group, or that group's channel."""
    upgraded_to: int | None = None
    """The supergroup that a basic group became."""

    def member(self, user_id: int) -> Member | None:
        """Find somebody who is or was in the chat."""
        return next((member for member in self.members if member.user_id == user_id), None)

    def with_member(self, member: Member) -> Self:
        """Give the chat with this member's new standing."""
        others = tuple(other for other in self.members if other.user_id != member.user_id)
        return replace(self, members=(*others, member))

    def topic(self, topic_id: int) -> Topic | None:
        """Find a topic."""
        return next((topic for topic in self.topics if topic.id == topic_id), None)

    def with_topic(self, topic: Topic) -> Self:
        """Give the chat with this topic new or as it is now."""
        if self.topic(topic.id) is None:
            return replace(self, topics=(*self.topics, topic))
        return replace(self, topics=tuple(topic if old.id == topic.id else old for old in self.topics))

    def as_object(self) -> Object:
        """Give the Bot API's Chat."""
        name = "first_name" if self.kind is ChatKind.PRIVATE else "title"
        chat: Object = {"id": self.id, "type": self.kind.value, name: self.name}
        if self.username:
            chat["username"] = self.username
        if self.topics:
            chat["is_forum"] = True
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
            "denied": sorted(self.denied),
            "topics": [asdict(topic) for topic in self.topics],
            "linked": self.linked,
            "upgraded_to": self.upgraded_to,
        }

    @classmethod
    def from_row(cls, row: Object) -> Self:
        """Read what the archive kept; one written before there were topics knows less."""
        members = tuple(
            Member(
                user_id=member["user_id"],
                standing=Standing(member["standing"]),
                rights=frozenset(member["rights"]),
            )
            for member in row["members"]
        )
        return cls(
            id=row["id"],
            kind=ChatKind(row["kind"]),
            name=row["name"],
            username=row["username"],
            members=members,
            denied=frozenset(row.get("denied", ())),
            topics=tuple(Topic(**topic) for topic in row.get("topics", ())),
            linked=row.get("linked"),
            upgraded_to=row.get("upgraded_to"),
        )
