"""`python -m bot`, and the installed command `nabla`.

Law: a stop is obeyed from the first moment on: while the program is still being loaded, nothing is open yet.
"""

import os
import sys

from bot.signals import ignore_stops, on_stop

OTHERS = {"check", "stats", "backup", "restore"}  # which are cut short by a signal like any program


def main() -> None:
    """Load the command line and do what it says."""
    runs = not OTHERS & set(sys.argv[1:])
    if runs:
        # Not by an exception: in the middle of an import somebody may swallow it.
        on_stop(lambda: os._exit(0))
    try:
        # Only now: loading takes about a second, in which SIGINT would show a traceback.
        from bot.cli import main as command_line  # noqa: PLC0415

        command_line()
    finally:
        if runs:
            ignore_stops()


if __name__ == "__main__":
    main()
