"""What a store must keep: the port that every backend fills and one suite of tests runs through.

Law: an update is kept before it is confirmed; what it changed and what is still to be said about it are
committed together; the same update, answer or run arriving twice counts once. A method returns only after
what it wrote is on the disk; a caller that is cancelled while it waits may have been served. The store knows no
Telegram and no lesson: bodies are JSON text to it. Times carry their zone (ValueError else).

Where several processes share a store, what one keeps and commits is in its hand while it lives: no other is given
it by `waiting`, `unsaid` or `jobs`. What a process had in hand when it ended goes to one of the others (`orphans`)
or to the next start.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.store.groups import Activity, GroupStore, KnownChat, KnownTopic, ShownName, Vote


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateKey:
    """Names one update for ever: the bot's id and Telegram's `update_id`."""

    bot: int
    update_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptUpdate:
    """An update in the inbox: its body as it came (JSON) until it is handled, then empty."""

    key: UpdateKey
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer to one question; unique by (learner, lesson, question, sitting)."""

    lesson: str
    question: str
    sitting: int  # counts the rounds of this learner in this lesson; the first is 1
    option: int  # place of the chosen option in the lesson file, from 0
    correct: bool
    hints: int  # hints seen before answering
    seconds: float | None  # from shown to answered; None where the clock cannot tell
    answered_at: datetime  # UTC
    source: str = "private"  # where it was given; shared posts come later


@dataclass(frozen=True, kw_only=True, slots=True)
class NewWord:
    """One thing still to be said to a chat, in the order of the tuple it came in."""

    chat: int
    kind: str
    body: str  # JSON
    key: str | None = None  # the screen it shows, if what is said becomes one


@dataclass(frozen=True, kw_only=True, slots=True)
class Word(NewWord):
    """A word with its number in the store; within a chat numbers grow in the order of saying."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A training that a learner waits for; at most one a learner."""

    learner: int
    code: str  # the run's code, unique
    body: str  # JSON: what to train, and what its result needs


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A finished or asked-for run under its short code, so that anyone can replay it."""

    code: str
    learner: int
    lesson: str
    body: str  # JSON
    made_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Something of a lesson posted for everyone in a chat, under a short code that its buttons carry."""

    code: str
    chat: int
    lesson: str
    question: str | None  # None: a step
    body: str  # JSON: what it shows, and in which order
    made_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PostAnswer:
    """A person's first tap on a post; unique by (post, person)."""

    code: str
    option: int  # place of the chosen option in the lesson file, from 0
    correct: bool
    answered_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """How many answered a post, and how many of them were right."""

    answered: int
    right: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """What is known of a learner: the session (JSON, None if new) and where its screens stand in the chat."""

    session: str | None
    screens: Mapping[str, int]  # screen key → Telegram message id


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """All that one event changed, committed in one piece or not at all."""

    learner: int | None  # whose event it was; None: nobody's (a time came, a stranger pressed an old button)
    # What it was worked out from: if the session is another by now, nothing is applied (StaleError).
    loaded: Remembered | None = None
    # Marks it handled, whether it was kept or not; a Change for an update handled before is not applied.
    update: UpdateKey | None = None
    session: str | None = None  # the new session; None leaves it
    answers: tuple[Answer, ...] = ()
    words: tuple[NewWord, ...] = ()
    runs: tuple[Run, ...] = ()  # put in, or renewed under the same code
    job: Job | None = None  # the learner's training from now on, in place of one that waits; its code is new
    job_done: str | None = None  # code of the job that ended; a Change for a job that is gone is not applied
    post: Post | None = None  # a new post
    post_answer: PostAnswer | None = None  # the learner's; one that is there already is left as it was
    dead_screens: tuple[str, ...] = ()  # keys that will never be edited again
    activity: Activity | None = (
        None  # as it becomes, its version as it was read; StaleError if that is not it
    )
    votes: tuple[Vote, ...] = ()  # the learner's
    while_at: tuple[str, int] | None = None  # (activity, version) that must stand; StaleError if it does not
    chat: KnownChat | None = None  # what Telegram says of a chat now
    topic: KnownTopic | None = None  # what is known of a topic of a known chat
    whispers: tuple[int, bool] | None = None  # a known chat, and whether verdicts are whispered there
    runs_chat: int | None = None  # a known chat in which the learner has just acted as an administrator
    shown_name: ShownName | None = None  # the learner's


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What another process had in hand when it ended; it is this process's now."""

    updates: Sequence[KeptUpdate]
    words: Sequence[Word]
    jobs: Sequence[Job]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tries:
    """How one learner stands with one question."""

    lesson: str
    question: str
    first_correct: bool
    first_source: str
    tries: int
    correct: int
    hints: int  # at the first try
    seconds: float | None  # at the first try


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionFigure:
    """How often an option was chosen at the first try, over all learners."""

    lesson: str
    question: str
    option: int
    chosen: int
    correct: bool
    hints: float  # mean number of hints seen
    seconds: float | None  # median time


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """How busy a store is: groups committed so far, the pieces of work in them, and what waits now."""

    groups: int = 0
    items: int = 0
    waiting: int = 0


class Store(GroupStore, Protocol):
    """The port. Errors: StoreError when it cannot be used, OverloadedError when its bounded queue is full."""

    async def open(self) -> None:
        """Open and migrate; StoreError for what is corrupt, locked, read-only, in use or newer than this program.

        What is refused is left as it was, byte for byte.
        """

    async def close(self) -> None:
        """Commit what waits, then close; safe to call twice."""

    async def keep(self, bot: int, updates: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
        """Put (update_id, body) pairs into the inbox; return the ids that were not there before, in order.

        A body is kept as it came, but that half a surrogate pair becomes its JSON escape (as in all bodies). It is
        JSON, so there is no NUL in it.
        """

    async def waiting(self, bot: int) -> list[KeptUpdate]:
        """Updates kept but not handled, in the order they were kept."""

    async def load(self, learner: int) -> Remembered:
        """What is known of a learner; never None."""

    async def commit(self, change: Change, *, now: datetime) -> tuple[Word, ...] | None:
        """Apply a change; None if its update or job was handled before (then nothing is changed), StaleError
        if it was worked out from a session that is another by now (nothing is changed either).

        An answer that is there already is left as it was: the first counts. Words come back numbered, in order.
        One change may name both `job_done` and `job`: the old training ends, the new one waits.
        StaleError, and nothing changed, if an activity is not as the change believes: read it and try again.
        """

    async def said(self, number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        """A word was said (or never can be): forget it. `screen`: (learner, key, message id) to remember.

        For a word that is not there (said before, its learner forgotten) nothing happens.
        """

    async def unsaid(self) -> list[Word]:
        """Words committed but not said, each chat's in order, for the next start."""

    async def jobs(self) -> list[Job]:
        """Trainings still awaited, oldest first, for the next start."""

    def orphans(self, bot: int) -> AsyncIterator[Left]:
        """What processes that ended had in hand, each thing once, as long as it is iterated.

        Ends at once where only one process can use the store: then the next start has it all.
        """

    async def run(self, code: str) -> Run | None:
        """The run under a code."""

    async def post(self, code: str) -> Post | None:
        """The post under a code."""

    async def posts(self, chat: int, lesson: str) -> list[Post]:
        """What of a lesson was posted in a chat, oldest first.

        Not among them: what Telegram refused, so that it was neither said nor answered.
        """

    async def move(self, old: int, new: int) -> None:
        """A group has a new id: all that is known of it and waits for it goes there; a second time does nothing.

        Message ids do not move along: what was said before is edited no more.
        """

    async def post_answer(self, code: str, learner: int) -> PostAnswer | None:
        """What a person chose on a post."""

    async def totals(self, code: str) -> Totals:
        """How a post stands; who was forgotten is not counted any more."""

    async def shares(self, code: str) -> Mapping[int, int]:
        """Option → how many chose it on a post."""

    async def fresh_posts(self, since: datetime) -> list[str]:
        """Codes of posts that were answered since then."""

    async def tries(self, learner: int) -> list[Tries]:
        """How a learner stands with each question ever answered, in order of the first answer."""

    async def figures(self, lesson: str | None = None) -> list[OptionFigure]:
        """First-try figures per option, for authors."""

    async def export(self, learner: int) -> dict[str, Any]:
        """Everything stored about a learner, as plain JSON values (bodies and session decoded).

        NaN and Infinity, which JSON does not have, come as text. Updates that wait are not in it: the store
        cannot tell whose they are, and a handled one is empty.
        """

    async def forget(self, learner: int, *, update: UpdateKey | None = None) -> None:
        """Delete all of a learner, `update`'s body too: afterwards the id is in no file of the store.

        `update` is marked handled. To lose no confirmation: forget, say so, then forget again with `update`;
        a kill in between repeats both. What arrives from the learner later, and still waits, stays.
        """

    async def sweep(self, *, now: datetime) -> None:
        """Drop inbox rows handled more than 48 h ago."""

    async def turn(self, name: str, *, every_s: float) -> bool:
        """Whether it is this process's turn at what all of them together do at most once in that time.

        Always, where one process has the store: it paces itself.
        """
        return True

    async def claim(self, name: str, *, at_most_s: float) -> bool:
        """Whether this process may do what one of them all does; until it ends, gives it back, or the time is over.

        Always, where one process has the store: it knows what it does.
        """
        return True

    async def give_back(self, name: str) -> bool:
        """Let go of what was claimed; whether it was this process's until now."""
        return True

    async def probe(self) -> None:
        """Write something that changes nothing, to the disk; raises what a change would raise now.

        A backend that cannot do so reads.
        """
        await self.jobs()

    def pulse(self) -> Pulse:
        """How busy it is; zeros where nobody counts."""
        return Pulse()
