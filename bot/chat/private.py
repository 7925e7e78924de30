"""Private chats: from an update to an event of the tutor."""

import re
from typing import NamedTuple

from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType, MessageEntityType

from bot.core.actions import parse
from bot.core.events import Chatter, ChatterKind, Command, Tap
from bot.store.base import UpdateKey
from bot.tutor.activities import Activities, GroupCommand, GroupTap, Place
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor

COMMAND = re.compile(r"/[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_]{3,32})?(?=\s|\Z)")
TYPED_LIMIT = 40  # characters of what is typed where a time is asked for; no time is longer
NAME_LIMIT = 64  # characters; Telegram's own, and a longer one could fill a message


def learner_of(update: Update) -> Learner | None:
    """Who acts in an update, if anybody does."""
    user = update.effective_user
    if user is None:
        return None
    return Learner(id=user.id, first_name=user.first_name[:NAME_LIMIT], language=user.language_code)


class TypedCommand(NamedTuple):
    """A command as it was typed; `to_us`: it names this bot."""

    name: str
    argument: str
    to_us: bool


def command_in(message: Message, username: str) -> TypedCommand | None:
    """The command in a message; None: there is none, or it is another bot's."""
    length = _command_length(message)
    if message.text is None or not length:
        return None
    name, at, target = message.text[1:length].partition("@")
    if at and target.lower() != username.lower():
        return None
    # Half a character (a lone surrogate) fits no store.
    argument = message.text[length:].encode(errors="replace").decode()
    return TypedCommand(name.lower(), argument.strip(), bool(at))


def _command_length(message: Message) -> int:
    """How long the command is that the text begins with, 0 without one: as marked, or as Telegram would mark it."""
    if not message.entities:  # a lean Bot API server marks nothing
        match = COMMAND.match(message.text or "")
        return match.end() if match else 0
    first = message.entities[0]
    return first.length if first.type == MessageEntityType.BOT_COMMAND and not first.offset else 0


async def _nobody() -> bool:
    """Nobody is in charge of a private chat."""
    return False


class PrivateChat:
    """One call of the tutor for each update."""

    def __init__(self, *, tutor: Tutor, activities: Activities, username: str) -> None:
        self._tutor = tutor
        self._activities = activities
        self._username = username

    async def on_message(self, message: Message, learner: Learner, key: UpdateKey) -> None:
        """A command, or something that is none."""
        command = command_in(message, self._username)
        if command is None:
            kind = ChatterKind.TEXT if message.text else ChatterKind.OTHER
            text = (message.text or "")[:TYPED_LIMIT].encode(errors="replace").decode()
            await self._tutor.handle(learner, Chatter(kind=kind, text=text), update=key)
        elif not await self._activities.private_command(
            GroupCommand(
                name=command.name,
                argument=command.argument,
                by=learner,
                place=Place(chat=learner.id),
                update=key,
                in_charge=_nobody,
            )
        ):
            event = Command(name=command.name, argument=command.argument, first_name=learner.first_name)
            await self._tutor.handle(learner, event, update=key)

    async def on_tap(self, query: CallbackQuery, learner: Learner, key: UpdateKey) -> None:
        """A button; one that was not pressed in the learner's own chat is told so."""
        message = query.message
        own = message is not None and message.chat.type == ChatType.PRIVATE and message.chat.id == learner.id
        data = query.data or ""
        screen, action, argument = parse(data if data.isascii() else "")  # ours always is
        tapped = GroupTap(
            code=screen,
            action=action,
            argument=argument,
            by=learner,
            chat=learner.id,
            callback=query.id,
            update=key,
            in_charge=_nobody,
            message=message.message_id if message else None,
        )
        if own and await self._activities.private_tap(tapped):
            return
        tap = Tap(key=screen if own else "", action=action, argument=argument)
        await self._tutor.handle(
            learner, tap, update=key, callback=query.id, message=message.message_id if message else None
        )
