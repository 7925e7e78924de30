"""`python -m tests.bench` (= `make bench`): measure, print the table, and with `--json FILE` keep it for programs.

Law: no number passes or fails here. Parts run one after the other, so that none disturbs another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from tests.bench import calls, postgres, starting, storing, tapping, training
from tests.bench.figures import Figure, as_json, earlier, load, machine, markdown

PARTS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "start": starting.measure,
    "training": training.measure,
    "taps": tapping.measure,
    "calls": calls.measure,
    "store": storing.measure,
    "postgres": postgres.measure,
}


async def measure(parts: tuple[str, ...]) -> list[Figure]:
    """The figures of these parts."""
    figures: list[Figure] = []
    for part in parts:
        click.echo(f"measuring: {part} …", err=True)
        figures += await PARTS[part]()
    return figures


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Keep the figures as JSON."
)
@click.option(
    "--markdown", "table_file", type=click.Path(dir_okay=False, path_type=Path), help="Keep the table too."
)
@click.option(
    "--beside",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show an earlier run's JSON beside.",
)
def main(
    parts: tuple[str, ...], json_file: Path | None, table_file: Path | None, beside: Path | None
) -> None:
    """Measure Nabla (all PARTS, or those named): some four minutes, 127.0.0.1 only."""
    before = earlier(beside.read_text(encoding="utf-8")) if beside else None
    where = machine(datetime.now(UTC))
    figures = asyncio.run(measure(parts or tuple(PARTS)))
    where["load after"] = load()
    table = markdown(figures, where, before)
    click.echo(table)
    if json_file is not None:
        json_file.write_text(as_json(figures, where), encoding="utf-8")
    if table_file is not None:
        table_file.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
