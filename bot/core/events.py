"""What can happen to a learner: frozen values, made outside, valid at birth."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.experiment import Outcome, Spec
from bot.core.posting import Posting


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedRun:
    """A run that somebody shared: enough to try the same again."""

    lesson: str
    spec: Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenPost:
    """A question post as it was shown, and what this person chose on it."""

    code: str
    lesson: str
    question: str
    order: tuple[int, ...]
    seen: str  # the print of what was shown
    chosen: int | None = None
    closed: bool = False
    late: int | None = None  # what this person chose when it was closed already: that did not count
    while_at: int | None = None  # version of the posting that may close it: a tap counts while it stands
    whispers: bool = False  # verdicts as messages that one person alone sees
    chat: int = 0
    thread: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A chat that this person has run: where a post may go, if Telegram agrees."""

    chat: int
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A posting of this person that waits for its time, or for its closing."""

    code: str
    version: int
    chat: int
    title: str
    state: Posting


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What an administrator can work with."""

    chats: tuple[Target, ...] = ()
    planned: tuple[Planned, ...] = ()
    posted: frozenset[str] = frozenset()  # questions of the lesson in hand that stand in one of the chats


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetChecked:
    """Telegram said whether this person and the bot may post in a chat; `problem`: catalogue key, empty if both may."""

    key: str  # of the screen that asked
    target: str
    chat: int
    kind: str = ""
    title: str = ""
    username: str | None = None
    is_forum: bool = False
    topics: tuple[tuple[int, str], ...] = ()
    whispers: bool = False
    problem: str = ""
    is_inside: bool = True
    runs: bool = False  # whether the person is in charge there
    desk: Desk | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedTap:
    """The learner pressed an option of a post; `post.chosen` is what counted before, None: there is no such post."""

    code: str
    argument: str
    post: SeenPost | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """The learner sent `/name argument`."""

    name: str
    argument: str = ""
    first_name: str = ""
    shared: SharedRun | None = None  # what a replay link names, if it does
    post: SeenPost | None = None  # what a link to an explanation names
    desk: Desk | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tap:
    """The learner pressed a button: `key:action[:argument]` on a message."""

    key: str
    action: str
    argument: str = ""
    in_place: bool = True  # False: the message is not the one this key was made for
    shared: SharedRun | None = None  # the run on the screen, where the action needs it
    desk: Desk | None = None  # where the screen is a post that is put together


class ChatterKind(StrEnum):
    """What came that is neither a command nor a button."""

    TEXT = "text"
    OTHER = "other"  # a sticker, a photo, a voice message …


@dataclass(frozen=True, kw_only=True, slots=True)
class Chatter:
    """Something that the bot cannot act on."""

    kind: ChatterKind
    text: str = ""  # its beginning: a time may be typed; kept nowhere


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingDone:
    """The training under this code came back."""

    code: str
    lesson: str
    prediction: str
    spec: Spec
    outcome: Outcome


class Loss(StrEnum):
    """Why a training did not come back."""

    TIMEOUT = "timeout"
    DIED = "died"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingLost:
    """The training under this code will not come back."""

    code: str
    lesson: str
    reason: Loss


Event = Command | Tap | SharedTap | Chatter | TargetChecked | TrainingDone | TrainingLost
