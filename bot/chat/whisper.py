"""A message in a group that one person alone sees: Telegram's ephemeral messages (Bot API 10.2 and 10.3).

Law: what is meant for one person is never said in public. An older server passes over parameters that it does not
know and would post for everybody; so it is asked once, by a method that only a newer one has, before anything is
sent, and each answer is looked at: were one public after all, it is deleted and the layer is off for good. Whatever
goes wrong, `say` is False and the caller answers the tap as it always could.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.chat.lanes import BotCall, pause_s
from bot.chat.pace import Jitter, Sleep
from bot.chat.patience import asked
from bot.chat.words import Json

log = logging.getLogger(__name__)

TRIES = 4  # to take back what should not stand there
AT_ONCE = 16  # in a storm of taps the others get alerts: nobody's answer waits in a line
IN_TIME_S = 3.0  # a tap is answered by then, one way or the other
NO_MESSAGE = 2_147_483_647  # an id that no message has


class Whispers:
    """Says what one person alone shall see, where the server can; clock: monotonic seconds."""

    def __init__(self, *, call: BotCall, clock: Callable[[], float], sleep: Sleep, jitter: Jitter) -> None:
        self._call = call
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._able: bool | None = None  # None: not known yet
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._not_before: dict[int, float] = {}  # chats that asked for a pause

    async def say(self, body: Json, callback: str) -> bool:
        """Whether the person was told so, in answer to this tap."""
        chat = body["chat"]
        paused = self._clock() < self._not_before.get(chat, 0.0)
        if self._able is False or paused or self._slots.locked():
            return False
        try:
            async with self._slots, asyncio.timeout(IN_TIME_S):
                if not await self._is_able(body):
                    return False
                result = await self._said(body, callback)
        except (TelegramError, TimeoutError) as error:
            self._learn(chat, error)
            return False
        if isinstance(result, dict) and result.get("ephemeral_message_id"):
            return True
        await self._take_back(chat, result)
        return False

    async def _is_able(self, body: Json) -> bool:
        """Ask once what the server knows: the method is there, or it is not."""
        if self._able is None:
            params = {
                "chat_id": body["chat"],
                "receiver_user_id": body["receiver"],
                "ephemeral_message_id": NO_MESSAGE,
            }
            try:
                await self._call("deleteEphemeralMessage", params)
            except InvalidToken:  # 404: the framework's name for a method that is not there
                self._turn_off("the server does not know them")
            except (BadRequest, Forbidden):  # it knows what it refuses
                self._able = True
            else:
                self._able = True
        return bool(self._able)

    async def _said(self, body: Json, callback: str) -> Any:
        # Both ways of saying whom it is for: a server of 10.2 knows only the flat one.
        who = {"receiver_user_id": body["receiver"], "callback_query_id": callback}
        rows = body.get("buttons")
        return await self._call(
            "sendMessage",
            {
                "chat_id": body["chat"],
                "message_thread_id": body.get("message_thread_id"),
                "text": body["text"],
                "entities": body.get("entities") or None,
                "reply_markup": json.dumps({"inline_keyboard": rows}) if rows else None,
                "ephemeral_message_parameters": json.dumps(who),
                **who,
            },
        )

    async def _take_back(self, chat: int, result: Any) -> None:
        """It stands there for everybody: away with it, and never again in this process."""
        self._turn_off("the server posted one in public, which was deleted")
        message = result.get("message_id") if isinstance(result, dict) else None
        if not message:
            return
        try:
            params = {"chat_id": chat, "message_id": message}
            await asked(
                self._call, "deleteMessage", params, tries=TRIES, sleep=self._sleep, jitter=self._jitter
            )
        except TelegramError as error:
            log.error("a message in chat %d could not be taken back: %s", chat, type(error).__name__)

    def _learn(self, chat: int, error: Exception) -> None:
        if isinstance(error, RetryAfter):
            self._not_before[chat] = self._clock() + pause_s(error, 0.0)
        elif isinstance(error, InvalidToken):
            self._turn_off("the server does not know them")
        elif isinstance(error, BadRequest) and "parameter" in error.message.lower():
            self._turn_off("the server does not take their parameters")

    def _turn_off(self, why: str) -> None:
        if self._able is not False:
            log.warning("messages for one person alone are off: %s", why)
        self._able = False
