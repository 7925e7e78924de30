"""The complete Python program that repeats a run: what the button `Code` shows.

Law: it is made of the very source that the workers compile, so that its digits are theirs, bit for bit;
it stays short and narrow enough for a phone.
"""

import ast
import textwrap
from collections.abc import Sequence
from importlib.resources import files

from bot.core.experiment import ModelState, Spec

WIDTH = 60
_LOOP = files(__package__).joinpath("loop.py").read_text(encoding="utf-8")
_FUNCTIONS = {
    node.name: ast.get_source_segment(_LOOP, node) or ""
    for node in ast.parse(_LOOP).body
    if isinstance(node, ast.FunctionDef)
}

_PROGRAM = """\
# A line learns by gradient descent.
# Needs: pip install tensorflow
from statistics import fmean, pstdev

import tensorflow as tf

{x}
{y}
rate, steps = {rate}, {steps}
{start}

def scaled(values):  # to mean 0 and deviation 1
    mean, std = fmean(values), pstdev(values) or 1.0
    scaled = [(value - mean) / std for value in values]
    return tf.constant(scaled, tf.float32)


{update}


{compiled}


params, slots, log = compiled({optimizer})(
    scaled(x),
    scaled(y),
    tf.constant(params, tf.float32),
    {slots},
    tf.constant(rate, tf.float32),
    tf.constant({done}),  # steps taken before
    tf.constant(steps),
)
before, after = float(log[0, 0]), float(log[steps, 0])
print("Loss before:", float(f"{{before:.6g}}"))
print("Loss after:", float(f"{{after:.6g}}"))
"""


def program(spec: Spec) -> str:
    """A program that prints the two lines of this run: `Loss before: X` and `Loss after: Y`."""
    start = spec.start
    return _PROGRAM.format(
        x=_listed("x", spec.x),
        y=_listed("y", spec.y),
        rate=_literal(spec.rate),
        steps=spec.steps,
        start=_start(start),
        update=_FUNCTIONS[spec.optimizer.value],
        compiled=_FUNCTIONS["compiled"],
        optimizer=spec.optimizer.value,
        slots="tf.constant(slots, tf.float32)" if start.slots else f"tf.zeros([{spec.optimizer.slots}, 2])",
        done=start.step,
    )


def _start(start: ModelState) -> str:
    """Where the run begins: weight and bias, and what the optimizer remembers, if anything."""
    lines = ["# weight and bias", f"params = [{_literal(start.weight)}, {_literal(start.bias)}]"]
    if start.slots:
        pairs = [start.slots[at : at + 2] for at in range(0, len(start.slots), 2)]
        rows = [f"    [{_literal(first)}, {_literal(second)}]," for first, second in pairs]
        lines += ["slots = [  # what the optimizer remembers", *rows, "]"]
    return "\n".join(lines) + "\n"


def _listed(name: str, values: Sequence[float]) -> str:
    """A list that is broken into lines of a phone's width."""
    line = f"{name} = [{', '.join(map(_literal, values))}]"
    if len(line) <= WIDTH:
        return line
    inner = textwrap.fill(
        ", ".join(map(_literal, values)) + ",", WIDTH, initial_indent="    ", subsequent_indent="    "
    )
    return f"{name} = [\n{inner}\n]"


def _literal(value: float) -> str:
    """A number exactly, as a person would write it."""
    short = f"{value:.6g}"
    exact = float(short) == value and "e" not in short and short != "-0"
    return short if exact else repr(float(value))
