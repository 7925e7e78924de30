"""What the ways into a study plan have in common: its state read and kept, its message, its zone."""

from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from bot.core.plan import Plan, appointments
from bot.store.groups import Activity
from bot.tutor.activities import Activities, Said
from bot.tutor.learner import Learner
from bot.tutor.targets import Asks, Rights
from bot.tutor.zones import Zones
from bot.view.message import Message
from bot.view.plan import PlanScene, plan_message
from bot.view.stage import Stage
from bot.view.texts import pick


class PlanParts:
    """What goes on, how one stands in a chat, which zones there are; and how a plan is shown."""

    def __init__(self, *, activities: Activities, asks: Asks, zones: Zones) -> None:
        self.activities = activities
        self._asks = asks
        self.zones = zones

    async def rights(self, target: int | str, person: int | None) -> Rights | None:
        """What a person and the bot may do in a chat now; None: the bot is in no such group or channel."""
        rights = await self._asks(target, person)
        return rights if rights.is_inside else None

    async def zone(self, plan: Plan) -> tzinfo:
        """The plan's zone; UTC where it is not known any more, until its appointment says so."""
        return await self.zones.get(plan.zone) or UTC

    def stage(self, by: Learner) -> Stage:
        """What is drawn for a person in private."""
        return self.activities.tutor.stage(pick(None, by.language))

    async def public(self, activity: Activity, plan: Plan) -> list[Said]:
        """The plan's message in the chat as it is now, if there is one."""
        stage = self.activities.tutor.stage(plan.language)
        return [("edit", await self.message(activity, plan, stage), activity.code)] if plan.is_public else []

    async def message(self, activity: Activity, plan: Plan, stage: Stage, chat: str | None = None) -> Message:
        """The plan's message; `chat`: the chat's title, where it stands elsewhere."""
        times = appointments(plan, await self.zone(plan), after=self.activities.now())
        return plan_message(stage, PlanScene(plan=plan, times=times, chat=chat), activity.code)


def plan_of(activity: Activity) -> Plan:
    """The plan that an activity keeps."""
    return Plan.model_validate_json(activity.body)


def become_of(activity: Activity, plan: Plan, until: datetime | None) -> Activity:
    """The activity with the plan as it becomes, and when that wants to be woken."""
    return replace(activity, body=plan.model_dump_json(), due=until, over=plan.over)
