"""One proof for each part of the first lesson that shows code or numbers.

Law: a proof runs the part's own code, as it stands in the file, with TensorFlow, and compares what it did
with the words around it. So a changed word or line fails here, as does a number that nobody measured.
"""

import re
from collections.abc import Callable
from typing import Any

from tests.lessons.programs import Programs

Part = dict[str, Any]  # a step or a question as it stands in the file
Proof = Callable[[Part, Programs], None]
PROOFS: dict[str, Proof] = {}


def proves(part_id: str) -> Callable[[Proof], Proof]:
    """Put a proof into the table under the id of the step or question that it proves."""

    def enter(proof: Proof) -> Proof:
        assert part_id not in PROOFS, f"{part_id} is proven twice"
        PROOFS[part_id] = proof
        return proof

    return enter


def variant(code: str, old: str, new: str) -> str:
    """The code with one place changed, which must be there exactly once."""
    assert code.count(old) == 1, f"{old!r} is there {code.count(old)} times"
    return code.replace(old, new)


def right(part: Part) -> str:
    """The text of the right option."""
    return next(str(option["text"]) for option in part["options"] if option.get("correct"))


def wrong(part: Part) -> list[str]:
    """The texts of the wrong options."""
    return [str(option["text"]) for option in part["options"] if not option.get("correct")]


def quoted(text: str) -> list[str]:
    """All inline code of a text."""
    return re.findall(r"`([^`]+)`", text)


def words(part: Part) -> str:
    """All prose of a question as one text, without the texts of its options."""
    reasons = [option["because"] for option in part["options"]]
    solution = [piece["text"] for piece in part.get("solution", [])]
    return "\n".join([part["ask"], *reasons, *part.get("hints", []), *solution, *part.get("mistakes", [])])


def assert_prints_the_right_option(part: Part, programs: Programs) -> None:
    """The question's code prints what the right option quotes, and nothing that a wrong one does."""
    lines = programs.run(part["code"]["code"]).lines
    assert lines == quoted(right(part))
    assert all(quoted(text) != lines for text in wrong(part))


LEARNS = """
import numpy as np, tensorflow as tf
x = np.random.default_rng(1).normal(size=(64, 3)).astype("float32")
y = x @ np.array([[3.0], [-2.0], [1.0]], "float32")
given = x.copy(), y.copy()
model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss="mse")
weights, first, loss = model.count_params(), model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)
model.fit(x, y, epochs=5, verbose=0)
print(bool(np.isfinite(first).all()))
print(model.count_params() == weights)
print(bool((x == given[0]).all() and (y == given[1]).all()))
print(not np.allclose(model.predict(x, verbose=0), first))
print(model.evaluate(x, y, verbose=0) < 0.1 * loss)
"""


@proves("house-prices")
@proves("purpose")
def _(part: Part, programs: Programs) -> None:
    """Training keeps size and data and betters the predictions, which an untrained model makes as well."""
    assert programs.run(LEARNS).lines == ["True"] * 5


ONE_STEP = """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
sgd = tf.keras.optimizers.SGD(0.1)
with tf.GradientTape(persistent=True) as tape:
    loss = tf.reduce_mean((model(tf.constant([[1.0]])) - 9.0) ** 2)
weights = model.trainable_variables
grads = tape.gradient(loss, weights)
kept = model.get_weights()
{line}
print(any((old != new).any() for old, new in zip(kept, model.get_weights())))
"""


@proves("who-updates")
def _(part: Part, programs: Programs) -> None:
    """Of the four lines, the right one alone changes the weights of a model."""
    for text in [right(part), *wrong(part)]:
        (line,) = quoted(text)
        changed = programs.run(ONE_STEP.format(line=line)).lines
        assert changed == [str(text == right(part))], line


@proves("what-prints")
def _(part: Part, programs: Programs) -> None:
    """The loss from before the update is printed; gradient, next loss and chance are as the words say."""
    code = part["code"]["code"]
    assert_prints_the_right_option(part, programs)
    assert programs.run(code + "\nprint(float(grads[0][0, 0]))").lines == ["4.0", "-4.0"]
    more = (
        "\nfor number in (weights[0][0, 0], (model(x) - y)[0, 0] ** 2):\n    print(round(float(number), 4))"
    )
    _, weight, loss = programs.run(code + more).numbers
    assert f"from 0 to {weight}." in words(part) and f"({weight} − 2)² = {loss}:" in words(part)
    by_chance = variant(code, ',\n    kernel_initializer="zeros"', "")
    assert len({programs.run(by_chance).printed for _ in range(5)}) == 5


@proves("nothing-changes")
def _(part: Part, programs: Programs) -> None:
    """Tape, loss and model are sound, the weight stands still, and the line from the solution moves it."""
    code = part["code"]["code"]
    assert programs.run(code).lines == ["[[0.]]"] * 3 and "`[[0.]]` is printed" in words(part)
    sound = "\nprint(float(grads[0][0, 0]))\nprint(float(loss))\nprint(len(model.layers))"
    assert programs.run(code + sound).lines[3:] == ["-4.0", "4.0", "1"]
    repair = quoted(part["solution"][-1]["text"])[0]
    printed = programs.run(f"{code}\n    {repair}").printed
    first, second, third = (float(number) for number in re.findall(r"[\d.]+(?=\])", printed))
    assert 0 == first < second < third < 2


@proves("which-numbers-move")
def _(part: Part, programs: Programs) -> None:
    """Such a model has two trained numbers, weight and bias, and a step moves both and no data."""
    line, slope, start = quoted(part["ask"])[0], 3.0, 20.0
    assert line == f"price = {slope:.0f} * size + {start:.0f}" and right(part) == "The 3 and the 20"
    code = f"""
import tensorflow as tf
size, price = tf.Variable([[50.0]], trainable=False), tf.Variable([[200.0]], trainable=False)
model = tf.keras.Sequential([tf.keras.Input((1,)), tf.keras.layers.Dense(1)])
model.set_weights([tf.constant([[{slope}]]), tf.constant([{start}])])
with tf.GradientTape() as tape:
    loss = tf.reduce_mean((model(size) - price) ** 2)
weights = model.trainable_variables
tf.keras.optimizers.SGD(1e-4).apply_gradients(zip(tape.gradient(loss, weights), weights))
print(len(weights), *[float(tf.reshape(w, ())) not in ({slope}, {start}) for w in model.get_weights()])
print(float(size[0, 0]), float(price[0, 0]))"""
    assert programs.run(code).lines == ["2 True True", "50.0 200.0"]


@proves("better-model")
def _(part: Part, programs: Programs) -> None:
    """Keras' squared errors of the two models are those of the right option, in this order."""
    truth, red, blue = re.findall(r"\d+", part["ask"])
    code = f"""
import tensorflow as tf
squared = tf.keras.losses.MeanSquaredError()
for prediction in ({blue}, {red}):
    print(abs({truth} - prediction), int(squared([{truth}.0], [float(prediction)])))"""
    errors = [line.split() for line in programs.run(code).lines]
    assert [loss for _, loss in errors] == re.findall(r"\d+", right(part)) == ["4", "9"]
    assert right(part).startswith("Blue")


@proves("gradient-sign")
def _(part: Part, programs: Programs) -> None:
    """Where the gradient is positive, a little less weight lowers the loss; more, or zero, can raise it."""
    code = """
import tensorflow as tf
loss_of, w = lambda w: (w - 2.5) ** 2, tf.Variable(3.0)
with tf.GradientTape() as tape:
    loss = loss_of(w)
print(float(tape.gradient(loss, w)) > 0, *[float(loss_of(new)) < float(loss) for new in (2.9, 3.1, 0.0)])"""
    assert programs.run(code).lines == ["True True False False"]
    assert right(part) == "Down a little"


@proves("one-update")
def _(part: Part, programs: Programs) -> None:
    """The step ends at the right option, and each wrong number comes from the slip that its reason names."""
    code = part["code"]["code"]
    assert_prints_the_right_option(part, programs)
    slips = [
        ("(grad, w)", "(-grad, w)"),
        ("SGD(0.5)", "SGD(1.0)"),
        ("print(float(w))", "print(1.0 - float(w))"),
    ]
    printed = [programs.run(variant(code, old, new)).lines[0] for old, new in slips]
    assert printed == [quoted(text)[0] for text in wrong(part)]
    for shown in ("tf.Variable(1.0)", "tf.constant(4.0)", "SGD(0.5)"):
        assert shown in code  # the numbers of the question


@proves("count-updates")
def _(part: Part, programs: Programs) -> None:
    """The optimizer itself has counted the updates."""
    counted = programs.run(part["code"]["code"] + "\nprint(int(sgd.iterations.numpy()))").lines
    assert counted == quoted(right(part))
    assert all(quoted(text) != counted for text in wrong(part))


@proves("missing-line")
def _(part: Part, programs: Programs) -> None:
    """In the gap, the right line alone lowers the loss; each wrong one fails as its reason says."""
    code = part["code"]["code"] + "\nprint(float(grad))\nprint(float((3.0 * w - 6.0) ** 2))"

    def fill(line: str) -> str:
        return variant(code, "# one line is missing here", line)

    assert programs.run(code).error == "NameError"
    gradient, loss = programs.run(fill(quoted(right(part))[0])).numbers
    assert gradient == -36.0 and loss < 36.0 and "is -36," in words(part)
    ends = {text: programs.run(fill(quoted(text)[0])) for text in wrong(part)}
    assert [end.error for end in ends.values()] == ["AttributeError", "ValueError", None]
    pushed, grown = ends["`grad = loss - w`"].numbers
    assert pushed == 36.0 and grown > 36.0


@proves("two-losses")
def _(part: Part, programs: Programs) -> None:
    """The losses from before each update are printed; two wrong pairs come from the slips named there."""
    code = part["code"]["code"]
    assert_prints_the_right_option(part, programs)
    later, still, _ = (quoted(text) for text in wrong(part))
    assert programs.run(variant(code, "print(float(loss))", "print(float((w - 4.0) ** 2))")).lines == later
    assert programs.run(variant(code, "sgd.apply_gradients([(grad, w)])", "pass")).lines == still
    trace = programs.run(variant(code, "print(float(loss))", "print(float(grad), float(w))")).lines
    assert trace == ["-8.0 2.0", "-4.0 3.0"]  # the numbers of the solution


@proves("loss-explodes")
def _(part: Part, programs: Programs) -> None:
    """The loop prints what the question says; the right change alone makes the loss shrink."""
    code = part["code"]["code"]
    assert programs.run(code).lines == quoted(part["ask"])
    places = {"range": "range(3)", "tf": "tf.Variable(1.0)", "[(": "[(grad, w)]", "SGD": "SGD(1.5)"}

    def losses(option: str) -> list[float]:
        new = quoted(option)[0]
        old = next(place for start, place in places.items() if new.startswith(start))
        return programs.run(variant(code, old, new)).numbers

    first, *_, last = losses(right(part))
    assert last < first
    more, nearer, turned = (losses(text) for text in wrong(part))
    assert more[10] == 4.0**10 and more[-1] > 1e30 and nearer == [0.25, 1.0, 4.0] and turned[-1] > 16.0
    assert programs.run(code + "\nw.assign(0.0)\nprint(float(w ** 2))").numbers[-1] == 0.0  # the best value
    one_step = variant(code, "range(3)", "range(1)") + "\nprint(float(grad))\nprint(round(float(w), 4))"
    assert programs.run(one_step).numbers[1:] == [2.0, -2.0]  # the numbers of the solution
    assert programs.run(variant(one_step, "SGD(1.5)", "SGD(0.1)")).numbers[1:] == [2.0, 0.8]


@proves("two-weights")
def _(part: Part, programs: Programs) -> None:
    """A small step along the printed gradients raises both weights, the second ten times as far."""
    code = part["code"]["code"]
    assert programs.run(code).lines == quoted(part["ask"])
    step = """
sgd = tf.keras.optimizers.SGD(0.001)
sgd.apply_gradients([(tape.gradient(loss, w), w)])
for number in (w[0], w[1], (tf.reduce_sum(w * x) - 5.0) ** 2 - loss):
    print(float(number))"""
    twice = variant(code, "tf.GradientTape()", "tf.GradientTape(persistent=True)")
    first, second, change = (float(line) for line in programs.run(twice + step).lines if line[0] != "[")
    assert 0 < first < second and abs(second - 10 * first) < 1e-6 and change < 0
    assert right(part) == "Raise both weights, the second one more"
