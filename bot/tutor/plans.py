"""Study plans: woken at each appointment, shown, set up and changed by administrators.

Law: what an appointment posts is committed together with the plan's new place, so that a kill posts neither twice
nor never. Who presses is asked of Telegram each time; so is, before each post, whether the bot may still post.
"""

from collections.abc import Collection
from datetime import UTC, tzinfo

from bot.core import plan as moves
from bot.core.actions import Action
from bot.core.plan import KIND, Phase, Plan, Trouble, Woken, woken
from bot.core.track import Item
from bot.store.base import Change, NewWord, Post
from bot.store.groups import Activity
from bot.tutor.activities import Activities, GroupTap, Place, Said, of
from bot.tutor.plan_buttons import PlanButtons
from bot.tutor.plan_opening import PlanOpening
from bot.tutor.plan_parts import PlanParts, become_of, plan_of
from bot.tutor.posts import Posts
from bot.tutor.targets import Asks, Rights
from bot.tutor.zones import Zones
from bot.view.plan import done_message, notice
from bot.view.post import step_post
from bot.view.stage import Stage

MISSES = 2  # posts in a row that did not get through, until the plan pauses


class Plans:
    """The kind of activity that a plan is."""

    def __init__(self, *, activities: Activities, posts: Posts, asks: Asks, zones: Zones) -> None:
        self._activities = activities
        self._tutor = activities.tutor
        self._store = activities.store
        self._now = activities.now
        self._posts = posts
        self._parts = PlanParts(activities=activities, asks=asks, zones=zones)
        self._buttons = PlanButtons(self._parts)
        self._opening = PlanOpening(self._parts, self._buttons)

    def register(self) -> None:
        """Make the kind, its command and its buttons known."""
        self._activities.add(KIND, self)
        self._activities.on_command("plan", self._opening.command)
        self._activities.in_private("plan", Action.PLAN, self._opening)

    async def tap(self, activity: Activity, tap: GroupTap) -> None:
        """A button under the plan's message in the chat."""
        if activity.over:
            await self._activities.answer(tap, "plan.over", alert=True)
        elif not await tap.in_charge():
            await self._activities.answer(tap, "plan.not_in_charge", alert=True)
        else:
            await self._buttons.press(activity, tap)

    async def wake(self, activity: Activity) -> None:
        """Post the next thing, or see why not."""
        trouble = None
        if plan_of(activity).phase is Phase.RUNNING:
            rights = await self._parts.rights(activity.chat, None)
            if rights is not None and rights.chat != activity.chat:
                await self._tutor.move(activity.chat, rights.chat)
                return  # still due: it is woken there
            trouble = _trouble(rights)
        there = await self._there(activity)

        async def become(activity: Activity) -> Change | None:
            if activity.over or activity.due is None or activity.due > self._now():
                return None
            plan = moves.seen(plan_of(activity), there)
            zone = await self._parts.zones.get(plan.zone)
            why = trouble or (Trouble.ZONE if zone is None else None)
            why = why or (Trouble.UNSEEN if plan.misses >= MISSES else None)
            return await self._woken(activity, plan, zone or UTC, why)

        await self._activities.swap(activity.code, become)

    async def left(self, activity: Activity) -> None:
        """The bot was silenced where this goes on: it pauses; who began it is told of the chat as a whole."""
        trouble = _trouble(await self._parts.rights(activity.chat, None)) or Trouble.MUTED

        async def become(found: Activity) -> Change | None:
            plan = plan_of(found)
            if found.over or plan.phase is not Phase.RUNNING:
                return None
            return Change(learner=None, activity=become_of(found, moves.paused(plan, trouble), None))

        await self._activities.swap(activity.code, become)

    async def _there(self, activity: Activity) -> Collection[str]:
        """Keys of what stands in the chat or is still to be said; looked up in the order in which words go."""
        last = plan_of(activity).last
        stands = (await self._store.load(activity.chat)).screens
        if not last or last in stands or any(word.key == last for word in await self._store.unsaid()):
            return {last}
        return (await self._store.load(activity.chat)).screens  # said between the two looks

    async def _woken(self, activity: Activity, plan: Plan, zone: tzinfo, trouble: Trouble | None) -> Change:
        now, stage = self._now(), self._tutor.stage(plan.language)
        if trouble and plan.phase is Phase.RUNNING:
            result = Woken(plan=moves.paused(plan, trouble), due=None)
        else:
            result = woken(plan, zone, stage.shelf, due=activity.due or now, now=now)
        after, place = result.plan, of(activity)
        post, said = await self._posted(stage, place, result.item) if result.item else (None, [])
        if said:
            after = after.model_copy(update={"last": said[-1][2]})
        if after.phase is Phase.DONE:
            said.append(("say", done_message(stage, after), None))
        said += await self._parts.public(activity, after)
        words = self._activities.words(place, said)
        hears = activity.starter if after.trouble and after.trouble is not plan.trouble else None
        if hears is not None:
            words += (await self._notice(activity, after, hears),)
        return Change(learner=hears, activity=become_of(activity, after, result.due), post=post, words=words)

    async def _posted(self, stage: Stage, place: Place, item: Item) -> tuple[Post | None, list[Said]]:
        """What an item is in the chat: the same as by `/post`."""
        lesson = stage.shelf[item.lesson]
        question = next((each for each in lesson.practice if each.id == item.question), None)
        if question is not None:
            post, message = await self._posts.prepared(stage, place, lesson, question)
            return post, [("say", message, post.code)]
        *first, last = step_post(stage, lesson, item.step or "")
        return None, [*(("say", each, None) for each in first), ("say", last, self._tutor.new_key())]

    async def _notice(self, activity: Activity, plan: Plan, learner: int) -> NewWord:
        """To who began it, in private; who never wrote there cannot be told, and that is all right."""
        known = await self._store.known_chat(activity.chat)
        message = notice(await self._tutor.stage_of(learner), plan, known.title if known else None)
        (word,) = self._activities.words(Place(chat=learner), [("say", message, None)])
        return word


def _trouble(rights: Rights | None) -> Trouble | None:
    if rights is None:
        return Trouble.OUTSIDE
    return None if rights.bot_may else Trouble.MUTED
