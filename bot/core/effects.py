"""What follows from an event: values that the use cases carry out, in this order."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.experiment import Outcome, Spec, Verdict
from bot.core.posting import Posting
from bot.core.scenes import Scene


@dataclass(frozen=True, kw_only=True, slots=True)
class Show:
    """Send a new message; its buttons answer to `key`."""

    key: str
    scene: Scene


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """Change the message that stands under `key`."""

    key: str
    scene: Scene


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """Take the buttons off the message under `key`."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Toast:
    """Answer the tap with a short text (catalogue key); as an alert if it must be read."""

    text: str
    params: dict[str, str | int] = field(default_factory=dict)
    alert: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowVerdict:
    """Answer the tap with the verdict on an option and its reason, as an alert that only this person sees."""

    lesson: str
    question: str
    option: int
    late: bool = False  # it does not count any more
    whisper: "Whisper | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Whisper:
    """Where the verdict may be said whole to one person alone, instead of in an alert."""

    code: str
    chat: int
    thread: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenPrivate:
    """Answer the tap with the bot's own start link: the private chat opens and shows what it names."""

    payload: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordShared:
    """Remember a person's first tap on a post."""

    code: str
    option: int
    correct: bool
    while_at: int | None = None  # version of its posting that must stand


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordLate:
    """Remember what a person chose first on a closed post, which counts nowhere."""

    code: str
    option: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckTarget:
    """Ask Telegram whether this person and the bot may post in a chat; the answer comes back as an event."""

    key: str
    target: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KnowChat:
    """Remember a chat as Telegram describes it now."""

    chat: int
    kind: str
    title: str
    username: str | None
    is_inside: bool
    runs: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Post this at its time."""

    code: str
    chat: int
    thread: int | None
    state: Posting
    whispers: bool | None  # None: leave it in that chat as it was


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOff:
    """Change a posting that was read at this version."""

    code: str
    version: int
    chat: int
    state: Posting


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Remember an answer to a practice question."""

    lesson: str
    question: str
    sitting: int
    option: int
    correct: bool
    hints: int
    seconds: float | None
    answered_at: datetime
    source: str = "private"


@dataclass(frozen=True, kw_only=True, slots=True)
class Train:
    """Run this, and bring the result back as an event."""

    code: str
    lesson: str
    prediction: Verdict
    spec: Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Untrain:
    """Nobody waits for this training any more."""

    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeepRun:
    """Keep a finished run under its code: its picture, its program and its replay hang on it."""

    code: str
    lesson: str
    prediction: Verdict
    spec: Spec
    outcome: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """Send the picture of the run under this code when it is drawn."""

    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SendExport:
    """Send everything stored about the learner as a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forget:
    """Delete all that is known of the learner, then say so."""

    key: str
    scene: Scene


Effect = (
    Show | Edit | Strip | Toast | ShowVerdict | OpenPrivate | RecordShared | RecordLate | Record
    | CheckTarget | KnowChat | Plan | CallOff | Train | Untrain | KeepRun | Picture | SendExport | Forget
)  # fmt: skip
