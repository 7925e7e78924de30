"""`backup` and `restore` in words."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.store.backup import Copy

NOT_HERE = ConfigError(
    "NABLA_DATABASE_URL: postgresql://… is copied with pg_dump and put back with pg_restore; "
    "wanted here: sqlite:///…"
)


def described(copy: "Copy") -> str:
    """What a copy holds, on one line."""
    rows = ", ".join(f"{name} {count:,}" for name, count in copy.rows.items())
    older = f"; of an older version (the bot brings it up to date: {', '.join(copy.pending)})"
    return rows + (older if copy.pending else "")


def mark() -> str:
    """What a file that is replaced now is marked with."""
    return f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
