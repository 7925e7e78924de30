"""One statement for many rows."""

from collections.abc import Sequence
from typing import Any

import asyncpg


async def many(db: asyncpg.Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement that takes columns (`unnest`); nothing without rows."""
    if rows:
        await db.execute(sql, *zip(*rows, strict=True))
