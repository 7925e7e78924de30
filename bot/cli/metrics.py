"""`/metrics`: the figures of `bot.tally` as Prometheus reads them.

Law: looking costs the bot nothing that a learner could feel: the loop copies the numbers, another thread (which
also loads prometheus-client, at the first look) makes text of them. No registry is shared with anybody.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.tally import FIGURES, Figure, Sample, Sort, Spread, Tally

if TYPE_CHECKING:
    from prometheus_client import Metric

Samples = Sequence[tuple[Figure, list[Sample]]]


class Metrics:
    """The figures of one tally, as text."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._one = asyncio.Lock()  # many who look at once must not take all threads

    async def text(self, accept: str) -> tuple[bytes, str]:
        """The figures now, and their content type: the one that the `Accept` header asks for."""
        async with self._one:
            return await asyncio.to_thread(render, list(self._tally.samples()), accept)


def render(samples: Samples, accept: str) -> tuple[bytes, str]:
    """Text and content type; figures of the process itself (memory, time on the CPU, open files) come along."""
    from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415 (not before it is asked for)
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(samples))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Families:
    """What prometheus-client calls a collector."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator["Metric"]:
        """One family a figure."""
        for figure, samples in self._samples:
            yield _family(figure, samples)


def _family(figure: Figure, samples: Sequence[Sample]) -> "Metric":
    from prometheus_client import core  # noqa: PLC0415 (as above)

    about = (figure.name, figure.meaning)
    if figure.sort is Sort.HISTOGRAM:
        histogram = core.HistogramMetricFamily(*about, labels=figure.labels)
        for sample in samples:
            if isinstance(sample.value, Spread):
                buckets = _cumulative(figure.buckets, sample.value.counts)
                histogram.add_metric(sample.labels, buckets, sample.value.sum_s)
        return histogram
    kind = core.CounterMetricFamily if figure.sort is Sort.COUNTER else core.GaugeMetricFamily
    family = kind(*about, labels=figure.labels)
    for sample in samples:
        if not isinstance(sample.value, Spread):
            family.add_metric(sample.labels, sample.value)
    return family


def _cumulative(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """(upper bound, how many up to there), as Prometheus counts."""
    total, rows = 0, []
    for bound, count in zip([*map(str, bounds), "+Inf"], counts, strict=True):
        total += count
        rows.append((bound, float(total)))
    return rows


def table() -> str:
    """The figures as the README shows them."""
    rows = [
        f"| `{figure.name}` | {figure.sort} | {', '.join(f'`{label}`' for label in figure.labels)} | {figure.meaning} |"
        for figure in FIGURES
    ]
    return "\n".join(["| figure | sort | labels | meaning |", "| --- | --- | --- | --- |", *rows])
