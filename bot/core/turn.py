"""One event being worked out: the session as it becomes, and what follows, in order.

Law: a turn is made for one event and read once; handlers only use its verbs. Nothing here is kept between events.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from random import Random
from typing import Any

from bot.core.actions import new_key
from bot.core.effects import Edit, Effect, Show, Strip, Toast
from bot.core.scenes import Catalogue, Scene, Standing
from bot.core.state import LIVE_SCREENS, READING, Asked, Draft, Screen, ScreenKind, Session
from bot.course.model import Lesson

Lessons = Mapping[str, Lesson]  # lessons by id, in the order of the catalogue
PAGE = 8  # lessons on a page of the catalogue
LONG_LIVED = READING | {ScreenKind.LAB}  # a learner has one message of each of the two at a time


class Turn:
    """The verbs that handlers have."""

    def __init__(
        self, session: Session, *, now: datetime, chance: Random, shelf: Lessons, languages: Collection[str]
    ) -> None:
        self.session = session
        self.now = now
        self.chance = chance
        self.shelf = shelf
        self.languages = languages
        self.effects: list[Effect] = []

    # what is remembered

    def remember(self, **fields: Any) -> None:
        """Change fields of the session."""
        self.session = self.session.model_copy(update=fields)

    def remember_in(self, lesson: str, **fields: Any) -> None:
        """Change fields of the learner's place in a lesson."""
        study = self.session.study(lesson).model_copy(update=fields)
        self.remember(studies={**self.session.studies, lesson: study})

    # what is said

    def new_key(self) -> str:
        """A key for a message, or the code of a run."""
        return new_key(self.chance)

    def show(
        self,
        scene: Scene,
        kind: ScreenKind,
        *,
        lesson: str = "",
        ref: str = "",
        asked: Asked | None = None,
        draft: Draft | None = None,
    ) -> str:
        """Send a new message whose buttons work from now on; return its key."""
        if kind in READING:
            self.strip_all(READING)
        key = self.new_key()
        screen = Screen(kind=kind, lesson=lesson, ref=ref, asked=asked, draft=draft)
        self.remember(screens={**self.session.screens, key: screen})
        while len(self.session.screens) > LIVE_SCREENS:
            self.strip(self._oldest())
        self.effects.append(Show(key=key, scene=scene))
        return key

    def _oldest(self) -> str:
        """The oldest message, but for the place in the lesson and the panel: one may stay on them for long."""
        screens = self.session.screens.items()
        return next(key for key, screen in screens if screen.kind not in LONG_LIVED)

    def edit(self, key: str, scene: Scene) -> None:
        """Change a message in place."""
        self.effects.append(Edit(key=key, scene=scene))

    def change(
        self,
        key: str,
        scene: Scene,
        kind: ScreenKind,
        *,
        lesson: str = "",
        ref: str = "",
        asked: Asked | None = None,
        draft: Draft | None = None,
    ) -> None:
        """Make another screen of a message, in place."""
        screen = Screen(kind=kind, lesson=lesson, ref=ref, asked=asked, draft=draft)
        self.remember(screens={**self.session.screens, key: screen})
        self.edit(key, scene)

    def strip(self, key: str) -> None:
        """Take the buttons off a message, for good."""
        self.remember(screens={k: s for k, s in self.session.screens.items() if k != key})
        self.effects.append(Strip(key=key))

    def strip_all(self, kinds: Iterable[ScreenKind]) -> None:
        """Take the buttons off every message of these kinds."""
        for key, screen in self.session.screens.items():
            if screen.kind in kinds:
                self.strip(key)

    def toast(self, text: str, *, alert: bool = False, **params: str | int) -> None:
        """Answer the tap with a few words."""
        self.effects.append(Toast(text=text, params=params, alert=alert))

    # what there is

    def standing(self, lesson: Lesson) -> Standing:
        """How the learner stands in a lesson."""
        study = self.session.studies.get(lesson.id)
        asked = [question.id for question in lesson.practice]
        right = sum(1 for question in asked if study and study.firsts.get(question))
        return Standing(
            lesson=lesson.id,
            right=right,
            asked=len(asked),
            started=study is not None,
            read=bool(study and study.read),
        )

    def done(self, lesson: Lesson) -> bool:
        """Whether the steps were read and every practice question was answered once."""
        study = self.session.study(lesson.id)
        return study.read and all(question.id in study.firsts for question in lesson.practice)

    def unfinished(self, *, after: str | None = None) -> str | None:
        """The first lesson not done, or the first one not done behind `after`, going round to itself."""
        ids = list(self.shelf)
        start = ids.index(after) + 1 if after is not None and after in self.shelf else 0
        around = ids[start:] + ids[:start]
        return next((i for i in around if not self.done(self.shelf[i])), None)

    def current(self) -> str | None:
        """The learner's current lesson, else the first unfinished one, else the first."""
        if self.session.lesson in self.shelf:
            return self.session.lesson
        return self.unfinished() or next(iter(self.shelf), None)

    def catalogue(self, page: int = 0, *, missing: str = "", lab_only: bool = False) -> Catalogue:
        """A page of the catalogue; a page that is not there is the nearest one."""
        lessons = [lesson for lesson in self.shelf.values() if lesson.lab or not lab_only]
        pages = max(1, -(-len(lessons) // PAGE))
        page = min(max(page, 0), pages - 1)
        rows = tuple(self.standing(lesson) for lesson in lessons[page * PAGE : (page + 1) * PAGE])
        return Catalogue(standings=rows, page=page, pages=pages, missing=missing, lab_only=lab_only)
