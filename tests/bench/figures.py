"""What was measured: one value a figure, and how a table and JSON show it.

Law: nothing here judges a number; a figure says its unit and what it was measured on.
"""

import json
import os
import platform
from collections.abc import Iterable, Sequence
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
    load = "unknown"
    if hasattr(os, "getloadavg"):
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return {
        "date": now.strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "tensorflow": version("tensorflow"),
        "python-telegram-bot": version("python-telegram-bot"),
        "load average before": load,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"


def markdown(figures: Iterable[Figure], where: dict[str, str]) -> str:
    """The table of a README."""
    rows = [
        f"| {each.group} | {each.name} | {number(each.value)} {each.unit} | {each.note} |" for each in figures
    ]
    head = ["| part | figure | measured | note |", "| --- | --- | ---: | --- |"]
    place = ", ".join(f"{name} {value}" for name, value in where.items())
    return "\n".join([f"Measured: {place}.", "", *head, *rows, ""])


def as_json(figures: Iterable[Figure], where: dict[str, str]) -> str:
    """The same for programs."""
    whole = {"machine": where, "figures": [asdict(each) for each in figures]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
