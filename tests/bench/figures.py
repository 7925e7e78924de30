"""What was measured: one value a figure, and how a table and JSON show it.

Law: nothing here judges a number; a figure says its unit and what it was measured on.
"""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured number. `group` is the part of the bench that it belongs to."""

    group: str
    name: str
    value: float
    unit: str
    note: str = ""
    wanted: str = ""  # what the project set out to reach, in words


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """An earlier run, and the machine it ran on."""

    figures: tuple[Figure, ...]
    where: Mapping[str, str]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed; nan if there is none."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1).__int__() - 1)] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """The lower one of the two in the middle, if there are two."""
    return quantile(values, 0.5)


def spread(values: Sequence[float]) -> str:
    """How many there were and how far apart: what a reader needs to trust a median."""
    return f"median of {len(values)}: {number(min(values))} to {number(max(values))}"


def number(value: float) -> str:
    """Three digits that matter, thousands separated."""
    if value != value or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine(now: datetime) -> dict[str, str]:
    """Where and when it was measured, in words."""
    return {
        "date": now.strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "tensorflow": version("tensorflow"),
        "aiohttp": version("aiohttp"),
        "python-telegram-bot": version("python-telegram-bot"),
        "load before": load(),
    }


def load() -> str:
    """How busy the machine was: runnable processes over the last 1, 5 and 15 minutes."""
    return " ".join(f"{each:.1f}" for each in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"


def markdown(figures: Iterable[Figure], where: Mapping[str, str], beside: Earlier | None = None) -> str:
    """The table of a README; `beside`: an earlier run, in a column of its own."""
    places = [f"Measured: {_place(where)}."]
    before = {(each.group, each.name): each.value for each in beside.figures} if beside else {}
    head, line = "| part | figure | measured | to reach |", "| --- | --- | ---: | --- |"
    if beside is not None:
        places.append(f"Before: {_place(beside.where)}.")
        head, line = f"{head} before | ratio |", f"{line} ---: | ---: |"
    rows = []
    for each in figures:
        row = f"| {each.group} | {each.name} | {number(each.value)} {each.unit} | {each.wanted} |"
        if beside is not None:
            old = before.get((each.group, each.name), float("nan"))
            row += f" {number(old)} {each.unit} | {each.value / old if old else float('nan'):.2f} |"
        rows.append(f"{row} {each.note} |")
    return "\n\n".join([*places, "\n".join([f"{head} note |", f"{line} --- |", *rows])]) + "\n"


def _place(where: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items())


def as_json(figures: Iterable[Figure], where: Mapping[str, str]) -> str:
    """The same for programs."""
    whole = {"machine": where, "figures": [asdict(each) for each in figures]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def earlier(text: str) -> Earlier:
    """What `as_json` wrote; ValueError, KeyError or TypeError for anything else."""
    whole = json.loads(text)
    return Earlier(figures=tuple(Figure(**each) for each in whole["figures"]), where=dict(whole["machine"]))
