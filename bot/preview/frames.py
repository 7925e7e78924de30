"""What the page is told about a chat: the Bot API's Chat, who is in it, and what each of them may do there."""

from bot.preview.chats import Chat, ChatKind, Member, Object, Standing
from bot.preview.directory import BOT
from bot.preview.rights import ANONYMOUS, is_allowed, may
from bot.preview.roles import ROLES, role_of


def chat_frame(chat: Chat) -> Object:
    """Describe a chat for the page."""
    inside = [member for member in chat.members if member.standing.is_inside]
    return {
        **chat.as_object(),
        "members": [member.user_id for member in inside],
        "powers": {str(member.user_id): _powers(chat, member) for member in inside},
        "topics": [{"id": topic.id, "name": topic.name, "closed": topic.closed} for topic in chat.topics],
        "role": role_of(chat, BOT.id),
        "roles": [role.name for role in ROLES[chat.kind]],
        "linked_chat_id": chat.linked,
        "upgraded_to": chat.upgraded_to,
    }


def _powers(chat: Chat, member: Member) -> Object:
    if chat.kind is ChatKind.PRIVATE:
        return {
            "writes": True,
            "deletes": True,
            "leads": False,
            "hides": False,
            "hidden": False,
            "owns": True,
        }
    if chat.kind is ChatKind.CHANNEL:
        writes = may(chat, member, "can_post_messages")
    else:
        writes = is_allowed(chat, member, "can_send_messages")
    return {
        "writes": writes and chat.upgraded_to is None,
        "deletes": may(chat, member, "can_delete_messages"),
        "leads": may(chat, member, "can_manage_topics"),
        "hides": member.standing.is_in_charge and chat.kind is not ChatKind.CHANNEL,
        "hidden": member.standing.is_in_charge and ANONYMOUS in member.rights,
        "owns": member.standing is Standing.CREATOR,
    }
