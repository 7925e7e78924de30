"""The way of an event: load the session, step, commit, say. Nothing here knows Telegram.

Law: what an event changed and what is still to be said about it are committed together before anything is
said; who calls `handle` holds the learner's line, so that no two events of one learner run at once.
"""

import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

from bot.core.actions import Action, new_key
from bot.core.effects import CheckTarget, Effect, Forget, Toast
from bot.core.events import Command, Event, SeenPost, SharedRun, SharedTap, Tap, TargetChecked
from bot.core.session import step
from bot.core.state import DraftStep, Screen, ScreenKind, Session
from bot.course.model import Lesson
from bot.errors import OverloadedError, StaleError
from bot.store.base import Change, NewWord, Remembered, Store, UpdateKey, Word
from bot.training.program import program
from bot.tutor.desk import desk_of
from bot.tutor.gather import LATE, answer_word, gather
from bot.tutor.kept import Replay, dumps, may_close, seen_post, session_of, shared_experiment
from bot.tutor.learner import Learner
from bot.view.stage import Stage
from bot.view.texts import Texts, languages, pick

Say = Callable[[Iterable[Word]], None]
InLine = Callable[[int, Callable[[], Coroutine[Any, Any, None]]], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]

STALE_TRIES = 50  # each lost to another process that had its event of this learner handled: more come never
COMMIT_TRIES = 6  # while the store's queue is full: about six seconds in all


class Tutor:
    """The use cases over a store and the lessons in use.

    lessons: gives the lessons by id as they are now; say: takes words to be said; now: UTC.
    Hooks: `on_job` is told of a training that begins, when that is committed; `on_job_over` that nobody waits for
    one any more, when that is committed; `on_seen` where a tap shows that a screen stands; `on_post_answered` of
    a post's code when its totals changed; `seen_live` gives a question of a live round as a person saw it;
    `before_forget` look for what was shown of a person, and what each gives back is called when all is deleted;
    `on_activity` that something in a group changed; `on_check` that a learner's screen waits to hear whether both
    may post in a chat.
    """

    def __init__(
        self,
        *,
        store: Store,
        lessons: Callable[[], Mapping[str, Lesson]],
        username: str,
        say: Say,
        now: Callable[[], datetime],
        chance: Random,
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._lessons = lessons
        self._username = username
        self._say = say
        self._now = now
        self._chance = chance
        self._sleep = sleep
        self._unkept = count(-1, -1)  # numbers of words that are in no store
        self.on_job: Callable[[int, str, Replay], None] = lambda learner, code, replay: None
        self.on_job_over: Callable[[str], None] = lambda code: None
        self.on_seen: Callable[[int, str, int], None] = lambda learner, key, message: None
        self.on_post_answered: Callable[[str], None] = lambda code: None
        self.seen_live: Callable[[str, int], Awaitable[SeenPost | None]] = _nothing_seen
        self.before_forget: list[Callable[[int], Awaitable[Callable[[], None]]]] = []
        self.on_activity: Callable[[], None] = lambda: None
        self.on_check: Callable[[int, CheckTarget], None] = lambda learner, effect: None

    def stage(self, language: str) -> Stage:
        """What screens are drawn with, in a language."""
        return Stage(texts=Texts(language), shelf=self._lessons(), username=self._username, program=program)

    async def stage_of(self, learner: int) -> Stage:
        """What a learner's screens are drawn with, where no update tells the language."""
        session = session_of(await self._store.load(learner), Learner(id=learner))
        return self.stage(pick(session.language, session.tongue))

    def new_key(self) -> str:
        """A key for a message that is no part of the session."""
        return new_key(self._chance)

    def unkept(self, word: NewWord) -> Word:
        """A word that is in no store: what is said once, or can be made anew at any time."""
        return Word(chat=word.chat, kind=word.kind, body=word.body, key=word.key, number=next(self._unkept))

    async def handle(
        self,
        learner: Learner,
        event: Event,
        *,
        update: UpdateKey | None = None,
        callback: str | None = None,
        message: int | None = None,
    ) -> None:
        """Work out one event and say what follows; an update handled before is passed over.

        `callback`: the tap's id, to be answered; `message`: the message that was tapped. Where another process
        handled an event of the same learner meanwhile, this one is worked out again from what that left.
        """
        for attempt in count(1):
            try:
                await self._work_out(learner, event, update=update, callback=callback, message=message)
            except StaleError:
                if attempt == STALE_TRIES:
                    raise
            else:
                break

    async def _work_out(
        self,
        learner: Learner,
        event: Event,
        *,
        update: UpdateKey | None,
        callback: str | None,
        message: int | None,
    ) -> None:
        remembered = await self._store.load(learner.id)
        session = session_of(remembered, learner)
        event = await self._complete(learner.id, event, session, remembered, message)
        stage = self.stage(pick(session.language, session.tongue))
        now = self._now()
        after, effects = step(
            session, event, now=now, chance=self._chance, shelf=stage.shelf, languages=languages()
        )
        if after.language != session.language:
            stage = self.stage(pick(after.language, after.tongue))
        change = gather(effects, stage=stage, learner=learner.id, now=now, update=update, callback=callback)
        if isinstance(event, Tap) and event.in_place and message is not None and event.key in session.screens:
            self.on_seen(learner.id, event.key, message)
        if any(isinstance(effect, Forget) for effect in effects):
            await self._forget(learner.id, change)
            return
        counts_nothing = isinstance(event, Tap) or (
            isinstance(event, SharedTap) and change.post_answer is None and not change.votes
        )
        if remembered.session is None and counts_nothing:
            await self._answer_stranger(change)
            return
        text = after.model_dump_json()
        dead = tuple(key for key in remembered.screens if key not in session.screens)
        await self._keep(
            replace(
                change,
                loaded=remembered,
                session=text if text != remembered.session else None,
                dead_screens=dead,
            ),
            effects,
        )

    async def _keep(self, change: Change, effects: Iterable[Effect]) -> None:
        """Commit first, then say; a change that was committed before is passed over."""
        words = await self.commit(change)
        if words is not None:
            if change.job_done is not None:
                self.on_job_over(change.job_done)
            self._say(words)
            if change.post_answer is not None:
                self.on_post_answered(change.post_answer.code)
            if change.job is not None:
                self.on_job(change.job.learner, change.job.code, Replay.parse(change.job.body))
            if change.activity is not None:
                self.on_activity()
            for effect in effects:
                if isinstance(effect, CheckTarget) and change.learner is not None:
                    self.on_check(change.learner, effect)

    async def commit(self, change: Change) -> tuple[Word, ...] | None:
        """Commit a change, waiting a little while the store is overloaded."""
        for attempt in range(COMMIT_TRIES):
            try:
                return await self._store.commit(change, now=self._now())
            except OverloadedError:
                await self._sleep(0.1 * 2**attempt)
        return await self._store.commit(change, now=self._now())

    async def tell(
        self,
        learner: Learner,
        text: str,
        *,
        update: UpdateKey,
        chat: int | None = None,
        callback: str | None = None,
        link: str | None = None,
        thread: int | None = None,
    ) -> None:
        """Say a text of the catalogue (to a tap: as its answer) without touching the session.

        `link`: payload of a deep link on a button; `thread`: the forum topic it belongs to.
        """
        stage = self.stage(pick(None, learner.language))
        chat = learner.id if chat is None else chat
        if callback is not None:
            word = answer_word(stage, Toast(text=text, alert=True), chat=chat, callback=callback)
        else:
            button = [{"text": stage.texts("button.open_private"), "url": stage.link(link)}] if link else []
            body: dict[str, Any] = {
                "text": stage.texts(text),
                "entities": [],
                "buttons": [button] if button else [],
            }
            if thread is not None:
                body["message_thread_id"] = thread
            word = NewWord(chat=chat, kind="say", body=dumps(body))
        words = await self.commit(Change(learner=learner.id, update=update, words=(word,)))
        self._say(words or ())

    async def write(self, learner: int, text: str, **params: str | int) -> None:
        """Say a text to somebody in private, if they ever opened that chat: nobody else can be written to."""
        session = session_of(await self._store.load(learner), Learner(id=learner))
        if not session.screens:  # every message in private leaves one; a tap in a group leaves none
            return
        stage = self.stage(pick(session.language, session.tongue))
        body = {"text": stage.texts(text, **params), "entities": [], "buttons": []}
        word = NewWord(chat=learner, kind="say", body=dumps(body))
        self._say(await self.commit(Change(learner=learner, words=(word,))) or ())

    async def move(self, old: int, new: int) -> None:
        """A group has a new id: its posts are there from now on."""
        await self._store.move(old, new)

    async def dismiss(self, update: UpdateKey) -> None:
        """Mark an update handled that asks for nothing."""
        await self.commit(Change(learner=None, update=update))

    async def document(self, learner: int, body: Mapping[str, Any]) -> bytes:
        """The file that a word of kind `document` names: everything stored about a learner, as JSON in UTF-8."""
        everything = await self._store.export(learner)
        return json.dumps(everything, ensure_ascii=False, indent=2).encode("utf-8", "replace")

    async def _complete(
        self, learner: int, event: Event, session: Session, remembered: Remembered, message: int | None
    ) -> Event:
        """Put in what only the store knows: where a screen stands, what a run was."""
        if isinstance(event, Tap):
            known = remembered.screens.get(event.key)
            in_place = known is None or message is None or known == message
            screen = session.screens.get(event.key)
            wanted = screen.ref if screen and event.action == Action.CODE else ""
            lesson = _lesson_in_hand(event, screen)
            desk = None if lesson is None else await desk_of(self._store, learner, lesson)
            return replace(event, in_place=in_place, shared=await self._shared(wanted), desk=desk)
        if isinstance(event, SharedTap):
            return replace(event, post=await self._seen_post(event.code, learner))
        if isinstance(event, TargetChecked):
            return replace(event, desk=await desk_of(self._store, learner, ""))
        return await self._complete_command(learner, event) if isinstance(event, Command) else event

    async def _complete_command(self, learner: int, command: Command) -> Command:
        """What a command or a link names."""
        kind, code = command.argument[:2], command.argument[2:].strip()
        if command.name == "post":
            words = command.argument.lower().split()
            return replace(command, desk=await desk_of(self._store, learner, next(iter(words), "")))
        if kind in ("p-", "e-"):
            post = await self._seen_post(code, learner) or await self.seen_live(code, learner)
            return replace(command, post=post)
        if kind == "r-":
            return replace(command, shared=await self._shared(code))
        if kind == "x-":
            activity = await self._store.activity(code)
            return replace(command, shared=shared_experiment(activity) if activity else None)
        return command

    async def _seen_post(self, code: str, learner: int) -> SeenPost | None:
        post = await self._store.post(code) if code else None
        if post is None:
            return None
        answer = await self._store.post_answer(code, learner)
        posting = await self._store.activity(code) if may_close(post) else None
        late = await self._store.ballot(code, LATE, learner) if posting and answer is None else None
        return seen_post(post, answer, posting, late)

    async def _shared(self, code: str) -> SharedRun | None:
        run = await self._store.run(code) if code else None
        if run is None:
            return None
        replay = Replay.parse(run.body)
        return SharedRun(lesson=replay.lesson, spec=replay.spec)

    async def _forget(self, learner: int, change: Change) -> None:
        """Delete first, then say so from memory: words in the store would hold the id again.

        A kill between the two leaves the learner without the sentence, but never with the data.
        """
        renewals = [await look(learner) for look in self.before_forget]
        await self._store.forget(learner, update=change.update)
        if change.job_done is not None:
            self.on_job_over(change.job_done)
        self._say_unkept(change.words)
        for renew in renewals:
            renew()

    async def _answer_stranger(self, change: Change) -> None:
        """Answer without keeping who tapped: after `/forget`, the second half of a double tap leaves no id."""
        if await self.commit(Change(learner=None, update=change.update)) is not None:
            self._say_unkept(change.words)

    def _say_unkept(self, words: Iterable[NewWord]) -> None:
        self._say(self.unkept(word) for word in words)


async def _nothing_seen(code: str, learner: int) -> SeenPost | None:
    return None


def _lesson_in_hand(event: Tap, screen: Screen | None) -> str | None:
    """The lesson of a post that is put together, once the tap is done; None: no post is."""
    if screen is None or screen.kind is not ScreenKind.POST or screen.draft is None:
        return None
    step, _, value = event.argument.partition("-")
    return value if step == DraftStep.LESSON else screen.draft.lesson
