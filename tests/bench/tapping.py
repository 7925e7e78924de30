"""Answered taps: how many a second, how long one waits, what they cost, and what memory they leave.

Law: a tap is the whole way over HTTP (update fetched and kept, callback answered, change committed, message sent
or edited) in the real `python -m bot`. At the end every option tapped must be an answer in the file, else there is
no figure.
"""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, quantile
from tests.bench.processes import Bot, Wire, bot, cpu_s, descendants, proportional_mb, resident_mb, stub

TAPS, MEMORY = "taps", "memory"
MOST_S = 60.0


async def measure(
    *, learners: int = 10_000, at_once: int = 256, taps: int = 4000, per_s: float = 100.0, steady: int = 1000
) -> list[Figure]:
    """The figures; `per_s`: the rate of the steady load."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        async with stub() as wire:
            async with bot(Path(place), api_url=wire.url) as running:
                await wire.crowd("train", learner=1, runs=1)  # the worker is ready and has drawn
                figures = memory(running.pid, "idle", workers=True)
                many = await wire.crowd(
                    "closed", learners=learners, taps=learners, most_s=MOST_S, at_once=at_once
                )
                after = memory(running.pid, f"after {learners:,} learners")
                note = f"a lesson opened by each, {many['taps']:,} taps; "
                figures += [replace(each, note=note + each.note, wanted="at most 110 MB") for each in after]
                figures += await _most(wire, running, at_once=at_once, taps=taps, delay_s=0.0)
                figures += await _most(wire, running, at_once=at_once, taps=taps // 2, delay_s=0.05)
                figures += await _steady(wire, running, per_s=per_s, taps=steady)
                last = await wire.crowd("closed", learners=1, taps=1, most_s=MOST_S)
            check(running.database, last["options"])
    return figures


async def _most(wire: Wire, running: Bot, *, at_once: int, taps: int, delay_s: float) -> list[Figure]:
    before = cpu_s(running.pid)
    load = await wire.crowd("closed", learners=at_once, taps=taps, most_s=MOST_S, delay_s=delay_s)
    used = None if before is None else (cpu_s(running.pid) or 0.0) - before
    far = f", {delay_s * 1000:.0f} ms round trips" if delay_s else ""
    rate = load["taps"] / load["seconds"]
    note = f"{load['taps']:,} taps, {load['calls'] / load['taps']:.1f} calls each{_lost(load)}"
    figures = [
        Figure(
            group=TAPS, name=f"answered, {at_once} learners at once{far}", value=rate, unit="/s", note=note
        )
    ]
    if used and not delay_s:
        cost = Figure(
            group=TAPS,
            name="processor time of the bot per tap",
            value=1000 * used / load["taps"],
            unit="ms",
            note=f"{load['taps'] / used:,.0f} taps a core second; busy {used / load['seconds']:.0%} of the time",
        )
        figures.append(cost)
    return figures


async def _steady(wire: Wire, running: Bot, *, per_s: float, taps: int) -> list[Figure]:
    load = await wire.crowd("open", learners=int(per_s * 4), taps=taps, per_s=per_s)
    note = f"{load['taps']:,} taps{_lost(load)}"
    return [
        Figure(
            group=TAPS,
            name=f"tap → {what}, {per_s:g} taps/s, p{share * 100:.0f}",
            value=1000 * quantile(load[values], share),
            unit="ms",
            note=note,
        )
        for what, values in (("callback answered", "answered_s"), ("message shown", "shown_s"))
        for share in (0.5, 0.99)
    ]


def memory(pid: int, when: str, *, workers: bool = False) -> list[Figure]:
    """Resident memory of the bot, and of the processes that train; nothing where /proc is missing."""
    rows: list[tuple[str, int]] = [(f"bot process, {when}", pid)]
    if workers:
        below = sorted(descendants(pid), key=lambda each: resident_mb(each) or 0.0)
        names = ("training worker (has trained and drawn)", "fork server (has imported TensorFlow)")
        rows += list(zip(names, reversed(below), strict=False))
    figures = []
    for name, each in rows:
        resident, share = resident_mb(each), proportional_mb(each)
        if resident is not None:
            note = "" if share is None else f"{share:.0f} MB where shared pages count in part"
            figures.append(Figure(group=MEMORY, name=name, value=resident, unit="MB", note=note))
    return figures


def check(database: Path, options: int) -> None:
    """Each option tapped is an answer in the file: nothing was only said."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        (kept,) = db.execute("SELECT count(*) FROM answers").fetchone()
    if kept != options:
        raise RuntimeError(
            f"{options} options were tapped, {kept} answers are in {database}: the bench is void"
        )


def _lost(load: dict[str, Any]) -> str:
    return f", {load['lost']} never answered" if load["lost"] else ""
