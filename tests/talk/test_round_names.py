"""Names in tables: for who pressed Join, until Leave or /forget; this week's table."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.tutor.tables import shown
from tests.person import BLAISE, CHEN, Message, Person
from tests.talk.rounds import TITLE, Evening, answers, evening


@pytest.fixture
async def eve(tmp_path: Path) -> AsyncIterator[Evening]:
    """An evening."""
    async with evening(tmp_path) as eve:
        yield eve


async def played(eve: Evening) -> Message:
    """A round of one question in which all three were right; its table."""
    question = await eve.begin("1")
    for number, person in enumerate((eve.ada, eve.blaise, eve.chen)):
        await answers(question, is_right=True, by=person)
        await eve.hours.pass_(1 + number)
    await eve.hours.pass_(14)
    await eve.ada.says("Last seconds")
    await eve.hours.pass_(8)
    await eve.ada.says("3 answered, 100 % right")
    return await eve.table()


async def forget(eve: Evening, who: int) -> None:
    """Everything, by /forget in private."""
    person = Person(eve.bot.local, who)
    await person.send("/forget")
    await person.tap("Yes", message=await person.says("Delete everything", button="Yes"))
    await person.says("deleted")


async def test_without_join_a_table_has_no_name(eve: Evening) -> None:
    """Only how many took part."""
    table = await played(eve)
    assert "3 people took part" in table.text
    for name in ("Ada", "Blaise", "Chen"):
        assert name not in table.text


async def test_join_and_leave_at_the_table(eve: Evening) -> None:
    """The table is made anew, at most every ten seconds; the answer says what is shown."""
    table = await played(eve)
    joined = await eve.chen.tap("Join", message=table)
    assert joined.show_alert and "Chen" in (joined.text or "")
    first = await eve.ada.says("1. Chen: 1 of 1, 3.0 s")
    assert first.id == table.id
    assert "and 2 others" in first.text
    await eve.ada.tap("Join", message=table)
    await eve.hours.pass_(10)
    both = await eve.ada.says("1. Ada: 1 of 1, 0.0 s")
    assert "2. Chen" in both.text and "and 1 other" in both.text
    assert (await eve.chen.tap("Leave", message=table)).show_alert
    await eve.hours.pass_(10)
    assert "Chen" not in (await eve.ada.says("and 2 others")).text


async def test_leave_of_who_never_joined_keeps_nothing(eve: Evening) -> None:
    """No row of that person comes into being."""
    await eve.ada.send("/round")
    lobby = await eve.ada.says(TITLE)
    assert "not shown" in ((await eve.chen.tap("Leave", message=lobby)).text or "")
    assert eve.rows(f"SELECT learner FROM learners WHERE learner = {CHEN}") == []


async def test_leave_takes_the_name_out_of_all_tables_of_late(eve: Evening) -> None:
    """Of two rounds and of the week's table."""
    await eve.chen.send("/round")
    await eve.chen.tap("Join", message=await eve.ada.says(TITLE))
    await eve.chen.send("/stop")
    await eve.ada.says("called off")
    first = await played(eve)
    second = await played(eve)
    await eve.ada.send("/top")
    week = await eve.ada.says("This week")
    assert "1. Chen: 2, 6.0 s" in week.text
    await eve.chen.tap("Leave", message=second)
    seen = [await eve.ada.says("3 people took part") for _ in range(3)]
    assert {each.id for each in seen} == {first.id, second.id, week.id}


async def test_a_table_is_made_anew_before_the_bot_stops(tmp_path: Path) -> None:
    """Who left less than ten seconds after somebody joined is not shown until the next start."""
    async with evening(tmp_path) as eve:
        table = await played(eve)
        await eve.chen.tap("Join", message=table)
        await eve.ada.says("1. Chen")
        await eve.chen.tap("Leave", message=table)
        hours = eve.hours
    async with evening(tmp_path, hours) as eve:
        assert "3 people took part" in (await eve.ada.has_said("🏁")).text


async def test_forgetting_takes_a_person_out_of_votes_names_and_tables(eve: Evening) -> None:
    """The table of late is made anew: one person fewer, and no name."""
    table = await played(eve)
    await eve.blaise.tap("Join", message=table)
    await eve.ada.says("1. Blaise")
    await eve.hours.pass_(10)
    await forget(eve, BLAISE)
    assert "2 people took part" in (await eve.ada.says("took part")).text
    assert BLAISE not in {row[0] for row in eve.rows("SELECT learner FROM votes")}
    assert eve.rows("SELECT * FROM shown_names") == []


async def test_a_running_round_outlives_its_forgotten_starter(eve: Evening) -> None:
    """It goes on, and who was forgotten may answer anew; only administrators steer then."""
    question = await eve.begin("1", by=eve.blaise)
    await answers(question, is_right=True, by=eve.blaise)
    await forget(eve, BLAISE)
    assert ((await answers(question, is_right=True, by=eve.blaise)).text or "").startswith("✓")
    await eve.blaise.send("/stop")
    await eve.blaise.says("Only whoever started")
    await eve.time_is_up()
    assert "1 person took part" in (await eve.table()).text


async def test_the_weeks_table(eve: Evening) -> None:
    """Empty at first; then points of all rounds since Monday; a week later it is empty again."""
    await eve.chen.send("/top")
    empty = await eve.chen.says("This week")
    assert "/round" in empty.text and empty.buttons == []
    await eve.chen.tap("Join", message=await played(eve))
    await eve.ada.says("1. Chen")
    await eve.hours.pass_(10)
    await eve.ada.send("/top")
    week = await eve.ada.says("This week")
    assert "1. Chen: 1, 3.0 s" in week.text and "and 2 others" in week.text
    now = eve.hours.utc()
    next_monday = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0)
    eve.hours.advance((next_monday - now).total_seconds() + 1)
    await eve.ada.send("/top")
    await eve.ada.says("No points from live rounds yet this week")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Ada", "Ada"),
        ("  Ada\n\tLovelace ", "Ada Lovelace"),
        ("\u202eevil\u2066", "evil"),
        ("\u200b\u200f", ""),
        ("🦊", "🦊"),
        ("x" * 64, "x" * 31 + "…"),
        ("**bold** <b>", "**bold** <b>"),
        ("\ud83d", ""),
        ("Z" + "\u0301" * 40 + "oe", "Z" + "\u0301" * 3 + "oe"),
        ("เก้าอี้", "เก้าอี้"),
    ],
)
def test_a_name_can_bend_no_table(name: str, seen: str) -> None:
    """One line, no marks that reorder, not too long, nothing that nobody sees."""
    assert shown(name) == seen


async def test_who_has_no_name_to_show_is_told(eve: Evening) -> None:
    """Nothing is kept."""
    await eve.bot.local.join(990, first_name="\u200b")
    nobody = Person(eve.bot.local, 990, chat=eve.ada.chat)
    await eve.ada.send("/round")
    answer = await nobody.tap("Join", message=await eve.ada.says(TITLE))
    assert "no sign" in (answer.text or "")
    assert eve.rows("SELECT * FROM shown_names") == []
