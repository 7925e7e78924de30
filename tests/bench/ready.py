"""Learners who each have one question open and tap an option: the tap that every bot can answer with two calls.

Law: nobody taps twice, so that each tap is a first one. A tap is done when its callback query was answered and its
message edited to a text that begins with a verdict's mark. What is sent and checked is the same for every bot.
"""

import asyncio
import json
import time
from itertools import count
from random import Random
from typing import Any

from tests.bench.crowd import Crowd, Send, Tap, message, person, told
from tests.bench.http import field

MARKS = (b"text=%E2%9C%85", b"text=%E2%9D%8C")  # ✅ and ❌, as a form carries them
PATIENCE_S = 20.0


class Ready:
    """All such learners; `crowd` keeps the callback queries that wait for an answer."""

    def __init__(self, send: Send, crowd: Crowd, *, seed: int = 7) -> None:
        self._send = send
        self._crowd = crowd
        self._chance = Random(seed)
        self._waiting: dict[int, Tap] = {}
        self._learners = count(1)
        self._asked: dict[str, str] = {}
        self._number = 0
        self._options: list[str] = []

    async def prepare(
        self, *, asked: dict[str, str], number: int, first: int, stride: int = 1
    ) -> dict[str, Any]:
        """The question as it was sent, its message id, and the ids of these learners: the first, and how far apart."""
        self._asked, self._number, self._learners = asked, number, count(first, stride)
        rows = json.loads(asked["reply_markup"])["inline_keyboard"]
        self._options = [b["callback_data"] for row in rows for b in row if len(b["text"]) == 1]
        return {}

    def edited(self, learner: int, body: bytes) -> str | None:
        """The message, if one of these learners waits for it; None for everybody else."""
        tap = self._waiting.get(learner)
        if tap is None:
            return None
        if any(mark in body for mark in MARKS) and int(field(body, b"message_id")) == self._number:
            tap.shown = tap.shown or time.monotonic()
            tap.settle()
        return self._message(learner)

    async def closed_taps(
        self, *, at_once: int, taps: int, most_s: float, patience_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """So many at any time, the next as soon as one is done: how much a bot can do."""
        begun = time.monotonic()
        left = iter(range(taps))
        done: list[Tap | None] = []

        async def walk() -> None:
            for _ in left:
                done.append(await self._tap(time.monotonic(), patience_s))
                if time.monotonic() - begun > most_s:
                    return

        await asyncio.gather(*(walk() for _ in range(at_once)))
        return told(done, time.monotonic() - begun)

    async def open_taps(self, *, taps: int, per_s: float, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """A steady rate whatever the bot does: how long one waits, counted from when the tap was due."""
        begun = time.monotonic() + 0.1
        tasks = []
        for number in range(taps):
            due = begun + number / per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self._tap(due, patience_s)))
        return told(list(await asyncio.gather(*tasks)), time.monotonic() - begun)

    async def _tap(self, due: float, patience_s: float) -> Tap | None:
        learner = next(self._learners)
        tap = Tap(due=due, done=asyncio.get_running_loop().create_future())
        self._waiting[learner] = tap
        who, data = json.dumps(person(learner)), json.dumps(self._chance.choice(self._options))
        callback = self._crowd.await_answer(tap)
        whole = f'"id":"{callback}","from":{who},"chat_instance":"1","message":{self._message(learner)}'
        self._send("callback_query", f'{{{whole},"data":{data}}}')
        try:
            async with asyncio.timeout(patience_s):
                await tap.done
        except TimeoutError:
            return None
        finally:
            del self._waiting[learner]
        return tap

    def _message(self, learner: int) -> str:
        return message(self._number, learner, self._asked)
