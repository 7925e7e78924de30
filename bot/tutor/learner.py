"""Who acts: what an update says of a person, and no more than that."""

from dataclasses import dataclass

LENT = frozenset({136817688, 1087968824, 777000})  # ids that Telegram lends to who writes in a chat's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Learner:
    """Who sent an update: the id, and what Telegram says of the person."""

    id: int
    first_name: str = ""
    language: str | None = None

    @property
    def lent(self) -> bool:
        """Whether the id is no person's: nobody to be named, or to be written to."""
        return self.id in LENT
