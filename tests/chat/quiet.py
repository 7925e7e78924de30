"""A bot whose groups are quiet: nothing goes on in them."""

from pathlib import Path

from bot.store.sqlite import SqliteStore
from bot.tutor.activities import Activities
from bot.tutor.tutor import Tutor
from tests.chat.clock import noon


def quiet(tutor: Tutor) -> Activities:
    """No kind of activity; the store is never opened."""
    return Activities(tutor=tutor, store=SqliteStore(Path("never.db")), say=lambda _: None, now=noon)
