"""Kill -9 in the middle of trainings in real TensorFlow: of the whole bot, and of its worker alone."""

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.preview.server import LocalTelegram
from tests.kin import below
from tests.patience import until
from tests.person import Message, Person
from tests.process.program import STOP_S, TOKEN, Program, gone
from tests.process.study import polling, press, waiting
from tests.torture.report import Torture, check_logs, hold

LEARNERS = (8001, 8002)
COLD_S = 180.0  # until a first result with everything still to be loaded, on a busy machine
PATIENT_S = 3600.0  # while the bot is killed again and again, before its worker is ready even


@dataclass(kw_only=True)
class Trainee:
    """Somebody who runs one story again and again; `results`: the keys of the messages that told one."""

    person: Person
    results: set[str] = field(default_factory=set)
    runs: int = 0

    async def train(self, stop: asyncio.Event) -> None:
        """A prediction, its result, and the next one; after an apology, the same again."""
        await self.person.send("/train")
        panel = await self.person.says(button="Run", timeout_s=PATIENT_S)
        while not stop.is_set():
            await press(self.person, "Steady steps", panel)
            said = await press(self.person, "Run: it learns", panel)
            hold(
                not said or "Training" in said or "One run" in said, f"a prediction was answered by {said!r}"
            )
            self.runs += 1
            await self._result()

    async def _result(self) -> None:
        while True:
            said = await self.person.says(timeout_s=PATIENT_S)
            if said.button("Try again") and "Loss before" not in said.text:
                with suppress(AssertionError):  # an earlier copy, or taken away meanwhile
                    await press(self.person, "Try again", said)
            elif "Loss before" in said.text and said.button("Code") and key_of(said) not in self.results:
                self.results.add(key_of(said))
                return


def key_of(message: Message) -> str:
    """The screen that a result is."""
    button = message.button("Code")
    return str(button["callback_data"]).partition(":")[0] if button else ""


async def torture(one: Torture) -> None:
    """Each prediction has its result, each run is stored once, and no worker outlives its bot."""
    server = LocalTelegram(host="127.0.0.1", port=0, path=None, now=lambda: datetime.now(UTC), token=TOKEN)
    await server.start()
    try:
        await _train(one, server)
    finally:
        await server.stop()


async def _train(one: Torture, server: LocalTelegram) -> None:
    trainees = [Trainee(person=Person(server, number)) for number in LEARNERS]
    stop = asyncio.Event()
    at_work = [asyncio.create_task(trainee.train(stop)) for trainee in trainees]
    workers = 0
    try:
        most_s = await _first(one, polling(server), trainees)
        while one.goes_on:
            workers += await _kill_once(one, polling(server), most_s)
            for task in at_work:
                hold(
                    not task.done(),
                    f"a trainee is left without a result: {task.done() and task.exception()!r}",
                )
        bot = await _begin(one.folder, polling(server))
        stop.set()
        await asyncio.wait_for(asyncio.gather(*at_work), COLD_S)
        await until(lambda: waiting(one.folder / "data" / "nabla.db") == 0, timeout_s=COLD_S)
        family = below(bot.pid)
        hold(await bot.stop() == 0, "the bot did not stop cleanly")
        await gone(family)
    finally:
        for task in at_work:
            task.cancel()
    asked = {trainee.person.id: trainee.runs for trainee in trainees}
    with closing(sqlite3.connect(one.folder / "data" / "nabla.db")) as db:
        kept = dict(db.execute("SELECT learner, count(*) FROM runs GROUP BY learner"))
        hold(db.execute("SELECT count(*) FROM jobs").fetchone() == (0,), "a training is left over")
    hold(kept == asked == {t.person.id: len(t.results) for t in trainees}, f"asked {asked}, stored {kept}")
    logs = check_logs(one.folder, ("Learner 8",))
    found = (
        f"{workers} of them of a worker; {sum(asked.values())} predictions, each with its result, stored once"
    )
    one.tell("in the middle of trainings", f"{found}; {logs} logs")


async def _begin(folder: Path, environ: Mapping[str, str]) -> Program:
    bot = await Program(folder, real_tensorflow=True, **environ).start()
    await bot.shows("Nabla is ready", timeout_s=COLD_S)
    return bot


async def _first(one: Torture, environ: Mapping[str, str], trainees: list[Trainee]) -> float:
    """Kill it when everybody had a result; seconds in which all can happen, from the first import to a picture."""
    bot = await _begin(one.folder, environ)
    began_s = time.monotonic()
    await until(lambda: all(trainee.results for trainee in trainees), timeout_s=COLD_S)
    await bot.kill()
    one.done += 1
    return 1.3 * (time.monotonic() - began_s)


async def _kill_once(one: Torture, environ: Mapping[str, str], most_s: float) -> int:
    """The bot, and every second time its worker first; how many workers were killed."""
    bot = await _begin(one.folder, environ)
    await one.moment(most_s)
    killed = 0
    if one.done % 2:
        killed = _kill_worker(bot.pid)
        await one.moment(most_s / 2)
    family = below(bot.pid)
    await bot.kill()
    one.done += 1 + killed
    await gone(family, timeout_s=4 * STOP_S)
    return killed


def _kill_worker(bot: int) -> int:
    """Kill one process that the fork server made; 0 if there is none yet."""
    helpers = below(bot)
    for pid in sorted(helpers - {helper for helper in helpers if below(helper)}, reverse=True):
        with suppress(OSError):
            if "libtensorflow" in Path(f"/proc/{pid}/maps").read_text():
                os.kill(pid, signal.SIGKILL)
                return 1
    return 0
