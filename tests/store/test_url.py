"""NABLA_DATABASE_URL: what is accepted, and that no secret is repeated."""

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store.sqlite import SqliteStore, open_store
from bot.store.url import sqlite_path


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
        ("postgresql://nabla:hunter2@db.example/nabla", "documented but not built yet"),
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
