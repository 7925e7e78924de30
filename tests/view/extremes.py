"""The longest that a lesson may be, and every scene in its extremes."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from bot.core.events import Planned, Target
from bot.core.experiment import ModelState, Optimizer, Outcome, Spec, Verdict
from bot.core.posting import Posting
from bot.core.scenes import (
    AskForget,
    AskOver,
    Catalogue,
    DraftScene,
    Finished,
    LabScene,
    LostScene,
    Plain,
    ProgramScene,
    ProgressScene,
    ResultScene,
    RoundEnd,
    Scene,
    SettingsScene,
    ShareScene,
    Standing,
    Waiting,
    Welcome,
)
from bot.core.state import Draft, DraftStep
from bot.course.model import Lesson
from tests.talk.shelves import question, with_lab

WIDE = "🧁"  # two UTF-16 units, four bytes
LINE, LABEL = WIDE * 200, WIDE * 40  # as long as the schema lets a line and a label be
VALUES = (0.0, -0.0, 1e-45, -1.2345678e-7, 123456.789, -3.4e38, 3.4e38)
LOSSES = (0.0, 1.0, 1e-45, 3.4e38, math.inf, math.nan)


def longest_lesson(number: int, **keys: Any) -> Lesson:
    """A lesson whose every short text is as long as it may be."""
    lesson = with_lab(
        f"{number:0>40}", title=LINE, summary=LINE, questions=[question("q-" + "x" * 38)], **keys
    )
    lesson["lab"] |= {"title": LINE}
    lesson["lab"]["x"] |= {"label": LABEL, "unit": LABEL}
    lesson["lab"]["y"] |= {"label": LABEL, "unit": LABEL}
    story = lesson["lab"]["stories"][0]
    lesson["lab"]["stories"] = [{**story, "name": f"{n}" + WIDE * 199} for n in range(6)]
    return Lesson.model_validate(lesson)


SHELF = {lesson.id: lesson for lesson in (longest_lesson(number) for number in range(200))}
LESSON = next(iter(SHELF.values()))


def standing(lesson: str, right: int = 0, asked: int = 200) -> Standing:
    """How somebody stands."""
    return Standing(lesson=lesson, right=right, asked=asked, started=True, read=True)


def scenes() -> Iterator[Scene]:
    """All that can be shown but steps and questions, which the lint draws for each lesson."""
    yield from menus()
    yield from reading()
    yield from labs()
    yield from results()
    yield from drafts()


def menus() -> Iterator[Scene]:
    """Greeting, catalogue, progress, settings, texts."""
    for name, lesson, started in product(
        ("", WIDE * 64, "\u202ex"), (None, LESSON.id, "gone"), (True, False)
    ):
        yield Welcome(name=name, lesson=lesson, started=started)
    rows = tuple(standing(lesson) for lesson in SHELF)
    for missing, lab_only, page in product(("", LINE, WIDE * 4000), (True, False), (0, 12, 24)):
        yield Catalogue(standings=rows[:8], page=page, pages=25, missing=missing, lab_only=lab_only)
    yield Catalogue(standings=rows[:1], page=0, pages=1)
    yield Catalogue(standings=(), page=0, pages=1)
    yield ProgressScene(standings=rows, lesson=LESSON.id)
    yield ProgressScene(standings=rows[:3], lesson=None)
    yield ProgressScene(standings=(), lesson=None)
    yield from (SettingsScene(language=language) for language in (None, "en", "gone"))
    yield AskForget()
    for text in PLAIN:
        yield from (Plain(text=text, params={"title": LINE}, lesson=lesson) for lesson in (LESSON.id, None))
    yield Plain(text="forget.done", go_on=False)


PLAIN = (
    "unknown_command", "gone", "quiz.none", "lab.none", "lab.running", "lab.shared_gone",
    "cancel.training", "cancel.asked", "cancel.round", "cancel.nothing", "chatter.text", "chatter.other",
    "chatter.question", "help.text", "privacy.text", "forget.kept", "post.private",
)  # fmt: skip


def reading() -> Iterator[Scene]:
    """The ends of rounds and lessons, and the question before starting over."""
    for lesson, missed, onward in product((LESSON.id,), (0, 200), (None, list(SHELF)[1])):
        asked = standing(lesson, right=200 - missed)
        yield RoundEnd(
            lesson=lesson, right=200 - missed, asked=200, missed=missed, standing=asked, next_lesson=onward
        )
        yield Finished(lesson=lesson, standing=asked, next_lesson=onward)
    yield RoundEnd(
        lesson=LESSON.id, right=0, asked=0, missed=0, standing=standing(LESSON.id), next_lesson=None
    )
    yield Finished(lesson=LESSON.id, standing=standing(LESSON.id, 0, 0), next_lesson=None)
    yield AskOver(lesson=LESSON.id)


def drafts() -> Iterator[Scene]:
    """A post at every step of being put together, with the longest names, and with every problem."""
    question, chats = LESSON.questions[0].id, tuple(Target(chat=-(10**13), title=LINE) for _ in range(8))
    waiting = Posting(lesson=LESSON.id, question=question, language="en", at=LATEST)
    planned = tuple(
        Planned(code="A" * 8, version=1, chat=-1, title=LINE, state=state)
        for state in (waiting, waiting.model_copy(update={"closes": LATEST}), *[waiting] * 6)
    )
    whole = Draft(
        lesson=LESSON.id,
        question=question,
        title=LINE,
        is_forum=True,
        topics=tuple((10**9 + number, LINE) for number in range(20)),
        thread=10**9,
        at=LATEST,
        stays_s=3600,
        picture=True,
        whispers=True,
    )
    bare = Draft(lesson=LESSON.id, thing=LESSON.steps[0].id, title="X", is_group=False)
    for draft, step, problem in product((whole, bare), DraftStep, ("", *PROBLEMS)):
        yield DraftScene(
            draft=draft.model_copy(update={"step": step, "problem": problem, "page": 1}),
            now=LATEST - timedelta(days=1),
            lessons=tuple(SHELF)[:8],
            questions=(question,) * 5,
            steps=tuple(each.id for each in LESSON.steps)[:2],
            suggested=question,
            posted=frozenset({question}),
            chats=chats,
            planned=planned,
            waiting=50,
            pages=3,
        )
    for step in (DraftStep.CHAT, DraftStep.THING):
        yield DraftScene(draft=Draft(step=step, lesson="gone", target=WIDE * 20), now=LATEST)


LATEST = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)
PROBLEMS = (
    "post.no_lesson", "post.no_thing", "post.changed", "post.too_many", "post.not_admin", "post.may_not_post",
    "post.not_there", "post.unclear", "post.time_unclear", "post.time_bounds",
)  # fmt: skip


def labs() -> Iterator[Scene]:
    """Panels, waiting, apologies, links."""
    for value, optimizer, blown in product(VALUES, Optimizer, (True, False)):
        yield LabScene(
            lesson=LESSON.id,
            optimizer=optimizer,
            rate=0.000012345678901234,
            steps=1000,
            model=ModelState(weight=value, bias=value, optimizer=optimizer),
            fresh=False,
            loss=value,
            blown=blown,
            story=LINE,
            restarted=True,
            shared=True,
        )
    yield from (Waiting(lesson=LESSON.id, ahead=ahead) for ahead in (0, 1, 10**9))
    yield from (LostScene(lesson=LESSON.id, reason=reason) for reason in ("timeout", "died"))
    yield ShareScene(lesson=LESSON.id, code="A" * 62)


def results() -> Iterator[Scene]:
    """Results of every verdict and number, and the program of a run."""
    predictions = (Verdict.LEARNS, Verdict.CRAWLS, Verdict.DIVERGES)
    for value, loss, verdict, prediction in product(VALUES, LOSSES, Verdict, predictions):
        spec = spec_from(value)
        yield ResultScene(
            lesson=LESSON.id,
            code="A" * 8,
            prediction=prediction,
            verdict=verdict,
            least=1e-45,
            spec=spec,
            outcome=outcome(spec, value, loss),
        )
    yield from (ProgramScene(lesson=LESSON.id, spec=spec_from(value)) for value in VALUES)


def spec_from(value: float) -> Spec:
    """One step of SGD from a weight."""
    lab = LESSON.lab
    assert lab is not None
    start = ModelState(weight=value, bias=-value, optimizer=Optimizer.SGD)
    return Spec(
        x=lab.x.values,
        y=lab.y.values,
        optimizer=Optimizer.SGD,
        rate=0.000012345678901234,
        steps=1,
        start=start,
    )


def outcome(spec: Spec, value: float, loss: float) -> Outcome:
    """What it may have done."""
    after = ModelState(weight=value, bias=loss, optimizer=Optimizer.SGD, step=1)
    return Outcome(
        loss_before=loss,
        loss_after=loss,
        losses=(loss, loss),
        after=after,
        gradient=(value, loss),
        seconds=0.1,
    )
