"""One line to everybody in a group, as the answer to a command.

Law: a line that is asked for again and again is said a few times only: a flood of commands must not stand before
what the group waits for.
"""

from bot.store.base import Change
from bot.tutor.activities import Activities, GroupCommand, Place
from bot.view.message import Message
from bot.view.rich import Rich
from bot.view.texts import pick


class OneLines:
    """Says lines of the catalogue, in the language of who sent the command."""

    def __init__(self, activities: Activities) -> None:
        self._activities = activities

    async def say(self, command: GroupCommand, text: str, **params: str | int) -> None:
        """Answer a command with a line, or in a burst of the same with nothing."""
        if self.too_many(command.place, text):
            await self._activities.tutor.dismiss(command.update)
            return
        stage = self._activities.tutor.stage(pick(None, command.by.language))
        message = Message(rich=Rich(stage.texts(text, **params)))
        words = self._activities.words(command.place, [("say", message, None)])
        await self._activities.commit(Change(learner=None, update=command.update, words=words))

    def too_many(self, place: Place, sort: str) -> bool:
        """Whether this sort of line was said often enough here just now; else it is counted."""
        return self._activities.bursts.too_many(place.chat, (place.thread, sort))
