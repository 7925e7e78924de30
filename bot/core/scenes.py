"""What a message shows, as values: no words, no layout; `bot.view` makes the message from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.events import Planned, Target
from bot.core.experiment import ModelState, Optimizer, Outcome, Spec, Verdict
from bot.core.state import Draft


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A learner's place in one lesson."""

    lesson: str
    right: int  # practice questions right at the first try
    asked: int  # practice questions in the lesson
    started: bool = False
    read: bool = False  # all steps seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Welcome:
    """The greeting, with one button that starts or continues."""

    name: str
    lesson: str | None  # None: there are no lessons
    started: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """A page of lessons, one button each."""

    standings: tuple[Standing, ...]  # of this page
    page: int
    pages: int
    missing: str = ""  # what was asked for and is not there
    lab_only: bool = False  # the lessons listed are those with a lab


@dataclass(frozen=True, kw_only=True, slots=True)
class StepScene:
    """One step of a lesson."""

    lesson: str
    step: str
    resumed: bool = False  # offers to start over


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionScene:
    """A question: before the answer, or with the verdict and as much of the solution as was asked for."""

    lesson: str
    question: str
    order: tuple[int, ...]  # places in the lesson file, in the order shown
    place: int  # from 1
    total: int
    hints: int = 0
    chosen: int | None = None  # place in the lesson file
    why: int = 0  # parts of the explanation shown: the steps, then the rest
    alone: bool = False  # in no round: a question that was posted for everyone
    counted: bool | None = None  # of a post: whether the choice counted, or came when it was closed


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundEnd:
    """How a round went, and what comes next."""

    lesson: str
    right: int
    asked: int
    missed: int
    standing: Standing
    next_lesson: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The lesson is done: what one can do with it now."""

    lesson: str
    standing: Standing
    next_lesson: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskOver:
    """Really start over?"""

    lesson: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskForget:
    """Really delete everything?"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabScene:
    """The lab: the model as it is, the settings, the stories, the three predictions."""

    lesson: str
    optimizer: Optimizer
    rate: float
    steps: int
    model: ModelState
    fresh: bool
    loss: float | None  # of the model as it is, if a run has told
    blown: bool = False  # the last run left no finite weights
    story: str | None = None  # the story these settings tell
    restarted: bool = False  # the optimizer was changed: its memory starts again
    shared: bool = False  # opened from a replay link


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A training is on its way; `ahead` learners come first."""

    lesson: str
    ahead: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultScene:
    """What a run did, against what was predicted."""

    lesson: str
    code: str
    prediction: Verdict
    verdict: Verdict
    least: float
    spec: Spec
    outcome: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class LostScene:
    """A training did not come back; offers to try again."""

    lesson: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramScene:
    """The Python program that repeats a run."""

    lesson: str
    spec: Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareScene:
    """A link with which anyone can replay a run."""

    lesson: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressScene:
    """All lessons with what was right at the first try, and the next thing to do."""

    standings: tuple[Standing, ...]
    lesson: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsScene:
    """The language, chosen or Telegram's."""

    language: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftScene:
    """A post as far as it is put together, and what is asked next."""

    draft: Draft
    now: datetime
    lessons: tuple[str, ...] = ()  # of this page
    questions: tuple[str, ...] = ()  # of this page; the suggested one first
    steps: tuple[str, ...] = ()  # of this page
    suggested: str = ""  # the next question
    posted: frozenset[str] = frozenset()
    chats: tuple[Target, ...] = ()  # of this page
    planned: tuple[Planned, ...] = ()  # of this page
    waiting: int = 0  # how many are planned in all
    pages: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """A text of the catalogue, with a button that goes on where the learner stopped."""

    text: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    go_on: bool = True
    lesson: str | None = None  # where going on leads; None: to the catalogue
    started: bool = True  # whether the learner has begun that lesson


Scene = (
    Welcome
    | Catalogue
    | StepScene
    | QuestionScene
    | RoundEnd
    | Finished
    | AskOver
    | AskForget
    | LabScene
    | Waiting
    | ResultScene
    | LostScene
    | ProgramScene
    | ShareScene
    | ProgressScene
    | SettingsScene
    | DraftScene
    | Plain
)
