"""A tap with a million learners in the store, against one with hardly any.

Law: both databases are in one temporary folder that goes at the end, made by bulk SQL in the real schema; the disk
keeps half of what is free. Two bots are measured in turn, one tap every few milliseconds, each of another learner,
spread over the whole store.
"""

import shutil
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure, median, number, quantile, spread
from tests.bench.filling import Sample, fill, sample
from tests.bench.processes import bot, own_core, stub

GROUP = "a full store"
EMPTY, FULL = "empty", "full"
ROW_BYTES, LEARNER_BYTES = 200, 1500  # with their indexes


def fitting(free_bytes: int, *, learners: int, answers: int) -> int:
    """As many answers as were wished for, or as leave half of the disk's free space; RuntimeError if none fit."""
    room = free_bytes // 2 - learners * LEARNER_BYTES
    if room < learners * ROW_BYTES:
        raise RuntimeError(f"{free_bytes / 1e9:.1f} GB are free: too little for {learners:,} learners")
    return min(answers, room // ROW_BYTES)


async def once(folder: Path, one: Sample, *, taps: int, per_s: float, stride: int, skip: int) -> float:
    """Median seconds of a tap; `skip`: learners who tapped in an earlier round."""
    async with stub(own_core(0)) as wire, bot(folder, api_url=wire.url, core=own_core(1)):
        first = one.wish()["first"] + skip
        await wire.crowd("prepare", **one.wish() | {"first": first, "stride": stride})
        await wire.crowd("open_taps", taps=taps // 4, per_s=per_s)
        load = await wire.crowd("open_taps", taps=taps, per_s=per_s)
    if load["lost"]:
        raise RuntimeError(f"{load['lost']} taps were not answered: the bench is void")
    return quantile(load["shown_s"], 0.5)


async def measure(
    *,
    rounds: int = 3,
    learners: int = 1_000_000,
    answers: int = 20_000_000,
    taps: int = 400,
    per_s: float = 50.0,
    folder: Path | None = None,
) -> list[Figure]:
    """The figures; `folder`: on the disk that is to be filled."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-", dir=folder) as place:
        free = shutil.disk_usage(place).free
        answers = fitting(free, learners=learners, answers=answers)
        folders = {name: Path(place) / name for name in (EMPTY, FULL, "sample")}
        for each in folders.values():
            each.mkdir()
        one = await sample(folders["sample"])
        begun, each_round = time.monotonic(), 2 * taps
        await fill(folders[EMPTY] / "nabla.db", one, learners=rounds * each_round)
        await fill(folders[FULL] / "nabla.db", one, learners=learners, answers=answers)
        filled_s = time.monotonic() - begun
        strides = {EMPTY: 1, FULL: learners // each_round}
        found: dict[str, list[float]] = {EMPTY: [], FULL: []}
        for turn in range(rounds):
            for name, stride in strides.items():
                skip = turn * each_round if name == EMPTY else turn
                p50 = await once(folders[name], one, taps=taps, per_s=per_s, stride=stride, skip=skip)
                found[name].append(1000 * p50)
        size = (folders[FULL] / "nabla.db").stat().st_size / 1e9
    store = f"{learners:,} learners, {answers:,} answers"
    return _figures(
        found, f"{store}, {size:.1f} GB, made in {number(filled_s)} s, {free / 1e9:.0f} GB were free"
    )


def _figures(found: dict[str, list[float]], what: str) -> list[Figure]:
    ratios = [full / empty for empty, full in zip(found[EMPTY], found[FULL], strict=True)]
    return [
        Figure(
            group=GROUP, name=f"tap → edited, {name} store, p50", value=median(values), unit="ms",
            note="; ".join(filter(None, (spread(values), what if name == FULL else ""))),
        )
        for name, values in found.items()
    ] + [
        Figure(
            group=GROUP, name="tap p50, full store : empty", value=median(ratios), unit="times",
            note=spread(ratios), wanted="at most 1.2",
        )
    ]  # fmt: skip
