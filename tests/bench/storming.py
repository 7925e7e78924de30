"""5,000 people on one post within ten seconds, on the real bot.

Law: at the end the store must hold one answer of each person, or there is no figure; nobody is answered twice.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.tutor.renewals import RENEW_S
from tests.bench.figures import Figure, number, quantile
from tests.bench.filling import LESSON, fill, sample
from tests.bench.processes import bot, own_core, stub

GROUP = "storm"


async def measure(
    *, people: int = 5000, per_s: float = 500.0, others: int = 200, others_per_s: float = 20.0
) -> list[Figure]:
    """The figures."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as place:
        (asking := Path(place) / "sample").mkdir()
        one = await sample(asking)
        await fill(Path(place) / "nabla.db", one, learners=3 * others)
        async with stub(own_core(0)) as wire, bot(Path(place), api_url=wire.url, core=own_core(1)) as running:
            await wire.crowd("prepare", **one.wish())
            await wire.crowd("post", lesson=LESSON)
            run = await wire.crowd(
                "storm", people=people, per_s=per_s, others=others, others_per_s=others_per_s
            )
        check(running.database, run, people)
    return _figures(run, people)


def check(database: Path, run: dict[str, Any], people: int) -> None:
    """Everybody was answered once and counted once, and nobody else was lost."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        kept = db.execute("SELECT count(*), count(DISTINCT learner) FROM post_answers").fetchone()
    lost = run["lost"] + run["quiet"]["lost"] + run["others"]["lost"]
    if kept != (people, people) or lost or run["again"]:
        raise RuntimeError(f"{people} tapped: {kept} kept, {lost} lost, {run['again']} answered again")


def _figures(run: dict[str, Any], people: int) -> list[Figure]:
    within = f"within {run['seconds']:.1f} s"
    figures = [
        Figure(
            group=GROUP,
            name=f"{people:,} people tap one post: tap → acknowledged, p{share * 100:.0f}",
            value=1000 * quantile(run["answered_s"], share),
            unit="ms",
            note=f"{within}; each answered once, each first tap stored once",
        )
        for share in (0.5, 0.99)
    ]
    figures.append(
        Figure(
            group=GROUP,
            name="edits of the post meanwhile",
            value=run["edits"],
            unit="",
            note=within,
            wanted=f"at most one each {RENEW_S:g} s",
        )
    )
    for share in (0.5, 0.99):
        quiet, storm = (1000 * quantile(run[each]["shown_s"], share) for each in ("quiet", "others"))
        name = f"others in private: tap → edited, p{share * 100:.0f}"
        note = f"{number(quiet)} ms before the storm"
        figures.append(Figure(group=GROUP, name=name, value=storm, unit="ms", note=note))
    return figures
