"""The bot and the stub as processes of their own, and what the system says of them.

Law: every process that is started here is ended here. Memory and processor time come from /proc: elsewhere these
figures are left out.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.peers import READY, TOKEN

ROOT = Path(__file__).resolve().parents[2]
RIVALS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"  # aiogram wants an older pydantic than ours
READY_WITHIN_S = 120.0
STOP_WITHIN_S = 20.0
PROC = Path("/proc")


def clean_environment(**added: str) -> dict[str, str]:
    """This environment without settings of a bot that the person who measures may run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NABLA_", "TELEGRAM_"))}
    return {**kept, "PYTHONPATH": str(ROOT), **added}


def own_core(place: int) -> int | None:
    """A core for the stub (0) or for who is measured (1); None where there are not two to choose from."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return cores[place] if len(cores) > 1 else None


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started in here runs on this core alone, and so do its threads and children."""
    if core is None:
        yield
        return
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, everywhere)


@dataclass(eq=False, kw_only=True, slots=True)
class Bot:
    """A running `python -m bot`; times are monotonic seconds."""

    process: asyncio.subprocess.Process
    database: Path
    started_at: float
    ready_at: float = 0.0

    @property
    def pid(self) -> int:
        """The bot's own process."""
        return self.process.pid


@asynccontextmanager
async def bot(
    folder: Path, *, api_url: str | None, core: int | None = None, trainers: int = 1
) -> AsyncIterator[Bot]:
    """The bot in a folder, ready; without an address it serves the local chat page."""
    database = folder / "nabla.db"
    telegram = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": api_url} if api_url else {}
    environment = clean_environment(
        NABLA_DATABASE_URL=f"sqlite:///{database}",
        NABLA_LESSONS=str(ROOT / "lessons"),
        NABLA_TRAINERS=str(trainers),
        **telegram,
    )
    log = folder / "bot.log"
    with log.open("ab") as errors, on_core(core):
        started_at = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--port", "0",
            cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    running = Bot(process=process, database=database, started_at=started_at)
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            line = await process.stdout.readline() if process.stdout else b""
        if not line.startswith(b"Nabla is ready"):
            raise RuntimeError(f"the bot did not start: {log.read_text()[-2000:]}")
        running.ready_at = time.monotonic()
        yield running
    finally:
        await stop(process)


@asynccontextmanager
async def peer(
    module: str, arguments: Sequence[str], *, python: Path | str = sys.executable, core: int | None = None
) -> AsyncIterator[int]:
    """Another bot, ready; gives its process id."""
    with on_core(core):
        process = await asyncio.create_subprocess_exec(
            str(python), "-m", f"tests.bench.peers.{module}", *arguments,
            cwd=ROOT, env=clean_environment(), stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # calls that are cut off at the end make some noise
        )  # fmt: skip
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            line = await process.stdout.readline() if process.stdout else b""
        if line.decode().strip() != READY:
            raise RuntimeError(f"{module} did not start")
        yield process.pid
    finally:
        await stop(process)


async def stop(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and what follows when that is not enough."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()


class Wire:
    """The stub's process, seen from the bench."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def crowd(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Let the crowd act and wait for what it measured."""
        async with self._session.post(f"{self.url}/crowd", json={"do": do, **arguments}) as response:
            response.raise_for_status()
            result: dict[str, Any] = await response.json()
        if "error" in result:
            raise RuntimeError(result["error"])
        return result


@asynccontextmanager
async def stub(core: int | None = None) -> AsyncIterator[Wire]:
    """The Bot API stub in a process of its own, on the fastest loop that is here."""
    python = RIVALS_PYTHON if RIVALS_PYTHON.exists() else sys.executable
    with on_core(core):
        process = await asyncio.create_subprocess_exec(
            str(python), "-m", "tests.bench.stub",
            cwd=ROOT, env=clean_environment(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            line = await process.stdout.readline() if process.stdout else b""
        url = line.decode().split('"')[3]
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as session:
            yield Wire(url, session)
    finally:
        await stop(process)


def resident_mb(pid: int) -> float | None:
    """Resident memory (RSS) in MB; None where there is no /proc."""
    return _kb(PROC / str(pid) / "status", "VmRSS:")


def proportional_mb(pid: int) -> float | None:
    """Proportional memory (PSS) in MB: pages shared with n processes count 1/n."""
    return _kb(PROC / str(pid) / "smaps_rollup", "Pss:")


def _kb(path: Path, name: str) -> float | None:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), None)


def cpu_s(pid: int) -> float | None:
    """Processor time of a process so far, its own and the system's for it."""
    try:
        fields = (
            (PROC / str(pid) / "stat")
            .read_text(encoding="ascii", errors="replace")
            .rpartition(")")[2]
            .split()
        )
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """All processes below one, nearest first."""
    found: list[int] = []
    for each in [pid]:
        try:
            children = [path.read_text() for path in (PROC / str(each) / "task").glob("*/children")]
        except OSError:
            continue
        for child in " ".join(children).split():
            found += [int(child), *descendants(int(child))]
    return found
