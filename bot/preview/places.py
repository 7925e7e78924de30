"""What happens to chats: who may do what in them, topics, a group that becomes a supergroup."""

from dataclasses import replace

from bot.preview.chats import GENERAL, Chat, ChatKind, Member, Standing, Topic
from bot.preview.cloud import Cloud
from bot.preview.directory import FORUM_ID, PEOPLE
from bot.preview.frames import chat_frame
from bot.preview.refusals import bad_request, thread_not_found
from bot.preview.rights import PERMISSIONS, checked_rights, usual_rights
from bot.preview.speaking import Told, speak
from bot.preview.updates import UpdateKind

FIRST_TOPICS = ("Homework", "Exam talk")
_ICON_COLOR = 7322096  # the first of the six that Telegram gives to new topics
_SHIFT = 10**12  # what lies between a supergroup's own number and its Bot API id


def furnish(cloud: Cloud) -> None:
    """Open the first topics of a forum that is new; the bot was not there yet and hears nothing of it."""
    if FORUM_ID not in cloud.directory.added or PEOPLE[0].id not in cloud.directory.people:
        return
    for name in FIRST_TOPICS:
        open_topic(cloud, FORUM_ID, name, by=PEOPLE[0].id, is_told=False)


def set_standing(
    cloud: Cloud, *, chat_id: int, user_id: int, standing: Standing, by: int, rights: frozenset[str] | None
) -> None:
    """Change what somebody is in a chat, and tell the bot if it is itself; no rights named: as before, or the usual."""
    chat = cloud.directory.chat(chat_id)
    old = chat.member(user_id) or Member(user_id=user_id, standing=Standing.LEFT)
    if rights is None:
        rights = old.rights if standing is old.standing else usual_rights(chat.kind, standing)
    checked_rights(chat.kind, standing, rights)
    new = replace(old, standing=standing, rights=rights)
    show_chat(cloud, chat.with_member(new))
    if user_id != cloud.bot.id:
        return
    cloud.updates.add(
        UpdateKind.MY_CHAT_MEMBER,
        {
            "chat": chat.as_object(),
            "from": cloud.directory.user(by).as_object(),
            "date": cloud.seconds(),
            "old_chat_member": cloud.directory.member_object(chat, old),
            "new_chat_member": cloud.directory.member_object(chat, new),
        },
    )


def set_permissions(cloud: Cloud, chat_id: int, permissions: frozenset[str]) -> None:
    """Set what a group's plain members may."""
    checked_rights(ChatKind.SUPERGROUP, Standing.RESTRICTED, permissions)
    chat = cloud.directory.chat(chat_id)
    show_chat(cloud, replace(chat, denied=frozenset(PERMISSIONS) - permissions))


def open_chat(cloud: Cloud, *, name: str, kind: ChatKind, people: tuple[int, ...], is_forum: bool) -> Chat:
    """Make a chat with these people, the first one as its creator, and the bot."""
    members = tuple(
        Member(user_id=person, standing=Standing.MEMBER if number else Standing.CREATOR)
        for number, person in enumerate(people)
    )
    bot = Member(user_id=cloud.bot.id)
    if kind is ChatKind.CHANNEL:  # a bot can be in a channel as an administrator only
        bot = replace(bot, standing=Standing.ADMINISTRATOR, rights=usual_rights(kind, Standing.ADMINISTRATOR))
    number = cloud.new_id()
    chat = Chat(
        id=-number if kind is ChatKind.GROUP else -_SHIFT - number,
        kind=kind,
        name=name,
        members=(*members, bot),
        topics=(Topic(id=GENERAL, name="General"),) if is_forum else (),
    )
    show_chat(cloud, chat)
    return chat


def open_topic(cloud: Cloud, chat_id: int, name: str, *, by: int, is_told: bool = True) -> Topic:
    """Open a topic; its id is the id of the message that says so."""
    chat = cloud.directory.chat(chat_id)
    if not chat.topics:
        raise bad_request("the chat is not a forum")
    created = {"forum_topic_created": {"name": name, "icon_color": _ICON_COLOR}}
    topic = Topic(id=cloud.new_id(), name=name)
    show_chat(cloud, chat.with_topic(topic))
    told = Told.ALL if is_told else Told.NOBODY
    speak(cloud, chat, created, author=by, thread=topic.id, message_id=topic.id, told=told)
    return topic


def close_topic(cloud: Cloud, chat_id: int, topic_id: int, *, by: int, closed: bool = True) -> None:
    """Close a topic, or open it again; only administrators write in a closed one."""
    chat = cloud.directory.chat(chat_id)
    show_chat(cloud, chat.with_topic(replace(_topic(chat, topic_id), closed=closed)))
    name = "forum_topic_closed" if closed else "forum_topic_reopened"
    thread = None if topic_id == GENERAL else topic_id
    speak(cloud, chat, {name: {}}, author=by, thread=thread, told=Told.ALL)


def delete_topic(cloud: Cloud, chat_id: int, topic_id: int) -> None:
    """Delete a topic with all that was said in it; Telegram tells no bot."""
    chat = cloud.directory.chat(chat_id)
    topic = _topic(chat, topic_id)
    if topic.id == GENERAL:
        raise bad_request("the General topic can't be deleted")
    for message in [each for each in cloud.messages.get(chat_id, {}).values() if each.thread == topic.id]:
        cloud.delete(message)
    show_chat(cloud, replace(chat, topics=tuple(each for each in chat.topics if each.id != topic.id)))


def migrate(cloud: Cloud, chat_id: int) -> Chat:
    """Turn a basic group into a supergroup with another id; both say so, and the old messages stay behind."""
    old = cloud.directory.chat(chat_id)
    if old.kind is not ChatKind.GROUP or old.upgraded_to is not None:
        raise bad_request("the chat is not a basic group")
    creator = next(member.user_id for member in old.members if member.standing is Standing.CREATOR)
    new = replace(old, id=-_SHIFT - cloud.new_id(), kind=ChatKind.SUPERGROUP)
    show_chat(cloud, new)
    speak(cloud, old, {"migrate_to_chat_id": new.id}, author=creator, told=Told.ALL)
    show_chat(cloud, replace(old, upgraded_to=new.id))
    speak(cloud, new, {"migrate_from_chat_id": old.id}, author=creator, as_group=True, told=Told.ALL)
    return new


def show_chat(cloud: Cloud, chat: Chat) -> None:
    """Keep a chat as it is now, and tell the pages."""
    cloud.directory.keep_chat(chat)
    cloud.show({"type": "chat", "chat": chat_frame(chat)})


def _topic(chat: Chat, topic_id: int) -> Topic:
    topic = chat.topic(topic_id)
    if topic is None:
        raise thread_not_found()
    return topic
