"""Forgetting a person, so that the id is in no file of the store.

Law: deleted is not yet gone. `secure_delete` zeroes what is deleted, but when SQLite balances its pages it
leaves copies behind in their free space (4 of 200 deleted learners were still readable in a trial). So the file
itself is searched afterwards, and rebuilt by VACUUM if anything is found.
"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bot.store.base import UpdateKey
from bot.store.faults import fault

_CHUNK_BYTES = 1 << 20


def delete(db: sqlite3.Connection, path: Path, learner: int, update: UpdateKey | None) -> None:
    """Delete a learner's rows and empty the write-ahead log; runs outside a transaction."""
    db.execute("BEGIN IMMEDIATE")
    db.execute("DELETE FROM learners WHERE learner = ?", (learner,))  # the other tables follow
    if update is not None:
        db.execute(_HANDLED, (update.bot, update.update_id))
    db.execute("COMMIT")
    _empty_log(db, path)


# The time of keeping stands for the time of handling: soon enough to be swept, and no clock is needed.
_HANDLED = """UPDATE inbox SET body = '', handled_at = coalesce(handled_at, kept_at)
    WHERE bot = ? AND update_id = ?"""


def rebuild(db: sqlite3.Connection, path: Path) -> None:
    """Write the whole file anew, live rows only; runs outside a transaction."""
    db.execute("VACUUM")
    _empty_log(db, path)


def _empty_log(db: sqlite3.Connection, path: Path) -> None:
    busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise fault(
            path,
            "is being read by another program, so that what was deleted is still in its log",
            "try again",
        )


def found(handle: int, learner: int) -> bool:
    """Whether any form in which SQLite writes this id is in the open file."""
    forms = tuple(_forms(learner))
    overlap = max(map(len, forms)) - 1
    at, tail = 0, b""
    while chunk := os.pread(handle, _CHUNK_BYTES, at):
        text = tail + chunk
        if any(form in text for form in forms):
            return True
        at += len(chunk)
        tail = text[len(text) - overlap :]
    return False


def _forms(learner: int) -> Iterator[bytes]:
    """Decimal digits in JSON, the shortest big-endian integer in a column, the varint of a row's number."""
    yield str(abs(learner)).encode()
    size = next(size for size in (1, 2, 3, 4, 6, 8) if -(1 << 8 * size - 1) <= learner < 1 << 8 * size - 1)
    yield learner.to_bytes(size, "big", signed=True)
    yield _varint(learner)


def _varint(number: int) -> bytes:
    """SQLite's variable-length integer, up to 9 bytes (https://www.sqlite.org/fileformat2.html#varint)."""
    left = number & (1 << 64) - 1
    if left >= 1 << 56:
        last, left, sevens = [left & 0xFF], left >> 8, 8
    else:
        last, sevens = [left & 0x7F], max(1, -(-left.bit_length() // 7)) - 1
        left >>= 7
    for _ in range(sevens):
        last.insert(0, left & 0x7F | 0x80)
        left >>= 7
    return bytes(last)
