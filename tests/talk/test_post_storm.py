"""Many people on one post: each is answered once, each first tap counts once, and edits keep their distance."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.run import REAL
from bot.preview.directory import GROUP_ID
from bot.tutor.renewals import RENEW_S
from tests.house import Running, running
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Person
from tests.talk.questions import LESSON
from tests.talk.storms import PEOPLE, edits, noted

ASK = LESSON["questions"][0]["ask"].splitlines()[0][:40]


class Renewals:
    """Time between two renewals passes when the test says so; all other waiting is real."""

    def __init__(self) -> None:
        self.pauses: list[asyncio.Event] = []

    async def sleep(self, delay_s: float) -> None:
        """Wait for `pass_one`, if it is the pause between two renewals."""
        if delay_s != RENEW_S:
            await asyncio.sleep(delay_s)
            return
        self.pauses.append(asyncio.Event())
        await self.pauses[-1].wait()

    async def pass_one(self) -> None:
        """Let the pause end that is waited for."""
        await until(lambda: self.pauses and not self.pauses[-1].is_set())
        self.pauses[-1].set()


@pytest.fixture
def renewals() -> Renewals:
    """The pauses in the test's hand."""
    return Renewals()


@pytest.fixture
async def bot(tmp_path: Path, renewals: Renewals) -> AsyncIterator[Running]:
    """A bot whose totals wait for the test."""
    async with running(tmp_path, means=replace(REAL, sleep=renewals.sleep)) as bot:
        yield bot


async def storm(bot: Running, message: int, data: list[str]) -> list[str]:
    """Everybody taps every button, all at once; gives the callback queries' ids."""
    for person in PEOPLE:
        await bot.local.join(person)
    taps = [
        bot.local.tap(person=person, chat=GROUP_ID, message=message, data=each)
        for person in PEOPLE
        for each in data
    ]
    return list(await asyncio.gather(*taps))


def counted(bot: Running) -> list[tuple[int, int]]:
    """How many answers the post has, from how many people."""
    with closing(sqlite3.connect(bot.database)) as db:
        return db.execute("SELECT count(*), count(DISTINCT learner) FROM post_answers").fetchall()


def shown(bot: Running, message: int) -> str:
    """What the post says now."""
    return str(next(body for body in bot.local.messages(GROUP_ID) if body["message_id"] == message)["text"])


async def test_a_storm_of_taps(bot: Running, renewals: Renewals) -> None:
    """Two taps at once of each of 120 people: one verdict and one way to the why each, and at most two edits."""
    ada = Person(bot.local, ADA, chat=GROUP_ID)
    await ada.send(f"/post {LESSON['id']}")
    post = await ada.says(ASK)
    calls = bot.local.record_calls()
    data = [(post.button(label) or {})["callback_data"] for label in ("A", "B")]
    queries = await storm(bot, post.id, data)
    other = Person(bot.local, BLAISE)
    await other.send("/help")
    await other.says()
    answers = await asyncio.gather(*(bot.local.answer_to(query) for query in queries))
    assert sum(bool(answer and answer.show_alert and answer.text) for answer in answers) == len(PEOPLE)
    assert sum(bool(answer and answer.url) for answer in answers) == len(PEOPLE)
    await until(lambda: len(noted(calls)) >= len(queries))
    assert noted(calls) == sorted(queries)
    assert counted(bot) == [(len(PEOPLE), len(PEOPLE))]
    assert edits(calls) <= 1
    await renewals.pass_one()
    await until(lambda: f"{len(PEOPLE)} answered" in shown(bot, post.id))
    assert edits(calls) <= 2
    assert [m.id for m in ada.messages() if m.body["from"]["is_bot"]] == [post.id]


async def test_a_tap_after_a_quiet_time_is_shown_at_once(bot: Running, renewals: Renewals) -> None:
    """When the pause is over and nobody tapped, the next tap begins anew."""
    ada = Person(bot.local, ADA, chat=GROUP_ID)
    await ada.send(f"/post {LESSON['id']}")
    post = await ada.says(ASK)
    await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=post)
    await ada.says("1 answered")
    await renewals.pass_one()
    await ada.tap("B", message=post)
    await ada.says("2 answered")


async def test_who_is_forgotten_leaves_the_totals_at_the_next_renewal(
    bot: Running, renewals: Renewals
) -> None:
    """One answered and was forgotten, two more answer: two."""
    ada = Person(bot.local, ADA, chat=GROUP_ID)
    await ada.send(f"/post {LESSON['id']}")
    post = await ada.says(ASK)
    await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=post)
    await ada.says("1 answered")
    private = Person(bot.local, BLAISE)
    await private.send("/forget")
    await private.tap("Yes", message=await private.says("Delete everything", button="Yes"))
    await private.says("deleted")
    for person in (ada, Person(bot.local, CHEN, chat=GROUP_ID)):
        await person.tap("B", message=post)
    await renewals.pass_one()
    await ada.says("2 answered")
    assert counted(bot) == [(2, 2)]
