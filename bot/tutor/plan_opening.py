"""`/plan`, in a chat and in private: who may, which chat, and what was typed.

Law: whoever names a chat, by a name or by a forged button, gets no further than Telegram says now.
"""

from collections.abc import Iterable

from bot.core import plan_moves as moves
from bot.core.effects import Toast
from bot.core.plan import KIND
from bot.core.plan_moves import Press
from bot.core.plan_typed import Typed, Unclear, typed
from bot.core.track import tracks
from bot.store.base import Change, UpdateKey
from bot.store.groups import KnownChat
from bot.tutor.activities import GroupCommand, GroupTap, Place, Said
from bot.tutor.learner import Learner
from bot.tutor.plan_buttons import PlanButtons
from bot.tutor.plan_parts import PlanParts
from bot.tutor.plan_showing import PlanShowing, Wish
from bot.tutor.targets import Rights
from bot.view.message import Message
from bot.view.plan import pick_message
from bot.view.rich import Rich

PICKED = 20  # chats to choose from


class PlanOpening:
    """The ways in."""

    def __init__(self, parts: PlanParts, buttons: PlanButtons) -> None:
        self._parts = parts
        self._buttons = buttons
        self._showing = PlanShowing(parts)
        self._activities = parts.activities
        self._tutor = parts.activities.tutor
        self._store = parts.activities.store

    async def command(self, command: GroupCommand) -> None:
        """`/plan [ZONE HH:MM DAYS] [TRACK]` in a group: show the plan, or set one up."""
        by, place = command.by, command.place
        if not await command.in_charge():
            if self._activities.bursts.too_many(place.chat, ("plan.refused", by.id)):
                await self._tutor.dismiss(command.update)
                return
            await self._tutor.tell(
                by, "plan.refused", update=command.update, chat=place.chat, thread=place.thread, link="start"
            )
            return
        said = await self._read(command)
        if isinstance(said, Typed) and said.target:
            said = Unclear(text="plan.bad_word", word=said.target)
        if isinstance(said, Unclear):
            await self._say_unclear(by, place, said, command.update)
            return
        rights = await self._parts.rights(place.chat, by.id)
        wish = Wish(by=by, place=place, said=said, rights=rights, update=command.update)
        await self._showing.show(wish)

    async def private_command(self, command: GroupCommand) -> bool:
        """`/plan [@channel] …`: one chat's plan, or the chats to choose from; False: there is none."""
        said = await self._read(command)
        if isinstance(said, Unclear):
            await self._say_unclear(command.by, command.place, said, command.update)
            return True
        chats = await self._store.chats_of(command.by.id)
        only = chats[0].chat if len(chats) == 1 and said.says_something else None
        target = said.target or only
        if target is not None:
            await self._show_in_private(command, said, target)
        elif chats:
            await self._offer(command, chats[:PICKED])
        return bool(target is not None or chats)

    async def _show_in_private(self, command: GroupCommand, said: Typed, target: int | str) -> None:
        rights = await self._parts.rights(target, command.by.id)
        problem = _problem(rights, str(target))
        if rights is None or problem:
            line = self._line(command.by, problem or Toast(text="plan.stale"))
            await self._say(command.by, command.place, [("say", line, None)], command.update)
            return
        wish = Wish(
            by=command.by,
            place=Place(chat=rights.chat),
            said=said,
            rights=rights,
            update=command.update,
            in_private=True,
        )
        await self._showing.show(wish)

    async def _offer(self, command: GroupCommand, chats: Iterable[KnownChat]) -> None:
        key = self._tutor.new_key()
        titles = [(each.chat, each.title) for each in chats]
        message = pick_message(self._parts.stage(command.by), titles, key)
        await self._say(command.by, command.place, [("say", message, key)], command.update)

    async def private_tap(self, tap: GroupTap) -> None:
        """A button of a plan's message, or of the list of chats, in private."""
        press = Press.parse(tap.argument)
        activity = await self._store.activity(tap.code)
        if activity is not None and activity.kind == KIND:
            chat = activity.chat
        elif press.word == moves.CHAT and _is_chat(press.value):
            chat, activity = int(press.value), None
        else:
            await self._activities.answer(tap, "plan.stale", alert=True)
            return
        known = await self._store.known_chat(chat)
        rights = await self._parts.rights(chat, tap.by.id)
        problem = _problem(rights, known.title if known else str(chat))
        if activity is not None and activity.over:
            problem = Toast(text="plan.over")
        if rights is None or problem:
            toast = problem or Toast(text="plan.stale")
            await self._activities.answer(tap, toast.text, alert=True, **toast.params)
        elif activity is not None:
            await self._buttons.press(activity, tap, rights)
        else:
            place = Place(chat=rights.chat)
            wish = Wish(
                by=tap.by,
                place=place,
                said=Typed(),
                rights=rights,
                update=tap.update,
                in_private=True,
                tap=tap,
            )
            await self._showing.show(wish)

    async def _read(self, command: GroupCommand) -> Typed | Unclear:
        zones = await self._parts.zones.names() if command.argument else {}
        return typed(command.argument, zones=zones, tracks=tracks(self._parts.stage(command.by).shelf))

    def _line(self, by: Learner, toast: Toast) -> Message:
        return Message(rich=Rich(self._parts.stage(by).texts(toast.text, **toast.params)))

    async def _say_unclear(self, by: Learner, place: Place, said: Unclear, update: UpdateKey) -> None:
        """One line that names what is not understood and the form that is wanted."""
        params: dict[str, str | int] = {"word": said.word[:40]}
        if said.text == "plan.bad_word":
            params["tracks"] = ", ".join(tracks(self._parts.stage(by).shelf)[:8]) or "—"
        line = self._line(by, Toast(text=said.text, params=params))
        await self._say(by, place, [("say", line, None)], update)

    async def _say(self, by: Learner, place: Place, said: Iterable[Said], update: UpdateKey) -> None:
        words = self._activities.words(place, said)
        await self._activities.commit(Change(learner=by.id, update=update, words=words))


def _problem(rights: Rights | None, name: str) -> Toast | None:
    """Why this person has no say about plans there."""
    if rights is None:
        return Toast(text="plan.no_chat", params={"name": name[:40]})
    if not rights.person_may:
        return Toast(text="plan.not_yours", params={"title": rights.title[:60]})
    return None


def _is_chat(value: str) -> bool:
    """Whether it is the id of a group or channel."""
    return value.startswith("-") and value[1:].isascii() and value[1:].isdecimal() and len(value) < 20
