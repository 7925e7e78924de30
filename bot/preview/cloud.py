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
from bot.preview.chats import Chat, ChatKind, File, Member, Message, Object, Standing, User
from bot.preview.directory import Directory
from bot.preview.refusals import bad_request
from bot.preview.taps import Taps, Waiting
from bot.preview.updates import UpdateKind, Updates

MOST_MESSAGES = 5_000
"""Messages kept in one chat; older ones are gone for the bot and the page."""
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Cloud:
    """The local Telegram's memory; `listeners` get every frame for the page."""

    now: Callable[[], datetime]
    archive: Archive
    updates: Updates
    directory: Directory
    messages: dict[int, dict[int, Message]] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    taps: Taps = field(default_factory=Taps)
    listeners: list[Callable[[Object], None]] = field(default_factory=list)
    webhook_trouble: Object = field(default_factory=dict)
    webhook_changed: Callable[[], None] = lambda: None
    _next_id: int = 0

    async def load(self) -> None:
        """Take up where an earlier run stopped, or begin with three people and a group."""
        first_id = int((self.now() - _EPOCH).total_seconds() * 1000)
        await self.updates.load(first_id=first_id)
        self._next_id = await self.archive.setting("next_id", first_id)
        self.settings = await self.archive.setting("bot", {})
        await self.directory.load()
        for row in await self.archive.rows(Table.FILES):
            self.files[row["id"]] = File(**row)
        for row in await self.archive.rows(Table.MESSAGES):
            message = Message(chat_id=row["chat"]["id"], id=row["message_id"], body=row)
            self.messages.setdefault(message.chat_id, {})[message.id] = message

    @property
    def bot(self) -> User:
        """Give the one bot that is here."""
        return self.directory.bot

    def set_standing(self, *, chat_id: int, standing: Standing, by: int) -> None:
        """Change what the bot is in a chat (blocking it is KICKED in private), and tell it."""
        chat = self.directory.chat(chat_id)
        old = chat.member(self.bot.id) or Member(user_id=self.bot.id, standing=Standing.LEFT)
        new = replace(old, standing=standing)
        self.directory.keep_chat(chat.with_member(new))
        self.updates.add(
            UpdateKind.MY_CHAT_MEMBER,
            {
                "chat": chat.as_object(),
                "from": self.directory.user(by).as_object(),
                "date": self._seconds(),
                "old_chat_member": self.directory.member_object(old),
                "new_chat_member": self.directory.member_object(new),
            },
        )

    # what is said

    def find(self, chat_id: int, message_id: int) -> Message | None:
        """Find a message."""
        return self.messages.get(chat_id, {}).get(message_id)

    def post(self, chat: Chat, content: Mapping[str, Any], *, sender: User | None = None) -> Message:
        """Put a new message into a chat and show it; the bot is the sender unless another is named."""
        message_id = self.new_id()
        author = (sender or self.bot).as_object()
        body = {
            "message_id": message_id,
            "from": author,
            "chat": chat.as_object(),
            "date": self._seconds(),
            **content,
        }
        return self._keep(Message(chat_id=chat.id, id=message_id, body=body))

    def edit(self, message: Message, content: Mapping[str, Any]) -> Message:
        """Give a message other content and show it."""
        fixed = ("message_id", "from", "chat", "date", "reply_to_message")
        body = {name: message.body[name] for name in fixed if name in message.body}
        return self._keep(replace(message, body={**body, "edit_date": self._seconds(), **content}))

    def delete(self, message: Message) -> None:
        """Take a message away."""
        del self.messages[message.chat_id][message.id]
        self.archive.drop(Table.MESSAGES, (message.chat_id, message.id))
        self.show({"type": "deleted", "chat_id": message.chat_id, "message_id": message.id})

    def say(
        self, *, person: int, chat_id: int, content: Mapping[str, Any], edit_of: int | None = None
    ) -> Message:
        """Let a person write, or edit what they wrote; the bot hears of it if it may."""
        user = self.directory.user(person)
        if chat_id == person:
            self.directory.started(person)
        chat = self.directory.chat(chat_id)
        member = chat.member(person)
        if member is None or not member.standing.is_inside:
            raise bad_request("the person is not a member of the chat")
        if edit_of is None:
            message, kind = self.post(chat, content, sender=user), UpdateKind.MESSAGE
        else:
            message, kind = self.edit(self._own(chat_id, edit_of, person), content), UpdateKind.EDITED_MESSAGE
        if self._bot_hears(chat, message):
            self.updates.add(kind, message.body)
        return message

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

    def _own(self, chat_id: int, message_id: int, person: int) -> Message:
        message = self.find(chat_id, message_id)
        if message is None or message.sender_id != person:
            raise bad_request("message can't be edited")
        return message

    def _keep(self, message: Message) -> Message:
        chat = self.messages.setdefault(message.chat_id, {})
        chat[message.id] = message
        self.archive.keep(Table.MESSAGES, (message.chat_id, message.id), message.body)
        if len(chat) > MOST_MESSAGES:
            oldest = next(iter(chat))
            del chat[oldest]
            self.archive.drop(Table.MESSAGES, (message.chat_id, oldest))
        self.show({"type": "message", "message": message.body})
        return message

    def _bot_hears(self, chat: Chat, message: Message) -> bool:
        """Privacy mode: in groups the bot gets commands meant for it and replies to itself."""
        member = chat.member(self.bot.id)
        if member is None or not member.standing.is_inside:
            return False
        if chat.kind is ChatKind.PRIVATE or member.standing.is_in_charge:
            return True
        reply_to = message.body.get("reply_to_message", {}).get("from", {})
        return reply_to.get("id") == self.bot.id or self._is_command(str(message.body.get("text", "")))

    def _is_command(self, text: str) -> bool:
        if not text.startswith("/"):
            return False
        _, at, name = text.split(maxsplit=1)[0].partition("@")
        return not at or name.lower() == str(self.bot.username).lower()

    # taps

    def tap(self, *, person: int, chat_id: int, message_id: int, data: str) -> tuple[str, Waiting]:
        """Let a person press a button; whether it is on the message is for the caller to know."""
        user, chat = self.directory.user(person), self.directory.chat(chat_id)
        message = self.find(chat_id, message_id)
        gone = {"chat": chat.as_object(), "message_id": message_id, "date": 0}
        query_id = str(self.bot.id * 10**15 + self.new_id())
        waiting = self.taps.open(query_id)
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
        """Give the commands that a person sees in a private chat."""
        scopes: dict[str, list[Object]] = self.settings.get("commands", {})
        return scopes.get("all_private_chats:", scopes.get("default:", []))

    def new_id(self) -> int:
        """Give a number that was never given before."""
        self._next_id += 1
        self.archive.keep(Table.SETTINGS, ("next_id",), self._next_id)
        return self._next_id

    def _seconds(self) -> int:
        return int(self.now().timestamp())
