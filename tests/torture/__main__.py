"""`python -m tests.torture` (= `make torture`): kill it hundreds of times, print what was found, fail on any loss.

Law: bounded in number and in time; real processes, 127.0.0.1 only. The same seed draws the same moments.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import click

from tests.torture import commits, talks, trainings
from tests.torture.report import LostError, Torture

PARTS: dict[str, tuple[float, Callable[[Torture], Awaitable[None]]]] = {  # share of the kills
    "commits": (0.6, commits.torture),
    "conversations": (0.3, talks.torture),
    "trainings": (0.1, trainings.torture),
}
LEAST_S = 5.0


async def run(parts: tuple[str, ...], *, kills: int, seconds: float, seed: int, folder: Path) -> bool:
    """Whether all of these parts found everything in place; each has its share of the kills and of the time left."""
    whole, end = sum(PARTS[part][0] for part in parts), time.monotonic() + seconds
    for number, part in enumerate(parts):
        share, torture = PARTS[part]
        place = folder / part
        place.mkdir()
        left_s = max(LEAST_S, end - time.monotonic())
        one = Torture(
            kills=max(2, round(kills * share / whole)),
            until_s=time.monotonic() + left_s / (len(parts) - number),
            chance=Random(f"{seed} {part}"),
            folder=place,
        )
        try:
            await torture(one)
        except (LostError, AssertionError, TimeoutError) as loss:
            click.echo(f"{part}: LOST after {one.done} kills (seed {seed}): {loss or type(loss).__name__}")
            return False
    return True


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--kills", default=400, show_default=True, type=click.IntRange(2), help="How often, in all.")
@click.option(
    "--seconds", default=900.0, show_default=True, help="When to stop killing, however few it were."
)
@click.option("--seed", default=20260704, show_default=True, help="Which moments.")
def main(parts: tuple[str, ...], kills: int, seconds: float, seed: int) -> None:
    """Kill Nabla in the middle of everything (or of these PARTS) and look for what was lost."""
    place = Path(tempfile.mkdtemp(prefix="nabla-torture-"))
    whole = asyncio.run(run(parts or tuple(PARTS), kills=kills, seconds=seconds, seed=seed, folder=place))
    if whole:
        shutil.rmtree(place)
    click.echo("nothing was lost" if whole else f"something was lost; files and logs are in {place}")
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
