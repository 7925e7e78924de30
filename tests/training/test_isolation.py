"""A process that uses the engine as the bot does: what it never loads, and what it never leaves behind."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.core.experiment import to_json
from tests.training.samples import houses

pytestmark = pytest.mark.tensorflow
PATIENCE_S = 60.0

BOT = """
import asyncio, json, sys
from bot.core.experiment import from_json, Spec
from bot.training.engine import Engine, TrainingFailed

async def main():
    engine = Engine(warm=(2,))
    await engine.start()
    await engine.ready.wait()
    print(json.dumps([process.pid for process in engine._workers._context._workers]), flush=True)
    await engine.train(1, from_json(Spec, json.loads(sys.argv[1])))
    heavy = [name for name in sys.modules if name.split(".")[0] in {"tensorflow", "matplotlib", "numpy", "PIL"}]
    with open("/proc/self/maps") as maps:
        heavy += [line for line in maps if "tensorflow" in line or "matplotlib" in line or "numpy" in line]
    print(json.dumps(heavy), flush=True)
    if sys.argv[2] == "wait":
        import time
        asyncio.get_running_loop().create_task(engine._take_turn(1, time.sleep, (60,), late=False))
        await asyncio.sleep(60)
    await engine.stop()

asyncio.run(main())
"""


def bot(mode: str) -> subprocess.Popen[str]:
    """A process that does with the engine what the bot does."""
    arguments = [sys.executable, "-W", "error", "-c", BOT, json.dumps(to_json(houses())), mode]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_bots_process_never_loads_tensorflow_or_matplotlib() -> None:
    """Neither as a module nor as a mapped file, after a training; and it ends without a word on stderr."""
    with bot("stop") as process:
        said, complaints = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, complaints
    assert json.loads(said.splitlines()[1]) == []
    assert complaints == ""


def test_no_worker_outlives_a_killed_bot() -> None:
    """Killed without a chance to clean up, in the middle of a job."""
    with bot("wait") as process:
        assert process.stdout is not None
        workers = json.loads(process.stdout.readline())
        process.stdout.readline()
        process.kill()
    assert workers
    for pid in workers:
        gone = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{pid}").exists() and time.monotonic() < gone:
            time.sleep(0.05)
        assert not Path(f"/proc/{pid}").exists()
