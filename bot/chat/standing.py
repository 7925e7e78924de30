"""Asks Telegram how the bot and a person stand in a group or channel, each time anew.

Law: what Telegram does not say is no right; a busy or absent server is asked again, then its error is raised.
"""

from collections.abc import Mapping
from typing import Any

from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden

from bot.chat.lanes import BotCall
from bot.chat.pace import Jitter, Sleep
from bot.chat.patience import asked
from bot.tutor.standing import Standing

TRIES = 3
IN_CHARGE = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
OUTSIDE = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.BANNED})
PLACES = frozenset({ChatType.GROUP, ChatType.SUPERGROUP, ChatType.CHANNEL})


class Standings:
    """The questions, with the bot's own id."""

    def __init__(self, *, call: BotCall, me: int, sleep: Sleep, jitter: Jitter) -> None:
        self._call = call
        self._me = me
        self._sleep = sleep
        self._jitter = jitter

    async def of(self, target: int | str, person: int | None) -> Standing | None:
        """How both stand there; None: the bot is in no such group or channel. TelegramError: not to be learned now."""
        try:
            chat = await self._asked("getChat", {"chat_id": target})
            if chat.get("type") not in PLACES:
                return None
            own = await self._member(chat["id"], self._me)
            theirs = await self._member(chat["id"], person) if person is not None else {}
        except ChatMigrated as error:
            return await self.of(error.new_chat_id, person)
        except (BadRequest, Forbidden):
            return None
        if own.get("status") in {*OUTSIDE, None} or own.get("is_member") is False:
            return None
        return Standing(
            chat=chat["id"],
            kind=chat["type"],
            title=chat.get("title", ""),
            username=chat.get("username"),
            may_post=_may_post(chat, own),
            in_charge=theirs.get("status") in IN_CHARGE,
        )

    async def _member(self, chat: int, user: int) -> Mapping[str, Any]:
        try:
            return await self._asked("getChatMember", {"chat_id": chat, "user_id": user})
        except (BadRequest, Forbidden):  # a channel's list is closed to who is no administrator there
            return {}

    async def _asked(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await asked(
            self._call, method, params, tries=TRIES, sleep=self._sleep, jitter=self._jitter
        )
        return found


def _may_post(chat: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    status = own.get("status")
    if chat["type"] == ChatType.CHANNEL:
        return status == ChatMemberStatus.OWNER or own.get("can_post_messages") is True
    if status == ChatMemberStatus.RESTRICTED:
        return own.get("can_send_messages") is True
    permissions = chat.get("permissions") or {}
    return status in IN_CHARGE or permissions.get("can_send_messages", True) is True
