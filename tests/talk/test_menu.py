"""What one can ask for at any time: greeting, lessons, progress, settings, help, leaving, one's own data."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.app import COMMANDS
from bot.cli.run import REAL
from tests.house import Running, running
from tests.person import BLAISE, Person
from tests.talk.questions import LESSON, PRACTICE, TITLE, right
from tests.talk.shelves import put, small, with_lab
from tests.talk.slow import SlowEngine, quick

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_welcome_continues_once_begun(learner: Person) -> None:
    """The greeting's one button starts; after a lesson was begun, it continues."""
    await learner.send("/start")
    hello = await learner.says("Hello, Learner")
    assert hello.buttons == [[f"Start: {TITLE}"]]
    await learner.tap("Start")
    await learner.says(LESSON["steps"][0]["title"])
    await learner.send("/start")
    hello = await learner.says("Good to see you again")
    assert hello.buttons == [[f"Continue: {TITLE}"]]
    for command, words in (("/help", "I teach in short messages"), ("/progress", "Your progress")):
        await learner.send(command)
        assert (await learner.says(words)).buttons == hello.buttons


async def test_lessons_show_the_progress_beside_each(learner: Person) -> None:
    """One button a lesson with R/N, which opens it."""
    await learner.send("/lessons")
    catalogue = await learner.says("Lessons")
    assert catalogue.buttons == [[f"{TITLE} · 0/5"]]
    await learner.send("/quiz")
    question = await learner.says("Question 1 of 5")
    await learner.tap(right(question))
    await learner.says("✅")
    await learner.send("/lessons")
    catalogue = await learner.says("Lessons", button=f"{TITLE} · 1/5")
    await learner.tap(TITLE, message=catalogue)
    await learner.says("Question 2 of 5")


async def test_twenty_lessons_come_in_pages(tmp_path: Path) -> None:
    """Eight a page, in order, with More and Earlier in place; a lesson of the last page opens."""
    folder = put(
        tmp_path / "lessons", *(small(f"lesson-{n:02}", order=n, title=f"Number {n:02}") for n in range(20))
    )
    async with running(tmp_path, lessons=folder) as bot:
        ada = Person(bot.local)
        await ada.send("/lessons")
        first = await ada.says("Lessons, page 1 of 3")
        seen = [label for row in first.buttons[:-1] for label in row]
        assert first.buttons[-1] == ["More ▶"]
        await ada.tap("More ▶")
        second = await ada.says("page 2 of 3")
        assert second.id == first.id and second.buttons[-1] == ["◀ Earlier", "More ▶"]
        seen += [label for row in second.buttons[:-1] for label in row]
        await ada.tap("More ▶")
        third = await ada.says("page 3 of 3")
        assert third.buttons[-1] == ["◀ Earlier"]
        seen += [label for row in third.buttons[:-1] for label in row]
        assert seen == [f"Number {n:02} · 0/1" for n in range(20)]
        await ada.tap("◀ Earlier")
        await ada.says("page 2 of 3")
        await ada.tap("Number 12")
        await ada.says("The first text.")


@pytest.mark.parametrize(
    "name",
    ["no-such-lesson", "<b>bold</b>", "*star*_[x](http://a.b)", "x" * 500, "été-ﷺ-🧁", "../../etc", "'; --"],
)
@pytest.mark.parametrize("command", ["learn", "quiz", "train"])
async def test_an_unknown_lesson_shows_those_there_are(learner: Person, command: str, name: str) -> None:
    """The name comes back as plain text, cut where it is long, above the catalogue."""
    await learner.send(f"/{command} {name}")
    said = await learner.says("There is no lesson called", button=TITLE)
    shown = re.search(r"“(.*)”", said.text)
    assert shown and name.lower().startswith(shown[1].rstrip("…"))
    assert len(shown[1]) <= 60
    found_by_telegram = {"url", "bot_command", "mention", "hashtag"}
    assert {entity["type"] for entity in said.entities} - found_by_telegram == {"bold"}


async def test_a_lesson_without_lab_names_those_that_have_one(tmp_path: Path) -> None:
    """`/train` of a lesson without lab lists the labs; the button opens the panel, not the lesson."""
    folder = put(tmp_path / "lessons", small("plain-one"), with_lab("lab-one", order=20, title="With lab"))
    async with running(tmp_path, lessons=folder) as bot:
        ada = Person(bot.local)
        await ada.send("/train plain-one")
        said = await ada.says("“Lesson plain-one” has no lab")
        assert said.buttons == [["Lab: With lab"]]
        await ada.tap("Lab: With lab")
        await ada.says("Lab: House prices", button="Run")


async def test_progress_has_a_bar_and_the_next_thing(learner: Person) -> None:
    """Title and R/N, a bar, and a button that goes on."""
    await learner.send("/progress")
    said = await learner.says("Your progress")
    assert f"{TITLE}: 0/{len(PRACTICE)}\n▱▱▱▱▱" in said.text
    assert said.buttons == [[f"Start: {TITLE}"]]


async def test_settings_hold_the_language(learner: Person) -> None:
    """Telegram's at first; a tap chooses, and is marked in words; and back."""
    await learner.send("/settings")
    said = await learner.says("Language: as in Telegram")
    assert said.buttons == [["English"], ["As in Telegram ✓"]]
    assert (await learner.tap("English")).text == "Saved."
    said = await learner.says("Language: English")
    assert said.buttons == [["English ✓"], ["As in Telegram"]]
    await learner.tap("As in Telegram")
    await learner.says("Language: as in Telegram")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("help", "/learn starts a lesson"),
        ("privacy", "What is stored"),
        ("HELP", "/learn"),
        ("Privacy", "stored"),
    ],
)
async def test_help_and_privacy_say_what_they_are(learner: Person, command: str, words: str) -> None:
    """Each answers, however it is spelled, with a way on."""
    await learner.send(f"/{command}")
    said = await learner.says(words)
    assert said.buttons == [[f"Start: {TITLE}"]]


async def test_help_names_every_command_that_is_registered(learner: Person) -> None:
    """What the menu offers, the help explains (but for those that every bot has)."""
    await learner.send("/help")
    said = await learner.says("/learn")
    assert [name for name in COMMANDS if f"/{name}" not in said.text] == ["start", "help"]


async def test_commands_are_registered_with_descriptions(town: Running, learner: Person) -> None:
    """Telegram's menu has all of them in order, each with words; and the bot is described."""
    await learner.send("/help")
    await learner.says("/learn")
    registered = town.local._cloud.commands()
    assert [each["command"] for each in registered] == list(COMMANDS)
    assert all(3 <= len(each["description"]) <= 256 for each in registered)
    settings = json.dumps(town.local._cloud.settings)
    assert "real TensorFlow" in settings and "machine learning" in settings


async def test_cancel_with_nothing_open(learner: Person) -> None:
    """A kind word and a way on."""
    await learner.send("/cancel")
    said = await learner.says("nothing to cancel")
    assert said.buttons == [[f"Start: {TITLE}"]]


async def test_cancel_in_a_round_keeps_the_place(learner: Person) -> None:
    """The button goes on with the same question."""
    await learner.send("/quiz")
    await learner.says("Question 1 of 5")
    await learner.send("/cancel")
    await learner.says("Your place is kept", button="Continue")
    await learner.tap("Continue")
    await learner.says("Question 1 of 5")


@pytest.mark.parametrize("asked", ["forget", "over"])
async def test_cancel_of_a_question_changes_nothing(learner: Person, asked: str) -> None:
    """What was asked is asked no more: its buttons are gone, and nothing was done."""
    await learner.send("/learn")
    await learner.says(LESSON["steps"][0]["title"])
    await learner.tap("Next")
    await learner.says(LESSON["steps"][1]["title"])
    if asked == "forget":
        await learner.send("/forget")
    else:
        await learner.send("/learn")
        await learner.says(button="Start over")
        await learner.tap("Start over")
    question = await learner.says("?", button="Yes")
    await learner.send("/cancel")
    await learner.says("Nothing was changed", button="Continue")
    assert next(m for m in learner.messages() if m.id == question.id).buttons == []
    await learner.tap("Continue")
    await learner.says(LESSON["steps"][1]["title"])


async def test_export_is_a_json_file_of_everything(town: Running, learner: Person) -> None:
    """Answers, runs, session and id, as JSON that any program reads."""
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    await learner.tap(right(question))
    await learner.says("✅")
    await learner.send("/train")
    await learner.says("Lab:", button="Run")
    await learner.tap("Run: it learns")
    await learner.says("Top: the line")
    await learner.send("/export")
    said = await learner.says("Everything stored about you")
    assert said.document
    everything: dict[str, Any] = json.loads(await learner.download(said.document))
    text = json.dumps(everything)
    assert str(learner.id) in text
    assert [(each["question"], each["correct"]) for each in everything["answers"]] == [
        (PRACTICE[0]["id"], True)
    ]
    assert len(everything["runs"]) == 1
    assert everything["session"]["lesson"] == LESSON["id"]


def files_with(folder: Path, learner: int) -> list[str]:
    """Files of the bot's own store in which an id stands, as text or as SQLite writes a number."""
    wanted = (str(learner).encode(), learner.to_bytes(6, "big"))
    files = [path for path in folder.glob("local.db*") if path.is_file()]
    assert files
    return [path.name for path in files if any(each in path.read_bytes() for each in wanted)]


async def test_forget_asks_first_then_leaves_nothing(tmp_path: Path) -> None:
    """Only the yes deletes; then the id is in no file, and the learner begins anew."""
    number = 777_000_777_001
    async with running(tmp_path) as bot:
        ada, blaise = Person(bot.local, number), Person(bot.local, BLAISE)
        await blaise.send("/quiz")
        await blaise.says("Question 1")
        await ada.send("/quiz")
        question = await ada.says("Question 1")
        await ada.tap(right(question))
        await ada.says("✅")
        await ada.send("/train")
        await ada.says("Lab:", button="Run")
        await ada.tap("Run: it learns")
        await ada.says("Top: the line")
        await ada.send("/forget")
        await ada.says("Delete everything stored about you", button="Yes")
        await ada.tap("No, keep it")
        await ada.says("Nothing was deleted", button="Continue")
        await ada.send("/progress")
        assert "1/5" in (await ada.says("Your progress")).text
        assert files_with(tmp_path, number)
        await ada.send("/forget")
        asked = await ada.says("Delete everything stored about you", button="Yes")
        await ada.tap("Yes, delete everything")
        done = await ada.says("Everything stored about you is deleted")
        assert done.id == asked.id and done.buttons == []
        await blaise.send("/quiz")
        await blaise.says("Question 1")
        assert files_with(tmp_path, number) == []
    assert files_with(tmp_path, number) == []
    async with running(tmp_path) as bot:
        ada = Person(bot.local, number)
        await ada.send("/start")
        await ada.says("Hello", button="Start")
        await ada.send("/progress")
        assert "0/5" in (await ada.says("Your progress")).text
        await ada.send("/train")
        assert "untrained" in (await ada.says("Lab:")).text


async def test_forget_while_a_run_waits_leaves_nothing(tmp_path: Path) -> None:
    """A training that comes back later does not bring the learner back."""
    number = 777_000_777_002
    async with running(tmp_path) as bot:
        ada, blaise = Person(bot.local, number), Person(bot.local, BLAISE)
        await ada.send("/train")
        await ada.says("Lab:", button="Run")
        bot.engine.gate.clear()
        await ada.tap("Run: it learns")
        await ada.send("/forget")
        await ada.says("Delete everything", button="Yes")
        await ada.tap("Yes")
        await ada.says("is deleted")
        bot.engine.gate.set()
        await blaise.send("/train")
        await blaise.says("Lab:", button="Run")
        await blaise.tap("Run: it learns")
        await blaise.says("Top: the line")
        assert files_with(tmp_path, number) == []
        assert not any(m.text.startswith("Loss") for m in ada.messages())


async def test_forget_while_told_a_place_leaves_nothing(tmp_path: Path) -> None:
    """The word about the place in the line does not bring the learner back either."""
    number = 777_000_777_003
    engine = SlowEngine(ahead=3)
    async with running(tmp_path, engine=engine, means=replace(REAL, sleep=quick)) as bot:
        ada, blaise = Person(bot.local, number), Person(bot.local, BLAISE)
        await ada.send("/train")
        await ada.says("Lab:", button="Run")
        engine.gate.clear()
        await ada.tap("Run: it learns")
        await ada.says("learners before you: 3")
        await ada.send("/forget")
        await ada.says("Delete everything", button="Yes")
        await ada.tap("Yes")
        await ada.says("is deleted")
        engine.tell[0](2)
        for _ in range(3):
            await quick(1)
            await blaise.send("/help")
            await blaise.says("/learn")
        assert files_with(tmp_path, number) == []
        assert not any("before you: 2" in message.text for message in ada.messages())


async def test_chatter_gets_one_answer_a_burst(town: Running, learner: Person) -> None:
    """Texts, stickers and another bot's command at once: one friendly word with a way on."""
    await learner.send("/help")
    await learner.says("/learn")
    before = len(learner.messages())
    await learner.send("hello")
    await learner.send_sticker()
    await learner.send("are you there?")
    await learner.send("/learn@somebody_else_bot")
    await learner.send("/privacy")
    await learner.says("What is stored")
    said = [m for m in learner.messages()[before:] if m.body["from"]["is_bot"]]
    assert [m.text[:30] for m in said] == ["I understand commands and butt", "What is stored: your Telegram "]
    assert said[0].buttons == [[f"Start: {TITLE}"]]


async def test_a_sticker_alone_is_answered(learner: Person) -> None:
    """It cannot be looked at, and what to do instead is said."""
    await learner.send_sticker()
    said = await learner.says("I can't look at that")
    assert said.buttons == [[f"Start: {TITLE}"]]


async def test_words_to_an_open_question_point_to_its_buttons(learner: Person) -> None:
    """Typing B is no answer; after the verdict the usual word comes."""
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    await learner.send("B")
    await learner.says("letter buttons", button="Continue")
    await learner.tap(right(question), message=question)
    await learner.says("✅")


@pytest.mark.parametrize("command", ["/nonsense", "/starts", "/learn_more", "/Ω", "/", "//learn"])
async def test_unknown_commands_get_a_friendly_word(learner: Person, command: str) -> None:
    """What is no command says what to do next."""
    await learner.send(command)
    said = await learner.says(button="Start")
    assert "/help" in said.text


@pytest.mark.parametrize("command", ["/post", "/round", "/stop", "/top", "/experiment", "/plan"])
async def test_commands_of_groups_say_what_they_do_there(learner: Person, command: str) -> None:
    """In private too, with a way on."""
    await learner.send(command)
    said = await learner.says(command, button="Start")
    assert "group" in said.text


async def test_commands_may_name_the_bot_and_be_in_capitals(town: Running, learner: Person) -> None:
    """`/LEARN@this_bot ID` is `/learn ID`, whatever the case of the id."""
    await learner.send(f"/LEARN@{(town.local.bot.username or '').upper()} {LESSON['id'].upper()}")
    await learner.says(LESSON["steps"][0]["title"])


async def test_edited_messages_do_not_run_again(town: Running, learner: Person) -> None:
    """An edit to a command is left alone."""
    await learner.send("/lessons")
    await learner.says("Lessons")
    own = next(m for m in learner.messages() if m.text == "/lessons")
    await town.local.send(person=learner.id, chat=learner.chat, text="/privacy", edit_of=own.id)
    await learner.send("/help")
    await learner.says("/learn")
    assert not any("What is stored" in m.text for m in learner.messages())


async def test_posting_in_private_says_where_it_works(learner: Person) -> None:
    """An administrator who tries it in private hears what to do."""
    await learner.send("/post")
    said = await learner.says("group", button="Start")
    assert "administrator" in said.text


async def test_an_experiment_in_private_says_where_it_works(learner: Person) -> None:
    """It is for groups; the lab is the way here."""
    await learner.send("/experiment")
    said = await learner.says("group", button="Start")
    assert "/train" in said.text
