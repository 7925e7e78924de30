"""Live rounds over one store that several processes share: what one says is not undone by another."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.core.actions import Action
from bot.core.live import LAST, Live, choose
from bot.store.base import Change, UpdateKey, Word
from bot.store.groups import Activity
from bot.store.sqlite import SqliteStore
from bot.tutor.activities import Activities, GroupTap
from bot.tutor.learner import Learner
from bot.tutor.renewals import RENEW_S
from bot.tutor.rounds import Rounds
from bot.tutor.tutor import Tutor
from tests.chat.clock import NOON, Clock
from tests.core.shelves import shelf
from tests.patience import until
from tests.talk.shelves import question, small

GROUP = -1_001_234_567_890
SHELF = shelf(small("alpha", questions=[question("q-one"), question("q-two")]))


class Process:
    """One process's rounds; `said` is what it says, as (kind, text)."""

    def __init__(self, store: SqliteStore, time: Clock) -> None:
        self.said: list[tuple[str, str]] = []
        self.time = time
        tutor = Tutor(
            store=store,
            lessons=lambda: SHELF,
            username="nabla",
            say=self.say,
            now=self.now,
            chance=Random(1),
            sleep=time.sleep,
        )
        self.activities = Activities(tutor=tutor, store=store, say=self.say, now=self.now)
        self.rounds = Rounds(
            activities=self.activities, store=store, now=self.now, chance=Random(2), sleep=time.sleep
        )

    def now(self) -> datetime:
        """UTC."""
        return NOON + timedelta(seconds=self.time() - 1000)

    def say(self, words: Iterable[Word]) -> None:
        """Note what is said."""
        self.said += [(word.kind, str(json.loads(word.body).get("text", ""))) for word in words]

    async def wake(self, code: str) -> None:
        """As its clock does."""
        activity = await self.activities.store.activity(code)
        assert activity is not None
        await self.rounds.wake(activity)

    async def tap(self, code: str, who: int, action: Action, argument: str = "") -> None:
        """Somebody presses a button, and this process hears of it."""

        async def in_charge() -> bool:
            return False

        tap = GroupTap(
            code=code,
            action=action,
            argument=argument,
            by=Learner(id=who, first_name="N"),
            chat=GROUP,
            callback=f"{who}",
            update=UpdateKey(bot=1, update_id=who),
            in_charge=in_charge,
        )
        assert await self.activities.tap(tap)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open store."""
    store = SqliteStore(tmp_path / "nabla.db")
    await store.open()
    yield store
    await store.close()


async def begun(process: Process) -> str:
    """A round whose first question stands, started by 5; its code."""
    live = Live(
        language="en",
        lesson="alpha",
        title="Alpha",
        questions=choose(SHELF["alpha"], None, Random(1)),
        chat=GROUP,
        pace_s=20,
    )
    activity = Activity(
        code="AAAAAAAA",
        kind="round",
        chat=GROUP,
        body=live.model_dump_json(),
        made_at=process.now(),
        starter=5,
        due=process.now(),
        alone=True,
    )
    await process.activities.commit(Change(learner=None, activity=activity))
    await process.tap(activity.code, 5, Action.ROUND_BEGIN)
    return activity.code


async def test_a_solution_is_not_undone_by_another_processs_count(store: SqliteStore) -> None:
    """The one that counted the answers looks again, and says the solution too."""
    time = Clock()
    one, two = Process(store, time), Process(store, time)
    code = await begun(one)
    await two.tap(code, 6, Action.ROUND_OPTION, "0-0")
    await until(lambda: any(kind == "edit" and "1 answered" in text for kind, text in two.said))
    for seconds in (20.0, LAST.total_seconds()):
        time.now += seconds
        await one.wake(code)
    assert "✅" in one.said[-1][1]
    await until(lambda: time.sleepers)
    time.advance(RENEW_S)
    await until(lambda: "✅" in two.said[-1][1])
    await one.rounds.stop()
    await two.rounds.stop()


async def test_two_processes_wake_a_round_once(store: SqliteStore) -> None:
    """Both clocks ring; one of them moves it on, and says so."""
    time = Clock()
    one, two = Process(store, time), Process(store, time)
    code = await begun(one)
    time.now += 20
    await asyncio.gather(one.wake(code), two.wake(code))
    said = [text for process in (one, two) for kind, text in process.said if "Last seconds" in text]
    assert len(said) == 1
