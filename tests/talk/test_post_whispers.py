"""Verdicts as messages that one person alone sees, where the server can; else as ever; never in public."""

from pathlib import Path
from typing import Any

import pytest

from bot.preview.directory import CHANNEL_ID, GROUP_ID
from bot.preview.faults import Fault
from tests.house import Running, running
from tests.patience import until
from tests.person import BLAISE, CHEN, Message, Person
from tests.talk.planning import ASK, known, plan, rows
from tests.talk.questions import LESSON, PRACTICE, plain, wrong

WHISPERS = "Private message instead of alert"


async def posted(bot: Running) -> Message:
    """A question in the group, with whispered verdicts."""
    ada = await known(bot, GROUP_ID)
    await plan(ada, "Study group", also=WHISPERS)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    post = await group.has_said(ASK)
    group.leave()
    return post


def seen_by(bot: Running, person: int) -> list[Message]:
    """What somebody alone sees in the group."""
    return [Message.of(body) for body in bot.local.ephemeral_messages(GROUP_ID, person)]


async def test_the_whole_verdict_for_one_person_alone(bot: Running) -> None:
    """Not cut to an alert's length; it counts; the tap is answered once, without words; the next opens the why."""
    bot.local.ephemeral = True
    post = await posted(bot)
    calls = bot.local.record_calls()
    chen = Person(bot.local, CHEN, chat=GROUP_ID)
    letter = wrong(post)
    answer = await chen.tap(letter, message=post)
    assert answer.text is None and not answer.show_alert
    (whisper,) = seen_by(bot, CHEN)
    because = next(o for o in PRACTICE[0]["options"] if plain(o["text"]) in line_of(post, letter))["because"]
    assert whisper.text.startswith("❌") and plain(because) in whisper.text
    assert "counted in your progress" in whisper.text and whisper.buttons == [["Why"]]
    assert seen_by(bot, BLAISE) == []
    assert not any(plain(because) in message.text for message in chen.messages())
    assert (await chen.tap(letter, message=post)).url is not None
    await until(lambda: [call.method for call in calls].count("answerCallbackQuery") == 2)
    assert [call.method for call in calls].count("deleteEphemeralMessage") == 1
    assert rows(bot, "SELECT learner FROM post_answers") == [(CHEN,)]
    await Person(bot.local, BLAISE, chat=GROUP_ID).tap(letter, message=post)
    assert len(seen_by(bot, BLAISE)) == 1
    assert [call.method for call in calls].count("deleteEphemeralMessage") == 1


def line_of(post: Message, letter: str) -> str:
    """The option behind a letter."""
    return next(line for line in post.text.splitlines() if line.startswith(f"{letter}. "))


async def test_an_older_server_is_asked_once_and_gets_alerts(bot: Running) -> None:
    """Nothing is ever sent to it that it could post for everybody."""
    post = await posted(bot)
    calls = bot.local.record_calls()
    for person in (BLAISE, CHEN):
        answer = await Person(bot.local, person, chat=GROUP_ID).tap("A", message=post)
        assert answer.show_alert and (answer.text or "").startswith(("✅", "❌"))
    assert not any("receiver_user_id" in call.params for call in calls if call.method == "sendMessage")
    assert [call.method for call in calls].count("deleteEphemeralMessage") == 1
    assert len([message for message in bot.local.messages(GROUP_ID) if "text" in message]) == 1


FAULTS = {
    "flood": Fault(status=429, body={"ok": False, "error_code": 429, "parameters": {"retry_after": 5}}),
    "refused": Fault(
        status=400, body={"ok": False, "error_code": 400, "description": "Bad Request: USER_ID_INVALID"}
    ),
    "gateway": Fault(status=502, body="no gateway"),
    "dropped": Fault(drop="before"),
    "slow": Fault(delay_s=60),
}


@pytest.mark.parametrize(
    ("name", "asked"),
    # A refusal to the question alone says that the server knows the method: then it is whispered.
    [(name, asked) for name in FAULTS for asked in (True, False) if asked or name != "refused"],
)
async def test_whatever_goes_wrong_the_tap_is_answered_as_ever(bot: Running, name: str, asked: bool) -> None:
    """With an alert, once, and nothing else: in sending (`asked` before), or already in asking the server."""
    fault = FAULTS[name]
    bot.local.ephemeral = True
    post = await posted(bot)
    wanted = "sendMessage" if asked else "deleteEphemeralMessage"
    bot.local.faults = lambda method, params: (
        fault if method == wanted and "receiver_user_id" in params else None
    )
    answer = await Person(bot.local, CHEN, chat=GROUP_ID).tap("A", message=post)
    assert answer.show_alert and (answer.text or "").startswith(("✅", "❌"))
    assert seen_by(bot, CHEN) == []


async def test_what_turns_out_to_be_public_is_taken_back_at_once(bot: Running) -> None:
    """A server that posts it for everybody after all: deleted, an alert instead, and never tried again."""
    bot.local.ephemeral = True
    post = await posted(bot)
    result = {"message_id": 4711, "date": 1, "chat": {"id": GROUP_ID, "type": "supergroup"}, "text": "x"}

    trouble = [Fault(status=502, body="no gateway")]

    def leaky(method: str, params: dict[str, Any]) -> Fault | None:
        if method == "deleteMessage" and trouble:
            return trouble.pop()
        if method == "sendMessage" and "receiver_user_id" in params:
            return Fault(status=200, body={"ok": True, "result": result})
        return None

    bot.local.faults = leaky
    calls = bot.local.record_calls()
    assert (await Person(bot.local, CHEN, chat=GROUP_ID).tap("A", message=post)).show_alert
    deleted = [call.params["message_id"] for call in calls if call.method == "deleteMessage"]
    assert deleted == ["4711"] * 2, "the first try fails"
    bot.local.faults = None
    assert (await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=post)).show_alert
    assert seen_by(bot, BLAISE) == []


async def test_the_choice_is_kept_with_the_chat(tmp_path: Path) -> None:
    """For what is posted in the group itself too, also after a restart; a channel is not asked."""
    async with running(tmp_path) as bot:
        bot.local.ephemeral = True
        await posted(bot)
    async with running(tmp_path) as bot:
        bot.local.ephemeral = True
        ada = Person(bot.local, chat=GROUP_ID)
        await ada.send(f"/post {LESSON['id']}")
        post = await ada.says(plain(PRACTICE[1]["ask"]).splitlines()[0][:30])
        assert (await ada.tap("A", message=post)).text is None
        await until(lambda: len(seen_by(bot, ada.id)) == 1)
        private = await known(bot, CHANNEL_ID)
        await private.send(f"/post {LESSON['id']} @daily_local")
        for words, label in (("When?", "Now"), ("close?", "Never")):
            await private.says(words)
            await private.tap(label)
        assert WHISPERS not in [label for row in (await private.says("right?")).buttons for label in row]
