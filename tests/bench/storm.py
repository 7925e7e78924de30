"""A storm on one post in a group: thousands of people tap it within seconds, while others learn in private.

Law: each person taps once; a tap is acknowledged when its callback query was answered. The edits of the post are
counted from the first tap to the last acknowledgement.
"""

import asyncio
import json
import time
from random import Random
from typing import Any

from tests.bench.crowd import PATIENCE_S, Crowd, Learner, Send, Tap, chat, message, person, told
from tests.bench.ready import Ready

GROUP = -1_001_000_000_777
OWNER, FIRST_PERSON = 900_001, 5_000_001
CHAT = {"id": GROUP, "type": "supergroup", "title": "Storm"}


class Storm:
    """The group, its post, and everybody who taps."""

    def __init__(self, send: Send, crowd: Crowd, ready: Ready, *, seed: int = 7) -> None:
        self._send = send
        self._crowd = crowd
        self._ready = ready
        self._chance = Random(seed)

    @property
    def _group(self) -> Learner:
        return self._crowd.learner(GROUP)

    async def post(self, *, lesson: str) -> dict[str, Any]:
        """The group's owner posts a question."""
        text = f"/post {lesson}"
        entity = {"type": "bot_command", "offset": 0, "length": len("/post")}
        body = {"message_id": 1, "date": 1, "chat": CHAT, "from": person(OWNER), "text": text}
        self._send("message", json.dumps(body | {"entities": [entity]}))
        await self._group.until(lambda: bool(self._group.buttons))
        return {"text": self._group.text}

    async def storm(self, *, people: int, per_s: float, others: int, others_per_s: float) -> dict[str, Any]:
        """People tap the post at a steady rate, while `others` tap in private at theirs."""
        edits = self._group.edits
        quiet = await self._ready.open_taps(taps=others, per_s=others_per_s)
        private = asyncio.create_task(self._ready.open_taps(taps=others, per_s=others_per_s))
        begun = time.monotonic() + 0.1
        tasks = []
        for number in range(people):
            due = begun + number / per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self._tap(FIRST_PERSON + number, due)))
        done = list(await asyncio.gather(*tasks))
        seconds = time.monotonic() - begun
        result = {"quiet": quiet, "others": await private, "edits": self._group.edits - edits}
        result["again"] = self._crowd.again
        return told(done, seconds) | result

    async def _tap(self, who: int, due: float) -> Tap | None:
        tap = Tap(due=due, done=asyncio.get_running_loop().create_future(), shown=due)
        options = [data for label, data in self._group.buttons if len(label) == 1]
        callback = self._crowd.await_answer(tap)
        posted = message(self._group.number, GROUP, self._group.shown).replace(
            json.dumps(chat(GROUP)), json.dumps(CHAT), 1
        )
        whole = f'"id":"{callback}","from":{json.dumps(person(who))},"chat_instance":"1","message":{posted}'
        self._send("callback_query", f'{{{whole},"data":{json.dumps(self._chance.choice(options))}}}')
        try:
            async with asyncio.timeout(PATIENCE_S):
                await tap.done
        except TimeoutError:
            return None
        return tap
