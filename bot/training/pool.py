"""The worker processes: started in the background, killed when they hang, replaced when they die.

Law: one failed job takes no other down; what is waited for here always ends. Nothing blocks the event loop's thread.
"""

import asyncio
import hashlib
import logging
import platform
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from bot.training import door
from bot.training.forkserver import Context

WARM_UP_TIMEOUT_S = 120.0  # import, compile and draw once, on a slow and busy machine
# A killed worker's successor works after a second; who takes no job for so long hangs.
REPLACED_WITHIN_S = 15.0
POLL_S = 0.05
P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)


class TrainingFailure(StrEnum):
    """Why there is no result; never the learner's doing."""

    TIMEOUT = "timeout"
    DIED = "died"
    CLOSED = "closed"


class TrainingFailed(Exception):  # noqa: N818 - a past fact, as the rest of the program names it
    """A job ended without a result; the same job may be tried again."""

    def __init__(self, reason: TrainingFailure) -> None:
        super().__init__(f"training: {reason}")
        self.reason = reason


def environment(cache: Path | None) -> dict[str, str]:
    """The environment variables of the workers, given a folder that outlives them."""
    chosen = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "OMP_NUM_THREADS": "1"}
    if cache is not None:
        compiled = cache.resolve() / f"xla-{_machine()}"
        compiled.mkdir(mode=0o700, parents=True, exist_ok=True)
        compiled.chmod(0o700)  # it holds machine code that will be run
        chosen["TRAINING_XLA_CACHE"] = str(compiled)
        chosen["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory={compiled}"
        chosen["MPLCONFIGDIR"] = str(cache.resolve() / "matplotlib")
    return chosen


def _machine() -> str:
    """A name for what compiled code depends on: another processor or TensorFlow must not run it."""
    described = [_tensorflow(), platform.machine(), platform.processor()]
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        described += sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:12]


def _tensorflow() -> str:
    """The version of TensorFlow, under either of the names it is installed by; empty without it."""
    for name in ("tensorflow", "tensorflow-cpu"):
        with suppress(PackageNotFoundError):
            return version(name)
    return ""


class Workers:
    """A number of workers that run functions of `door`."""

    def __init__(self, *, workers: int, warm: Sequence[int], cache: Path | None) -> None:
        self._number = workers
        self._warm = tuple(warm)
        self._cache = cache
        self._context: Context | None = None
        self._pool: ProcessPool | None = None
        self._opening = asyncio.Lock()
        self._closed = False
        self._warmed = 0  # how many workers were made when all were last known to be warm

    async def open(self) -> ProcessPool:
        """Start the workers and wait until they are warm; TrainingFailed if they cannot be."""
        async with self._opening:
            if self._pool is not None and self._pool.active:
                return self._pool
            try:
                return await asyncio.to_thread(self._open)
            except Exception as error:
                if self._closed:
                    raise TrainingFailed(TrainingFailure.CLOSED) from error
                log.exception(
                    "training: the workers cannot be started; is TensorFlow installed, memory free?"
                )
                raise TrainingFailed(TrainingFailure.DIED) from error

    def _open(self) -> ProcessPool:
        self._end_pool()
        first = self._context is None
        if self._context is None:
            self._context = Context("bot.training.preload", environment(self._cache))
        context = self._context
        if self._closed:
            raise BrokenProcessPool("closed before it was opened")
        tickets, ready = context.Semaphore(self._number if first else 0), context.Semaphore(0)
        pool = ProcessPool(
            max_workers=self._number,
            initializer=door.prepare,
            initargs=(self._warm, tickets, ready),
            context=context,
        )
        pool.active  # noqa: B018 - asking starts it, and waits for the first worker
        self._pool = pool
        waited_s = 0.0
        for _ in range(self._number):
            while not ready.acquire(timeout=POLL_S):
                waited_s += POLL_S
                if self._closed or not pool.active or waited_s > WARM_UP_TIMEOUT_S:
                    self._end_pool()
                    raise BrokenProcessPool("the workers did not become ready")
        self._warmed = context.made
        return pool

    async def call(
        self, function: Callable[P, R], timeout_s: float, /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a function in a worker; TrainingFailed if it hangs, dies or raises. Waiting is not counted as time."""
        pool = await self.open()
        job = pool.schedule(door.within_bounds, (function, *args), kwargs, timeout_s)
        result = asyncio.wrap_future(job)
        try:
            await asyncio.wait({result}, timeout=timeout_s)
            if not result.done() and (job.running() or self._made() != self._warmed):
                # It is being killed, or a successor warms up.
                await asyncio.wait({result}, timeout=REPLACED_WITHIN_S)
            if not result.done():  # no worker took it
                await asyncio.to_thread(self._end_pool)
                raise TimeoutError
            value: R = result.result()
        except TimeoutError as error:
            raise TrainingFailed(TrainingFailure.TIMEOUT) from error
        except (ProcessExpired, BrokenProcessPool) as error:
            starved = getattr(error, "exitcode", None) == door.OUT_OF_MEMORY
            log.warning("training: a worker died: %s", "it reached its bound of memory" if starved else error)
            raise TrainingFailed(TrainingFailure.DIED) from error
        except Exception as error:
            log.exception("training: a worker failed")
            raise TrainingFailed(TrainingFailure.DIED) from error
        finally:
            result.cancel()
        self._warmed = self._made()
        return value

    def _made(self) -> int:
        return self._context.made if self._context is not None else 0

    async def close(self) -> None:
        """End all worker processes; what still runs in them is lost."""
        self._closed = True
        if self._pool is None and self._context is not None:
            await asyncio.to_thread(self._context.close)  # whoever waits for a first worker is let go
        async with self._opening:
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._end_pool()
        if self._context is not None:
            self._context.close()

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None and self._context is not None:
            pool.stop()  # type: ignore[no-untyped-call] # pebble annotates no results of None
            self._context.kill_workers()
            pool.join()
