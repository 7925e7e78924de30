"""The program behind `Code`: it prints the digits of the run, and a phone can show it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.core.experiment import ModelState, Optimizer, Outcome, Spec, number
from bot.training.program import program
from tests.training.samples import houses

FUNCTIONS = ("def sgd(", "def momentum(", "def rmsprop(", "def adam(")
RUN_ALL = """
import contextlib, io, json, runpy, sys
said = []
for path in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path(path, run_name="__main__")
    said.append(out.getvalue())
print(json.dumps(said))
"""


def continued(optimizer: Optimizer) -> ModelState:
    """A state as long in digits as it gets."""
    slots = tuple(-0.0018791714683175087 for _ in range(2 * optimizer.slots))
    return ModelState(
        weight=0.9228125810623169, bias=-0.04088803008198738, optimizer=optimizer, slots=slots, step=1000
    )


@pytest.mark.parametrize("optimizer", Optimizer)
def test_a_program_is_short_narrow_and_has_one_optimizer(optimizer: Optimizer) -> None:
    """It fits a message with room to spare and a phone with hardly a broken line."""
    text = program(houses(optimizer, start=continued(optimizer)))
    assert len(text) < 3_000
    assert max(map(len, text.splitlines())) <= 66
    assert [name for name in FUNCTIONS if name in text] == [f"def {optimizer.value}("]


def test_the_program_of_the_longest_data_still_fits_a_message() -> None:
    """A lesson may bring a hundred points."""
    points = tuple(float(900 + number) for number in range(100))
    assert len(program(houses(Optimizer.ADAM, x=points, y=points, start=continued(Optimizer.ADAM)))) < 3_500


def test_numbers_are_written_as_a_person_would_but_exactly() -> None:
    """50 stays 50, and what is not short keeps every digit."""
    text = program(houses(rate=1e-5, x=(50.0, 0.1, 123456.75), y=(-0.0, 1e9, -3.5)))
    assert "x = [50, 0.1, 123456.75]" in text
    assert "y = [-0.0, 1000000000.0, -3.5]" in text
    assert "rate, steps = 1e-05, 10" in text


def lines(outcome: Outcome) -> str:
    """The two promised lines of a run."""
    return f"Loss before: {number(outcome.loss_before)}\nLoss after: {number(outcome.loss_after)}\n"


def written(folder: Path, specs: list[Spec]) -> list[str]:
    """The programs of these runs as files."""
    paths = [folder / f"program{at}.py" for at in range(len(specs))]
    for path, spec in zip(paths, specs, strict=True):
        path.write_text(program(spec), encoding="utf-8")
    return [str(path) for path in paths]


def python(*arguments: str) -> str:
    """What another Python says."""
    return subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True, timeout=100
    ).stdout


@pytest.fixture(scope="module")
def train() -> Any:
    """The worker's own function."""
    from bot.training.worker import train  # noqa: PLC0415 - TensorFlow takes seconds to import

    return train


@pytest.mark.tensorflow
def test_a_program_of_its_own_prints_the_runs_lines(train: Any, tmp_path: Path) -> None:
    """Saved to a file and run, as a learner would."""
    spec = houses(Optimizer.ADAM)
    (path,) = written(tmp_path, [spec])
    assert python(path) == lines(train(spec))


@pytest.mark.tensorflow
def test_programs_print_the_same_digits_as_the_worker(train: Any, tmp_path: Path) -> None:
    """All optimizers, from the start, continued, and blowing up; one process saves TensorFlow's import."""
    specs = [houses(optimizer, steps=25) for optimizer in Optimizer]
    specs += [
        houses(optimizer, steps=400, rate=0.03, start=train(houses(optimizer)).after)
        for optimizer in Optimizer
    ]
    specs += [
        houses(rate=3.0),
        houses(rate=10.0, steps=1000),
        houses(Optimizer.MOMENTUM, rate=10.0, steps=60),
    ]
    said = json.loads(python("-c", RUN_ALL, *written(tmp_path, specs)))
    assert said == [lines(train(spec)) for spec in specs]
    assert any("Loss after: nan" in text or "Loss after: inf" in text for text in said)
