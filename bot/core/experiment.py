"""An experiment with one straight line: what is asked for, what came out, and how that is judged.

Law: values in, values out. Weights, losses and optimizer state are float32 values held exactly as Python
floats, so that a run continued from what was stored is the same run, bit for bit. Divergence is a verdict,
never an error.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from statistics import fmean, pstdev
from typing import Any, Self, TypeVar

RATE_MIN, RATE_MAX = 1e-5, 10.0
STEPS_MAX = 1_000
LARGEST = 1e12  # of a data value: squares and sums of such values stay far from overflow
NEAR = 1.01  # `arrived`: already within 1 % of the least possible loss
# float32 predictions of size 1 carry an error of about 1e-7, so a perfect fit still shows a loss near 1e-14
# and wanders there: below this, losses are equal.
NOISE = 1e-12
# Two losses that differ by less than this look the same in six digits; float32 rounding alone does that.
SAME = 1e-6


class Optimizer(StrEnum):
    """The rules by which a gradient changes a weight, under the names of the lesson file."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    RMSPROP = "rmsprop"
    ADAM = "adam"

    @property
    def slots(self) -> int:
        """How many values it remembers for each parameter."""
        return {"sgd": 0, "momentum": 1, "rmsprop": 1, "adam": 2}[self.value]


class Verdict(StrEnum):
    """What a run showed."""

    ARRIVED = "arrived"
    LEARNS = "learns"
    CRAWLS = "crawls"
    DIVERGES = "diverges"


def float32(value: float) -> float:
    """The float32 nearest to a value; infinite beyond its range."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelState:
    """The learner's model: prediction = weight · x + bias, and what its optimizer remembers.

    `slots` holds one pair (for weight, for bias) after the other: Adam's means, then its squares; empty means zeros.
    """

    weight: float
    bias: float
    optimizer: Optimizer
    slots: tuple[float, ...] = ()
    step: int = 0  # steps this optimizer has taken since it started

    def __post_init__(self) -> None:
        if len(self.slots) not in (0, 2 * self.optimizer.slots):
            raise ValueError(
                f"slots: {self.optimizer} keeps {2 * self.optimizer.slots}, not {len(self.slots)}"
            )
        if self.step < 0:
            raise ValueError(f"step: {self.step} is below 0")

    @classmethod
    def fresh(cls, optimizer: Optimizer, weight: float, bias: float) -> Self:
        """A model that was never trained; weight and bias become the nearest float32."""
        return cls(weight=float32(weight), bias=float32(bias), optimizer=optimizer)

    def is_finite(self) -> bool:
        """Whether training can go on from here."""
        return all(math.isfinite(value) for value in (self.weight, self.bias, *self.slots))

    def with_optimizer(self, optimizer: Optimizer) -> "ModelState":
        """The same weight and bias under an optimizer; another one starts with nothing remembered."""
        return self if optimizer is self.optimizer else replace(self, optimizer=optimizer, slots=(), step=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """What to train: data in real units, settings, and the model to start from. ValueError names what is wrong."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    optimizer: Optimizer
    rate: float
    steps: int
    start: ModelState

    def __post_init__(self) -> None:
        _check_data(self.x, self.y)
        if not RATE_MIN <= self.rate <= RATE_MAX:
            raise ValueError(f"rate: {self.rate} is not within {RATE_MIN} to {RATE_MAX}")
        if not 1 <= self.steps <= STEPS_MAX:
            raise ValueError(f"steps: {self.steps} is not within 1 to {STEPS_MAX}")
        if self.start.optimizer is not self.optimizer:
            raise ValueError(f"start: its state is of {self.start.optimizer}, not {self.optimizer}")
        if not self.start.is_finite():
            raise ValueError("start: a value is not finite")


def _check_data(x: Sequence[float], y: Sequence[float]) -> None:
    if len(x) != len(y):
        raise ValueError(f"data: {len(x)} values of x, {len(y)} of y")
    if len(x) < 2:
        raise ValueError(f"data: {len(x)} points, at least 2 are needed")
    if not all(abs(value) <= LARGEST for value in (*x, *y)):  # false for nan too
        raise ValueError(f"data: a value is not finite or beyond {LARGEST:g}")
    if pstdev(x) == 0:
        raise ValueError("x: all values are the same, so no line can be learned from them")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a run did; but for `seconds` the same on every worker, bit for bit."""

    loss_before: float
    loss_after: float
    losses: tuple[float, ...]  # steps + 1 of them: before each step, and after the last
    after: ModelState
    gradient: tuple[float, float]  # of the first step: ∂loss/∂weight, ∂loss/∂bias
    seconds: float


def standardise(values: Sequence[float]) -> tuple[tuple[float, ...], float, float]:
    """Values with mean 0 and standard deviation 1 (population), their mean, and the divisor used.

    Constant values have no deviation to divide by; they are only centred (divisor 1).
    """
    mean, std = fmean(values), pstdev(values) or 1.0
    return tuple((value - mean) / std for value in values), mean, std


def least_loss(x: Sequence[float], y: Sequence[float]) -> float:
    """The least mean squared error that any line reaches on these (standardised) points: least squares, closed form."""
    mean_x, mean_y = fmean(x), fmean(y)
    spread = math.fsum((a - mean_x) ** 2 for a in x)
    slope = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    return fmean((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))


def verdict(loss_before: float, loss_after: float, least: float) -> Verdict:
    """What a run from one loss to another shows, given the least possible one."""
    if loss_before <= least * NEAR + NOISE:
        return Verdict.ARRIVED
    if not math.isfinite(loss_after) or loss_after > loss_before * (1 + SAME):
        return Verdict.DIVERGES
    if loss_before - loss_after >= (loss_before - least) / 2:
        return Verdict.LEARNS
    return Verdict.CRAWLS


def number(value: float) -> str:
    """A loss as the promised lines show it: a Python float of six significant digits, `inf` or `nan`."""
    return str(float(f"{value:.6g}"))


T = TypeVar("T", ModelState, Spec, Outcome)


def to_json(value: ModelState | Spec | Outcome) -> dict[str, Any]:
    """Plain values for any JSON writer: floats exact, infinite ones and nan as text (JSON has no sign for them)."""
    plain: dict[str, Any] = _plain(asdict(value))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, StrEnum) else value


def from_json(kind: type[T], data: dict[str, Any]) -> T:
    """The value that `to_json` wrote; KeyError, TypeError or ValueError if it did not."""
    fields = dict(data)
    for name in fields.keys() & {"weight", "bias", "rate", "loss_before", "loss_after", "seconds"}:
        fields[name] = float(fields[name])
    for name in fields.keys() & {"x", "y", "slots", "losses", "gradient"}:
        fields[name] = tuple(float(item) for item in fields[name])
    for name in fields.keys() & {"start", "after"}:
        fields[name] = from_json(ModelState, fields[name])
    if "optimizer" in fields:
        fields["optimizer"] = Optimizer(fields["optimizer"])
    return kind(**fields)
