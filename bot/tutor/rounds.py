"""Live rounds in groups: what the clock, taps and commands do to a round, and what is said of it.

Law: a tap on an option is a vote and an answer in that person's progress, committed together while the question
stands; it changes no round, so that a storm of taps is a storm of rows. All else changes the round by compare and
swap, one after the other, and what is said of it is committed with it; a renewal of what stands comes between two
changes, never behind a newer one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random
from weakref import WeakValueDictionary

from bot.core import live as core
from bot.core.actions import Action
from bot.core.effects import Toast
from bot.core.live import Live, Moment, Part, Phase, Step
from bot.store.base import Change, NewWord, Store, UpdateKey
from bot.store.groups import Activity
from bot.tutor.activities import Activities, GroupTap, Said, of
from bot.tutor.renewals import Renewals
from bot.tutor.round_commands import RoundCommands
from bot.tutor.round_votes import RoundVotes, live_of, question_key
from bot.tutor.tables import ROUND, TOP, Tables, table_key
from bot.tutor.tutor import Sleep
from bot.view.live import Tally, lobby_message, question_message

Move = Callable[[Activity, Live, Moment], Step | None]


class Rounds:
    """The kind `round`, with its commands; the kind `top` too, whose tables are made of rounds."""

    def __init__(
        self,
        *,
        activities: Activities,
        store: Store,
        now: Callable[[], datetime],
        chance: Random,
        sleep: Sleep,
    ) -> None:
        self._activities = activities
        self._tutor = activities.tutor
        self._store = store
        self._now = now
        self._chance = chance
        self._renewals = Renewals(self._renew, turn=store.turn, sleep=sleep)
        # key of a question → how many this process last said have answered it
        self._shown: dict[str, int] = {}
        self._closed: set[str] = set()  # of these, those whose solution this process has said
        self._tables = Tables(activities=activities, store=store, want=self._renewals.want)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # there while held
        self._votes = RoundVotes(activities=activities, store=store, chance=chance, want=self._renewals.want)
        self._tutor.seen_live = self._votes.seen
        self._tutor.before_forget.append(self._tables.before_forget)
        commands = RoundCommands(
            activities=activities, store=store, chance=chance, stop=self.stop_round, anew=self.say_anew
        )
        activities.add(ROUND, self)
        activities.add(TOP, self)
        activities.on_command("round", commands.begin)
        activities.on_command("stop", commands.stop)
        activities.on_command("stop", commands.stop, kind=ROUND)
        activities.on_command("top", commands.limited(self._tables.top))

    async def stop(self) -> None:
        """Renew what waits for it, then no more."""
        await self._renewals.stop()

    # time

    async def wake(self, activity: Activity) -> None:
        """Its time has come; where the bot was taken out, it ends without a word."""
        chat = await self._store.known_chat(activity.chat)
        outside = chat is not None and not chat.inside

        def move(activity: Activity, live: Live, moment: Moment) -> Step | None:
            if activity.due is None or activity.due > moment.now:
                return None
            step = core.stop(live, moment) if outside else core.wake(live, activity.due, moment)
            return replace(step, parts=()) if outside else step

        await self._change(activity.code, move)

    # taps

    async def tap(self, activity: Activity, tap: GroupTap) -> None:
        """A letter, a name, or a button for whoever steers."""
        live = live_of(activity) if activity.kind == ROUND else None
        if tap.action == Action.JOIN:
            await self._tables.join(activity, tap)
        elif tap.action == Action.LEAVE:
            await self._tables.leave(tap)
        elif live is None:
            await self._activities.answer(tap, "stale")
        elif tap.action == Action.ROUND_OPTION:
            await self._votes.vote(activity, tap)
        elif tap.action in _STEERING:
            await self._steer(activity, tap)
        else:
            await self._activities.answer(tap, "stale")

    async def _steer(self, activity: Activity, tap: GroupTap) -> None:
        """A button for the starter and administrators."""
        if tap.by.id != activity.starter and not await tap.in_charge():
            await self._activities.answer(tap, "live.not_yours", alert=True)
            return
        step, done, refused = _STEERING[tap.action]
        done_word = self._activities.answer_word(tap, Toast(text=done))
        moved = await self._change(
            activity.code,
            lambda _, live, moment: step(live, tap.argument, moment),
            update=tap.update,
            first=done_word,
        )
        if not moved:
            found = await self._store.activity(activity.code)
            over = found is None or found.over  # perhaps without a word, where the bot could say none
            await self._activities.answer(tap, "live.was_ended" if over else refused, alert=True)

    async def stop_round(self, code: str, update: UpdateKey) -> bool:
        """End a round by a command; False: it is over already."""
        return await self._change(code, lambda _, live, moment: core.stop(live, moment), update=update)

    async def say_anew(self, code: str, update: UpdateKey) -> bool:
        """Say what stands once more, where the group has a new id since; False: it stands there already."""

        def move(activity: Activity, live: Live, _: Moment) -> Step | None:
            if live.chat == activity.chat:
                return None
            part = Part.QUESTION if live.asked else Part.LOBBY
            return Step(live=live, due=activity.due, parts=(part,))

        return await self._change(code, move, update=update)

    # changing and saying

    async def _change(
        self, code: str, move: Move, *, update: UpdateKey | None = None, first: NewWord | None = None
    ) -> bool:
        """Move a round on; `first` is said before all else. False: it was left as it is."""
        made: list[tuple[Activity, Step, Tally]] = []

        async def become(activity: Activity) -> Change | None:
            if activity.over:
                return None
            live = live_of(activity)
            tally = await self._tally(activity, live)
            moment = Moment(
                now=self._now(),
                chance=self._chance,
                shelf=self._tutor.stage(live.language).shelf,
                answered=sum(tally.values()),
            )
            step = move(activity, live, moment)
            if step is None:
                return None
            moved = live.chat != activity.chat
            step = replace(step, live=step.live.model_copy(update={"chat": activity.chat}))
            over = step.live.phase is Phase.OVER
            after = replace(activity, body=step.live.model_dump_json(), due=step.due, over=over)
            made[:] = [(after, step, tally)]
            said = [await self._said(after, step, part, tally, moved=moved) for part in step.parts]
            words = self._activities.words(of(activity), said)
            return Change(
                learner=None, update=update, activity=after, words=(first, *words) if first else words
            )

        async with self._lock(code):
            done = await self._activities.swap(code, become)
            if done:
                await self._count_again(*made[0])
        return done

    async def _said(self, activity: Activity, step: Step, part: Part, tally: Tally, *, moved: bool) -> Said:
        """One message of a step; message ids do not move with a group, so what stood there is said anew."""
        live, code = step.live, activity.code
        stage = self._tutor.stage(live.language)
        anew = "say" if moved else "edit"
        if part is Part.LOBBY:
            return anew, lobby_message(stage, live, code), f"{code}.l"
        if part is Part.TABLE:
            return "say", await self._tables.round_message(activity, live), table_key(code)
        message = question_message(stage, live, code, {} if step.put else tally)
        return "say" if step.put else anew, message, question_key(code, live.place)

    async def _count_again(self, activity: Activity, step: Step, tally: Tally) -> None:
        """A vote that came between the counting and the closing counts: what was just said is corrected."""
        live = step.live
        if live.running or not live.asked or Part.QUESTION not in step.parts:
            return
        if (key := question_key(activity.code, live.place)) in self._shown:
            self._closed.add(key)
        now = await self._tally(activity, live)
        if now == tally:
            return
        stage = self._tutor.stage(live.language)
        message = question_message(stage, live, activity.code, now)
        self._activities.renew(activity, message, key)
        if Part.TABLE in step.parts:
            table = await self._tables.round_message(activity, live)
            self._activities.renew(activity, table, table_key(activity.code))

    async def _renew(self, key: str) -> None:
        """Make a message anew: how many answered, or a table that somebody joined, left, or was forgotten in."""
        code, _, what = key.rpartition(".")
        async with self._lock(code):
            activity = await self._store.activity(code)
            if activity is None:
                return
            if activity.kind == TOP:
                self._activities.renew(activity, await self._tables.week_message(activity), key)
                return
            live = live_of(activity)
            if key == table_key(code) and activity.over:
                self._activities.renew(activity, await self._tables.round_message(activity, live), key)
            elif what == str(live.place) and live.chat == activity.chat:
                await self._renew_question(activity, live, key)
            else:
                self._closed.discard(key)
                self._shown.pop(key, None)

    async def _renew_question(self, activity: Activity, live: Live, key: str) -> None:
        """How many have answered. Looked at until it is solved, lest what another process said of it is undone."""
        if key in self._closed:
            self._closed.discard(key)
            self._shown.pop(key, None)
            return
        tally = await self._tally(activity, live)
        answered = sum(tally.values())
        if answered != self._shown.get(key) or not live.running:
            stage = self._tutor.stage(live.language)
            self._activities.renew(activity, question_message(stage, live, activity.code, tally), key)
        if live.running:
            self._shown[key] = answered
            self._renewals.look_again(key)
        else:
            self._shown.pop(key, None)

    async def _tally(self, activity: Activity, live: Live) -> Tally:
        """How many chose what at the question that stands."""
        return dict(await self._store.tally(activity.code, str(live.place))) if live.asked else {}

    def _lock(self, code: str) -> asyncio.Lock:
        """One hand at a round's messages at a time."""
        lock = self._locks.get(code)
        if lock is None:
            lock = self._locks[code] = asyncio.Lock()
        return lock


# action → the step, what is said when it is done, and when it cannot be
_STEERING: dict[str, tuple[Callable[[Live, str, Moment], Step | None], str, str]] = {
    Action.ROUND_PACE: (core.set_pace, "live.pace_set", "live.began"),
    Action.ROUND_BEGIN: (lambda live, _, moment: core.begin(live, moment), "live.starting", "live.began"),
    Action.ROUND_ON: (core.go_on, "live.going_on", "live.went_on"),
}
