"""Who is there: the bot, the people, and the chats with their members and rights."""

from bot.preview.archive import Archive, Table
from bot.preview.chats import Chat, ChatKind, Member, Object, Standing, User
from bot.preview.refusals import bad_request, chat_not_found, forbidden

BOT = User(id=4242, first_name="Nabla", username="nabla_local_bot", is_bot=True)
PEOPLE = (
    User(id=101, first_name="Ada", username="ada_local", language_code="en"),
    User(id=102, first_name="Blaise", username="blaise_local", language_code="fr"),
    User(id=103, first_name="Chen", username="chen_local", language_code="zh-hans"),
)
GROUP_ID = -1_000_000_000_001


class Directory:
    """Every person and chat that this Telegram knows."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.bot = BOT
        self.people: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}

    async def load(self) -> None:
        """Take up where an earlier run stopped, or begin with three people and a group."""
        for row in await self._archive.rows(Table.PEOPLE):
            self.people[row["id"]] = User(**row)
        for row in await self._archive.rows(Table.CHATS):
            self.chats[row["id"]] = Chat.from_row(row)
        if not self.chats:
            self._begin()

    def _begin(self) -> None:
        for person in PEOPLE:
            self.join(person)
            self.started(person.id)
        members = tuple(
            Member(user_id=user.id, standing=Standing.CREATOR if user is PEOPLE[0] else Standing.MEMBER)
            for user in (*PEOPLE, self.bot)
        )
        self.keep_chat(Chat(id=GROUP_ID, kind=ChatKind.SUPERGROUP, name="Study group", members=members))

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

    def writable(self, chat_id: int) -> Chat:
        """Find a chat in which the bot may write."""
        chat = self.chat(chat_id)
        member = chat.member(self.bot.id)
        if member is not None and member.standing.is_inside:
            return chat
        if chat.kind is ChatKind.PRIVATE:
            raise forbidden("bot was blocked by the user")
        if member is not None and member.standing is Standing.KICKED:
            raise forbidden(f"bot was kicked from the {chat.kind.value} chat")
        raise forbidden(f"bot is not a member of the {chat.kind.value} chat")

    def member_object(self, member: Member) -> Object:
        """Give the Bot API's ChatMember."""
        extra: Object = {}
        match member.standing:
            case Standing.CREATOR:
                extra = {"is_anonymous": False}
            case Standing.ADMINISTRATOR:
                extra = {"can_be_edited": False, "is_anonymous": False, **_all_rights(member.rights)}
            case Standing.KICKED:
                extra = {"until_date": 0}
        return {"user": self.user(member.user_id).as_object(), "status": member.standing.value, **extra}


def _all_rights(rights: frozenset[str]) -> Object:
    names = (
        "can_manage_chat",
        "can_delete_messages",
        "can_restrict_members",
        "can_post_messages",
        "can_edit_messages",
    )
    return {name: name in rights for name in names}
