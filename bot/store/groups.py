"""What is remembered of groups and channels: the chats themselves, what goes on in them, who chose what.

Law: an activity changes by compare and swap (its version), so that two hands at one activity, or two processes,
never lose each other's change; a vote counts while the activity stands as the voter saw it. No body holds a
person: who was forgotten is gone from votes, names and rights with one row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownChat:
    """A group or channel that the bot has seen, as Telegram last described it."""

    chat: int
    kind: str  # group, supergroup, channel
    title: str
    username: str | None = None
    inside: bool = True  # False: the bot was taken out
    whispers: bool = False  # verdicts as messages that one person alone sees; what Telegram says leaves it


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownTopic:
    """A forum topic of a known chat, by the last name seen; None: it is gone."""

    chat: int
    thread: int
    name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """Something that goes on in a chat over time: a round, an experiment, a plan, a post with a time of its own."""

    code: str
    kind: str
    chat: int
    body: str  # JSON: its state; never a person
    made_at: datetime
    version: int = 0  # as it was read; 0: new. The store counts it up with every change
    thread: int | None = None  # the forum topic; None: General, or no forum
    starter: int | None = None  # who began it; None when that person was forgotten
    due: datetime | None = None  # when it wants to be woken
    alone: bool = False  # True: the only one of its kind in its chat and topic that is not over
    over: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """What the learner of a change chose in an activity; unique by (activity, item, person)."""

    code: str
    item: str
    choice: int
    cast_at: datetime
    points: float = 0.0
    seconds: float | None = None  # from shown to chosen
    final: bool = True  # True: the first one counts; False: it takes the place of an earlier one


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """A vote with whose it is."""

    learner: int
    item: str
    choice: int
    points: float
    seconds: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownName:
    """The name by which the learner of a change wants to be seen in a chat; None takes it back."""

    chat: int
    name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What a person reached in a chat's activities of one kind."""

    learner: int
    points: float
    answered: int
    seconds: float  # in all


class GroupStore(Protocol):
    """The part of the port that groups need; what is written comes with `Change`, as everything does."""

    async def known_chat(self, chat: int) -> KnownChat | None:
        """A chat by its id."""

    async def chats_of(self, learner: int) -> list[KnownChat]:
        """Chats with the bot in them in which this person has acted as an administrator, by title.

        Rights change: whoever uses this asks Telegram again.
        """

    async def activity(self, code: str) -> Activity | None:
        """The activity under a code, also one that is over."""

    async def topics(self, chat: int) -> Mapping[int, str]:
        """Thread → name of the topics that were seen in a forum, by name."""

    async def activities(
        self, *, chat: int | None = None, kind: str | None = None, starter: int | None = None
    ) -> list[Activity]:
        """What goes on (in a chat; of a kind; begun by somebody), oldest first."""

    async def ended(self, kind: str, since: datetime, *, chat: int | None = None) -> list[Activity]:
        """What is over and was begun since then (in a chat), oldest first."""

    async def due(self, now: datetime) -> list[Activity]:
        """What wants to be woken by now, the longest waiting first."""

    async def ballots(self, code: str) -> list[Ballot]:
        """Every vote of an activity; who was forgotten is not among them."""

    async def ballot(self, code: str, item: str, learner: int) -> Ballot | None:
        """What a person chose."""

    async def tally(self, code: str, item: str) -> Mapping[int, int]:
        """Choice → how many chose it."""

    async def shown_names(self, chat: int) -> Mapping[int, str]:
        """Learner → the name that this chat may see."""

    async def scores(self, chat: int, kind: str, since: datetime) -> list[Score]:
        """What each person reached in a chat since then: most points first, then the least time."""
