"""The end of a lesson: what comes next, practising again, starting over, and when nothing is left."""

from pathlib import Path
from typing import Any

from tests.house import running
from tests.person import Message, Person
from tests.talk.questions import labels
from tests.talk.shelves import put, question, small, with_lab


async def finish(ada: Person, lesson: str, *, letter: str = "A") -> Message:
    """Read a small lesson and answer its one question; the end of the round."""
    await ada.send(f"/learn {lesson}")
    await ada.says("The first text.")
    await ada.tap("Next")
    await ada.says("The second text.")
    await ada.tap("Next")
    asked = await ada.says("Question 1 of 1", button="A")
    await ada.tap(letter, message=asked)
    await ada.says("your answer")
    await ada.tap("Next")
    return await ada.says("of 1 right")


def folder(tmp_path: Path, *lessons: dict[str, Any]) -> Path:
    """Lessons in a folder of their own."""
    return put(tmp_path / "lessons", *lessons)


async def test_the_next_lesson_is_offered_until_none_is_left(tmp_path: Path) -> None:
    """After each lesson the first one not done, going round; at the end a word and the catalogue."""
    lessons = folder(tmp_path, small("one"), small("two", order=20), small("last", order=30))
    async with running(tmp_path, lessons=lessons) as bot:
        ada = Person(bot.local)
        end = await finish(ada, "two")
        assert labels(end) == ["Next: Lesson last"]
        await ada.send("/progress")
        assert labels(await ada.says("Your progress")) == ["Start: Lesson last"]
        end = await finish(ada, "last")
        assert labels(end) == ["Next: Lesson one"]
        end = await finish(ada, "one")
        assert "no further lesson" in end.text and labels(end) == ["All lessons"]
        await ada.tap("All lessons")
        catalogue = await ada.says("Lessons")
        assert [label[-1] for label in labels(catalogue)] == ["✓", "✓", "✓"]
        await ada.send("/progress")
        progress = await ada.says("Your progress")
        assert "no further lesson" in progress.text and labels(progress) == ["All lessons"]


async def test_progress_leads_back_into_a_round_of_missed_ones(tmp_path: Path) -> None:
    """Also where every question has been answered once: the round in the middle comes before another lesson."""
    async with running(tmp_path, lessons=folder(tmp_path, small("one"), small("two", order=20))) as bot:
        ada = Person(bot.local)
        await finish(ada, "one", letter="B")
        await ada.tap("Again")
        await ada.says("Question 1 of 1", button="A")
        await ada.send("/progress")
        progress = await ada.says("Your progress")
        assert "Next: “Lesson one”." in progress.text and labels(progress) == ["Continue: Lesson one"]
        await ada.tap("Continue")
        await ada.says("Question 1 of 1", button="A")


async def test_who_practises_first_is_led_to_the_steps(tmp_path: Path) -> None:
    """A round without having read is no finished lesson: its own steps come next."""
    async with running(tmp_path, lessons=folder(tmp_path, small("one"))) as bot:
        ada = Person(bot.local)
        await ada.send("/quiz")
        await ada.says("Question 1 of 1", button="A")
        await ada.tap("A")
        await ada.says("✅")
        await ada.tap("Next")
        end = await ada.says("1 of 1 right")
        assert "no further lesson" not in end.text and labels(end) == ["Next: Lesson one"]


async def test_the_lab_comes_before_the_next_lesson(tmp_path: Path) -> None:
    """Where there is a lab, it is what comes next."""
    async with running(tmp_path, lessons=folder(tmp_path, with_lab("one"), small("two", order=20))) as bot:
        ada = Person(bot.local)
        end = await finish(ada, "one")
        assert labels(end) == ["Next: the lab", "Next: Lesson two"]
        await ada.tap("Next: the lab")
        await ada.says("Lab:", button="Run")
        await ada.tap("Next: Lesson two")
        await ada.says("The first text.")


async def test_a_finished_lesson_can_be_practised_and_started_over(tmp_path: Path) -> None:
    """`/learn` says that it is finished; the first try stays, whatever is answered later; over is from step one."""
    async with running(tmp_path, lessons=folder(tmp_path, small("one"))) as bot:
        ada = Person(bot.local)
        await finish(ada, "one", letter="B")
        await ada.send("/learn")
        done = await ada.says("You have finished “Lesson one”.", button="Practice again")
        assert "first try: 0/1" in done.text
        await ada.tap("Practice again")
        await ada.says("Question 1 of 1", button="A")
        await ada.tap("A")
        await ada.says("✅")
        await ada.tap("Next")
        await ada.says("1 of 1 right")
        await ada.send("/learn")
        await ada.says("first try: 0/1", button="Start over")
        await ada.tap("Start over")
        await ada.says("from the beginning?", button="Yes")
        await ada.tap("Yes")
        await ada.says("The first text.")
        await ada.send("/learn")
        again = await ada.says("The first text.", button="Next")
        assert labels(again) == ["Next"], "at the first step there is nothing to start over"
        await ada.tap("Next")
        await ada.says("The second text.")
        await ada.tap("Next")
        await ada.says("Question 1 of 1", button="A")
        await ada.send("/progress")
        assert "Lesson one: 0/1" in (await ada.says("Your progress")).text


async def test_a_lesson_without_practice_ends_with_its_last_step(tmp_path: Path) -> None:
    """Next: finish; `/quiz` says that there is nothing yet."""
    only_test = question("q", use="test")
    async with running(tmp_path, lessons=folder(tmp_path, small("one", questions=[only_test]))) as bot:
        ada = Person(bot.local)
        await ada.send("/learn")
        await ada.says("The first text.")
        await ada.tap("Next")
        await ada.says("The second text.", button="Next: finish")
        await ada.tap("Next: finish")
        done = await ada.says("You have finished", button="Start over")
        assert "first try" not in done.text and "Practice again" not in labels(done)
        await ada.send("/quiz")
        await ada.says("no practice questions yet", button="Continue")
        await ada.send("/train")
        await ada.says("has no lab", button="Continue")


async def test_another_lesson_in_between_keeps_both_places(tmp_path: Path) -> None:
    """Each lesson goes on where it was left: a step here, a question there; `/learn` alone means the last one."""
    async with running(tmp_path, lessons=folder(tmp_path, small("one"), small("two", order=20))) as bot:
        ada = Person(bot.local)
        await ada.send("/learn one")
        await ada.says("The first text.")
        await ada.tap("Next")
        await ada.says("The second text.")
        await ada.send("/quiz two")
        await ada.says("Question 1 of 1", button="A")
        await ada.send("/learn one")
        await ada.says("The second text.", button="Start over")
        await ada.send("/learn two")
        await ada.says("Question 1 of 1", button="A")
        await ada.send("/learn")
        await ada.says("Question 1 of 1", button="A")
        await ada.send("/cancel")
        await ada.says("Your place is kept")
        await ada.send("/learn one")
        await ada.says("The second text.", button="Start over")
        await ada.send("/cancel")
        await ada.says("nothing to cancel")
