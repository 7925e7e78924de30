"""What is said: words committed with a change go out here, and leave the store when they were said.

Law: callback answers stand in no lane and wait for nobody's flood pause; a picture that is still being made
holds nobody up; bulk goes only where nothing else waits. What is unsaid when the process ends is said at the
next start: perhaps twice, never not at all.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable

from telegram.error import TelegramError

from bot.chat.arrival import handled_now
from bot.chat.hand import Hand
from bot.chat.lanes import RETRIES, BotCall, Item, Lanes, pause_s
from bot.chat.pace import Jitter, Sleep, backoff_s
from bot.chat.screens import Screens
from bot.chat.whisper import Whispers
from bot.chat.words import UPLOADS, Fate, Json, Kind, fate
from bot.store.base import Store, Word

log = logging.getLogger(__name__)

TOO_OLD_S = 15.0  # Telegram takes no answer to a callback query much later than that


class Deliverer:
    """Says words.

    pictures: run code → PNG; documents: (chat, body) → content; both may be slow; None: there will never be
    one; an error: not now, perhaps at the next start.
    sorry: the plain text that a learner gets in the place of a text the server refused. clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        call: BotCall,
        store: Store,
        pictures: Callable[[str], Awaitable[bytes | None]],
        documents: Callable[[int, Json], Awaitable[bytes | None]],
        clock: Callable[[], float],
        sleep: Sleep,
        jitter: Jitter,
        sorry: str,
        lanes_at_once: int = 128,
        answers_at_once: int = 64,
        room: int = 32,
        bulk_per_s: float = 25.0,
    ) -> None:
        self._call = call
        self._store = store
        self._pictures = pictures
        self._documents = documents
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._screens = Screens()
        self._hand = Hand(store=store, sleep=sleep, jitter=jitter)
        self._lanes = Lanes(
            call=call,
            store=store,
            hand=self._hand,
            screens=self._screens,
            clock=clock,
            sleep=sleep,
            jitter=jitter,
            sorry=sorry,
            at_once=lanes_at_once,
            room=room,
        )
        self._whispers = Whispers(call=call, clock=clock, sleep=sleep, jitter=jitter)
        self._answers = asyncio.Semaphore(answers_at_once)
        self._bulk: dict[int, deque[Item]] = {}
        self._bulk_pause_s = 1 / bulk_per_s
        self._bulk_task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many words are in hand: waiting, being said, or having their picture made."""
        return len(self._hand)

    @property
    def lanes(self) -> int:
        """How many chats something waits for."""
        return len(self._lanes)

    def deliver(self, words: Iterable[Word], *, bulk: bool = False) -> None:
        """Take words over, to be said in this order; one that is in hand already is not taken twice."""
        for word in words:
            if not self._hand.take(word):
                continue
            item = _parse(word)
            if item is not None:
                item.arrival = handled_now()
            if item is None:
                log.error("word %d (%s) is not readable: dropped", word.number, word.kind)
                self._hand.work(word, self._hand.said(word))
            elif bulk:
                self._bulk.setdefault(word.chat, deque()).append(item)
            else:
                self._start(item)
        if self._bulk and self._bulk_task is None:
            self._bulk_task = asyncio.create_task(self._say_bulk())

    async def say_unsaid(self) -> int:
        """Say what an earlier run left unsaid, in order; call at start, before anything new."""
        words = await self._store.unsaid()
        self.deliver(words)
        return len(words)

    def on_lost(self, hook: Callable[[str, bool], Awaitable[None]]) -> None:
        """Tell somebody of what a group was to see and never will: its key, and whether its topic is gone."""
        self._lanes.on_lost = hook

    async def room(self, chat: Hashable) -> None:
        """Wait while this chat's own lane is long (more than `room` words)."""
        await self._lanes.room(chat)

    def seen(self, chat: int, key: str, message_id: int) -> None:
        """A tap shows where a screen stands, for one whose sending was never confirmed."""
        self._screens.put(chat, key, message_id)

    async def drain(self, timeout_s: float) -> bool:
        """Say what is in hand (bulk stays in the store), at most so long; then end. True if all was said."""
        if self._bulk_task is not None:
            self._bulk_task.cancel()
            await asyncio.wait({self._bulk_task})
        return await self._hand.settle(timeout_s) and not self._bulk

    def _start(self, item: Item) -> None:
        if item.kind is Kind.ANSWER:
            self._hand.work(item.word, self._answer(item))
        elif item.kind in UPLOADS:
            self._hand.work(item.word, self._prepare(item))
        else:
            self._lanes.put(item)

    async def _answer(self, item: Item) -> None:
        """Answer a callback query at once, in no lane; repeat while Telegram would still take it."""
        born = self._clock()
        body = {name: value for name, value in item.body.items() if name != "whisper"}
        if whisper := item.body.get("whisper"):
            callback = str(body["callback_query_id"])
            if await self._whispers.say(whisper, callback):
                body = {"callback_query_id": callback}  # what the alert would say is said
        for attempt in range(RETRIES):
            try:
                async with self._answers:
                    await self._call("answerCallbackQuery", body)
                if item.arrival is not None:
                    item.arrival.answered()
                break
            except TelegramError as error:
                wait_s = pause_s(error, backoff_s(attempt, self._jitter, first_s=0.5))
                hopeless = fate(error, Kind.ANSWER) is Fate.GONE
                if hopeless or self._clock() + wait_s > born + TOO_OLD_S:
                    break
            await self._sleep(wait_s)
        await self._hand.said(item.word)

    async def _prepare(self, item: Item) -> None:
        """Have the picture or document made while the lane goes on, then queue it; none: nothing is said."""
        if item.kind is Kind.PHOTO:
            content = await self._pictures(item.body["run"])
        else:
            content = await self._documents(item.word.chat, item.body)
        if content is None:
            await self._hand.said(item.word)
        else:
            item.content = content
            self._lanes.put(item)

    async def _say_bulk(self) -> None:
        """One bulk word after the other, only into chats where nothing waits and while calls are free."""
        while self._bulk:
            chat = next((chat for chat in self._bulk if chat not in self._lanes), None)
            if chat is not None and not self._lanes.busy:
                items = self._bulk.pop(chat)
                self._start(items.popleft())
                if items:
                    self._bulk[chat] = items  # behind the others
            await self._sleep(self._bulk_pause_s)
        self._bulk_task = None


# What a body cannot do without, by kind.
_NEEDS = {Kind.ANSWER: "callback_query_id", Kind.SAY: "text", Kind.EDIT: "text", Kind.PHOTO: "run"}


def _parse(word: Word) -> Item | None:
    """The word, ready for its way; None if it can never be said."""
    try:
        kind, body = Kind(word.kind), json.loads(word.body)
    except ValueError:
        return None
    if not isinstance(body, dict) or _NEEDS.get(kind, "") not in {"", *body}:
        return None
    return Item(word, kind, body)
