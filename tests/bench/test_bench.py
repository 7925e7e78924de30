"""The bench itself, with tiny numbers: it runs, and it tells apart what was done from what was only said."""

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.experiment import Optimizer
from tests.bench import calls, starting, storing, summary, tapping, training
from tests.bench.figures import Figure, as_json, earlier, markdown, median, number, quantile
from tests.bench.processes import ROOT, stub

ONE = Figure(group="taps", name="answered", value=1234.5, unit="/s", note="600 taps", wanted="at least 1")


def test_quantiles_are_values_that_were_measured() -> None:
    """The median of two is the lower, p99 of a hundred is the last but one, nothing is nan."""
    assert median([3.0, 1.0]) == 1.0
    assert quantile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert quantile([5.0], 0.99) == 5.0
    assert math.isnan(median([]))


def test_numbers_show_three_digits_that_matter() -> None:
    """Nobody reads a table of milliseconds with six decimals."""
    assert [number(each) for each in (0.012345, 1.2345, 45.678, 12345.6)] == [
        "0.0123",
        "1.23",
        "45.7",
        "12,346",
    ]


def test_table_and_json_hold_the_same_figures() -> None:
    """Readers and programs get value, unit and note."""
    assert "| taps | answered | 1,234 /s | at least 1 | 600 taps |" in markdown([ONE], {"cores": "2"})
    assert json.loads(as_json([ONE], {"cores": "2"}))["figures"][0]["value"] == 1234.5


def test_an_earlier_run_stands_beside() -> None:
    """What was kept as JSON comes back as a column with the ratio; a figure that was not there has none."""
    before = earlier(as_json([replace(ONE, value=617.25)], {"cores": "4"}))
    table = markdown([ONE, replace(ONE, name="new")], {"cores": "2"}, before)
    assert "| taps | answered | 1,234 /s | at least 1 | 617 /s | 2.00 | 600 taps |" in table
    assert "| taps | new | 1,234 /s | at least 1 | nan /s | nan |" in table
    assert "Before: cores 4." in table


def test_an_answer_that_was_said_but_not_kept_voids_the_bench(tmp_path: Path) -> None:
    """Taps count only when what they changed is in the file."""
    database = tmp_path / "nabla.db"
    with closing(sqlite3.connect(database)) as db:
        db.execute("CREATE TABLE answers (n INTEGER)")
    tapping.check(database, 0)
    with pytest.raises(RuntimeError, match="1 options were tapped, 0 answers"):
        tapping.check(database, 1)


def test_the_readme_shows_the_run_that_is_kept() -> None:
    """What stands between the marks is made of `results.json`, which has a number for every row."""
    run = earlier((ROOT / "tests/bench/results.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition(summary.OPENING)[2].partition(summary.CLOSING)[0]
    assert shown == summary.block(run).partition(summary.OPENING)[2].partition(summary.CLOSING)[0]
    assert not [
        name for _, names in summary.ROWS for name in names if name not in {f.name for f in run.figures}
    ]


@pytest.mark.process
async def test_a_load_that_nobody_answers_ends_with_a_reason() -> None:
    """Without a bot the crowd gives up in words."""
    async with stub() as wire:
        with pytest.raises(RuntimeError, match="meet: the bot did not answer in time"):
            await wire.crowd("meet", learner=1, text="/start", patience_s=0.05)


@pytest.mark.process
async def test_calls_are_measured() -> None:
    """The three ways to call, side by side."""
    figures = await calls.measure(calls=64, rounds=1)
    assert len(figures) == 3 and all(each.value > 0 for each in figures)


@pytest.mark.process
async def test_the_store_is_measured(tmp_path: Path) -> None:
    """One by one, in groups, and bare."""
    figures = await storing.measure(total=100, folder=tmp_path)
    assert len(figures) == 7 and all(each.value > 0 for each in figures)


@pytest.mark.process
@pytest.mark.tensorflow
async def test_taps_are_measured() -> None:
    """The real bot answers learners on the stub; every answer is in its file at the end."""
    figures = await tapping.measure(learners=8, at_once=4, taps=60, per_s=50, steady=10)
    taps = [each for each in figures if each.group == tapping.TAPS]
    assert len([each for each in taps if each.unit == "/s"]) == 2
    assert all(each.value > 0 and "never answered" not in each.note for each in taps)


@pytest.mark.process
@pytest.mark.tensorflow
async def test_starts_are_measured() -> None:
    """Page, empty folder, and the same folder again."""
    figures = await starting.measure(rounds=1)
    assert len(figures) == 9 and all(each.value > 0 for each in figures)


@pytest.mark.process
@pytest.mark.tensorflow
async def test_training_is_measured(tmp_path: Path) -> None:
    """The engine when it is ready, and the rivals that must compute the same."""
    figures = await training.warm(tmp_path, runs=2, pictures=1)
    figures += await training.rivals(Optimizer.SGD, rounds=1, steps=10)
    assert len(figures) == 4 + 7 and all(each.value > 0 for each in figures)
