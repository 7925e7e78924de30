"""Lessons in the versions that an author may leave behind one another."""

from typing import Any

from bot.core.turn import Lessons
from bot.course.model import Lesson
from tests.talk.shelves import question, small, with_lab

ALPHA_QUESTIONS = [question(f"q-{n}", shuffle=True, hints=["One.", "Two."]) for n in ("one", "two", "three")]


def lesson(made: dict[str, Any]) -> Lesson:
    """The lesson that a file with these keys is."""
    return Lesson.model_validate(made)


def shelf(*made: dict[str, Any]) -> Lessons:
    """Lessons by id, in this order."""
    return {each["id"]: lesson(each) for each in made}


ALPHA = with_lab("alpha", questions=ALPHA_QUESTIONS)
BETA = small("beta", order=20)
GAMMA = with_lab("gamma", order=30, questions=[])
MORE_OPTIONS = {
    **ALPHA_QUESTIONS[0],
    "options": [{"text": "New", "because": "No."}, *ALPHA_QUESTIONS[0]["options"]],
}
OTHER_DATA = with_lab("alpha", questions=ALPHA_QUESTIONS[1:])
OTHER_DATA["lab"]["y"]["values"][0] += 1

SHELVES: tuple[Lessons, ...] = (
    shelf(ALPHA, BETA, GAMMA),
    shelf(ALPHA, BETA, GAMMA),  # as it mostly is
    shelf(BETA),
    shelf(),
    shelf({**ALPHA, "questions": [MORE_OPTIONS, *ALPHA_QUESTIONS[1:]]}, BETA),
    shelf({key: value for key, value in ALPHA.items() if key != "lab"}, GAMMA),
    shelf(OTHER_DATA, BETA, GAMMA),
    shelf({**ALPHA, "steps": ALPHA["steps"][:1], "questions": []}, BETA, GAMMA),
)
