"""`/experiment` in a group, and `/stop` while one goes on: what they ask for, and a clear line where it cannot be.

Law: one experiment goes on in a chat or topic at a time; anybody may begin one.
"""

from collections.abc import Awaitable, Callable

from bot.core import class_experiment as core
from bot.core.class_experiment import RENEW
from bot.course.model import Lesson
from bot.errors import StaleError
from bot.store.base import Change, UpdateKey
from bot.store.groups import Activity
from bot.tutor.activities import Activities, GroupCommand
from bot.tutor.one_lines import OneLines
from bot.view.experiment import experiment_message
from bot.view.stage import Stage
from bot.view.texts import pick

SHOWN_IDS = 8
NAME_SHOWN = 40  # characters of an unknown lesson's name


class ExperimentCommands:
    """The commands over the lessons. `stop`: ends an experiment, False if it is on its way already."""

    def __init__(
        self,
        *,
        activities: Activities,
        stop: Callable[[str, UpdateKey], Awaitable[bool]],
    ) -> None:
        self._activities = activities
        self._stop = stop
        self._lines = OneLines(activities)

    async def begin(self, command: GroupCommand) -> None:
        """`/experiment [LESSON]`: open the voting."""
        stage = self._stage(command)
        if await self._activities.going_on(core.KIND, command.place) is not None:
            await self._lines.say(command, "experiment.running")
            return
        lesson = await self._lesson(command, stage)
        if lesson is None:
            return
        try:
            await self._put(command, lesson, stage)
        except StaleError:  # somebody else was quicker
            await self._lines.say(command, "experiment.running")

    async def stop(self, command: GroupCommand) -> None:
        """`/stop`: by the starter and administrators."""
        running = await self._activities.going_on(core.KIND, command.place)
        if running is None:
            await self._lines.say(command, "experiment.over")
        elif command.by.id != running.starter and not await command.in_charge():
            await self._lines.say(command, "experiment.stop_refused")
        elif not await self._stop(running.code, command.update):
            await self._lines.say(command, "experiment.noted_closed")

    async def _put(self, command: GroupCommand, lesson: Lesson, stage: Stage) -> None:
        now, place, code = self._activities.now(), command.place, self._activities.tutor.new_key()
        state = core.begin(lesson, stage.texts.language, now, chat=place.chat)
        activity = Activity(
            code=code,
            kind=core.KIND,
            chat=place.chat,
            thread=place.thread,
            starter=None if command.by.lent else command.by.id,
            body=state.model_dump_json(),
            made_at=now,
            due=now + RENEW,
            alone=True,
        )
        words = self._activities.words(place, [("say", experiment_message(stage, state, code), code)])
        await self._activities.commit(
            Change(learner=None, update=command.update, activity=activity, words=words)
        )

    async def _lesson(self, command: GroupCommand, stage: Stage) -> Lesson | None:
        """The lesson that is asked for, else the first with a lab; None: it cannot be had, and that is said."""
        labs = [lesson for lesson in stage.shelf.values() if lesson.lab]
        ids = ", ".join(lesson.id for lesson in labs[:SHOWN_IDS])
        name = next(iter(command.argument.lower().split()), "")
        lesson = stage.shelf.get(name)
        if not labs:
            await self._lines.say(command, "experiment.no_labs")
        elif name and lesson is None:
            await self._lines.say(command, "experiment.unknown", name=name[:NAME_SHOWN], ids=ids)
        elif lesson is not None and lesson.lab is None:
            await self._lines.say(command, "experiment.no_lab", title=lesson.title, ids=ids)
        else:
            return lesson or labs[0]
        return None

    def _stage(self, command: GroupCommand) -> Stage:
        return self._activities.tutor.stage(pick(None, command.by.language))
