"""`python -m bot`, and the installed command `nabla`.

Law: a stop is obeyed from the first moment on: while the program is still being loaded, nothing is open yet.
"""

import signal
import sys

OTHERS = {"check", "stats"}  # which are cut short by a signal like any program


def main() -> None:
    """Load the command line and do what it says."""
    if not OTHERS & set(sys.argv[1:]):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
    # Only now: loading takes about a second, in which SIGINT would show a traceback.
    from bot.cli import main as command_line  # noqa: PLC0415

    command_line()


if __name__ == "__main__":
    main()
