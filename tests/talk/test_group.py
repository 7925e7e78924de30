"""In a group: one line and a way into the private chat; nothing about one person, and no answer to mere talk."""

import json
from pathlib import Path

import pytest

from bot.preview.directory import GROUP_ID
from bot.preview.updates import UpdateKind
from tests.house import Running
from tests.patience import until
from tests.person import BLAISE, Message, Person
from tests.talk.questions import LESSON
from tests.talk.rounds import TITLE, evening


@pytest.fixture
def blaise(bot: Running) -> Person:
    """A member of the study group, writing there."""
    return Person(bot.local, BLAISE, chat=GROUP_ID)


def url_of(message: Message) -> str:
    """The address behind the one button."""
    ((button,),) = message.body["reply_markup"]["inline_keyboard"]
    url: str = button["url"]
    return url


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", "start"),
        ("/progress", "start"),
        ("/export", "start"),
        ("/forget", "start"),
        ("/learn", "start"),
        (f"/learn {LESSON['id']}", f"l-{LESSON['id']}"),
        (f"/QUIZ@nabla_local_bot {LESSON['id'].upper()} now", f"q-{LESSON['id']}"),
        (f"/train {LESSON['id']}", f"t-{LESSON['id']}"),
        ("/learn <b>x</b>", "start"),
        ("/learn " + "x" * 41, "start"),
        ("/learn ❤", "start"),
        ("/settings some-lesson", "start"),
        ("/nonsense@nabla_local_bot", "start"),
    ],
)
async def test_a_command_gets_one_line_and_a_link(blaise: Person, text: str, payload: str) -> None:
    """The link opens in private what the command named."""
    await blaise.send(text)
    said = await blaise.says("one to one")
    assert "\n" not in said.text
    assert url_of(said) == f"https://t.me/nabla_local_bot?start={payload}"


async def test_the_link_opens_what_was_named(bot: Running, blaise: Person) -> None:
    """Following it shows the lesson in the private chat."""
    await blaise.send(f"/learn {LESSON['id']}")
    payload = url_of(await blaise.says("one to one")).partition("start=")[2]
    private = Person(bot.local, BLAISE)
    await private.send(f"/start {payload}")
    await private.says(LESSON["steps"][0]["title"])


async def test_talk_and_other_bots_commands_get_no_answer(bot: Running, blaise: Person) -> None:
    """Not even a nudge: only what is meant for this bot."""
    calls = bot.local.record_calls()
    line = await reply_to_bot(blaise)
    for text in ("hello all", "/learn@another_bot", "/nonsense", "nabla, what is a weight?"):
        await blaise.send(text)
    await blaise.send("thanks", reply_to=line)
    await blaise.send_sticker()
    await blaise.send("/help")
    await blaise.says("one to one")
    await until(
        lambda: sum(call.method == "sendMessage" for call in calls) >= 2
    )  # it is recorded when answered
    assert [call.method for call in calls if call.method.startswith("send")] == ["sendMessage"] * 2


async def reply_to_bot(person: Person) -> int:
    """A message of the bot in the group."""
    await person.send("/start")
    return (await person.says("one to one")).id


async def test_nothing_personal_is_posted(bot: Running, blaise: Person) -> None:
    """No name, no progress, no private button in what stands in the group."""
    private = Person(bot.local, BLAISE)
    await private.send("/quiz")
    await private.says("Question")
    await blaise.send("/progress")
    await blaise.says("one to one")
    said = [m for m in blaise.messages() if m.body["from"]["is_bot"]]
    text = json.dumps([[m.text, m.buttons] for m in said])
    assert "Blaise" not in text and "/5" not in text
    assert all("callback_data" not in json.dumps(m.body) for m in said)


async def test_a_forged_tap_in_a_group_is_answered_once(bot: Running, blaise: Person) -> None:
    """With the key of one's own private question, too: a kind alert, and the question is not answered."""
    private = Person(bot.local, BLAISE)
    await private.send("/quiz")
    question = await private.says("Question", button="A")
    button = question.button("A")
    assert button
    line = await reply_to_bot(blaise)
    calls = bot.local.record_calls()
    for data in (button["callback_data"], "x", "::::"):
        query = await bot.local.tap(person=BLAISE, chat=GROUP_ID, message=line, data=data)
        answer = await bot.local.answer_to(query)
        assert answer is not None and answer.show_alert and "private chat" in (answer.text or "")
    await private.send("/quiz")
    assert (await private.says("Question", button="A")).text == question.text
    await until(lambda: sum(call.method == "answerCallbackQuery" for call in calls) >= 3)
    assert sum(call.method == "answerCallbackQuery" for call in calls) == 3


async def test_a_busy_groups_talk_is_left_alone_and_crowds_out_no_command(blaise: Person) -> None:
    """A bot that reads along (an administrator) finds hundreds of messages after a pause: nothing is said to them."""
    news = blaise.local._cloud.updates
    who = {"id": BLAISE, "is_bot": False, "first_name": "Blaise"}
    chat = {"id": GROUP_ID, "type": "group", "title": "Study group"}
    body = {"message_id": 1, "date": 1, "chat": chat, "from": who, "text": "talk"}
    before = len(blaise.messages())
    for _ in range(150):
        news.add(UpdateKind.MESSAGE, body)
    await blaise.send("/help")
    await blaise.says("one to one")
    assert len(blaise.messages()) == before + 2, "a command and its line"


async def test_a_flood_of_commands_stands_before_nothing(tmp_path: Path) -> None:
    """Two people send for ever what gets one line; the round that a third begins comes at once all the same."""
    async with evening(tmp_path) as eve:
        for number in range(40):
            by = (eve.blaise, eve.chen)[number % 2]
            await by.send(("/help", "/post", "/nonsense@nabla_local_bot", "/plan")[number // 10])
        await eve.ada.send("/round")
        await eve.ada.says(TITLE, button="Start")
        lines = [m for m in eve.ada.messages() if "one to one" in m.text or "Only administrators" in m.text]
        assert 4 <= len(lines) <= 10
        await eve.hours.pass_(60)
        await eve.chen.send("/help")
        await eve.ada.says("one to one")
