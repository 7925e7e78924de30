"""The word about one's place in the line: one message, sent if the wait is felt, renewed while it changes.

Law: it stands beside the learner's line, so it never touches the session; it ends before the result is said.
"""

import asyncio
import logging

from bot.core.scenes import Waiting
from bot.store.base import Change, NewWord
from bot.tutor.kept import dumps
from bot.tutor.tutor import Say, Sleep, Tutor
from bot.view.screens import draw

log = logging.getLogger(__name__)

FIRST_WORD_S = 1.0  # who waits no longer than this is told nothing but the result
NEXT_WORD_S = 2.0  # between two words about the place


class Places:
    """What one learner is told while one training waits."""

    def __init__(self, *, tutor: Tutor, say: Say, sleep: Sleep, learner: int, lesson: str) -> None:
        self._tutor = tutor
        self._say = say
        self._sleep = sleep
        self._learner = learner
        self._lesson = lesson
        self._key = tutor.new_key()
        self._ahead = 0
        self._told = 0
        self._busy = asyncio.Lock()
        self._task = asyncio.create_task(self._keep_told())

    def put(self, ahead: int) -> None:
        """Take the newest number of learners ahead; 0 when one's own turn came."""
        self._ahead = ahead

    def stop(self) -> None:
        """Say no more: nobody waits for this training."""
        self._task.cancel()

    async def end(self) -> None:
        """The turn came: who was told a place is told so, and nothing more."""
        async with self._busy:  # a word that is committed is said, too
            self._task.cancel()
        (failure,) = await asyncio.gather(self._task, return_exceptions=True)
        if isinstance(failure, Exception):
            log.error("learner %d was not told a place: %s", self._learner, type(failure).__name__)
        elif self._told:
            await self._tell(0)

    async def _keep_told(self) -> None:
        await self._sleep(FIRST_WORD_S)
        while self._ahead:
            async with self._busy:
                if self._ahead != self._told:
                    await self._tell(self._ahead)
            await self._sleep(NEXT_WORD_S)

    async def _tell(self, ahead: int) -> None:
        stage = await self._tutor.stage_of(self._learner)
        message = draw(stage, Waiting(lesson=self._lesson, ahead=ahead), self._key)[-1]
        kind = "edit" if self._told else "say"
        word = NewWord(chat=self._learner, kind=kind, body=dumps(message.as_json()), key=self._key)
        self._say(await self._tutor.commit(Change(learner=self._learner, words=(word,))) or ())
        self._told = ahead
