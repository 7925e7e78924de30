"""Lines: order within a learner, nobody delayed by another, bounds, and nothing left behind."""

import asyncio
from collections import defaultdict
from collections.abc import Hashable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot
from telegram.ext import ApplicationBuilder, ContextTypes, TypeHandler

from bot.chat.lines import Lines
from tests.patience import until


class Doorkeeper:
    """Remembers whom it turned away."""

    def __init__(self) -> None:
        self.turned_away: list[tuple[object, bool]] = []

    async def __call__(self, update: object, first: bool) -> None:
        self.turned_away.append((update, first))


def key_of(update: object) -> Hashable:
    """Updates in these tests are (learner, number)."""
    assert isinstance(update, tuple)
    return str(update[0])


@pytest.fixture
def door() -> Doorkeeper:
    """A new one for each test."""
    return Doorkeeper()


def started(work: list[Any]) -> list[asyncio.Task[None]]:
    """Tasks in the order in which the framework would start them."""
    return [asyncio.create_task(one) for one in work]


@settings(deadline=None, max_examples=60)
@given(
    updates=st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 4)), max_size=40),
    slots=st.integers(1, 4),
)
def test_each_learner_is_served_in_order(updates: list[tuple[str, int]], slots: int) -> None:
    """For any arrivals and any durations: in order within a learner, one at a time, at most `slots` together."""

    async def scenario() -> None:
        lines = Lines(key_of=key_of, too_many=Doorkeeper(), slots=slots)
        served: dict[str, list[int]] = defaultdict(list)
        running: list[str] = []

        async def handle(learner: str, place: int, turns: int) -> None:
            running.append(learner)
            assert len(set(running)) == len(running) <= slots
            for _ in range(turns):
                await asyncio.sleep(0)
            served[learner].append(place)
            running.remove(learner)

        tasks = started(
            [
                lines.process_update((learner, place), handle(learner, place, turns))
                for place, (learner, turns) in enumerate(updates)
            ]
        )
        await asyncio.gather(*tasks)
        for learner in "ABC":
            assert served[learner] == [place for place, (one, _) in enumerate(updates) if one == learner]
        assert len(lines) == 0

    asyncio.run(scenario())


async def test_who_waits_holds_no_slot(door: Doorkeeper) -> None:
    """A learner with a stuck handler and fifty more updates takes one of two slots; the other one serves all."""
    lines = Lines(key_of=key_of, too_many=door, slots=2)
    stuck = asyncio.Event()
    flood = started([lines.process_update(("flood", n), stuck.wait()) for n in range(50)])
    served: list[int] = []

    async def handle(n: int) -> None:
        served.append(n)

    await asyncio.gather(*[lines.process_update((f"learner {n}", n), handle(n)) for n in range(100)])
    assert served == list(range(100))
    assert not any(task.done() for task in flood)
    stuck.set()
    await asyncio.gather(*flood)


async def test_room_is_awaited_without_a_slot(door: Doorkeeper) -> None:
    """A learner whose lane is long waits with the turn, but with no slot."""
    gate = asyncio.Event()

    async def ready(key: Hashable) -> None:
        if key == "slow":
            await gate.wait()

    lines = Lines(key_of=key_of, too_many=door, ready=ready, slots=1)
    order: list[str] = []

    async def handle(name: str) -> None:
        order.append(name)

    slow = started([lines.process_update(("slow", 0), handle("slow"))])
    await lines.process_update(("quick", 0), handle("quick"))
    gate.set()
    await asyncio.gather(*slow)
    assert order == ["quick", "slow"]


async def test_a_full_line_turns_away_and_says_so_once_per_burst(door: Doorkeeper) -> None:
    """One has the turn and four wait; the sixth and seventh go to the door, which tells the first of them."""
    lines = Lines(key_of=key_of, too_many=door, per_line=4)
    for burst in range(2):
        gate = asyncio.Event()
        tasks = started([lines.process_update(("A", 10 * burst + n), gate.wait()) for n in range(7)])
        await until(lambda: len(door.turned_away) == 2 * (burst + 1))  # noqa: B023 (done in this round)
        gate.set()
        await asyncio.gather(*tasks)
    assert door.turned_away == [
        (("A", 5), True),
        (("A", 6), False),
        (("A", 15), True),
        (("A", 16), False),
    ]
    assert len(lines) == 0


async def test_a_full_line_delays_nobody_at_admission(door: Doorkeeper) -> None:
    """With admission for eight, thousands from one learner leave the way in free for another."""
    lines = Lines(key_of=key_of, too_many=door, per_line=4, admission=8)
    gate = asyncio.Event()
    flood = started([lines.process_update(("A", n), gate.wait()) for n in range(2000)])
    done = asyncio.Event()

    async def handle() -> None:
        done.set()

    other = started([lines.process_update(("B", 0), handle())])
    await asyncio.wait_for(done.wait(), 10)
    assert len(door.turned_away) == 1995
    gate.set()
    await asyncio.gather(*flood, *other)


async def test_a_handler_that_raises_does_not_break_the_line(door: Doorkeeper) -> None:
    """The error goes to who asked, the next one is served."""
    lines = Lines(key_of=key_of, too_many=door)
    served: list[str] = []

    async def fail() -> None:
        raise LookupError

    async def handle() -> None:
        served.append("after")

    outcomes = await asyncio.gather(
        lines.process_update(("A", 0), fail()),
        lines.process_update(("A", 1), handle()),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], LookupError)
    assert served == ["after"]
    assert len(lines) == 0


async def test_who_leaves_the_line_does_not_break_it(door: Doorkeeper) -> None:
    """A cancelled update lets the next one through; its handler never ran."""
    lines = Lines(key_of=key_of, too_many=door)
    gate = asyncio.Event()
    served: list[int] = []

    async def handle(n: int) -> None:
        await gate.wait()
        served.append(n)

    tasks = started([lines.process_update(("A", n), handle(n)) for n in range(4)])
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[2].cancel()
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert served == [1, 3]
    assert len(lines) == 0


async def test_an_event_from_inside_stands_in_the_same_line(door: Doorkeeper) -> None:
    """A finished training waits for the learner's updates before it, and is never turned away."""
    lines = Lines(key_of=key_of, too_many=door, per_line=1)
    gate = asyncio.Event()
    order: list[str] = []

    async def tap(name: str) -> None:
        await gate.wait()
        order.append(name)

    async def trained() -> int:
        order.append("training")
        return 42

    taps = started([lines.process_update(("A", n), tap(f"tap {n}")) for n in range(2)])
    await asyncio.sleep(0)
    event = asyncio.create_task(lines.run("A", trained))
    await asyncio.sleep(0)
    late = asyncio.create_task(lines.process_update(("A", 2), tap("late")))
    await until(late.done)
    gate.set()
    assert await event == 42
    await asyncio.gather(*taps)
    assert order == ["tap 0", "tap 1", "training"]
    assert door.turned_away == [(("A", 2), True)]


async def test_drain_waits_for_what_ends(door: Doorkeeper) -> None:
    """All lines end, also what joins while it waits."""
    lines = Lines(key_of=key_of, too_many=door)
    served: list[int] = []

    async def handle(n: int) -> None:
        await asyncio.sleep(0)
        served.append(n)

    tasks = started([lines.process_update(("A", n), handle(n)) for n in range(5)])
    await asyncio.sleep(0)
    assert await lines.drain(10)
    assert served == [0, 1, 2, 3, 4]
    await asyncio.gather(*tasks)
    assert await lines.drain(0)


async def test_drain_cuts_what_does_not_end(door: Doorkeeper) -> None:
    """A stuck handler is cancelled and the answer is no; nothing is left."""
    lines = Lines(key_of=key_of, too_many=door)
    tasks = started([lines.process_update(("A", n), asyncio.Event().wait()) for n in range(3)])
    await asyncio.sleep(0)
    assert not await lines.drain(0.01)
    assert all(task.cancelled() for task in tasks)
    assert len(lines) == 0


async def test_the_framework_serves_through_the_lines(bot: Bot, door: Doorkeeper) -> None:
    """The real Application hands its updates to the lines: one learner in order, another meanwhile."""
    lines = Lines(key_of=key_of, too_many=door)
    gate = asyncio.Event()
    order: list[tuple[str, int]] = []

    async def handle(update: tuple[str, int], _context: ContextTypes.DEFAULT_TYPE) -> None:
        if update[0] == "A":
            await gate.wait()
        order.append(update)
        if update[0] == "B":
            gate.set()

    app = ApplicationBuilder().bot(bot).updater(None).job_queue(None).concurrent_updates(lines).build()
    app.add_handler(TypeHandler(tuple, handle))
    await app.initialize()
    await app.start()
    for update in [("A", 0), ("A", 1), ("B", 0), ("A", 2)]:
        await app.update_queue.put(update)
    await until(lambda: len(order) == 4)
    await app.stop()
    assert order == [("B", 0), ("A", 0), ("A", 1), ("A", 2)]
