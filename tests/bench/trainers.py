"""What trainings do to the taps of others: none, two trainers that never rest, and a hundred Runs at once.

Law: one bot with two trainers on all cores of the machine, as it would run; quiet and busy times in turn. Taps come
from learners who do not train. Every result is delivered with its picture, or there is no figure.
"""

import tempfile
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, median, quantile, spread
from tests.bench.filling import fill, sample
from tests.bench.processes import Wire, bot, stub

GROUP = "taps beside trainings"
RUNNERS = 6  # each waits for its own result and picture: enough that two trainers always have the next one


async def measure(
    *, rounds: int = 3, taps: int = 800, per_s: float = 100.0, runners: int = RUNNERS, burst: int = 100
) -> list[Figure]:
    """The figures."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        (asking := Path(place) / "sample").mkdir()
        one = await sample(asking)
        await fill(Path(place) / "nabla.db", one, learners=(2 * taps + 1000) * (rounds + 1))
        async with stub() as wire, bot(Path(place), api_url=wire.url, trainers=2):
            await wire.crowd("prepare", **one.wish())
            await _beside(wire, runners=runners, taps=taps // 4, per_s=per_s)  # warm
            quiet, busy = [], []
            for _ in range(rounds):
                quiet.append(await _beside(wire, runners=0, taps=taps, per_s=per_s))
                busy.append(await _beside(wire, runners=runners, taps=taps, per_s=per_s))
            run = await wire.crowd("burst", learners=burst, taps=taps, per_s=per_s)
    return [*_ratio(quiet, busy, per_s), *_burst(run, burst, per_s)]


async def _beside(wire: Wire, *, runners: int, taps: int, per_s: float) -> dict[str, Any]:
    load = await wire.crowd("taps_beside_runs", runners=runners, taps=taps, per_s=per_s)
    if load["lost"]:
        raise RuntimeError(f"{load['lost']} taps beside trainings were not answered: the bench is void")
    return load


def _ratio(quiet: list[dict[str, Any]], busy: list[dict[str, Any]], per_s: float) -> list[Figure]:
    figures, p99 = [], {}
    for what, loads in (("no training", quiet), ("two trainers flat out", busy)):
        for share in (0.5, 0.99):
            values = [1000 * quantile(load["shown_s"], share) for load in loads]
            p99[what] = values
            runs = sum(len(load["pictures_s"]) for load in loads)
            note = f"{runs} runs with picture in between; {spread(values)}" if runs else spread(values)
            name = f"tap → edited, {per_s:g} taps/s, {what}, p{share * 100:.0f}"
            figures.append(Figure(group=GROUP, name=name, value=median(values), unit="ms", note=note))
    ratios = [b / a for a, b in zip(*p99.values(), strict=True)]
    ratio = Figure(
        group=GROUP,
        name="tap p99, two trainers flat out : none",
        value=median(ratios),
        unit="times",
        note=spread(ratios),
        wanted="at most 1.5",
    )
    return [*figures, ratio]


def _burst(run: dict[str, Any], learners: int, per_s: float) -> list[Figure]:
    pictures = [1000 * each for each in run["pictures_s"]]
    if len(pictures) != learners or run["lost"]:
        raise RuntimeError("not every result came with its picture: the bench is void")
    return [
        Figure(
            group=GROUP,
            name=f"{learners} press Run at once → result with picture, p{share * 100:.0f}",
            value=quantile(pictures, share),
            unit="ms",
            note=f"all {learners} delivered",
        )
        for share in (0.5, 0.99)
    ] + [
        Figure(
            group=GROUP,
            name=f"tap → edited of others meanwhile, {per_s:g} taps/s, p{share * 100:.0f}",
            value=1000 * quantile(run["shown_s"], share),
            unit="ms",
            note="",
            wanted="no slower than with two trainers flat out" if share == 0.99 else "",
        )
        for share in (0.5, 0.99)
    ]
