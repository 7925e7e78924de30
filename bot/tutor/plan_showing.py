"""A study plan is shown to an administrator: the one that is there, changed by what was typed, or a new one.

Law: of two who begin at once one begins; the other sees that one's plan. The message shown before loses its buttons.
"""

from dataclasses import dataclass, replace

from bot.core.effects import Toast
from bot.core.plan import KIND, Phase, Plan, due, new
from bot.core.plan_typed import Typed, retimed
from bot.errors import StaleError
from bot.store.base import Change, NewWord, UpdateKey
from bot.store.groups import Activity, KnownChat
from bot.tutor.activities import TRIES, GroupTap, Place, Said, of
from bot.tutor.learner import Learner
from bot.tutor.plan_parts import PlanParts, become_of, plan_of
from bot.tutor.targets import Rights
from bot.view.message import Message
from bot.view.rich import Rich


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """An administrator wants to see the plan of a place."""

    by: Learner
    place: Place
    said: Typed
    rights: Rights | None  # None: an anonymous administrator in a chat that cannot be asked for
    update: UpdateKey
    in_private: bool = False
    tap: GroupTap | None = None  # on the list of chats

    @property
    def here(self) -> Place:
        """Where the plan is to be shown."""
        return Place(chat=self.by.id) if self.in_private else self.place


class PlanShowing:
    """Fulfils wishes."""

    def __init__(self, parts: PlanParts) -> None:
        self._parts = parts
        self._activities = parts.activities
        self._tutor = parts.activities.tutor

    async def show(self, wish: Wish) -> None:
        """Show the plan of a place, with what was typed in it; a new one if there is none."""
        for _ in range(TRIES):
            found = await self._current(wish)
            stage = self._parts.stage(wish.by)
            plan = plan_of(found) if found else None
            plan = plan or new(stage.shelf, stage.texts.language, is_public=not wish.in_private)
            after = retimed(plan, wish.said, stage.shelf) if plan else None
            problem = _problem(wish, plan, after)
            if after is None or problem:
                change = self._refusal(wish, problem or Toast(text="plan.no_lessons"))
            else:
                change = await self._shown(wish, found, after)
            try:
                await self._activities.commit(replace(change, update=wish.update))
            except StaleError:
                continue
            return
        raise StaleError(f"the plan of chat {wish.place.chat} changed {TRIES} times while it was to be shown")

    async def _current(self, wish: Wish) -> Activity | None:
        """The plan of a place; in private, where no topic is said, one of a topic if it is the only one."""
        found = await self._activities.store.activities(chat=wish.place.chat, kind=KIND)
        here = next((each for each in found if each.thread == wish.place.thread), None)
        return found[0] if here is None and wish.in_private and len(found) == 1 else here

    def _refusal(self, wish: Wish, line: Toast) -> Change:
        if wish.tap is not None:
            words: tuple[NewWord, ...] = (self._activities.answer_word(wish.tap, replace(line, alert=True)),)
        else:
            text = self._parts.stage(wish.by).texts(line.text, **line.params)
            words = self._activities.words(wish.here, [("say", Message(rich=Rich(text)), None)])
        return Change(learner=wish.by.id, words=words)

    async def _shown(self, wish: Wish, found: Activity | None, plan: Plan) -> Change:
        plan = plan.model_copy(update={"is_public": plan.is_public or not wish.in_private})
        activity = found or self._new(wish)
        stage, title = self._tutor.stage(plan.language), None
        if wish.in_private:
            stage, title = self._parts.stage(wish.by), wish.rights.title if wish.rights else None
        message = await self._parts.message(activity, plan, stage, title)
        answers = [self._activities.answer_word(wish.tap, Toast(text=""))] if wish.tap else []
        words: tuple[NewWord, ...] = (
            *answers,
            *self._activities.words(wish.here, self._anew(wish, activity, message)),
        )
        if wish.in_private:
            words += self._activities.words(of(activity), await self._parts.public(activity, plan))
        keeps_time = found is not None and plan.phase is Phase.RUNNING and not wish.said.says_something
        until = due(plan, await self._parts.zone(plan), self._activities.now())
        return Change(
            learner=wish.by.id,
            activity=become_of(activity, plan, activity.due if keeps_time else until),
            words=words,
            chat=_known(wish.rights),
            runs_chat=wish.rights.chat if wish.rights and wish.rights.person_may else None,
        )

    def _new(self, wish: Wish) -> Activity:
        return Activity(
            code=self._tutor.new_key(),
            kind=KIND,
            chat=wish.place.chat,
            thread=wish.place.thread,
            starter=wish.by.id,
            made_at=self._activities.now(),
            body="",
            alone=True,
        )

    def _anew(self, wish: Wish, activity: Activity, message: Message) -> list[Said]:
        """In the place of the list that was tapped, else as a new message."""
        if wish.tap is not None and wish.tap.message is not None:
            self._tutor.on_seen(wish.by.id, activity.code, wish.tap.message)
            return [("edit", message, activity.code)]
        strip: list[Said] = [("strip", Message(rich=Rich()), activity.code)] if activity.version else []
        return [*strip, ("say", message, activity.code)]


def _problem(wish: Wish, before: Plan | None, after: Plan | None) -> Toast | None:
    """What is in the way of what was typed."""
    if before is not None and after is None:
        return Toast(text="plan.other_track", params={"track": before.track})
    begins = before is not None and after is not None and before.phase is not after.phase
    if begins and wish.rights is not None and not wish.rights.bot_may:
        return Toast(text="plan.may_not_post", params={"title": wish.rights.title[:60]})
    return None


def _known(rights: Rights | None) -> KnownChat | None:
    if rights is None:
        return None
    return KnownChat(chat=rights.chat, kind=rights.kind, title=rights.title, username=rights.username)
