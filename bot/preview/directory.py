"""Who is there: the bot, the people, and the chats with their members and rights."""

from dataclasses import replace

from bot.preview.access import Access, check_access
from bot.preview.archive import Archive, Table
from bot.preview.chats import GENERAL, Chat, ChatKind, Member, Object, Standing, Topic, User
from bot.preview.refusals import bad_request, chat_not_found
from bot.preview.rights import standing_fields

BOT = User(id=4242, first_name="Nabla", username="nabla_local_bot", is_bot=True)
PEOPLE = (
    User(id=101, first_name="Ada", username="ada_local", language_code="en"),
    User(id=102, first_name="Blaise", username="blaise_local", language_code="fr"),
    User(id=103, first_name="Chen", username="chen_local", language_code="zh-hans"),
)
ANONYMOUS_BOT = User(id=1087968824, first_name="Group", username="GroupAnonymousBot", is_bot=True)
"""Telegram's own account in whose name hidden administrators write in their group."""
SERVICE = User(id=777000, first_name="Telegram")
"""Telegram's own account in whose name a channel's posts come into its discussion group."""
GROUP_ID = -1_000_000_000_001
FORUM_ID = -1_000_000_000_011
CHANNEL_ID = -1_000_000_000_012
DISCUSSION_ID = -1_000_000_000_013
_GROUP = ChatKind.SUPERGROUP
_PLACES = (
    Chat(id=GROUP_ID, kind=_GROUP, name="Study group"),
    Chat(id=FORUM_ID, kind=_GROUP, name="Course forum", topics=(Topic(id=GENERAL, name="General"),)),
    Chat(
        id=CHANNEL_ID,
        kind=ChatKind.CHANNEL,
        name="Daily questions",
        username="daily_local",
        linked=DISCUSSION_ID,
    ),
    Chat(id=DISCUSSION_ID, kind=_GROUP, name="Daily questions chat", linked=CHANNEL_ID),
)
_POSTING = frozenset({"can_manage_chat", "can_post_messages", "can_edit_messages"})


class Directory:
    """Every person and chat that this Telegram knows."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.bot = BOT
        self.people: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.added: set[int] = set()
        """Places that were not there before this start."""

    async def load(self) -> None:
        """Take up where an earlier run stopped, or begin with three people; places that are new are added to both."""
        for row in await self._archive.rows(Table.PEOPLE):
            self.people[row["id"]] = User(**row)
        chats = await self._archive.rows(Table.CHATS)
        for row in sorted(chats, key=lambda row: abs(row["id"])):  # as they were opened: ids of groups fall
            self.chats[row["id"]] = Chat.from_row(row)
        if not self.chats:
            for person in PEOPLE:
                self.join(person)
                self.started(person.id)
        for place in _PLACES:
            if place.id not in self.chats:
                self.added.add(place.id)
                self.keep_chat(replace(place, members=self._first_members(place)))

    def _first_members(self, place: Chat) -> tuple[Member, ...]:
        standings = {PEOPLE[0].id: Standing.CREATOR}
        people = tuple(
            Member(user_id=user.id, standing=standings.get(user.id, Standing.MEMBER))
            for user in PEOPLE
            if user.id in self.people
        )
        if place.kind is ChatKind.CHANNEL:
            return (*people, Member(user_id=BOT.id, standing=Standing.ADMINISTRATOR, rights=_POSTING))
        return (*people, Member(user_id=BOT.id))

    def join(self, person: User) -> None:
        """Let somebody into this Telegram; their private chat opens with their first message."""
        self.people[person.id] = person
        self._archive.keep(Table.PEOPLE, (person.id,), vars(person))

    def started(self, person: int) -> None:
        """Open a person's private chat, as pressing Start does."""
        user = self.user(person)
        if person not in self.chats:
            members = (Member(user_id=person), Member(user_id=self.bot.id))
            self.keep_chat(
                Chat(
                    id=person,
                    kind=ChatKind.PRIVATE,
                    name=user.first_name,
                    username=user.username,
                    members=members,
                )
            )

    def keep_chat(self, chat: Chat) -> None:
        """Keep a chat as it is now."""
        self.chats[chat.id] = chat
        self._archive.keep(Table.CHATS, (chat.id,), chat.as_row())

    def user(self, user_id: int) -> User:
        """Find a person or the bot."""
        if user_id == self.bot.id:
            return self.bot
        if user_id not in self.people:
            raise bad_request("user not found")
        return self.people[user_id]

    def chat(self, chat_id: int) -> Chat:
        """Find a chat that the bot has seen."""
        if chat_id not in self.chats:
            raise chat_not_found()
        return self.chats[chat_id]

    def named(self, username: str) -> Chat:
        """Find a public group or channel by its name, capitals or not; people cannot be named so."""
        for chat in self.chats.values():
            is_public = chat.kind is not ChatKind.PRIVATE and chat.username
            if is_public and str(chat.username).lower() == username.lower():
                return chat
        raise chat_not_found()

    def accessible(self, chat: Chat, access: Access) -> Chat:
        """Refuse a chat in which the bot may not do this."""
        check_access(chat, chat.member(self.bot.id), access)
        return chat

    def member_object(self, chat: Chat, member: Member) -> Object:
        """Give the Bot API's ChatMember."""
        return {"user": self.user(member.user_id).as_object(), **standing_fields(chat.kind, member)}
