"""Folders of lessons made for a test."""

import copy
from pathlib import Path
from typing import Any

import yaml

from tests.talk.questions import LESSON


def small(lesson_id: str, **keys: Any) -> dict[str, Any]:
    """A whole lesson, as small as one may be: two steps, one question, no lab."""
    return {
        "schema": 1,
        "id": lesson_id,
        "title": f"Lesson {lesson_id}",
        "language": "en",
        "track": "tensorflow-basics",
        "order": 10,
        "level": "beginner",
        "minutes": 3,
        "summary": "A short one.",
        "steps": [
            {"id": "one", "kind": "idea", "title": "First step", "text": "The first text."},
            {"id": "two", "kind": "idea", "title": "Second step", "text": "The second text."},
        ],
        "questions": [question("q-one")],
        **keys,
    }


def question(question_id: str, **keys: Any) -> dict[str, Any]:
    """A practice question with two options in the file's order."""
    return {
        "id": question_id,
        "use": "practice",
        "level": "easy",
        "skill": "weights",
        "step": "one",
        "ask": f"What is {question_id}?",
        "shuffle": False,
        "options": [
            {"text": "Right one", "correct": True, "because": "It is so."},
            {"text": "Wrong one", "because": "It is not so."},
        ],
        "hints": ["Think."],
        "solution": [{"title": "See", "text": "Look at it."}],
        **keys,
    }


def with_lab(lesson_id: str, **keys: Any) -> dict[str, Any]:
    """A small lesson with the first lesson's lab."""
    return small(lesson_id, lab=copy.deepcopy(LESSON["lab"]), **keys)


def put(folder: Path, *lessons: dict[str, Any]) -> Path:
    """Write lesson files, each whole at once, as an editor does."""
    folder.mkdir(exist_ok=True)
    for lesson in lessons:
        part = folder / f".{lesson['id']}.part"
        part.write_text(yaml.safe_dump(lesson, allow_unicode=True, sort_keys=False), encoding="utf-8")
        part.rename(folder / f"{lesson['id']}.yaml")
    return folder
