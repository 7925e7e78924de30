"""The same tap answered by Nabla and by bots that are nothing but fast, in turn, on one core each.

Law: a tap is a callback query answered and its message edited, with the same contents whoever does it; in Nabla the
answer is on the disk before, the others keep nothing. Stub and bot have a core each where there are two. Each round
measures everybody, in turn; every tap of Nabla is checked to be an answer in its file at the end.
"""

import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, median, number, quantile, spread
from tests.bench.filling import FIRST, Sample, dump, fill, sample
from tests.bench.peers import DEFAULTS, OURS
from tests.bench.processes import RIVALS_PYTHON, Wire, bot, cpu_s, own_core, peer, stub

GROUP = "side by side"
NABLA, AIOGRAM, BARE, PLAIN = "Nabla", "aiogram tuned", "bare PTB, our request and processor", "no framework"
DEFAULT = "bare PTB, its defaults"
PEERS: dict[str, tuple[str, list[str], Path | str]] = {  # module, its way, who runs it
    AIOGRAM: ("aiogram_bot", [], RIVALS_PYTHON),
    BARE: ("framework", [OURS], sys.executable),
    PLAIN: ("loop", [], sys.executable),
    DEFAULT: ("framework", [DEFAULTS], sys.executable),
}
FAR_S = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """How much is measured, and how long at most."""

    warm: int = 500
    taps: int = 3000
    far_taps: int = 2000
    at_once: int = 256
    most_s: float = 5.0
    per_s: float = 300.0
    steady: int = 1200


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What one bot did in one round; `p50_s` and `p99_s` are nan where the rate is beyond it."""

    per_s: float
    per_core_s: float
    far_per_s: float
    p50_s: float
    p99_s: float


@asynccontextmanager
async def running(who: str, folder: Path, wire: Wire, one: Sample, sizes: Sizes) -> AsyncIterator[int]:
    """The bot of this name on its core; gives its process id."""
    core, verdict = own_core(1), str(dump(one, folder / "verdict.json"))
    if who == NABLA:
        learners = sizes.warm + sizes.taps + sizes.far_taps + sizes.steady
        await fill(folder / "nabla.db", one, learners=learners)
        async with bot(folder, api_url=wire.url, core=core) as nabla:
            yield nabla.pid
        return
    module, more, python = PEERS[who]
    async with peer(module, [wire.url, verdict, *more], python=python, core=core) as pid:
        yield pid


async def once(who: str, one: Sample, sizes: Sizes) -> Round:
    """All three loads, one after the other."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        async with stub(own_core(0)) as wire, running(who, Path(place), wire, one, sizes) as pid:
            await wire.crowd("prepare", **one.wish())
            closed = {"at_once": sizes.at_once, "most_s": sizes.most_s, "patience_s": 60.0}
            warm = await wire.crowd("closed_taps", **closed | {"taps": sizes.warm, "most_s": 2.0})
            before = cpu_s(pid) or 0.0
            near = await wire.crowd("closed_taps", **closed, taps=sizes.taps)
            used = (cpu_s(pid) or float("nan")) - before
            far = await wire.crowd("closed_taps", **closed, taps=sizes.far_taps, delay_s=FAR_S)
            loads = [warm, near, far]
            if _rate(far) > sizes.per_s / 2:  # else the line would only grow
                steady = {"per_s": sizes.per_s, "taps": sizes.steady, "delay_s": FAR_S}
                loads.append(await wire.crowd("open_taps", **steady))
        check(who, Path(place) / "nabla.db", loads)
    shown = loads[-1]["shown_s"] if len(loads) == 4 else []
    return Round(
        per_s=_rate(near),
        per_core_s=near["taps"] / used if used else float("nan"),
        far_per_s=_rate(far),
        p50_s=quantile(shown, 0.5),
        p99_s=quantile(shown, 0.99),
    )


def _rate(load: dict[str, Any]) -> float:
    return float(load["taps"] / load["seconds"])


def check(who: str, database: Path, loads: list[dict[str, Any]]) -> None:
    """Every tap was answered, and Nabla's are in its file."""
    taps, lost = (sum(each[name] for each in loads) for name in ("taps", "lost"))
    if lost:
        raise RuntimeError(f"{who} left {lost} taps unanswered: the bench is void")
    if who == NABLA:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            (kept,) = db.execute("SELECT count(*) FROM answers WHERE learner >= ?", (FIRST,)).fetchone()
        if kept != taps:
            raise RuntimeError(f"{taps} options were tapped, {kept} answers are kept: the bench is void")


async def measure(*, rounds: int = 3, sizes: Sizes | None = None) -> list[Figure]:
    """The figures; without the rivals' environment (`make bench` makes it) aiogram is left out."""
    sizes = sizes or Sizes()
    names = [NABLA, AIOGRAM, BARE, PLAIN, DEFAULT]
    if not RIVALS_PYTHON.exists():
        names.remove(AIOGRAM)
    found: dict[str, list[Round]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        one = await sample(Path(place))
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            if name != DEFAULT or turn == 0:  # one tap after the other: once takes long enough
                found[name].append(await once(name, one, sizes))
    return [figure for name in names for figure in _absolute(name, found[name], sizes)] + ratios(found)


def _absolute(name: str, rounds: list[Round], sizes: Sizes) -> list[Figure]:
    def figure(what: str, unit: str, values: list[float], note: str = "") -> Figure:
        whole = "; ".join(filter(None, (note, spread(values))))
        return Figure(group=GROUP, name=f"{name}: {what}", value=median(values), unit=unit, note=whole)

    core = f"{number(median([each.per_core_s for each in rounds]))} a second of processor time"
    figures = [
        figure("taps answered", "/s", [each.per_s for each in rounds], core),
        figure("taps answered, 50 ms latency", "/s", [each.far_per_s for each in rounds]),
    ]
    load = f"{sizes.per_s:g} taps/s, 50 ms latency"
    for what, values in (
        ("p50", [1000 * each.p50_s for each in rounds]),
        ("p99", [1000 * each.p99_s for each in rounds]),
    ):
        if all(value == value for value in values):
            figures.append(figure(f"tap → edited, {load}, {what}", "ms", values))
    return figures


def ratios(found: dict[str, list[Round]]) -> list[Figure]:
    """Nabla against the others, round by round: the median of the rounds' ratios."""

    def ratio(
        what: str, other: str, of: Callable[[Round], float], wanted: str, *, less: bool = False
    ) -> Figure:
        pairs = zip(found[NABLA], found.get(other, []), strict=False)
        values = [of(b) / of(a) if less else of(a) / of(b) for a, b in pairs]
        return Figure(
            group=GROUP,
            name=f"Nabla : {other}, {what}",
            value=median(values),
            unit="times",
            note=spread(values) if values else "not installed",
            wanted=wanted,
        )

    near, core = "taps a second", "taps a second of processor time"
    return [
        ratio(near, AIOGRAM, lambda r: r.per_s, "at least 1.5"),
        ratio(core, AIOGRAM, lambda r: r.per_core_s, ""),
        ratio(near, BARE, lambda r: r.per_s, "at least 0.8"),
        ratio(core, BARE, lambda r: r.per_core_s, ""),
        ratio(near, PLAIN, lambda r: r.per_s, ""),
        ratio(f"{near}, 50 ms latency", AIOGRAM, lambda r: r.far_per_s, "at least 1.3"),
        ratio("p99 under steady load (theirs : ours)", AIOGRAM, lambda r: r.p99_s, "at least 3", less=True),
    ]


def versions() -> dict[str, str]:
    """What the rivals are, for the line that says what was measured."""
    found = {}
    for folder in RIVALS_PYTHON.parent.parent.glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        if name in {"aiogram", "uvloop"}:
            found[name] = version
    return found
