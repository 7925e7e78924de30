"""Stopped and started in every state of the conversation: the button on the screen still does what it says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.house import running
from tests.person import Message, Person
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


async def at_start(ada: Person) -> None:
    """The greeting."""
    await ada.send("/start")
    await ada.says("Hello")


@dataclass(frozen=True, kw_only=True)
class State:
    """Where somebody stands, what they tap after the restart, what is said then, and whether in the same message."""

    reach: Callable[[Person], Awaitable[object]]
    tap: str
    says: str
    in_place: bool = False


STATES = {
    "greeting": State(reach=at_start, tap="Start", says=STEPS[0]),
    "step": State(reach=at_step, tap="Next", says=STEPS[2]),
    "step back": State(reach=at_step, tap="Back", says=STEPS[0]),
    "question": State(reach=at_question, tap="A", says="your answer", in_place=True),
    "hint": State(reach=at_hint, tap="Hint", says="Hint 2:", in_place=True),
    "verdict": State(reach=at_verdict, tap="Next", says="Question 2"),
    "verdict why": State(reach=at_verdict, tap="Why", says="Solution, step 1", in_place=True),
    "why": State(reach=at_why, tap="Why", says="Solution, step 2", in_place=True),
    "round end": State(reach=at_round_end, tap="Again", says="Question 1 of 1"),
    "round end lab": State(reach=at_round_end, tap="Next: the lab", says="Lab:"),
    "lab": State(reach=at_lab, tap="Steady steps", says="Story: Steady", in_place=True),
    "lab run": State(reach=at_lab, tap="Run: it learns", says="Loss before:"),
    "result more": State(reach=at_result, tap="10 more steps", says="The model so far"),
    "result code": State(reach=at_result, tap="Code", says="complete program"),
    "result share": State(reach=at_result, tap="Share", says="Anyone can replay"),
    "result reset": State(reach=at_result, tap="Reset", says="untrained"),
    "ask over": State(reach=at_ask_over, tap="Yes", says=STEPS[0]),
    "ask over no": State(reach=at_ask_over, tap="No", says=STEPS[1]),
    "ask forget": State(reach=at_ask_forget, tap="Yes", says="is deleted", in_place=True),
    "ask forget no": State(reach=at_ask_forget, tap="No", says="Nothing was deleted", in_place=True),
    "settings": State(reach=at_settings, tap="English", says="Language: English", in_place=True),
}


async def test_every_button_outlives_a_restart(tmp_path: Path) -> None:
    """One learner in each state; after the restart each taps the newest button with that label."""
    people = {name: 2001 + place for place, name in enumerate(STATES)}
    async with running(tmp_path) as bot:
        for name, state in STATES.items():
            await state.reach(Person(bot.local, people[name]))
    wrong_ones = []
    async with running(tmp_path) as bot:
        for name, state in STATES.items():
            ada = Person(bot.local, people[name])
            tapped = next(m for m in reversed(ada.messages()) if m.button(state.tap))
            await ada.tap(state.tap, message=tapped)
            try:
                said = await ada.says(state.says, timeout_s=3)
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
