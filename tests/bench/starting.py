"""How long a start takes: the line that says ready, the learner's first answer, the first training.

Law: the learner has written before the process runs, so that nothing but the bot is waited for. "Cold" is an
empty folder (no database, nothing compiled); "warm" is the same folder again. Files that the system keeps in memory
stay there: this is a restart, not a reboot.
"""

import asyncio
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench.crowd import FIRST_LEARNER
from tests.bench.figures import Figure, median, spread
from tests.bench.processes import Wire, bot, stub

GROUP = "start"
PAGE, COLD, WARM = "local page", "cold", "XLA cache"


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Seconds from the start of the process."""

    ready_s: float
    asked_s: float = 0.0
    answered_s: float = 0.0
    trained_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Starts:
    """All starts by how they began."""

    by: dict[str, list[Start]] = field(default_factory=lambda: {PAGE: [], COLD: [], WARM: []})


async def page(folder: Path) -> Start:
    """`python -m bot` without a token: the chat page."""
    async with bot(folder, api_url=None) as running:
        return Start(ready_s=running.ready_at - running.started_at)


async def once(folder: Path, wire: Wire, *, number: int) -> Start:
    """A start with two learners waiting: one says /start, one wants to train."""
    hello = asyncio.create_task(wire.crowd("meet", learner=FIRST_LEARNER + 10 * number, text="/start"))
    train = asyncio.create_task(wire.crowd("train", learner=FIRST_LEARNER + 10 * number + 1, runs=1))
    async with bot(folder, api_url=wire.url) as running:
        answered, trained = await asyncio.gather(hello, train)
        return Start(
            ready_s=running.ready_at - running.started_at,
            asked_s=answered["asked_at"] - running.started_at,
            answered_s=answered["answered_at"] - running.started_at,
            trained_s=trained["first_at"] - running.started_at,
        )


async def starts(*, rounds: int) -> Starts:
    """So many starts of each kind, in turn."""
    found = Starts()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
            found.by[PAGE].append(await page(Path(place)))
        with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
            for number, kind in enumerate((COLD, WARM)):
                async with stub() as wire:
                    found.by[kind].append(await once(Path(place), wire, number=number))
    return found


async def measure(*, rounds: int = 3) -> list[Figure]:
    """The figures."""
    found = (await starts(rounds=rounds)).by
    figures = [_figure(f"process start → ready line, {PAGE}", [each.ready_s for each in found[PAGE]])]
    for kind in (COLD, WARM):
        each = found[kind]
        figures += [
            _figure(f"process start → ready line, polling, {kind}", [one.ready_s for one in each]),
            replace(
                _figure(f"process start → first getUpdates, {kind}", [one.asked_s for one in each]),
                wanted="at most 1.5 s",
            ),
            _figure(f"process start → /start answered, {kind}", [one.answered_s for one in each]),
            _figure(f"process start → first training result, {kind}", [one.trained_s for one in each]),
        ]
    return figures


def _figure(name: str, seconds: list[float]) -> Figure:
    return Figure(group=GROUP, name=name, value=median(seconds), unit="s", note=spread(seconds))
