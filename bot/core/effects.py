"""What follows from an event: values that the use cases carry out, in this order."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.experiment import Outcome, Spec, Verdict
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
    Show | Edit | Strip | Toast | ShowVerdict | OpenPrivate | RecordShared | Record
    | Train | Untrain | KeepRun | Picture | SendExport | Forget
)  # fmt: skip
