"""The store by itself, with the work of `tests.bench.store`: durable answers one by one, and in groups."""

import tempfile
from pathlib import Path

from bot.store.sqlite import SqliteStore
from tests.bench.figures import Figure
from tests.bench.store import answer, bare, load, rate, tap

GROUP = "store"


async def measure(*, total: int = 10_000, folder: Path | None = None) -> list[Figure]:
    """The figures; `folder`: on the disk that is to be measured."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-", dir=folder) as place:
        store = SqliteStore(Path(place) / "nabla.db")
        await store.open()
        await rate(lambda: answer(store), total=total // 10, at_once=100)  # warm: pages, statements
        figures = []
        for what, work in (("durable answers", answer), ("taps (load, commit, said)", tap)):
            alone = await rate(lambda: work(store), total=total // 10, at_once=1)  # noqa: B023 (awaited here)
            together = await rate(lambda: work(store), total=total, at_once=256)  # noqa: B023
            figures.append(_figure(f"{what}, one by one", alone))
            figures.append(_figure(f"{what}, 256 at once", together, f"{together / alone:.1f} times"))
        figures.append(
            _figure("loads, 256 at once", await rate(lambda: load(store), total=total, at_once=256))
        )
        await store.close()
        one, many = (bare(Path(place), group=group, total=total) for group in (1, 512))
    return [*figures, _figure("bare SQLite rows, 1 a commit", one),
            _figure("bare SQLite rows, 512 a commit", many, f"{many / one:.1f} times")]  # fmt: skip


def _figure(name: str, value: float, note: str = "") -> Figure:
    return Figure(group=GROUP, name=name, value=value, unit="/s", note=note)
