"""The functions that the bot asks a worker to run: both processes know their names, only the worker what is behind.

Law: nothing heavy is imported here before a function runs, so the bot can name them.
"""

from importlib import import_module
from multiprocessing.synchronize import Semaphore
from typing import cast

from bot.core.experiment import Outcome, Spec
from bot.training.labels import Labels


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
