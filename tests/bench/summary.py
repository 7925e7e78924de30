"""What is kept of a run: the README's table, the whole table, and the same as JSON (`python -m tests.bench --keep`).

Law: only numbers of that one run, each named as the bench names it; one that the run does not have is a dash.
"""

from collections.abc import Mapping
from pathlib import Path

from tests.bench.figures import Earlier, Figure, as_json, markdown, number
from tests.bench.processes import ROOT

KEPT = ROOT / "tests" / "bench" / "results.json"

OPENING, CLOSING = "<!-- measured -->", "<!-- /measured -->"
_US, _AIOGRAM, _BARE = "Nabla: ", "aiogram tuned: ", "bare PTB, our request and processor: "
_PLAIN, _DEFAULT = "no framework: ", "bare PTB, its defaults: "
_FAR, _STEADY = "taps answered, 50 ms latency", "tap → edited, 300 taps/s, 50 ms latency, p99"
_TRAINERS, _BURST = "tap → edited, 100 taps/s, ", "100 press Run at once → result with picture, "
_STORM, _FULL = "5,000 people tap one post: tap → acknowledged, ", "tap → edited, "
# (what is measured, names of figures); what is to be reached stands beside the last of them.
ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "answered taps a second on one core: Nabla (answer on the disk) · aiogram 3 tuned · bare python-telegram-bot "
        "with our request and processor · no framework · python-telegram-bot's defaults",
        tuple(who + "taps answered" for who in (_US, _AIOGRAM, _BARE, _PLAIN, _DEFAULT)),
    ),
    ("… Nabla : aiogram tuned", ("Nabla : aiogram tuned, taps a second",)),
    ("… the same by processor time", ("Nabla : aiogram tuned, taps a second of processor time",)),
    (
        "… Nabla : bare python-telegram-bot",
        ("Nabla : bare PTB, our request and processor, taps a second",),
    ),
    (
        "… the same by processor time",
        ("Nabla : bare PTB, our request and processor, taps a second of processor time",),
    ),
    (
        "with 50 ms latency, 256 at once: the same five",
        tuple(who + _FAR for who in (_US, _AIOGRAM, _BARE, _PLAIN, _DEFAULT)),
    ),
    ("… Nabla : aiogram tuned", ("Nabla : aiogram tuned, taps a second, 50 ms latency",)),
    ("300 taps a second, 50 ms latency, tap → edited, p99: Nabla · aiogram tuned", (_US + _STEADY, _AIOGRAM + _STEADY)),
    ("… aiogram tuned : Nabla", ("Nabla : aiogram tuned, p99 under steady load (theirs : ours)",)),
    (
        "tap → edited, p99: no training · two trainers flat out",
        (_TRAINERS + "no training, p99", _TRAINERS + "two trainers flat out, p99"),
    ),
    ("… two trainers : none", ("tap p99, two trainers flat out : none",)),
    ("100 learners press Run at once: result with picture, p50 · p99", (_BURST + "p50", _BURST + "p99")),
    ("… tap → edited of others meanwhile, p99", ("tap → edited of others meanwhile, 100 taps/s, p99",)),
    ("1,000 SGD steps in the worker", ("1,000 steps of sgd, XLA loop",)),
    ("… NumPy in the same process : ours", ("1,000 steps of sgd, NumPy : XLA loop",)),
    ("… eager Keras : ours", ("1,000 steps of sgd, eager Keras : XLA loop",)),
    ("start of the process → first getUpdates", ("process start → first getUpdates, XLA cache",)),
    ("bot process after 10,000 learners", ("bot process, after 10,000 learners",)),
    ("tap p50: empty store · full store", (_FULL + "empty store, p50", _FULL + "full store, p50")),
    ("… full : empty", ("tap p50, full store : empty",)),
    ("5,000 people tap one post in 10 s: acknowledged, p50 · p99", (_STORM + "p50", _STORM + "p99")),
    ("… edits of the post meanwhile", ("edits of the post meanwhile",)),
    ("first training after a start (learners read meanwhile)", ("process start → first training result, XLA cache",)),
    ("tap on Run → numbers · picture", ("tap on Run → result message", "tap on Run → picture")),
    (
        "durable answers a second: one by one · group commit",
        ("durable answers, one by one", "durable answers, 256 at once"),
    ),
)  # fmt: skip


def block(run: Earlier) -> str:
    """What stands between the README's marks."""
    figures = {
        each.name: each for each in run.figures if each.group != "postgres"
    }  # it has names of the store's
    rows = [f"| {what} | {_wanted(figures, names)} | {_values(figures, names)} |" for what, names in ROWS]
    where = run.where
    head = (
        f"Measured {where['date']} on {where['cores']} cores ({where['cpu']}, Python {where['python']}, "
        f"python-telegram-bot {where['python-telegram-bot']}, aiogram {where.get('aiogram', '—')} with uvloop "
        f"{where.get('uvloop', '—')}, TensorFlow {where['tensorflow']}; load {where['load before']} before, "
        f"{where['load after']} after). Rivals were measured in turn with Nabla, medians of three; everybody makes "
        "the same two calls, and only Nabla keeps anything. The whole table, how it was measured and where the time "
        "goes: [tests/bench/RESULTS.md](tests/bench/RESULTS.md)."
    )
    table = "\n".join(["| measure | to reach | measured |", "| --- | --- | --- |", *rows])
    return f"{OPENING}\n{head}\n\n{table}\n\n{CLOSING}\n"


def _values(figures: Mapping[str, Figure], names: tuple[str, ...]) -> str:
    return " · ".join(_value(figures[name]) if name in figures else "—" for name in names)


def _value(figure: Figure) -> str:
    return f"{number(figure.value)} {figure.unit}".replace(" /s", "").strip()


def _wanted(figures: Mapping[str, Figure], names: tuple[str, ...]) -> str:
    return figures[names[-1]].wanted if names[-1] in figures else ""


def keep(run: Earlier) -> None:
    """Put a run into the README, RESULTS.md and results.json."""
    KEPT.write_text(as_json(run.figures, run.where), encoding="utf-8")
    _put(ROOT / "README.md", block(run))
    _put(KEPT.with_name("RESULTS.md"), f"{OPENING}\n{markdown(run.figures, run.where)}\n{CLOSING}\n")


def _put(file: Path, text: str) -> None:
    """In the place of what stands between the marks."""
    whole = file.read_text(encoding="utf-8")
    head, _, rest = whole.partition(OPENING)
    _, _, tail = rest.partition(CLOSING + "\n")
    file.write_text(head + text + tail, encoding="utf-8")
