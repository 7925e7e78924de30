"""A deliverer with words at hand, for the tests of delivery."""

import asyncio
import functools
import json
from collections.abc import Mapping
from typing import Any

from telegram import Bot

from bot.chat.deliver import Deliverer
from bot.chat.request import call
from bot.store.base import Change, NewWord, Word
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import Fault
from tests.chat.clock import Clock, noon
from tests.patience import until

ADA, BOB, GROUP = 7, 8, -100
SORRY = "That could not be shown. Send /learn to go on."
LOST = Fault(status=400, description="Bad Request: message to edit not found")
BLOCKED = Fault(status=403, description="Forbidden: bot was blocked by the user")
REFUSED = Fault(status=400, description='Bad Request: can\'t parse "private words"')
DOWN = Fault(status=502, raw=b"")
DROP = Fault(drop=True)


class Speaker:
    """A deliverer on the real bot and store, with words at hand."""

    def __init__(self, bot: Bot, store: SqliteStore, clock: Clock, **limits: Any) -> None:
        self.store = store
        self.clock = clock
        self.pictures: dict[str, asyncio.Future[bytes | None]] = {}
        self.deliverer = Deliverer(
            call=functools.partial(call, bot),
            store=store,
            pictures=self.picture,
            documents=self.document,
            clock=clock,
            sleep=clock.sleep,
            jitter=lambda: 1.0,
            sorry=SORRY,
            **limits,
        )

    async def picture(self, code: str) -> bytes | None:
        """Ready when the test says so."""
        return await self.pictures.setdefault(code, asyncio.get_running_loop().create_future())

    async def document(self, chat: int, body: Mapping[str, Any]) -> bytes | None:
        """Ready at once."""
        return f"{chat} {body['content_key']}".encode()

    async def commit(self, *words: NewWord) -> tuple[Word, ...]:
        """Words as the tutor commits them."""
        committed = await self.store.commit(Change(learner=words[0].chat, words=words), now=noon())
        assert committed is not None
        return committed

    async def say(self, *words: NewWord, bulk: bool = False) -> None:
        """Commit and deliver."""
        self.deliverer.deliver(await self.commit(*words), bulk=bulk)

    async def done(self) -> None:
        """Wait until nothing is in hand."""
        await until(lambda: len(self.deliverer) == 0)

    async def screens(self, chat: int = ADA) -> dict[str, int]:
        """What the store knows."""
        return dict((await self.store.load(chat)).screens)


def word(kind: str, chat: int = ADA, key: str | None = None, **body: Any) -> NewWord:
    """A word of any kind."""
    return NewWord(chat=chat, kind=kind, body=json.dumps(body), key=key)


def say(text: str, chat: int = ADA, key: str | None = None) -> NewWord:
    """A plain text."""
    return word("say", chat, key, text=text, entities=[], buttons=[])


def edit(text: str, key: str, chat: int = ADA) -> NewWord:
    """A new state of a screen."""
    return word("edit", chat, key, text=text, entities=[], buttons=[])
