"""The same steps in four ways, in turn: `python -m tests.bench.rivals ROUNDS STEPS OPTIMIZER` prints JSON.

Law: one thread, one process, warm, the same data and the same start; each way keeps the loss of every step, since
the picture shows them, and the losses must agree before the times count. The slow way (eager) runs once only.
OPTIMIZER: sgd or adam.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from bot.core.experiment import Optimizer, standardise
from bot.training import loop, worker
from tests.bench.training import spec

STEPS = int(sys.argv[2])
EAGER = "eager Keras"
JOB = spec(Optimizer(sys.argv[3]), STEPS)
SGD = JOB.optimizer is Optimizer.SGD
X, Y = (np.array(standardise(values)[0], np.float32) for values in (JOB.x, JOB.y))


def xla() -> float:
    """What a learner's run is."""
    return worker.train(JOB).loss_after


def graph_loop() -> Callable[[], float]:
    """The same loop without XLA."""
    compile_for: Callable[..., Any] = loop.compiled
    train = tf.function(compile_for(getattr(loop, JOB.optimizer.value)).python_function)

    def run() -> float:
        params, slots = tf.zeros([2]), tf.zeros([JOB.optimizer.slots, 2])
        rate, step, steps = tf.constant(JOB.rate), tf.constant(0), tf.constant(STEPS)
        log = train(tf.constant(X), tf.constant(Y), params, slots, rate, step, steps)[2]
        return float(log.numpy()[STEPS, 0])

    return run


def numpy() -> float:
    """The arithmetic by hand."""
    params, mean, square = (np.zeros(2, np.float32) for _ in range(3))
    losses = np.zeros(STEPS, np.float32)
    for step in range(1, STEPS + 1):
        error = params[0] * X + params[1] - Y
        losses[step - 1] = np.mean(error**2)
        gradient = np.array([2 * np.mean(error * X), 2 * np.mean(error)], np.float32)
        if SGD:
            params = params - gradient * JOB.rate
            continue
        mean += (gradient - mean) * (1 - 0.9)
        square += (gradient**2 - square) * (1 - 0.999)
        rate = JOB.rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        params = params - mean * rate / (np.sqrt(square) + 1e-7)
    return float(np.mean((params[0] * X + params[1] - Y) ** 2))


def eager() -> float:
    """GradientTape and Keras' optimizer, one step after the other."""
    params = tf.Variable(tf.zeros([2]))
    optimizer = (tf.keras.optimizers.SGD if SGD else tf.keras.optimizers.Adam)(JOB.rate)
    x, y = tf.constant(X), tf.constant(Y)

    def loss() -> tf.Tensor:
        return tf.reduce_mean((params[0] * x + params[1] - y) ** 2)

    losses = []
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            value = loss()
        losses.append(float(value))
        optimizer.apply_gradients([(tape.gradient(value, params), params)])
    return float(loss())


def main(rounds: int) -> None:
    """Time them in turn, and check that all agree."""
    worker.settle()
    ways = {"XLA loop": xla, "graph loop": graph_loop(), "NumPy": numpy, EAGER: eager}
    losses: dict[str, float] = {}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):  # the first compiles
        for name, run in ways.items():
            if name == EAGER and number != 1:
                continue
            begun = time.perf_counter()
            losses[name] = run()
            seconds[name] += [time.perf_counter() - begun] if number else []
    if not np.allclose(list(losses.values()), losses["XLA loop"], rtol=1e-3):
        raise SystemExit(f"the ways do not compute the same: {losses}")
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(int(sys.argv[1]))
