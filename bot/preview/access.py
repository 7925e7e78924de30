"""What the bot may do in a chat, checked in the order and with the words of the open Bot API server and of TDLib.

Members are checked first (403), then the topic, then the rights to write (400). What the real service says about a
closed topic comes from its own servers: `TOPIC_CLOSED`.
"""

from enum import Enum

from bot.preview.chats import GENERAL, Chat, ChatKind, Member, Standing
from bot.preview.refusals import Refused, bad_request, forbidden, thread_not_found, upgraded
from bot.preview.rights import is_allowed, may


class Access(Enum):
    """What a call wants of a chat, the mildest first."""

    READ = 0
    MEMBERS = 1
    EDIT = 2
    WRITE = 3


class Words(Enum):
    """What is written: its name in a refusal, and the permission that it needs in a group."""

    TEXT = ("text messages", "can_send_messages")
    PHOTO = ("photos", "can_send_photos")
    DOCUMENT = ("documents", "can_send_documents")
    STICKER = ("stickers", "can_send_other_messages")


def check_access(chat: Chat, member: Member | None, access: Access) -> None:
    """Refuse what somebody who is not, or no longer, in a chat cannot do there."""
    standing = member.standing if member else Standing.LEFT
    match chat.kind:
        case ChatKind.PRIVATE:
            if access is Access.WRITE and not standing.is_inside:
                raise forbidden("bot was blocked by the user")
        case ChatKind.GROUP:
            if chat.upgraded_to is not None and access in (Access.WRITE, Access.MEMBERS):
                raise upgraded(chat.upgraded_to)
            if not standing.is_inside and access is not Access.READ:
                raise _outside(chat, standing)
        case _:
            is_open = chat.username is not None and access in (Access.READ, Access.MEMBERS)
            if standing is Standing.KICKED or not (standing.is_inside or is_open):
                raise _outside(chat, standing)


def check_topic(chat: Chat, thread: int | None) -> None:
    """Refuse a topic that is not there; the General one is written to without its id."""
    if thread is not None and (thread == GENERAL or chat.topic(thread) is None):
        raise thread_not_found()


def check_write(chat: Chat, member: Member | None, words: Words, *, thread: int | None = None) -> None:
    """Refuse what somebody inside a chat may not write there."""
    if chat.kind is ChatKind.PRIVATE:
        return
    if chat.kind is ChatKind.CHANNEL:
        if not may(chat, member, "can_post_messages"):
            raise bad_request("need administrator rights in the channel chat")
        return
    what, permission = words.value
    if member is None or not is_allowed(chat, member, permission):
        raise bad_request(f"not enough rights to send {what} to the chat")
    topic = chat.topic(thread or GENERAL)
    if topic is not None and topic.closed and not may(chat, member, "can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def may_edit(chat: Chat, member: Member | None, *, is_own: bool) -> bool:
    """Tell whether somebody may change a message: their own, and in a channel with the right to."""
    if chat.upgraded_to is not None:
        return False
    if chat.kind is not ChatKind.CHANNEL:
        return is_own
    return may(chat, member, "can_edit_messages") or (is_own and may(chat, member, "can_post_messages"))


def may_delete(chat: Chat, member: Member | None, *, is_own: bool) -> bool:
    """Tell whether somebody may delete a message."""
    if chat.kind is ChatKind.PRIVATE:
        return True
    if may(chat, member, "can_delete_messages"):
        return True
    return is_own and (chat.kind is not ChatKind.CHANNEL or may(chat, member, "can_post_messages"))


def _outside(chat: Chat, standing: Standing) -> Refused:
    if standing is Standing.KICKED:
        return forbidden(f"bot was kicked from the {chat.kind.value} chat")
    return forbidden(f"bot is not a member of the {chat.kind.value} chat")
