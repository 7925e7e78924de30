"""`python -m tests.bench` (= `make bench`): measure, print the table, and with `--json FILE` keep it for programs.

Law: no number passes or fails here. Parts run one after the other, so that none disturbs another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from tests.bench import (
    calls,
    crowded,
    postgres,
    profiling,
    starting,
    storing,
    storming,
    summary,
    tapping,
    trainers,
    training,
    versus,
)
from tests.bench.figures import Earlier, Figure, as_json, earlier, load, machine, markdown

PARTS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "versus": versus.measure,
    "trainers": trainers.measure,
    "storm": storming.measure,
    "start": starting.measure,
    "training": training.measure,
    "taps": tapping.measure,
    "full": crowded.measure,
    "profile": profiling.measure,
    "calls": calls.measure,
    "store": storing.measure,
    "postgres": postgres.measure,
}


async def measure(parts: tuple[str, ...], answers: int) -> list[Figure]:
    """The figures of these parts."""
    figures: list[Figure] = []
    for part in parts:
        begun = datetime.now(UTC)
        try:
            found = await (crowded.measure(answers=answers) if part == "full" else PARTS[part]())
        except RuntimeError as error:
            click.echo(f"{part}: no figures: {error}", err=True)
            continue
        figures += found
        click.echo(f"{part}: {len(found)} figures in {(datetime.now(UTC) - begun).seconds} s", err=True)
    return figures


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only", "parts", multiple=True, type=click.Choice(list(PARTS)), help="This part; may be repeated."
)
@click.option(
    "--answers", default=20_000_000, show_default=True, help="In the full store, if the disk has room."
)
@click.option(
    "--keep", is_flag=True, help="Put the figures of all parts into the README, RESULTS.md, results.json."
)
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
    parts: tuple[str, ...],
    keep: bool,
    answers: int,
    json_file: Path | None,
    table_file: Path | None,
    beside: Path | None,
) -> None:
    """Measure Nabla: all parts take about a quarter of an hour, on 127.0.0.1 only."""
    if keep and parts:
        raise click.UsageError("--keep takes all parts of one run")
    before = earlier(beside.read_text(encoding="utf-8")) if beside else None
    where = machine(datetime.now(UTC)) | versus.versions()
    figures = asyncio.run(measure(parts or tuple(PARTS), answers))
    where["load after"] = load()
    table = markdown(figures, where, before)
    click.echo(table)
    if keep:
        summary.keep(Earlier(figures=tuple(figures), where=where))
    if json_file is not None:
        json_file.write_text(as_json(figures, where), encoding="utf-8")
    if table_file is not None:
        table_file.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
