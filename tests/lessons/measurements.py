"""What the first lesson tells of guessing and training, and the stories of its lab, measured again.

Law: as in `proofs`: the lesson's own programs are run, with another `n` where the text speaks of one.
"""

import re
from pathlib import Path

import yaml

from tests.lessons.programs import ROOT, Programs, run_alone
from tests.lessons.proofs import Part, proves, variant

FIRST_N = "n = 10 "


def _ends(step: Part, programs: Programs, weights: int) -> list[list[str]]:
    """First and last loss of guessing, then of training, as printed, with this number of weights."""
    programs_of_step = [step[side]["code"] for side in ("before", "after")]
    ran = [programs.run(variant(code, FIRST_N, f"n = {weights} ")) for code in programs_of_step]
    assert all([line.split(":")[0] for line in one.lines] == ["start", "end"] for one in ran)
    return [[line.split()[-1] for line in one.lines] for one in ran]


def _assert_comments_as_printed(step: Part, programs: Programs) -> None:
    printed = _ends(step, programs, 10)
    assert printed[0][0] == printed[1][0]  # the same puzzle
    for side, losses in zip(("before", "after"), printed, strict=True):
        prints = [line for line in step[side]["code"].splitlines() if line.startswith("print(")]
        assert [re.findall(r"# (\d+\.\d{4})$", line) for line in prints] == [[loss] for loss in losses]


def _assert_counts_as_told(step: Part) -> None:
    before, after = step["before"]["code"], step["after"]["code"]
    for told in ("find 10 hidden", "from 1,000 examples", "1,000 random guesses", "20 training steps"):
        assert told in step["text"]
    for code in (before, after):
        assert FIRST_N in code and "normal([1000, n])" in code
    assert "range(1000)" in before and "range(20)" in after
    assert re.findall(r"\d[\d.,]*\d|\d", step["text"]) == [
        "10",
        "1,000",
        "1,000",
        "20",
    ]  # none without a proof


def _assert_losses_as_told(text: str, step: Part, programs: Programs) -> None:
    told = re.findall(r"`(\d+\.\d{4})`", text)
    measured = {weights: _ends(step, programs, weights) for weights in (10, 1, 50)}
    assert all(guessing[0] == training[0] for guessing, training in measured.values())  # the same puzzle
    ten, one, fifty = measured.values()
    assert told == [one[0][1], *fifty[0], fifty[1][1]]
    assert one[0][1] == one[1][1]  # guessing is just as good
    assert float(ten[1][1]) < 0.01 * float(ten[0][1])  # training wins clearly


def _assert_costs_as_told(text: str, step: Part) -> None:
    assert "range(20)" in step["after"]["code"]
    assert "as three guesses" in text and f"20 steps cost only about {3 * 20} guesses" in text
    numbers = re.findall(r"\d[\d.,]*\d|\d", re.sub(r"`[\d.]+`", "", text))
    assert numbers == ["10", "1", "50", "20", "60"]  # no number without a proof


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


def _assert_two_million_guesses_are_hopeless(text: str, step: Part, programs: Programs) -> None:
    assert "even two million guesses leave more than half of the loss" in text
    code = variant(step["before"]["code"], FIRST_N, "n = 50 ")
    assert programs.run(code + TWO_MILLION).numbers[-1] > 0.5


@proves("before-after")
def _(step: Part, programs: Programs) -> None:
    """Both programs run alone, and every count in the text and comment in the code is what they do and print."""
    for side in ("before", "after"):
        code = step[side]["code"]
        assert run_alone(code).lines == programs.run(code).lines
    _assert_counts_as_told(step)
    _assert_comments_as_printed(step, programs)


@proves("outcome")
def _(outcome: Part, programs: Programs) -> None:
    """With 1 and 50 weights the programs of the comparison end as told, and a step costs what it is said to cost."""
    steps = yaml.safe_load(Path(ROOT, "lessons", "why-training-changes-weights.yaml").read_text("utf-8"))[
        "steps"
    ]
    (compared,) = (step for step in steps if step["id"] == "before-after")
    text = outcome["text"]
    _assert_losses_as_told(text, compared, programs)
    _assert_costs_as_told(text, compared)
    _assert_a_step_costs_three_predictions(programs)
    _assert_two_million_guesses_are_hopeless(text, compared, programs)


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
