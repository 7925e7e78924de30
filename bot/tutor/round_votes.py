"""Taps on the options of a live round: a vote and an answer in the person's own progress, together or not at all.

Law: the first tap counts while the question stands, and changes nothing of the round; what comes later counts
nothing and gets a friendly word. What an answer was worth is seen by nobody before time is up, in private neither.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from bot.core import live as core
from bot.core.effects import Toast
from bot.core.events import SeenPost
from bot.core.live import Counted, Live, Phase, Uncounted
from bot.errors import StaleError
from bot.store.base import Store
from bot.store.groups import Activity, Vote
from bot.tutor.activities import TRIES, Activities, GroupTap
from bot.tutor.credit import credited
from bot.tutor.tables import ROUND

SOURCE = "round"
UNCOUNTED = {
    Uncounted.NOTED: "live.noted_before",
    Uncounted.LATE: "live.late",
    Uncounted.CHANGED: "live.question_changed",
    Uncounted.STALE: "live.was_ended",
}


class RoundVotes:
    """What people tap. `want`: is told the key of a question that somebody answered."""

    def __init__(
        self, *, activities: Activities, store: Store, chance: Random, want: Callable[[str], None]
    ) -> None:
        self._activities = activities
        self._store = store
        self._chance = chance
        self._want = want

    async def vote(self, activity: Activity, tap: GroupTap) -> None:
        """Count the tap while the question stands; if it has just gone on, look again."""
        for _ in range(TRIES):
            live = live_of(activity)
            tapped = core.parse_option(tap.argument)
            item = str(tapped[0]) if tapped else ""
            voted = bool(item) and await self._store.ballot(activity.code, item, tap.by.id) is not None
            shelf = self._activities.tutor.stage(live.language).shelf
            found = core.answer(live, tap.argument, voted=voted, now=self._activities.now(), shelf=shelf)
            if not isinstance(found, Counted):
                await self._answer_uncounted(activity, tap, found)
                return
            try:
                if await self._count(activity, tap, found):
                    self._seen(activity, tap, found.place)
                    self._want(question_key(activity.code, found.place))
            except StaleError:
                activity = await self._store.activity(activity.code) or activity
            else:
                return
        raise StaleError(f"round {activity.code} changed {TRIES} times while one tap was counted")

    def _seen(self, activity: Activity, tap: GroupTap, place: int) -> None:
        """The tap shows where the question stands, should nobody have heard that it was said."""
        if tap.message is not None:
            key = question_key(activity.code, place)
            self._activities.tutor.on_seen(activity.chat, key, tap.message)

    async def _count(self, activity: Activity, tap: GroupTap, found: Counted) -> bool:
        lesson = self._activities.tutor.stage(live_of(activity).language).shelf[found.lesson]
        question = next(each for each in lesson.practice if each.id == found.question)
        change = await credited(
            tap.by,
            lesson,
            question,
            found.option,
            source=SOURCE,
            seconds=found.seconds,
            tutor=self._activities.tutor,
            store=self._store,
            now=self._activities.now(),
            chance=self._chance,
        )
        vote = Vote(
            code=activity.code,
            item=str(found.place),
            choice=found.option,
            cast_at=self._activities.now(),
            points=found.points,
            seconds=found.seconds if found.points else None,  # only the time for what was right decides a tie
        )
        noted = self._activities.answer_word(tap, Toast(text="live.noted", alert=True))
        return await self._activities.commit(
            replace(
                change,
                update=tap.update,
                votes=(vote,),
                while_at=(activity.code, activity.version),
                words=(noted,),
            )
        )

    async def _answer_uncounted(self, activity: Activity, tap: GroupTap, why: Uncounted) -> None:
        tapped = core.parse_option(tap.argument)
        if why is Uncounted.WHY and tapped is not None:
            await self._activities.open_private(tap, f"p-{activity.code}{tapped[0]:02d}")
        elif why is Uncounted.STALE and not activity.over:
            await self._activities.answer(tap, "live.went_on", alert=True)
        else:
            await self._activities.answer(tap, UNCOUNTED[why], alert=True)

    async def seen(self, name: str, learner: int) -> SeenPost | None:
        """A question of a round as this person answered it, once its time is over; `name`: code and two digits."""
        code, number = name[:-2], name[-2:]
        activity = await self._store.activity(code) if number.isascii() and number.isdecimal() else None
        if activity is None or activity.kind != ROUND:
            return None
        live, place = live_of(activity), int(number)
        if place > live.place or (live.running and place == live.place):
            return None
        asked, ballot = live.asked[place], await self._store.ballot(code, str(place), learner)
        return SeenPost(
            code=code,
            lesson=live.lesson,
            question=asked.question,
            order=asked.order,
            seen=asked.seen,
            chosen=ballot.choice if ballot else None,
        )


def question_key(code: str, place: int) -> str:
    """The key of the message with a question."""
    return f"{code}.{place}"


def live_of(activity: Activity) -> Live:
    """The state; one that was ended from outside (two groups became one) is over."""
    live = Live.model_validate_json(activity.body)
    if activity.over and live.phase is not Phase.OVER:
        return live.model_copy(update={"phase": Phase.OVER})
    return live
