"""Who acts: what an update says of a person, and no more than that."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Learner:
    """Who sent an update: the id, and what Telegram says of the person."""

    id: int
    first_name: str = ""
    language: str | None = None
