"""Buttons used twice, late, at once, forged, or by somebody else: a friendly answer, and nothing changes."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.core.actions import Action
from bot.preview.updates import Update
from tests.house import Running, running
from tests.person import Message, Person
from tests.talk.questions import LESSON, labels, right, wrong
from tests.talk.test_menu import files_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

STEPS = [step["title"] for step in LESSON["steps"]]
STALE = "That button is from an earlier message"


def data_of(message: Message, label: str) -> str:
    """What a button carries."""
    button = message.button(label)
    assert button, f"no {label!r} in {labels(message)}"
    data: str = button["callback_data"]
    return data


async def tap(town: Running, learner: Person, message: Message | int, data: str) -> str:
    """Send callback data on a message, real or forged, and give the answer's words."""
    number = message if isinstance(message, int) else message.id
    query = await town.local.tap(person=learner.id, chat=learner.chat, message=number, data=data)
    answer = await town.local.answer_to(query)
    assert answer is not None, f"the tap with {data!r} was never answered"
    return answer.text or ""


async def remembered(learner: Person) -> dict[str, Any]:
    """All that the bot holds of the learner's lessons and answers."""
    await learner.send("/export")
    said = await learner.says("Everything stored")
    assert said.document
    everything = json.loads(await learner.download(said.document))
    return {"session": everything["session"], "answers": everything["answers"], "runs": everything["runs"]}


async def test_an_old_next_is_stale(town: Running, learner: Person) -> None:
    """The step before has lost its buttons; its Next, pressed all the same, moves nothing."""
    await learner.send("/learn")
    first = await learner.says(STEPS[0])
    await learner.tap("Next")
    second = await learner.says(STEPS[1])
    before = await remembered(learner)
    assert STALE in await tap(town, learner, first, data_of(first, "Next"))
    assert await remembered(learner) == before
    assert learner.messages()[-1].id > second.id and not any(STEPS[2] in m.text for m in learner.messages())


async def test_an_old_letter_is_stale_after_next(town: Running, learner: Person) -> None:
    """After Next the question before takes no answer, hint or why any more."""
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    await learner.tap("A")
    verdict = await learner.says()
    await learner.tap("Next")
    await learner.says("Question 2")
    before = await remembered(learner)
    for message, label in ((question, "B"), (question, "Hint"), (verdict, "Why"), (verdict, "Next")):
        assert STALE in await tap(town, learner, message, data_of(message, label))
    assert await remembered(learner) == before


async def test_two_taps_on_next_at_once_are_one(town: Running, learner: Person) -> None:
    """A nervous finger goes one step on, and both taps are answered."""
    await learner.send("/learn")
    first = await learner.says(STEPS[0])
    data = data_of(first, "Next")
    answers = await asyncio.gather(*(tap(town, learner, first, data) for _ in range(4)))
    assert sorted(answers)[0] == "" and sum(STALE in answer for answer in answers) == 3
    await learner.says(STEPS[1])
    await learner.send("/learn")
    await learner.says(STEPS[1], button="Start over")


async def test_two_letters_at_once_count_once(town: Running, learner: Person) -> None:
    """Right and wrong pressed together: the first to arrive counts, whatever the other says."""
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    letters = [wrong(question), right(question)]
    answers = await asyncio.gather(*(tap(town, learner, question, data_of(question, x)) for x in letters))
    assert sorted("first answer counts" in answer for answer in answers) == [False, True]
    assert len((await remembered(learner))["answers"]) == 1


async def test_two_runs_at_once_are_one(town: Running, learner: Person) -> None:
    """Two predictions pressed together: one run, one result, and the other tap says so."""
    await learner.send("/train")
    panel = await learner.says("Lab:", button="Run")
    town.engine.gate.clear()
    data = [data_of(panel, label) for label in ("Run: it learns", "Run: it crawls")]
    answers = await asyncio.gather(*(tap(town, learner, panel, each) for each in data))
    assert sorted("One run at a time" in answer for answer in answers) == [False, True]
    town.engine.gate.set()
    await learner.says("the line before and after")
    assert sum(m.text.startswith("Loss before") for m in learner.messages()) == 1


async def test_the_same_update_twice_counts_once(town: Running, learner: Person) -> None:
    """Telegram may deliver an update again: one answer to the tap, one step, one stored answer."""
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    news = town.local._cloud.updates
    seen: list[Update] = []
    add = news.add

    def keep(kind: Any, body: Any) -> None:
        seen.append(Update(id=news._next_id, kind=kind, at=town.local._cloud.now(), body=body))
        add(kind, body)

    calls = town.local.record_calls()
    news.add = keep  # type: ignore[method-assign]  # the local Telegram has no way to say a thing twice
    await tap(town, learner, question, data_of(question, "A"))
    news.add = add  # type: ignore[method-assign]
    await learner.says()
    for _ in range(3):
        news._waiting.extend(seen)
        if news._poller is not None and not news._poller.done():
            news._poller.set_result(None)
        await learner.send("/help")
        await learner.says("/learn")
    assert len((await remembered(learner))["answers"]) == 1
    assert sum(call.method == "answerCallbackQuery" for call in calls) == 1
    assert sum(call.method == "editMessageText" for call in calls) == 1


def forgeries(live: str, others: str, chance: Random) -> list[str]:
    """Callback data that nobody was given: noise, other people's keys, actions a question has not, wild arguments."""
    alphabet = "abcdefghijklmnop:;-_ \n\0'\"<>{}%é\U0001f9c1٣0123456789"
    noise = ["".join(chance.choices(alphabet, k=chance.randint(0, 40))) for _ in range(25)]
    actions = [action.value for action in Action]
    foreign = [f"{others}:{action}:{chance.choice(['', '0', '1', LESSON['id']])}" for action in actions]
    not_here = {Action.OPTION, Action.HINT, Action.WHY, Action.NEXT}
    misplaced = [f"{live}:{action}:0" for action in Action if action not in not_here]
    wild = ["-1", "9", "1e9", "99999999999999999999", "A", "", "0:0", "٤", "²", "0" * 50]
    arguments = [f"{live}:{Action.OPTION}:{each}" for each in wild]
    return [
        *noise,
        *foreign,
        *misplaced,
        *arguments,
        "",
        ":",
        "::",
        live,
        f"{live}:",
        f"{live}:n",
        f"{live}:w",
    ]


async def test_forged_data_changes_nothing(town: Running, learner: Person, friend: Person) -> None:
    """Whatever a modified client sends on a question, with whosever key: answered once, kindly, in vain."""
    await friend.send("/quiz")
    theirs = await friend.says("Question 1")
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    live, others = (data_of(each, "A").partition(":")[0] for each in (question, theirs))
    before, before_friend = await remembered(learner), await remembered(friend)
    calls = town.local.record_calls()
    chance = Random(11)
    sent = forgeries(live, others, chance)
    for start in range(0, len(sent), 40):
        chunk = sent[start : start + 40]
        answers = await asyncio.gather(*(tap(town, learner, question, data) for data in chunk))
        assert all(STALE in answer for answer in answers), dict(zip(chunk, answers, strict=True))
    assert await remembered(learner) == before
    assert await remembered(friend) == before_friend
    queries = Counter(c.params["callback_query_id"] for c in calls if c.method == "answerCallbackQuery")
    assert len(queries) == len(sent) and set(queries.values()) == {1}
    assert {call.method for call in calls} <= {"answerCallbackQuery", "getUpdates", "sendDocument"}
    await learner.tap("A", message=question)
    await learner.says()


async def test_a_live_key_on_another_message_is_stale(town: Running, learner: Person) -> None:
    """A key means something on its own message only."""
    await learner.send("/help")
    elsewhere = await learner.says("/learn")
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    before = await remembered(learner)
    assert STALE in await tap(town, learner, elsewhere, data_of(question, "A"))
    assert STALE in await tap(town, learner, 12345, data_of(question, "A"))
    assert await remembered(learner) == before


async def test_somebody_elses_tap_in_a_private_chat_changes_nobody(
    town: Running, learner: Person, friend: Person
) -> None:
    """A tap that claims another person's chat is answered to who pressed it; both stay as they were."""
    await friend.send("/quiz")
    await friend.says("Question 1")
    await learner.send("/quiz")
    question = await learner.says("Question 1")
    before = await remembered(learner), await remembered(friend)
    query = await town.local.tap(
        person=friend.id, chat=learner.chat, message=question.id, data=data_of(question, "A")
    )
    answer = await town.local.answer_to(query)
    assert answer is not None and STALE in (answer.text or "")
    assert (await remembered(learner), await remembered(friend)) == before


async def test_forged_languages_and_pages(town: Running, learner: Person) -> None:
    """Arguments that no button has: a language that is none is refused, a page that is not there is the nearest."""
    await learner.send("/settings")
    settings = await learner.says("Settings")
    key = data_of(settings, "English").partition(":")[0]
    before = await remembered(learner)
    for argument in ("xx", "../en", "", "EN", "auto ", "e" * 40):
        assert STALE in await tap(town, learner, settings, f"{key}:la:{argument}")
    assert await remembered(learner) == before
    await learner.send("/lessons")
    catalogue = await learner.says("Lessons")
    key = data_of(catalogue, LESSON["title"][:20]).partition(":")[0]
    for argument in ("-1", "99999", "x", "9" * 50):
        assert await tap(town, learner, catalogue, f"{key}:pg:{argument}") == ""


async def test_forged_settings_of_the_lab(town: Running, learner: Person) -> None:
    """Rows, stories and predictions that are none leave the panel as it is."""
    await learner.send("/train")
    panel = await learner.says("Lab:", button="Run")
    key = data_of(panel, "Run").partition(":")[0]
    before = await remembered(learner)
    wild = [
        "m:",
        "m:o",
        "m:o*",
        "m:z+",
        "m:+",
        "m:r++",
        "s:3",
        "s:-1",
        "s:x",
        "r:arrived",
        "r:",
        "rt:",
        "i:zz",
        "mo:",
        "c:",
    ]
    for argument in wild:
        assert STALE in await tap(town, learner, panel, f"{key}:{argument}"), argument
    assert await remembered(learner) == before


async def test_every_tap_of_a_conversation_is_answered_once(town: Running, learner: Person) -> None:
    """Along a whole way through the bot: as many answers as taps, none twice."""
    calls = town.local.record_calls()
    taps = 0

    async def press(label: str, words: str) -> None:
        nonlocal taps
        await learner.tap(label)
        taps += 1
        await learner.says(words)

    await learner.send("/start")
    await learner.says("Hello")
    await press("Start", STEPS[0])
    for title in STEPS[1:]:
        await press("Next", title)
    await press("Back", STEPS[-2])
    await press("Next", STEPS[-1])
    await press("Next", "Question 1")
    await press("Hint", "Hint 1")
    await press("A", "your answer")
    await press("Why", "Solution, step 1")
    await press("Next", "Question 2")
    await learner.send("/train")
    await learner.says("Lab:", button="Run")
    await press("▶", "Lab:")
    await press("Run: it learns", "the line before and after")
    await press("Code", "complete program")
    await learner.send("/settings")
    await learner.says("Settings")
    await press("English", "Language: English")
    await learner.send("/help")  # by its answer all calls before are on record
    await learner.says("/learn")
    answered = Counter(c.params["callback_query_id"] for c in calls if c.method == "answerCallbackQuery")
    assert len(answered) == taps and set(answered.values()) == {1}


async def test_a_tap_is_answered_before_slow_work(town: Running, learner: Person) -> None:
    """The prediction is acknowledged while the training has not even begun."""
    await learner.send("/train")
    await learner.says("Lab:", button="Run")
    town.engine.gate.clear()
    trained = len(town.engine.trained)
    assert (await learner.tap("Run: it learns")).text == "Training…"
    assert len(town.engine.trained) == trained
    town.engine.gate.set()
    await learner.says("the line before and after")


async def test_a_double_tap_on_forget_leaves_no_id(tmp_path: Path) -> None:
    """The second half comes from a stranger by then: answered like any stale tap, and nothing is kept of it."""
    number = 777_000_777_002
    async with running(tmp_path) as bot:
        ada = Person(bot.local, number)
        await ada.send("/forget")
        asked = await ada.says("Delete everything", button="Yes")
        yes = data_of(asked, "Yes")
        first, second = await asyncio.gather(*(tap(bot, ada, asked, yes) for _ in range(2)))
        assert sorted([first, second])[0] == "" and STALE in first + second
        assert STALE in await tap(bot, ada, asked, "livekey1:n")
        await ada.has_said("Everything stored about you is deleted")
    assert files_with(tmp_path, number) == []
    with closing(sqlite3.connect(tmp_path / "local.db")) as db:
        assert db.execute("SELECT learner FROM learners").fetchall() == []
