"""What the first lesson tells of guessing and training, and the stories of its lab, measured again.

Law: as in `proofs`: the lesson's own programs are run, with another `n` where the text speaks of one.
"""

import re

from tests.lessons.programs import Programs, run_alone
from tests.lessons.proofs import Part, proves, variant

FIRST_N = "n = 10 "


def _ends(step: Part, programs: Programs, weights: int) -> list[list[str]]:
    """First and last loss of guessing, then of training, as printed, with this number of weights."""
    programs_of_step = [step[side]["code"] for side in ("before", "after")]
    ran = [programs.run(variant(code, FIRST_N, f"n = {weights} ")) for code in programs_of_step]
    assert all([line.split(":")[0] for line in one.lines] == ["start", "end"] for one in ran)
    return [[line.split()[-1] for line in one.lines] for one in ran]


def _assert_losses_as_told(step: Part, programs: Programs) -> None:
    told = re.findall(r"`(\d+\.\d{4})`", step["text"])
    measured = {weights: _ends(step, programs, weights) for weights in (10, 1, 50)}
    assert all(guessing[0] == training[0] for guessing, training in measured.values())  # the same puzzle
    ten, one, fifty = measured.values()
    assert told == [*ten[0], ten[1][1], one[0][1], *fifty[0], fifty[1][1]]
    assert one[0][1] == one[1][1]  # guessing is just as good


def _assert_counts_as_told(step: Part) -> None:
    before, after = step["before"]["code"], step["after"]["code"]
    for told in ("find 10 hidden", "from 1,000 examples", "1,000 random guesses", "only 20 training steps"):
        assert told in step["text"]
    for code in (before, after):
        assert FIRST_N in code and "normal([1000, n])" in code
    assert "range(1000)" in before and "range(20)" in after
    assert "as three guesses" in step["text"] and f"{3 * 20} guesses" in step["text"]
    numbers = re.findall(r"\d[\d.,]*\d|\d", re.sub(r"`[\d.]+`", "", step["text"]))
    assert numbers == ["10", "1,000", "1,000", "20", "20", "60", "1", "50"]  # no number without a proof


THREE = """
import tensorflow as tf
layers = [tf.keras.layers.Dense(8, activation="tanh") for _ in range(20)]
model = tf.keras.Sequential([tf.keras.Input((8,)), *layers])
def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x) ** 2)
    return tape.gradient(loss, model.trainable_variables)
for work in (model, step):
    graph = tf.function(work).get_concrete_function(tf.TensorSpec((4, 8))).graph
    flat = graph.as_graph_def()
    nodes = [*flat.node, *[node for part in flat.library.function for node in part.node_def]]
    print(sum(node.op == "MatMul" for node in nodes))"""


def _assert_a_step_costs_three_predictions(programs: Programs) -> None:
    """Counted in products of matrices, the bulk of the work: 20 layers forward, about 60 for a step."""
    forward, step = programs.run(THREE).numbers
    assert forward == 20 and 2.8 <= step / forward <= 3.0


TWO_MILLION = """
import numpy as np
data, truth = x.numpy(), y.numpy()
best_weights = np.linalg.lstsq(data, truth, rcond=None)[0][:, 0]
root = np.linalg.cholesky(data.T @ data / len(data))  # mean((data @ w - truth)²) = |(w - best) @ root|²
by_hand = np.mean((data @ np.ones((n, 1), "f") - truth) ** 2)
assert np.isclose(by_hand, np.sum(((1 - best_weights) @ root) ** 2), rtol=1e-4)
rng, least = np.random.default_rng(1), np.inf
for chunk in range(100):
    guesses = rng.standard_normal((20_000, n), dtype="f")
    least = min(least, (((guesses - best_weights) @ root) ** 2).sum(axis=1).min())
print(least / float(loss_of(x @ tf.zeros([n, 1]))))"""


def _assert_two_million_guesses_are_hopeless(step: Part, programs: Programs) -> None:
    assert "even two million guesses leave more than half of the loss" in step["text"]
    code = variant(step["before"]["code"], FIRST_N, "n = 50 ")
    assert programs.run(code + TWO_MILLION).numbers[-1] > 0.5


@proves("before-after")
def _(step: Part, programs: Programs) -> None:
    """Both programs run alone, and every loss, count and comparison in the text is what they measure."""
    for side in ("before", "after"):
        code = step[side]["code"]
        assert run_alone(code).lines == programs.run(code).lines
    _assert_counts_as_told(step)
    _assert_losses_as_told(step, programs)
    _assert_a_step_costs_three_predictions(programs)
    _assert_two_million_guesses_are_hopeless(step, programs)


STORY = """
import numpy as np, tensorflow as tf
x, y = (tf.constant((np.array(v) - np.mean(v)) / np.std(v), tf.float32) for v in ({x}, {y}))
make = dict(sgd=tf.keras.optimizers.SGD, adam=tf.keras.optimizers.Adam, rmsprop=tf.keras.optimizers.RMSprop,
            momentum=lambda rate: tf.keras.optimizers.SGD(rate, momentum=0.9))
optimizer = make[{optimizer!r}]({rate})
w, b = tf.Variable({weight}), tf.Variable({bias})
def loss_now():
    return tf.reduce_mean((w * x + b - y) ** 2)
print(float(loss_now()))
for step in range({steps}):
    with tf.GradientTape() as tape:
        loss = loss_now()
    optimizer.apply_gradients(zip(tape.gradient(loss, [w, b]), [w, b]))
print(float(loss_now()))
print(1 - np.corrcoef({x}, {y})[0, 1] ** 2)"""  # the least loss of a line through standardised points


def tell(lab: Part, story: Part, programs: Programs) -> tuple[str, float]:
    """The outcome of a story by the rules of the lab, and its last loss."""
    data = {"x": lab["x"]["values"], "y": lab["y"]["values"]}
    settings = {key: story[key] for key in ("optimizer", "rate", "steps")}
    first, last, least = programs.run(STORY.format(**data, **lab["start"], **settings)).numbers
    if first <= 1.01 * least:
        return "arrived", last
    if not last <= first:  # not a number counts as blown up
        return "diverges", last
    return "learns" if first - last >= 0.5 * (first - least) else "crawls", last
