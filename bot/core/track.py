"""A track as it is posted: the lessons by their order, of each the steps, then the practice questions.

Law: what is gone from the files is passed over; a lesson that comes new is found by its order, also before
the one that is under way. What was done stays done.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.course.model import Lesson


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A step or a question of a lesson."""

    lesson: str
    name: str  # `s-` and a step's id, or `q-` and a question's

    @property
    def step(self) -> str | None:
        """The step's id, if it is one."""
        return self.name[2:] if self.name.startswith("s-") else None

    @property
    def question(self) -> str | None:
        """The question's id, if it is one."""
        return self.name[2:] if self.name.startswith("q-") else None


def tracks(shelf: Mapping[str, Lesson]) -> tuple[str, ...]:
    """The tracks there are, in the order of the catalogue."""
    return tuple(dict.fromkeys(lesson.track for lesson in shelf.values()))


def lessons_of(shelf: Mapping[str, Lesson], track: str) -> list[Lesson]:
    """The lessons of a track, by their order."""
    found = [lesson for lesson in shelf.values() if lesson.track == track]
    return sorted(found, key=lambda lesson: (lesson.order, lesson.id))


def items(lesson: Lesson) -> list[Item]:
    """What a lesson gives to post, in order."""
    names = [f"s-{step.id}" for step in lesson.steps] + [f"q-{each.id}" for each in lesson.practice]
    return [Item(lesson=lesson.id, name=name) for name in names]


def left(
    lessons: Iterable[Lesson], *, lesson: str | None, done: Collection[str], finished: Collection[str]
) -> list[Item]:
    """What is still to post: the rest of the lesson under way, then the other lessons that are not finished.

    done: names of its items that were posted.
    """
    lessons = list(lessons)
    under_way = [item for each in lessons if each.id == lesson for item in items(each)]
    others = [each for each in lessons if each.id != lesson and each.id not in finished]
    rest = [item for item in under_way if item.name not in done]
    return rest + [item for each in others for item in items(each)]
