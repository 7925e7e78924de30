"""`stats`: first-try figures for authors, question by question; counts only, nobody's name or id."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.course.model import Lesson
from bot.store.base import OptionFigure, Store

Figures = list[dict[str, Any]]


async def question_figures(store: Store, lessons: Mapping[str, Lesson], lesson: str | None) -> Figures:
    """One entry a question that was answered, in the order of the lesson files."""
    await store.open()
    try:
        options = await store.figures(lesson)
    finally:
        await store.close()
    ordered = sorted(options, key=lambda o: (o.lesson, o.question, o.option))
    groups = groupby(ordered, key=lambda o: (o.lesson, o.question))
    entries = [_entry(lessons.get(key[0]), *key, list(group)) for key, group in groups]
    return sorted(entries, key=lambda e: _place(lessons, e["lesson"], e["question"]))


def _place(lessons: Mapping[str, Lesson], lesson: str, question: str) -> tuple[int, int, str, str]:
    ids = list(lessons)
    asked = [q.id for q in lessons[lesson].questions] if lesson in lessons else []
    return (
        ids.index(lesson) if lesson in ids else len(ids),
        asked.index(question) if question in asked else len(asked),
        lesson,
        question,
    )


def _entry(
    lesson: Lesson | None, lesson_id: str, question_id: str, options: list[OptionFigure]
) -> dict[str, Any]:
    answered = sum(o.chosen for o in options)
    right = sum(o.chosen for o in options if o.correct)
    wrong = max((o for o in options if not o.correct), key=lambda o: o.chosen, default=None)
    timed = [o for o in options if o.seconds is not None]
    return {
        "lesson": lesson_id,
        "question": question_id,
        "answered": answered,
        "right": right,
        "right_percent": round(100 * right / answered, 1) if answered else None,
        "hints": round(sum(o.hints * o.chosen for o in options) / answered, 2) if answered else None,
        "seconds": round(sum((o.seconds or 0) * o.chosen for o in timed) / sum(o.chosen for o in timed), 1)
        if timed
        else None,
        "common_mistake": _option_text(lesson, question_id, wrong.option) if wrong else None,
        "options": [{"option": o.option, "chosen": o.chosen, "correct": o.correct} for o in options],
    }


def _option_text(lesson: Lesson | None, question_id: str, option: int) -> str:
    question = lesson.question(question_id) if lesson else None
    if question is None or option >= len(question.options):
        return f"option {option + 1} of an older version"
    return question.options[option].text


def figures_table(figures: Figures) -> None:
    """The same for people: a table a lesson; ids stay whole, so that they can be copied."""
    console = Console()
    if not figures:
        console.print("Nobody has answered a question yet.")
    for lesson, entries in groupby(figures, key=itemgetter("lesson")):
        console.print(_lesson_table(lesson, entries))


def _lesson_table(lesson: str, entries: Iterable[dict[str, Any]]) -> Table:
    table = Table(title=f"{lesson}, at the first try", title_justify="left")
    table.add_column("Question", overflow="fold")
    for name in ("Answered", "Right", "Hints", "Seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Most common mistake", overflow="fold")
    for each in entries:
        seconds = "" if each["seconds"] is None else f"{each['seconds']:g}"
        figures_ = (str(each["answered"]), f"{each['right_percent']:g} %", f"{each['hints']:g}", seconds)
        # as Text: an author's `x[i]` is no markup
        table.add_row(each["question"], *figures_, Text(each["common_mistake"] or ""))
    return table
