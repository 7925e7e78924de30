"""NABLA_DATABASE_URL: what is accepted, and that no secret is repeated."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store.choose import files_of, open_store
from bot.store.sqlite import SqliteStore
from bot.store.url import postgres_url, sqlite_path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/nabla.db", "data/nabla.db"),
        ("sqlite:////var/lib/nabla.db", "/var/lib/nabla.db"),
        ("sqlite:///with space/é.db", "with space/é.db"),
    ],
)
def test_sqlite_addresses(url: str, path: str) -> None:
    """Three slashes are relative to the working directory, four are absolute."""
    assert sqlite_path(url) == Path(path)
    assert isinstance(open_store(url), SqliteStore)


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("postgresql://nabla:hunter2@db.example", "names no database"),
        ("postgresql://nabla:hunter2@db.example:port/nabla", "cannot be read"),
        ("postgresql://nabla:hunter2#3@db.example/nabla", "%23"),
        ("postgres:///nabla", "names no host"),
        ("mysql://nabla:hunter2@db.example/nabla", "mysql://…"),
        ("hunter2", "is no address"),
        ("hun:ter2://x", "is no address"),
        ("", "is no address"),
        ("sqlite://hunter2/x.db", "three or four slashes"),
        ("sqlite:///", "names no file"),
        ("sqlite:////", "names no file"),
        ("sqlite:///data/", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///x.db?key=hunter2", "no options"),
    ],
)
def test_other_addresses_are_refused(url: str, fact: str) -> None:
    """One line with variable, fact and wanted form, and never the password."""
    with pytest.raises(ConfigError) as caught:
        open_store(url)
    line = str(caught.value)
    assert line.startswith("NABLA_DATABASE_URL: ") and fact in line and "sqlite:///data/nabla.db" in line
    assert "hunter2" not in line and "\n" not in line


def test_postgres_addresses() -> None:
    """By host or by the folder of a socket; both spellings of the scheme."""
    for url in ("postgresql://u:p@db.example:5433/nabla", "postgres://u@/nabla?host=/run/postgresql"):
        assert postgres_url(url) == url
        assert files_of(url) == Path("data/nabla.db").absolute()


def test_what_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra's name, and how to get it."""
    monkeypatch.setitem(sys.modules, "bot.store.postgres.store", None)
    with pytest.raises(ConfigError, match=r"NABLA_DATABASE_URL: .* not installed; wanted: pip install"):
        open_store("postgresql://nabla:hunter2@db.example/nabla")


def test_without_postgres_nothing_of_it_is_imported() -> None:
    """The whole command line, with SQLite: no driver, no queue."""
    program = "import bot.cli.commands, bot.cli.run, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names = {name.partition(".")[0] for name in done.stdout.split()}
    assert "aiohttp" in names
    assert names.isdisjoint({"asyncpg", "psycopg", "psycopg_pool", "procrastinate"})
