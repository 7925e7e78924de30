"""One bot, one file: a second process is refused, and a kill leaves nothing that could refuse the next.

Law: the lock belongs to the kernel (`flock`), not to the file that carries it. The little file beside the
database may stay for ever; it says nothing once its process is gone. The database itself is not used for this:
closing any handle of it drops SQLite's own locks in this process (sqlite.org/howtocorrupt.html, 2.2).
"""

import fcntl
import os
import time
from pathlib import Path

from bot.store.faults import fault

_PAUSE_S = 0.05


class Guard:
    """The right to use one database file, held from `__init__` to `release`."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        """Take the lock, waiting for one who is just leaving; StoreError if it stays taken."""
        self._handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(path, timeout_s)
        except BaseException:
            os.close(self._handle)
            raise

    def _take(self, path: Path, timeout_s: float) -> None:
        end = time.monotonic() + timeout_s
        while not self._locked():
            if time.monotonic() >= end:
                holder = os.pread(self._handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
                raise fault(
                    path,
                    f"is in use by another bot (process {holder})",
                    "stop that one first, or set NABLA_DATABASE_URL to another file",
                )
            time.sleep(_PAUSE_S)
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def _locked(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._handle)
