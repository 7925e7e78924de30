"""Class experiments in groups: what commands, taps and time do to one, and what is said of it.

Law: a vote changes no experiment, so that a storm of votes is a storm of rows; it counts only while voting stands
open as the voter saw it. How many voted is counted from the store. A training is waited for by nobody's line; what
a stop cuts off is trained at the next start.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core import class_experiment as core
from bot.core.actions import Action
from bot.core.class_experiment import PREDICTION, RATE, Counts, Experiment, Phase, Step
from bot.core.effects import Toast
from bot.core.panel import PREDICTIONS
from bot.errors import StaleError
from bot.store.base import Change, NewWord, Store, UpdateKey
from bot.store.groups import Activity, Vote
from bot.tally import Tally
from bot.tutor.activities import TRIES, Activities, GroupTap, Said, of
from bot.tutor.comparisons import Comparison, Comparisons
from bot.tutor.experiment_commands import ExperimentCommands
from bot.tutor.kept import dumps
from bot.tutor.trainings import TrainingEngine
from bot.tutor.tutor import Sleep
from bot.view.experiment import apology, experiment_message, picture_caption, prediction_name, rate_name
from bot.view.stage import Stage
from bot.view.texts import pick

log = logging.getLogger(__name__)

Move = Callable[[Experiment, Counts, datetime], Step | None]
SORTS = {Action.EXPERIMENT_RATE: RATE, Action.EXPERIMENT_PREDICT: PREDICTION}
OTHER = {RATE: PREDICTION, PREDICTION: RATE}
ASK_FOR = {RATE: "experiment.noted_predict", PREDICTION: "experiment.noted_vote"}  # what is still missing


class Experiments:
    """The kind `experiment`, with its commands."""

    def __init__(
        self,
        *,
        activities: Activities,
        store: Store,
        engine: TrainingEngine,
        now: Callable[[], datetime],
        sleep: Sleep,
        tally: Tally | None = None,
    ) -> None:
        self._activities = activities
        self._tutor = activities.tutor
        self._store = store
        self._now = now
        self._comparisons = Comparisons(engine=engine, sleep=sleep, tally=tally or Tally())
        self._running: dict[str, asyncio.Task[None]] = {}
        commands = ExperimentCommands(activities=activities, stop=self.stop_one)
        activities.add(core.KIND, self)
        activities.on_command("experiment", commands.begin)
        activities.on_command("stop", commands.stop, kind=core.KIND)

    async def resume(self) -> None:
        """Train again what an earlier run left unfinished; call once, at start."""
        for activity in await self._store.activities(kind=core.KIND):
            if state_of(activity).phase is Phase.TRAINING:
                self._begin(activity.code)

    async def stop(self) -> None:
        """Wait for no training any more; the next start takes it up."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def picture(self, code: str) -> bytes | None:
        """The picture of an experiment; made anew if it was lost with a process. None: there is no such."""
        activity = await self._store.activity(code)
        if activity is None or activity.kind != core.KIND:
            return None
        state = state_of(activity)
        if not state.ran:
            return None
        return await self._comparisons.picture(code, activity.chat, state, self._tutor.stage(state.language))

    # time

    async def wake(self, activity: Activity) -> None:
        """Its time has come; where the bot was taken out, it ends without a word."""
        chat = await self._store.known_chat(activity.chat)
        if chat is not None and not chat.inside:
            await self._change(activity.code, lambda state, counts, now: core.leave(state), silent=True)
        elif await self._change(activity.code, core.wake, due=True):
            found = await self._store.activity(activity.code)
            if found is not None and not found.over and state_of(found).phase is Phase.TRAINING:
                self._begin(found.code)

    # taps

    async def tap(self, activity: Activity, tap: GroupTap) -> None:
        """A vote, or a button for who is in charge."""
        if activity.over:
            await self._activities.answer(tap, "experiment.over", alert=True)
        elif tap.action in SORTS:
            await self._vote(activity, tap, SORTS[Action(tap.action)])
        elif tap.action == Action.EXPERIMENT_CLOSE:
            await self._steer(
                activity, tap, lambda state, counts, now: core.close(state, now), "experiment.closing"
            )
        elif tap.action == Action.EXPERIMENT_RETRY:
            await self._steer(
                activity, tap, lambda state, counts, now: core.retry(state, now), "experiment.retrying"
            )
        else:
            await self._activities.answer(tap, "stale")

    async def _vote(self, activity: Activity, tap: GroupTap, sort: str) -> None:
        """Count a vote while voting stands open; again if that changed meanwhile."""
        for _ in range(TRIES):
            state, now = state_of(activity), self._now()
            choice = core.choice(state, sort, tap.argument)
            if choice is None or not core.is_open(state, now):
                key = "stale" if choice is None else "experiment.noted_closed"
                await self._activities.answer(tap, key, alert=choice is not None)
                return
            vote = Vote(code=activity.code, item=sort, choice=choice, cast_at=now, final=False)
            noted = await self._noted(activity, tap, state, sort, choice)
            change = Change(
                learner=tap.by.id,
                update=tap.update,
                votes=(vote,),
                while_at=(activity.code, activity.version),
                words=(noted,),
            )
            try:
                await self._activities.commit(change)
            except StaleError:
                activity = await self._store.activity(activity.code) or activity
            else:
                if tap.message is not None:  # should nobody have heard where the votes were said
                    self._tutor.on_seen(activity.chat, activity.code, tap.message)
                return
        raise StaleError(f"experiment {activity.code} changed {TRIES} times while one vote was tried")

    async def _noted(
        self, activity: Activity, tap: GroupTap, state: Experiment, sort: str, choice: int
    ) -> NewWord:
        """What was noted, and the other sort of vote if it is still missing."""
        stage = self._tutor.stage(pick(None, tap.by.language))
        other = await self._store.ballot(activity.code, OTHER[sort], tap.by.id)
        name = (
            rate_name(stage, state.rates[choice])
            if sort == RATE
            else prediction_name(stage, PREDICTIONS[choice])
        )
        key = "experiment.noted" if other else ASK_FOR[sort]
        return self._activities.answer_word(tap, Toast(text=key, params={"name": name}))

    async def _steer(self, activity: Activity, tap: GroupTap, move: Move, done: str) -> None:
        """A button for the starter and administrators."""
        if tap.by.id != activity.starter and not await tap.in_charge():
            await self._activities.answer(tap, "experiment.not_yours", alert=True)
            return
        first = self._activities.answer_word(tap, Toast(text=done))
        if not await self._change(activity.code, move, update=tap.update, first=first):
            await self._activities.answer(tap, "experiment.noted_closed")

    async def stop_one(self, code: str, update: UpdateKey) -> bool:
        """`/stop`; False: there is nothing to stop any more."""
        return await self._change(code, lambda state, counts, now: core.stop(state, now), update=update)

    # training

    def _begin(self, code: str) -> None:
        """Train beside everything else, once in this process."""
        if code not in self._running:
            task = asyncio.create_task(self._train(code))
            self._running[code] = task
            task.add_done_callback(lambda task: self._ended(code, task))

    def _ended(self, code: str, task: asyncio.Task[None]) -> None:
        del self._running[code]
        if not task.cancelled() and (error := task.exception()):
            log.error("experiment %s was not finished (%s): it is taken up again", code, type(error).__name__)

    async def _train(self, code: str) -> None:
        """Train, draw, then say it; what fails is said, and may be tried again."""
        activity = await self._store.activity(code)
        if activity is None or activity.over:
            return
        state, counts = state_of(activity), await self._counts(activity)
        if counts.nobody:
            return  # the clock ends it
        wanted = core.wanted(state, counts)
        stage = self._tutor.stage(state.language)
        compared = await self._comparisons.compare(
            code, activity.chat, state.model_copy(update={"ran": wanted}), stage
        )
        if isinstance(compared, Comparison):
            if compared is Comparison.FAILED:
                await self._change(code, lambda state, _, now: core.lose(state, now))
            return
        shown = state.model_copy(update={"shown": counts})
        caption = picture_caption(stage, shown, compared, code).as_json()
        body = {"run": code, "caption": caption.pop("text"), **caption}
        await self._change(code, lambda state, *_: core.finish(state, wanted, counts), photo=body)

    # changing and saying

    async def _change(
        self,
        code: str,
        move: Move,
        *,
        update: UpdateKey | None = None,
        first: NewWord | None = None,
        photo: dict[str, object] | None = None,
        due: bool = False,
        silent: bool = False,
    ) -> bool:
        """Move an experiment on; `first` is said before all else. False: it was left as it is.

        `due`: only if its time has come. `silent`: nobody can be told.
        """

        async def become(activity: Activity) -> Change | None:
            if activity.over or (due and (activity.due is None or activity.due > self._now())):
                return None
            before = state_of(activity)
            step = move(before, await self._counts(activity), self._now())
            if step is None:
                return None
            step = replace(step, state=step.state.model_copy(update={"chat": activity.chat}))
            words = () if silent else self._said(activity, before, step, photo)
            over = step.state.phase is Phase.OVER
            after = replace(activity, body=step.state.model_dump_json(), due=step.due, over=over)
            return Change(
                learner=None, update=update, activity=after, words=(first, *words) if first else words
            )

        return await self._activities.swap(code, become)

    def _said(
        self, activity: Activity, before: Experiment, step: Step, photo: dict[str, object] | None
    ) -> tuple[NewWord, ...]:
        """The message with the votes, the apology if there is one, and at last the picture."""
        place, code, state = of(activity), activity.code, step.state
        stage = self._stage(state)
        said: list[Said] = []
        if before.chat != state.chat:
            said.append(("say", experiment_message(stage, state, code), code))
        elif step.renewed:
            said.append(("edit", experiment_message(stage, state, code), code))
        if before.failed and state.phase is not before.phase and state.phase is not Phase.LOST:
            said.append(("edit", apology(stage, state, code), apology_key(code, before.failed)))
        if state.failed > before.failed:
            said.append(("say", apology(stage, state, code), apology_key(code, state.failed)))
        words = self._activities.words(place, said)
        if photo is None:
            return words
        return (*words, NewWord(chat=place.chat, kind="photo", body=dumps({**photo, **place.topic})))

    def _stage(self, state: Experiment) -> Stage:
        return self._tutor.stage(state.language)

    async def _counts(self, activity: Activity) -> Counts:
        rates = await self._store.tally(activity.code, RATE)
        predictions = await self._store.tally(activity.code, PREDICTION)
        return Counts(
            rates=tuple(rates.get(place, 0) for place in range(len(state_of(activity).rates))),
            predictions=tuple(predictions.get(place, 0) for place in range(len(PREDICTIONS))),
        )


def apology_key(code: str, number: int) -> str:
    """The key of the message that says that a training was lost."""
    return f"{code}.{number}"


def state_of(activity: Activity) -> Experiment:
    """The state; one that was ended from outside (two groups became one) is over."""
    state = Experiment.model_validate_json(activity.body)
    if activity.over and state.phase is not Phase.OVER:
        return state.model_copy(update={"phase": Phase.OVER})
    return state
