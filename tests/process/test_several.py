"""Several bots behind one address, on one Postgres: the same conversations as one bot with a file, kills included."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.experiment import Optimizer, Outcome, Spec, from_json, number
from bot.preview.directory import GROUP_ID
from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from bot.store.choose import errands_of, open_store
from bot.training.engine import Engine
from bot.training.remote import ErrandAnswer, RemoteEngine
from tests.kin import below, signal_all
from tests.person import ADA, BLAISE, CHEN, Message, Person
from tests.postgres import PASSWORD, Cluster, missing
from tests.process.conftest import Start
from tests.process.front import Front
from tests.process.program import SECRET, TOKEN, Program, gone
from tests.process.study import Learner
from tests.process.test_training import COLD_S
from tests.talk.questions import right, wrong
from tests.training.samples import LABELS, houses

pytestmark = [pytest.mark.process, pytest.mark.skipif(missing() is not None, reason=missing() or "")]
KILLS = 6
WITHIN_S = 60.0  # who is dead is missed after 10 s, looked for every 2 s
OPEN_WORK = """SELECT (SELECT count(*) FROM inbox WHERE handled_at IS NULL)
    + (SELECT count(*) FROM words) + (SELECT count(*) FROM jobs)"""
LATER = Fault.flood(60)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """The public address."""
    front = Front()
    await front.start()
    yield front
    await front.stop()


class Town:
    """A database, a Telegram, a public address, and the bots behind it."""

    def __init__(self, telegram: LocalTelegram, postgres: Cluster, front: Front, start: Start) -> None:
        self.postgres = postgres
        self.front = front
        self.url = postgres.new_database()
        self._start = start
        self.environ = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "NABLA_DATABASE_URL": self.url,
            "NABLA_WEBHOOK_URL": front.url,
            "NABLA_WEBHOOK_SECRET": SECRET,
        }

    async def bot(self, **environ: str) -> Program:
        """One bot more, behind the address once it is ready."""
        bot = await (await self._start(**self.environ, **environ)).ready()
        self.front.ports.append(bot.port)
        return bot

    async def kill(self, bot: Program) -> None:
        """Kill -9, and no update goes there any more."""
        await bot.kill()
        self.front.ports.remove(bot.port)
        assert "Traceback" not in bot.stderr, bot.stderr

    async def ask(self, sql: str) -> str:
        """What the database says."""
        database = self.url.rpartition("/")[2]
        return await asyncio.to_thread(
            self.postgres.psql, f"SET search_path = nabla; {sql}", database=database
        )

    async def becomes(self, sql: str, wanted: str) -> None:
        """Wait until the database says this."""
        async with asyncio.timeout(WITHIN_S):
            while await self.ask(sql) != wanted:  # noqa: ASYNC110 (another program's database has no event)
                await asyncio.sleep(0.1)

    async def at_rest(self) -> None:
        """Wait until every update is handled, every word said, every training done."""
        await self.becomes(OPEN_WORK, "0")


@pytest.fixture
def town(telegram: LocalTelegram, postgres: Cluster, front: Front, start: Start) -> Town:
    """Everything but the bots."""
    return Town(telegram, postgres, front, start)


async def test_kills_of_one_of_two_lose_nothing(telegram: LocalTelegram, town: Town) -> None:
    """Three learners answer while one bot after the other is killed: each goes on, and every answer counts once."""
    chance = random.Random(20261125)
    learners = [Learner(person=Person(telegram, each)) for each in (ADA, BLAISE, CHEN)]
    bots = [await town.bot(), await town.bot()]
    stop = asyncio.Event()
    studying = [asyncio.create_task(learner.study(stop)) for learner in learners]
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        assert not any(task.done() for task in studying), "a learner was left without a reply"
        await town.kill(bots.pop(0))
        bots.append(await town.bot())
    stop.set()
    await asyncio.gather(*studying)  # nobody is left without a reply: each was waiting for one
    await town.at_rest()
    counts = await town.ask("SELECT learner, count(*) FROM answers GROUP BY learner")
    assert {f"{learner.person.id}|{learner.answered}" for learner in learners} == set(counts.split())
    assert min(learner.answered for learner in learners) > KILLS
    for bot in bots:
        assert town.front.served[bot.port] > 0
        assert await bot.stop() == 0


async def test_what_a_killed_bot_had_in_hand_is_said_by_the_other(
    telegram: LocalTelegram, town: Town
) -> None:
    """The server takes nothing for a while; the bot that would say it is killed, and the other says it."""
    ada = Person(telegram)
    first = await town.bot()
    await ada.send("/start")
    await ada.says("Hello")
    await town.at_rest()
    telegram.faults = lambda method, params: LATER if method == "sendMessage" else None
    await ada.send("/progress")
    await town.becomes("SELECT count(*) FROM words", "1")
    second = await town.bot()
    assert await town.ask("SELECT count(*) FROM owners") == "2"
    await town.kill(first)
    telegram.faults = None
    await ada.says("0/", timeout_s=20)
    await town.at_rest()
    assert await second.stop() == 0


async def test_a_round_on_two_bots_outlives_a_kill_of_one(telegram: LocalTelegram, town: Town) -> None:
    """Taps of one person on both at once count once; the table is right, and gone from it is who was forgotten."""
    ada, blaise, chen = (Person(telegram, each, chat=GROUP_ID) for each in (ADA, BLAISE, CHEN))
    bots = [await town.bot(), await town.bot()]
    await asyncio.gather(ada.send("/round 2"), blaise.send("/round 2"))
    lobby = await ada.says("Live round", button="Start")
    await ada.has_said("A round is going on here already")
    await ada.tap("No timer", message=lobby)
    await asyncio.gather(*(each.tap("Join", message=lobby) for each in (ada, blaise, chen)))
    begun = await asyncio.gather(*(ada.tap("Start", message=lobby) for _ in range(4)))
    assert sum(bool(answer.show_alert) for answer in begun) == 3
    first = await ada.says("Question 1", button="A")
    taps = [each.tap(right(first), message=first) for each in (ada, ada, blaise)]
    taps += [chen.tap(label, message=first) for label in (wrong(first), wrong(first))]
    noted = [str((await tap).text) for tap in map(asyncio.ensure_future, taps)]
    assert sum("before" in text for text in noted) == 2
    await town.kill(bots.pop(0))
    await ada.tap("Show the answer", message=first)
    await ada.tap("Next question", message=await ada.says("✅"))
    second = await ada.says("Question 2", button="A")
    bots.append(await town.bot())
    await asyncio.gather(ada.tap(right(second), message=second), chen.tap(wrong(second), message=second))
    await ada.tap("Show the answer", message=second)
    await ada.tap("Show the table", message=await ada.says("✅"))
    table = await ada.says("🏁")
    assert [line[3:].partition(",")[0] for line in table.text.splitlines() if " of 2" in line] == [
        "Ada: 2 of 2",
        "Blaise: 1 of 2",
        "Chen: 0 of 2",
    ]
    private = Person(telegram, CHEN)
    await private.send("/forget")
    await private.tap("Yes", message=await private.says(button="Yes"))
    assert "Chen" not in (await ada.says("🏁")).text
    assert await town.ask(f"SELECT count(*) FROM votes WHERE learner = {CHEN}") == "0"
    await town.at_rest()
    for bot in bots:
        assert await bot.stop() == 0
        assert "Traceback" not in bot.stderr, bot.stderr


@pytest.fixture
async def trainers(town: Town, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Program]]]:
    """Starts trainers, each in a folder of its own; they know no token."""
    started: list[Program] = []

    async def another() -> Program:
        folder = tmp_path / f"trainer-{len(started)}"
        folder.mkdir()
        trainer = Program(folder, "trainer", real_tensorflow=True, NABLA_DATABASE_URL=town.url)
        started.append(trainer)
        await trainer.start()
        await trainer.shows("trainer is ready", timeout_s=60)
        return trainer

    yield another
    for trainer in started:
        left = below(trainer.pid)
        await trainer.kill()
        signal_all(left, signal.SIGCONT)  # where a test stopped them and failed
        await gone(left)
        assert PASSWORD not in trainer.stdout + trainer.stderr


async def has_picture(person: Person) -> None:
    """Wait for the picture of a run."""
    while not (await person.says(timeout_s=COLD_S)).photo:
        pass


def losses(message: Message) -> list[str]:
    """The two promised lines."""
    return [line for line in message.text.splitlines() if line.startswith("Loss ")]


async def run(people: Iterable[Person]) -> list[list[str]]:
    """What each of them is told by a training, once its picture is there, too."""
    told = []
    for person in people:
        told.append(losses(await person.says("Loss before: ", timeout_s=COLD_S)))
        await has_picture(person)
    return told


@pytest.mark.tensorflow
@pytest.mark.timeout(400)
async def test_two_bots_and_two_trainers_and_one_of_each_killed(
    telegram: LocalTelegram, town: Town, trainers: Callable[[], Awaitable[Program]]
) -> None:
    """Numbers as from a worker of one's own; what the killed had in hand is done by the others."""
    town.environ["NABLA_ENGINE"] = "procrastinate"
    bots = [await town.bot(), await town.bot()]
    first, second = [await trainers(), await trainers()]
    people = [Person(telegram, ADA), Person(telegram, BLAISE)]
    for person in people:
        await person.send("/train")
        await person.says(button="Run")
        await person.tap("Run")
    told = await run(people)
    spec = from_json(Spec, json.loads(await town.ask("SELECT body FROM runs LIMIT 1"))["spec"])
    local = await here(spec)
    assert (
        told == [[f"Loss before: {number(local.loss_before)}", f"Loss after: {number(local.loss_after)}"]] * 2
    )

    # A training begins at the first trainer and cannot end; then it is killed, and so is a bot.
    os.kill(second.pid, signal.SIGSTOP)
    hanging = below(first.pid)
    signal_all(hanging, signal.SIGSTOP)
    for person in people:
        await person.tap("Run")
    await town.becomes("SELECT count(*) > 0 FROM procrastinate_jobs WHERE status = 'doing'", "t")
    await first.kill()
    signal_all(hanging, signal.SIGCONT)  # they see that their trainer is gone, and end
    await gone(hanging)
    await town.kill(bots.pop(0))
    os.kill(second.pid, signal.SIGCONT)
    assert len(await run(people)) == 2
    await town.at_rest()
    assert await town.ask("SELECT count(*) FROM errands") == "0"
    for program in (*bots, second):
        assert await program.stop() == 0
        assert "Traceback" not in program.stderr, program.stderr


async def test_a_stop_waits_for_no_silent_database(town: Town, start: Start) -> None:
    """Frozen in the middle of everything, with its connections open: bots and trainers end in time, and say why."""
    town.environ["NABLA_ENGINE"] = "procrastinate"
    bot = await town.bot()
    trainer = await start("trainer", NABLA_DATABASE_URL=town.url)
    await trainer.shows("trainer is ready", timeout_s=60)
    with town.postgres.silent():
        await asyncio.sleep(3)  # hearts beat every two seconds, and wait for an answer now
        codes = await asyncio.gather(bot.stop(), trainer.stop())
    assert set(codes) == {0}
    for program in (bot, trainer):
        assert "the database does not answer" in program.stderr
        assert "Traceback" not in program.stderr, program.stderr


@pytest.mark.parametrize("command", ["run", "trainer"])
async def test_a_stop_ends_a_start_that_waits(town: Town, start: Start, command: str) -> None:
    """Somebody holds the lock of the migrations: who waits for it at the start still hears a signal."""
    import asyncpg  # noqa: PLC0415 (an extra)

    from bot.store.postgres import schema  # noqa: PLC0415 (as above)

    holder = await asyncpg.connect(town.url)
    await holder.execute("SELECT pg_advisory_lock($1)", schema._LOCK)
    program = await start(command, **town.environ)
    await town.becomes("SELECT count(*) FROM pg_locks WHERE NOT granted", "1")
    assert await program.stop() == 0
    assert "Traceback" not in program.stderr, program.stderr
    await holder.close()


@pytest.mark.tensorflow
@pytest.mark.timeout(400)
async def test_a_trainers_bits_are_those_of_a_worker_of_ones_own(
    town: Town, trainers: Callable[[], Awaitable[Program]]
) -> None:
    """The same Spec gives the same Outcome, bit for bit, and a picture; a stop leaves nothing behind."""
    store = open_store(town.url, queued=True)
    await store.open()
    engine = RemoteEngine(errands_of(store, ErrandAnswer))
    await engine.start()
    trainer = await trainers()
    specs = [houses(each, steps=200) for each in Optimizer]
    there = [await engine.train(1, spec) for spec in specs]
    picture = await engine.draw(1, specs[0], there[0], LABELS)
    await engine.stop()
    await store.close()
    assert [replace(each, seconds=0.0) for each in there] == [await here(spec) for spec in specs]
    assert picture.startswith(b"\x89PNG")
    family = below(trainer.pid)
    assert await trainer.stop() == 0
    await gone(family)
    assert trainer.stderr == ""


async def here(spec: Spec) -> Outcome:
    """The outcome from a worker of this process."""
    engine = Engine()
    await engine.start()
    outcome = await engine.train(1, spec)
    await engine.stop()
    return replace(outcome, seconds=0.0)
