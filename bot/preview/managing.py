"""What administrators do from the page: hide their name, change what the bot is, open, close and delete topics."""

from bot.preview import places
from bot.preview.chats import Chat, ChatKind, Member, Standing
from bot.preview.cloud import Cloud
from bot.preview.refusals import bad_request, upgraded
from bot.preview.rights import ANONYMOUS, may
from bot.preview.roles import ROLES

LONGEST_NAME = 128
"""Characters in a topic's name (Bot API, createForumTopic)."""


def manage(cloud: Cloud, *, person: int, chat_id: int, what: object, value: object) -> None:
    """Do what an administrator asks; refused if it is not theirs to do."""
    chat = cloud.directory.chat(chat_id)
    if chat.upgraded_to is not None:
        raise upgraded(chat.upgraded_to)
    member = chat.member(person)
    if member is None or not member.standing.is_inside:
        raise bad_request("the person is not a member of the chat")
    match what:
        case "role":
            _give_role(cloud, chat, member, value)
        case "hide":
            _hide(cloud, chat, member, bool(value))
        case "open_topic":
            _check(may(chat, member, "can_manage_topics"))
            places.open_topic(cloud, chat_id, _topic_name(value), by=person)
        case "close_topic" | "reopen_topic" | "delete_topic" if isinstance(value, int):
            _check(may(chat, member, "can_manage_topics"))
            if what == "delete_topic":
                places.delete_topic(cloud, chat_id, value)
            else:
                places.close_topic(cloud, chat_id, value, by=person, closed=what == "close_topic")
        case _:
            raise bad_request("unknown frame")


def _give_role(cloud: Cloud, chat: Chat, member: Member, name: object) -> None:
    _check(chat.kind is ChatKind.PRIVATE or member.standing is Standing.CREATOR)
    role = next((role for role in ROLES[chat.kind] if role.name == name), None)
    if role is None:
        raise bad_request("there is no such role in this chat")
    places.set_standing(
        cloud,
        chat_id=chat.id,
        user_id=cloud.bot.id,
        standing=role.standing,
        by=member.user_id,
        rights=role.rights,
    )


def _hide(cloud: Cloud, chat: Chat, member: Member, hidden: bool) -> None:
    _check(member.standing.is_in_charge and chat.kind in (ChatKind.GROUP, ChatKind.SUPERGROUP))
    places.set_standing(
        cloud,
        chat_id=chat.id,
        user_id=member.user_id,
        standing=member.standing,
        by=member.user_id,
        rights=member.rights | {ANONYMOUS} if hidden else member.rights - {ANONYMOUS},
    )


def _topic_name(value: object) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    return name


def _check(allowed: bool) -> None:
    if not allowed:
        raise bad_request("not enough rights to manage the chat")
