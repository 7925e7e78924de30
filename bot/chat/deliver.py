"""What is said: each chat has a lane; lanes run side by side, words within one in order.

Law: a flood pause, a slow picture or a dead chat holds back its own lane only. Callback answers stand in no
lane. A word leaves the store when it was said or never can be; what may have arrived is not said again, and
what is unsaid when the process ends is said at the next start. The log knows numbers, never texts.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from telegram.error import ChatMigrated, RetryAfter, TelegramError

from bot.chat.pace import Jitter, Window, backoff_s
from bot.chat.request import seconds_to_wait
from bot.chat.screens import Screens
from bot.chat.words import SENDS, TEXTS, UPLOADS, Fate, Json, Kind, call_for, fate, loggable
from bot.errors import OverloadedError
from bot.store.base import Store, Word

log = logging.getLogger(__name__)

TOO_OLD_S = 15.0  # Telegram takes no answer to a callback query much later than that
RETRIES = 8  # of a call that may have been done and is harmless to repeat: some three minutes
GROUP_PER_MINUTE = 20  # Telegram's limit for one group


class BotCall(Protocol):
    """`request.call` with its bot filled in."""

    async def __call__(
        self, method: str, params: Mapping[str, Any], *, files: Mapping[str, tuple[str, bytes]] | None = None
    ) -> Any:
        """The JSON result of a Bot API method."""


@dataclass(slots=True)
class _Item:
    """A word on its way."""

    word: Word
    kind: Kind
    body: Json
    content: bytes | None = None
    attempts: int = 0
    sorry: bool = False  # the apology in the place of a refused text


@dataclass(slots=True)
class _Lane:
    """The words of one chat that wait, and until when the chat wants to be left alone."""

    chat: int
    items: deque[_Item] = field(default_factory=deque)
    not_before: float = 0.0
    roomy: asyncio.Event = field(default_factory=asyncio.Event)


class Deliverer:
    """Says words.

    pictures: run code → PNG; documents: (chat, body) → content; both may be slow, None: there is none.
    sorry: the plain text that a learner gets in the place of a text the server refused. migrated: (old, new)
    chat id. clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        call: BotCall,
        store: Store,
        pictures: Callable[[str], Awaitable[bytes | None]],
        documents: Callable[[int, Json], Awaitable[bytes | None]],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        jitter: Jitter,
        sorry: str,
        migrated: Callable[[int, int], Awaitable[None]] | None = None,
        lanes_at_once: int = 128,
        answers_at_once: int = 64,
        room: int = 32,
        bulk_per_s: float = 25.0,
    ) -> None:
        self._call = call
        self._store = store
        self._pictures = pictures
        self._documents = documents
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._sorry = sorry
        self._migrated = migrated
        self._calls = asyncio.Semaphore(lanes_at_once)
        self._answers = asyncio.Semaphore(answers_at_once)
        self._room = room
        self._bulk_pause_s = 1 / bulk_per_s
        self._lanes: dict[int, _Lane] = {}
        self._bulk: dict[int, deque[_Item]] = {}
        self._bulk_task: asyncio.Task[None] | None = None
        self._groups: dict[int, Window] = {}
        self._screens = Screens()
        self._in_hand: set[int] = set()  # numbers of words
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        """How many words are in hand: waiting, being said, or having their picture made."""
        return len(self._in_hand)

    def deliver(self, words: Iterable[Word], *, bulk: bool = False) -> None:
        """Take words over, to be said in this order; one that is in hand already is not taken twice."""
        for word in words:
            if self._closed or word.number in self._in_hand:
                continue
            self._in_hand.add(word.number)
            item = _parse(word)
            if item is None:
                log.error("word %d (%s) is not readable: dropped", word.number, word.kind)
                self._spawn(self._said(word))
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

    async def room(self, chat: Hashable) -> None:
        """Wait while this chat's own lane is long."""
        while isinstance(chat, int) and (lane := self._lanes.get(chat)) and len(lane.items) > self._room:
            lane.roomy.clear()
            await lane.roomy.wait()

    def seen(self, chat: int, key: str, message_id: int) -> None:
        """A tap shows where a screen stands, for one whose sending was never confirmed."""
        self._screens.put(chat, key, message_id)

    def forget(self, chat: int) -> None:
        """Forget what this process remembers of a chat; what waits in its lane is still said."""
        self._screens.forget(chat)

    async def drain(self, timeout_s: float) -> bool:
        """Say what is in hand (bulk stays in the store), at most so long; then end. True if all was said."""
        if self._bulk_task is not None:
            self._bulk_task.cancel()
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while self._tasks and loop.time() < end:
            await asyncio.wait(self._tasks, timeout=end - loop.time())
        self._closed = True
        late = set(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start(self, item: _Item) -> None:
        if item.kind is Kind.ANSWER:
            self._spawn(self._guarded(item, self._answer(item)))
        elif item.kind in UPLOADS and item.content is None:
            self._spawn(self._guarded(item, self._prepare(item)))
        else:
            self._enqueue(item)

    async def _guarded(self, item: _Item, work: Coroutine[Any, Any, None]) -> None:
        """Whatever goes wrong with one word ends that word only; it stays in the store for the next start."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 (the reason is above; ids and the kind of error are logged)
            self._in_hand.discard(item.word.number)
            name = type(error).__name__
            log.error("word %d (%s) to chat %d: %s", item.word.number, item.kind, item.word.chat, name)

    async def _answer(self, item: _Item) -> None:
        """Answer a callback query at once, in no lane; repeat while Telegram would still take it."""
        born = self._clock()
        for attempt in range(RETRIES):
            try:
                async with self._answers:
                    await self._call("answerCallbackQuery", item.body)
                break
            except TelegramError as error:
                wait_s = _pause_s(error, backoff_s(attempt, self._jitter, first_s=0.5))
                hopeless = fate(error, Kind.ANSWER) is Fate.GONE
                if hopeless or self._clock() + wait_s > born + TOO_OLD_S:
                    break
            await self._sleep(wait_s)
        await self._said(item.word)

    async def _prepare(self, item: _Item) -> None:
        """Have the picture or document made while the lane goes on, then queue it."""
        try:
            if item.kind is Kind.PHOTO:
                item.content = await self._pictures(item.body["run"])
            else:
                item.content = await self._documents(item.word.chat, item.body)
        except Exception as error:  # noqa: BLE001 (one that cannot be made now cannot be made later either)
            log.error("%s of word %d: %s", item.kind, item.word.number, type(error).__name__)
        if item.content is None:
            await self._said(item.word)
        else:
            self._enqueue(item)

    def _enqueue(self, item: _Item) -> None:
        chat = item.word.chat
        lane = self._lanes.get(chat)
        if lane is None:
            lane = self._lanes[chat] = _Lane(chat)
            self._spawn(self._run(lane))
        if item.kind is Kind.EDIT:
            self._coalesce(lane, item.word.key)
        lane.items.append(item)

    def _coalesce(self, lane: _Lane, key: str | None) -> None:
        """Take waiting edits of a screen out of the lane: a newer one follows."""
        old = [one for one in lane.items if key and one.kind is Kind.EDIT and one.word.key == key]
        for one in old:
            lane.items.remove(one)
            self._spawn(self._said(one.word))

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
                await self._guarded(item, self._say(lane, item))
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

    async def _say(self, lane: _Lane, item: _Item) -> None:
        """One try at the head of a lane; it is put back, turned into something else, or said."""
        word = item.word
        message_id = await self._message_id(item)
        if (item.kind is Kind.STRIP and message_id is None) or (item.kind is Kind.TYPING and lane.items):
            await self._said(word)
            return
        if item.kind is Kind.EDIT and message_id is None:
            self._say_anew(lane, item)
            return
        call = call_for(item.kind, word.chat, item.body, message_id=message_id, content=item.content or b"")
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

    async def _message_id(self, item: _Item) -> int | None:
        key = item.word.key
        if item.kind not in {Kind.EDIT, Kind.STRIP} or key is None:
            return None
        known = self._screens.get(item.word.chat, key)
        if known is None:
            known = (await self._store.load(item.word.chat)).screens.get(key)
        return known

    async def _done(self, item: _Item, result: Any) -> None:
        word = item.word
        if item.kind not in SENDS or word.key is None or item.sorry:
            await self._said(word)
            return
        message_id = int(result["message_id"])
        self._screens.put(word.chat, word.key, message_id)
        await self._said(word, screen=(word.chat, word.key, message_id))

    async def _after(self, lane: _Lane, item: _Item, error: TelegramError) -> None:
        """What becomes of a word that an error came back for."""
        word = item.word
        next_step = fate(error, item.kind)
        if item.kind is Kind.TYPING and next_step is not Fate.FLOOD:
            next_step = Fate.GONE
        if next_step is Fate.FLOOD or next_step is Fate.AGAIN:
            self._put_back(lane, item, error)
        elif next_step is Fate.RETRY and item.attempts < RETRIES:
            self._put_back(lane, item, error)
        elif next_step is Fate.ANEW:
            self._say_anew(lane, item)
        elif isinstance(error, ChatMigrated):
            await self._move(item, error.new_chat_id)
        elif next_step is Fate.REFUSED and item.kind in TEXTS and not item.sorry:
            log.error("word %d (%s) to chat %d: %s", word.number, item.kind, word.chat, loggable(error))
            item.kind, item.sorry, item.body = Kind.SAY, True, {"text": self._sorry}
            lane.items.appendleft(item)
        else:
            if next_step not in {Fate.SAID, Fate.GONE}:
                log.warning("word %d (%s) to chat %d: %s", word.number, item.kind, word.chat, loggable(error))
            await self._said(word)

    def _put_back(self, lane: _Lane, item: _Item, error: TelegramError) -> None:
        """To the head of its lane, which pauses; an edit that a newer one follows is not said again."""
        lane.not_before = self._clock() + _pause_s(error, backoff_s(item.attempts, self._jitter))
        item.attempts += 1
        newer = any(one.kind is Kind.EDIT and one.word.key == item.word.key for one in lane.items)
        if item.kind is Kind.TYPING or (item.kind is Kind.EDIT and newer):
            self._spawn(self._said(item.word))
        else:
            lane.items.appendleft(item)

    def _say_anew(self, lane: _Lane, item: _Item) -> None:
        """An edit whose message is not there is said as a new message, and counts as one from now on."""
        if item.word.key is not None:
            self._screens.drop(item.word.chat, item.word.key)
        item.kind = Kind.SAY
        lane.items.appendleft(item)

    async def _move(self, item: _Item, chat: int) -> None:
        """The group has a new id: tell the hook, and say the word there."""
        log.warning("chat %d is now chat %d", item.word.chat, chat)
        if self._migrated is not None:
            await self._migrated(item.word.chat, chat)
        item.word = replace(item.word, chat=chat)
        self._enqueue(item)

    async def _said(self, word: Word, screen: tuple[int, str, int] | None = None) -> None:
        """Tell the store, as often as it takes; only then may the same number come again."""
        attempt = 0
        try:
            while True:
                try:
                    await self._store.said(word.number, screen=screen)
                    return
                except OverloadedError:
                    await self._sleep(backoff_s(attempt, self._jitter, first_s=0.1))
                    attempt += 1
        finally:
            self._in_hand.discard(word.number)

    async def _say_bulk(self) -> None:
        """One bulk word after the other, only into chats where nothing waits and while calls are free."""
        while self._bulk:
            chat = next((chat for chat in self._bulk if chat not in self._lanes), None)
            if chat is not None and not self._calls.locked():
                items = self._bulk.pop(chat)
                self._start(items.popleft())
                if items:
                    self._bulk[chat] = items  # behind the others
            await self._sleep(self._bulk_pause_s)
        self._bulk_task = None


def _parse(word: Word) -> _Item | None:
    try:
        body = json.loads(word.body)
        return _Item(word, Kind(word.kind), body) if isinstance(body, dict) else None
    except ValueError:
        return None


def _pause_s(error: TelegramError, otherwise_s: float) -> float:
    return seconds_to_wait(error) if isinstance(error, RetryAfter) else otherwise_s
