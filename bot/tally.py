"""What happened, in numbers: plain counters that any room may add to, and that nobody waits for.

Law: the figures are a closed set, and a label is a word of the program (a kind, a method), never an id nor what a
person wrote. Nothing here reads a clock, takes a lock or knows who reads the figures; all is added on the event
loop's thread. `cli/metrics.py` shows them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

# Seconds. A tap should be answered within a blink; Telegram takes no answer after some fifteen.
LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
TRAINING_S = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)


class Sort(StrEnum):
    """The sorts of figures, spelt as Prometheus does."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Figure:
    """One figure: its name, what it means, what it is told apart by; buckets are upper bounds."""

    name: str
    sort: Sort
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


UPDATES = Figure(
    name="nabla_updates_total",
    sort=Sort.COUNTER,
    labels=("kind",),
    meaning="Updates taken in for the first time: message, tap, membership, other.",
)
LATENCY = Figure(
    name="nabla_latency_seconds",
    sort=Sort.HISTOGRAM,
    labels=("kind", "until"),
    buckets=LATENCY_S,
    meaning="From an update's arrival until its tap was answered, or its first message or edit was said.",
)
QUEUE = Figure(
    name="nabla_queue_length",
    sort=Sort.GAUGE,
    labels=("queue",),
    meaning="What waits: updates, lines (learners being served), lanes (chats being told), "
    "words (in hand), store (pieces of work), trainings (asked for, no result yet), "
    "trainers (waiting for one, of all bots; with NABLA_ENGINE=procrastinate).",
)
TRAININGS = Figure(
    name="nabla_trainings_total",
    sort=Sort.COUNTER,
    labels=("outcome",),
    meaning="Trainings that ended: learns, crawls, diverges, arrived; timeout or died without a result.",
)
TRAINING = Figure(
    name="nabla_training_seconds",
    sort=Sort.HISTOGRAM,
    buckets=TRAINING_S,
    meaning="From a training that was asked for to its result, waiting in line included.",
)
RUN = Figure(
    name="nabla_training_run_seconds",
    sort=Sort.HISTOGRAM,
    buckets=TRAINING_S,
    meaning="The training alone, inside the worker.",
)
GROUPS = Figure(
    name="nabla_commit_groups_total",
    sort=Sort.COUNTER,
    meaning="Transactions of the store, each with one sync.",
)
ITEMS = Figure(
    name="nabla_commit_items_total",
    sort=Sort.COUNTER,
    meaning="Pieces of work that these transactions held.",
)
CALLS = Figure(
    name="nabla_bot_api_calls_total",
    sort=Sort.COUNTER,
    labels=("method", "outcome"),
    meaning="Calls of the Bot API (polling apart): ok, flood, refused, failed.",
)
FLOOD_WAITS = Figure(
    name="nabla_flood_waits_total",
    sort=Sort.COUNTER,
    meaning="How often Telegram asked a chat's words to wait.",
)
FLOOD_WAIT = Figure(
    name="nabla_flood_wait_seconds_total",
    sort=Sort.COUNTER,
    meaning="How long it asked them to wait, together.",
)
ERRORS = Figure(
    name="nabla_errors_total",
    sort=Sort.COUNTER,
    labels=("kind",),
    meaning="Errors of handling an update and of calling the Bot API, by the error's class.",
)
RECORDS = Figure(
    name="nabla_log_records_total",
    sort=Sort.COUNTER,
    labels=("level",),
    meaning="What was logged: warning, error, critical.",
)
READY = Figure(
    name="nabla_ready",
    sort=Sort.GAUGE,
    meaning="1 if `/readyz` last said that it is ready, else 0.",
)
INFO = Figure(
    name="nabla_info",
    sort=Sort.GAUGE,
    labels=("version", "mode"),
    meaning="Always 1: the version, and polling, webhook or local.",
)
FIGURES = (
    UPDATES, LATENCY, QUEUE, TRAININGS, TRAINING, RUN, GROUPS, ITEMS,
    CALLS, FLOOD_WAITS, FLOOD_WAIT, ERRORS, RECORDS, READY, INFO,
)  # fmt: skip


@dataclass(kw_only=True, slots=True)
class Spread:
    """How many seconds fell into which bucket (the last one is beyond all bounds), and their sum."""

    counts: list[int]
    sum_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One figure under one set of labels, as it stands now."""

    labels: tuple[str, ...]
    value: float | Spread


@dataclass(slots=True)
class _Kept:
    """All values of one figure."""

    values: dict[tuple[str, ...], float] = field(default_factory=dict)
    spreads: dict[tuple[str, ...], Spread] = field(default_factory=dict)
    reads: dict[tuple[str, ...], Callable[[], float]] = field(default_factory=dict)


class Tally:
    """The figures of one bot."""

    def __init__(self) -> None:
        self._kept = {figure: _Kept() for figure in FIGURES}

    def add(self, figure: Figure, *labels: str, by: float = 1.0) -> None:
        """Count something that happened."""
        values = self._kept[figure].values
        values[labels] = values.get(labels, 0.0) + by

    def took(self, figure: Figure, seconds: float, *labels: str) -> None:
        """Note how long something took."""
        spreads = self._kept[figure].spreads
        spread = spreads.get(labels)
        if spread is None:
            spread = spreads[labels] = Spread(counts=[0] * (len(figure.buckets) + 1))
        spread.counts[bisect_left(figure.buckets, seconds)] += 1
        spread.sum_s += seconds

    def watch(self, figure: Figure, read: Callable[[], float], *labels: str) -> None:
        """Have a value read whenever somebody looks."""
        self._kept[figure].reads[labels] = read

    def samples(self) -> Iterator[tuple[Figure, list[Sample]]]:
        """Every figure as it stands now, copied, so that it may be read in another thread."""
        for figure, kept in self._kept.items():
            numbers = kept.values | {labels: read() for labels, read in kept.reads.items()}
            samples = [Sample(labels=labels, value=value) for labels, value in numbers.items()]
            for labels, spread in kept.spreads.items():
                copy = Spread(counts=list(spread.counts), sum_s=spread.sum_s)
                samples.append(Sample(labels=labels, value=copy))
            yield figure, samples
