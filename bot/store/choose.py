"""Which store NABLA_DATABASE_URL names, and where the files beside it live."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.errors import ConfigError
from bot.store.base import Store
from bot.store.sqlite import SqliteStore
from bot.store.url import is_postgres, postgres_url, sqlite_path

_BESIDE = Path("data/nabla.db")  # where SQLite's file would be: caches and the local chat stand beside it


def open_store(url: str, *, read_only: bool = False, queued: bool = False) -> Store:
    """The store, still to be opened; ConfigError for an address of none, or if what it needs is not installed.

    queued: trainings are errands in the same database (Postgres only).
    """
    if not is_postgres(url):
        return SqliteStore(sqlite_path(url), read_only=read_only)
    checked = postgres_url(url)
    try:
        # Only now: who has one file needs none of it.
        from bot.store.postgres.store import PostgresStore  # noqa: PLC0415
    except ImportError as error:
        raise missing(error) from None
    return PostgresStore(checked, read_only=read_only, queued=queued)


def errands_of(store: Store, done: Callable[..., Any]) -> Any:
    """Where a store that was opened `queued` keeps errands; `done` makes an answer of its columns."""
    make = getattr(store, "errands", None)
    if make is None:
        raise TypeError("only Postgres has errands")
    return make(done)


def missing(error: ImportError) -> ConfigError:
    """One line for a part that is not installed."""
    advice = "wanted: pip install 'nabla-tutor[postgres]' (from source: make postgres)"
    return ConfigError(f"NABLA_DATABASE_URL: postgresql:// needs {error.name}, not installed; {advice}")


def files_of(url: str) -> Path:
    """The database's file, or for Postgres the one that would be; what is stored as files goes beside it."""
    return (_BESIDE if is_postgres(url) else sqlite_path(url)).absolute()
