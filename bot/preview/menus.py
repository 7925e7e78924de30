"""Which of the bot's command lists somebody sees: the first one that was set, in the Bot API's order.

A list is kept under one key, such as `default:`, `chat:fr:-100` or `chat_member::-100:7`: scope, language, ids.
Source: "Determining list of commands" in the Bot API's reference.
"""

from collections.abc import Iterator
from typing import TypeAlias

from bot.preview.chats import Chat, ChatKind, Object, User

Menus: TypeAlias = dict[str, list[Object]]
"""The bot's lists of BotCommand under their keys."""
KINDS = (
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
)


def key_of(kind: str, language: str, *ids: int) -> str:
    """Give the key of a list."""
    return ":".join([kind, language, *map(str, ids)])


def seen_by(menus: Menus, *, chat: Chat, user: User) -> list[Object]:
    """Give the list that somebody sees in a chat; nothing in a channel, where nobody gives commands."""
    if chat.kind is ChatKind.CHANNEL:
        return []
    language = (user.language_code or "")[:2]  # BotCommandScope knows the two-letter ones
    for kind, *ids in _scopes(chat, user):
        for key in (key_of(kind, language, *ids), key_of(kind, "", *ids)):
            if key in menus:
                return menus[key]
    return []


def _scopes(chat: Chat, user: User) -> Iterator[tuple[str, *tuple[int, ...]]]:
    if chat.kind is ChatKind.PRIVATE:
        yield "chat", chat.id
        yield ("all_private_chats",)
    else:
        member = chat.member(user.id)
        in_charge = member is not None and member.standing.is_in_charge
        yield "chat_member", chat.id, user.id
        if in_charge:
            yield "chat_administrators", chat.id
        yield "chat", chat.id
        if in_charge:
            yield ("all_chat_administrators",)
        yield ("all_group_chats",)
    yield ("default",)
