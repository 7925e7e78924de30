"""run · trainer · check · stats · backup · restore: what an operator and an author type.

Each command imports its part of the house when it is called: who checks a lesson waits for no chat and no store.

Law: what a person got wrong is one line on standard error, never a traceback; exit codes are 0 (well), 1
(findings, or anything else), 2 (wrong configuration or usage).
"""

import asyncio
import io
import json
import os
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from bot import __version__
from bot.check import check_paths
from bot.cli.copies import NOT_HERE, described, mark
from bot.cli.figures import Figures, figures_table, question_figures
from bot.cli.logs import hide, secrets_of, set_up_logs
from bot.cli.loop import new_loop
from bot.config import Settings, read_settings
from bot.course.load import load_folder
from bot.course.model import Lesson
from bot.errors import ConfigError, NablaError
from bot.store.url import sqlite_path

T = TypeVar("T")

ENV_FILE = Path(".env")


def give_up(error: NablaError, secrets: tuple[str, ...] = ()) -> NoReturn:
    """One line, and the exit code that tells whose it is."""
    line = " ".join(hide(str(error), secrets).splitlines())
    click.echo(f"nabla: {line}", err=True)
    sys.exit(2 if isinstance(error, ConfigError) else 1)


def settings(*, host: str | None = None, port: int | None = None) -> Settings:
    """The operator's settings, with logs that hide them, or one line and exit code 2."""
    try:
        chosen = read_settings(os.environ, env_file=ENV_FILE, host=host, port=port)
    except ConfigError as error:
        give_up(error)
    set_up_logs(chosen)
    return chosen


def to_the_end(work: Coroutine[Any, Any, T], chosen: Settings) -> T:
    """Run to the end; what a person must act on becomes one line."""
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(work)
    except NablaError as error:
        give_up(error, secrets_of(chosen))


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nabla")
@click.pass_context
def main(context: click.Context) -> None:
    """Nabla, a tutor that lives in a chat. Without a command: run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without these signs shows others, and goes on
            stream.reconfigure(errors="backslashreplace")
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
@click.option("--host", metavar="H", help="Listen here instead of NABLA_LISTEN's host.")
@click.option("--port", metavar="P", type=click.IntRange(0, 65535), help="The same for the port.")
def run(host: str | None = None, port: int | None = None) -> None:
    """Run the tutor: on Telegram with TELEGRAM_BOT_TOKEN, else on a local chat page."""
    from bot.cli.run import serve  # noqa: PLC0415

    chosen = settings(host=host, port=port)
    # A folder that somebody named is meant; the usual one may come with the first lesson.
    if chosen.lessons != Path("lessons") and not chosen.lessons.is_dir():
        fact = f"{str(chosen.lessons)!a} is no folder here"
        give_up(ConfigError(f"NABLA_LESSONS: {fact}; wanted: a folder of lesson files"), secrets_of(chosen))
    to_the_end(serve(chosen, announce=click.echo), chosen)


@main.command()
def trainer() -> None:
    """Train for all bots on the same Postgres (NABLA_ENGINE=procrastinate); on any machine, any number."""
    from bot.cli.trainer import serve_trainer  # noqa: PLC0415

    chosen = settings()
    to_the_end(serve_trainer(chosen, announce=click.echo), chosen)


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATH ...]")
@click.option("--prove", is_flag=True, help="Run every claim about code in TensorFlow too (not built yet).")
def check(paths: tuple[str, ...], *, prove: bool) -> None:
    """Check lesson files (or folders of them); without a path those in use."""
    if prove:
        raise click.UsageError("--prove is documented but not built yet; check without it")
    findings = check_paths([Path(path) for path in paths] or [settings().lessons])
    for finding in findings:
        click.echo(str(finding))
    sys.exit(1 if findings else 0)


@main.command()
@click.argument("lesson", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def stats(lesson: str | None, *, as_json: bool) -> None:
    """How learners fare, question by question, at their first try."""
    chosen = settings()
    lessons = load_folder(chosen.lessons).lessons
    figures = to_the_end(_figures(chosen, lessons, lesson), chosen)
    if lesson is not None and lesson not in lessons and not figures:
        known = ", ".join(lessons) or "none"
        raise click.UsageError(f"there is no lesson {lesson!r} in {chosen.lessons}; there are: {known}")
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        figures_table(figures)


async def _figures(chosen: Settings, lessons: Mapping[str, Lesson], lesson: str | None) -> Figures:
    """Read beside a running bot."""
    from bot.store.choose import open_store  # noqa: PLC0415

    return await question_figures(open_store(chosen.database_url, read_only=True), lessons, lesson)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE if it is there.")
def backup(file: Path, *, force: bool) -> None:
    """Copy the database to FILE, also while the bot runs."""
    from bot.store import backup as copies  # noqa: PLC0415

    chosen = settings()
    database = _sqlite_file(chosen)
    try:
        copy = copies.back_up(database, file, overwrite=force)
    except NablaError as error:
        give_up(error, secrets_of(chosen))
    click.echo(f"{file}: {described(copy)}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Only prove that FILE is a sound copy.")
def restore(file: Path, *, only_check: bool) -> None:
    """Put the copy FILE in the database's place; the bot must not run, what was there is kept."""
    from bot.store import backup as copies  # noqa: PLC0415

    if only_check:
        try:
            copy = copies.check(file)
        except NablaError as error:
            click.echo(str(error))
            sys.exit(1)
        click.echo(f"{file}: sound; {described(copy)}")
        return
    chosen = settings()
    database = _sqlite_file(chosen)
    try:
        kept = copies.put_back(file, database, mark=mark())
    except NablaError as error:
        give_up(error, secrets_of(chosen))
    click.echo(f"{database}: restored from {file}" + (f"; what was there is now {kept}" if kept else ""))


def _sqlite_file(chosen: Settings) -> Path:
    """The database's file, or one line: what no file is, is copied by its own tools."""
    if chosen.database_url.startswith(("postgresql://", "postgres://")):
        give_up(NOT_HERE)
    try:
        return sqlite_path(chosen.database_url)
    except NablaError as error:
        give_up(error, secrets_of(chosen))
