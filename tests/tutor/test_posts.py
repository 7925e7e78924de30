"""Posting at one moment: what two people ask for at once are two questions, on one machine or on two."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.course.load import load_text
from bot.course.model import Lesson
from bot.errors import StoreError
from bot.store.base import Store, UpdateKey, Word
from bot.store.choose import open_store
from bot.store.sqlite import SqliteStore
from bot.tutor.activities import Place
from bot.tutor.bursts import Bursts
from bot.tutor.learner import Learner
from bot.tutor.posts import Posts
from bot.tutor.tutor import Tutor
from tests.house import LESSONS
from tests.postgres import Cluster, missing

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GROUP = -1_001_234_567_890


def first_lesson() -> Lesson:
    """The one that ships."""
    path = LESSONS / "why-training-changes-weights.yaml"
    lesson = load_text(path.read_bytes(), file=path.name).lesson
    assert lesson is not None
    return lesson


LESSON = first_lesson()


class Desk:
    """One process that posts into a store."""

    def __init__(self, store: Store, *, seed: int) -> None:
        self.store = store
        self.said: list[Word] = []
        tutor = Tutor(
            store=store,
            lessons=lambda: {LESSON.id: LESSON},
            username="nabla",
            say=self.say,
            now=lambda: NOW,
            chance=Random(seed),
            sleep=asyncio.sleep,
        )
        self.posts = Posts(
            tutor=tutor,
            store=store,
            say=self.say,
            now=lambda: NOW,
            chance=Random(seed),
            sleep=asyncio.sleep,
            bursts=Bursts(lambda: NOW),
        )

    def say(self, words: Iterable[Word]) -> None:
        """Note what is said."""
        self.said += words

    async def post(self, by: int, argument: str = LESSON.id) -> None:
        """As `/post` in the group; the update has the person's number."""
        update = UpdateKey(bot=1, update_id=by)
        await self.posts.post(Learner(id=by), Place(chat=GROUP), argument, update=update)

    async def questions(self) -> list[str]:
        """What was posted, sorted."""
        return sorted(post.question or "" for post in await self.store.posts(GROUP, LESSON.id))


@pytest.fixture(params=["file", "postgres"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """One process alone, on either store."""
    store: Store = SqliteStore(tmp_path / "nabla.db")
    if request.param == "postgres":
        if reason := missing():
            pytest.skip(reason)
        store = open_store(request.getfixturevalue("postgres").new_database())
    await store.open()
    desk = Desk(store, seed=1)
    yield desk
    await desk.posts.stop()
    await store.close()


async def test_at_once_each_posts_another_question(desk: Desk) -> None:
    """As many as there are; who comes too late hears that none is left."""
    people = range(1, len(LESSON.practice) + 2)
    await asyncio.gather(*(desk.post(by) for by in people))
    assert await desk.questions() == sorted(question.id for question in LESSON.practice)
    assert len(desk.said) == len(people)
    assert sum(word.key is None for word in desk.said) == 1


async def test_what_was_not_posted_after_all_is_the_next(desk: Desk) -> None:
    """An update that comes twice takes no question away."""
    await desk.post(1)
    await desk.post(1)
    await desk.post(2)
    assert await desk.questions() == sorted(question.id for question in LESSON.practice[:2])


async def test_a_failing_store_takes_no_question_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked hears of it; the next one to ask gets that question."""

    async def silent(name: str, *, at_most_s: float) -> bool:
        raise StoreError(f"{name}: the store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(desk.store, "claim", silent)
        with pytest.raises(StoreError):
            await desk.post(1)
    await desk.post(2)
    assert await desk.questions() == [LESSON.practice[0].id]


async def test_a_failing_commit_takes_no_question_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one is still there for who asks again."""
    for by in range(1, len(LESSON.practice)):
        await desk.post(by)

    async def full(*_args: object, **_named: object) -> None:
        raise StoreError("the store is full")

    with monkeypatch.context() as patched:
        patched.setattr(desk.store, "commit", full)
        with pytest.raises(StoreError):
            await desk.post(100)
    await desk.post(101)
    assert await desk.questions() == sorted(question.id for question in LESSON.practice)


async def test_a_question_that_was_named_is_posted_by_both(desk: Desk) -> None:
    """Who asks for a certain one gets it."""
    name = f"{LESSON.id} {LESSON.practice[0].id}"
    await asyncio.gather(desk.post(1, name), desk.post(2, name))
    assert await desk.questions() == [LESSON.practice[0].id] * 2


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
async def test_on_two_machines_too(postgres: Cluster) -> None:
    """Two processes on one Postgres, asked at the same moment."""
    url = postgres.new_database()
    desks = [Desk(open_store(url), seed=seed) for seed in (1, 2)]
    for each in desks:
        await each.store.open()
    await asyncio.gather(*(desk.post(by) for by, desk in enumerate(desks, start=1)))
    assert await desks[0].questions() == sorted(question.id for question in LESSON.practice[:2])
    for each in desks:
        await each.posts.stop()
        await each.store.close()
