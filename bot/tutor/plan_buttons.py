"""The buttons of a study plan's message, in its chat and in private, of those who may press them.

Law: what a tap changed is committed with its answer and with the message as it becomes; a tap that does not fit
changes nothing and gets a short word.
"""

from bot.core import plan_moves as moves
from bot.core.actions import Action
from bot.core.effects import Toast
from bot.core.plan import Phase, Plan, due
from bot.core.plan_moves import Press, pressed
from bot.store.base import Change
from bot.store.groups import Activity
from bot.tutor.activities import GroupTap, Place, of
from bot.tutor.plan_parts import PlanParts, become_of, plan_of
from bot.tutor.targets import Rights
from bot.view.plan import done_message


class PlanButtons:
    """Works out taps; who taps was asked of Telegram before."""

    def __init__(self, parts: PlanParts) -> None:
        self._parts = parts
        self._activities = parts.activities

    async def press(self, activity: Activity, tap: GroupTap, rights: Rights | None = None) -> None:
        """Do what a button says, and answer; `rights`: in private."""
        press = Press.parse(tap.argument if tap.action == Action.PLAN else "")
        if press.word in (moves.BEGIN, moves.RESUME) and not await self._may_post(activity, tap, rights):
            return
        if rights is not None and tap.message is not None:
            self._activities.tutor.on_seen(tap.by.id, activity.code, tap.message)
        toast = Toast(text="plan.stale", alert=True)

        async def become(activity: Activity) -> Change | None:
            nonlocal toast
            plan = plan_of(activity)
            shelf = self._activities.tutor.stage(plan.language).shelf
            after = None if activity.over else pressed(plan, press, shelf)
            if after is None or after == plan:
                toast = _unfit(plan, after, press)
                return await self._renewed(activity, plan, tap, rights, toast) if rights else None
            return await self._pressed(activity, plan, after, tap, rights)

        if not await self._activities.swap(activity.code, become):
            await self._activities.answer(tap, toast.text, alert=toast.alert)

    async def _renewed(
        self, activity: Activity, plan: Plan, tap: GroupTap, rights: Rights, toast: Toast
    ) -> Change:
        """Nothing changed; a message in private, which no appointment renews, shows the plan as it is now."""
        message = await self._parts.message(activity, plan, self._parts.stage(tap.by), rights.title)
        shown = self._activities.words(Place(chat=tap.by.id), [("edit", message, activity.code)])
        answer = self._activities.answer_word(tap, toast)
        return Change(learner=tap.by.id, update=tap.update, words=(answer, *shown))

    async def _may_post(self, activity: Activity, tap: GroupTap, rights: Rights | None) -> bool:
        """Whether the bot may; if not, the tap is answered with what is missing."""
        found = rights or await self._parts.rights(activity.chat, tap.by.id)
        if found is None or found.bot_may:
            return True
        await self._activities.answer(tap, "plan.may_not_post", alert=True, title=found.title[:60])
        return False

    async def _pressed(
        self, activity: Activity, plan: Plan, after: Plan, tap: GroupTap, rights: Rights | None
    ) -> Change:
        goes_on = plan.phase is Phase.RUNNING and after.phase is Phase.RUNNING
        until = due(after, await self._parts.zone(after), self._activities.now())
        said = await self._parts.public(activity, after)
        if after.phase is Phase.DONE:
            stage = self._activities.tutor.stage(after.language)
            said.append(("say", done_message(stage, after), None))
        begins = after.phase is Phase.RUNNING and not goes_on
        answer = self._activities.answer_word(tap, Toast(text="plan.started" if begins else ""))
        words = (answer, *self._activities.words(of(activity), said))
        if rights is not None:
            stage = self._parts.stage(tap.by)
            message = await self._parts.message(activity, after, stage, rights.title)
            here = Place(chat=tap.by.id)
            words += self._activities.words(here, [("edit", message, activity.code)])
        changed = become_of(activity, after, activity.due if goes_on else until)
        return Change(learner=tap.by.id, update=tap.update, activity=changed, words=words)


def _unfit(plan: Plan, after: Plan | None, press: Press) -> Toast:
    """The word to a tap that changes nothing."""
    if after == plan:  # a second tap on what is so already
        return Toast(text="")
    if press.word == moves.BEGIN and plan.phase is Phase.SETUP and not plan.days:
        return Toast(text="plan.no_days", alert=True)
    return Toast(text="plan.stale", alert=True)
