"""What Telegram says of rights: of a person in a chat, and of the bot there; asked each time.

Law: a refusal is an answer (then nobody may); only a server that cannot be asked now is an error.
"""

from collections.abc import Mapping
from typing import Any

from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.chat.lanes import BotCall
from bot.chat.pace import Jitter, Sleep
from bot.chat.patience import asked
from bot.errors import AwayError
from bot.tutor.targets import Rights

IN_CHARGE = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
OUTSIDE = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.BANNED})
TRIES = 3  # while the server is busy or away
NOBODY: Mapping[str, Any] = {"status": ChatMemberStatus.LEFT}


def person_may(kind: str, member: Mapping[str, Any]) -> bool:
    """Whether somebody may have something posted in a chat: who is in charge, in a channel with the right to post."""
    status = member.get("status")
    if kind == ChatType.CHANNEL and status == ChatMemberStatus.ADMINISTRATOR:
        return bool(member.get("can_post_messages"))
    return status in IN_CHARGE


def bot_may(kind: str, member: Mapping[str, Any], permissions: Mapping[str, Any]) -> bool:
    """Whether the bot may post texts; `permissions`: those of a group's plain members."""
    status = member.get("status")
    if kind == ChatType.CHANNEL:
        return status == ChatMemberStatus.ADMINISTRATOR and bool(member.get("can_post_messages"))
    if status == ChatMemberStatus.RESTRICTED:
        return bool(member.get("is_member")) and bool(member.get("can_send_messages"))
    if status == ChatMemberStatus.MEMBER:
        return bool(permissions.get("can_send_messages", True))
    return status in IN_CHARGE


class RightsDesk:
    """Asks the Bot API server; `bot`: the bot's own id."""

    def __init__(self, *, call: BotCall, bot: int, sleep: Sleep, jitter: Jitter) -> None:
        self._call = call
        self._bot = bot
        self._sleep = sleep
        self._jitter = jitter

    async def __call__(self, target: int | str, person: int | None) -> Rights:
        """Rights in a chat, by its id or @name; AwayError if Telegram cannot be asked now."""
        try:
            return await self._rights(target, person)
        except ChatMigrated as error:
            return await self._rights(error.new_chat_id, person)

    async def _rights(self, target: int | str, person: int | None) -> Rights:
        outside = Rights(chat=target if isinstance(target, int) else 0, is_inside=False)
        chat = await self._ask("getChat", chat_id=target)
        if chat is None:
            return outside
        number, kind = int(chat["id"]), str(chat["type"])
        if number > 0:  # a private chat is no place for a post
            return outside
        bot = await self._ask("getChatMember", chat_id=number, user_id=self._bot) or NOBODY
        known = Rights(
            chat=number,
            kind=kind,
            title=str(chat.get("title", "")),
            username=chat.get("username"),
            is_forum=bool(chat.get("is_forum")),
            is_inside=bot.get("status") not in OUTSIDE,
        )
        if not known.is_inside:
            return known
        member = NOBODY
        if person is not None:
            member = await self._ask("getChatMember", chat_id=number, user_id=person) or NOBODY
        return Rights(
            chat=known.chat,
            kind=known.kind,
            title=known.title,
            username=known.username,
            is_forum=known.is_forum,
            person_may=person_may(kind, member),
            bot_may=bot_may(kind, bot, chat.get("permissions") or {}),
        )

    async def _ask(self, method: str, **params: int | str) -> Mapping[str, Any] | None:
        """The answer; None if Telegram refuses one."""
        try:
            answer: Mapping[str, Any] = await asked(
                self._call, method, params, tries=TRIES, sleep=self._sleep, jitter=self._jitter
            )
        except ChatMigrated:
            raise
        except (BadRequest, Forbidden, InvalidToken):
            return None
        except TelegramError as error:
            raise AwayError(f"{method} got no answer ({type(error).__name__}); try again later") from None
        return answer
