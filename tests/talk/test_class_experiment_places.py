"""Class experiments where groups are: topics, anonymous administrators, a storm, a new id, an author at work."""

import asyncio
import copy
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.preview.chats import ChatKind, Standing
from bot.preview.directory import FORUM_ID, GROUP_ID
from bot.training.engine import TrainingFailed, TrainingFailure
from bot.training.labels import Curves
from tests.house import PlainEngine, running
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Person
from tests.talk.hours import Hours
from tests.talk.questions import LESSON
from tests.talk.shelves import put, small
from tests.talk.test_class_experiment import TITLE, Lecture, lecture
from tests.talk.test_lessons_change import Author

PEOPLE = range(2001, 2061)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Lecture]:
    """A lecture that was just begun."""
    async with lecture(tmp_path, Hours()) as room:
        yield room


def rows(room: Lecture, sql: str) -> list[tuple[object, ...]]:
    """What is in the bot's file."""
    with closing(sqlite3.connect(room.bot.database)) as db:
        return db.execute(sql).fetchall()


async def test_each_topic_has_its_own(room: Lecture) -> None:
    """Message, refusal and picture stay where they belong; /stop in another topic closes neither."""
    local = room.bot.local
    first, second = (topic.id for topic in local.topics(FORUM_ID)[1:3])
    for thread in (first, second, first):
        await local.send(person=ADA, chat=FORUM_ID, text="/experiment", thread=thread)
    forum = Person(local, ADA, chat=FORUM_ID)
    await until(lambda: sum("going on here already" in m.text for m in forum.messages()) == 1)
    posts = [m for m in forum.messages() if TITLE in m.text]
    assert [m.body["message_thread_id"] for m in posts] == [first, second]
    await forum.tap("rate 0.3", message=posts[0])
    await local.send(person=ADA, chat=FORUM_ID, text="/stop")
    await until(lambda: any("no experiment" in m.text for m in forum.messages()))
    await local.send(person=ADA, chat=FORUM_ID, text="/stop", thread=first)
    await until(lambda: any(m.photo for m in forum.messages()))
    (photo,) = (m for m in forum.messages() if m.photo)
    assert photo.body["message_thread_id"] == first
    assert rows(room, "SELECT thread FROM activities WHERE NOT over") == [(second,)]


async def test_an_anonymous_administrator_begins_and_closes(room: Lecture) -> None:
    """The command comes from an id of Telegram's own, the taps from the real one, which may close as such."""
    rights = {"can_manage_chat", "is_anonymous"}
    await room.bot.local.set_standing(
        chat=GROUP_ID, person=BLAISE, standing=Standing.ADMINISTRATOR, by=ADA, rights=rights
    )
    post = await room.begin(room.blaise)
    assert rows(room, "SELECT starter FROM activities") == [(None,)]
    await room.chen.tap("rate 0.3", message=post)
    await room.blaise.tap("Close now", message=post)
    await room.picture()


async def test_a_storm_of_votes(room: Lecture) -> None:
    """Three votes at once of each of 60 people: all answered, the last of each sort counts, the state is untouched."""
    local = room.bot.local
    post = await room.begin()
    for person in PEOPLE:
        await local.join(person)
    before = rows(room, "SELECT version FROM activities")
    data = [(post.button(label) or {})["callback_data"] for label in ("rate 3", "rate 0.1", "It learns")]
    taps = [
        local.tap(person=person, chat=GROUP_ID, message=post.id, data=each)
        for person in PEOPLE
        for each in data
    ]
    queries = await asyncio.gather(*taps)
    found = await asyncio.gather(*(local.answer_to(query) for query in queries))
    assert all(each and (each.text or "").startswith("Noted") for each in found)
    votes = rows(room, "SELECT item, choice, count(*) FROM votes GROUP BY 1, 2 ORDER BY 1")
    assert [(item, count) for item, _, count in votes] == [("prediction", 60), ("rate", 60)]
    assert rows(room, "SELECT version FROM activities") == before
    await room.hours.pass_(10)
    await room.ada.says("Votes: 60. Predictions: 60.")


async def test_votes_at_the_last_moment(room: Lecture) -> None:
    """Votes and the closing at once: who was told that it is noted is counted in the picture, nobody else."""
    local = room.bot.local
    post = await room.begin()
    for person in PEOPLE:
        await local.join(person)
    await room.hours.pass_(119)
    data = (post.button("It learns") or {})["callback_data"]
    taps = [local.tap(person=person, chat=GROUP_ID, message=post.id, data=data) for person in PEOPLE]
    storm, passing = asyncio.gather(*taps), asyncio.create_task(room.hours.pass_(1))
    found = await asyncio.gather(*(local.answer_to(query) for query in await storm))
    await passing
    noted = sum((each.text or "").startswith("Noted") for each in found if each)
    assert rows(room, "SELECT count(*) FROM votes") == [(noted,)]
    if noted:
        assert f"{noted} of {noted} predicted it" in (await room.picture()).text


async def test_a_group_that_becomes_a_supergroup_goes_on_there(room: Lecture) -> None:
    """What stands is said anew under the new id; votes cast before still count; the picture comes there."""
    local = room.bot.local
    old = await local.open_chat("Small group", people=(ADA, BLAISE, CHEN), kind=ChatKind.GROUP)
    before = Person(local, BLAISE, chat=old)
    await before.send("/experiment")
    post = await before.says(TITLE)
    await before.tap("rate 3", message=post)
    new = await local.migrate(old)
    await until(lambda: rows(room, "SELECT chat FROM activities") == [(new,)])
    after = Person(local, CHEN, chat=new)
    await room.hours.pass_(10)
    again = await after.says(TITLE, button="rate 3 · 1")
    await after.tap("rate 3", message=again)
    await room.hours.pass_(110)
    await until(lambda: any(m.photo for m in after.messages()))
    assert rows(room, "SELECT choice, count(*) FROM votes GROUP BY 1") == [(5, 2)]


async def test_where_the_bot_is_known_to_be_out_it_ends_at_once(room: Lecture) -> None:
    """Nothing is trained for nobody, nothing is said."""
    post = await room.begin()
    await room.chen.tap("rate 3", message=post)
    with closing(sqlite3.connect(room.bot.database, isolation_level=None)) as db:
        db.execute(
            "INSERT OR REPLACE INTO chats VALUES (?, 'supergroup', 'Study group', NULL, 0, 0)", (GROUP_ID,)
        )
    await room.hours.pass_(10)
    await until(lambda: rows(room, "SELECT over FROM activities") == [(1,)])
    await room.hours.pass_(120)
    assert room.engine.trained == [] and room.photos() == []


async def test_a_bot_that_was_sent_away_ends_quietly(room: Lecture) -> None:
    """What cannot be said is not said later, and nothing is tried for ever."""
    post = await room.begin()
    await room.chen.tap("rate 3", message=post)
    await room.bot.local.set_standing(chat=GROUP_ID, standing=Standing.KICKED, by=ADA)
    await room.hours.pass_(120)
    await until(lambda: rows(room, "SELECT over FROM activities") == [(1,)])
    await until(lambda: rows(room, "SELECT * FROM words") == [])


async def test_what_was_voted_on_is_trained_whatever_becomes_of_the_lesson(tmp_path: Path) -> None:
    """Other data, then no lesson at all: the group sees what it voted on; the replay link says what is the matter."""
    folder, hours = put(tmp_path / "lessons", LESSON, small("other")), Hours()
    async with running(tmp_path, lessons=folder, means=hours.means()) as bot:
        room, author = Lecture(bot, hours), Author(bot, folder)
        post = await room.begin(command=f"/experiment {LESSON['id']}")
        await room.chen.tap("rate 0.3", message=post)
        changed = copy.deepcopy(LESSON)
        changed["lab"]["y"]["values"][0] += 1
        await author.write(changed)
        await room.blaise.tap("Close now", message=post)
        photo = await room.picture()
        assert room.engine.trained[0].y == tuple(LESSON["lab"]["y"]["values"])
        url = photo.body["reply_markup"]["inline_keyboard"][0][0]["url"]
        chen = Person(bot.local, CHEN)
        await chen.send(f"/start {url.partition('start=')[2]}")
        await chen.says("data of this lab have changed")
        await author.remove(LESSON["id"])
        await chen.send(f"/start {url.partition('start=')[2]}")
        await chen.says("Hello, Chen")
        await room.chen.send("/experiment")
        await room.chen.says("No lesson has a lab")
        await room.chen.send("/experiment other")
        await room.chen.says("No lesson has a lab")


class Painter(PlainEngine):
    """Trains, and cannot draw at first."""

    async def draw_curves(self, learner: int, curves: Curves) -> bytes:
        """One dot, the second time."""
        picture = await super().draw_curves(learner, curves)
        if len(self.curves) == 1:
            raise TrainingFailed(TrainingFailure.TIMEOUT)
        return picture


async def test_a_picture_that_cannot_be_drawn_is_lost_like_a_training(tmp_path: Path) -> None:
    """Nobody waits for a photo that never comes."""
    async with lecture(tmp_path, Hours(), Painter()) as room:
        post = await room.begin()
        await room.chen.tap("rate 0.3", message=post)
        await room.blaise.tap("Close now", message=post)
        await room.blaise.says("did not come back", button="Try again")
        assert room.photos() == []
        await room.blaise.tap("Try again")
        await room.picture()


async def test_a_lesson_without_a_lab_gets_a_clear_line(tmp_path: Path) -> None:
    """With those that have one."""
    folder, hours = put(tmp_path / "lessons", LESSON, small("other")), Hours()
    async with running(tmp_path, lessons=folder, means=hours.means()) as bot:
        room = Lecture(bot, hours)
        await room.chen.send("/experiment other now")
        said = await room.chen.says("has no lab")
        assert LESSON["id"] in said.text


async def test_where_nobody_may_send_pictures_the_losses_come_in_words(room: Lecture) -> None:
    """A group that takes texts only gets the promised lines and the way to replay as a message of its own."""
    await room.bot.local.set_permissions(chat=GROUP_ID, permissions={"can_send_messages"})
    post = await room.begin()
    await room.ada.tap("It blows up", message=post)
    await room.ada.tap("Close now")
    said = await room.ada.says("Loss before: ", button="Replay")
    assert said.text.count("\nLoss after: ") == 3
    assert said.photo is None and room.photos() == []
