"""Forums: topics have ids, the General one has none, closed ones refuse, deleted ones are gone."""

import pytest
import telegram

from bot.preview.chats import GENERAL, Standing
from bot.preview.directory import FORUM_ID, GROUP_ID
from bot.preview.refusals import Refused
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, Person

from .conftest import Api
from .test_framework import PNG

NOT_FOUND = "Bad Request: message thread not found"


async def test_a_message_stands_in_its_topic(local: LocalTelegram, bot: telegram.Bot) -> None:
    """With its id and the mark of a topic; the General topic's messages have neither."""
    _, homework, exam = local.topics(FORUM_ID)
    text = await bot.send_message(FORUM_ID, "here", message_thread_id=homework.id)
    picture = await bot.send_photo(FORUM_ID, PNG, message_thread_id=exam.id)
    general = await bot.send_message(FORUM_ID, "for all")
    assert [(sent.message_thread_id, sent.is_topic_message) for sent in (text, picture, general)] == [
        (homework.id, True),
        (exam.id, True),
        (None, None),
    ]
    assert text.chat.is_forum and (await bot.get_chat(FORUM_ID)).is_forum
    edited = await bot.edit_message_text("there", FORUM_ID, text.message_id)
    assert isinstance(edited, telegram.Message)
    assert (edited.message_thread_id, edited.is_topic_message) == (homework.id, True)
    assert [message.text for message in Person(local, ADA, chat=FORUM_ID, thread=homework.id).messages()] == [
        "",
        "there",
    ]


async def test_people_write_in_topics(local: LocalTelegram, api: Api) -> None:
    """The bot hears a command with its topic; an answer to it stays there without being told."""
    _, homework, exam = local.topics(FORUM_ID)
    said = await local.send(person=BLAISE, chat=FORUM_ID, text="/help", thread=homework.id)
    (update,) = (await api("getUpdates"))["result"]
    message = update["message"]
    assert (message["message_thread_id"], message["is_topic_message"]) == (homework.id, True)
    answer = (await api("sendMessage", chat_id=FORUM_ID, text="yes", reply_parameters={"message_id": said}))[
        "result"
    ]
    assert (answer["message_thread_id"], answer["is_topic_message"]) == (homework.id, True)
    assert answer["reply_to_message"]["message_id"] == said
    with pytest.raises(Refused, match="message thread not found"):
        await local.send(person=BLAISE, chat=FORUM_ID, text="lost", thread=exam.id + 10**6)


async def test_a_thread_of_replies_is_no_topic(local: LocalTelegram, api: Api) -> None:
    """In a supergroup a reply names the message that began the thread, and nothing can be sent by that number."""
    first = (await api("sendMessage", chat_id=GROUP_ID, text="one"))["result"]["message_id"]
    second = await local.send(person=ADA, chat=GROUP_ID, text="two", reply_to=first)
    await local.send(person=BLAISE, chat=GROUP_ID, text="three", reply_to=second)
    threads = [(m.get("message_thread_id"), m.get("is_topic_message")) for m in local.messages(GROUP_ID)]
    assert threads == [(None, None), (first, None), (first, None)]
    refused = await api("sendMessage", chat_id=GROUP_ID, text="x", message_thread_id=first)
    assert refused["description"] == NOT_FOUND


@pytest.mark.parametrize("thread", [GENERAL, 999, "later"])
async def test_topics_that_are_not_there(local: LocalTelegram, api: Api, thread: object) -> None:
    """Unknown, deleted, or the General one by its number, which only a sign of life may use."""
    if thread == "later":
        thread = await local.open_topic(chat=FORUM_ID, name="Later", by=ADA)
        assert (await api("sendMessage", chat_id=FORUM_ID, text="x", message_thread_id=thread))["ok"]
        await local.delete_topic(chat=FORUM_ID, topic=int(str(thread)))
    refused = await api("sendMessage", chat_id=FORUM_ID, text="x", message_thread_id=thread)
    assert (refused["error_code"], refused["description"]) == (400, NOT_FOUND)
    action = await api("sendChatAction", chat_id=FORUM_ID, action="typing", message_thread_id=thread)
    assert action["ok"] is (thread == GENERAL)


async def test_a_deleted_topic_takes_its_messages_along(local: LocalTelegram, api: Api) -> None:
    """What stood in it cannot be edited any more; nobody is told."""
    topic = await local.open_topic(chat=FORUM_ID, name="Short", by=ADA)
    sent = (await api("sendMessage", chat_id=FORUM_ID, text="x", message_thread_id=topic))["result"]
    await local.delete_topic(chat=FORUM_ID, topic=topic)
    edit = await api("editMessageText", chat_id=FORUM_ID, message_id=sent["message_id"], text="y")
    assert edit["description"] == "Bad Request: message to edit not found"
    news = (await api("getUpdates"))["result"]
    assert [update["message"]["forum_topic_created"]["name"] for update in news] == ["Short"]


@pytest.mark.parametrize("general", [True, False])
async def test_a_closed_topic(local: LocalTelegram, api: Api, general: bool) -> None:
    """Closed for members and for a bot without the right to manage topics; open again, it takes words again."""
    topic = GENERAL if general else local.topics(FORUM_ID)[1].id
    where = {"chat_id": FORUM_ID} | ({} if general else {"message_thread_id": topic})
    before = (await api("sendMessage", **where, text="before"))["result"]["message_id"]
    await local.close_topic(chat=FORUM_ID, topic=topic, by=ADA)
    refused = await api("sendMessage", **where, text="x")
    assert (refused["error_code"], refused["description"]) == (400, "Bad Request: TOPIC_CLOSED")
    assert (await api("editMessageText", chat_id=FORUM_ID, message_id=before, text="after"))["ok"]
    with pytest.raises(Refused, match="TOPIC_CLOSED"):
        await local.send(person=BLAISE, chat=FORUM_ID, text="x", thread=None if general else topic)
    await local.send(person=ADA, chat=FORUM_ID, text="I may", thread=None if general else topic)
    await local.set_standing(
        chat=FORUM_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=["can_manage_topics"]
    )
    assert (await api("sendMessage", **where, text="so may I"))["ok"]
    await local.set_standing(chat=FORUM_ID, standing=Standing.MEMBER, by=ADA)
    await local.reopen_topic(chat=FORUM_ID, topic=topic, by=ADA)
    assert (await api("sendMessage", **where, text="all may"))["ok"]
    services = [update.get("message", {}) for update in (await api("getUpdates"))["result"]]
    assert ["forum_topic_closed" in m for m in services].count(True) == 1
    assert ["forum_topic_reopened" in m for m in services].count(True) == 1
