"""A bot that is stopped in the middle of a round goes on with it, or ends it kindly."""

from pathlib import Path

from tests.patience import until
from tests.talk.hours import Hours
from tests.talk.rounds import TITLE, answers, evening


async def test_a_round_goes_on_after_a_restart(tmp_path: Path) -> None:
    """In time: the question that stood takes answers, has its last seconds and its solution."""
    hours = Hours()
    async with evening(tmp_path, hours) as eve:
        question = await eve.begin("2")
        await answers(question, is_right=True, by=eve.blaise)
    hours.now += 5
    async with evening(tmp_path, hours) as eve:
        again = await answers(question, is_right=False, by=eve.blaise)
        assert (again.text or "").startswith("✓")
        await answers(question, is_right=True, by=eve.chen)
        await hours.pass_(15)
        await eve.ada.says("Last seconds")
        await hours.pass_(8)
        solved = await eve.ada.says("✅")
        assert "2 answered, 100 % right" in solved.text
        assert "away" not in solved.text
        await eve.next_question()
        await eve.time_is_up()
        assert "2 people took part" in (await eve.table()).text


async def test_a_question_whose_time_passed_while_the_bot_was_away_is_closed(tmp_path: Path) -> None:
    """With what had come; people are told; then the next one."""
    hours = Hours()
    async with evening(tmp_path, hours) as eve:
        question = await eve.begin("2")
        await answers(question, is_right=True, by=eve.blaise)
    hours.now += 120
    async with evening(tmp_path, hours) as eve:
        solved = await eve.ada.has_said("✅")
        assert solved.id == question.id
        assert "I was away" in solved.text and "1 answered" in solved.text
        second = await eve.next_question()
        assert "Question 2" in second.text and "away" not in second.text


async def test_the_next_question_says_that_the_bot_was_away(tmp_path: Path) -> None:
    """Stopped while the solution was read."""
    hours = Hours()
    async with evening(tmp_path, hours) as eve:
        await answers(await eve.begin("2"), is_right=True, by=eve.blaise)
        await eve.time_is_up()
    hours.now += 120
    async with evening(tmp_path, hours) as eve:
        assert (await eve.ada.has_said("Question 2")).text.startswith("I was away")


async def test_a_round_that_is_long_over_is_ended_kindly(tmp_path: Path) -> None:
    """More than ten minutes later nobody waits any more; the table tells what was reached."""
    hours = Hours()
    async with evening(tmp_path, hours) as eve:
        question = await eve.begin("2")
        await answers(question, is_right=True, by=eve.blaise)
    hours.now += 3600
    async with evening(tmp_path, hours) as eve:
        table = await eve.ada.has_said("🏁")
        assert "away for too long" in table.text and "1 person took part" in table.text
        await until(lambda: "✅" in next(m for m in eve.ada.messages() if m.id == question.id).text)
        await eve.begin("1")


async def test_a_lobby_waits_through_a_restart(tmp_path: Path) -> None:
    """Its buttons still do what they say."""
    hours = Hours()
    async with evening(tmp_path, hours) as eve:
        await eve.ada.send("/round")
        lobby = await eve.ada.says(TITLE)
    async with evening(tmp_path, hours) as eve:
        await eve.ada.tap("Start", message=lobby)
        await eve.ada.says("Question 1", button="A")
