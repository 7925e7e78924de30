"""In a group: one line and a way into the private chat; nothing about one person, and no answer to mere talk."""

import json

import pytest

from bot.preview.directory import GROUP_ID
from bot.preview.updates import UpdateKind
from tests.house import Running
from tests.person import BLAISE, Message, Person
from tests.talk.questions import LESSON

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def blaise(town: Running) -> Person:
    """A member of the study group, writing there."""
    return Person(town.local, BLAISE, chat=GROUP_ID)


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


async def test_the_link_opens_what_was_named(town: Running, blaise: Person) -> None:
    """Following it shows the lesson in the private chat."""
    await blaise.send(f"/learn {LESSON['id']}")
    payload = url_of(await blaise.says("one to one")).partition("start=")[2]
    private = Person(town.local, BLAISE)
    await private.send(f"/start {payload}")
    await private.says(LESSON["steps"][0]["title"])


async def test_talk_and_other_bots_commands_get_no_answer(town: Running, blaise: Person) -> None:
    """Not even a nudge: only what is meant for this bot."""
    calls = town.local.record_calls()
    line = await reply_to_bot(blaise)
    for text in ("hello all", "/learn@another_bot", "/nonsense", "nabla, what is a weight?"):
        await blaise.send(text)
    await blaise.send("thanks", reply_to=line)
    await blaise.send_sticker()
    await blaise.send("/help")
    await blaise.says("one to one")
    assert [call.method for call in calls if call.method.startswith("send")] == ["sendMessage"] * 2


async def reply_to_bot(person: Person) -> int:
    """A message of the bot in the group."""
    await person.send("/start")
    return (await person.says("one to one")).id


async def test_nothing_personal_is_posted(town: Running, blaise: Person) -> None:
    """No name, no progress, no private button in what stands in the group."""
    private = Person(town.local, BLAISE)
    await private.send("/quiz")
    await private.says("Question")
    await blaise.send("/progress")
    await blaise.says("one to one")
    said = [m for m in blaise.messages() if m.body["from"]["is_bot"]]
    text = json.dumps([[m.text, m.buttons] for m in said])
    assert "Blaise" not in text and "/5" not in text
    assert all("callback_data" not in json.dumps(m.body) for m in said)


async def test_a_forged_tap_in_a_group_is_answered_once(town: Running, blaise: Person) -> None:
    """With the key of one's own private question, too: a kind alert, and the question is not answered."""
    private = Person(town.local, BLAISE)
    await private.send("/quiz")
    question = await private.says("Question", button="A")
    button = question.button("A")
    assert button
    line = await reply_to_bot(blaise)
    calls = town.local.record_calls()
    for data in (button["callback_data"], "x", "::::"):
        query = await town.local.tap(person=BLAISE, chat=GROUP_ID, message=line, data=data)
        answer = await town.local.answer_to(query)
        assert answer is not None and answer.show_alert and "private chat" in (answer.text or "")
    await private.send("/quiz")
    assert (await private.says("Question", button="A")).text == question.text
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
