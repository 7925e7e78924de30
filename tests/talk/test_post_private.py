"""An administrator puts a post together in private: lesson, question, chat, time, closing, all in one message."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, FORUM_ID, GROUP_ID
from tests.house import Running, running
from tests.jumps import Jumps
from tests.person import ADA, BLAISE, Person
from tests.talk.planning import ASK, chosen, known, plan, postings
from tests.talk.questions import LESSON, PRACTICE, TITLE, labels, plain

MAY_NOT = "I am in Daily questions, but may not post there: make me an administrator with the right to post messages"


@pytest.fixture
def time() -> Jumps:
    """Time in the test's hand."""
    return Jumps()


@pytest.fixture
async def bot(tmp_path: Path, time: Jumps) -> AsyncIterator[Running]:
    """A bot that lives in it."""
    async with running(tmp_path, means=time.means) as bot:
        yield bot


async def test_a_question_is_posted_at_once(bot: Running) -> None:
    """From the lesson to the confirmation in one message; then it stands in the group, and counts taps."""
    ada = await known(bot, GROUP_ID)
    asked = await chosen(ada, "Study group")
    when = await ada.says("When?")
    assert when.id == asked.id and "Where: Study group" in when.text
    await ada.tap("Now")
    await ada.says("When does it close?")
    await ada.tap("Never")
    sure = await ada.says("Is this right?")
    assert ASK in sure.text and "Closes: never" in sure.text
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    answer = await ada.tap("Post it now")
    assert answer.text is None
    post = await group.says(ASK)
    done = await ada.says("in a moment")
    assert done.id == asked.id and "Back" not in labels(done)
    assert (await group.tap("A", message=post)).show_alert
    await group.says("1 answered")


async def test_the_next_question_is_suggested_first(bot: Running) -> None:
    """What stands in one of one's chats already comes later, and says so; steps come last."""
    ada = await known(bot, GROUP_ID)
    group = Person(bot.local, ADA, chat=GROUP_ID)
    await group.send(f"/post {LESSON['id']}")
    await group.says(ASK)
    await ada.send(f"/post {LESSON['id']}")
    things = labels(await ada.says("Which question or step?"))
    assert things[0].startswith("▶ " + plain(PRACTICE[1]["ask"]).splitlines()[0][:20])
    assert any(label.startswith(ASK[:20]) for label in things)


async def test_who_runs_no_known_chat_hears_how_to_make_one_known(bot: Running) -> None:
    """A group by its command, a channel by its rights."""
    blaise = Person(bot.local, BLAISE)
    await blaise.send("/post")
    said = await blaise.says("Add me to your group")
    assert "administrator of your channel" in said.text


async def test_a_group_is_known_from_its_administrators_commands(bot: Running) -> None:
    """Not from other members'."""
    for who in (ADA, BLAISE):
        person = Person(bot.local, who, chat=GROUP_ID)
        await person.send("/post")
        await person.says()
    for who, words in ((ADA, "Which lesson?"), (BLAISE, "Add me to your group")):
        private = Person(bot.local, who)
        await private.send("/post")
        await private.says(words)


async def test_a_channel_by_its_name(bot: Running) -> None:
    """`/post LESSON @channel` looks it up; the post stands in the channel, and taps there are credited."""
    ada = Person(bot.local)
    await ada.send(f"/post {LESSON['id']} @daily_local")
    await ada.says("ask Telegram")
    await ada.says("When?")
    for label, words in (("Now", "close?"), ("Never", "right?")):
        await ada.tap(label)
        await ada.says(words)
    assert "Private message instead of alert" not in labels(ada.last())
    await ada.tap("Post it now")
    channel = Person(bot.local, BLAISE, chat=CHANNEL_ID)
    post = await channel.says(ASK)
    answer = await channel.tap("A", message=post)
    assert answer.show_alert and (answer.text or "").startswith(("✅", "❌"))
    assert (await channel.says("1 answered")).id == post.id
    blaise = Person(bot.local, BLAISE)
    await blaise.send("/progress")
    await blaise.says("/5")
    await ada.send("/post")
    await ada.tap(TITLE, message=await ada.says("Which lesson?"))
    await ada.tap("▶", message=await ada.says("Which question"))
    await ada.says("Where to?", button="Daily questions")


async def test_what_is_missing_is_said_exactly(bot: Running) -> None:
    """The bot without the right; a person without one; a chat in which the bot is not."""
    rights = ("can_manage_chat", "can_edit_messages")
    await bot.local.set_standing(chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=rights)
    ada = Person(bot.local)
    await ada.send(f"/post {LESSON['id']} @daily_local")
    await ada.says(MAY_NOT)
    blaise = Person(bot.local, BLAISE)
    await blaise.send(f"/post {LESSON['id']} @daily_local")
    await blaise.says("You are not an administrator of Daily questions")
    await blaise.send(f"/post {LESSON['id']} @nowhere_at_all")
    await blaise.says("I am not in @nowhere_at_all")
    assert postings(bot) == []


async def test_a_channels_administrator_needs_the_right_to_post(bot: Running) -> None:
    """Who may only edit there is told so."""
    await bot.local.set_standing(
        chat=CHANNEL_ID,
        standing=Standing.ADMINISTRATOR,
        by=ADA,
        person=BLAISE,
        rights=("can_manage_chat", "can_edit_messages"),
    )
    blaise = Person(bot.local, BLAISE)
    await blaise.send(f"/post {LESSON['id']} @daily_local")
    await blaise.says("You are not an administrator of Daily questions with the right to post")
    await bot.local.set_standing(
        chat=CHANNEL_ID,
        standing=Standing.ADMINISTRATOR,
        by=ADA,
        person=BLAISE,
        rights=("can_manage_chat", "can_post_messages"),
    )
    await blaise.send(f"/post {LESSON['id']} @daily_local")
    await blaise.says("When?")


async def test_a_forum_asks_for_the_topic(bot: Running) -> None:
    """Those that were seen, and General; the post stands there."""
    topic = await bot.local.open_topic(chat=FORUM_ID, name="Optimizers", by=ADA)
    ada = await known(bot, FORUM_ID)
    await chosen(ada, "Course forum")
    topics = labels(await ada.says("Which topic?"))
    assert topics == ["General", "Optimizers", "Back"]
    await ada.tap("Optimizers")
    assert "Course forum › Optimizers" in (await ada.says("When?")).text
    await ada.tap("Now")
    await ada.says("close?")
    await ada.tap("Never")
    await ada.says("right?")
    await ada.tap("Post it now")
    there = Person(bot.local, BLAISE, chat=FORUM_ID, thread=topic)
    await there.says(ASK)


async def test_a_closed_or_deleted_topic_is_told_in_private(bot: Running) -> None:
    """Nothing appears elsewhere in the forum."""
    topic = await bot.local.open_topic(chat=FORUM_ID, name="Optimizers", by=ADA)
    ada = await known(bot, FORUM_ID)
    await bot.local.set_standing(chat=FORUM_ID, standing=Standing.MEMBER, by=ADA)
    await bot.local.close_topic(chat=FORUM_ID, topic=topic, by=ADA)
    forum = len(bot.local.messages(FORUM_ID))
    for gone in (False, True):
        if gone:
            await bot.local.delete_topic(chat=FORUM_ID, topic=topic)
            forum = len(bot.local.messages(FORUM_ID))
        await chosen(ada, "Course forum")
        await ada.says("Which topic?")
        await ada.tap("Optimizers")
        for words, label in (("When?", "Now"), ("close?", "Never"), ("right?", "Post it now")):
            await ada.says(words)
            await ada.tap(label)
        await ada.says("The topic is closed or deleted")
    assert len(bot.local.messages(FORUM_ID)) == forum


async def test_a_planned_post_waits_for_its_time(bot: Running, time: Jumps) -> None:
    """Shown with Telegram's own time entity; listed, and posted when the hour has come."""
    ada = await known(bot, GROUP_ID)
    await chosen(ada, "Study group")
    await ada.says("When?")
    await ada.tap("In 1 hour")
    await ada.says("close?")
    await ada.tap("Never")
    sure = await ada.says("Is this right?")
    (shown,) = [each for each in sure.entities if each["type"] == "date_time"]
    assert abs(shown["unix_time"] - (time.now() + timedelta(hours=1)).timestamp()) < 60
    await ada.tap("Plan it")
    await ada.says("Planned")
    await ada.send("/post")
    await ada.says("Which lesson?", button="Planned: 1")
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    assert not any(ASK in message.text for message in group.messages())
    time.forward(hours=1)
    await group.says(ASK)


async def test_a_typed_time(bot: Running, time: Jumps) -> None:
    """What is no time, or past, is said in the same message; with a zone it is reckoned to UTC."""
    ada = await known(bot, GROUP_ID)
    asked = await chosen(ada, "Study group")
    await ada.says("When?")
    day = (time.now() + timedelta(days=3)).strftime("%Y-%m-%d")
    for text, words in (("25:99", "can't read"), ("2020-01-01 10:00", "has passed"), ("9 o'clock", "can't")):
        await ada.send(text)
        assert (await ada.says(words)).id == asked.id
    await ada.send(f"{day} 18:00 +02:00")
    await ada.says("close?")
    await ada.tap("Never")
    assert f"{day} 16:00 UTC" in (await ada.says("right?")).text


async def test_talk_is_talk_while_no_time_is_asked(bot: Running) -> None:
    """A number said elsewhere is not taken for a time."""
    ada = await known(bot, GROUP_ID)
    await ada.send("12:30")
    await ada.says("I understand commands and buttons")


async def test_a_planned_post_can_be_cancelled(bot: Running, time: Jumps) -> None:
    """From the list, once; a second tap on the same button is stale."""
    ada = await known(bot, GROUP_ID)
    await plan(ada, "Study group", when="Tomorrow", closes="After 24 hours")
    await ada.send("/post")
    await ada.tap("Planned: 1", message=await ada.says("Which lesson?", button="Planned: 1"))
    listed = await ada.says("Study group", button="Cancel 1")
    assert (await ada.tap("Cancel 1", message=listed)).text == "Cancelled: it is not posted."
    assert "Planned: 1" not in labels(await ada.says("Which lesson?"))
    again = await ada.tap("Cancel 1", message=listed)
    assert "earlier message" in (again.text or "")
    time.forward(days=2)
    await ada.send("/help")
    await ada.says("every claim")
    assert not any(ASK in m["text"] for m in bot.local.messages(GROUP_ID) if "text" in m)


async def test_a_second_tap_posts_once(bot: Running) -> None:
    """Both are answered; one post stands in the group."""
    ada = await known(bot, GROUP_ID)
    await chosen(ada, "Study group")
    await ada.says("When?")
    for label, words in (("Now", "close?"), ("Never", "right?")):
        await ada.tap(label)
        await ada.says(words)
    sure = ada.last()
    first, second = await ada.press("Post", message=sure), await ada.press("Post", message=sure)
    answers = [await bot.local.answer_to(query) for query in (first, second)]
    assert [bool(answer and answer.text) for answer in answers] == [False, True]
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await group.has_said(ASK)
    assert len(postings(bot)) == 1


async def test_a_restart_keeps_what_is_put_together_and_what_is_planned(tmp_path: Path) -> None:
    """The next tap goes on; a post that came due meanwhile is posted at the start."""
    time = Jumps()
    async with running(tmp_path, means=time.means) as bot:
        ada = await known(bot, GROUP_ID)
        await chosen(ada, "Study group")
        await ada.says("When?")
        await ada.tap("In 1 hour")
        await ada.says("close?")
    async with running(tmp_path, means=time.means) as bot:
        ada = Person(bot.local)
        await ada.tap("Never")
        await ada.tap("Plan it", message=await ada.says("right?"))
        await ada.says("Planned")
    time.forward(hours=5)
    async with running(tmp_path, means=time.means) as bot:
        await Person(bot.local, BLAISE, chat=GROUP_ID).has_said(ASK)


async def test_what_is_a_day_late_is_not_posted_but_told(tmp_path: Path) -> None:
    """After a long outage nobody wants yesterday's post."""
    time = Jumps()
    async with running(tmp_path, means=time.means) as bot:
        ada = await known(bot, GROUP_ID)
        await plan(ada, "Study group", when="In 1 hour")
    time.forward(hours=26)
    async with running(tmp_path, means=time.means) as bot:
        await Person(bot.local).has_said("Its time passed while I was away")
        assert not any(ASK in m.get("text", "") for m in bot.local.messages(GROUP_ID))


async def test_rights_are_asked_again_when_the_time_has_come(bot: Running, time: Jumps) -> None:
    """Who lost them meanwhile has nothing posted, and is told so."""
    ada = await known(bot, GROUP_ID)
    await plan(ada, "Study group", when="In 1 hour")
    await bot.local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA, person=ADA)
    time.forward(hours=1)
    await ada.says("You are not an administrator of Study group")
    assert not any(ASK in m.get("text", "") for m in bot.local.messages(GROUP_ID))


async def test_back_goes_back_and_changes_what_was_chosen(bot: Running) -> None:
    """Step by step to the beginning; a second tap on Back goes no further."""
    ada = await known(bot, GROUP_ID)
    await chosen(ada, "Study group")
    when = await ada.says("When?")
    back = await ada.press("Back", message=when), await ada.press("Back", message=when)
    answers = [await bot.local.answer_to(query) for query in back]
    assert [bool(answer and answer.text) for answer in answers] == [False, True]
    await ada.says("Where to?")
    for words in ("Which question", "Which lesson?"):
        await ada.tap("Back")
        await ada.says(words)
    assert "Back" not in labels(ada.last())


async def test_a_step_is_posted_without_closing(bot: Running) -> None:
    """A step asks nothing, so nothing closes."""
    ada = await known(bot, GROUP_ID)
    await ada.send(f"/post {LESSON['id']} hook")
    await ada.says("Where to?")
    await ada.tap("Study group")
    await ada.says("When?")
    await ada.tap("Now")
    await ada.says("right?")
    await ada.tap("Post it now")
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await group.says(LESSON["steps"][0]["title"], button="Learn")
