"""An answer that somebody gave in a group, as it counts in that person's own progress."""

from dataclasses import replace
from datetime import datetime
from random import Random

from bot.core.shared import credit
from bot.core.turn import Turn
from bot.course.model import Lesson, Question
from bot.store.base import Change, Store
from bot.tutor.gather import gather
from bot.tutor.kept import session_of
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor
from bot.view.texts import languages, pick


async def credited(
    learner: Learner,
    lesson: Lesson,
    question: Question,
    option: int,
    *,
    source: str,
    seconds: float | None,
    tutor: Tutor,
    store: Store,
    now: datetime,
    chance: Random,
) -> Change:
    """What the answer changes, for the caller to commit with the rest; in that person's line."""
    remembered = await store.load(learner.id)
    session = session_of(remembered, learner)
    stage = tutor.stage(pick(session.language, session.tongue))
    turn = Turn(session, now=now, chance=chance, shelf=stage.shelf, languages=languages())
    credit(turn, lesson, question, option, source=source, seconds=seconds)
    change = gather(turn.effects, stage=stage, learner=learner.id, now=now, update=None, callback=None)
    return replace(change, loaded=remembered, session=turn.session.model_dump_json())
