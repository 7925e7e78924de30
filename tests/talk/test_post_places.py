"""Posts in the groups that there are: anonymous administrators, topics, forwards of channels, rights, new ids."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from bot.preview.chats import Standing
from bot.preview.directory import GROUP_ID
from bot.preview.faults import Fault
from bot.preview.updates import UpdateKind
from tests.house import Running
from tests.patience import until
from tests.person import ADA, BLAISE, Person
from tests.talk.questions import LESSON

ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
SERVICE = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
NEW_ID = -1_000_000_000_002
CHAT = {"id": GROUP_ID, "type": "supergroup", "title": "Study group"}
CHANNEL = {"id": -1_000_000_000_777, "type": "channel", "title": "Elsewhere"}
POST = f"/post {LESSON['id']}"
ASK = LESSON["questions"][0]["ask"].splitlines()[0][:40]


@pytest.fixture
def ada(bot: Running) -> Person:
    """Who made the group."""
    return Person(bot.local, ADA, chat=GROUP_ID)


def arrive(bot: Running, **parts: Any) -> None:
    """A message in the group as Telegram would tell the bot of it."""
    body = {"message_id": 5, "date": 1, "chat": CHAT, "text": POST, **parts}
    bot.local._cloud.updates.add(UpdateKind.MESSAGE, body)


async def test_an_anonymous_administrator_may_post(bot: Running, ada: Person) -> None:
    """Such a message comes from an id of Telegram's own, in the name of the group itself."""
    arrive(bot, **{"from": ANONYMOUS}, sender_chat=CHAT)
    await ada.says(ASK)


async def test_another_chats_name_is_no_right(bot: Running, ada: Person) -> None:
    """Who writes in the name of a channel is not in charge here, nor is Telegram's id without the group's name."""
    arrive(bot, **{"from": CHANNEL_BOT}, sender_chat=CHANNEL)
    await ada.says("Only administrators")
    arrive(bot, **{"from": ANONYMOUS}, sender_chat=CHANNEL)
    await ada.says("Only administrators")


async def test_an_automatic_forward_gets_no_answer(bot: Running, ada: Person) -> None:
    """A channel's post that reads like a command is not meant for the discussion group's bot."""
    arrive(bot, **{"from": SERVICE}, sender_chat=CHANNEL, is_automatic_forward=True)
    await ada.send("/help")
    await ada.says("one to one")
    assert [m for m in ada.messages() if "Only administrators" in m.text] == []


async def test_a_post_stays_in_its_topic(bot: Running) -> None:
    """Question, refusal and link go to the topic; a thread of mere replies is none."""
    calls = bot.local.record_calls()
    who = {"id": ADA, "is_bot": False, "first_name": "Ada"}
    arrive(bot, **{"from": who}, message_thread_id=9, is_topic_message=True)
    arrive(bot, **{"from": who}, message_thread_id=9, is_topic_message=True, text="/help")
    arrive(bot, **{"from": {**who, "id": BLAISE}}, message_thread_id=9, is_topic_message=True)
    arrive(bot, **{"from": who}, message_thread_id=9)
    await until(lambda: sum(call.method == "sendMessage" for call in calls) == 4)
    threads = [call.params.get("message_thread_id") for call in calls if call.method == "sendMessage"]
    assert threads == ["9", "9", "9", None]


async def test_a_bot_that_may_not_write_says_nothing_and_goes_on(bot: Running, ada: Person) -> None:
    """What Telegram refused is not posted: with the right back, the same question comes."""
    bot.local.faults = lambda method, _: (
        Fault(
            status=400,
            body={"ok": False, "error_code": 400, "description": "Bad Request: not enough rights to send"},
        )
        if method == "sendMessage"
        else None
    )
    calls = bot.local.record_calls()
    await ada.send(POST)
    await until(lambda: any(call.method == "sendMessage" for call in calls))
    bot.local.faults = None
    await ada.send(POST)
    await ada.says(ASK)


async def test_of_two_bots_in_a_group_the_one_that_is_named_posts(bot: Running, ada: Person) -> None:
    """Seen by an administrator bot too, the other one's command gets no answer."""
    who = {"id": ADA, "is_bot": False, "first_name": "Ada"}
    arrive(bot, **{"from": who}, text=POST.replace("/post", "/post@another_bot"))
    await ada.send(POST.replace("/post", "/POST@Nabla_Local_Bot"))
    await ada.says(ASK)
    assert len([m for m in ada.messages() if m.body["from"]["is_bot"]]) == 1


async def test_totals_for_a_group_that_threw_the_bot_out_harm_nobody(bot: Running, ada: Person) -> None:
    """The tap before still counted and was answered; private chats go on."""
    await ada.send(POST)
    post = await ada.says(ASK)
    bot.local.faults = lambda method, _: (
        Fault(status=403, body={"ok": False, "error_code": 403, "description": "Forbidden: bot was kicked"})
        if method == "editMessageText"
        else None
    )
    calls = bot.local.record_calls()
    assert (await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=post)).show_alert
    await until(lambda: any(call.status == 403 for call in calls))
    await bot.local.set_standing(chat=GROUP_ID, standing=Standing.KICKED, by=ADA)
    private = Person(bot.local, BLAISE)
    await private.send("/progress")
    await private.says("Your progress")
    assert [call.method for call in calls].count("sendMessage") == 1


async def test_a_post_that_was_deleted_is_not_posted_again(bot: Running, ada: Person) -> None:
    """Its totals have nowhere to stand, and stand nowhere."""
    await ada.send(POST)
    post = await ada.says(ASK)
    found = bot.local._cloud.find(GROUP_ID, post.id)
    assert found is not None
    bot.local._cloud.delete(found)
    calls = bot.local.record_calls()
    data = (post.button("A") or {})["callback_data"]
    query = await bot.local.tap(person=BLAISE, chat=GROUP_ID, message=post.id, data=data)
    answer = await bot.local.answer_to(query)
    assert answer is not None and answer.show_alert
    await until(lambda: any(call.method == "editMessageText" for call in calls))
    await ada.send("/help")
    await ada.says("one to one")
    assert [call.method for call in calls].count("sendMessage") == 1


def grow(bot: Running) -> None:
    """The group becomes a supergroup with another id, where the same people are."""
    directory = bot.local._cloud.directory
    directory.keep_chat(replace(directory.chat(GROUP_ID), id=NEW_ID))


def placed(bot: Running) -> list[tuple[int, int | None]]:
    """Where the store has the posts: chat and message."""
    with closing(sqlite3.connect(bot.database)) as db:
        return db.execute("SELECT chat, message FROM posts").fetchall()


@pytest.mark.parametrize("news", ["migrate_to_chat_id", "migrate_from_chat_id"])
async def test_a_group_that_became_a_supergroup_keeps_its_posts(bot: Running, ada: Person, news: str) -> None:
    """Taps on the old post still count; no message of the new chat is taken for it; the next question comes next."""
    await ada.send(POST)
    post = await ada.says(ASK)
    await until(lambda: placed(bot) == [(GROUP_ID, post.id)])
    grow(bot)
    here, there = (GROUP_ID, NEW_ID) if news == "migrate_to_chat_id" else (NEW_ID, GROUP_ID)
    who = {"id": ADA, "is_bot": False, "first_name": "Ada"}
    arrive(bot, **{"from": who, "chat": {**CHAT, "id": here}, "text": None, news: there})
    await until(lambda: placed(bot) == [(NEW_ID, 0)])
    calls = bot.local.record_calls()
    assert (await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=post)).show_alert
    later = Person(bot.local, ADA, chat=NEW_ID)
    await later.send(POST)
    await later.says(LESSON["questions"][1]["ask"].splitlines()[0][:40])
    assert "editMessageText" not in [call.method for call in calls]


async def test_the_new_id_may_come_as_an_error(bot: Running, ada: Person) -> None:
    """To the question who is in charge, and to the post itself: it stands in the new chat, with totals."""
    grow(bot)
    moved = {"ok": False, "error_code": 400, "description": "Bad Request: group chat was upgraded"}
    body = {**moved, "parameters": {"migrate_to_chat_id": NEW_ID}}
    bot.local.faults = lambda method, params: (
        Fault(status=400, body=body) if params.get("chat_id") == str(GROUP_ID) else None
    )
    later = Person(bot.local, BLAISE, chat=NEW_ID)
    await ada.send(POST)
    post = await later.says(ASK)
    await later.tap("A", message=post)
    assert (await later.says("1 answered")).id == post.id
    assert [m for m in ada.messages() if m.body["from"]["is_bot"]] == []
