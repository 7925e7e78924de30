"""The port in a page of dictionaries: what every backend must amount to."""

import copy
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Any

from bot.errors import StaleError, StoreError
from bot.store.base import (
    Answer,
    Change,
    Job,
    KeptUpdate,
    Left,
    NewWord,
    OptionFigure,
    Post,
    PostAnswer,
    Remembered,
    Run,
    Store,
    Totals,
    Tries,
    UpdateKey,
    Word,
)
from tests.store.group_model import GroupModel, GroupShelf


@dataclass(slots=True)
class Shelf:
    """All that is remembered; it outlives a closed store."""

    inbox: dict[UpdateKey, tuple[str, datetime, datetime | None]] = field(default_factory=dict)
    sessions: dict[int, str | None] = field(default_factory=dict)
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    words: list[tuple[int | None, Word]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    screens: dict[tuple[int, str], int] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    post_messages: dict[str, int] = field(default_factory=dict)
    post_answers: dict[tuple[str, int], PostAnswer] = field(default_factory=dict)
    groups: GroupShelf = field(default_factory=GroupShelf)
    count: int = 0


class ModelStore(GroupModel, Store):
    """A store without a disk."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    @property
    def groups(self) -> GroupShelf:  # type: ignore[override]  # the shelf may be put back as a whole
        return self.shelf.groups

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def keep(self, bot: int, updates: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
        new = []
        for update_id, body in updates:
            key = UpdateKey(bot=bot, update_id=update_id)
            if key not in self.shelf.inbox:
                self.shelf.inbox[key] = (body, now, None)
                new.append(update_id)
        return new

    async def waiting(self, bot: int) -> list[KeptUpdate]:
        rows = self.shelf.inbox.items()
        return [KeptUpdate(key=key, body=row[0]) for key, row in rows if key.bot == bot and row[2] is None]

    async def load(self, learner: int) -> Remembered:
        screens = {key: message for (who, key), message in self.shelf.screens.items() if who == learner}
        if learner < 0:
            posts = self.shelf.post_messages.items()
            screens |= {
                code: message for code, message in posts if message and self.shelf.posts[code].chat == learner
            }
            standing = self.groups.chat_screens.items()
            screens |= {key: message for (chat, key), message in standing if chat == learner}
        return Remembered(session=self.shelf.sessions.get(learner), screens=screens)

    async def orphans(self, bot: int) -> AsyncIterator[Left]:
        return
        yield

    async def commit(self, change: Change, *, now: datetime) -> tuple[Word, ...] | None:
        before = {part.name: copy.copy(getattr(self.shelf, part.name)) for part in fields(Shelf)}
        before["groups"] = copy.deepcopy(self.shelf.groups)
        try:
            return self._commit(change, now)
        except (StoreError, StaleError, ValueError):
            for name, value in before.items():
                setattr(self.shelf, name, value)
            raise

    def _commit(self, change: Change, now: datetime) -> tuple[Word, ...] | None:
        shelf = self.shelf
        done = [job for job in shelf.jobs if (job.code, job.learner) == (change.job_done, change.learner)]
        if change.job_done is not None and not done:
            return None
        if change.update is not None:
            _, kept_at, handled_at = shelf.inbox.get(change.update, ("", now, None))
            if handled_at is not None:
                return None
            shelf.inbox[change.update] = ("", kept_at, now)
        if change.loaded is not None and change.loaded.session != shelf.sessions.get(change.learner or 0):
            raise StaleError("another session")
        self.groups.check(change)
        if change.activity is not None and change.activity.starter is not None:
            shelf.sessions.setdefault(change.activity.starter, None)
        if change.learner is not None:
            self._of_learner(change, change.learner)
        for run in change.runs:
            shelf.sessions.setdefault(run.learner, None)
            shelf.runs[run.code] = run
        shelf.jobs = [job for job in shelf.jobs if job not in done]
        if change.job is not None:
            shelf.sessions.setdefault(change.job.learner, None)
            shelf.jobs = [job for job in shelf.jobs if job.learner != change.job.learner] + [change.job]
        if change.post is not None:
            shelf.posts[change.post.code] = change.post
        self.groups.apply(change)
        return tuple(self._word(change.learner, word) for word in change.words)

    def _of_learner(self, change: Change, learner: int) -> None:
        shelf, shown = self.shelf, change.shown_name
        hangs = change.votes or change.runs_chat is not None or (shown and shown.name)
        if change.session is not None:
            shelf.sessions[learner] = change.session
        elif change.answers or change.words or change.post_answer or hangs:
            shelf.sessions.setdefault(learner, None)
        for answer in change.answers:
            self._answer(learner, answer)
        if change.post_answer is not None:
            if change.post_answer.code not in shelf.posts:
                raise StoreError("there is no such post")
            shelf.post_answers.setdefault((change.post_answer.code, learner), change.post_answer)
        for key in change.dead_screens:
            shelf.screens.pop((learner, key), None)

    def _answer(self, learner: int, answer: Answer) -> None:
        if answer.option < 0:
            raise StoreError("an option has no negative place")
        if answer.answered_at.tzinfo is None:
            raise ValueError("no time zone")
        place = (learner, answer.lesson, answer.question, answer.sitting)
        if place not in [(who, old.lesson, old.question, old.sitting) for who, old in self.shelf.answers]:
            self.shelf.answers.append((learner, answer))

    def _word(self, learner: int | None, word: NewWord) -> Word:
        self.shelf.count += 1
        said = Word(chat=word.chat, kind=word.kind, body=word.body, key=word.key, number=self.shelf.count)
        self.shelf.words.append((learner, said))
        return said

    async def said(self, number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        is_there = any(word.number == number for _, word in self.shelf.words)
        if screen is not None and is_there and (post := self.shelf.posts.get(screen[1])):
            if post.chat == screen[0]:
                self.shelf.post_messages[screen[1]] = screen[2]
            else:
                self.shelf.post_messages.setdefault(screen[1], 0)
        elif screen is not None and is_there and screen[0] < 0 and screen[1] not in self.shelf.posts:
            self.groups.chat_screens[screen[:2]] = screen[2]
        left = [(who, word) for who, word in self.shelf.words if word.number != number]
        if len(left) < len(self.shelf.words) and screen is not None and screen[0] in self.shelf.sessions:
            self.shelf.screens[screen[:2]] = screen[2]
        self.shelf.words = left

    async def unsaid(self) -> list[Word]:
        return [word for _, word in self.shelf.words]

    async def jobs(self) -> list[Job]:
        return list(self.shelf.jobs)

    async def run(self, code: str) -> Run | None:
        return self.shelf.runs.get(code)

    async def post(self, code: str) -> Post | None:
        return self.shelf.posts.get(code)

    async def posts(self, chat: int, lesson: str) -> list[Post]:
        there = {word.key for _, word in self.shelf.words} | set(self.shelf.post_messages)
        there |= {code for code, _ in self.shelf.post_answers}
        posts = [post for post in self.shelf.posts.values() if post.code in there]
        return [post for post in posts if (post.chat, post.lesson) == (chat, lesson)]

    async def move(self, old: int, new: int) -> None:
        shelf = self.shelf
        moved = {code for code, post in shelf.posts.items() if post.chat == old}
        shelf.posts |= {code: replace(shelf.posts[code], chat=new) for code in moved}
        shelf.post_messages |= dict.fromkeys(moved & set(shelf.post_messages), 0)
        shelf.words = [(who, replace(w, chat=new) if w.chat == old else w) for who, w in shelf.words]
        self.groups.move(old, new)

    async def post_answer(self, code: str, learner: int) -> PostAnswer | None:
        return self.shelf.post_answers.get((code, learner))

    async def totals(self, code: str) -> Totals:
        found = [answer for (post, _), answer in self.shelf.post_answers.items() if post == code]
        return Totals(answered=len(found), right=sum(answer.correct for answer in found))

    async def shares(self, code: str) -> Mapping[int, int]:
        return Counter(a.option for (post, _), a in self.shelf.post_answers.items() if post == code)

    async def fresh_posts(self, since: datetime) -> list[str]:
        answers = self.shelf.post_answers.items()
        return sorted({code for (code, _), answer in answers if answer.answered_at >= since})

    async def tries(self, learner: int) -> list[Tries]:
        asked: dict[tuple[str, str], list[Answer]] = {}
        for who, answer in self.shelf.answers:
            if who == learner:
                asked.setdefault((answer.lesson, answer.question), []).append(answer)
        return [
            Tries(
                lesson=lesson,
                question=question,
                first_correct=all_[0].correct,
                first_source=all_[0].source,
                tries=len(all_),
                correct=sum(answer.correct for answer in all_),
                hints=all_[0].hints,
                seconds=all_[0].seconds,
            )
            for (lesson, question), all_ in asked.items()
        ]

    async def figures(self, lesson: str | None = None) -> list[OptionFigure]:
        first: dict[tuple[int, str, str], Answer] = {}
        for who, answer in self.shelf.answers:
            first.setdefault((who, answer.lesson, answer.question), answer)
        chosen: dict[tuple[str, str, int], list[Answer]] = {}
        for answer in first.values():
            if lesson in (None, answer.lesson):
                chosen.setdefault((answer.lesson, answer.question, answer.option), []).append(answer)
        return [_figure(place, answers) for place, answers in sorted(chosen.items())]

    async def export(self, learner: int) -> dict[str, Any]:
        session = self.shelf.sessions.get(learner)
        return {
            "learner": learner,
            "session": None if session is None else json.loads(session),
            "answers": [
                {**asdict(answer), "answered_at": str(answer.answered_at)}
                for who, answer in self.shelf.answers
                if who == learner
            ],
            "runs": [run.code for run in self.shelf.runs.values() if run.learner == learner],
            "jobs": [job.code for job in self.shelf.jobs if job.learner == learner],
            "words": [json.loads(word.body) for who, word in self.shelf.words if who == learner],
            "screens": [key for who, key in self.shelf.screens if who == learner],
            "post_answers": [{"code": code} for code, who in self.shelf.post_answers if who == learner],
            "votes": [
                {"choice": vote.choice} for place, vote in self.groups.votes.items() if place[2] == learner
            ],
            "shown_names": [
                {"name": name} for place, name in self.groups.names.items() if place[1] == learner
            ],
            "chats": [{"chat": chat} for who, chat in self.groups.admins if who == learner],
            "started": [{"code": a.code} for a in self.groups.activities.values() if a.starter == learner],
        }

    async def forget(self, learner: int, *, update: UpdateKey | None = None) -> None:
        shelf = self.shelf
        shelf.sessions.pop(learner, None)
        self.groups.forget(learner)
        shelf.answers = [(who, answer) for who, answer in shelf.answers if who != learner]
        shelf.words = [(who, word) for who, word in shelf.words if who != learner]
        shelf.jobs = [job for job in shelf.jobs if job.learner != learner]
        shelf.runs = {code: run for code, run in shelf.runs.items() if run.learner != learner}
        shelf.screens = {place: message for place, message in shelf.screens.items() if place[0] != learner}
        shelf.post_answers = {place: one for place, one in shelf.post_answers.items() if place[1] != learner}
        if update in shelf.inbox:
            _, kept_at, handled_at = shelf.inbox[update]
            shelf.inbox[update] = ("", kept_at, handled_at or kept_at)

    async def sweep(self, *, now: datetime) -> None:
        limit = now - timedelta(hours=48)
        rows = self.shelf.inbox.items()
        self.shelf.inbox = {key: row for key, row in rows if row[2] is None or row[2] >= limit}


def _figure(place: tuple[str, str, int], answers: list[Answer]) -> OptionFigure:
    times = [answer.seconds for answer in answers if answer.seconds is not None]
    lesson, question, option = place
    return OptionFigure(
        lesson=lesson,
        question=question,
        option=option,
        chosen=len(answers),
        correct=any(answer.correct for answer in answers),
        hints=fmean(answer.hints for answer in answers),
        seconds=median(times) if times else None,
    )
