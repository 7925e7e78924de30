"""Calls that ask, or set, one and the same thing however often they are made: repeated while the trouble passes.

Law: only for calls whose repeating is harmless; what the server refuses is raised at once.
"""

from collections.abc import Mapping
from typing import Any

from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.chat.lanes import BotCall, pause_s
from bot.chat.pace import Jitter, Sleep, backoff_s


def passes(error: TelegramError) -> bool:
    """Whether it may be gone at the next try: a flood, a network that failed, an answer that was not Telegram's."""
    failed = isinstance(error, RetryAfter | NetworkError) and not isinstance(error, BadRequest)
    return failed or type(error) is TelegramError  # the kinds of it are refusals


async def asked(
    call: BotCall, method: str, params: Mapping[str, Any], *, tries: int, sleep: Sleep, jitter: Jitter
) -> Any:
    """The result of a call made up to `tries` times, with the pauses that Telegram asks for; else the last error."""
    for attempt in range(tries - 1):
        try:
            return await call(method, params)
        except TelegramError as error:
            if not passes(error):
                raise
            wait_s = pause_s(error, backoff_s(attempt, jitter))
        await sleep(wait_s)
    return await call(method, params)
