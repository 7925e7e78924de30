"""Stopped and started in every state of the conversation: the button on the screen still does what it says."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.core.experiment import Outcome, Spec
from bot.core.state import ScreenKind
from bot.preview.directory import GROUP_ID
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Labels
from tests.house import PlainEngine, running
from tests.person import ADA, Message, Person
from tests.talk.questions import LESSON, PRACTICE, right, wrong

STEPS = [step["title"] for step in LESSON["steps"]]


async def at_step(ada: Person) -> None:
    """The second step stands in the chat."""
    await ada.send("/learn")
    await ada.says(STEPS[0])
    await ada.tap("Next")
    await ada.says(STEPS[1])


async def at_question(ada: Person) -> Message:
    """The first question stands in the chat."""
    await ada.send("/quiz")
    return await ada.says("Question 1", button="A")


async def at_hint(ada: Person) -> None:
    """A question with one hint."""
    await at_question(ada)
    await ada.tap("Hint")
    await ada.says("Hint 1:")


async def at_verdict(ada: Person) -> None:
    """The first question, answered wrong."""
    await ada.tap(wrong(await at_question(ada)))
    await ada.says("❌")


async def at_why(ada: Person) -> None:
    """The first step of the solution."""
    await at_verdict(ada)
    await ada.tap("Why")
    await ada.says("Solution, step 1")


async def at_round_end(ada: Person) -> None:
    """A round with one miss."""
    question = await at_question(ada)
    for place in range(len(PRACTICE)):
        await ada.tap(right(question) if place else wrong(question), message=question)
        await ada.says("your answer")
        await ada.tap("Next")
        question = await ada.says(button="A" if place < 4 else "Again")


async def at_lab(ada: Person) -> None:
    """The panel."""
    await ada.send("/train")
    await ada.says("Lab:", button="Run")


async def at_result(ada: Person) -> None:
    """A result with its picture."""
    await at_lab(ada)
    await ada.tap("Run: it learns")
    await ada.says("Top: the line")


async def at_run(ada: Person) -> None:
    """A run was asked for; what comes of it the engine of this test decides by the learner."""
    await at_lab(ada)
    await ada.tap("Run: it learns")


async def at_lost(ada: Person) -> None:
    """The apology for a run that was lost."""
    await at_run(ada)
    await ada.says(button="Try again")


async def at_numbers(ada: Person) -> None:
    """The numbers of a result; its picture is still to be drawn."""
    await at_run(ada)
    await ada.says("Loss before:")


async def at_finished(ada: Person) -> None:
    """All read, all answered: what one can do with the lesson now."""
    await ada.send("/learn")
    for title in STEPS:
        await ada.says(title)
        await ada.tap("Next")
    for _ in PRACTICE:
        question = await ada.says(button="A")
        await ada.tap(right(question), message=question)
        await ada.says("your answer")
        await ada.tap("Next")
    await ada.says("5 of 5 right")
    await ada.send("/learn")
    await ada.says(button="Practice again")


async def at_explain(ada: Person) -> None:
    """The verdict on a question that was posted for everyone, opened in private."""
    group = Person(ada.local, ada.id, chat=GROUP_ID)
    poster = Person(ada.local, ADA, chat=GROUP_ID)
    await poster.send(f"/post {LESSON['id']} {PRACTICE[0]['id']}")
    post = await poster.says(button="A")
    await group.tap("A", message=post)
    url = (await group.tap("A", message=post)).url
    assert url is not None
    await ada.send(f"/start {url.partition('start=')[2]}")
    await ada.says("your answer")


async def at_ask_over(ada: Person) -> None:
    """Asked whether to start over."""
    await at_step(ada)
    await ada.send("/learn")
    await ada.says(button="Start over")
    await ada.tap("Start over")
    await ada.says("from the beginning?")


async def at_ask_forget(ada: Person) -> None:
    """Asked whether to delete everything."""
    await at_step(ada)
    await ada.send("/forget")
    await ada.says("Delete everything")


async def at_settings(ada: Person) -> None:
    """The language."""
    await ada.send("/settings")
    await ada.says("Settings")


async def at_post(ada: Person) -> None:
    """A post is put together, for a channel that somebody else runs."""
    await ada.send(f"/post {LESSON['id']} @daily_local")
    await ada.says("You are not an administrator")


async def at_start(ada: Person) -> None:
    """The greeting."""
    await ada.send("/start")
    await ada.says("Hello")


@dataclass(frozen=True, kw_only=True)
class State:
    """Where somebody stands, what they tap after the restart, what is said then, and whether in the same message.

    Without a tap: what comes by itself.
    """

    kind: ScreenKind
    reach: Callable[[Person], Awaitable[object]]
    says: str
    tap: str = ""
    in_place: bool = False


STATES = {
    "greeting": State(kind=ScreenKind.MENU, reach=at_start, tap="Start", says=STEPS[0]),
    "step": State(kind=ScreenKind.STEP, reach=at_step, tap="Next", says=STEPS[2]),
    "step back": State(kind=ScreenKind.STEP, reach=at_step, tap="Back", says=STEPS[0]),
    "question": State(
        kind=ScreenKind.QUESTION, reach=at_question, tap="A", says="your answer", in_place=True
    ),
    "hint": State(kind=ScreenKind.QUESTION, reach=at_hint, tap="Hint", says="Hint 2:", in_place=True),
    "verdict": State(kind=ScreenKind.QUESTION, reach=at_verdict, tap="Next", says="Question 2"),
    "verdict why": State(
        kind=ScreenKind.QUESTION, reach=at_verdict, tap="Why", says="Solution, step 1", in_place=True
    ),
    "why": State(kind=ScreenKind.QUESTION, reach=at_why, tap="Why", says="Solution, step 2", in_place=True),
    "round end": State(kind=ScreenKind.ROUND_END, reach=at_round_end, tap="Again", says="Question 1 of 1"),
    "round end lab": State(kind=ScreenKind.ROUND_END, reach=at_round_end, tap="Next: the lab", says="Lab:"),
    "lab": State(kind=ScreenKind.LAB, reach=at_lab, tap="Steady steps", says="Story: Steady", in_place=True),
    "lab run": State(kind=ScreenKind.LAB, reach=at_lab, tap="Run: it learns", says="Loss before:"),
    "result more": State(
        kind=ScreenKind.RESULT, reach=at_result, tap="10 more steps", says="The model so far"
    ),
    "result code": State(kind=ScreenKind.RESULT, reach=at_result, tap="Code", says="complete program"),
    "result share": State(kind=ScreenKind.RESULT, reach=at_result, tap="Share", says="Anyone can replay"),
    "result reset": State(kind=ScreenKind.RESULT, reach=at_result, tap="Reset", says="untrained"),
    "ask over": State(kind=ScreenKind.ASK_OVER, reach=at_ask_over, tap="Yes", says=STEPS[0]),
    "ask over no": State(kind=ScreenKind.ASK_OVER, reach=at_ask_over, tap="No", says=STEPS[1]),
    "ask forget": State(
        kind=ScreenKind.ASK_FORGET, reach=at_ask_forget, tap="Yes", says="is deleted", in_place=True
    ),
    "ask forget no": State(
        kind=ScreenKind.ASK_FORGET, reach=at_ask_forget, tap="No", says="Nothing was deleted", in_place=True
    ),
    "settings": State(
        kind=ScreenKind.MENU, reach=at_settings, tap="English", says="Language: English", in_place=True
    ),
    "finished": State(
        kind=ScreenKind.FINISHED, reach=at_finished, tap="Practice again", says="Question 1 of"
    ),
    "explain": State(
        kind=ScreenKind.EXPLAIN, reach=at_explain, tap="Why", says="Solution, step 1", in_place=True
    ),
    "explain next": State(kind=ScreenKind.EXPLAIN, reach=at_explain, tap="Next", says=STEPS[0]),
    "post": State(kind=ScreenKind.POST, reach=at_post, tap="Back", says="Which question", in_place=True),
    "lost": State(kind=ScreenKind.LOST, reach=at_lost, tap="Try again", says="Loss before:"),
    "running": State(kind=ScreenKind.LAB, reach=at_run, says="Loss before:"),
    "waiting for the picture": State(kind=ScreenKind.RESULT, reach=at_numbers, says="Top: the line"),
}
PEOPLE = {name: 2001 + place for place, name in enumerate(STATES)}


class Moody(PlainEngine):
    """Loses the run of one learner, and gives back neither the run of another nor a third one's picture."""

    async def train(
        self,
        learner: int,
        spec: Spec,
        *,
        on_place: Callable[[int], None] | None = None,
        code: str | None = None,
    ) -> Outcome:
        """An outcome, if this learner is to have one."""
        if learner == PEOPLE["lost"]:
            raise TrainingFailed(TrainingFailure.DIED)
        if learner == PEOPLE["running"]:
            await self._closed.wait()
        return await super().train(learner, spec, on_place=on_place)

    async def draw(self, learner: int, spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
        """A dot, if this learner is to have one."""
        if learner == PEOPLE["waiting for the picture"]:
            raise TrainingFailed(TrainingFailure.CLOSED)  # as one that a stop cuts off
        return await super().draw(learner, spec, outcome, labels)


def kind_of(database: Path, learner: int, message: Message, label: str) -> str:
    """What the store knows the message of this button as."""
    button = message.button(label)
    assert button is not None
    with closing(sqlite3.connect(database)) as db:
        (session,) = db.execute("SELECT session FROM learners WHERE learner = ?", (learner,)).fetchone()
    kind: str = json.loads(session)["screens"][button["callback_data"].partition(":")[0]]["kind"]
    return kind


def test_the_states_are_all_there_are() -> None:
    """No kind of screen is left out."""
    assert {state.kind for state in STATES.values()} == set(ScreenKind)


async def test_every_button_outlives_a_restart(tmp_path: Path) -> None:
    """One learner in each state; after the restart each taps the newest button with that label."""
    async with running(tmp_path, engine=Moody()) as bot:
        for name, state in STATES.items():
            await state.reach(Person(bot.local, PEOPLE[name]))
    wrong_ones = []
    async with running(tmp_path) as bot:
        for name, state in STATES.items():
            ada = Person(bot.local, PEOPLE[name])
            tapped = next(m for m in reversed(ada.messages()) if m.button(state.tap))
            if state.tap:
                assert kind_of(bot.database, ada.id, tapped, state.tap) == state.kind
                await ada.tap(state.tap, message=tapped)
            try:
                said = await (ada.says(state.says, timeout_s=3) if state.tap else ada.has_said(state.says))
            except AssertionError as error:
                wrong_ones.append(f"{name}: {error}")
                continue
            if state.in_place and said.id != tapped.id:
                wrong_ones.append(f"{name}: a new message instead of an edit")
    assert wrong_ones == []


async def test_first_tries_and_model_outlive_a_restart(tmp_path: Path) -> None:
    """What was learned is there after the restart: progress, the trained model, the language."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        question = await at_question(ada)
        await ada.tap(right(question))
        await ada.says("✅")
        await at_result(ada)
        await at_settings(ada)
        await ada.tap("English")
        await ada.says("Language: English")
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/progress")
        assert "1/5" in (await ada.says("Your progress")).text
        await ada.send("/train")
        assert "The model so far" in (await ada.says("Lab:")).text
        await ada.send("/settings")
        await ada.says("Language: English")
