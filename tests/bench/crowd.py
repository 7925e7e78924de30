"""Learners who tap: what they see, which button they press next, and when it was answered.

Law: a learner presses only what is on a message; all walks come from one seed. A tap is done when its callback
query was answered and a message with buttons was sent or edited after it: by the bot's own law what it changed is
on the disk by then.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

FIRST_LEARNER = 1_000_001
PATIENCE_S = 20.0
ONWARD = ("Next", "Again", "Yes", "Start over")  # what leads on, the first that is there
ASIDE = ("Hint", "Why")
NOT_INTO = "Next: the lab"  # a run would measure TensorFlow

Send = Callable[[str, str], None]  # (kind of update, its JSON)


@dataclass(eq=False, kw_only=True, slots=True)
class Tap:
    """One press of a button; times are monotonic seconds."""

    due: float
    done: asyncio.Future[None]
    answered: float | None = None
    shown: float | None = None

    def settle(self) -> None:
        """End the waiting when both have come."""
        if self.answered is not None and self.shown is not None and not self.done.done():
            self.done.set_result(None)


@dataclass(eq=False, kw_only=True, slots=True)
class Learner:
    """A person with one private chat, and the newest message with buttons in it."""

    id: int
    send: Send
    chance: Random
    message: str = ""
    text: str = ""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    tapping: Tap | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    heard_at: float = 0.0
    photo_at: float = 0.0
    shown: Mapping[str, str] = field(default_factory=dict)  # the newest message, as parameters of its call
    number: int = 0  # and its id
    edits: int = 0

    def sees(self, message_id: int, params: Mapping[str, str]) -> None:
        """A message was sent here or edited."""
        self.heard_at = time.monotonic()
        self.edits += "message_id" in params
        self.shown, self.number = params, message_id
        markup = params.get("reply_markup")
        self.text = params.get("text", "")
        if markup:
            rows = json.loads(markup)["inline_keyboard"]
            self.buttons = [
                (b["text"], b["callback_data"]) for row in rows for b in row if "callback_data" in b
            ]
            self.message = message(message_id, self.id, params)
            if self.tapping is not None and self.tapping.shown is None:
                self.tapping.shown = self.heard_at
                self.tapping.settle()
        self.heard.set()

    def sees_photo(self) -> None:
        """A picture came."""
        self.photo_at = time.monotonic()
        self.heard.set()

    async def say(self, text: str) -> None:
        """Write a command and wait for the answer."""
        self.write(text)
        await self.until(lambda: True)

    def write(self, text: str) -> None:
        """Write a command and wait for nothing."""
        self.heard.clear()
        entity = {"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}
        body = {"message_id": 1, "date": 1, "chat": chat(self.id), "from": person(self.id), "text": text}
        self.send("message", json.dumps(body | {"entities": [entity]}))

    async def until(self, true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait for messages until something holds; TimeoutError."""
        async with asyncio.timeout(patience_s):
            while not (self.heard.is_set() and true()):
                self.heard.clear()
                await self.heard.wait()

    def data(self, *labels: str) -> str | None:
        """What the first button with such a beginning carries."""
        for label in labels:
            for shown, data in self.buttons:
                if shown.startswith(label) and not shown.startswith(NOT_INTO):
                    return data
        return None

    def choose(self) -> str | None:
        """The next button on the walk: an option, sometimes a hint or the why, else what leads on."""
        options = [data for shown, data in self.buttons if len(shown) == 1]
        aside = self.data(*ASIDE) if self.chance.random() < 0.15 else None
        return aside or (self.chance.choice(options) if options else self.data(*ONWARD))

    def press(self, data: str, *, callback: str, tap: Tap) -> None:
        """Press a button."""
        self.tapping = tap
        whole = f'"id":"{callback}","from":{json.dumps(person(self.id))},"chat_instance":"1"'
        self.send("callback_query", f'{{{whole},"message":{self.message},"data":{json.dumps(data)}}}')


def person(number: int) -> dict[str, Any]:
    """A Bot API User."""
    return {"id": number, "is_bot": False, "first_name": f"Learner {number}", "language_code": "en"}


def chat(number: int) -> dict[str, Any]:
    """A Bot API Chat, private."""
    return {"id": number, "type": "private", "first_name": f"Learner {number}"}


def message(message_id: int, number: int, params: Mapping[str, str]) -> str:
    """A Bot API Message as JSON, with all that Telegram sends along in a callback query."""
    parts = [f'"message_id":{message_id},"date":1,"chat":{json.dumps(chat(number))}']
    parts.append(f'"text":{json.dumps(params.get("text", ""))}')
    parts += [f'"{name}":{params[name]}' for name in ("entities", "reply_markup") if params.get(name)]
    return "{" + ",".join(parts) + "}"


class Crowd:
    """All learners, and the loads that they can make. `send` puts an update into the bot's queue."""

    def __init__(self, send: Send, *, seed: int = 7) -> None:
        self._send = send
        self._seed = seed
        self._learners: dict[int, Learner] = {}
        self._taps: dict[str, Tap] = {}
        self._callbacks = count(1)
        self.again = 0  # answers to callback queries that were answered before
        self.options = 0  # taps on an option so far: each must be an answer in the store at the end

    def learner(self, number: int) -> Learner:
        """The learner with a chat id, made if new."""
        if number not in self._learners:
            chance = Random(self._seed * 1_000_003 + number)
            self._learners[number] = Learner(id=number, send=self._send, chance=chance)
        return self._learners[number]

    def answered(self, callback: str) -> None:
        """A callback query was answered."""
        tap = self._taps.pop(callback, None)
        self.again += tap is None
        if tap is not None and tap.answered is None:
            tap.answered = time.monotonic()
            tap.settle()

    def await_answer(self, tap: Tap) -> str:
        """The id of a new callback query, whose answer is noted in the tap."""
        callback = str(next(self._callbacks))
        self._taps[callback] = tap
        return callback

    def press(self, learner: Learner, data: str, due: float) -> Tap:
        """Press, with a callback id of its own."""
        tap = Tap(due=due, done=asyncio.get_running_loop().create_future())
        learner.press(data, callback=self.await_answer(tap), tap=tap)
        return tap

    async def step(self, learner: Learner, due: float) -> Tap | None:
        """One tap of the walk to its end; None if it was lost."""
        data = learner.choose()
        if data is None:
            await learner.say("/learn")
            data = learner.choose()
        if data is None:
            raise RuntimeError(f"the walk ends here: {learner.text[:80]!r}, {learner.buttons}")
        self.options += any(data == each and len(label) == 1 for label, each in learner.buttons)
        tap = self.press(learner, data, due)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await tap.done
        except TimeoutError:
            return None
        finally:
            learner.tapping = None
        return tap

    async def gather(self, learners: int, *, at_once: int = 64) -> list[Learner]:
        """So many learners with a lesson open."""
        crowd = [self.learner(FIRST_LEARNER + number) for number in range(learners)]
        new = iter([each for each in crowd if not each.buttons])

        async def open_lessons() -> None:
            for each in new:
                await each.say("/learn")

        await asyncio.gather(*(open_lessons() for _ in range(at_once)))
        return crowd

    async def closed(
        self, *, learners: int, taps: int, most_s: float, at_once: int | None = None
    ) -> dict[str, Any]:
        """Everybody, or so many in turn, taps again as soon as the last tap was done: how much the bot can do."""
        crowd = await self.gather(learners)
        slots = asyncio.Semaphore(at_once or learners)
        begun = time.monotonic()
        left = iter(range(taps))
        done: list[Tap | None] = []

        async def walk(learner: Learner) -> None:
            for _ in left:
                if time.monotonic() - begun > most_s:
                    return
                async with slots:
                    done.append(await self.step(learner, time.monotonic()))

        await asyncio.gather(*(walk(learner) for learner in crowd))
        return told(done, time.monotonic() - begun)

    async def open(self, *, learners: int, taps: int, per_s: float) -> dict[str, Any]:
        """Taps come at a steady rate whatever the bot does: how long one waits. Counted from when it was due."""
        crowd = await self.gather(learners)
        begun = time.monotonic() + 0.1
        idle: asyncio.Queue[Learner] = asyncio.Queue()
        for each in crowd:
            idle.put_nowait(each)
        done: list[Tap | None] = []

        async def one(due: float) -> None:
            learner = await idle.get()
            if learner.choose() is None:  # a command first would be counted as the tap's own time
                await learner.say("/learn")
                due = time.monotonic()
            done.append(await self.step(learner, due))
            idle.put_nowait(learner)

        tasks = []
        for number in range(taps):
            due = begun + number / per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(one(due)))
        await asyncio.gather(*tasks)
        return told(done, time.monotonic() - begun)

    async def show(self, learner: int, *, text: str, tap: str = "") -> dict[str, Any]:
        """What a command is answered with, and what then a tap on a button edits it to, as parameters of the calls."""
        one = self.learner(learner)
        if tap:
            await self.press(one, one.data(tap) or "", time.monotonic()).done
        else:
            await one.say(text)
        return {"number": one.number, "shown": dict(one.shown)}

    async def meet(self, learner: int, text: str, *, patience_s: float = 120.0) -> dict[str, Any]:
        """A first message, perhaps written before the bot runs; when it was answered (monotonic seconds)."""
        one = self.learner(learner)
        one.write(text)
        await one.until(lambda: True, patience_s)
        return {"answered_at": one.heard_at}

    async def train(self, learner: int, *, runs: int, patience_s: float = 120.0) -> dict[str, Any]:
        """Open the lab and run, one after the other: seconds to result and to picture, and when the first came."""
        one = self.learner(learner)
        results, pictures, first_at = [], [], 0.0
        for _ in range(runs):
            one.write("/train")
            await one.until(lambda: one.data("Run: it learns") is not None, patience_s)
            data = one.data("Run: it learns")
            one.photo_at = 0.0
            begun = time.monotonic()
            tap = self.press(one, data or "", begun)
            await one.until(lambda: "Loss after:" in one.text, patience_s)
            results.append(one.heard_at - begun)
            first_at = first_at or one.heard_at
            await one.until(lambda: one.photo_at > 0, patience_s)
            pictures.append(one.photo_at - begun)
            await tap.done
        return {"results_s": results, "pictures_s": pictures, "first_at": first_at}


def told(done: list[Tap | None], seconds: float) -> dict[str, Any]:
    """What became of a load: seconds in all, and per tap."""
    good = [tap for tap in done if tap is not None]
    return {
        "taps": len(good),
        "lost": len(done) - len(good),
        "seconds": seconds,
        "answered_s": [tap.answered - tap.due for tap in good if tap.answered is not None],
        "shown_s": [tap.shown - tap.due for tap in good if tap.shown is not None],
    }
