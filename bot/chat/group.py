"""Groups: commands and buttons that work for everyone; other commands get one line and a link into the private chat.

Law: nothing about one person is posted. Whether somebody is an administrator is asked of Telegram each time.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from telegram import CallbackQuery, Message
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from bot.chat.lanes import BotCall
from bot.chat.pace import Jitter, Sleep
from bot.chat.patience import asked
from bot.chat.private import command_in
from bot.core.actions import Action, parse
from bot.core.events import SharedTap
from bot.core.menu import COMMANDS
from bot.store.base import UpdateKey
from bot.tutor.activities import Activities, GroupCommand, GroupTap, Place
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor

LINKS = {"learn": "l", "quiz": "q", "train": "t"}  # the private deep link that a command with a lesson opens
TRIES = 3  # to learn who is in charge, while the server is busy or away
IN_CHARGE = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})


def payload(name: str, argument: str) -> str:
    """What the private chat opens when the link is followed; a plain start where nothing is named."""
    lesson = argument.split(maxsplit=1)[0].lower() if argument.split() else ""
    plain = lesson.isascii() and lesson.replace("-", "").isalnum() and len(lesson) <= 40
    return f"{LINKS[name]}-{lesson}" if plain and name in LINKS else "start"


def thread_of(message: Message) -> int | None:
    """The forum topic that a message belongs to; None in the General one, and where a thread is only replies."""
    return message.message_thread_id if message.is_topic_message else None


class GroupChat:
    """What groups have together; other bots' commands and people's talk are left alone."""

    def __init__(
        self,
        *,
        tutor: Tutor,
        activities: Activities,
        call: BotCall,
        username: str,
        sleep: Sleep,
        jitter: Jitter,
    ) -> None:
        self._tutor = tutor
        self._activities = activities
        self._call = call
        self._username = username
        self._sleep = sleep
        self._jitter = jitter

    async def on_message(self, message: Message, learner: Learner, key: UpdateKey) -> None:
        """Answer a command that is ours; dismiss all else."""
        if message.migrate_to_chat_id or message.migrate_from_chat_id:
            await self._move(message)
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
        link = payload(command.name, command.argument)
        await self._tutor.tell(
            learner, "group.line", update=key, chat=message.chat.id, link=link, thread=thread
        )

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
            return message.sender_chat.id == message.chat.id
        return await self._has_rights(message.chat.id, learner.id)

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
