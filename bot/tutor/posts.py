"""Posts for everyone: what an administrator posts, what taps count, and the totals under it.

Law: a post shows totals only; they are counted from the store, so that nothing about one person is in them and
who was forgotten is not counted. A post is edited at most every ten seconds, however many tap.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

from bot.core import quiz
from bot.core.posting import KIND, Phase, Posting, posted
from bot.core.scenes import QuestionScene
from bot.core.shared import next_to_post
from bot.course.model import Lesson, Question
from bot.errors import StoreError
from bot.store.base import Change, NewWord, Post, Store, Totals, UpdateKey
from bot.tutor.activities import GroupCommand, Place
from bot.tutor.bursts import Bursts
from bot.tutor.gather import posting_activity
from bot.tutor.kept import closing, dumps, may_close
from bot.tutor.learner import Learner
from bot.tutor.renewals import Renewals
from bot.tutor.tutor import Say, Sleep, Tutor
from bot.view.message import Message
from bot.view.post import CLOSED, Closed, Open, post_message, step_post
from bot.view.rich import Rich
from bot.view.stage import Stage
from bot.view.texts import pick

SHOWN = 512  # posts whose text is remembered, so that an edit that changes nothing is not made
LATELY, MOST_RENEWED = timedelta(days=8), 20  # posts that are looked at when the bot is back in a chat
FRESH = timedelta(hours=48)  # posts answered since then are renewed at the next start
MOMENT_S = 10.0  # longest that nobody else posts what somebody is about to post, on whatever machine


class Posts:
    """The use cases of posts over the tutor's store and lessons."""

    def __init__(
        self,
        *,
        tutor: Tutor,
        store: Store,
        say: Say,
        now: Callable[[], datetime],
        chance: Random,
        sleep: Sleep,
        bursts: Bursts,
    ) -> None:
        self._tutor = tutor
        self._store = store
        self._say = say
        self._now = now
        self._chance = chance
        self._bursts = bursts
        self._renewals = Renewals(self._edit, turn=store.turn, sleep=sleep)
        # code → what it says, as far as this process said it
        self._shown: OrderedDict[str, str] = OrderedDict()
        self._being_posted: set[tuple[int, str, str]] = set()  # chat, lesson, question
        tutor.on_post_answered = self.answered

    async def command(self, command: GroupCommand) -> None:
        """`/post` in a group: for those in charge there."""
        if await command.in_charge():
            await self.post(command.by, command.place, command.argument, update=command.update)
        elif self._bursts.too_many(command.place.chat, ("post.refused", command.by.id)):
            await self._tutor.dismiss(command.update)
        else:
            await self._tutor.tell(
                command.by,
                "post.refused",
                update=command.update,
                chat=command.place.chat,
                thread=command.place.thread,
                link="start",
            )

    async def post(self, by: Learner, place: Place, argument: str, *, update: UpdateKey) -> None:
        """Post a question or step of a lesson: `LESSON [STEP or QUESTION]`; what cannot be is said in the chat."""
        stage = self._tutor.stage(pick(None, by.language))
        lesson_id, name = [*argument.lower().split(maxsplit=1), "", ""][:2]
        lesson = stage.shelf.get(lesson_id)
        if lesson is None:
            ids = ", ".join(list(stage.shelf)[:8]) or "—"
            text = stage.texts("post.usage", ids=ids)
            await self._say_all(by, place, [Message(rich=Rich(text))], update)
            return
        question = quiz.find(lesson, name) if name else await self._next(place.chat, lesson)
        if question is not None:
            done = False
            try:
                post, message = await self.prepared(stage, place, lesson, question)
                done = await self._say_all(by, place, [message], update, post=post)
            finally:
                if not name:
                    await self._over(place.chat, lesson, question, done=done)
        elif name and lesson.step(name):
            await self._say_all(by, place, step_post(stage, lesson, name), update)
        else:
            key = "post.unknown" if name else "post.none_left"
            text = stage.texts(
                key, title=lesson.title, **({"name": name[:40]} if name else {"lesson": lesson.id})
            )
            await self._say_all(by, place, [Message(rich=Rich(text))], update)

    async def _next(self, chat: int, lesson: Lesson) -> Question | None:
        """The next to be posted; what somebody else posts at this moment counts as posted."""
        there = {post.question for post in await self._store.posts(chat, lesson.id) if post.question}
        while (question := next_to_post(lesson, there)) is not None:
            key = (chat, lesson.id, question.id)
            if key not in self._being_posted:
                self._being_posted.add(key)
                mine = False
                try:
                    mine = await self._store.claim(_claim(*key), at_most_s=MOMENT_S)
                finally:
                    if not mine:
                        self._being_posted.discard(key)
                if mine:
                    return question
            there.add(question.id)
        return None

    async def _over(self, chat: int, lesson: Lesson, question: Question, *, done: bool) -> None:
        """What was not posted after all is again the next, also for other processes."""
        key = (chat, lesson.id, question.id)
        try:
            if not done:
                with suppress(StoreError):  # who cannot give it back holds it for a moment only
                    await self._store.give_back(_claim(*key))
        finally:
            self._being_posted.discard(key)

    def answered(self, code: str) -> None:
        """Renew the totals of a post, now or when ten seconds have passed since the last time."""
        self._renewals.want(code)

    async def resume(self) -> None:
        """Renew what was answered before the last stop; call once, at start."""
        for code in await self._store.fresh_posts(self._now() - FRESH):
            self.answered(code)

    async def back(self, chat: int) -> None:
        """The bot may speak in a chat again: what it could not show there is shown now."""
        over = await self._store.ended(KIND, self._now() - LATELY, chat=chat)
        for activity in over[-MOST_RENEWED:]:
            self._shown.pop(activity.code, None)
            self.answered(activity.code)

    async def stop(self) -> None:
        """End the renewing; the totals are counted anew at the next start."""
        await self._renewals.leave()

    async def prepared(
        self, stage: Stage, place: Place, lesson: Lesson, question: Question
    ) -> tuple[Post, Message]:
        """A question post that never closes, to be committed with its message; that one's key is the post's code."""
        known = await self._store.known_chat(place.chat)
        whispers = bool(known and known.whispers)
        code = self._tutor.new_key()
        post = self.new(stage, place, lesson, question, code=code, whispers=whispers, closes=False)
        return post, post_message(stage, scene_of(post), post.code)

    def new(
        self,
        stage: Stage,
        place: Place,
        lesson: Lesson,
        question: Question,
        *,
        code: str,
        whispers: bool,
        closes: bool,
    ) -> Post:
        """A question as it will stand in a chat; where it closes, the posting of its code is asked at each tap."""
        places = range(len(question.options))
        order = self._chance.sample(places, len(places)) if question.shuffle else list(places)
        return Post(
            code=code,
            chat=place.chat,
            lesson=lesson.id,
            question=question.id,
            body=dumps(
                {
                    "order": order,
                    "seen": quiz.print_of(question),
                    "language": stage.texts.language,
                    "closes": closes,
                    "whispers": whispers,
                    "thread": place.thread,
                }
            ),
            made_at=self._now(),
        )

    async def _say_all(
        self,
        by: Learner,
        place: Place,
        messages: list[Message],
        update: UpdateKey,
        *,
        post: Post | None = None,
    ) -> bool:
        """Commit what is posted together with its words, then say them; whether it was committed."""
        key = post.code if post else None
        words = tuple(
            NewWord(chat=place.chat, kind="say", body=dumps({**each.as_json(), **place.topic}), key=key)
            for each in messages
        )
        activity = None
        if post is not None:  # it is remembered who posted, should Telegram refuse it
            now = self._now()
            state = Posting(lesson=post.lesson, question=post.question, language=by.language or "", at=now)
            starter = None if by.lent else by.id
            activity = posting_activity(
                post.code, place.chat, posted(state, now), made_at=now, thread=place.thread, starter=starter
            )
        change = Change(learner=by.id, update=update, words=words, post=post, activity=activity)
        said = await self._tutor.commit(change)
        self._say(said or ())
        return said is not None

    async def _edit(self, code: str) -> None:
        post = await self._store.post(code)
        if post is None or post.question is None:
            return
        totals = await self._store.totals(code)
        # Last, so that what is said is not older than a closing that was said meanwhile.
        state = closing(await self._store.activity(code)) if may_close(post) else None
        message = self.message(post, totals, state)
        if message is not None:
            self.show(post, message)

    def message(self, post: Post, totals: Totals, state: Posting | None) -> Message | None:
        """The post as it is now; None if its question is not what it was."""
        stage = self._tutor.stage(json.loads(post.body)["language"])
        if not self.holds(post, stage):
            return None
        return post_message(
            stage,
            scene_of(post),
            post.code,
            answered=totals.answered,
            right=totals.right,
            state=self.view(state),
        )

    def view(self, state: Posting | None) -> Open | Closed:
        """How a post looks in this state of its posting."""
        if state is not None and state.phase in (Phase.CLOSING, Phase.CLOSED):
            return CLOSED
        return Open(closes=state.closes if state and state.phase is Phase.OPEN else None)

    def holds(self, post: Post, stage: Stage) -> bool:
        """Whether the lesson still has the question as it was posted."""
        lesson = stage.shelf.get(post.lesson)
        question = quiz.find(lesson, post.question) if lesson and post.question else None
        return question is not None and quiz.print_of(question) == json.loads(post.body)["seen"]

    def show(self, post: Post, message: Message) -> None:
        """Edit the post, unless it says so already."""
        body = dumps(message.as_json())
        if self._shown.get(post.code) != body:
            self.shown(post.code, body)
            self._say([self._tutor.unkept(NewWord(chat=post.chat, kind="edit", body=body, key=post.code))])

    def shown(self, code: str, body: str) -> None:
        """Remember what a post says."""
        self._shown[code] = body
        self._shown.move_to_end(code)
        if len(self._shown) > SHOWN:
            self._shown.popitem(last=False)


def _claim(chat: int, lesson: str, question: str) -> str:
    return f"post {chat} {lesson} {question}"


def scene_of(post: Post) -> QuestionScene:
    """A posted question, in the order that everybody sees."""
    if post.question is None:
        raise ValueError(f"post {post.code} shows a step")
    order = tuple(json.loads(post.body)["order"])
    return QuestionScene(
        lesson=post.lesson, question=post.question, order=order, place=1, total=1, alone=True
    )
