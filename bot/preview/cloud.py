"""What Telegram's servers know: people, chats, messages, open callback queries, and what happens to them.

Everything changes on the event loop, one whole event at a time; each change goes to the archive, to the
bot as an update, and to the pages as a frame. Ids come from the clock at the first start, so that they
grow even when the file was deleted in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.preview.archive import Archive, Table
from bot.preview.chats import Object, User
from bot.preview.directory import Directory
from bot.preview.ephemerals import Ephemerals
from bot.preview.limits import Limits
from bot.preview.menus import Menus, seen_by
from bot.preview.messages import File, Message
from bot.preview.taps import Taps, Waiting
from bot.preview.updates import UpdateKind, Updates

MOST_MESSAGES = 5_000
"""Messages kept in one chat; older ones are gone for the bot and the page."""
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_FIXED = (
    "message_id",
    "ephemeral_message_id",
    "from",
    "sender_chat",
    "receiver_user",
    "chat",
    "date",
    "message_thread_id",
    "is_topic_message",
    "reply_to_message",
    "forward_origin",
    "is_automatic_forward",
)
"""What an edit does not touch."""


@dataclass(kw_only=True)
class Cloud:
    """The local Telegram's memory; `listeners` get every frame for the page."""

    now: Callable[[], datetime]
    archive: Archive
    updates: Updates
    directory: Directory
    limits: Limits
    ephemerals: Ephemerals = field(default_factory=Ephemerals)
    messages: dict[int, dict[int, Message]] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    taps: Taps = field(default_factory=Taps)
    listeners: list[Callable[[Object], None]] = field(default_factory=list)
    webhook_trouble: Object = field(default_factory=dict)
    webhook_changed: Callable[[], None] = lambda: None
    _next_id: int = 0

    async def load(self) -> None:
        """Take up where an earlier run stopped, or begin with three people and their places."""
        first_id = int((self.now() - _EPOCH).total_seconds() * 1000)
        await self.updates.load(first_id=first_id)
        self._next_id = await self.archive.setting("next_id", first_id)
        self.settings = await self.archive.setting("bot", {})
        await self.directory.load()
        for row in await self.archive.rows(Table.FILES):
            self.files[row["id"]] = File(**row)
        for row in await self.archive.rows(Table.MESSAGES):
            message = Message.from_row(row)
            self.messages.setdefault(message.chat_id, {})[message.id] = message

    @property
    def bot(self) -> User:
        """Give the one bot that is here."""
        return self.directory.bot

    # what is said

    def find(self, chat_id: int, message_id: int) -> Message | None:
        """Find a message."""
        return self.messages.get(chat_id, {}).get(message_id)

    def edit(self, message: Message, content: Mapping[str, Any]) -> Message:
        """Give a message other content and show it."""
        body = {name: message.body[name] for name in _FIXED if name in message.body}
        return self.keep(replace(message, body={**body, "edit_date": self.seconds(), **content}))

    def delete(self, message: Message) -> None:
        """Take a message away."""
        if message.receiver is not None:
            self.ephemerals.drop(message)
            gone = {"chat_id": message.chat_id, "ephemeral_message_id": message.id}
            self.show({"type": "deleted", **gone, "receiver": message.receiver})
            return
        del self.messages[message.chat_id][message.id]
        self.archive.drop(Table.MESSAGES, (message.chat_id, message.id))
        self.show({"type": "deleted", "chat_id": message.chat_id, "message_id": message.id})

    def new_file(self, *, folder: str, name: str, mime_type: str, content: bytes, **size: int) -> File:
        """Take in an uploaded file; keywords `width` and `height` in pixels for pictures."""
        number = self.new_id()
        ending = name.rpartition(".")[2] if "." in name else "dat"
        file = File(
            id=f"local-{folder}-{number}",
            unique_id=f"u{number}",
            path=f"{folder}/file_{number}.{ending}",
            size=len(content),
            name=name,
            mime_type=mime_type,
            **size,
        )
        self.files[file.id] = file
        self.archive.keep(Table.FILES, (file.id,), vars(file), content)
        return file

    def keep(self, message: Message) -> Message:
        """Keep a message, new or changed, and show it; an ephemeral one is not kept on the disk."""
        if message.receiver is not None:
            self.ephemerals.keep(message)
            self.show({"type": "message", "message": message.body})
            return message
        chat = self.messages.setdefault(message.chat_id, {})
        chat[message.id] = message
        self.archive.keep(Table.MESSAGES, (message.chat_id, message.id), message.as_row())
        if len(chat) > MOST_MESSAGES:
            oldest = next(iter(chat))
            del chat[oldest]
            self.archive.drop(Table.MESSAGES, (message.chat_id, oldest))
        self.show({"type": "message", "message": message.body})
        return message

    # taps

    def tap(
        self, *, person: int, chat_id: int, message_id: int, data: str, ephemeral: bool = False
    ) -> tuple[str, Waiting]:
        """Let a person press a button; whether it is on the message is for the caller to know."""
        user, chat = self.directory.user(person), self.directory.chat(chat_id)
        message = (
            self.ephemerals.find(chat_id, person, message_id) if ephemeral else self.find(chat_id, message_id)
        )
        gone = {"chat": chat.as_object(), "message_id": message_id, "date": 0}
        query_id = str(self.bot.id * 10**15 + self.new_id())
        waiting = self.taps.open(query_id)
        self.ephemerals.tapped(query_id, chat=chat_id, person=person, at=self.now())
        body = {
            "id": query_id,
            "from": user.as_object(),
            "message": message.body if message else gone,
            "chat_instance": str(chat_id),
            "data": data,
        }
        self.updates.add(UpdateKind.CALLBACK_QUERY, body)
        return query_id, waiting

    # odds and ends

    def show(self, frame: Object) -> None:
        """Tell every page."""
        for listener in tuple(self.listeners):
            listener(frame)

    def set(self, name: str, value: object) -> None:
        """Keep one of the bot's own settings: commands, descriptions, webhook."""
        self.settings = {**self.settings, name: value}
        self.archive.keep(Table.SETTINGS, ("bot",), self.settings)

    def commands(self) -> list[Object]:
        """Give the commands that a person sees in a private chat, if nothing is said for them alone."""
        menus: Menus = self.settings.get("commands", {})
        return menus.get("all_private_chats:", menus.get("default:", []))

    def menu(self, *, person: int, chat_id: int) -> list[Object]:
        """Give the commands that this person sees in this chat."""
        menus: Menus = self.settings.get("commands", {})
        return seen_by(menus, chat=self.directory.chat(chat_id), user=self.directory.user(person))

    def new_id(self) -> int:
        """Give a number that was never given before."""
        self._next_id += 1
        self.archive.keep(Table.SETTINGS, ("next_id",), self._next_id)
        return self._next_id

    def seconds(self) -> int:
        """Give the time as the Bot API writes it."""
        return int(self.now().timestamp())
