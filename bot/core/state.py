"""What is remembered of a learner between two events: one frozen value, kept as JSON.

Law: a field without which an older session would not load has a default; ids of lessons, steps and
questions may have gone from the lesson files since, so nobody trusts them before looking them up.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.core.experiment import ModelState, Optimizer, Verdict

LIVE_SCREENS = 16  # messages whose buttons still answer; older ones lose theirs


class Value(BaseModel):
    """A frozen value that survives a trip through JSON."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")


class ScreenKind(StrEnum):
    """What a message with buttons is."""

    MENU = "menu"  # greeting, catalogue, progress, settings, plain texts
    STEP = "step"
    QUESTION = "question"
    ROUND_END = "round-end"
    FINISHED = "finished"
    EXPLAIN = "explain"  # the verdict on a question that was posted for everyone
    ASK_OVER = "ask-over"
    ASK_FORGET = "ask-forget"
    LAB = "lab"
    RESULT = "result"
    POST = "post"  # an administrator puts a post together
    LOST = "lost"  # the apology for a training that did not come back


# Where the learner is in a lesson: one such message at a time has buttons.
READING = frozenset(
    {
        ScreenKind.STEP,
        ScreenKind.QUESTION,
        ScreenKind.ROUND_END,
        ScreenKind.FINISHED,
        ScreenKind.ASK_OVER,
    }
)


class Asked(Value):
    """The question that stands in the chat."""

    question: str
    order: tuple[int, ...]
    seen: str = ""  # a print of the text and the options that were shown
    shown_at: datetime
    hints: int = 0
    chosen: int | None = None
    why: int = 0
    counted: bool | None = None  # of a post: whether the choice counted, or came when it was closed


class DraftStep(StrEnum):
    """What is asked next while a post is put together; short, since buttons carry it."""

    LESSON = "l"
    THING = "w"  # the question or the step
    CHAT = "c"
    CHECK = "k"  # Telegram is asked whether both may post there
    TOPIC = "t"
    TIME = "m"
    CLOSING = "z"
    CONFIRM = "y"
    PLANNED = "q"  # the list of what waits
    DONE = "d"


class Draft(Value):
    """A post as far as it is put together."""

    step: DraftStep = DraftStep.LESSON
    page: int = 0
    lesson: str = ""
    question: str | None = None
    thing: str | None = None  # the id of a step, where it is no question
    target: str = ""  # what Telegram is asked for: a chat's id, or @name
    chat: int = 0
    title: str = ""
    is_group: bool = True
    topics: tuple[tuple[int, str], ...] = ()
    is_forum: bool = False
    thread: int | None = None
    at: datetime | None = None  # None: now
    stays_s: int | None = None
    picture: bool = False
    whispers: bool = False
    problem: str = ""  # catalogue key of what is in the way


class Screen(Value):
    """A message that still answers to taps."""

    kind: ScreenKind
    lesson: str = ""
    asked: Asked | None = None  # of an explanation: what was posted and chosen
    draft: Draft | None = None
    ref: str = ""  # the step, the question, or the run's code


class Round(Value):
    """A sitting over some questions; `place` counts from 0 and points at the one asked."""

    sitting: int
    questions: tuple[str, ...]
    place: int = 0
    asked: Asked | None = None
    right: int = 0
    missed: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether every question was answered and left behind."""
        return self.place >= len(self.questions)


class LabState(Value):
    """The learner's model in one lesson's lab, and the settings on the panel."""

    optimizer: Optimizer
    rate: float
    steps: int
    model: ModelState
    fresh: bool = True  # no training since the start or the last Reset
    blown: bool = False
    loss: float | None = None
    story: str | None = None
    shared: bool = False
    restarted: bool = False
    running: str | None = None  # code of the run that is on its way
    prediction: Verdict | None = None  # the one made for these settings


class Study(Value):
    """One learner in one lesson."""

    step: str | None = None  # the step that was shown last
    index: int = 0  # where it stood, should its id have gone
    read: bool = False
    sittings: int = 0
    round: Round | None = None
    firsts: dict[str, bool] = {}  # question → right at the first try
    lab: LabState | None = None


class Session(Value):
    """Everything the conversation needs to go on exactly where it stopped."""

    language: str | None = None  # chosen in /settings; wins over Telegram's
    tongue: str | None = None  # what Telegram said last
    lesson: str | None = None  # the current lesson
    studies: dict[str, Study] = {}
    screens: dict[str, Screen] = {}  # key → message, oldest first
    nudged: datetime | None = None  # when chatter last came

    def study(self, lesson: str) -> Study:
        """The learner's place in a lesson, a new one if there is none."""
        return self.studies.get(lesson) or Study()

    def running(self) -> str | None:
        """Code of the training that this learner waits for."""
        return next((s.lab.running for s in self.studies.values() if s.lab and s.lab.running), None)
