"""Whether somebody and the bot may post in a chat: asked of Telegram, told in words that say what is missing.

Law: nothing here believes a list. Rights are asked for when a chat is chosen, and again when the time has come.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from bot.core.effects import CheckTarget
from bot.core.events import TargetChecked
from bot.errors import AwayError
from bot.store.base import Store
from bot.store.groups import KnownChat
from bot.tutor.learner import Learner
from bot.tutor.tutor import InLine, Tutor

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What Telegram says of a chat, of a person in it, and of the bot in it."""

    chat: int
    kind: str = ""
    title: str = ""
    username: str | None = None
    is_forum: bool = False
    is_inside: bool = True  # the bot
    person_may: bool = False  # is in charge, in a channel with the right to post
    bot_may: bool = False

    @property
    def problem(self) -> str:
        """Catalogue key of what is missing; empty if both may post."""
        if not self.is_inside:
            return "post.not_there"
        if not self.person_may:
            return "post.not_admin"
        return "" if self.bot_may else "post.may_not_post"

    @property
    def known(self) -> KnownChat:
        """The chat as it is remembered."""
        return KnownChat(
            chat=self.chat,
            kind=self.kind,
            title=self.title,
            username=self.username,
            inside=self.is_inside,
        )


class Asks(Protocol):
    """Asks Telegram."""

    async def __call__(self, target: int | str, person: int | None) -> Rights:
        """Rights in a chat, by its id or @name; without a person the bot's. AwayError: Telegram cannot be asked now."""


class Targets:
    """Answers the screens that wait to hear whether both may post in a chat."""

    def __init__(self, *, tutor: Tutor, store: Store, asks: Asks, in_line: InLine) -> None:
        self._tutor = tutor
        self._store = store
        self._asks = asks
        self._in_line = in_line
        self._tasks: set[asyncio.Task[None]] = set()
        tutor.on_check = self.begin

    def begin(self, learner: int, effect: CheckTarget) -> None:
        """Ask in the background; what is cut off by a stop is asked when the chat is chosen again."""
        task = asyncio.create_task(self._check(learner, effect))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Ask no more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _check(self, learner: int, effect: CheckTarget) -> None:
        event = await self._answer(learner, effect)
        await self._in_line(learner, lambda: self._tutor.handle(Learner(id=learner), event))

    async def _answer(self, learner: int, effect: CheckTarget) -> TargetChecked:
        target = int(effect.target) if effect.target.lstrip("-").isdecimal() else effect.target
        known = await self._store.known_chat(target) if isinstance(target, int) else None
        try:
            rights = await self._asks(target, learner)
        except AwayError:
            return TargetChecked(key=effect.key, target=effect.target, chat=0, problem="post.unclear")
        topics = await self._store.topics(rights.chat)
        known = known or await self._store.known_chat(rights.chat)
        return TargetChecked(
            key=effect.key,
            target=effect.target,
            chat=rights.chat,
            kind=rights.kind or (known.kind if known else ""),
            title=rights.title or (known.title if known else ""),
            username=rights.username,
            is_forum=rights.is_forum,
            topics=tuple(topics.items()),
            whispers=bool(known and known.whispers),
            problem=rights.problem,
            is_inside=rights.is_inside,
            runs=rights.person_may,
        )

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a chat was not looked at: %s", type(error).__name__)
