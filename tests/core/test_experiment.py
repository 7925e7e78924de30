"""The experiment as values: what is refused, how a run is judged, and that nothing is lost on the way to the store."""

import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.experiment import (
    NOISE,
    RATE_MAX,
    RATE_MIN,
    STEPS_MAX,
    ModelState,
    Optimizer,
    Outcome,
    Spec,
    Verdict,
    float32,
    from_json,
    least_loss,
    number,
    standardise,
    to_json,
    verdict,
)
from bot.course.lab import OptimizerName, OutcomeName, Story

DATA = {"x": (1.0, 2.0, 4.0), "y": (1.0, 3.0, 2.0)}
numbers = st.floats(-1e6, 1e6)


def test_the_words_and_bounds_of_a_lesson_file_are_the_labs() -> None:
    """The room below knows neither enum nor limits of this one, so both are written down twice."""
    assert get_args(OptimizerName) == tuple(Optimizer)
    assert set(get_args(OutcomeName)) == {*Verdict} - {Verdict.ARRIVED}
    story: dict[str, Any] = {"name": "A", "optimizer": "sgd", "outcome": "learns"}
    for rate, steps in ((RATE_MIN, 1), (RATE_MAX, STEPS_MAX)):
        assert Story(**story, rate=rate, steps=steps).steps == steps
    for rate, steps in ((RATE_MIN / 2, 1), (RATE_MAX * 2, 1), (1.0, 0), (1.0, STEPS_MAX + 1)):
        with pytest.raises(ValidationError):
            Story(**story, rate=rate, steps=steps)


def spec(**changed: Any) -> Spec:
    """A spec that is right, but for what is changed."""
    optimizer = changed.get("optimizer", Optimizer.SGD)
    start = ModelState.fresh(optimizer, 0.0, 0.0)
    return Spec(**{**DATA, "optimizer": optimizer, "rate": 0.1, "steps": 10, "start": start, **changed})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rate": 0.9e-5}, "rate"),
        ({"rate": 10.1}, "rate"),
        ({"rate": math.nan}, "rate"),
        ({"steps": 0}, "steps"),
        ({"steps": 1001}, "steps"),
        ({"x": (1.0,), "y": (1.0,)}, "at least 2"),
        ({"x": (1.0, 2.0)}, "2 values of x, 3 of y"),
        ({"x": (3.0, 3.0, 3.0)}, "all values are the same"),
        ({"y": (1.0, math.inf, 2.0)}, "not finite"),
        ({"y": (1.0, math.nan, 2.0)}, "not finite"),
        ({"start": ModelState.fresh(Optimizer.ADAM, 0, 0)}, "adam, not sgd"),
        ({"start": ModelState(weight=math.nan, bias=0.0, optimizer=Optimizer.SGD)}, "start"),
    ],
)
def test_a_wrong_spec_is_refused_by_the_name_of_what_is_wrong(changed: dict[str, Any], said: str) -> None:
    """A value is valid from birth or does not exist."""
    with pytest.raises(ValueError, match=said):
        spec(**changed)


def test_the_limits_of_rate_and_steps_are_inside() -> None:
    """The contract's bounds are themselves allowed."""
    assert spec(rate=1e-5, steps=1).steps == 1
    assert spec(rate=10.0, steps=1000).rate == 10


def test_slots_must_fit_the_optimizer() -> None:
    """Momentum's memory is no memory for Adam."""
    with pytest.raises(ValueError, match="slots"):
        ModelState(weight=0.0, bias=0.0, optimizer=Optimizer.ADAM, slots=(0.0, 0.0))


def test_another_optimizer_starts_with_nothing_remembered() -> None:
    """Weight and bias stay, slots and step restart; the same optimizer keeps all."""
    state = ModelState(weight=1.0, bias=2.0, optimizer=Optimizer.MOMENTUM, slots=(3.0, 4.0), step=7)
    assert state.with_optimizer(Optimizer.MOMENTUM) == state
    assert state.with_optimizer(Optimizer.ADAM) == ModelState(weight=1.0, bias=2.0, optimizer=Optimizer.ADAM)


@pytest.mark.parametrize("broken", [{"weight": math.nan}, {"bias": math.inf}, {"slots": (0.0, -math.inf)}])
def test_a_state_with_one_value_that_is_no_number_is_not_finite(broken: dict[str, Any]) -> None:
    """Nothing can be trained on from there, wherever the value stands."""
    state: dict[str, Any] = {"weight": 0.0, "bias": 0.0, "optimizer": Optimizer.MOMENTUM, "slots": (0.0, 0.0)}
    assert ModelState(**state).is_finite()
    assert not ModelState(**{**state, **broken}).is_finite()


def test_a_fresh_model_holds_float32() -> None:
    """What is stored is exactly what the worker starts from."""
    assert ModelState.fresh(Optimizer.SGD, 0.1, 0.5).weight == 0.10000000149011612
    assert float32(1e39) == math.inf


@given(st.lists(numbers, min_size=2, max_size=30))
def test_standardised_values_have_mean_0_and_deviation_1(values: list[float]) -> None:
    """And the mean and the divisor lead back to the real values."""
    scaled, mean, std = standardise(values)
    assert [value * std + mean for value in scaled] == pytest.approx(values, abs=1e-6)
    if max(values) - min(values) > 1e-3:
        assert sum(scaled) / len(scaled) == pytest.approx(0, abs=1e-6)
        assert sum(value**2 for value in scaled) / len(scaled) == pytest.approx(1, rel=1e-6)


def test_constant_values_are_only_centred() -> None:
    """There is no deviation to divide by, and no error either."""
    assert standardise((5.0, 5.0)) == ((0.0, 0.0), 5.0, 1.0)


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=20), st.floats(-2, 2), st.floats(-2, 2))
def test_no_line_has_less_than_the_least_loss(
    points: list[tuple[float, float]], weight: float, bias: float
) -> None:
    """Whatever weight and bias are tried."""
    xs, ys = zip(*points, strict=True)
    if max(xs) - min(xs) < 1:
        return
    x, y = standardise(xs)[0], standardise(ys)[0]
    loss = sum((weight * a + bias - b) ** 2 for a, b in zip(x, y, strict=True)) / len(x)
    assert least_loss(x, y) <= loss + 1e-9


def test_the_least_loss_of_known_points() -> None:
    """(0,0), (1,1), (2,0) are fitted best by y = 1/3: errors 1/9, 4/9, 1/9."""
    assert least_loss((0.0, 1.0, 2.0), (0.0, 1.0, 0.0)) == pytest.approx(2 / 9)
    assert least_loss((0.0, 1.0, 2.0), (1.0, 3.0, 5.0)) == pytest.approx(0, abs=1e-30)


@pytest.mark.parametrize(
    ("before", "after", "least", "expected"),
    [
        (0.1009, 5.0, 0.1, Verdict.ARRIVED),  # within 1 % already: whatever happened then
        (0.1009, math.nan, 0.1, Verdict.ARRIVED),
        (1.0, math.inf, 0.1, Verdict.DIVERGES),
        (1.0, math.nan, 0.1, Verdict.DIVERGES),
        (1.0, 1.01, 0.1, Verdict.DIVERGES),
        (1.0, 0.5, 0.0, Verdict.LEARNS),  # half of the gap, exactly
        (1.0, 0.56, 0.1, Verdict.CRAWLS),
        (1.0, 1.0, 0.1, Verdict.CRAWLS),
        (1.0, 0.1, 0.1, Verdict.LEARNS),
        (1.0, 1e-13, 0.0, Verdict.LEARNS),
        (3e-14, 8e-14, 0.0, Verdict.ARRIVED),  # a perfect fit wanders within float32's noise
        (1e-3, 1e-13, 0.0, Verdict.LEARNS),
        (2 * NOISE, 1e-3, 0.0, Verdict.DIVERGES),
        (0.5, 0.5 * (1 + 1e-7), 0.1, Verdict.CRAWLS),  # one rounding step of float32 is no rise
    ],
)
def test_a_run_is_judged_by_the_contract(
    before: float, after: float, least: float, expected: Verdict
) -> None:
    """Arrived, diverges, learns, crawls: in this order."""
    assert verdict(before, after, least) is expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (0.024340786039829254, "0.0243408"),
        (94131506380800.0, "94131500000000.0"),
        (9.4131506380800e20, "9.41315e+20"),
        (1e-13, "1e-13"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_a_number_is_a_python_float_of_six_digits(value: float, text: str) -> None:
    """The form of the promised lines, which Python reads back."""
    assert number(value) == text
    assert repr(float(text)) == text


any_float = st.floats(width=32)
optimizers = st.sampled_from(Optimizer)


@st.composite
def states(draw: st.DrawFn) -> ModelState:
    """Any state a run can end in, broken ones too."""
    optimizer = draw(optimizers)
    count = draw(st.sampled_from((0, 2 * optimizer.slots)))
    return ModelState(
        weight=draw(any_float),
        bias=draw(any_float),
        optimizer=optimizer,
        slots=tuple(draw(any_float) for _ in range(count)),
        step=draw(st.integers(0, 10**9)),
    )


def through_text(value: Any) -> Any:
    """Through strict JSON text, as a store keeps it."""
    return from_json(type(value), json.loads(json.dumps(to_json(value), allow_nan=False)))


@given(states(), st.lists(any_float, min_size=2, max_size=9).map(tuple))
def test_an_outcome_comes_back_from_strict_json_exactly(after: ModelState, losses: tuple[float, ...]) -> None:
    """Infinite losses and nan included."""
    outcome = Outcome(
        loss_before=losses[0],
        loss_after=losses[-1],
        losses=losses,
        after=after,
        gradient=(1.5, math.nan),
        seconds=0.001,
    )
    assert repr(through_text(outcome)) == repr(outcome)
    assert repr(through_text(after)) == repr(after)


@given(optimizers, st.floats(1e-5, 10), st.integers(1, 1000), any_float.filter(math.isfinite))
def test_a_spec_comes_back_from_json_exactly(
    optimizer: Optimizer, rate: float, steps: int, weight: float
) -> None:
    """So a replay is the same run."""
    asked = spec(optimizer=optimizer, rate=rate, steps=steps, start=ModelState.fresh(optimizer, weight, 0.0))
    assert through_text(asked) == asked


def test_json_that_is_no_spec_is_refused() -> None:
    """A stored text of another shape never becomes a value."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(Spec, {"x": [1, 2]})
    with pytest.raises(ValueError, match="sgdd"):
        from_json(ModelState, {"weight": 0, "bias": 0, "optimizer": "sgdd"})
