"""What goes on in groups: woken when its time comes, changed by compare and swap, whatever happens beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.store.base import Change, Store, UpdateKey, Word
from bot.store.choose import open_store
from bot.store.groups import Activity
from bot.store.sqlite import SqliteStore
from bot.tutor import clock
from bot.tutor.activities import Activities, GroupCommand, GroupTap, Place
from bot.tutor.clock import FAILED, Clock
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor
from bot.view.message import Message
from bot.view.rich import Rich
from tests.chat.clock import Clock as FakeClock
from tests.patience import until
from tests.postgres import Cluster, missing

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GROUP = -1_001_234_567_890


class Bell:
    """Rings when it is woken, and wants to be woken a minute later; `failures` are raised first."""

    def __init__(self, hall: "Hall") -> None:
        self.hall = hall
        self.rung: list[tuple[str, datetime]] = []
        self.begun = 0
        self.failures = 0
        self.held = asyncio.Event()
        self.held.set()

    async def wake(self, activity: Activity) -> None:
        self.begun += 1
        await self.held.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("cracked")
        later = replace(activity, due=self.hall.now() + MINUTE)
        say = self.hall.activities.words(
            Place(chat=GROUP, thread=9), [("say", Message(rich=Rich("Dong")), "k")]
        )
        await self.hall.activities.commit(Change(learner=None, activity=later, words=say))
        self.rung.append((activity.code, self.hall.now()))

    async def tap(self, activity: Activity, tap: GroupTap) -> None:
        raise AssertionError("nobody taps here")


class Hall:
    """A store, a clock and two kinds; time passes when the test says so."""

    def __init__(self, store: Store) -> None:
        self.time = FakeClock()
        self.store = store
        self.said: list[str] = []
        tutor = Tutor(
            store=self.store,
            lessons=dict,
            username="nabla",
            say=self.say,
            now=self.now,
            chance=Random(1),
            sleep=self.time.sleep,
        )
        self.activities = Activities(tutor=tutor, store=self.store, say=self.say, now=self.now)
        self.bell, self.other = Bell(self), Bell(self)
        self.activities.add("bell", self.bell)
        self.activities.add("other", self.other)
        self.clock = self.new_clock()

    def now(self) -> datetime:
        """UTC."""
        return START + timedelta(seconds=self.time())

    async def pass_(self, seconds: float) -> None:
        """Let time pass, once somebody waits for it."""
        await until(lambda: self.time.sleepers)
        self.time.advance(seconds)

    def say(self, words: Iterable[Word]) -> None:
        """Note what is said."""
        self.said.extend(word.body for word in words)

    def new_clock(self) -> Clock:
        """As after a restart."""

        async def in_line(_: int, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
            await function()

        return Clock(
            activities=self.activities, store=self.store, in_line=in_line, now=self.now, sleep=self.time.sleep
        )

    async def begin(self, code: str, kind: str = "bell", *, after: timedelta = MINUTE) -> None:
        """One that is due so much later."""
        made = Activity(
            code=code, kind=kind, chat=GROUP, body="{}", made_at=self.now(), due=self.now() + after
        )
        await self.activities.commit(Change(learner=None, activity=made))


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """An open hall."""
    hall = Hall(SqliteStore(tmp_path / "nabla.db"))
    await hall.store.open()
    yield hall
    await hall.clock.stop()
    await hall.store.close()


async def test_each_is_woken_when_its_time_comes(hall: Hall) -> None:
    """Not before; then again when it wants; what was begun meanwhile too, and what it says goes to its topic."""
    await hall.clock.start()
    await hall.begin("a")
    await hall.pass_(59)
    assert hall.bell.rung == []
    await hall.begin("b", after=timedelta(seconds=1))
    await hall.pass_(1)
    await until(lambda: len(hall.bell.rung) == 2)
    assert {code for code, _ in hall.bell.rung} == {"a", "b"}
    await hall.pass_(60)
    await until(lambda: len(hall.bell.rung) == 4)
    assert all('"message_thread_id":9' in body for body in hall.said)


async def test_what_came_due_while_the_bot_was_away_is_woken_at_the_start(hall: Hall) -> None:
    """Once, however long it was."""
    await hall.begin("a")
    hall.time.advance(3600 * 48)
    await hall.clock.start()
    await until(lambda: hall.bell.rung == [("a", hall.now())])


async def test_a_failure_is_tried_again_and_holds_nobody_up(hall: Hall) -> None:
    """Thirty seconds later; the other kind rings on time meanwhile."""
    hall.bell.failures = 1
    await hall.begin("a")
    await hall.begin("b", "other")
    await hall.begin("c", "nobody knows")
    await hall.clock.start()
    await hall.pass_(60)
    await until(lambda: len(hall.other.rung) == 1)
    await until(lambda: not hall.bell.failures)
    assert hall.bell.rung == []
    await hall.pass_(FAILED.total_seconds())
    await until(lambda: len(hall.bell.rung) == 1)


async def test_long_work_holds_nobodys_time_up(hall: Hall) -> None:
    """While one is still at it, another is woken; the first is not woken twice."""
    hall.bell.held.clear()
    await hall.begin("a")
    await hall.begin("b", "other", after=2 * MINUTE)
    await hall.clock.start()
    await hall.pass_(60)
    await hall.pass_(60)
    await until(lambda: len(hall.other.rung) == 1)
    hall.bell.held.set()
    await until(lambda: len(hall.bell.rung) == 1)


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
@pytest.mark.parametrize(("ends", "claim_s"), [(True, 1e6), (False, 3.0)])
async def test_of_two_processes_one_wakes_it(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch, ends: bool, claim_s: float
) -> None:
    """The other looks on, and does it itself where the first ended in the middle of it, or hangs in it."""
    monkeypatch.setattr(clock, "CLAIM_S", claim_s)
    url = postgres.new_database()
    one, two = Hall(open_store(url)), Hall(open_store(url))
    await one.store.open()
    await two.store.open()
    for hall in (one, two):
        hall.bell.held.clear()
    await one.begin("a", after=-MINUTE)
    await one.clock.start()
    await until(lambda: one.bell.begun)
    await two.clock.start()
    await until(lambda: two.time.sleepers)
    await two.pass_(2)
    await until(lambda: two.time.sleepers)
    assert (one.bell.begun, two.bell.begun) == (1, 0)
    await one.clock.stop()
    if ends:
        await one.store.close()
    while not two.bell.begun:
        await asyncio.sleep(0.05)
        two.time.advance(2)
    two.bell.held.set()
    await until(lambda: len(two.bell.rung) == 1)
    assert (one.bell.rung, two.bell.begun) == ([], 1)
    await two.clock.stop()
    await one.store.close()
    await two.store.close()


async def test_a_swap_loses_nobodys_change(hall: Hall) -> None:
    """Ten at once count to ten; what is said is said once for each."""
    await hall.begin("a")

    async def count_up() -> None:
        async def become(activity: Activity) -> Change:
            await asyncio.sleep(0)
            number = int(activity.body.strip("{}") or 0) + 1
            return Change(learner=None, activity=replace(activity, body=str(number)))

        assert await hall.activities.swap("a", become)

    await asyncio.gather(*(count_up() for _ in range(10)))
    found = await hall.store.activity("a")
    assert found is not None
    assert (found.body, found.version) == ("10", 11)


async def test_of_several_kinds_under_one_command_the_newest_answers(hall: Hall) -> None:
    """In its chat and topic only; where none goes on, the handler without a kind."""
    answered: list[str] = []

    def handler(name: str) -> Callable[[GroupCommand], Coroutine[Any, Any, None]]:
        async def handle(command: GroupCommand) -> None:
            answered.append(name)

        return handle

    hall.activities.on_command("stop", handler("bells"), kind="bell")
    hall.activities.on_command("stop", handler("nothing"))
    hall.activities.on_command("stop", handler("others"), kind="other")

    async def stop(thread: int | None = None) -> str:
        command = GroupCommand(
            name="stop",
            argument="",
            by=Learner(id=1),
            place=Place(chat=GROUP, thread=thread),
            update=UpdateKey(bot=1, update_id=1),
            in_charge=nobody,
        )
        await hall.activities.command(command)
        return answered.pop()

    assert await stop() == "nothing"
    await hall.begin("a", "other")
    assert await stop() == "others"
    await hall.begin("b", "bell")
    assert await stop() == "bells"
    assert await stop(thread=9) == "nothing"


async def nobody() -> bool:
    """Is in charge."""
    return False
