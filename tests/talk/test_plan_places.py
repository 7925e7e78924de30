"""Study plans through restarts, outages, lost rights, moved groups, topics and channels; set up in private."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, FORUM_ID, GROUP_ID
from bot.preview.faults import Fault
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Person
from tests.talk.plans import ITEMS, Town, moments, town

MINUTES = timedelta(minutes=1)
SECRET = -1_000_000_000_099


def at(day: int, hour: int = 18, minute: int = 0) -> datetime:
    """A moment in March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Town]:
    """A town at noon of a Monday."""
    async with town(tmp_path) as here:
        yield here


async def has_posted(here: Town, count: int, person: Person | None = None) -> None:
    """So many things were posted, the right ones."""
    await until(lambda: here.posted(person) == ITEMS[:count])


def unsaid(here: Town) -> list[Any]:
    """What still waits to be said."""
    with closing(sqlite3.connect(here.bot.database)) as db:
        return db.execute("SELECT number FROM words").fetchall()


# restarts and outages


async def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    """The next thing comes at its time, and the old message's buttons work."""
    async with town(tmp_path) as here:
        plan = await here.plan("utc 18:00 daily")
        await here.meet(at(2))
        await has_posted(here, 1)
        time = here.time
    async with town(tmp_path, time=time, lessons=here.lessons) as here:
        await here.meet(at(3))
        await has_posted(here, 2)
        await until(lambda: moments(next(m for m in here.ada.messages() if m.id == plan.id))[0] == at(4))
        await here.ada.tap("Pause", message=plan)
        await here.ada.says("Paused")


@pytest.mark.parametrize(("back", "posts"), [(at(6, 17), 0), (at(6, 18, 30), 1), (at(6, 19, 1), 0)])
async def test_after_an_outage_it_goes_on_with_the_next_one(
    tmp_path: Path, back: datetime, posts: int
) -> None:
    """What was missed for days is not posted in a heap: one thing at most, if its time was less than an hour ago."""
    async with town(tmp_path) as here:
        await here.plan("utc 18:00 daily")
        time = here.time
    time.go_to(back)
    async with town(tmp_path, time=time, lessons=here.lessons) as here:
        await here.meet(back + MINUTES / 10)
        await has_posted(here, posts)
        following = at(6) if back < at(6) else at(7)
        await here.meet(following)
        await has_posted(here, posts + 1)


async def test_a_stop_between_the_commit_and_the_word_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The place is kept together with what is still to be said, and it is said after the restart."""
    busy = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests",
        "parameters": {"retry_after": 900},
    }
    async with town(tmp_path) as here:
        await here.plan("utc 18:00 daily")
        here.local.faults = lambda method, _: (
            Fault(status=429, body=busy) if method == "sendMessage" else None
        )
        await here.meet(at(2))
        assert here.posted() == []
        time = here.time
    async with town(tmp_path, time=time, lessons=here.lessons) as here:
        await has_posted(here, 1)
        await here.meet(at(3))
        await has_posted(here, 2)


# rights


@pytest.mark.parametrize("standing", [Standing.RESTRICTED, Standing.KICKED])
async def test_a_bot_that_is_silenced_pauses_its_plan_and_tells_who_began_it_once(
    here: Town, standing: Standing
) -> None:
    """Nothing is lost: with the right back, it goes on with the same thing."""
    await here.private.send("/start")
    await here.plan("utc 18:00 daily")
    await here.local.set_standing(chat=GROUP_ID, standing=standing, by=ADA, rights=())
    told = await here.private.says("I can't post in Study group any more")
    assert "tap Resume" in told.text
    await here.meet(at(4))
    await here.local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA)
    await resumed(here)
    await here.meet(at(5))
    await has_posted(here, 1)
    heard = [m.text for m in here.private.messages() if "Study group" in m.text]
    assert heard == [told.text]


async def test_a_right_that_went_without_a_word_is_noticed_at_the_appointment(here: Town) -> None:
    """Telegram tells a bot nothing when all members of a group are muted; who began the plan hears of it once."""
    await here.private.send("/start")
    await here.plan("utc 18:00 daily")
    await here.local.set_permissions(chat=GROUP_ID, permissions=())
    await here.meet(at(2))
    told = await here.private.says("has paused")
    assert "“tensorflow-basics” in “Study group”" in told.text and "may not post here" in told.text
    await here.meet(at(4))
    await here.local.set_permissions(chat=GROUP_ID, permissions={"can_send_messages"})
    await resumed(here)
    await here.meet(at(5))
    await has_posted(here, 1)
    assert [m.text for m in here.private.messages() if "has paused" in m.text] == [told.text]


async def resumed(here: Town) -> None:
    """Ada has the plan shown, and lets it go on."""
    await here.ada.send("/plan")
    await here.ada.says("Paused", button="Resume")
    await here.ada.tap("Resume")
    await here.ada.says("The next three times")


async def test_who_never_started_the_bot_is_not_told_and_nothing_fails(here: Town) -> None:
    """Chen, made an administrator, has never written in private."""
    newcomer = Person(here.local, 909, chat=GROUP_ID)
    await here.local.join(909)
    await here.local.set_standing(chat=GROUP_ID, person=909, standing=Standing.ADMINISTRATOR, by=ADA)
    await newcomer.send("/plan utc 18:00 daily")
    await newcomer.says("The next three times")
    await here.local.set_standing(chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA, rights=())
    await here.meet(at(2))
    await here.local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA)
    await here.ada.send("/plan")
    await here.ada.says("Paused: I may not post")


async def test_who_is_no_administrator_any_more_changes_nothing(here: Town) -> None:
    """Telegram is asked at each tap, also of who began the plan."""
    await here.local.set_standing(chat=GROUP_ID, person=CHEN, standing=Standing.ADMINISTRATOR, by=ADA)
    chen = Person(here.local, CHEN, chat=GROUP_ID)
    await chen.send("/plan utc 18:00 daily")
    plan = await chen.says("The next three times")
    await here.local.set_standing(chat=GROUP_ID, person=CHEN, standing=Standing.MEMBER, by=ADA)
    answer = await chen.tap("Pause", message=plan)
    assert answer.show_alert and "Only administrators" in (answer.text or "")
    await here.meet(at(2))
    await has_posted(here, 1)


async def test_a_hidden_administrator_plans(here: Town) -> None:
    """The command comes in the group's own name, the taps from the real person."""
    await here.local.set_standing(
        chat=GROUP_ID, person=CHEN, standing=Standing.ADMINISTRATOR, by=ADA, rights={"is_anonymous"}
    )
    chen = Person(here.local, CHEN, chat=GROUP_ID)
    await chen.send("/plan")
    draft = await here.ada.says("A study plan for this chat")
    await chen.tap("Start", message=draft)
    await here.ada.says("The next three times")


async def test_forgetting_who_began_it_leaves_the_plan(here: Town) -> None:
    """It goes on without a starter, and the id is nowhere in its row."""
    await here.plan("utc 18:00 daily")
    await here.private.send("/forget")
    await here.private.says("Delete everything", button="Yes")
    await here.private.tap("Yes")
    await here.private.says("is deleted")
    with closing(sqlite3.connect(here.bot.database)) as db:
        rows = db.execute("SELECT starter, body FROM activities").fetchall()
    assert [starter for starter, _ in rows] == [None] and str(ADA) not in rows[0][1]
    await here.meet(at(2))
    await has_posted(here, 1)


# where


async def test_a_group_that_became_a_supergroup_keeps_its_plan(here: Town) -> None:
    """The new id is learned when Telegram is asked whether the bot may post, or from the group's own message."""
    basic = await here.local.open_chat("Old group", people=[ADA, BLAISE])
    old = Person(here.local, ADA, chat=basic)
    await old.send("/plan utc 18:00 daily")
    await old.says("The next three times")
    new = Person(here.local, ADA, chat=await here.local.migrate(basic))
    await here.meet(at(2))
    await has_posted(here, 1, new)
    await here.meet(at(3))
    await has_posted(here, 2, new)
    await new.send("/plan")
    await new.says("Posts to go: 4")


async def test_each_topic_has_its_own_plan(here: Town) -> None:
    """What is posted stays in its topic."""
    topics = [await here.local.open_topic(chat=FORUM_ID, name=name, by=ADA) for name in ("One", "Two")]
    one, two = (Person(here.local, ADA, chat=FORUM_ID, thread=topic) for topic in topics)
    for person, time in ((one, "18:00"), (two, "19:00")):
        await person.send(f"/plan utc {time} daily")
        await person.says("The next three times")
    await here.meet(at(2))
    await has_posted(here, 1, one)
    assert here.posted(two) == []
    await here.meet(at(2, 19))
    await has_posted(here, 1, two)


async def test_a_closed_topic_is_noticed(here: Town) -> None:
    """Two posts that did not get through pause the plan, and who began it hears of it."""
    await here.private.send("/start")
    topic = await here.local.open_topic(chat=FORUM_ID, name="One", by=ADA)
    one = Person(here.local, ADA, chat=FORUM_ID, thread=topic)
    await one.send("/plan utc 18:00 daily")
    await one.says("The next three times")
    await here.local.close_topic(chat=FORUM_ID, topic=topic, by=ADA)
    for day in (2, 3, 4):
        await here.meet(at(day))
        await until(lambda: not unsaid(here))
    assert "did not get through" in (await here.private.says("has paused")).text
    await here.local.reopen_topic(chat=FORUM_ID, topic=topic, by=ADA)


# channels, from the private chat


async def test_a_channels_plan_is_set_up_in_private(here: Town) -> None:
    """`/plan @channel`; its message stands in private, its posts in the channel, where everybody can answer."""
    await here.private.send("/plan @daily_local")
    draft = await here.private.says("A study plan for “Daily questions”")
    await here.private.tap("Start")
    plan = await here.private.says("Study plan for “Daily questions”")
    assert plan.id == draft.id
    channel = Person(here.local, ADA, chat=CHANNEL_ID)
    await here.meet(at(2))
    await has_posted(here, 1, channel)
    stale = await here.private.tap("Skip")  # made before the post: the message is renewed first
    assert "earlier message" in (stale.text or "")
    await here.private.says("Posts to go: 5")
    await here.private.tap("Skip")
    await here.private.says("Posts to go: 4")
    await here.meet(at(4))
    await until(lambda: here.posted(channel) == [ITEMS[0], ITEMS[2]])
    post = channel.last()
    assert (await Person(here.local, BLAISE, chat=CHANNEL_ID).tap("A", message=post)).show_alert
    assert [m for m in channel.messages() if "Study plan" in m.text] == []


async def test_after_a_restart_the_private_message_still_answers_in_place(tmp_path: Path) -> None:
    """A tap says where its message stands."""
    async with town(tmp_path) as here:
        await here.private.send("/plan @daily_local utc 18:00 daily")
        plan = await here.private.says("Study plan for “Daily questions”")
        await here.private.send("/help")
        await here.private.says("short messages")
        time = here.time
    async with town(tmp_path, time=time, lessons=here.lessons) as here:
        await here.private.tap("Pause", message=plan)
        assert (await here.private.says("Paused")).id == plan.id


async def test_chats_are_offered_in_private(here: Town) -> None:
    """Those in which this person has acted as an administrator; before, a word says how to begin."""
    await here.private.send("/plan")
    await here.private.says("Add me there as an administrator who may post")
    await here.plan("utc 18:00 daily")
    await here.private.send("/plan @daily_local")
    await here.private.says("A study plan for “Daily questions”")
    await here.private.send("/plan")
    offer = await here.private.says("Tap the chat")
    assert offer.buttons == [["Daily questions"], ["Study group"]]
    await here.private.tap("Study group", message=offer)
    plan = await here.private.says("Study plan for “Study group”")
    assert plan.id == offer.id
    await here.private.tap("Pause", message=plan)
    await here.ada.says("Paused")  # the message in the group shows it, too


@pytest.mark.parametrize(
    ("person", "target", "answer"),
    [
        (BLAISE, "@daily_local", "you may not post in “Daily questions”"),
        (ADA, "@nowhere", "I can't see @nowhere"),
        (ADA, "@blaise_local", "I can't see @blaise_local"),
    ],
)
async def test_a_chat_that_one_does_not_run_is_refused(
    here: Town, person: int, target: str, answer: str
) -> None:
    """Telegram is asked; nothing is begun."""
    who = Person(here.local, person)
    await who.send(f"/plan {target} utc 18:00 daily")
    await who.says(answer)
    with closing(sqlite3.connect(here.bot.database)) as db:
        assert db.execute("SELECT count(*) FROM activities").fetchone() == (0,)


async def test_in_a_channel_without_the_right_to_post_what_is_missing_is_said(here: Town) -> None:
    """Before anything begins."""
    await here.local.set_standing(
        chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights={"can_edit_messages"}
    )
    await here.private.send("/plan @daily_local utc 18:00 daily")
    await here.private.says("I may not post in “Daily questions” yet")
    await here.private.send("/plan @daily_local")
    await here.private.says("A study plan for “Daily questions”")
    answer = await here.private.tap("Start")
    assert answer.show_alert and "Give me the right to post" in (answer.text or "")


async def test_in_a_channel_only_who_may_post_there_plans(here: Town) -> None:
    """As for a single post: an administrator without that right gets no further, by the name or by a button."""
    await here.local.set_standing(
        chat=CHANNEL_ID, person=BLAISE, standing=Standing.ADMINISTRATOR, by=ADA, rights={"can_edit_messages"}
    )
    blaise = Person(here.local, BLAISE)
    await blaise.send("/plan @daily_local utc 18:00 daily")
    standing = await blaise.says("may not post in “Daily questions”")
    data = f"x:pl:c={CHANNEL_ID}"
    query = await here.local.tap(person=BLAISE, chat=BLAISE, message=standing.id, data=data)
    answer = await here.local.answer_to(query)
    assert answer is not None and answer.show_alert and "may not post" in (answer.text or "")
    with closing(sqlite3.connect(here.bot.database)) as db:
        assert db.execute("SELECT code FROM activities").fetchall() == []


async def test_forged_buttons_in_private_get_no_further_than_telegram_says(here: Town) -> None:
    """Neither another's plan nor another's chat; nor what is no chat at all."""
    plan = await here.plan("utc 18:00 daily")
    code = plan.body["reply_markup"]["inline_keyboard"][0][0]["callback_data"].partition(":")[0]
    blaise = Person(here.local, BLAISE)
    await blaise.send("/help")
    standing = await blaise.says("short messages")
    for data in (
        f"{code}:pl:p",
        f"x:pl:c={GROUP_ID}",
        "x:pl:c=-1",
        "x:pl:c=101",
        "x:pl:",
        f"{code}:pl:c",
    ):
        query = await here.local.tap(person=BLAISE, chat=BLAISE, message=standing.id, data=data)
        answer = await here.local.answer_to(query)
        assert answer is not None and answer.show_alert, data
    await here.ada.send("/plan")
    await here.ada.says("The next three times")


async def test_a_start_at_the_same_time_as_another_is_one_plan(here: Town) -> None:
    """Two administrators pick the same channel at once: both see the one plan."""
    await here.local.set_standing(chat=CHANNEL_ID, person=CHEN, standing=Standing.ADMINISTRATOR, by=ADA)
    chen = Person(here.local, CHEN)
    await here.private.send("/plan @daily_local")
    await chen.send("/plan @daily_local")
    for who in (here.private, chen):
        await who.says("A study plan for “Daily questions”")
    with closing(sqlite3.connect(here.bot.database)) as db:
        assert db.execute("SELECT count(*) FROM activities").fetchone() == (1,)
