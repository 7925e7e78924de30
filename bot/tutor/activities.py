"""What goes on in groups over time: changed by taps, commands and time, said to the chat.

Law: an activity is changed by compare and swap, and what is said of it is committed with the change. A tap is
worked out in the line of who tapped, all else in the chat's. What a kind of activity does is the matter of its
own room (`Kind`); nothing here knows one.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.core.effects import OpenPrivate, Toast
from bot.errors import StaleError
from bot.store.base import Change, NewWord, Store, UpdateKey
from bot.store.groups import Activity
from bot.tutor.bursts import Bursts
from bot.tutor.gather import answer_word
from bot.tutor.kept import dumps
from bot.tutor.learner import Learner
from bot.tutor.tutor import Say, Tutor
from bot.view.message import Message
from bot.view.texts import pick

TRIES = 20  # at one change, when others are always quicker
InCharge = Callable[[], Awaitable[bool]]  # asks Telegram whether who acts is an administrator of the chat now


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in Telegram: a chat, and the forum topic in it."""

    chat: int
    thread: int | None = None

    @property
    def topic(self) -> Mapping[str, int]:
        """The topic as a message names it; nothing where there is none."""
        return {} if self.thread is None else {"message_thread_id": self.thread}


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupCommand:
    """A command in a group, and who sent it."""

    name: str
    argument: str
    by: Learner
    place: Place
    update: UpdateKey
    in_charge: InCharge


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupTap:
    """A button of an activity, and who pressed it; `code` is the activity's."""

    code: str
    action: str
    argument: str
    by: Learner
    chat: int
    callback: str
    update: UpdateKey
    in_charge: InCharge
    message: int | None = None  # the one with the button


class Kind(Protocol):
    """One kind of activity: a round, an experiment, a plan …"""

    async def wake(self, activity: Activity) -> None:
        """Its time has come; in the chat's line. It must change `due`, else it is woken again."""

    async def tap(self, activity: Activity, tap: GroupTap) -> None:
        """A button of it was pressed (it may be over); in the line of who pressed. Answers the tap, once."""


@runtime_checkable
class Leaves(Protocol):
    """A kind that does something of its own when the bot may not speak in a chat any more."""

    async def left(self, activity: Activity) -> None:
        """The bot was silenced where this goes on: pause it, or end it; nothing can be said there."""


class PrivateDoor(Protocol):
    """What a kind of activity does in private chats, for those who run chats; in the line of who acts."""

    async def private_command(self, command: GroupCommand) -> bool:
        """Do what a command says; False: there is nothing to do here, and it is not handled."""

    async def private_tap(self, tap: GroupTap) -> None:
        """A button of the kind was pressed in private; answers the tap, once."""


Handler = Callable[[GroupCommand], Awaitable[None]]
Said = tuple[str, Message, str | None]  # kind of word (`say`, `edit`, `strip`), message, key


class Activities:
    """All kinds there are, and what they have in common. Hook: `on_change` is told of every changed activity."""

    def __init__(self, *, tutor: Tutor, store: Store, say: Say, now: Callable[[], datetime]) -> None:
        self.tutor = tutor
        self.store = store
        self.now = now
        self.bursts = Bursts(now)
        self._say = say
        self._kinds: dict[str, Kind] = {}
        self._commands: dict[str, Handler] = {}
        self._commands_of: dict[tuple[str, str], Handler] = {}  # by command and kind
        self._doors: dict[str, PrivateDoor] = {}  # by command, and by the action of their buttons
        self.on_change: Callable[[], None] = lambda: None
        tutor.on_activity = self._changed

    def _changed(self) -> None:
        self.on_change()  # as it is set by now

    # what there is

    def add(self, name: str, kind: Kind) -> None:
        """Make a kind of activity known, under the name that the store has for it."""
        self._kinds[name] = kind

    def on_command(self, name: str, handler: Handler, *, kind: str | None = None) -> None:
        """Let a command in groups do something; it must mark the update handled.

        `kind`: only where such an activity goes on; of several, the one that was begun last answers. Where none
        does, the handler without a kind answers, or else the one that was added first.
        """
        if kind is not None:
            self._commands_of[name, kind] = handler
        if kind is None or name not in self._commands:
            self._commands[name] = handler

    def in_private(self, command: str, action: str, door: PrivateDoor) -> None:
        """Let a command and the buttons of an action do something in private chats."""
        self._doors |= {f"/{command}": door, action: door}

    async def private_command(self, command: GroupCommand) -> bool:
        """Do what a command says in private; False: it is no matter of these, and not handled."""
        door = self._doors.get(f"/{command.name}")
        return door is not None and await door.private_command(command)

    async def private_tap(self, tap: GroupTap) -> bool:
        """Hand over a tap in private; False: it is no matter of these, and not answered."""
        door = self._doors.get(tap.action)
        if door is not None:
            await door.private_tap(tap)
        return door is not None

    def kind(self, name: str) -> Kind | None:
        """A kind by its name; None if this version does not know it."""
        return self._kinds.get(name)

    def answers(self, command: str) -> bool:
        """Whether a command does something in groups."""
        return command in self._commands

    async def command(self, command: GroupCommand) -> None:
        """Do what a command says; in the chat's line."""
        handler = self._commands[command.name]
        if any(name == command.name for name, _ in self._commands_of):
            for each in await self.store.activities(chat=command.place.chat):
                if each.thread == command.place.thread:
                    handler = self._commands_of.get((command.name, each.kind), handler)
        await handler(command)

    async def tap(self, tap: GroupTap) -> bool:
        """Hand a tap to its activity; False: there is no such activity in this chat."""
        activity = await self.store.activity(tap.code) if tap.code else None
        if activity is None or activity.chat != tap.chat or activity.kind not in self._kinds:
            return False
        await self._kinds[activity.kind].tap(activity, tap)
        return True

    async def left(self, activity: Activity) -> None:
        """The bot may not speak where this goes on: its kind decides what becomes of it; else it ends."""
        kind = self._kinds.get(activity.kind)
        if isinstance(kind, Leaves):
            await kind.left(activity)
            return

        async def become(found: Activity) -> Change | None:
            return None if found.over else Change(learner=None, activity=replace(found, over=True, due=None))

        await self.swap(activity.code, become)

    async def going_on(self, kind: str, place: Place) -> Activity | None:
        """The one of a kind that goes on in a chat or topic."""
        found = await self.store.activities(chat=place.chat, kind=kind)
        return next((each for each in found if each.thread == place.thread), None)

    # changing and saying

    async def commit(self, change: Change) -> bool:
        """Commit, then say; False if the update was handled before. StaleError: read again, try again."""
        words = await self.tutor.commit(change)
        if change.activity is not None:
            self.on_change()
        self._say(words or ())
        return words is not None

    async def swap(self, code: str, become: Callable[[Activity], Awaitable[Change | None]]) -> bool:
        """Read an activity, make a change of it, commit; again while others are quicker.

        `become` gives None to leave it. False: it is not there, was left, or the update was handled before.
        """
        for _ in range(TRIES):
            activity = await self.store.activity(code)
            change = await become(activity) if activity else None
            if change is None:
                return False
            try:
                return await self.commit(change)
            except StaleError:
                continue
        raise StaleError(f"activity {code} changed {TRIES} times while one change was tried")

    def words(self, place: Place, said: Iterable[Said]) -> tuple[NewWord, ...]:
        """What is said to everybody in a chat, as words of nobody."""
        return tuple(
            NewWord(chat=place.chat, kind=kind, body=dumps({**message.as_json(), **place.topic}), key=key)
            for kind, message, key in said
        )

    async def answer(self, tap: GroupTap, text: str, *, alert: bool = False, **params: str | int) -> None:
        """Answer a tap that changes nothing, without keeping who pressed."""
        word = self.answer_word(tap, Toast(text=text, params=params, alert=alert))
        if await self.tutor.commit(Change(learner=None, update=tap.update)) is not None:
            self._say([self.tutor.unkept(word)])

    async def open_private(self, tap: GroupTap, payload: str) -> None:
        """Answer a tap that changes nothing by the bot's own link: the private chat shows what it names."""
        word = self.answer_word(tap, OpenPrivate(payload=payload))
        if await self.tutor.commit(Change(learner=None, update=tap.update)) is not None:
            self._say([self.tutor.unkept(word)])

    def renew(self, activity: Activity, message: Message, key: str) -> None:
        """Edit what stands in a chat, by a word that can be made anew at any time."""
        word = NewWord(chat=activity.chat, kind="edit", body=dumps(message.as_json()), key=key)
        self._say([self.tutor.unkept(word)])

    def answer_word(self, tap: GroupTap, toast: Toast | OpenPrivate) -> NewWord:
        """The answer to a tap, to be committed with what it changed."""
        stage = self.tutor.stage(pick(None, tap.by.language))
        return answer_word(stage, toast, chat=tap.by.id, callback=tap.callback)


def of(activity: Activity) -> Place:
    """Where an activity goes on."""
    return Place(chat=activity.chat, thread=activity.thread)


def due_again(activity: Activity, body: str, due: datetime | None) -> Activity:
    """The activity with a new state, to be woken at a time, or not at all."""
    return replace(activity, body=body, due=due)
