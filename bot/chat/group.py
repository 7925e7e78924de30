"""Groups: a command gets one line and a link into the private chat; nothing about one person is posted."""

from telegram import CallbackQuery, Message

from bot.chat.private import command_in
from bot.core.menu import COMMANDS
from bot.store.base import UpdateKey
from bot.tutor.tutor import Tutor
from bot.tutor.words import Learner

LINKS = {"learn": "l", "quiz": "q", "train": "t"}  # the private deep link that a command with a lesson opens


def payload(name: str, argument: str) -> str:
    """What the private chat opens when the link is followed; a plain start where nothing is named."""
    lesson = argument.split(maxsplit=1)[0].lower() if argument.split() else ""
    plain = lesson.isascii() and lesson.replace("-", "").isalnum() and len(lesson) <= 40
    return f"{LINKS[name]}-{lesson}" if plain and name in LINKS else "start"


class GroupChat:
    """One line for a command; other bots' commands and people's talk are left alone."""

    def __init__(self, *, tutor: Tutor, username: str) -> None:
        self._tutor = tutor
        self._username = username

    async def on_message(self, message: Message, learner: Learner, key: UpdateKey) -> None:
        """Answer a command that is ours; dismiss all else."""
        command = command_in(message, self._username)
        if command is None or not (command.name in COMMANDS or command.to_us):
            await self._tutor.dismiss(key)
            return
        await self._tutor.tell(
            learner,
            "group.line",
            update=key,
            chat=message.chat.id,
            link=payload(command.name, command.argument),
            thread=message.message_thread_id if message.is_topic_message else None,
        )

    async def on_tap(self, query: CallbackQuery, learner: Learner, key: UpdateKey) -> None:
        """No message of a group has buttons of ours yet: whatever comes is forged or stale."""
        await self._tutor.tell(learner, "group.elsewhere", update=key, callback=query.id)
