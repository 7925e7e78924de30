"""The bot on Telegram's side: the framework's application with our intake, lines and delivery.

Law: every update that is taken in ends in exactly one of: handled by the tutor, told that something went
wrong, dismissed. Nothing here decides what is said.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from telegram import Bot, Update
from telegram.constants import ChatType, UpdateType
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.ext import Application, CallbackContext, TypeHandler

from bot.chat.arrival import Arrival, handling, kind_of
from bot.chat.deliver import Deliverer
from bot.chat.group import LINKS, GroupChat, thread_of
from bot.chat.intake import Intake, RawUpdate
from bot.chat.introduction import Menus, introduce, until_done
from bot.chat.lines import Lines
from bot.chat.pace import Jitter, Sleep
from bot.chat.private import PrivateChat, learner_of
from bot.chat.request import AiohttpRequest, call, seconds_to_wait
from bot.chat.rights import RightsDesk
from bot.chat.soundness import checked
from bot.store.base import Store, UpdateKey, Word
from bot.tally import CALLS, ERRORS, FLOOD_WAIT, FLOOD_WAITS, QUEUE, UPDATES, Tally
from bot.tutor.activities import Activities
from bot.tutor.chats import Chats
from bot.tutor.tutor import Tutor
from bot.view.texts import Texts

log = logging.getLogger(__name__)

WAITING = 2048  # updates between intake and lines; when it is full, intake fetches no more
TAPPED_PARTS = ("message_id", "date", "chat")
MESSAGE_PARTS = (
    *TAPPED_PARTS, "from", "sender_chat", "is_automatic_forward", "text", "entities",
    "message_thread_id", "is_topic_message", "migrate_to_chat_id", "migrate_from_chat_id",
    "forum_topic_created", "forum_topic_edited", "reply_to_message",
)  # fmt: skip
OPENING_PARTS = (*TAPPED_PARTS, "forum_topic_created")
ALLOWED_UPDATES = (UpdateType.MESSAGE, UpdateType.CALLBACK_QUERY, UpdateType.MY_CHAT_MEMBER)
COMMANDS = (  # in the order of the menu
    "start", "learn", "quiz", "train", "lessons", "progress",
    "settings", "help", "privacy", "export", "forget", "cancel",
)  # fmt: skip
GROUP_COMMANDS = ("learn", "quiz", "train", "round", "stop", "experiment", "top")
ADMIN_COMMANDS = ("post", "plan")  # of a chat; what nobody else there is offered


def menus(activities: Activities) -> Menus:
    """What is offered where: in private all but a group's own; in groups a short list of what works there."""
    here = tuple(name for name in GROUP_COMMANDS if name in LINKS or activities.answers(name))
    more = tuple(name for name in ADMIN_COMMANDS if activities.answers(name))
    return Menus(private=COMMANDS, group=(*here, "help"), administrators=(*more, *here, "help"))


def line_of(update: object) -> Hashable:
    """Whose line an update stands in: the learner's in private and for a tap, else the chat's.

    None for what asks for nothing and tells nothing of the chat: a busy group's talk must not crowd out commands.
    """
    if not isinstance(update, Update):
        return None
    chat, user = update.effective_chat, update.effective_user
    if chat is not None and chat.type != ChatType.PRIVATE and update.callback_query is None:
        message = update.message
        if message is None:
            return chat.id if update.my_chat_member else None
        moved = message.migrate_to_chat_id or message.migrate_from_chat_id
        news = moved or message.forum_topic_created or message.forum_topic_edited
        return chat.id if news or (message.text or "").startswith("/") else None
    return user.id if user else None


@dataclass(frozen=True, kw_only=True)
class Means:
    """Time, waiting and chance, as the outside gives them."""

    now: Callable[[], datetime]
    clock: Callable[[], float]  # monotonic seconds
    sleep: Sleep
    jitter: Jitter


class TelegramChat:
    """The bot behind one token at one Bot API server.

    Life: `connect` (who am I?), `attach` (what answers), `start`, `poll` or a webhook, `stop`.
    """

    def __init__(
        self, *, token: str, api_url: str, store: Store, means: Means, tally: Tally | None = None
    ) -> None:
        self._store = store
        self._means = means
        self._tally = tally or Tally()
        self._arrivals: dict[int, Arrival] = {}  # by update id, until it is handled
        self.reached_at: float | None = None  # by `clock`: when the Bot API server last answered
        self._polling = AiohttpRequest(connections=4, answered=self._answered)
        self._calling = AiohttpRequest(answered=self._answered)
        self.bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            request=self._calling,
            get_updates_request=self._polling,
        )
        self._background: set[asyncio.Task[None]] = set()

    async def connect(self) -> str:
        """Learn the bot's own username, as patiently as the network asks; ConfigError for a refused token."""
        await self._polling.initialize()
        await until_done(self.bot.initialize, sleep=self._means.sleep, jitter=self._means.jitter)
        return self.bot.username

    def attach(
        self,
        *,
        pictures: Callable[[str], Awaitable[bytes | None]],
        documents: Callable[[int, Mapping[str, Any]], Awaitable[bytes | None]],
    ) -> None:
        """Make the ways in and out; `pictures` and `documents` give what words of these kinds need."""
        means = self._means
        self.deliverer = Deliverer(
            call=self._call,
            store=self._store,
            pictures=pictures,
            documents=documents,
            clock=means.clock,
            sleep=means.sleep,
            jitter=means.jitter,
            sorry=Texts()("error.apology"),
        )
        self.lines = Lines(
            key_of=line_of, ready=self.deliverer.room, too_many=self._too_many, clock=means.clock
        )
        self.intake = Intake(
            bot=self.bot,
            request=self._polling,
            store=self._store,
            feed=self._feed,
            now=means.now,
            clock=means.clock,
            sleep=means.sleep,
            jitter=means.jitter,
            allowed_updates=ALLOWED_UPDATES,
        )
        self._tally.watch(QUEUE, lambda: len(self.lines), "lines")
        self._tally.watch(QUEUE, lambda: self.deliverer.lanes, "lanes")
        self._tally.watch(QUEUE, lambda: len(self.deliverer), "words")

    def rights(self) -> RightsDesk:
        """Who asks Telegram whether somebody and the bot may post in a chat."""
        means = self._means
        return RightsDesk(call=self._call, bot=self.bot.id, sleep=means.sleep, jitter=means.jitter)

    async def start(self, tutor: Tutor, activities: Activities, chats: Chats) -> None:
        """Begin to handle and to say; what an earlier run left unsaid comes first."""
        self._tutor = tutor
        tutor.on_seen = self.deliverer.seen
        username = self.bot.username
        self._private = PrivateChat(tutor=tutor, activities=activities, username=username)
        self._group = GroupChat(
            tutor=tutor,
            activities=activities,
            chats=chats,
            call=self._call,
            username=username,
            sleep=self._means.sleep,
            jitter=self._means.jitter,
        )
        queue: asyncio.Queue[object] = asyncio.Queue(maxsize=WAITING)
        self._tally.watch(QUEUE, queue.qsize, "updates")
        builder = Application.builder().bot(self.bot).updater(None).update_queue(queue)
        self._application = builder.concurrent_updates(self.lines).build()
        self._application.add_handler(TypeHandler(Update, self._on_update))
        self._application.add_error_handler(self._on_error)
        await self._application.initialize()
        await self._application.start()
        await self.deliverer.say_unsaid()
        task = asyncio.create_task(
            introduce(menus(activities), call=self._call, sleep=self._means.sleep, jitter=self._means.jitter)
        )
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def say(self, words: Iterable[Word]) -> None:
        """Say words that are committed."""
        self.deliverer.deliver(words)

    async def in_line(self, learner: int, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run an event from inside in the learner's line."""
        await self.lines.run(learner, function)

    async def stop(self, *, handle_s: float, say_s: float) -> None:
        """Take nothing new, finish what is in hand; what is not done in time stays in the store."""
        self.intake.stop()
        for task in self._background:
            task.cancel()
        try:
            await asyncio.wait_for(self._application.stop(), handle_s)
        except TimeoutError:
            log.warning("some updates were not handled in time: they stay in the inbox")
        await self.lines.drain(0)
        await self.deliverer.drain(say_s)

    async def close(self) -> None:
        """Close the connections."""
        await self.bot.shutdown()
        for request in (self._calling, self._polling):  # a bot that never reached its server leaves them open
            await request.shutdown()

    async def _call(
        self, method: str, params: Mapping[str, Any], *, files: Mapping[str, tuple[str, bytes]] | None = None
    ) -> Any:
        try:
            result = await call(self.bot, method, params, files=files)
        except TelegramError as error:
            self._count(method, error)
            raise
        self._tally.add(CALLS, method, "ok")
        return result

    def _count(self, method: str, error: TelegramError) -> None:
        """A call that came to nothing, for the figures."""
        if isinstance(error, RetryAfter):
            self._tally.add(CALLS, method, "flood")
            self._tally.add(FLOOD_WAITS)
            self._tally.add(FLOOD_WAIT, by=seconds_to_wait(error))
            return
        self._tally.add(CALLS, method, "refused" if isinstance(error, BadRequest | Forbidden) else "failed")
        self._tally.add(ERRORS, type(error).__name__)

    def _answered(self, status: int) -> None:
        """The server is there (a gateway that answers in its place with 5xx is not it)."""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.reached_at = self._means.clock()

    async def reach(self) -> None:
        """See whether the Bot API server is there, as `reached_at` tells afterwards."""
        with suppress(TelegramError):
            await self._call("getMe", {})

    async def _feed(self, update: RawUpdate, at: float) -> None:
        kind = kind_of(update)
        self._tally.add(UPDATES, kind)
        try:
            parsed = checked(Update.de_json(slim(update), self.bot))
        except Exception as error:
            self._tally.add(ERRORS, type(error).__name__)
            raise
        self._arrivals[parsed.update_id] = Arrival(kind, at, self._means.clock, self._tally)
        await self._application.update_queue.put(parsed)

    def _key(self, update: Update) -> UpdateKey:
        return UpdateKey(bot=self.bot.id, update_id=update.update_id)

    async def _on_update(self, update: Update, _: CallbackContext[Any, Any, Any, Any]) -> None:
        with handling(self._arrivals.pop(update.update_id, None)):
            await self._handle(update)

    async def _handle(self, update: Update) -> None:
        """One call to who is responsible; what asks for nothing is dismissed."""
        key, learner, chat = self._key(update), learner_of(update), update.effective_chat
        room = self._private if chat is None or chat.type == ChatType.PRIVATE else self._group
        if learner is not None and update.callback_query is not None:
            await room.on_tap(update.callback_query, learner, key)
        elif learner is not None and update.message is not None:
            await room.on_message(update.message, learner, key)
        elif update.my_chat_member is not None and room is self._group:
            await self._group.on_standing(update.my_chat_member, key)
        else:
            await self._tutor.dismiss(key)

    async def _on_error(self, update: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
        """Log ids and where it happened, never what was said; tell the learner a way on."""
        self._tally.add(ERRORS, type(context.error).__name__)
        if not isinstance(update, Update):
            log.error("outside of any update: %s", place_of(context.error))
            return
        user = update.effective_user
        log.error(
            "update %d of user %s: %s", update.update_id, user.id if user else "?", place_of(context.error)
        )
        try:
            await self._apologize(update)
        except Exception as error:  # noqa: BLE001 (the store may be what failed; one last try without it)
            log.error("update %d: no apology could be kept: %s", update.update_id, type(error).__name__)
            await self._apologize_unkept(update)

    async def _apologize(self, update: Update, text: str = "error.apology") -> None:
        learner, query, chat = learner_of(update), update.callback_query, update.effective_chat
        if learner is None:
            await self._tutor.dismiss(self._key(update))
            return
        await self._tutor.tell(
            learner,
            text,
            update=self._key(update),
            chat=chat.id if chat else None,
            callback=query.id if query else None,
            thread=thread_of(update.message) if update.message else None,
        )

    async def _apologize_unkept(self, update: Update) -> None:
        """Without the store: the update stays in the inbox and is handled at the next start."""
        text, query, chat = Texts()("error.apology"), update.callback_query, update.effective_chat
        try:
            if query is not None:
                params = {"callback_query_id": query.id, "text": text, "show_alert": True}
                await self._call("answerCallbackQuery", params)
            elif chat is not None:
                await self._call("sendMessage", {"chat_id": chat.id, "text": text})
        except TelegramError as error:
            log.error("update %d: no apology could be said: %s", update.update_id, type(error).__name__)

    async def _too_many(self, update: object, first: bool) -> None:
        """Beyond a learner's line or bucket: every tap is answered, other things once per burst, and no more."""
        if not isinstance(update, Update):
            return
        self._arrivals.pop(update.update_id, None)
        if update.callback_query is not None or (first and line_of(update) is not None):
            await self._apologize(update, "error.flood")
        else:
            await self._tutor.dismiss(self._key(update))


def place_of(error: BaseException | None) -> str:
    """The kind of an error and where it was raised: no message, which may quote what a person wrote."""
    if error is None:
        return "unknown"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def slim(update: RawUpdate) -> RawUpdate:
    """Messages with only what is read here: all else costs time (7 % of a tap), and its kind may be unknown yet."""
    query = update.get("callback_query")
    slimmed = dict(update)
    if isinstance(query, dict):
        slimmed["callback_query"] = {"chat_instance": "", **_kept(query, "message", TAPPED_PARTS)}
    slimmed = _kept(slimmed, "message", MESSAGE_PARTS)
    message = slimmed.get("message")
    if isinstance(message, dict) and "reply_to_message" in message:
        slimmed["message"] = _with_opening(message)
    return slimmed


def _with_opening(message: RawUpdate) -> RawUpdate:
    """Of what it replies to only the message that opened its topic: that has the topic's name."""
    reply = message["reply_to_message"]
    if isinstance(reply, dict) and "forum_topic_created" in reply:
        return _kept(message, "reply_to_message", OPENING_PARTS)
    return {part: value for part, value in message.items() if part != "reply_to_message"}


def _kept(body: RawUpdate, name: str, parts: Collection[str]) -> RawUpdate:
    """The same with only these parts of the message in it; the framework insists on a date, nobody reads it."""
    message = body.get(name)
    if not isinstance(message, dict):
        return body
    return {**body, name: {"date": 0, **{part: message[part] for part in parts if part in message}}}
