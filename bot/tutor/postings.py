"""Posts with a time of their own: woken to be posted, woken again to be closed.

Law: when the time comes Telegram is asked again whether the person and the bot may post there. What cannot be
posted is said to whoever planned it, in private and once; it is never said in the chat.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from bot.core import quiz
from bot.core.posting import KIND, Phase, Posting, answer_shown, called_off, closed, posted
from bot.store.base import Change, NewWord, Post, Store
from bot.store.groups import Activity
from bot.training.labels import Bar, Bars
from bot.tutor.activities import Activities, GroupTap, Place, of
from bot.tutor.kept import dumps
from bot.tutor.posts import Posts, scene_of
from bot.tutor.targets import Asks
from bot.tutor.tutor import Tutor
from bot.view.message import Message
from bot.view.post import post_message, shares_caption, step_post
from bot.view.question import LETTERS
from bot.view.stage import Stage
from bot.view.texts import pick


class Draws(Protocol):
    """What draws: a worker process."""

    async def draw_bars(self, learner: int, bars: Bars) -> bytes:
        """How many chose what, as PNG."""


class Postings:
    """The kind of activity under the name `posting`."""

    def __init__(
        self,
        *,
        activities: Activities,
        posts: Posts,
        tutor: Tutor,
        store: Store,
        asks: Asks,
        draws: Draws,
        now: Callable[[], datetime],
    ) -> None:
        self._activities = activities
        self._posts = posts
        self._tutor = tutor
        self._store = store
        self._asks = asks
        self._draws = draws
        self._now = now
        activities.add(KIND, self)

    async def wake(self, activity: Activity) -> None:
        """Post it, or close it."""
        state = Posting.model_validate_json(activity.body)
        if state.phase is Phase.WAITING:
            await self._post(activity, state)
        else:
            await self._close(activity.code)

    async def tap(self, activity: Activity, tap: GroupTap) -> None:
        """There are no buttons but the options, which are the post's own."""
        await self._activities.answer(tap, "stale")

    async def left(self, activity: Activity) -> None:
        """The bot may not speak there now: what waits goes on waiting, and is looked at again in its time."""

    # posting

    async def _post(self, activity: Activity, state: Posting) -> None:
        why = await self._in_the_way(activity, state)
        if why:
            await self._fail(activity.code, why)
            return
        stage = self._stage(state)
        known = await self._store.known_chat(activity.chat)
        post, messages = self._made(stage, activity, state, whispers=bool(known and known.whispers))

        async def become(found: Activity) -> Change | None:
            before = Posting.model_validate_json(found.body)
            after = posted(before, self._now())
            if after == before:
                return None
            shown = messages if post is None else [self._as_posted(stage, post, after)]
            words = self._activities.words(of(found), [("say", each, None) for each in shown])
            words = (*words[:-1], replace(words[-1], key=activity.code))
            return Change(learner=None, activity=_with(found, after), words=words, post=post)

        await self._activities.swap(activity.code, become)

    def _made(
        self, stage: Stage, activity: Activity, state: Posting, *, whispers: bool
    ) -> tuple[Post | None, list[Message]]:
        lesson = stage.shelf[state.lesson]
        if state.question is None:
            return None, step_post(stage, lesson, state.step or "")
        question = quiz.find(lesson, state.question)
        if question is None:
            raise LookupError(f"posting {activity.code}: its question is gone")
        place = Place(chat=activity.chat, thread=activity.thread)
        post = self._posts.new(
            stage,
            place,
            lesson,
            question,
            code=activity.code,
            whispers=whispers,
            closes=state.stays_s is not None,
        )
        return post, []

    def _as_posted(self, stage: Stage, post: Post, state: Posting) -> Message:
        return post_message(stage, scene_of(post), post.code, state=self._posts.view(state))

    async def _in_the_way(self, activity: Activity, state: Posting) -> str:
        """Catalogue key of why it cannot be posted; empty if it can. AwayError: nobody knows now."""
        if state.is_late(self._now()):
            return "post.why_late"
        lesson = self._stage(state).shelf.get(state.lesson)
        if lesson is None or not (quiz.find(lesson, state.question or "") or lesson.step(state.step or "")):
            return "post.why_changed"
        if activity.starter is None:
            return "post.not_admin"
        rights = await self._asks(activity.chat, activity.starter)
        return rights.problem

    async def lost(self, code: str, topic_is_gone: bool) -> None:
        """Telegram refused what was posted: whoever planned it hears so."""
        activity = await self._store.activity(code)
        if activity is not None and activity.kind == KIND:
            await self._fail(code, "post.why_topic" if topic_is_gone else "post.why_refused")

    async def _fail(self, code: str, why: str) -> None:
        """End it, then tell; a kill in between leaves it untold, but never posted against somebody's right."""

        async def become(found: Activity) -> Change | None:
            state = Posting.model_validate_json(found.body)
            return None if state.over else Change(learner=None, activity=_with(found, called_off(state)))

        await self._activities.swap(code, become)
        activity = await self._store.activity(code)
        if activity is None or activity.starter is None:
            return
        title = await self._title(activity.chat)
        texts = (await self._tutor.stage_of(activity.starter)).texts
        await self._tutor.write(activity.starter, "post.failed", title=title, why=texts(why, title=title))

    async def _title(self, chat: int) -> str:
        known = await self._store.known_chat(chat)
        return known.title if known else str(chat)

    # closing

    async def _close(self, code: str) -> None:
        """First no tap counts any more, then the last totals are shown; a kill in between is woken again."""

        async def close(found: Activity) -> Change | None:
            before = Posting.model_validate_json(found.body)
            after = closed(before, self._now())
            return None if after == before else Change(learner=None, activity=_with(found, after))

        async def show(found: Activity) -> Change | None:
            before = Posting.model_validate_json(found.body)
            after = answer_shown(before)
            if after == before:
                return None
            words = await self._last_words(found, after)
            return Change(learner=None, activity=_with(found, after), words=words)

        await self._activities.swap(code, close)
        await self._activities.swap(code, show)
        # An edit that was on its way may have come last: look again, when totals may be renewed.
        self._posts.answered(code)

    async def _last_words(self, activity: Activity, state: Posting) -> tuple[NewWord, ...]:
        """The answer and the final totals; nothing where the question is not what it was."""
        post = await self._store.post(activity.code)
        message = None
        if post is not None and post.question is not None:
            message = self._posts.message(post, await self._store.totals(post.code), state)
        if post is None or message is None:
            return ()
        edit = self._activities.words(of(activity), [("edit", message, post.code)])
        shares = await self._store.shares(post.code) if state.picture else {}
        if not shares:
            return edit
        stage = self._tutor.stage(json.loads(post.body)["language"])
        caption = shares_caption(stage, scene_of(post), shares)
        body: dict[str, Any] = {
            "run": post.code,  # what the picture is drawn from
            "caption": caption.text,
            "entities": [entity.as_json() for entity in caption.entities],
            "reply_to": post.code,
            **of(activity).topic,
        }
        return (*edit, NewWord(chat=activity.chat, kind="photo", body=dumps(body)))

    async def picture(self, code: str) -> bytes | None:
        """How many chose what on a post; None if it, or its lesson, is gone."""
        post = await self._store.post(code)
        if post is None or post.question is None:
            return None
        stage = self._tutor.stage(json.loads(post.body)["language"])
        if not self._posts.holds(post, stage):
            return None
        lesson = stage.shelf[post.lesson]
        question = quiz.find(lesson, post.question)
        shares, t = await self._store.shares(code), stage.texts
        if question is None:
            return None
        rows = tuple(
            Bar(
                name=letter,
                count=shares.get(place, 0),
                note=t("picture.right") if question.options[place].correct else "",
            )
            for letter, place in zip(LETTERS, scene_of(post).order, strict=False)
        )
        answered = sum(shares.values())
        bars = Bars(title=lesson.title, below=t("picture.answers", answered=answered), rows=rows)
        return await self._draws.draw_bars(post.chat, bars)

    def _stage(self, state: Posting) -> Stage:
        return self._tutor.stage(pick(state.language, None))


def _with(activity: Activity, state: Posting) -> Activity:
    return replace(activity, body=state.model_dump_json(), due=state.due, over=state.over)
