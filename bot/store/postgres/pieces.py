"""What waits to be written, as values: one call of the store each, ready for a statement that takes many.

Law: whatever can be refused without the database is refused here, before anything waits.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.store.base import Change, UpdateKey
from bot.store.changes import json_text
from bot.store.group_changes import hangs_on_learner

_NUL = "\\u0000"


def moment(at: datetime) -> datetime:
    """A time with its zone; ValueError without."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; the store takes UTC")
    return at.astimezone(UTC)


def body_text(body: str) -> str:
    """JSON that Postgres can carry: a NUL, which JSON does not have, becomes its escape too."""
    return json_text(body).replace("\0", _NUL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Updates for the inbox."""

    bot: int
    updates: Sequence[tuple[int, str]]
    at: datetime

    def keys(self) -> Iterator[Hashable]:
        """What no other piece of the same group may touch."""
        return iter(())

    def shares(self) -> Iterator[Hashable]:
        """What others may look at, too, but not change."""
        return iter(())


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A word that was said, and the screen that it became."""

    number: int
    screen: tuple[int, str, int] | None

    def keys(self) -> Iterator[Hashable]:
        """What no other piece of the same group may touch."""
        if self.screen is not None:
            yield "screen", self.screen[0], self.screen[1]

    def shares(self) -> Iterator[Hashable]:
        """What others may look at, too, but not change."""
        return iter(())


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A change, its times checked."""

    change: Change
    at: datetime

    def __post_init__(self) -> None:
        change = self.change
        moments = [answer.answered_at for answer in change.answers] + [run.made_at for run in change.runs]
        moments += [vote.cast_at for vote in change.votes]
        moments += [change.post.made_at] if change.post is not None else []
        moments += [change.post_answer.answered_at] if change.post_answer is not None else []
        if change.activity is not None:
            moments += [change.activity.made_at, *filter(None, [change.activity.due])]
        for each in moments:
            moment(each)

    def learners(self) -> set[int]:
        """Whose rows it writes; nobody's if it only marks an update."""
        change = self.change
        touches = (change.loaded, change.job_done, change.shown_name, change.dead_screens or None)
        mine = change.learner is not None and any(each is not None for each in touches)
        return self.hangs() | ({change.learner} if change.learner is not None and mine else set())

    def hangs(self) -> set[int]:
        """Who gets a row if there is none yet."""
        change = self.change
        found = {run.learner for run in change.runs}
        if change.job is not None:
            found.add(change.job.learner)
        if change.activity is not None and change.activity.starter is not None:
            found.add(change.activity.starter)
        hanging = change.answers or change.words or change.post_answer or hangs_on_learner(change)
        if change.learner is not None and (change.session is not None or hanging):
            found.add(change.learner)
        return found

    def keys(self) -> Iterator[Hashable]:
        """What no other piece of the same group may touch: then their order does not matter."""
        change = self.change
        for learner in self.learners():
            yield "learner", learner
        for chat in {word.chat for word in change.words}:
            yield "said", chat  # words to one chat get their numbers in the order they were asked for
        if change.update is not None:
            yield change.update
        if change.post is not None:
            yield "post", change.post.code
        if change.activity is not None:
            yield "activity", change.activity.code
            yield "alone", change.activity.kind, change.activity.chat
        if change.chat is not None:
            yield "chat", change.chat.chat
        if change.topic is not None:
            yield "chat", change.topic.chat
        if change.whispers is not None:
            yield "chat", change.whispers[0]

    def shares(self) -> Iterator[Hashable]:
        """What others may look at, too, but not change: many vote in one activity."""
        if self.change.while_at is not None:
            yield "activity", self.change.while_at[0]
        for vote in self.change.votes:
            yield "activity", vote.code

    @property
    def update(self) -> UpdateKey | None:
        """The update that it marks handled."""
        return self.change.update


Piece = Kept | Said | Asked
