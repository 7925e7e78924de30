"""The training loop that a learner sees is this very source; `program.py` copies its functions word for word.

Law: short lines and no annotations (it is read on a phone), and Keras' own arithmetic with its defaults.
Shapes: x, y [points]; params [2] = weight, bias; slots [kept values, 2]; the log [1001, 3] = loss and its gradient.
"""

# fmt: off
# ruff: noqa: PLR0917 - a compiled function takes its arguments by position
# mypy: allow-untyped-defs, allow-untyped-calls

import tensorflow as tf


def sgd(params, slots, gradient, rate, step):
    return params - gradient * rate, slots


def momentum(params, slots, gradient, rate, step):
    speed = slots[0] * 0.9 - gradient * rate
    return params + speed, tf.stack([speed])


def rmsprop(params, slots, gradient, rate, step):
    square = 0.9 * slots[0] + (1 - 0.9) * gradient**2
    move = rate * gradient / tf.sqrt(square + 1e-7)
    return params - move, tf.stack([square])


def adam(params, slots, gradient, rate, step):
    t = tf.cast(step + 1, tf.float32)
    mean = slots[0] + (gradient - slots[0]) * (1 - 0.9)
    square = slots[1] + (gradient**2 - slots[1]) * (1 - 0.999)
    rate *= tf.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    move = mean * rate / (tf.sqrt(square) + 1e-7)
    return params - move, tf.stack([mean, square])


def compiled(update):
    @tf.function(jit_compile=True)
    def train(x, y, params, slots, rate, step, steps):
        log = tf.TensorArray(tf.float32, 1001, element_shape=[3])

        def one(i, params, slots, log):
            with tf.GradientTape() as tape:
                tape.watch(params)
                guess = params[0] * x + params[1]
                loss = tf.reduce_mean((guess - y) ** 2)
            gradient = tape.gradient(loss, params)
            row = tf.stack([loss, *tf.unstack(gradient)])
            log = log.write(i, row)
            new = update(params, slots, gradient, rate, step + i)
            # The last round only measures.
            params = tf.where(i < steps, new[0], params)
            slots = tf.where(i < steps, new[1], slots)
            return i + 1, params, slots, log

        _, params, slots, log = tf.while_loop(
            lambda i, *_: i <= steps, one, (0, params, slots, log)
        )
        return params, slots, log.stack()

    return train
