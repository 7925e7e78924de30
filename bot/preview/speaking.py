"""How a message comes into a chat, who it seems to come from, and whether the bot hears of it.

A channel's posts have no `from` but the channel as `sender_chat`, and come into its discussion group as automatic
forwards in the name of Telegram's own account. A hidden administrator writes in the name of the group. A topic's
messages carry its id; outside of topics `message_thread_id` only tells which message began a thread of replies.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from bot.preview.access import Words, check_topic, check_write, may_delete, may_edit
from bot.preview.chats import Chat, ChatKind, Object
from bot.preview.cloud import Cloud
from bot.preview.content import content_of
from bot.preview.directory import ANONYMOUS_BOT, SERVICE
from bot.preview.messages import Message
from bot.preview.refusals import bad_request, upgraded
from bot.preview.rights import ANONYMOUS
from bot.preview.updates import UpdateKind


class Told(Enum):
    """Whether the bot hears of it."""

    NOBODY = "its own words, and what was before it came"
    WHAT_IT_MAY_HEAR = "what people say: privacy mode decides"
    ALL = "service messages, which every bot in the chat gets"


def speak(
    cloud: Cloud,
    chat: Chat,
    content: Mapping[str, Any],
    *,
    author: int,
    thread: int | None = None,
    reply_to: Message | None = None,
    as_group: bool = False,
    message_id: int | None = None,
    receiver: int | None = None,
    told: Told = Told.NOBODY,
) -> Message:
    """Put a new message into a chat and show it; a channel's post goes into its discussion group as well."""
    around: Object = {
        **_sender(cloud, chat, author, as_group),
        "chat": chat.as_object(),
        "date": cloud.seconds(),
    }
    around |= _thread(chat, thread, reply_to)
    if reply_to is not None:
        around["reply_to_message"] = reply_to.without_reply()
    message_id = message_id or cloud.new_id()
    body = {**_number(cloud, message_id, receiver), **around, **content}
    message = cloud.keep(Message(chat_id=chat.id, id=message_id, body=body, author=author, receiver=receiver))
    _tell(cloud, message, told)
    if chat.kind is ChatKind.CHANNEL:
        _forward(cloud, chat, message)
    return message


def change(
    cloud: Cloud, message: Message, content: Mapping[str, Any], *, told: Told = Told.NOBODY
) -> Message:
    """Give a message other content; its automatic forward changes with it."""
    changed = cloud.edit(message, content)
    _tell(cloud, changed, told, edited=True)
    copy = forward_of(cloud, changed)
    if copy is not None:
        _tell(cloud, cloud.edit(copy, _copied(changed)), Told.WHAT_IT_MAY_HEAR, edited=True)
    return changed


def say(
    cloud: Cloud,
    *,
    person: int,
    chat_id: int,
    content: Mapping[str, Any],
    edit_of: int | None = None,
    thread: int | None = None,
    reply_to: int | None = None,
) -> Message:
    """Let a person write, or edit what they wrote; the bot hears of it if it may."""
    cloud.directory.user(person)
    if chat_id == person:
        cloud.directory.started(person)
    chat = _entered(cloud, chat_id, person)
    if edit_of is not None:
        message = _editable(cloud, chat, edit_of, person)
        return change(cloud, message, content, told=Told.WHAT_IT_MAY_HEAR)
    replied = cloud.find(chat_id, reply_to) if reply_to is not None else None
    thread = thread if thread is not None else (replied.thread if replied else None)
    check_topic(chat, thread)
    words = Words.STICKER if "sticker" in content else Words.TEXT
    check_write(chat, chat.member(person), words, thread=thread)
    return speak(
        cloud,
        chat,
        content,
        author=person,
        thread=thread,
        reply_to=replied,
        told=Told.WHAT_IT_MAY_HEAR,
    )


def take_away(cloud: Cloud, *, person: int, chat_id: int, message_id: int) -> None:
    """Let a person delete a message; Telegram tells no bot."""
    chat = _entered(cloud, chat_id, person)
    message = cloud.find(chat_id, message_id)
    if message is None:
        raise bad_request("message to delete not found")
    if not may_delete(chat, chat.member(person), is_own=message.author == person):
        raise bad_request("message can't be deleted")
    cloud.delete(message)


def forward_of(cloud: Cloud, message: Message) -> Message | None:
    """Find a channel post's automatic forward."""
    channel = cloud.directory.chats.get(message.chat_id)
    if channel is None or channel.kind is not ChatKind.CHANNEL:
        return None
    for copy in reversed(cloud.messages.get(channel.linked or 0, {}).values()):
        origin = copy.body.get("forward_origin", {}) if copy.body.get("is_automatic_forward") else {}
        if origin.get("message_id") == message.id:
            return copy
    return None


def _entered(cloud: Cloud, chat_id: int, person: int) -> Chat:
    chat = cloud.directory.chat(chat_id)
    if chat.upgraded_to is not None:
        raise upgraded(chat.upgraded_to)
    member = chat.member(person)
    if member is None or not member.standing.is_inside:
        raise bad_request("the person is not a member of the chat")
    return chat


def _editable(cloud: Cloud, chat: Chat, message_id: int, person: int) -> Message:
    message = cloud.find(chat.id, message_id)
    if message is None or not may_edit(chat, chat.member(person), is_own=message.author == person):
        raise bad_request("message can't be edited")
    return message


def _sender(cloud: Cloud, chat: Chat, author: int, as_group: bool) -> Object:
    if chat.kind is ChatKind.CHANNEL:
        return {"sender_chat": chat.as_object()}
    member = chat.member(author)
    hides = member is not None and member.standing.is_in_charge and ANONYMOUS in member.rights
    if as_group or hides:
        return {"from": ANONYMOUS_BOT.as_object(), "sender_chat": chat.as_object()}
    return {"from": cloud.directory.user(author).as_object()}


def _number(cloud: Cloud, message_id: int, receiver: int | None) -> Object:
    if receiver is None:
        return {"message_id": message_id}
    seen_by = cloud.directory.user(receiver).as_object()
    return {"message_id": 0, "ephemeral_message_id": message_id, "receiver_user": seen_by}


def _thread(chat: Chat, thread: int | None, reply_to: Message | None) -> Object:
    if thread is not None:
        return {"message_thread_id": thread, "is_topic_message": True}
    if reply_to is None or chat.kind is not ChatKind.SUPERGROUP:
        return {}
    return {"message_thread_id": reply_to.body.get("message_thread_id", reply_to.id)}


def _forward(cloud: Cloud, channel: Chat, post: Message) -> None:
    group = cloud.directory.chats.get(channel.linked or 0)
    if group is None:
        return
    origin = {
        "type": "channel",
        "chat": channel.as_object(),
        "message_id": post.id,
        "date": post.body["date"],
    }
    message_id = cloud.new_id()
    body = {
        "message_id": message_id,
        "from": SERVICE.as_object(),
        "sender_chat": channel.as_object(),
        "chat": group.as_object(),
        "date": cloud.seconds(),
        "forward_origin": origin,
        "is_automatic_forward": True,
        **_copied(post),
    }
    copy = cloud.keep(Message(chat_id=group.id, id=message_id, body=body, author=SERVICE.id))
    _tell(cloud, copy, Told.WHAT_IT_MAY_HEAR)


def _copied(post: Message) -> Object:
    """A forward keeps a keyboard only if all of it are links: taps belong to the post (not in the reference)."""
    keyboard = post.body.get("reply_markup", {}).get("inline_keyboard", [])
    links = keyboard and all("url" in button for row in keyboard for button in row)
    return content_of(post.body) | ({"reply_markup": post.body["reply_markup"]} if links else {})


def _tell(cloud: Cloud, message: Message, told: Told, *, edited: bool = False) -> None:
    chat = cloud.directory.chats[message.chat_id]
    member = chat.member(cloud.bot.id)
    if told is Told.NOBODY or member is None or not member.standing.is_inside:
        return
    hears_all = chat.kind is ChatKind.PRIVATE or member.standing.is_in_charge
    if not (hears_all or told is Told.ALL or _is_for_bot(cloud, message)):
        return
    if chat.kind is ChatKind.CHANNEL:
        kind = UpdateKind.EDITED_CHANNEL_POST if edited else UpdateKind.CHANNEL_POST
    else:
        kind = UpdateKind.EDITED_MESSAGE if edited else UpdateKind.MESSAGE
    cloud.updates.add(kind, message.body)


def _is_for_bot(cloud: Cloud, message: Message) -> bool:
    """Privacy mode: of a group's talk the bot gets commands meant for it and replies to itself."""
    reply_to = message.body.get("reply_to_message", {}).get("from", {})
    if reply_to.get("id") == cloud.bot.id:
        return True
    text = str(message.body.get("text", ""))
    if not text.startswith("/"):
        return False
    _, at, name = text.split(maxsplit=1)[0].partition("@")
    return not at or name.lower() == str(cloud.bot.username).lower()
