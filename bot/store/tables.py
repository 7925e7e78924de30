"""sqlite-utils, without NumPy.

It looks for NumPy only to keep NumPy's own numbers, which no store here has: loading it would cost the bot, which
computes nothing, ten megabytes and a tenth of a second.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(name: str) -> Iterator[None]:
    """As if a module were not installed; whoever has loaded it keeps it."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # the import system's own word for "not to be found"
    try:
        yield
    finally:
        del sys.modules[name]


with _without("numpy"):
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

__all__ = ["Database", "Migrations"]
