"""Posts of lessons as authors write them: changed or taken out afterwards, long reasons, markup, code, six options."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.preview.directory import GROUP_ID
from tests.house import Running, running
from tests.person import ADA, BLAISE, CHEN, Message, Person
from tests.talk.shelves import put, question, small
from tests.talk.test_lessons_change import Author

TRAP = "<b>x</b> &amp; [a](https://example.org) _y_ *z* ~s~ @everyone /forget"
SENTENCES = (
    "The first reason is short. " + "The second one is as long as it can be" + " and longer" * 20 + "."
)
CODE = "if x < 1:\n    print('**not bold** ||seen||')"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lesson with a plain question, one of six options with code, and one with long reasons."""
    six = [
        {"text": f"`code {n}` **bold** {TRAP}"[:100], "because": "No. " + TRAP, "correct": n == 5}
        for n in range(6)
    ]
    long = [
        {"text": "Yes", "because": SENTENCES, "correct": True},
        {"text": "No", "because": "x" * 400},
    ]
    questions = [
        question("q-one"),
        question("q-six", options=six, ask=TRAP, code={"language": "python", "code": CODE}),
        question("q-long", options=long),
    ]
    return put(tmp_path / "lessons", small("alpha", questions=questions), small("beta"))


@pytest.fixture
async def bot(tmp_path: Path, folder: Path) -> AsyncIterator[Running]:
    """A bot with that lesson."""
    async with running(tmp_path, lessons=folder) as bot:
        yield bot


async def post(bot: Running, name: str, ask: str) -> tuple[Person, Message]:
    """What Ada posted, and Ada."""
    ada = Person(bot.local, ADA, chat=GROUP_ID)
    await ada.send(f"/post\talpha \n {name.upper()}")
    return ada, await ada.says(ask)


async def test_six_options_code_and_markup_stand_as_they_were_written(bot: Running) -> None:
    """A button an option, the code as code, and what looks like HTML is text."""
    _, message = await post(bot, "q-six", "<b>x</b>")
    assert message.buttons[0] == list("ABCDEF")
    assert CODE in message.text
    assert "&amp;" in message.text
    (block,) = [each for each in message.entities if each["type"] == "pre"]
    assert block["language"] == "python"
    answer = await Person(bot.local, BLAISE, chat=GROUP_ID).tap("F", message=message)
    assert answer.text is not None
    assert answer.text.startswith("✅ No. <b>x</b> &amp;")


async def test_a_long_reason_is_cut_between_sentences(bot: Running) -> None:
    """Or, where the first sentence is too long already, with an ellipsis; never beyond 200."""
    _, message = await post(bot, "q-long", "What is q-long?")
    right = await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=message)
    wrong = await Person(bot.local, CHEN, chat=GROUP_ID).tap("B", message=message)
    assert right.text == "✅ The first reason is short."
    assert wrong.text is not None
    assert wrong.text.startswith("❌ xxx") and wrong.text.endswith("…")
    assert len(wrong.text) <= 200


@pytest.mark.parametrize("change", ["changed", "question taken out", "lesson taken out"])
async def test_taps_on_what_has_changed_since_say_so(bot: Running, folder: Path, change: str) -> None:
    """Nothing is counted for another question than was asked; what stood under the post stays."""
    ada, message = await post(bot, "q-one", "What is q-one?")
    await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=message)
    totals = await ada.says("1 answered, 100 % right")
    author = Author(bot, folder)
    if change == "changed":
        await author.write(small("alpha", questions=[question("q-one", ask="What else?")]))
    elif change == "question taken out":
        await author.write(small("alpha", questions=[question("q-two")]))
    else:
        await author.remove("alpha")
    blaise, chen = (Person(bot.local, who, chat=GROUP_ID) for who in (BLAISE, CHEN))
    for answer in [await who.tap("B", message=message) for who in (chen, chen, blaise)]:
        assert answer.show_alert and answer.text and answer.text.startswith("This question has changed")
    assert ada.last() == totals
    code = (message.button("A") or {})["callback_data"].partition(":")[0]
    private = Person(bot.local, BLAISE)
    for link in ("p", "e"):
        await private.send(f"/start {link}-{code}")
        said = await private.says()
        assert "your answer" not in said.text


async def test_two_taps_of_one_person_at_once_count_once(bot: Running) -> None:
    """One verdict, one way to the why, in this order."""
    ada, message = await post(bot, "q-one", "What is q-one?")
    blaise = Person(bot.local, BLAISE, chat=GROUP_ID)
    first, second = await asyncio.gather(*(blaise.press(x, message=message) for x in "AB"))
    answers = [await bot.local.answer_to(query) for query in (first, second)]
    assert sorted(bool(answer and answer.url) for answer in answers) == [False, True]
    await ada.says("1 answered")


async def test_a_post_names_nobody(bot: Running) -> None:
    """Neither who posted it nor who answered; the bot's own name is in its link only."""
    ada, message = await post(bot, "q-one", "What is q-one?")
    await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=message)
    shown = str((await ada.says("1 answered")).body["text"])
    assert not any(name in shown for name in ("Ada", "Blaise", "101", "102", "ada_local"))
