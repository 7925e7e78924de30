"""A person learns: the real bot, the real TensorFlow, the page in a real browser.

With NABLA_PICTURES set to a folder, the pictures of the README are made there on the way.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from bot.preview.directory import GROUP_ID
from bot.training.engine import Engine
from tests.browser.chromium import DESK, PHONE, PHONE_DARK, ChatPage, Screen, needs_chromium, open_chat
from tests.house import LESSONS, running
from tests.person import ADA

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.tensorflow,
    pytest.mark.asyncio(loop_scope="session"),
    needs_chromium,
]

LESSON = yaml.safe_load((LESSONS / "why-training-changes-weights.yaml").read_text())
QUESTIONS = {q["id"]: q for q in LESSON["questions"]}
TALL = Screen(width=1280, height=860)


async def picture(chat: ChatPage, name: str, *, height: int | None = None) -> None:
    """A picture for the README, if somebody asked for it; at the newest message, without passing toasts."""
    folder, size = os.environ.get("NABLA_PICTURES"), chat.page.viewport_size
    if not folder or size is None:
        return
    await chat.page.set_viewport_size({"width": size["width"], "height": height or size["height"]})
    await chat.page.wait_for_timeout(6000)
    await chat.page.evaluate("document.getElementById('scroll').scrollTo(0, 1e9)")
    await chat.page.wait_for_timeout(500)
    await chat.screenshot(Path(folder) / f"{name}.png")
    await chat.page.set_viewport_size(size)


def letter_of(shown: str, *, correct: bool) -> str:
    """The letter of a right or wrong option of the first question, as this learner sees it."""
    for line in shown.splitlines():
        found = re.match(r"([A-F])\. (.*)", line)
        for option in QUESTIONS["purpose"]["options"]:
            if found and found[2].startswith(option["text"]) and option.get("correct", False) is correct:
                return found[1]
    raise AssertionError(f"no such option in {shown}")


async def answer_the_first_question(chat: ChatPage, *, correct: bool) -> None:
    """From the newest question to its verdict."""
    shown = await chat.message("Why does training update the weights?").inner_text()
    await chat.tap(letter_of(shown, correct=correct))
    await chat.message("Right." if correct else "Not quite.").wait_for()


@pytest.mark.parametrize("screen", [TALL, PHONE], ids=["desk", "phone"])
async def test_a_person_learns_and_trains(browser: "Browser", tmp_path: Path, screen: Screen) -> None:
    """Start, read all steps, answer wrong, see why, go on to the lab, train for real, see the picture."""
    async with (
        running(tmp_path, engine=Engine(warm=[7])) as bot,
        open_chat(browser, bot.local.url, screen=screen) as chat,
    ):
        await read_the_lesson(chat, screen)
        await answer_wrong_then_right(chat, screen)
        await train(chat, screen)
        assert await chat.overflow_px() == 0
        assert chat.complaints == []
        assert all(
            "127.0.0.1" in address or address.startswith(("data:", "blob:")) for address in chat.requests
        )


async def read_the_lesson(chat: ChatPage, screen: Screen) -> None:
    """All steps, one Next after the other."""
    await chat.send("/start")
    await chat.wait_text("Hello, Ada!")
    await chat.tap("Start")
    for step in LESSON["steps"]:
        await chat.wait_text(step["title"])
        if step["id"] == "solution" and screen is TALL:
            await picture(chat, "lesson")
        await chat.tap("Next")
    await chat.wait_text("Question 1 of 5")


async def answer_wrong_then_right(chat: ChatPage, screen: Screen) -> None:
    """A hint, a wrong answer, the whole why; the missed question again at the end, now right."""
    await chat.tap("Hint")
    await chat.wait_text("Hint 1:")
    await answer_the_first_question(chat, correct=False)
    if screen is PHONE:
        await picture(chat, "question", height=760)
    for number, part in enumerate(QUESTIONS["purpose"]["solution"], 1):
        await chat.tap("Why")
        await chat.wait_text(f"Solution, step {number}: {part['title']}")
    await chat.tap("Why")
    await chat.wait_text("The right answer:")
    for number in range(2, 6):
        await chat.tap("Next")
        await chat.wait_text(f"Question {number} of 5")
        await chat.tap("A")
        await chat.button("Why").wait_for()
    await chat.tap("Next")
    await chat.button("Again").wait_for()
    await chat.tap("Again")
    await chat.wait_text("Question 1 of ")


async def train(chat: ChatPage, screen: Screen) -> None:
    """A prediction that is wrong, a real training, the two lines, the picture."""
    await chat.send("/train")
    await chat.wait_text("Lab: House prices")
    await chat.tap("Giant leaps")
    await chat.wait_text("Story: Giant leaps")
    await chat.tap("Run: it learns")
    shown = await chat.wait_text("Loss after:", timeout_s=60)
    before, after = (float(x) for x in re.findall(r"Loss (?:before|after): (\S+)", shown)[-2:])
    assert before == 1.0
    assert after > 1e6
    assert "it blew up" in shown
    await chat.tap("Reset")
    await chat.wait_text("The model is untrained")
    await chat.tap("Steady steps")
    await chat.wait_text("Story: Steady steps")
    await chat.tap("Run: it learns")
    await chat.wait_text("You predicted it", timeout_s=30)
    photo = chat.page.locator("img[src*='/files/']").last
    await photo.wait_for(timeout=30_000)
    await chat.page.wait_for_function(
        "image => image.complete && image.naturalWidth > 500", arg=await photo.element_handle()
    )
    if screen is PHONE:
        await picture(chat, "training", height=1420)


async def test_three_people_stay_apart(browser: "Browser", tmp_path: Path) -> None:
    """Blaise sees nothing of Ada's lesson, in the dark and on a phone."""
    async with running(tmp_path) as bot, open_chat(browser, bot.local.url, screen=PHONE_DARK) as chat:
        await chat.send("/learn")
        await chat.wait_text(LESSON["steps"][0]["title"])
        await picture(chat, "dark")
        await chat.be("Blaise")
        assert LESSON["steps"][0]["title"] not in await chat.text()
        await chat.send("/start")
        await chat.wait_text("Hello, Blaise!")


async def test_a_question_for_a_whole_group(browser: "Browser", tmp_path: Path) -> None:
    """Ada posts, Blaise answers and sees an alert, a second tap opens the why in his chat; the group sees totals."""
    async with (
        running(tmp_path) as bot,
        open_chat(browser, bot.local.url, screen=TALL, person=ADA, group=GROUP_ID) as chat,
    ):
        await chat.send(f"/post {LESSON['id']}")
        await chat.wait_text(QUESTIONS["purpose"]["ask"])
        await chat.be("Blaise")
        shown = await chat.message(QUESTIONS["purpose"]["ask"]).inner_text()
        await chat.tap(letter_of(shown, correct=True))
        alert = chat.page.get_by_role("alertdialog")
        await alert.get_by_text("✅").wait_for()
        await chat.page.keyboard.press("Escape")
        await chat.wait_text("1 answered, 100 % right")
        await picture(chat, "group")
        await chat.tap(letter_of(shown, correct=False))
        await chat.wait_text("your answer")
        assert "Right." in await chat.text()


async def test_an_author_saves_and_the_page_says_so(browser: "Browser", tmp_path: Path) -> None:
    """A changed lesson is named on the page; a broken one with its line, and the good version stays."""
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    file = lessons / "lesson.yaml"
    text = (LESSONS / "why-training-changes-weights.yaml").read_text()
    file.write_text(text)
    async with (
        running(tmp_path, lessons=lessons) as bot,
        open_chat(browser, bot.local.url, screen=DESK) as chat,
    ):
        file.write_text(text.replace("Can a model get better by itself?", "Could it get better alone?"))
        await chat.page.get_by_text("Lesson changed").wait_for(timeout=10_000)
        await chat.send("/learn")
        await chat.wait_text("Could it get better alone?")
        file.write_text(text.replace("level: beginner", "level: beginer"))
        await chat.page.get_by_text("lesson.yaml:7").wait_for(timeout=10_000)
        await chat.send("/learn")
        await chat.wait_text("Could it get better alone?")
