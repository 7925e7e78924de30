"""The first words with a Bot API server: who am I, and what can people ask me for.

Law: as patient as the network asks; only a refused token needs a person. A server that refuses the menu or a
description stops nothing.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from telegram.error import Forbidden, InvalidToken, TelegramError

from bot.chat.lanes import BotCall, pause_s
from bot.chat.pace import Jitter, Sleep, backoff_s
from bot.chat.patience import asked
from bot.chat.request import token_refused
from bot.view.texts import CATALOGUES, ENGLISH, Texts

log = logging.getLogger(__name__)

TRIES = 5  # to register one thing


async def until_done(function: Callable[[], Awaitable[object]], *, sleep: Sleep, jitter: Jitter) -> None:
    """Call until it succeeds; ConfigError for a token that the server refuses."""
    attempt = 0
    while True:
        try:
            await function()
        except (InvalidToken, Forbidden):
            raise token_refused() from None
        except (TelegramError, TypeError, KeyError, AttributeError) as error:
            # The last three: the framework makes no user of the answer, so it was not Telegram's.
            wait_s = backoff_s(attempt, jitter)
            if isinstance(error, TelegramError):
                wait_s = pause_s(error, wait_s)
            log.warning("no Bot API server yet (%s); next try in %.1f s", type(error).__name__, wait_s)
            await sleep(wait_s)
            attempt += 1
        else:
            return


@dataclass(frozen=True, kw_only=True, slots=True)
class Menus:
    """Names of commands in the order of the menu, for each place; a chat's administrators see their own list."""

    private: tuple[str, ...]
    group: tuple[str, ...]
    administrators: tuple[str, ...]

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(the Bot API's scope, commands); the default stands in where a server knows no scopes."""
        yield "default", self.private
        yield "all_private_chats", self.private
        yield "all_group_chats", self.group
        yield "all_chat_administrators", self.administrators


async def introduce(menus: Menus, *, call: BotCall, sleep: Sleep, jitter: Jitter) -> None:
    """Register commands, in their order, and descriptions in every language."""
    for method, params in _introductions(menus):
        await _introduced(method, params, call=call, sleep=sleep, jitter=jitter)


def _introductions(menus: Menus) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(method, parameters); English is for everybody whose language is not there."""
    for language in CATALOGUES:
        t = Texts(language)
        code = {} if language == ENGLISH else {"language_code": language}
        for scope, commands in menus.lists():
            menu = [{"command": name, "description": t(f"commands.{name}")} for name in commands]
            where = {} if scope == "default" else {"scope": json.dumps({"type": scope})}
            yield "setMyCommands", {"commands": json.dumps(menu), **where, **code}
        yield "setMyDescription", {"description": t("about.long"), **code}
        yield "setMyShortDescription", {"short_description": t("about.short"), **code}


async def _introduced(
    method: str, params: Mapping[str, str], *, call: BotCall, sleep: Sleep, jitter: Jitter
) -> None:
    try:
        await asked(call, method, params, tries=TRIES, sleep=sleep, jitter=jitter)
    except TelegramError as error:
        log.warning("%s was not taken: %s", method, type(error).__name__)
