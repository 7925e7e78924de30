"""The worker process: where TensorFlow runs.

Law: same spec, same bits. One compiled loop per optimizer, everything else are its arguments, so that a request
compiles nothing that was compiled before. An infinite loss is a result.
"""

import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from bot.core.experiment import ModelState, Optimizer, Outcome, Spec, standardise
from bot.training import loop
from bot.training.labels import Labels, PictureWords
from bot.training.plot import draw

CACHE_VARIABLE = "TRAINING_XLA_CACHE"  # set by the pool
ROOM_BYTES = 1 << 30  # a run or a picture takes a few MB
_NO_WORDS = PictureWords(before="", after="", data="", losses="", loss="", step="", least="", blew_up="")


@cache
def compiled(optimizer: Optimizer, points: int) -> Callable[..., Any]:
    """The compiled loop of an optimizer for so many data points.

    Already bound to the shapes of its arguments: to look them up at each call takes as long as a run.
    """
    compile_for: Callable[..., Any] = loop.compiled
    data, pair = tf.TensorSpec([points], tf.float32), tf.TensorSpec([2], tf.float32)
    slots = tf.TensorSpec([optimizer.slots, 2], tf.float32)
    rate, number = tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32)
    bound: Callable[..., Any] = compile_for(getattr(loop, optimizer.value)).get_concrete_function(
        data, data, pair, slots, rate, number, number
    )
    return bound


def train(spec: Spec) -> Outcome:
    """Run an experiment from its start, on standardised data."""
    start = spec.start
    slots = np.array(start.slots or (0.0,) * (2 * spec.optimizer.slots), np.float32).reshape(-1, 2)
    arguments = (
        tf.constant(standardise(spec.x)[0], tf.float32),
        tf.constant(standardise(spec.y)[0], tf.float32),
        tf.constant((start.weight, start.bias), tf.float32),
        tf.constant(slots),
        tf.constant(spec.rate, tf.float32),
        tf.constant(start.step, tf.int32),
        tf.constant(spec.steps, tf.int32),
    )
    points = len(spec.x)
    began = time.perf_counter()
    try:
        result = compiled(spec.optimizer, points)(*arguments)
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError from error
    except tf.errors.OpError:  # a damaged file in the cache of compiled loops does this
        _forget_compiled()
        result = compiled(spec.optimizer, points)(*arguments)
    params, slots, log = (tensor.numpy() for tensor in result)
    seconds = time.perf_counter() - began
    weight, bias = params.tolist()
    losses = log[: spec.steps + 1, 0].tolist()  # the log's columns: loss, ∂weight, ∂bias
    return Outcome(
        loss_before=losses[0],
        loss_after=losses[-1],
        losses=tuple(losses),
        after=ModelState(
            weight=weight,
            bias=bias,
            optimizer=spec.optimizer,
            slots=tuple(slots.ravel().tolist()),
            step=start.step + spec.steps,
        ),
        gradient=tuple(log[0, 1:].tolist()),
        seconds=seconds,
    )


def _forget_compiled() -> None:
    """Empty the cache folder, so that everything is compiled anew."""
    compiled.cache_clear()
    folder = os.environ.get(CACHE_VARIABLE)
    for file in Path(folder).glob("*.pb") if folder else ():
        file.unlink(missing_ok=True)


def settle() -> None:
    """Make this process a worker: dies at once when told, or when the bot is gone, and keeps to one thread."""
    # A handler in Python would wait for the end of a native step.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow_the_bot, daemon=True).start()
    tf.get_logger().setLevel("ERROR")  # it warns of retracing; one trace for each number of points is meant
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _follow_the_bot() -> None:
    bot = multiprocessing.parent_process()
    if bot is not None:
        bot.join()
        os.kill(os.getpid(), signal.SIGKILL)


def limit_memory() -> None:
    """Let this process grow by so much and no more: what wants more fails alone. Only Linux counts it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return
    lines = status.read_text(encoding="ascii", errors="replace").splitlines()
    used = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    ceiling = used + ROOM_BYTES
    if hard in {resource.RLIM_INFINITY, -1} or ceiling < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (ceiling, hard))


def warm_up(sizes: Sequence[int]) -> None:
    """Compile every optimizer's loop for these numbers of data points, and draw once."""
    for size in dict.fromkeys(sizes or (2,)):
        points = tuple(float(number) for number in range(size))
        for optimizer in Optimizer:
            start = ModelState.fresh(optimizer, 0.0, 0.0)
            spec = Spec(x=points, y=points, optimizer=optimizer, rate=0.1, steps=1, start=start)
            outcome = train(spec)
    draw(spec, outcome, Labels(title="", x_label="", x_unit="", y_label="", y_unit="", words=_NO_WORDS))
