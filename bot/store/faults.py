"""What SQLite says, told to a person: one line that names the file, the fact and what to do."""

import sqlite3
from pathlib import Path

from bot.errors import StoreError

DAMAGED = "restore a backup, or move the file away to start an empty one"
_LINES = (
    # beginning of SQLite's error name (https://www.sqlite.org/rescode.html), the fact, what to do
    ("SQLITE_NOTADB", "is not a SQLite database", DAMAGED),
    ("SQLITE_CORRUPT", "is damaged", DAMAGED),
    ("SQLITE_BUSY", "is locked by another program", "close that program and try again"),
    ("SQLITE_LOCKED", "is locked by another program", "close that program and try again"),
    ("SQLITE_READONLY", "cannot be written", "give this user the right to write the file and its folder"),
    ("SQLITE_PERM", "cannot be written", "give this user the right to write the file and its folder"),
    ("SQLITE_CANTOPEN", "cannot be opened", "give this user the right to write the file and its folder"),
    (
        "SQLITE_FULL",
        "could not be written, the disk is full",
        "free some space; what was refused is not stored",
    ),
    (
        "SQLITE_IOERR",
        "could not be read or written, the disk reports an error",
        "look at the disk and its free space",
    ),
    (
        "SQLITE_CONSTRAINT",
        "refused what breaks a rule of its schema",
        "this is a fault in the program, please report it",
    ),
)


def fault(path: Path, fact: str, advice: str) -> StoreError:
    """The one line of this house: place, fact, advice."""
    return StoreError(f"{path}: {fact}; {advice}")


def told(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """SQLite's error as a line for the operator; SQLite's own words stay in brackets."""
    if isinstance(error, OSError):
        return fault(
            path, f"cannot be used ({error.strerror})", "look at the rights of the file and its folder"
        )
    name = getattr(error, "sqlite_errorname", "") or ""
    for beginning, fact, advice in _LINES:
        if name.startswith(beginning):
            return fault(path, f"{fact} ({error})", advice)
    return fault(path, f"cannot be used ({error})", "this is a fault in the program, please report it")
