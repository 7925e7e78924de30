"""A learner reads: every step in order, back, away and back again, over a restart, from the beginning."""

from pathlib import Path

import yaml

from tests.house import LESSONS, Running, running
from tests.person import BLAISE, Person

LESSON = yaml.safe_load((LESSONS / "why-training-changes-weights.yaml").read_text())
TITLES = [step["title"] for step in LESSON["steps"]]


async def test_greeting_has_one_button_that_starts(ada: Person) -> None:
    """A newcomer is greeted by name, told what this is, and has one thing to do."""
    await ada.send("/start")
    hello = await ada.says("Hello, Ada!")
    assert "machine learning" in hello.text
    assert hello.buttons == [[f"Start: {LESSON['title']}"]]


async def test_every_step_comes_in_order_and_loses_its_buttons(ada: Person) -> None:
    """Next leads through all steps; only the newest has buttons; after the last one comes a question."""
    await ada.send("/learn")
    for number, title in enumerate(TITLES):
        step = await ada.says(title)
        assert any(label.startswith("Next") for row in step.buttons for label in row)
        with_buttons = [m for m in ada.messages() if m.buttons]
        assert [m.id for m in with_buttons] == [step.id], f"step {number}"
        await ada.tap("Next")
    question = await ada.says("Question 1 of 5")
    assert question.buttons[0] == ["A", "B", "C", "D"]


async def test_back_shows_the_step_before(ada: Person) -> None:
    """One can go back, and forward again."""
    await ada.send("/learn")
    await ada.says(TITLES[0])
    await ada.tap("Next")
    await ada.says(TITLES[1])
    await ada.tap("Back")
    first = await ada.says(TITLES[0])
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


async def test_starting_over_asks_first(ada: Person) -> None:
    """From the beginning only after a yes; a no goes on in place."""
    await ada.send("/learn")
    await ada.says(TITLES[0])
    await ada.tap("Next")
    await ada.says(TITLES[1])
    await ada.send("/learn")
    await ada.says(TITLES[1], button="Start over")
    await ada.tap("Start over")
    await ada.says("from the beginning?", button="Yes")
    await ada.tap("No")
    await ada.says(TITLES[1], button="Start over")
    await ada.tap("Start over")
    await ada.says("from the beginning?", button="Yes")
    await ada.tap("Yes")
    await ada.says(TITLES[0])


async def test_learners_do_not_share_a_place(bot: Running, ada: Person) -> None:
    """Blaise begins at the beginning, wherever Ada is."""
    blaise = Person(bot.local, BLAISE)
    await ada.send("/learn")
    await ada.says(TITLES[0])
    await ada.tap("Next")
    await ada.says(TITLES[1])
    await blaise.send("/learn")
    assert TITLES[0] in (await blaise.says()).text


async def test_deep_link_opens_what_it_names(ada: Person) -> None:
    """A payload opens the lesson, its questions or its lab; an unknown one is a plain start."""
    await ada.send(f"/start l-{LESSON['id']}")
    await ada.says(TITLES[0])
    await ada.send(f"/start q-{LESSON['id']}")
    await ada.says("Question 1")
    await ada.send(f"/start t-{LESSON['id']}")
    await ada.says("Lab:")
    await ada.send("/start no-such-thing")
    await ada.says("Hello, Ada!")


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
