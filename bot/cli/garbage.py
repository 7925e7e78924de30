"""How often Python looks for garbage that reference counts alone do not free.

Law: only how often. What is loaded at start lives as long as the process: looking through it again and again cost a
sixth of the processor time of a tap, and pauses of tens of milliseconds.
"""

import gc

NEW_OBJECTS = 20_000  # between two looks at the young; the default of 700 is a handful of taps


def look_less_often() -> None:
    """Leave out what is loaded by now, and look at the rest when there is more of it."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
