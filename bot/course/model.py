"""What a lesson is: the schema of a lesson file, version 1.

Law: a Lesson that exists is whole. Every id is unique, every question has one right option and a step that
explains it, every practice question a hint and a worked solution, every lab data that can be trained on.
Attribute names are the keys of the file. What Telegram's limits forbid is for the lint to say (`bot.check`).
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.course.finding import excerpt
from bot.course.lab import Axis, Lab, Start, Story
from bot.course.part import Part, Problem, peek, peek_items, problem, repeated
from bot.course.text import CodeLanguage, CodeText, Id, Label, LanguageTag, Line, Point, Prose

__all__ = [
    "Axis",
    "Code",
    "Lab",
    "LabelledCode",
    "Lesson",
    "Level",
    "Option",
    "Question",
    "QuestionLevel",
    "SolutionStep",
    "Start",
    "Step",
    "StepKind",
    "Story",
    "Use",
]


class StepKind(StrEnum):
    """What a step does for the learner."""

    IDEA = "idea"
    STORY = "story"
    PROBLEM = "problem"
    SOLUTION = "solution"
    COMPARE = "compare"
    OUTCOME = "outcome"
    EXAMPLE = "example"
    TAKEAWAYS = "takeaways"


class Use(StrEnum):
    """What a question is for: practice teaches, with hints; test belongs to the strength test only."""

    PRACTICE = "practice"
    TEST = "test"


class Level(StrEnum):
    """Whom a lesson is for."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class QuestionLevel(StrEnum):
    """How hard a question is."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


Use_ = Annotated[Use, Field(strict=False)]  # strict would ask the file for an enum member, not for its word
Level_ = Annotated[Level, Field(strict=False)]
QuestionLevel_ = Annotated[QuestionLevel, Field(strict=False)]
StepKind_ = Annotated[StepKind, Field(strict=False)]


class Code(Part):
    """A piece of code, shown as one block."""

    language: CodeLanguage
    code: CodeText


class LabelledCode(Part):
    """One side of a comparison."""

    label: Label
    language: CodeLanguage
    code: CodeText


class Step(Part):
    """One message of a lesson; which of `text`, `before`, `after`, `points` it has is the kind's matter."""

    id: Id
    kind: StepKind_
    title: Line
    text: Prose | None = None
    before: LabelledCode | None = None
    after: LabelledCode | None = None
    points: Annotated[tuple[Point, ...], Field(strict=False, max_length=12)] = ()

    @classmethod
    def rules(cls, part: Any) -> Iterator[Problem]:
        """A key that the kind needs is there, and no key that it has no place for."""
        kind = peek(part, "kind")
        if kind not in list(StepKind):
            return
        needs, may = _STEP_KEYS.get(kind, (("text",), ()))
        for key in ("text", "before", "after", "points"):
            is_there = peek(part, key) not in (None, (), [])
            if is_there and key not in (*needs, *may):
                fact = f"a step of kind `{kind}` has no place for `{key}`"
                yield (key,), problem("wrong-kind", fact, _WHERE_TO_PUT[key])
            elif key in needs and not is_there and not _is_empty_key(part, key):
                yield (), problem("missing-key", f"a step of kind `{kind}` has no `{key}`", f"add `{key}:`")


def _is_empty_key(part: Any, key: str) -> bool:
    """Whether the file has this key with nothing after it, which the loader tells of."""
    return isinstance(part, Mapping) and part.get(key, "") is None


_WHERE_TO_PUT = {
    "text": "make points of it, or a step of another kind",
    "before": "remove it, or make the kind `compare`",
    "after": "remove it, or make the kind `compare`",
    "points": "put them into `text`, or make the kind `takeaways`",
}
_STEP_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # kind → keys it needs, keys it may have
    StepKind.COMPARE: (("before", "after"), ("text",)),
    StepKind.TAKEAWAYS: (("points",), ()),
}


class Option(Part):
    """One possible answer and why it is right or wrong."""

    text: Prose
    correct: bool = False
    because: Prose


class SolutionStep(Part):
    """One step of a worked solution."""

    title: Line
    text: Prose


class Question(Part):
    """A question with exactly one right option."""

    id: Id
    use: Use_
    level: QuestionLevel_
    skill: Id
    step: Id
    ask: Prose
    code: Code | None = None
    options: Annotated[tuple[Option, ...], Field(strict=False, min_length=2, max_length=6)]
    shuffle: bool = True
    hints: Annotated[tuple[Prose, ...], Field(strict=False, max_length=10)] = ()
    solution: Annotated[tuple[SolutionStep, ...], Field(strict=False, max_length=20)] = ()
    mistakes: Annotated[tuple[Point, ...], Field(strict=False, max_length=12)] = ()

    @property
    def right(self) -> int:
        """Place of the right option in `options`, from 0."""
        return next(place for place, option in enumerate(self.options) if option.correct)

    @classmethod
    def rules(cls, part: Any) -> Iterator[Problem]:
        """One right option, options that differ, and for practice a hint and a worked solution."""
        options = peek_items(part, "options")
        right = sum(peek(option, "correct") is True for option in options)
        if options and right != 1:
            fact = f"{'no option' if right == 0 else f'{right} options'} with `correct: true`"
            yield ("options",), problem("one-right", fact, "mark exactly one option `correct: true`")
        yield from repeated(options, "options", "text", code="same-option")
        if peek(part, "use") == Use.PRACTICE:
            for key, (code, fact, advice) in _PRACTICE_NEEDS.items():
                if peek(part, key) in (None, (), []) and not _is_empty_key(part, key):
                    yield (), problem(code, fact, advice)


_PRACTICE_NEEDS = {
    "hints": ("no-hint", "a practice question without a hint", "add `hints:` with one or more"),
    "solution": ("no-solution", "a practice question without a solution", "add `solution:` with its steps"),
}


class Lesson(Part):
    """One lesson file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Id
    title: Line
    language: LanguageTag
    track: Id
    order: Annotated[int, Field(ge=0, le=1_000_000)]
    level: Level_
    minutes: Annotated[int, Field(ge=1, le=600)]
    summary: Line
    sources: Annotated[tuple[Line, ...], Field(strict=False, max_length=50)] = ()
    steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1, max_length=50)]
    questions: Annotated[tuple[Question, ...], Field(strict=False, max_length=200)]
    lab: Lab | None = None

    @property
    def practice(self) -> tuple[Question, ...]:
        """The practice questions, in order."""
        return tuple(question for question in self.questions if question.use is Use.PRACTICE)

    @property
    def test(self) -> tuple[Question, ...]:
        """The questions of the strength test, in order."""
        return tuple(question for question in self.questions if question.use is Use.TEST)

    def step(self, step_id: str) -> Step | None:
        """The step with this id, or None."""
        return next((step for step in self.steps if step.id == step_id), None)

    def question(self, question_id: str) -> Question | None:
        """The question with this id, or None."""
        return next((question for question in self.questions if question.id == question_id), None)

    @classmethod
    def rules(cls, part: Any) -> Iterator[Problem]:
        """No id twice, and every question explained by a step that exists."""
        steps, questions = peek_items(part, "steps"), peek_items(part, "questions")
        yield from repeated(steps, "steps", "id", code="same-id")
        yield from repeated(questions, "questions", "id", code="same-id")
        known = {step_id for step in steps if isinstance(step_id := peek(step, "id"), str)}
        for place, question in enumerate(questions):
            step = peek(question, "step")
            if isinstance(step, str) and step not in known:
                where, fact = ("questions", place, "step"), f"there is no step `{excerpt(step)}`"
                yield where, problem("no-such-step", fact, "name the id of the step that explains it")
