"""What the fork server runs before its first fork: it imports the worker's modules and does nothing else with them.

Law: only imports. After TensorFlow has computed anything, its threads exist and a fork of it hangs.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

NICENESS = 10  # a training must never delay a tap


@contextmanager
def _hushed() -> Iterator[None]:
    """Without the lines about missing graphics cards that TensorFlow writes to stderr whatever its log level."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


# Ctrl-C goes to the whole group; the bot decides when workers end.
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.nice(NICENESS)
with _hushed():
    import_module("bot.training.worker")
