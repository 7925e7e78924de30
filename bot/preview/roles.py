"""What the bot can be made to be in a chat from the page, to see how it gets on: each in one word."""

from dataclasses import dataclass

from bot.preview.chats import Chat, ChatKind, Standing
from bot.preview.rights import may, usual_rights


@dataclass(frozen=True, kw_only=True)
class Role:
    """A standing with its rights, under the name that the page has for it."""

    name: str
    standing: Standing
    rights: frozenset[str] = frozenset()


_GONE = Role(name="removed", standing=Standing.KICKED)
_LEADING = Standing.ADMINISTRATOR
_IN_GROUP = (
    Role(name="member", standing=Standing.MEMBER),
    Role(name="administrator", standing=_LEADING, rights=usual_rights(ChatKind.SUPERGROUP, _LEADING)),
    Role(name="muted", standing=Standing.RESTRICTED),
    _GONE,
)
_POSTING = frozenset({"can_manage_chat", "can_post_messages", "can_edit_messages"})
ROLES: dict[ChatKind, tuple[Role, ...]] = {
    ChatKind.PRIVATE: (
        Role(name="welcome", standing=Standing.MEMBER),
        Role(name="blocked", standing=Standing.KICKED),
    ),
    ChatKind.GROUP: tuple(role for role in _IN_GROUP if role.name in ("member", "removed")),
    ChatKind.SUPERGROUP: _IN_GROUP,
    ChatKind.CHANNEL: (
        Role(name="posting", standing=_LEADING, rights=_POSTING),
        Role(name="silent", standing=_LEADING, rights=frozenset({"can_manage_chat"})),
        _GONE,
    ),
}


def role_of(chat: Chat, user_id: int) -> str:
    """Name what the bot is in a chat now."""
    member = chat.member(user_id)
    standing = member.standing if member else Standing.LEFT
    if not standing.is_inside:
        return ROLES[chat.kind][-1].name
    if chat.kind is ChatKind.CHANNEL:
        return "posting" if may(chat, member, "can_post_messages") else "silent"
    return next(
        (role.name for role in ROLES[chat.kind] if role.standing is standing), ROLES[chat.kind][0].name
    )
