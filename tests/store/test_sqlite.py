"""SQLite runs through the contract; so does the model, which makes it worth comparing with."""

from itertools import count
from pathlib import Path

import pytest

from bot.store.sqlite import SqliteStore
from tests.store.contract import Backend, Factory, StoreContract
from tests.store.model import ModelStore, Shelf


class TestSqliteStore(StoreContract):
    """The store in a file."""

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        """A new file each time."""
        numbers = count()

        def place() -> Factory:
            path = tmp_path / f"{next(numbers)}" / "nabla.db"
            return lambda: SqliteStore(path)

        return place


class TestModelStore(StoreContract):
    """The page of dictionaries."""

    @pytest.fixture
    def backend(self) -> Backend:
        """A new shelf each time."""

        def place() -> Factory:
            shelf = Shelf()
            return lambda: ModelStore(shelf)

        return place
