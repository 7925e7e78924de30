"""Lanes: the words of one chat in order, different chats side by side.

Law: a flood pause, a dead chat or a lost connection holds back its own lane only; what may have arrived is
not said again. In a group nothing is said in the place of an edit. A lane lives while something waits in it.
The log knows numbers, never texts.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from telegram.error import ChatMigrated, RetryAfter, TelegramError

from bot.chat.arrival import Arrival
from bot.chat.hand import Hand
from bot.chat.pace import Jitter, Sleep, Window, backoff_s
from bot.chat.request import seconds_to_wait
from bot.chat.screens import Screens
from bot.chat.words import (
    SENDS,
    TEXTS,
    Fate,
    Json,
    Kind,
    call_for,
    caption_alone,
    fate,
    is_picture_forbidden,
    is_topic_gone,
    loggable,
)
from bot.store.base import Store, Word

log = logging.getLogger(__name__)

RETRIES = 8  # of a call that may have been done and is harmless to repeat: some three minutes
GROUP_PER_MINUTE = 20  # Telegram's limit for one group


class BotCall(Protocol):
    """`request.call` with its bot filled in."""

    async def __call__(
        self, method: str, params: Mapping[str, Any], *, files: Mapping[str, tuple[str, bytes]] | None = None
    ) -> Any:
        """The JSON result of a Bot API method."""


@dataclass(slots=True, eq=False)
class Item:
    """A word on its way; what it is may change on the way (an edit becomes a new message)."""

    word: Word
    kind: Kind
    body: Json
    content: bytes = b""
    attempts: int = 0
    sorry: bool = False  # the apology in the place of a refused text
    arrival: Arrival | None = None  # of the update that it is about


@dataclass(slots=True)
class _Lane:
    """The words of one chat that wait, and until when the chat wants to be left alone."""

    chat: int
    items: deque[Item] = field(default_factory=deque)
    not_before: float = 0.0
    roomy: asyncio.Event = field(default_factory=asyncio.Event)


def _edits_post(item: Item) -> bool:
    """Whether it renews what stands in a group, which nobody waits for."""
    return item.kind is Kind.EDIT and item.word.chat < 0


async def _nobody_asks(key: str, topic_is_gone: bool) -> None:
    """Nobody wants to hear of what is lost."""


def pause_s(error: TelegramError, otherwise_s: float) -> float:
    """What Telegram asks for in a flood, else `otherwise_s`."""
    return seconds_to_wait(error) if isinstance(error, RetryAfter) else otherwise_s


class Lanes:
    """Says the words of all chats; see `Deliverer` for what comes in.

    `on_lost` is told of what a group was to see and never will: its key, and whether its topic is gone.
    """

    def __init__(
        self,
        *,
        call: BotCall,
        store: Store,
        hand: Hand,
        screens: Screens,
        clock: Callable[[], float],
        sleep: Sleep,
        jitter: Jitter,
        sorry: str,
        at_once: int,
        room: int,
    ) -> None:
        self._call = call
        self._store = store
        self._hand = hand
        self._screens = screens
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._sorry = sorry
        self._calls = asyncio.Semaphore(at_once)
        self._room = room
        self._lanes: dict[int, _Lane] = {}
        self._groups: dict[int, Window] = {}
        self.on_lost: Callable[[str, bool], Awaitable[None]] = _nobody_asks

    def __len__(self) -> int:
        """How many chats something waits for."""
        return len(self._lanes)

    def __contains__(self, chat: int) -> bool:
        """Whether anything waits for this chat."""
        return chat in self._lanes

    @property
    def busy(self) -> bool:
        """Whether every allowed call is under way."""
        return self._calls.locked()

    async def room(self, chat: Hashable) -> None:
        """Wait while this chat's own lane is long."""
        while isinstance(chat, int) and (lane := self._lanes.get(chat)) and len(lane.items) > self._room:
            lane.roomy.clear()
            await lane.roomy.wait()

    def put(self, item: Item) -> None:
        """Queue an item in its chat's lane; a newer edit of a screen takes the place of those that wait."""
        chat = item.word.chat
        lane = self._lanes.get(chat)
        if lane is None:
            lane = self._lanes[chat] = _Lane(chat)
            self._hand.spawn(self._run(lane))
        if item.kind is Kind.EDIT:
            self._coalesce(lane, item.word.key)
        lane.items.append(item)

    def _coalesce(self, lane: _Lane, key: str | None) -> None:
        """Take waiting edits of a screen out of the lane: a newer one follows."""
        old = [one for one in lane.items if key and one.kind is Kind.EDIT and one.word.key == key]
        for one in old:
            lane.items.remove(one)
            self._hand.spawn(self._hand.said(one.word))

    async def _run(self, lane: _Lane) -> None:
        try:
            while lane.items:
                wait_s = self._wait_s(lane)
                if wait_s > 0:
                    await self._sleep(wait_s)
                    continue
                item = lane.items.popleft()
                if len(lane.items) <= self._room:
                    lane.roomy.set()
                await self._hand.guard(item.word, self._say(lane, item))
        finally:
            del self._lanes[lane.chat]
            lane.roomy.set()
            now = self._clock()
            self._groups = {chat: window for chat, window in self._groups.items() if not window.idle(now)}

    def _wait_s(self, lane: _Lane) -> float:
        now = self._clock()
        wait_s = lane.not_before - now
        window = self._groups.get(lane.chat)
        if window is not None and lane.items[0].kind in SENDS:
            wait_s = max(wait_s, window.wait_s(now))
        return wait_s

    async def _say(self, lane: _Lane, item: Item) -> None:
        """One try at the head of a lane; it is put back, turned into something else, or said."""
        word = item.word
        message_id = await self._message_id(item)
        if item.kind is Kind.STRIP and message_id is None:
            await self._hand.said(word)
            return
        if item.kind is Kind.EDIT and message_id is None:
            await self._say_anew(lane, item)
            return
        call = call_for(item.kind, word.chat, item.body, message_id=message_id, content=item.content)
        if word.chat < 0 and item.kind in SENDS:
            window = self._groups.setdefault(word.chat, Window(most=GROUP_PER_MINUTE, span_s=60.0))
            window.count(self._clock())
        try:
            async with self._calls:
                result = await self._call(call.method, call.params, files=call.files)
        except TelegramError as error:
            await self._after(lane, item, error)
            return
        await self._done(item, result)

    async def _message_id(self, item: Item) -> int | None:
        key = item.word.key if item.kind in {Kind.EDIT, Kind.STRIP} else item.body.get("reply_to")
        if key is None:
            return None
        known = self._screens.get(item.word.chat, key)
        if known is None:
            known = (await self._store.load(item.word.chat)).screens.get(key)
        return known

    async def _done(self, item: Item, result: Any) -> None:
        word = item.word
        if item.arrival is not None:
            item.arrival.said()
        if item.kind not in SENDS or word.key is None or item.sorry:
            await self._hand.said(word)
            return
        message_id = int(result["message_id"])
        self._screens.put(word.chat, word.key, message_id)
        await self._hand.said(word, screen=(word.chat, word.key, message_id))

    async def _after(self, lane: _Lane, item: Item, error: TelegramError) -> None:
        """What becomes of a word that an error came back for."""
        word = item.word
        next_step = fate(error, item.kind)
        again = next_step in {Fate.FLOOD, Fate.AGAIN} or (next_step is Fate.RETRY and item.attempts < RETRIES)
        if again:
            self._put_back(lane, item, error)
        elif next_step is Fate.ANEW:
            await self._say_anew(lane, item)
        elif isinstance(error, ChatMigrated):
            await self._move(item, error.new_chat_id)
        elif item.kind is Kind.PHOTO and is_picture_forbidden(error) and item.body.get("caption"):
            item.kind, item.body = Kind.SAY, caption_alone(item.body)
            lane.items.appendleft(item)
        elif next_step is Fate.REFUSED and item.kind in TEXTS and not item.sorry and not _edits_post(item):
            log.error("word %d (%s) to chat %d: %s", word.number, item.kind, word.chat, loggable(error))
            topic = {name: item.body[name] for name in ("message_thread_id",) if name in item.body}
            item.kind, item.sorry, item.body = Kind.SAY, True, {"text": self._sorry} | topic
            lane.items.appendleft(item)
        else:
            if next_step not in {Fate.SAID, Fate.GONE}:
                log.warning("word %d (%s) to chat %d: %s", word.number, item.kind, word.chat, loggable(error))
            if item.kind is Kind.SAY and word.chat < 0 and word.key and next_step is not Fate.MAYBE:
                await self.on_lost(word.key, is_topic_gone(error))
            await self._hand.said(word)

    def _put_back(self, lane: _Lane, item: Item, error: TelegramError) -> None:
        """To the head of its lane, which pauses; an edit that a newer one follows is not said again."""
        lane.not_before = self._clock() + pause_s(error, backoff_s(item.attempts, self._jitter))
        item.attempts += 1
        newer = any(one.kind is Kind.EDIT and one.word.key == item.word.key for one in lane.items)
        if item.kind is Kind.EDIT and newer:
            self._hand.spawn(self._hand.said(item.word))
        else:
            lane.items.appendleft(item)

    async def _say_anew(self, lane: _Lane, item: Item) -> None:
        """An edit whose message is not there is said as a new message; a post that was taken away stays away."""
        if _edits_post(item):
            await self._hand.said(item.word)
            return
        item.kind = Kind.SAY
        lane.items.appendleft(item)

    async def _move(self, item: Item, chat: int) -> None:
        """The group has a new id: the store hears of it first, then the word is said there."""
        await self._hand.moved(item.word.chat, chat)
        log.warning("chat %d is now chat %d", item.word.chat, chat)
        item.word = replace(item.word, chat=chat)
        self.put(item)
