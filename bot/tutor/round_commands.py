"""`/round`, `/stop` and `/top` in a group: what they ask for, and a clear line where it cannot be.

Law: one round goes on in a chat or topic at a time.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from bot.core.live import MOST, WAITING, Live, choose
from bot.course.model import Lesson
from bot.errors import StaleError
from bot.store.base import Change, Store, UpdateKey
from bot.store.groups import Activity
from bot.tutor.activities import Activities, GroupCommand, Place
from bot.tutor.one_lines import OneLines
from bot.tutor.tables import ROUND
from bot.view.live import lobby_message
from bot.view.stage import Stage
from bot.view.texts import pick

Handler = Callable[[GroupCommand], Awaitable[None]]
REMEMBERED = timedelta(days=90)  # how far back a group's last lesson is looked for
NUMBER = re.compile(r"-?[0-9]{1,9}")
SHOWN_IDS = 8


class RoundCommands:
    """The commands over the tutor's store and lessons.

    stop: ends a round, False if it is over already; anew: says what stands once more where the group has a new id
    since, False if it has none.
    """

    def __init__(
        self,
        *,
        activities: Activities,
        store: Store,
        chance: Random,
        stop: Callable[[str, UpdateKey], Awaitable[bool]],
        anew: Callable[[str, UpdateKey], Awaitable[bool]],
    ) -> None:
        self._activities = activities
        self._store = store
        self._chance = chance
        self._stop = stop
        self._anew = anew
        self._lines = OneLines(activities)

    async def begin(self, command: GroupCommand) -> None:
        """`/round [LESSON] [N]`: the first message of a round, by anybody."""
        stage = self._stage(command)
        running = await self._activities.going_on(ROUND, command.place)
        if running is not None:
            if not await self._anew(running.code, command.update):
                await self._lines.say(command, "live.running")
            return
        lent = command.by.lent
        if lent and not await command.in_charge():
            await self._lines.say(command, "live.as_yourself")
            return
        wish = await self._wish(command, stage)
        if wish is None:
            return
        lesson, number = wish
        live = Live(
            language=stage.texts.language,
            lesson=lesson.id,
            title=lesson.title,
            questions=choose(lesson, number, self._chance),
            chat=command.place.chat,
        )
        try:
            await self._put(command, live, stage, starter=None if lent else command.by.id)
        except StaleError:  # somebody else was quicker
            await self._lines.say(command, "live.running")

    async def stop(self, command: GroupCommand) -> None:
        """`/stop`: by the starter and administrators."""
        running = await self._activities.going_on(ROUND, command.place)
        if running is None:
            await self._lines.say(command, "live.stop_nothing")
        elif command.by.id != running.starter and not await command.in_charge():
            await self._lines.say(command, "live.stop_refused")
        elif not await self._stop(running.code, command.update):
            await self._lines.say(command, "live.stop_nothing")

    def limited(self, handler: Handler) -> Handler:
        """A command that is done a few times only while it is sent again and again."""

        async def handle(command: GroupCommand) -> None:
            if self._lines.too_many(command.place, command.name):
                await self._activities.tutor.dismiss(command.update)
            else:
                await handler(command)

        return handle

    async def _put(self, command: GroupCommand, live: Live, stage: Stage, *, starter: int | None) -> None:
        now, code, place = self._activities.now(), self._activities.tutor.new_key(), command.place
        activity = Activity(
            code=code,
            kind=ROUND,
            chat=place.chat,
            thread=place.thread,
            body=live.model_dump_json(),
            made_at=now,
            starter=starter,
            due=now + WAITING,
            alone=True,
        )
        words = self._activities.words(place, [("say", lobby_message(stage, live, code), f"{code}.l")])
        await self._activities.commit(
            Change(learner=None, update=command.update, activity=activity, words=words)
        )

    async def _wish(self, command: GroupCommand, stage: Stage) -> tuple[Lesson, int | None] | None:
        """Lesson and number that are asked for; None: they cannot be had, and that is said."""
        words = command.argument.lower().split()
        named = words.pop(0) if words and words[0] in stage.shelf else None
        number = words.pop(0) if words and NUMBER.fullmatch(words[0]) else None
        asking = [lesson for lesson in stage.shelf.values() if lesson.practice]
        ids = ", ".join(lesson.id for lesson in asking[:SHOWN_IDS])
        lesson = stage.shelf[named] if named else await self._usual(command.place, asking)
        if lesson is None:
            await self._lines.say(command, "live.no_lessons")
        elif words:
            await self._lines.say(command, "live.usage", lesson=lesson.id, ids=ids or "—")
        elif not lesson.practice:
            await self._lines.say(command, "live.no_questions", title=lesson.title, ids=ids or "—")
        elif number is not None and not 1 <= int(number) <= _most(lesson):
            title, id_ = lesson.title, lesson.id
            await self._lines.say(
                command, "live.number", title=title, most=_most(lesson), number=number, lesson=id_
            )
        else:
            return lesson, None if number is None else int(number)
        return None

    async def _usual(self, place: Place, asking: list[Lesson]) -> Lesson | None:
        """The lesson of the group's last round, else the first one."""
        since = self._activities.now() - REMEMBERED
        known = {lesson.id: lesson for lesson in asking}
        for each in reversed(await self._store.ended(ROUND, since, chat=place.chat)):
            if (lesson := json.loads(each.body)["lesson"]) in known:
                return known[lesson]
        return next(iter(asking), None)

    def _stage(self, command: GroupCommand) -> Stage:
        return self._activities.tutor.stage(pick(None, command.by.language))


def _most(lesson: Lesson) -> int:
    """How many questions a round of a lesson can have."""
    return min(MOST, len(lesson.practice))
