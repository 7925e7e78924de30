"""Processes and those that they started."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def below(pid: int) -> set[int]:
    """All processes that a process started, and those that they started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found, last = set[int](), {pid}
    while last:
        last = {child for child, parent in parents.items() if parent in last} - found
        found |= last
    return found


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """The same signal for all that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
