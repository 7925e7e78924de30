"""Live rounds where groups are: topics, anonymous administrators, a muted bot, a new id, an author at work."""

import copy
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.preview.chats import ChatKind, Standing
from bot.preview.directory import FORUM_ID, GROUP_ID
from bot.preview.faults import Fault
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Person
from tests.talk.questions import LESSON
from tests.talk.rounds import TITLE, Evening, answers, evening
from tests.talk.shelves import put, small
from tests.talk.test_lessons_change import Author


@pytest.fixture
async def eve(tmp_path: Path) -> AsyncIterator[Evening]:
    """An evening."""
    async with evening(tmp_path) as eve:
        yield eve


def ended(eve: Evening) -> bool:
    """Whether no round goes on any more."""
    return eve.rows("SELECT code FROM activities WHERE kind = 'round' AND NOT over") == []


async def test_each_topic_has_its_own_round(eve: Evening) -> None:
    """Two at once in two topics, everything said where it belongs; /stop in a third stops neither."""
    local = eve.bot.local
    first, second = (topic.id for topic in local.topics(FORUM_ID)[1:3])
    for thread in (first, second):
        await local.send(person=ADA, chat=FORUM_ID, text="/round", thread=thread)
    forum = Person(local, ADA, chat=FORUM_ID)
    await until(lambda: sum(TITLE in m.text for m in forum.messages()) == 2)
    await local.send(person=ADA, chat=FORUM_ID, text="/stop")
    await forum.says("No round is going on here")
    lobbies = [m for m in forum.messages() if TITLE in m.text]
    assert [m.body["message_thread_id"] for m in lobbies] == [first, second]
    await forum.tap("Start", message=lobbies[0])
    question = await forum.says("Question 1")
    assert question.body["message_thread_id"] == first
    await local.send(person=ADA, chat=FORUM_ID, text="/stop", thread=first)
    table = await forum.says("🏁")
    assert table.body["message_thread_id"] == first
    assert eve.rows("SELECT thread FROM activities WHERE NOT over") == [(second,)]


async def test_an_anonymous_administrator_starts_and_steers(eve: Evening) -> None:
    """The command comes from an id of Telegram's own, the taps from the real one, which may steer as such."""
    local = eve.bot.local
    rights = {"can_manage_chat", "is_anonymous"}
    await local.set_standing(
        chat=GROUP_ID, person=BLAISE, standing=Standing.ADMINISTRATOR, by=ADA, rights=rights
    )
    await eve.begin("1", by=eve.blaise)
    assert eve.rows("SELECT starter FROM activities") == [(None,)]
    await eve.blaise.send("/stop")
    await eve.ada.says("🏁")


async def test_a_bot_that_is_muted_ends_quietly(eve: Evening) -> None:
    """What cannot be said is not said later; two questions that nobody can answer end it."""
    await eve.begin()
    await eve.bot.local.set_permissions(chat=GROUP_ID, permissions=())
    await eve.bot.local.set_standing(chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA, rights=())
    seen = len(eve.ada.messages())
    for _ in range(2):
        await eve.hours.pass_(20)
        await eve.hours.pass_(8)
        await eve.hours.pass_(10)
    await until(lambda: ended(eve))
    assert len(eve.ada.messages()) == seen


async def test_a_round_that_ended_without_a_word_says_so_to_who_taps(eve: Evening) -> None:
    """A bot that may speak again is asked by the buttons of what it left behind: none says that it goes on."""
    await eve.ada.send("/round")
    lobby = await eve.ada.says(TITLE, button="Start")
    for standing in (Standing.RESTRICTED, Standing.MEMBER):
        await eve.bot.local.set_standing(chat=GROUP_ID, standing=standing, by=ADA)
    await until(lambda: ended(eve))
    for label in ("Start", "20 s"):
        answer = await eve.ada.tap(label, message=lobby)
        assert answer.show_alert and "This round is over" in (answer.text or "")


async def test_a_bot_that_was_sent_away_ends_quietly(eve: Evening) -> None:
    """Nothing is tried for ever."""
    await eve.begin()
    await eve.bot.local.set_standing(chat=GROUP_ID, standing=Standing.KICKED, by=ADA)
    for _ in range(2):
        await eve.hours.pass_(20)
        await eve.hours.pass_(8)
        await eve.hours.pass_(10)
    await until(lambda: ended(eve))
    await until(lambda: eve.rows("SELECT * FROM words") == [])


async def test_where_the_bot_is_known_to_be_out_it_ends_at_once(eve: Evening) -> None:
    """No question more is tried, nothing is said."""
    await eve.begin()
    with closing(sqlite3.connect(eve.bot.database, isolation_level=None)) as db:
        db.execute(
            """INSERT OR REPLACE INTO chats (chat, kind, title, username, inside)
                VALUES (?, 'supergroup', 'Study group', NULL, 0)""",
            (GROUP_ID,),
        )
    before = eve.ada.messages()
    await eve.hours.pass_(20)
    await until(lambda: ended(eve))
    await eve.ada.send("/stop")
    await eve.ada.says("No round is going on here")
    assert eve.ada.messages()[: len(before)] == before
    assert len(eve.ada.messages()) == len(before) + 2


async def test_a_group_that_becomes_a_supergroup_goes_on_there(eve: Evening) -> None:
    """What stands is said anew under the new id, answers given before still count."""
    local = eve.bot.local
    old = await local.open_chat("Small group", people=(ADA, BLAISE, CHEN), kind=ChatKind.GROUP)
    before = Evening(eve.bot, eve.hours, old)
    question = await before.begin("2")
    await answers(question, is_right=True, by=before.blaise)
    new = await local.migrate(old)
    after = Evening(eve.bot, eve.hours, new)
    await until(lambda: eve.rows("SELECT chat FROM activities") == [(new,)])
    await eve.hours.pass_(20)
    last = await after.ada.says("Last seconds", button="A")
    await answers(last, is_right=True, by=after.chen)
    again = await answers(last, is_right=True, by=after.blaise)
    assert "before" in (again.text or "")
    await eve.hours.pass_(8)
    solved = await after.ada.says("✅")
    assert solved.id == last.id
    assert "2 answered, 100 % right" in solved.text
    await after.next_question()
    await after.time_is_up()
    assert "2 people took part" in (await after.table()).text


async def test_a_question_whose_sending_was_never_confirmed_is_solved(eve: Evening) -> None:
    """The connection was cut after it arrived: the first tap tells where it stands."""
    eve.bot.local.faults = lambda method, params: (
        Fault(drop="after") if method == "sendMessage" and "Question 1" in params["text"] else None
    )
    question = await eve.begin("1")
    await answers(question, is_right=True, by=eve.chen)
    await eve.ada.says("1 answered")
    assert (await eve.time_is_up()).id == question.id


async def test_in_a_supergroup_a_lobby_is_said_anew_on_request(eve: Evening) -> None:
    """Its buttons stayed behind with the old id: whoever sends /round again gets them back, once."""
    local = eve.bot.local
    old = await local.open_chat("Small group", people=(ADA, BLAISE, CHEN), kind=ChatKind.GROUP)
    before = Evening(eve.bot, eve.hours, old)
    await before.ada.send("/round 1")
    await before.ada.says(TITLE)
    new = await local.migrate(old)
    await until(lambda: eve.rows("SELECT chat FROM activities") == [(new,)])
    after = Evening(eve.bot, eve.hours, new)
    await after.blaise.send("/round 1")
    lobby = await after.ada.says(TITLE, button="Start")
    await after.blaise.send("/round 1")
    await after.ada.says("going on here already")
    await after.ada.tap("Start", message=lobby)
    await after.ada.says("Question 1 of 1", button="A")


async def test_a_lesson_that_changes_in_the_middle(tmp_path: Path) -> None:
    """The question that stood is passed over and counts nothing more; the next one is asked as it is now."""
    folder = put(tmp_path / "lessons", LESSON)
    async with evening(tmp_path, lessons=folder) as eve:
        author, question = Author(eve.bot, folder), await eve.begin()
        changed = copy.deepcopy(LESSON)
        for each in changed["questions"]:
            each["ask"] = "Now: " + each["ask"]
        await author.write(changed)
        tap = await eve.blaise.tap("A", message=question)
        assert "changed" in (tap.text or "")
        await eve.hours.pass_(20)
        assert "passed over" in (await eve.ada.says("changed")).text
        assert "Now:" in (await eve.next_question()).text


async def test_a_lesson_that_is_gone_in_the_middle(tmp_path: Path) -> None:
    """The round ends kindly."""
    folder = put(tmp_path / "lessons", LESSON, small("other"))
    async with evening(tmp_path, lessons=folder) as eve:
        author = Author(eve.bot, folder)
        await eve.begin(LESSON["id"])
        await author.remove(LESSON["id"])
        await eve.hours.pass_(20)
        await eve.ada.says("🏁 The lesson has changed")


async def test_the_groups_last_lesson_is_the_next_one(tmp_path: Path) -> None:
    """Left out, it is the lesson of the last round here."""
    folder = put(tmp_path / "lessons", small("alpha"), small("beta", order=20), small("empty", questions=[]))
    async with evening(tmp_path, lessons=folder) as eve:
        for argument, title in (("", "alpha"), ("beta", "beta"), ("", "beta")):
            await eve.ada.send(f"/round {argument}")
            await eve.ada.says(f"Live round: Lesson {title}")
            await eve.ada.send("/stop")
            await eve.ada.says("called off")
        await eve.ada.send("/round empty")
        await eve.ada.says("has no practice questions")
