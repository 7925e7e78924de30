"""The arithmetic of a run, against Keras and against itself, in this very process."""

import math
from typing import Any

import pytest

from bot.core.experiment import ModelState, Optimizer, least_loss, standardise
from tests.training.samples import HOUSES, houses

pytestmark = pytest.mark.tensorflow
every_optimizer = pytest.mark.parametrize("optimizer", Optimizer)


@pytest.fixture(scope="module")
def worker() -> Any:
    """The worker's module, imported only when such a test is wanted."""
    from bot.training import worker  # noqa: PLC0415 - TensorFlow takes seconds to import

    return worker


def keras_losses(optimizer: Optimizer, rate: float, steps: int) -> tuple[list[float], list[float]]:
    """The authority: Keras' own optimizer, step by step: losses, then weight and bias."""
    import tensorflow as tf  # noqa: PLC0415 - as above

    keras = tf.keras

    rule = {
        Optimizer.SGD: keras.optimizers.SGD(rate),
        Optimizer.MOMENTUM: keras.optimizers.SGD(rate, momentum=0.9),
        Optimizer.RMSPROP: keras.optimizers.RMSprop(rate),
        Optimizer.ADAM: keras.optimizers.Adam(rate),
    }[optimizer]
    x = tf.constant(standardise(HOUSES["x"])[0], tf.float32)
    y = tf.constant(standardise(HOUSES["y"])[0], tf.float32)
    weight, bias = tf.Variable(0.3), tf.Variable(-0.2)
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(weight * x + bias - y))
        losses.append(float(loss))
        rule.apply_gradients(zip(tape.gradient(loss, [weight, bias]), [weight, bias], strict=True))
    return losses, [float(weight), float(bias)]


@every_optimizer
@pytest.mark.parametrize("rate", [0.001, 0.05])
def test_ten_steps_equal_keras(worker: Any, optimizer: Optimizer, rate: float) -> None:
    """Losses, weight and bias agree to a relative 1e-5."""
    losses, params = keras_losses(optimizer, rate, 10)
    start = ModelState.fresh(optimizer, 0.3, -0.2)
    outcome = worker.train(houses(optimizer, rate=rate, start=start))
    assert outcome.losses[:10] == pytest.approx(losses, rel=1e-5)
    assert [outcome.after.weight, outcome.after.bias] == pytest.approx(params, rel=1e-5, abs=1e-7)


@every_optimizer
def test_ten_steps_and_ten_more_are_twenty_bit_for_bit(worker: Any, optimizer: Optimizer) -> None:
    """The state that is stored between them is all there is; the losses join without a seam."""
    first = worker.train(houses(optimizer, steps=10))
    second = worker.train(houses(optimizer, steps=10, start=first.after))
    whole = worker.train(houses(optimizer, steps=20))
    assert second.after == whole.after
    assert first.losses + second.losses[1:] == whole.losses
    assert second.loss_before == first.loss_after


@every_optimizer
def test_no_request_traces_or_compiles_again(worker: Any, optimizer: Optimizer) -> None:
    """Rate, steps, start and data are arguments: one loop, bound to their shapes, serves them all."""
    worker.train(houses(optimizer))
    bound = worker.compiled.cache_info().misses
    other = {"x": HOUSES["y"], "y": HOUSES["x"]}
    after = worker.train(houses(optimizer, rate=0.5, steps=1000, **other)).after
    if after.is_finite():
        worker.train(houses(optimizer, rate=1e-5, steps=1, start=after))
    assert worker.compiled.cache_info().misses == bound


def test_an_outcome_tells_the_whole_run(worker: Any) -> None:
    """Steps + 1 losses from the first to the last, the first gradient, and the state after."""
    outcome = worker.train(houses(rate=0.25, steps=1))
    x, y = standardise(HOUSES["x"])[0], standardise(HOUSES["y"])[0]
    slope = -2 * sum(a * b for a, b in zip(x, y, strict=True)) / len(x)
    assert outcome.loss_before == pytest.approx(1, rel=1e-6)
    assert outcome.gradient == pytest.approx((slope, 0), abs=1e-6)
    assert outcome.after.weight == pytest.approx(-0.25 * slope, rel=1e-6)
    assert len(outcome.losses) == 2
    assert outcome.losses == (outcome.loss_before, outcome.loss_after)
    assert outcome.after.step == 1
    assert outcome.seconds > 0


def test_a_thousand_steps_reach_the_least_loss(worker: Any) -> None:
    """The longest run fits into the log and ends at the closed form's loss."""
    outcome = worker.train(houses(steps=1000))
    assert len(outcome.losses) == 1001
    least = least_loss(standardise(HOUSES["x"])[0], standardise(HOUSES["y"])[0])
    assert outcome.loss_after == pytest.approx(least, rel=1e-5)


@every_optimizer
def test_divergence_is_a_value(worker: Any, optimizer: Optimizer) -> None:
    """Far too large a rate for long enough: no error, and the run says where it ended."""
    outcome = worker.train(houses(optimizer, rate=10.0, steps=1000))
    assert len(outcome.losses) == 1001
    if optimizer in {Optimizer.SGD, Optimizer.MOMENTUM}:
        assert not math.isfinite(outcome.loss_after)
        assert not outcome.after.is_finite()


def test_a_perfect_line_is_learned(worker: Any) -> None:
    """Points on a line leave only float32's noise."""
    outcome = worker.train(houses(steps=500, x=(1.0, 2.0, 3.0), y=(2.0, 4.0, 6.0)))
    assert outcome.loss_after < 1e-12


def test_constant_targets_can_be_trained_on(worker: Any) -> None:
    """There is nothing to learn but the mean, and the start is there already."""
    outcome = worker.train(houses(y=(5.0,) * 7))
    assert outcome.losses == (0.0,) * 11
