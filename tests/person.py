"""Tests that read like a conversation: a person in a local Telegram of this process.

    ada = Person(local)
    await ada.send("/start")
    await ada.says("Welcome")
    answer = await ada.tap("Start")

Waiting has no polling: every frame that the page would get is seen here too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from bot.preview.server import LocalTelegram

ADA, BLAISE, CHEN = 101, 102, 103


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back from a tap."""

    text: str | None
    show_alert: bool
    url: str | None


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as a person sees it; `text` is the caption where there is one."""

    id: int
    text: str
    entities: list[dict[str, Any]]
    buttons: list[list[str]]
    photo: str | None
    """File id of the picture."""
    document: str | None
    """File id of the document."""
    edited: bool
    body: dict[str, Any]

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Read a Bot API Message."""
        rows = body.get("reply_markup", {}).get("inline_keyboard", [])
        return cls(
            id=body["message_id"],
            text=body.get("text", body.get("caption", "")),
            entities=body.get("entities", body.get("caption_entities", [])),
            buttons=[[button["text"] for button in row] for row in rows],
            photo=body["photo"][-1]["file_id"] if "photo" in body else None,
            document=body["document"]["file_id"] if "document" in body else None,
            edited="edit_date" in body,
            body=body,
        )

    def button(self, label: str) -> dict[str, Any] | None:
        """Find a button whose label is this, or else starts with it."""
        rows = self.body.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = [button for row in rows for button in row]
        exact = (button for button in buttons if button["text"] == label)
        return next(exact, next((button for button in buttons if button["text"].startswith(label)), None))


class Person:
    """Somebody who writes, taps, and reads what the bot says in one chat, or in one topic of a forum."""

    def __init__(
        self, local: LocalTelegram, person: int = ADA, *, chat: int | None = None, thread: int | None = None
    ) -> None:
        self.local = local
        self.id = person
        self.chat = person if chat is None else chat
        self.thread = thread
        self._unseen: list[Message] = []
        self._heard = asyncio.Event()
        self.leave: Callable[[], None] = local.listen(self._on_frame)

    async def send(self, text: str, *, reply_to: int | None = None) -> None:
        """Write a message; the bot's answer is for `says`."""
        await self.local.join(self.id)
        await self.local.send(
            person=self.id, chat=self.chat, text=text, reply_to=reply_to, thread=self.thread
        )

    async def send_sticker(self) -> None:
        """Send a sticker."""
        await self.local.join(self.id)
        await self.local.send(person=self.id, chat=self.chat, sticker=True)

    async def tap(self, label: str, *, message: Message | None = None, timeout_s: float = 10) -> Answer:
        """Press the newest button with this label, or that starts so, and wait for the answer."""
        query_id = await self.press(label, message=message)
        async with asyncio.timeout(timeout_s):
            answer = await self.local.answer_to(query_id)
        assert answer is not None, f"the tap on {label!r} was never answered"
        return Answer(text=answer.text, show_alert=answer.show_alert, url=answer.url)

    async def press(self, label: str, *, message: Message | None = None) -> str:
        """Press a button and do not wait; gives the callback query's id."""
        await self.local.join(self.id)
        looked_at = [message] if message else list(reversed(self.messages()))
        for candidate in looked_at:
            if button := candidate.button(label):
                assert "callback_data" in button, f"the button {label!r} is a link: {button}"
                data = button["callback_data"]
                return await self.local.tap(person=self.id, chat=self.chat, message=candidate.id, data=data)
        seen = [candidate.buttons for candidate in looked_at[:3]]
        raise AssertionError(f"no message has a button {label!r}; the newest have {seen}")

    async def says(
        self, contains: str | None = None, *, button: str | None = None, timeout_s: float = 10
    ) -> Message:
        """Wait for the bot's next message or edit in this chat, not yet seen, with the words and the button."""
        passed: list[str] = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    while self._unseen:
                        message = self._unseen.pop(0)
                        has_words = contains is None or contains in message.text
                        if has_words and (button is None or message.button(button)):
                            return message
                        passed.append(message.text)
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise AssertionError(f"the bot did not say {contains!r}; it said {passed}") from None

    async def has_said(self, contains: str) -> Message:
        """Give the newest message with the words, waiting for it if it is not there yet."""
        there = [message for message in self.messages() if contains in message.text]
        return there[-1] if there else await self.says(contains)

    def last(self) -> Message:
        """Give the bot's newest message as it is now."""
        said = [message for message in self.messages() if self._is_said(message.body)]
        assert said, "the bot has said nothing"
        return said[-1]

    def messages(self) -> list[Message]:
        """Give the chat (or the topic) as it is now, oldest first."""
        return [Message.of(body) for body in self.local.messages(self.chat) if self._is_here(body)]

    async def download(self, file_id: str) -> bytes:
        """Read a picture or document that the bot sent."""
        content = await self.local.content(file_id)
        assert content is not None, f"there is no file {file_id}"
        return content

    def _on_frame(self, frame: dict[str, Any]) -> None:
        body = frame.get("message", {})
        if frame["type"] == "message" and body["chat"]["id"] == self.chat and self._is_said(body):
            self._unseen.append(Message.of(body))
            self._heard.set()

    def _is_said(self, body: dict[str, Any]) -> bool:
        """Whether the bot says it here, to this person: in a channel nobody is named, and its posts all count."""
        sender = body.get("from", {"id": self.local.bot.id})
        receiver = body.get("receiver_user", {"id": self.id})
        return sender["id"] == self.local.bot.id and receiver["id"] == self.id and self._is_here(body)

    def _is_here(self, body: dict[str, Any]) -> bool:
        thread = body.get("message_thread_id") if body.get("is_topic_message") else None
        return self.thread is None or thread == self.thread
