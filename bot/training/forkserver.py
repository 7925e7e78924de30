"""A fork server for the workers: it has merely imported TensorFlow, and knows none of the bot's secrets.

Law: a worker gets no file, no main module and no secret of the bot, and no worker outlives it. Rests on
insides of `multiprocessing` that are the same from Python 3.11 to 3.13 (`popen_forkserver.Popen._launch`).
"""

import io
import os
import signal
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver, popen_forkserver, reduction, resource_tracker, spawn, util
from multiprocessing.context import ForkServerContext, ForkServerProcess, set_spawning_popen
from multiprocessing.process import BaseProcess
from typing import Any

SECRETS = ("TELEGRAM_BOT_TOKEN", "NABLA_WEBHOOK_SECRET", "NABLA_DATABASE_URL")


@contextmanager
def _environment(added: Mapping[str, str]) -> Iterator[None]:
    """For the instant of a process start: the environment without secrets, with what the workers need."""
    names = (*SECRETS, *added)
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        os.environ.update(before)


@contextmanager
def _deaf() -> Iterator[None]:
    """For the instant of a process start: SIGINT is blocked, which the new process and all its forks inherit.

    They ignore it anyway, but only once Python is up: until then a Ctrl-C for the whole group would end them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Server(forkserver.ForkServer):
    """The process that forks workers; started when the first is asked for, and again should it die."""

    _lock: threading.Lock  # these three are its parent's
    _forkserver_pid: int | None
    _stop_unlocked: Callable[[], None]

    def __init__(self, preload: str, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._preload_modules = [preload]
        self._environment = environment
        self._closed = False

    def ensure_running(self) -> None:
        """Start it unless it runs; OSError once closed."""
        if self._closed:
            raise OSError("the fork server is closed")
        with _environment(self._environment):
            resource_tracker.ensure_running()  # which unblocks SIGINT when it starts its own process
            with _deaf():
                super().ensure_running()

    def close(self) -> None:
        """Kill it for good; whoever waits for a worker from it gets EOFError."""
        self._closed = True
        with self._lock:
            if self._forkserver_pid is not None:
                os.kill(self._forkserver_pid, signal.SIGKILL)
                self._stop_unlocked()


class _Popen(popen_forkserver.Popen):
    """One worker as its parent sees it."""

    _fds: list[int]  # its parent's

    def __init__(self, process: BaseProcess, server: _Server) -> None:
        self._server = server
        super().__init__(process)

    def _launch(self, process: BaseProcess) -> None:
        data = spawn.get_preparation_data(process.name)
        # A worker that ran the bot's main module again would import the whole bot.
        data = {key: value for key, value in data.items() if not key.startswith("init_main")}
        buffer = io.BytesIO()
        set_spawning_popen(self)
        try:
            reduction.dump(data, buffer)
            reduction.dump(process, buffer)
        finally:
            set_spawning_popen(None)
        self.sentinel, writer = self._server.connect_to_new_process(self._fds)
        # The worker sees the bot's death as the end of this pipe, so a copy stays open as long as the bot lives.
        self.finalizer = util.Finalize(self, _close_all, (os.dup(writer), self.sentinel))
        with open(writer, "wb", closefd=True) as pipe:  # noqa: PTH123 - a descriptor, not a path
            pipe.write(buffer.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


def _close_all(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class _Worker(ForkServerProcess):
    """A worker process; it is pickled on its way, so what it was made by stands beside it, not in it."""

    @staticmethod
    def _Popen(process: BaseProcess) -> Any:  # noqa: N802 - the name that multiprocessing calls
        return _Popen(process, _SERVERS[process])


_SERVERS: weakref.WeakKeyDictionary[BaseProcess, _Server] = weakref.WeakKeyDictionary()


class Context(ForkServerContext):
    """What pebble needs of `multiprocessing`, on a fork server of its own."""

    def __init__(self, preload: str, environment: Mapping[str, str]) -> None:
        super().__init__()
        with _environment(environment):
            resource_tracker.ensure_running()  # else the first semaphore starts it, with the secrets
        self._server = _Server(preload, environment)
        self.made = 0  # workers so far
        self._workers: weakref.WeakSet[BaseProcess] = weakref.WeakSet()

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # type: ignore[override]  # noqa: N802 - as pebble calls it
        """A worker of this context, not yet started."""
        process = _Worker(*args, **kwargs)
        _SERVERS[process] = self._server
        self.made += 1
        self._workers.add(process)
        return process

    def kill_workers(self) -> None:
        """End every worker at once, whatever it is doing."""
        for process in tuple(self._workers):
            if process.pid is not None and process.exitcode is None:
                process.kill()

    def close(self) -> None:
        """End the fork server; no worker can be started any more."""
        self._server.close()
