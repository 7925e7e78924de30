"""Trainings through the database: asked for with the tap, run once by whoever lives, answered to whoever waits."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bot.core.experiment import to_json
from bot.errors import StoreError
from bot.store.base import Change, Job
from bot.store.choose import errands_of, open_store
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Bar, Bars, Curve, Curves
from bot.training.remote import ErrandAnswer, RemoteEngine, run_errand
from tests.house import PIXEL, PlainEngine, descend
from tests.patience import until
from tests.postgres import Cluster, missing
from tests.store.contract import ANN, BOB, NOW
from tests.training.samples import LABELS, houses

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")
SPEC = houses()
BODY = json.dumps({"lesson": "l", "prediction": "learns", "spec": to_json(SPEC)})
CODES = "SELECT args ->> 'code' FROM nabla.procrastinate_jobs ORDER BY id"
WAITING = "SELECT count(*) FROM nabla.procrastinate_jobs WHERE status = 'todo'"


class Place:
    """One database, its stores, engines and trainers."""

    def __init__(self, postgres: Cluster) -> None:
        self.url = postgres.new_database()
        self._postgres = postgres
        self._ends: list[Callable[[], Awaitable[None]]] = []

    async def store(self) -> Any:
        """The store of one bot."""
        store = open_store(self.url, queued=True)
        await store.open()
        self._ends.append(store.close)
        return store

    async def bot(self) -> tuple[Any, RemoteEngine]:
        """A store, and an engine over it."""
        store = await self.store()
        engine = RemoteEngine(errands_of(store, ErrandAnswer))
        await engine.start()
        self._ends.append(engine.stop)
        return store, engine

    @asynccontextmanager
    async def trainer(self, engine: PlainEngine, *, at_once: int = 1) -> AsyncIterator[asyncio.Task[None]]:
        """A worker with an engine that needs no TensorFlow."""
        from bot.store.postgres import worker  # noqa: PLC0415 (an extra)

        async def work(kind: str, body: str) -> ErrandAnswer:
            return await run_errand(engine, kind, body)

        ready = asyncio.Event()
        task = asyncio.create_task(worker.run_worker(self.url, work, at_once=at_once, ready=ready.set))
        await ready.wait()
        yield task
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def ask(self, sql: str) -> str:
        """What the database says."""
        return await asyncio.to_thread(self._postgres.psql, sql, database=self.url.rpartition("/")[2])

    async def becomes(self, sql: str, wanted: str) -> None:
        """Wait until the database says this."""
        while await self.ask(sql) != wanted:  # noqa: ASYNC110 (a database has no event)
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End everything."""
        for end in reversed(self._ends):
            await end()


@pytest.fixture
async def place(postgres: Cluster) -> AsyncIterator[Place]:
    """A new database."""
    place = Place(postgres)
    yield place
    await place.close()


def job(learner: int, code: str) -> Change:
    """A tap that asks for a training."""
    return Change(learner=learner, session="{}", job=Job(learner=learner, code=code, body=BODY))


async def test_a_training_is_asked_for_with_the_tap(place: Place) -> None:
    """Job and errand come with one commit or not at all, and one a learner waits; what is left goes with it."""
    store = await place.store()
    await store.commit(job(ANN, "a1"), now=NOW)
    await store.commit(job(BOB, "b1"), now=NOW)
    assert await store.queue_length() == 2
    with pytest.raises(StoreError):
        await store.commit(job(7, "a1"), now=NOW)  # the code is Ann's
    await store.commit(job(ANN, "a2"), now=NOW)
    assert (await place.ask(CODES)).split() == ["b1", "a2"]
    assert await store.commit(Change(learner=BOB, job_done="b1"), now=NOW) == ()
    await store.forget(ANN)
    assert await store.queue_length() == 0
    assert await place.ask("SELECT count(*) FROM nabla.errands") == "0"
    assert await place.ask("SELECT count(*) FROM nabla.procrastinate_events") == "0"


async def test_two_may_wait_for_one_answer(place: Place) -> None:
    """Whoever asked for it first is not forgotten, and one that waits no longer takes it from none."""
    store = await place.store()
    errands = errands_of(store, ErrandAnswer)
    await errands.start()
    await errands.ask("a", learner=ANN, kind="train", body=BODY)
    waiting = [asyncio.create_task(errands.answer("a", on_place=None)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    async with place.trainer(PlainEngine()):
        first, second = await asyncio.gather(*waiting)
    assert first == second and first.result
    await errands.stop()


async def test_numbers_and_picture_come_back_the_same(place: Place) -> None:
    """Every bit of an outcome survives the way, and the picture every byte."""
    _, engine = await place.bot()
    async with place.trainer(PlainEngine()):
        outcome = await engine.train(ANN, SPEC)
        assert outcome == descend(SPEC)
        assert await engine.draw(ANN, SPEC, outcome, LABELS) == PIXEL
        bars = Bars(title="T", below="B", rows=(Bar(name="A", count=2, note="right"), Bar(name="B", count=0)))
        assert await engine.draw_bars(-100, bars) == PIXEL
    assert await place.ask("SELECT count(*) FROM nabla.errands") == "0"


async def test_what_several_runs_showed_comes_through_whole(place: Place) -> None:
    """Also losses that are no numbers, which JSON does not have."""
    _, engine = await place.bot()
    plain = PlainEngine()
    rows = (
        Curve(name="a", losses=(1.0, 1 / 3)),
        Curve(name="b", losses=(1.0, math.inf), blew_up="it blew up"),
    )
    asked = Curves(title="t", below_title="b", step="s", loss="l", least=0.1, least_name="least", rows=rows)
    async with place.trainer(plain):
        assert await engine.draw_curves(ANN, asked) == PIXEL
    assert plain.curves == [asked]


async def test_the_job_of_a_tap_is_run_once_whoever_waits_for_it(place: Place) -> None:
    """The bot that asked ends before the answer; the one that takes over finds it, without a second run."""
    first, engine = await place.bot()
    await first.commit(job(ANN, "a1"), now=NOW)
    waiting = asyncio.create_task(engine.train(ANN, SPEC, code="a1"))
    await asyncio.sleep(0)
    await engine.stop()
    with pytest.raises(TrainingFailed):
        await waiting
    await first.close()
    plain = PlainEngine()
    second, other = await place.bot()
    async with place.trainer(plain):
        assert [each.code for each in await second.jobs()] == ["a1"]
        assert await other.train(ANN, SPEC, code="a1") == descend(SPEC)
        assert await other.train(ANN, SPEC, code="a1") == descend(SPEC)  # until it is committed
    assert len(plain.trained) == 1
    await second.commit(Change(learner=ANN, job_done="a1"), now=NOW)
    assert await place.ask("SELECT count(*) FROM nabla.errands") == "0"


async def test_who_waits_is_told_the_place(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many run or come before; nothing is ahead once it begins."""
    from bot.store.postgres import errands  # noqa: PLC0415 (an extra)

    monkeypatch.setattr(errands, "LOOK_S", 0.05)
    store, engine = await place.bot()
    plain = PlainEngine()
    plain.gate.clear()
    places: list[int] = []
    async with place.trainer(plain):
        for learner in range(1, 4):
            await store.commit(job(learner, f"c{learner}"), now=NOW)
        others = [asyncio.create_task(engine.train(n, SPEC, code=f"c{n}")) for n in (1, 2)]
        last = asyncio.create_task(engine.train(3, SPEC, code="c3", on_place=places.append))
        await until(lambda: places and places[-1] == 2)
        plain.gate.set()
        await asyncio.gather(last, *others)
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize("reason", [TrainingFailure.TIMEOUT, TrainingFailure.DIED])
async def test_a_failure_comes_back_by_its_name(place: Place, reason: TrainingFailure) -> None:
    """A run that hangs or kills its worker is told as with workers of one's own."""
    _, engine = await place.bot()
    plain = PlainEngine()
    plain.failures = [reason]
    async with place.trainer(plain):
        with pytest.raises(TrainingFailed) as caught:
            await engine.train(ANN, SPEC)
        assert caught.value.reason is reason
        assert await engine.train(ANN, SPEC) == descend(SPEC)


async def test_nobody_waits_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An errand that is in no queue any more is answered as dead."""
    from bot.store.postgres import errands  # noqa: PLC0415 (an extra)

    monkeypatch.setattr(errands, "LOOK_S", 0.05)
    store, engine = await place.bot()
    await store.commit(job(ANN, "a1"), now=NOW)
    await place.ask("DELETE FROM nabla.procrastinate_jobs")
    with pytest.raises(TrainingFailed) as caught:
        await engine.train(ANN, SPEC, code="a1")
    assert caught.value.reason is TrainingFailure.DIED


async def test_what_nobody_wants_any_more_is_stopped(place: Place) -> None:
    """A running training whose learner asked for another one is cancelled, and the other one runs."""
    store, engine = await place.bot()
    plain = PlainEngine()
    plain.gate.clear()
    async with place.trainer(plain):
        await store.commit(job(ANN, "a1"), now=NOW)
        await place.becomes("SELECT status FROM nabla.procrastinate_jobs", "doing")
        await store.commit(job(ANN, "a2"), now=NOW)
        await place.becomes("SELECT args ->> 'code' FROM nabla.procrastinate_jobs", "a2")
        plain.gate.set()
        assert await engine.train(ANN, SPEC, code="a2") == descend(SPEC)
    assert len(plain.trained) == 1


async def test_a_trainer_that_stops_leaves_the_rest_to_others(place: Place) -> None:
    """What it had not begun stays in the queue; what runs is finished first."""
    store, engine = await place.bot()
    plain = PlainEngine()
    plain.gate.clear()
    async with place.trainer(plain) as task:
        await store.commit(job(ANN, "a1"), now=NOW)
        await store.commit(job(BOB, "b1"), now=NOW)
        await place.becomes(WAITING, "1")
        task.cancel()
        plain.gate.set()
        with suppress(asyncio.CancelledError):
            await task
    assert await engine.train(ANN, SPEC, code="a1") == descend(SPEC)
    assert await store.queue_length() == 1
    async with place.trainer(plain):
        assert await engine.train(BOB, SPEC, code="b1") == descend(SPEC)


async def test_a_server_that_went_away_and_came_back(place: Place) -> None:
    """Every connection cut, the trainer's and the bot's: both find back by themselves."""
    _, engine = await place.bot()
    plain = PlainEngine()
    async with place.trainer(plain):
        assert await engine.train(ANN, SPEC) == descend(SPEC)
        await place.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert await engine.train(ANN, SPEC) == descend(SPEC)
