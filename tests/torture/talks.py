"""Kill -9 in the middle of a conversation: at a moment of chance, or just before or after a word is said."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.preview.faults import Fault
from bot.preview.server import LocalTelegram
from tests.person import Person
from tests.process.program import TOKEN, Program
from tests.process.study import Learner, polling, stored, waiting, webhook
from tests.torture.report import Torture, check_logs, hold

LEARNERS = range(7001, 7006)
WROTE = "what-only-I-may-read"  # in every text that is no command
MOST_S = 1.0
POINTS = ("sendMessage", "editMessageText", "editMessageReplyMarkup", "answerCallbackQuery", "getUpdates")
LOADED_S = 60.0  # to start, on a busy machine


class Trap:
    """Kills the bot when it makes its next call of one kind: before the call takes effect, or after."""

    def __init__(self, bot: Program, method: str, *, before: bool) -> None:
        self.sprung = asyncio.Event()
        self._bot, self._method, self._before = bot, method, before

    def __call__(self, method: str, _: Mapping[str, str]) -> Fault | None:
        """The fault for a call, if this is the one."""
        if method != self._method or self.sprung.is_set():
            return None
        os.kill(self._bot.pid, signal.SIGKILL)
        self.sprung.set()
        return Fault(drop="before") if self._before else None


async def torture(one: Torture) -> None:
    """Everybody goes on by the next start alone; what was shown is stored, once, and no log tells a word of it."""
    server = LocalTelegram(
        host="127.0.0.1", port=0, path=None, now=lambda: datetime.now(UTC), token=TOKEN, webhook_wait_s=0.1
    )
    await server.start()
    try:
        await _converse(one, server)
    finally:
        await server.stop()


async def _converse(one: Torture, server: LocalTelegram) -> None:
    ways = (polling(server), webhook(server))
    learners = [Learner(person=Person(server, number)) for number in LEARNERS]
    stop = asyncio.Event()
    studying = [asyncio.create_task(_study(learner, stop)) for learner in learners]
    try:
        while one.goes_on:
            await _kill_once(one, server, ways[one.done // 10 % 2])
            for task in studying:
                hold(
                    not task.done(),
                    f"a learner is left without a reply: {task.done() and task.exception()!r}",
                )
        bot = await _begin(one.folder, ways[0])
        stop.set()
        await asyncio.gather(*studying)
        for learner in learners:
            await learner.person.send("/start")
            await learner.person.says("Hello", timeout_s=LOADED_S)
        hold(await bot.stop() == 0, "the bot did not stop cleanly")
    finally:
        for task in studying:
            task.cancel()
    database = one.folder / "data" / "nabla.db"
    shown = {learner.person.id: learner.answered for learner in learners if learner.answered}
    hold(stored(database) == shown, f"shown {shown}, stored {stored(database)}")
    hold(waiting(database) == 0, "updates or words are left over")
    logs = check_logs(one.folder, (WROTE, "Learner 7", "Traceback"))
    one.tell(
        "in the middle of conversations",
        f"{sum(shown.values())} verdicts shown, each stored once; {logs} logs",
    )


async def _study(learner: Learner, stop: asyncio.Event) -> None:
    await learner.person.send(f"{WROTE} \N{CUPCAKE}\N{RIGHT-TO-LEFT MARK}")
    await learner.study(stop)


async def _begin(folder: Path, environ: Mapping[str, str]) -> Program:
    bot = await Program(folder, real_tensorflow=False, **environ).start()
    await bot.shows("Nabla is ready", timeout_s=LOADED_S)
    return bot


async def _kill_once(one: Torture, server: LocalTelegram, environ: Mapping[str, str]) -> None:
    """Every second time at a moment of chance, else at a call."""
    bot = await _begin(one.folder, environ)
    trap = Trap(bot, one.chance.choice(POINTS), before=one.chance.random() < 0.5)
    if one.done % 2:
        server.faults = trap
        with suppress(TimeoutError):  # that call does not come now
            await asyncio.wait_for(trap.sprung.wait(), MOST_S)
        server.faults = None
    else:
        await one.moment(MOST_S)
    if trap.sprung.is_set():
        await bot.process.wait()  # a second signal would look for it, and reap it unseen
    else:
        await bot.kill()
    one.done += 1
