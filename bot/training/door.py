"""The functions that the bot asks a worker to run: both processes know their names, only the worker what is behind.

Law: nothing heavy is imported here before a function runs, so the bot can name them.
"""

import os
from collections.abc import Callable
from importlib import import_module
from multiprocessing.synchronize import Semaphore
from typing import ParamSpec, TypeVar, cast

from bot.core.experiment import Outcome, Spec
from bot.training.labels import Bars, Curves, Labels

OUT_OF_MEMORY = 86  # exit code of a worker that reached its bound
P = ParamSpec("P")
R = TypeVar("R")


def within_bounds(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function; a worker that reaches its bound of memory ends here, for what it holds may never come back."""
    try:
        return function(*args, **kwargs)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def prepare(sizes: tuple[int, ...], tickets: Semaphore, ready: Semaphore) -> None:
    """Set a new worker up; one that gets a ticket also warms up, one that replaces another works at once."""
    worker = import_module("bot.training.worker")
    worker.settle()
    if tickets.acquire(block=False):
        worker.warm_up(sizes)
    worker.limit_memory()
    ready.release()


def train(spec: Spec) -> Outcome:
    """Run an experiment."""
    return cast(Outcome, import_module("bot.training.worker").train(spec))


def draw(spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
    """The picture of an experiment as PNG."""
    return cast(bytes, import_module("bot.training.plot").draw(spec, outcome, labels))


def draw_curves(curves: Curves) -> bytes:
    """Several runs side by side, as PNG."""
    return cast(bytes, import_module("bot.training.curves").draw_curves(curves))


def draw_bars(bars: Bars) -> bytes:
    """How many chose what, as PNG."""
    return cast(bytes, import_module("bot.training.bars").draw_bars(bars))
