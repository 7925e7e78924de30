"""SIGTERM and SIGINT.

Law: the first one is obeyed, every further one changes nothing until the process is gone: an impatient finger,
or a supervisor that asks twice, must not turn a clean stop into a kill.
"""

import signal
from collections.abc import Callable

STOPS = (signal.SIGINT, signal.SIGTERM)


def on_stop(obey: Callable[[], object]) -> None:
    """Call this at each of the signals, in the main thread, also when the event loop is closed."""
    for number in STOPS:
        signal.signal(number, lambda *_: obey())


def ignore_stops() -> None:
    """Nothing is left to be stopped: Python's end takes its handlers away, and only this lasts beyond them."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
