"""What people do in this Telegram, for the page and for tests: they write, tap, delete, and run their chats."""

from collections.abc import Iterable

from bot.preview import places, speaking
from bot.preview.archive import Archive
from bot.preview.chats import ChatKind, Object, Standing, Topic, User
from bot.preview.cloud import Cloud
from bot.preview.content import person_text
from bot.preview.content import sticker as sticker_content
from bot.preview.taps import Answer


class People:
    """Everybody's hands; whatever Telegram would not let them do is refused and changes nothing."""

    _cloud: Cloud
    _archive: Archive

    # what they say

    async def send(
        self,
        *,
        person: int,
        chat: int,
        text: str | None = None,
        sticker: bool = False,
        edit_of: int | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> int:
        """Let a person say something (in a forum's topic), or edit what they said; gives the message's id."""
        said = speaking.say(
            self._cloud,
            person=person,
            chat_id=chat,
            content=sticker_content() if sticker else person_text(text or ""),
            edit_of=edit_of,
            thread=thread,
            reply_to=reply_to,
        )
        await self._archive.settled()
        return said.id

    async def tap(self, *, person: int, chat: int, message: int, data: str, ephemeral: bool = False) -> str:
        """Let a person press a button, or forge it; gives the callback query's id."""
        query_id, _ = self._cloud.tap(
            person=person, chat_id=chat, message_id=message, data=data, ephemeral=ephemeral
        )
        await self._archive.settled()
        return query_id

    async def answer_to(self, query_id: str) -> Answer | None:
        """Wait for the bot's answer to a tap; None if it came too late or never."""
        return await self._cloud.taps.answer_to(query_id)

    async def delete(self, *, person: int, chat: int, message: int) -> None:
        """Let a person delete a message: their own, in private any, elsewhere with the right to."""
        speaking.take_away(self._cloud, person=person, chat_id=chat, message_id=message)
        await self._archive.settled()

    # who is where

    async def join(self, person: int, *, first_name: str = "", language_code: str = "en") -> None:
        """Let one more person into this Telegram; their private chat opens with their first message."""
        if person not in self._cloud.directory.people:
            name = first_name or f"Learner {person}"
            self._cloud.directory.join(User(id=person, first_name=name, language_code=language_code))
            await self._archive.settled()

    async def set_standing(
        self,
        *,
        chat: int,
        standing: Standing,
        by: int,
        person: int | None = None,
        rights: Iterable[str] | None = None,
    ) -> None:
        """Change what the bot (or a person) is in a chat: in private, KICKED blocks it and MEMBER lets it in again.

        `rights` are an administrator's, or what a RESTRICTED one still may, by the Bot API's names; with
        `is_anonymous` an administrator writes as the group. Left out: as before, else the usual ones (an administrator
        nearly all, a restricted member nothing). The bot is told of its own.
        """
        places.set_standing(
            self._cloud,
            chat_id=chat,
            user_id=self._cloud.bot.id if person is None else person,
            standing=standing,
            by=by,
            rights=None if rights is None else frozenset(rights),
        )
        await self._archive.settled()

    async def set_permissions(self, *, chat: int, permissions: Iterable[str]) -> None:
        """Set what a group's plain members may, by the names of ChatPermissions; all others they may not."""
        places.set_permissions(self._cloud, chat, frozenset(permissions))
        await self._archive.settled()

    # chats and topics

    async def open_chat(
        self,
        name: str,
        *,
        people: Iterable[int],
        kind: ChatKind = ChatKind.GROUP,
        is_forum: bool = False,
    ) -> int:
        """Make a chat with these people (the first creates it) and the bot; gives its id. The bot is not told."""
        chat = places.open_chat(self._cloud, name=name, kind=kind, people=tuple(people), is_forum=is_forum)
        await self._archive.settled()
        return chat.id

    async def migrate(self, chat: int) -> int:
        """Turn a basic group into a supergroup; gives the new id."""
        new = places.migrate(self._cloud, chat)
        await self._archive.settled()
        return new.id

    async def open_topic(self, *, chat: int, name: str, by: int) -> int:
        """Open a topic in a forum; gives its id."""
        topic = places.open_topic(self._cloud, chat, name, by=by)
        await self._archive.settled()
        return topic.id

    async def close_topic(self, *, chat: int, topic: int, by: int) -> None:
        """Close a topic (1 is the General one): only administrators write in it from now on."""
        places.close_topic(self._cloud, chat, topic, by=by)
        await self._archive.settled()

    async def reopen_topic(self, *, chat: int, topic: int, by: int) -> None:
        """Open a closed topic again."""
        places.close_topic(self._cloud, chat, topic, by=by, closed=False)
        await self._archive.settled()

    async def delete_topic(self, *, chat: int, topic: int) -> None:
        """Delete a topic and all that was said in it."""
        places.delete_topic(self._cloud, chat, topic)
        await self._archive.settled()

    # what they see

    def messages(self, chat: int) -> list[Object]:
        """List a chat's messages as Bot API objects, oldest first."""
        return [dict(message.body) for message in self._cloud.messages.get(chat, {}).values()]

    def ephemeral_messages(self, chat: int, person: int) -> list[Object]:
        """List what this person alone sees in a chat, oldest first."""
        return [dict(message.body) for message in self._cloud.ephemerals.seen_by(chat, person)]

    def topics(self, chat: int) -> tuple[Topic, ...]:
        """List a forum's topics, the General one first."""
        return self._cloud.directory.chat(chat).topics

    def menu(self, *, person: int, chat: int) -> list[Object]:
        """List the bot's commands that a person sees in a chat."""
        return self._cloud.menu(person=person, chat_id=chat)
