"""Scene in, messages out: the one door to how things look, and every message of a lesson in its longest state."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from bot.core.experiment import Spec
from bot.core.live import MOST, PACES_S, Live, Phase
from bot.core.panel import new_state
from bot.core.panel import scene as panel_scene
from bot.core.quiz import print_of, why_parts
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
    QuestionScene,
    ResultScene,
    RoundEnd,
    Scene,
    SettingsScene,
    ShareScene,
    StepScene,
    Waiting,
    Welcome,
)
from bot.core.state import Asked
from bot.course.model import Lesson, Question
from bot.view import draft, lab, live, menu, post, question, reading
from bot.view.message import Message, Rows
from bot.view.rich import Rich
from bot.view.stage import Stage
from bot.view.texts import Texts, languages

LabelRows = tuple[tuple[tuple[str, str], ...], ...]  # (label, callback data) of each button
_DRAWN: dict[type[Any], Callable[[Stage, Any, str], Message]] = {
    Welcome: menu.welcome,
    Catalogue: menu.catalogue,
    ProgressScene: menu.progress,
    SettingsScene: menu.settings,
    AskForget: menu.ask_forget,
    Plain: menu.plain_message,
    QuestionScene: question.question_message,
    RoundEnd: reading.round_end,
    Finished: reading.finished,
    AskOver: reading.ask_over,
    LabScene: lab.lab_message,
    Waiting: lab.waiting_message,
    ResultScene: lab.result_message,
    LostScene: lab.lost_message,
    ProgramScene: lab.program_message,
    ShareScene: lab.share_message,
    DraftScene: draft.draft_message,
}


def draw(stage: Stage, scene: Scene, key: str) -> list[Message]:
    """The messages of a scene, in order; only the last one has buttons, and they carry `key`."""
    if isinstance(scene, StepScene):
        return reading.step_messages(stage, scene, key)
    return [_DRAWN[type(scene)](stage, scene, key)]


SAMPLE_KEY = "AAAAAAAA"  # as long as every key
LATEST = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)
MOST_ANSWERS = 10**7  # people in the largest channel


def longest_messages(lesson: Lesson) -> Iterator[tuple[str, Rich, LabelRows]]:
    """(key path, text, rows of (label, data)) of every message in its longest state, in every language.

    A step's text comes whole, before it is split.
    """
    for language in languages():
        stage = Stage(
            texts=Texts(language), shelf={lesson.id: lesson}, username="x" * 32, program=_no_program
        )
        for place, step in enumerate(lesson.steps):
            rows = _labels(reading.step_rows(stage, lesson, step, SAMPLE_KEY, resumed=True))
            yield f"steps[{place}]", reading.step_text(stage, lesson, step), rows
        for place, each in enumerate(lesson.questions):
            for state in _states(lesson, each):
                message = question.question_message(stage, state, SAMPLE_KEY)
                yield f"questions[{place}]", message.rich, _labels(message.rows)
            if each in lesson.practice:
                for state_of in (post.Open(closes=LATEST), post.CLOSED):
                    shared = post.post_message(
                        stage,
                        _posted(lesson, each),
                        SAMPLE_KEY,
                        answered=MOST_ANSWERS,
                        right=MOST_ANSWERS,
                        state=state_of,
                    )
                    yield f"questions[{place}]", shared.rich, _labels(shared.rows)
                for put in _in_rounds(lesson, each):
                    tally = dict.fromkeys(range(len(each.options)), MOST_ANSWERS)
                    message = live.question_message(stage, put, SAMPLE_KEY, tally)
                    yield f"questions[{place}]", message.rich, _labels(message.rows)
        if lesson.lab:
            state_ = new_state(lesson.lab).model_copy(
                update={"fresh": False, "shared": True, "restarted": True}
            )
            message = lab.lab_message(stage, panel_scene(lesson, state_), SAMPLE_KEY)
            yield "lab", message.rich, _labels(message.rows)


def _states(lesson: Lesson, asked: Question) -> Iterator[QuestionScene]:
    """Asked with all hints (its keyboard is the widest before), and every verdict with the whole explanation."""
    order = tuple(range(len(asked.options)))
    for chosen in (None, *order):
        yield QuestionScene(
            lesson=lesson.id,
            question=asked.id,
            order=order,
            place=len(lesson.questions),
            total=len(lesson.questions),
            hints=len(asked.hints) if chosen is not None else 0,
            chosen=chosen,
            why=why_parts(asked) if chosen is not None else 0,
        )
        if chosen is not None:
            late = _posted(lesson, asked)
            yield replace(late, chosen=chosen, why=why_parts(asked), counted=False)


def _posted(lesson: Lesson, asked: Question) -> QuestionScene:
    order = tuple(range(len(asked.options)))
    return QuestionScene(lesson=lesson.id, question=asked.id, order=order, place=1, total=1, alone=True)


def _in_rounds(lesson: Lesson, asked: Question) -> Iterator[Live]:
    """In a live round: asked, and solved, at any pace, after the bot was away."""
    order = tuple(range(len(asked.options)))
    was = Asked(
        question=asked.id, order=order, seen=print_of(asked), shown_at=datetime.min.replace(tzinfo=UTC)
    )
    for pace, phase in product((max(PACES_S), None), (Phase.OPEN, Phase.LAST, Phase.SHOWN)):
        yield Live(
            language="",
            lesson=lesson.id,
            title=lesson.title,
            questions=(asked.id,) * MOST,
            chat=0,
            pace_s=pace,
            phase=phase,
            next=MOST,
            asked=(was,) * MOST,
            away=True,
        )


def _labels(rows: Rows) -> LabelRows:
    """Links are no callbacks: they carry no data."""
    labels = (tuple((button.label, button.data) for button in row if not button.url) for row in rows)
    return tuple(row for row in labels if row)


def _no_program(_: Spec) -> str:
    return ""
