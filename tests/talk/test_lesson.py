"""A learner reads: every step in order, back, away and back again, over a restart, from the beginning."""

from pathlib import Path

import pytest
import yaml

from tests.house import LESSONS, running
from tests.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")

LESSON = yaml.safe_load((LESSONS / "why-training-changes-weights.yaml").read_text())
TITLES = [step["title"] for step in LESSON["steps"]]


async def test_greeting_has_one_button_that_starts(learner: Person) -> None:
    """A newcomer is greeted by name, told what this is, and has one thing to do."""
    await learner.send("/start")
    hello = await learner.says("Hello, Learner")
    assert "machine learning" in hello.text
    assert hello.buttons == [[f"Start: {LESSON['title']}"]]


async def test_every_step_comes_in_order_and_loses_its_buttons(learner: Person) -> None:
    """Next leads through all steps; only the newest has buttons; after the last one comes a question."""
    await learner.send("/learn")
    for number, title in enumerate(TITLES):
        step = await learner.says(title)
        assert any(label.startswith("Next") for row in step.buttons for label in row)
        with_buttons = [m for m in learner.messages() if m.buttons]
        assert [m.id for m in with_buttons] == [step.id], f"step {number}"
        await learner.tap("Next")
    question = await learner.says("Question 1 of 5")
    assert question.buttons[0] == ["A", "B", "C", "D"]


async def test_back_shows_the_step_before(learner: Person) -> None:
    """One can go back, and forward again."""
    await learner.send("/learn")
    await learner.says(TITLES[0])
    await learner.tap("Next")
    await learner.says(TITLES[1])
    await learner.tap("Back")
    first = await learner.says(TITLES[0])
    assert not any("Back" in row for row in first.buttons)


async def test_goes_on_where_it_stopped_after_a_restart(tmp_path: Path) -> None:
    """A restart and another command in between change nothing of the place."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/learn")
        for title in TITLES[:3]:
            await ada.says(title)
            await ada.tap("Next")
        await ada.says(TITLES[3])
        await ada.send("/progress")
        await ada.says("Your progress")
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/learn")
        await ada.says(TITLES[3], button="Start over")
        await ada.tap("Next")
        await ada.says(TITLES[4])


async def test_buttons_from_before_a_restart_still_work(tmp_path: Path) -> None:
    """A message sent before the restart is edited after it, not sent anew."""
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.send("/quiz")
        question = await ada.says("Question 1")
    async with running(tmp_path) as bot:
        ada = Person(bot.local)
        await ada.tap("A")
        verdict = await ada.says()
        assert verdict.id == question.id
        assert verdict.text[0] in "✅❌"


async def test_starting_over_asks_first(learner: Person) -> None:
    """From the beginning only after a yes; a no goes on in place."""
    await learner.send("/learn")
    await learner.says(TITLES[0])
    await learner.tap("Next")
    await learner.says(TITLES[1])
    await learner.send("/learn")
    await learner.says(TITLES[1], button="Start over")
    await learner.tap("Start over")
    await learner.says("from the beginning?", button="Yes")
    await learner.tap("No")
    await learner.says(TITLES[1], button="Start over")
    await learner.tap("Start over")
    await learner.says("from the beginning?", button="Yes")
    await learner.tap("Yes")
    await learner.says(TITLES[0])


async def test_learners_do_not_share_a_place(learner: Person, friend: Person) -> None:
    """Blaise begins at the beginning, wherever Ada is."""
    await learner.send("/learn")
    await learner.says(TITLES[0])
    await learner.tap("Next")
    await learner.says(TITLES[1])
    await friend.send("/learn")
    assert TITLES[0] in (await friend.says()).text


async def test_deep_link_opens_what_it_names(learner: Person) -> None:
    """A payload opens the lesson, its questions or its lab; an unknown one is a plain start."""
    await learner.send(f"/start l-{LESSON['id']}")
    await learner.says(TITLES[0])
    await learner.send(f"/start q-{LESSON['id']}")
    await learner.says("Question 1")
    await learner.send(f"/start t-{LESSON['id']}")
    await learner.says("Lab:")
    await learner.send("/start no-such-thing")
    await learner.says("Hello, Learner")


async def test_no_lessons_is_a_kind_word(tmp_path: Path) -> None:
    """An empty folder gives a greeting without a dead button, and no traceback for any command."""
    empty = tmp_path / "lessons"
    empty.mkdir()
    async with running(tmp_path, lessons=empty) as bot:
        ada = Person(bot.local)
        for command in ("/start", "/lessons", "/learn", "/quiz", "/train", "/progress"):
            await ada.send(command)
            said = await ada.says("no lessons yet")
            assert said.buttons == []
