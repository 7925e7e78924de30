"""The real bot as a process of its own, and what a test can see of it from outside."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from tests.house import LESSONS
from tests.patience import until

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
TOKEN = "7654321:AAn0body-may-see_this-half-of-the-token"
SECRET = "webhook-s3cret-that-nobody-may-see"
READY = "Nabla is ready"
STOP_S = 8.0  # what the README gives a stop
LOOK_S = 0.02


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Program:
    """One run of `python -m bot` in a folder of the test; start another on the same folder, it is the same bot.

    real_tensorflow: else one that never finishes loading takes its place.
    """

    def __init__(self, folder: Path, *arguments: str, real_tensorflow: bool = False, **environ: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._arguments = arguments
        paths = [str(ROOT), str(HERE / "probe"), *([] if real_tensorflow else [str(HERE / "never")])]
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.modules_file = folder / "modules"
        self._environ = {
            **kept,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
            "TEST_MODULES_FILE": str(self.modules_file),
            "NABLA_LESSONS": str(LESSONS),
            "NABLA_LISTEN": f"127.0.0.1:{self.port}",
            **environ,
        }
        number = len(list(folder.glob("out-*")))
        self._out, self._err = folder / f"out-{number}", folder / f"err-{number}"

    async def start(self) -> "Program":
        """Begin; in a process group of its own, as a terminal does it."""
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-W", "error", "-m", "bot", *self._arguments,
                cwd=self.folder, env=self._environ, stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def stdout(self) -> str:
        """What it printed so far."""
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        """What it logged so far."""
        return self._err.read_text()

    async def shows(self, text: str, *, timeout_s: float = 20) -> None:
        """Wait until it printed or logged this; fails at once if it ends before."""
        try:
            async with asyncio.timeout(timeout_s):
                while text not in self.stdout + self.stderr:
                    assert self.process.returncode is None, f"it ended: {self.stdout}{self.stderr}"
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"no {text!r} in: {self.stdout}{self.stderr}") from None

    async def ready(self) -> "Program":
        """Wait until it says that it is ready."""
        await self.shows(READY)
        return self

    async def catches(self, number: signal.Signals) -> None:
        """Wait until it has a handler of its own for a signal."""
        caught = 0
        while not caught >> (number - 1) & 1:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
            caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
            await asyncio.sleep(LOOK_S / 4)

    async def ended(self, timeout_s: float) -> int:
        """Its exit code, once it ended."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self.process.wait()
        except TimeoutError:
            raise AssertionError(f"still running after {timeout_s} s: {self.stderr}") from None

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and give the exit code; fails beyond that time."""
        self.process.send_signal(number)
        return await self.ended(STOP_S)

    async def kill(self) -> None:
        """Kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def modules(self) -> set[str]:
        """The names in its `sys.modules`."""
        self.modules_file.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        await until(self.modules_file.exists)
        return set(self.modules_file.read_text().split())


async def gone(pids: set[int], timeout_s: float = 30) -> None:
    """Wait until none of these processes is there (unloading TensorFlow takes a second); fails with those that stay."""
    try:
        await until(lambda: not any(map(alive, pids)), timeout_s=timeout_s)
    except TimeoutError:
        names = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids if alive(pid)}
        raise AssertionError(f"orphans: {names}") from None
