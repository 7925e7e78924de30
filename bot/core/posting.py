"""A post with a time of its own: it waits, is posted, and closes; a pure state machine, kept as JSON.

Law: it is posted at most once and closed at most once, whatever comes in which order; what does not fit the phase
changes nothing. No person is in it.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.state import Value

KIND = "posting"
LATE = timedelta(hours=24)  # what could not be posted for so long is not posted any more


class Phase(StrEnum):
    """Where a posting is in its life."""

    WAITING = "waiting"  # for its time
    OPEN = "open"  # posted, and it will close
    CLOSING = "closing"  # no tap counts any more, and its answer is about to be shown
    CLOSED = "closed"  # it shows the answer
    ENDED = "ended"  # posted for good, or called off


class Posting(Value):
    """What is posted, when, and how long it is open."""

    lesson: str
    question: str | None = None
    step: str | None = None
    language: str
    at: datetime
    stays_s: int | None = None  # open for so long; None: never closes
    picture: bool = False  # at closing, of how many chose what
    phase: Phase = Phase.WAITING
    closes: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.phase in (Phase.CLOSED, Phase.ENDED)

    @property
    def due(self) -> datetime | None:
        """When it wants to be woken."""
        closes = self.closes
        return {Phase.WAITING: self.at, Phase.OPEN: closes, Phase.CLOSING: closes}.get(self.phase)

    def is_late(self, now: datetime) -> bool:
        """Whether its time passed too long ago to post it now."""
        return self.phase is Phase.WAITING and now - self.at > LATE


def posted(state: Posting, now: datetime) -> Posting:
    """It stands in the chat now; its time there begins now, also if it was late."""
    if state.phase is not Phase.WAITING:
        return state
    if state.stays_s is None or state.question is None:
        return state.model_copy(update={"phase": Phase.ENDED})
    closes = now + timedelta(seconds=state.stays_s)
    return state.model_copy(update={"phase": Phase.OPEN, "closes": closes})


def closed(state: Posting, now: datetime) -> Posting:
    """Its time in the chat is over: no tap counts any more."""
    if state.phase is not Phase.OPEN or (state.closes is not None and now < state.closes):
        return state
    return state.model_copy(update={"phase": Phase.CLOSING})


def answer_shown(state: Posting) -> Posting:
    """What was counted is final, and stands there with the answer."""
    return state.model_copy(update={"phase": Phase.CLOSED}) if state.phase is Phase.CLOSING else state


def called_off(state: Posting) -> Posting:
    """Not posted at all, or left open for good; what closes already closes."""
    waits = state.phase in (Phase.WAITING, Phase.OPEN)
    return state.model_copy(update={"phase": Phase.ENDED}) if waits else state
