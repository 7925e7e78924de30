"""Groups: commands and buttons that work for everyone; other commands get one line and a link into the private chat.

Law: nothing about one person is posted. Whether somebody is an administrator is asked of Telegram each time.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from bot.chat.lanes import BotCall
from bot.chat.pace import Jitter, Sleep
from bot.chat.patience import asked
from bot.chat.private import command_in
from bot.chat.rights import IN_CHARGE, OUTSIDE, bot_may
from bot.core.actions import Action, parse
from bot.core.events import SharedTap
from bot.core.menu import COMMANDS
from bot.store.base import UpdateKey
from bot.store.groups import KnownChat, KnownTopic
from bot.tutor.activities import Activities, GroupCommand, GroupTap, Place
from bot.tutor.chats import Chats
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor

LINKS = {"learn": "l", "quiz": "q", "train": "t"}  # the private deep link that a command with a lesson opens
TOPIC_LIMIT = 128  # characters of a topic's name, as in Telegram
TRIES = 3  # to learn who is in charge, while the server is busy or away


def payload(name: str, argument: str) -> str:
    """What the private chat opens when the link is followed; a plain start where nothing is named."""
    lesson = argument.split(maxsplit=1)[0].lower() if argument.split() else ""
    plain = lesson.isascii() and lesson.replace("-", "").isalnum() and len(lesson) <= 40
    return f"{LINKS[name]}-{lesson}" if plain and name in LINKS else "start"


def thread_of(message: Message) -> int | None:
    """The forum topic that a message belongs to; None in the General one, and where a thread is only replies."""
    return message.message_thread_id if message.is_topic_message else None


def topic_of(message: Message) -> KnownTopic | None:
    """The topic that a message opens, names, or belongs to where its name can be seen."""
    opening = message
    if message.forum_topic_created is None and message.reply_to_message is not None:
        opening = message.reply_to_message  # what stands in a topic replies to the message that opened it
    news = opening.forum_topic_created or message.forum_topic_edited
    thread = thread_of(message)
    if thread is None or news is None or not news.name:
        return None
    return KnownTopic(chat=message.chat.id, thread=thread, name=news.name[:TOPIC_LIMIT])


def known(chat: Chat, *, inside: bool = True) -> KnownChat:
    """A chat as Telegram describes it."""
    return KnownChat(
        chat=chat.id, kind=chat.type, title=chat.title or "", username=chat.username, inside=inside
    )


def may_speak(kind: str, member: ChatMember) -> bool:
    """Whether the bot may post, as far as its own standing tells."""
    return bot_may(kind, member.to_dict(), {})


class GroupChat:
    """What groups have together; other bots' commands and people's talk are left alone."""

    def __init__(
        self,
        *,
        tutor: Tutor,
        activities: Activities,
        chats: Chats,
        call: BotCall,
        username: str,
        sleep: Sleep,
        jitter: Jitter,
    ) -> None:
        self._tutor = tutor
        self._activities = activities
        self._chats = chats
        self._call = call
        self._username = username
        self._sleep = sleep
        self._jitter = jitter

    async def on_message(self, message: Message, learner: Learner, key: UpdateKey) -> None:
        """Answer a command that is ours; dismiss all else."""
        if message.migrate_to_chat_id or message.migrate_from_chat_id:
            await self._move(message)
        if message.forum_topic_created or message.forum_topic_edited:
            await self._on_topic(message, key)
            return
        command = None if message.is_automatic_forward else command_in(message, self._username)
        if command is None or not (command.name in COMMANDS or command.to_us):
            await self._tutor.dismiss(key)
            return
        thread = thread_of(message)
        if self._activities.answers(command.name):
            await self._activities.command(
                GroupCommand(
                    name=command.name,
                    argument=command.argument,
                    by=learner,
                    place=Place(chat=message.chat.id, thread=thread),
                    update=key,
                    in_charge=partial(self._is_in_charge, message, learner),
                )
            )
            return
        if self._activities.bursts.too_many(message.chat.id, ("group.line", learner.id)):
            await self._tutor.dismiss(key)
            return
        link = payload(command.name, command.argument)
        await self._tutor.tell(
            learner, "group.line", update=key, chat=message.chat.id, link=link, thread=thread
        )

    async def _on_topic(self, message: Message, key: UpdateKey) -> None:
        """A topic was opened or got another name."""
        topic = topic_of(message)
        if topic is None:
            await self._tutor.dismiss(key)
        else:
            await self._chats.topic(known(message.chat), topic, update=key)

    async def on_standing(self, news: ChatMemberUpdated, key: UpdateKey) -> None:
        """The bot was let into a chat or out of it, or may do more or less there."""
        kind = news.chat.type
        may, might = may_speak(kind, news.new_chat_member), may_speak(kind, news.old_chat_member)
        inside = news.new_chat_member.status not in OUTSIDE
        by = None if news.from_user.is_bot else news.from_user.id
        await self._chats.standing(known(news.chat, inside=inside), by=by, may=may, might=might, update=key)

    async def on_tap(self, query: CallbackQuery, learner: Learner, key: UpdateKey) -> None:
        """An option of a post, or a button of what goes on here; whoever presses it."""
        code, action, argument = parse(query.data or "")
        chat = query.message.chat.id if query.message else 0
        tap = GroupTap(
            code=code,
            action=action,
            argument=argument,
            by=learner,
            chat=chat,
            callback=query.id,
            update=key,
            in_charge=partial(self._has_rights, chat, learner.id),
            message=query.message.message_id if query.message else None,
        )
        if action == Action.OPTION or not await self._activities.tap(tap):
            event = SharedTap(code=code if action == Action.OPTION else "", argument=argument)
            await self._tutor.handle(learner, event, update=key, callback=query.id)

    async def _move(self, message: Message) -> None:
        """The group has become a supergroup; each of the two says so, whichever is heard first."""
        old = message.migrate_from_chat_id or message.chat.id
        await self._tutor.move(old, message.migrate_to_chat_id or message.chat.id)

    async def _is_in_charge(self, message: Message, learner: Learner) -> bool:
        """Whether Telegram says so now; who writes as the group itself is one of its administrators."""
        if message.sender_chat is not None:
            may, who = message.sender_chat.id == message.chat.id, None
        else:
            may, who = await self._has_rights(message.chat.id, learner.id), learner.id
        if may:
            await self._chats.met(known(message.chat), run_by=who, topic=topic_of(message))
        return may

    async def _has_rights(self, chat: int, user: int) -> bool:
        try:
            member = await self._member(chat, user)
        except (BadRequest, Forbidden, InvalidToken):  # Telegram does not say so: then nobody is
            return False
        return member.get("status") in IN_CHARGE

    async def _member(self, chat: int, user: int) -> Mapping[str, Any]:
        """What somebody is in a group now, also where it has just got a new id."""
        try:
            return await self._asked(chat, user)
        except ChatMigrated as error:
            return await self._asked(error.new_chat_id, user)

    async def _asked(self, chat: int, user: int) -> Mapping[str, Any]:
        member: Mapping[str, Any] = await asked(
            self._call,
            "getChatMember",
            {"chat_id": chat, "user_id": user},
            tries=TRIES,
            sleep=self._sleep,
            jitter=self._jitter,
        )
        return member
