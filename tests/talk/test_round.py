"""A live round with three people, from its command to its table, with time in the test's hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.person import ADA, BLAISE, CHEN, Person
from tests.talk.questions import options_in, right
from tests.talk.rounds import TITLE, Evening, answers, evening


@pytest.fixture
async def eve(tmp_path: Path) -> AsyncIterator[Evening]:
    """An evening."""
    async with evening(tmp_path) as eve:
        yield eve


async def test_a_whole_round(eve: Evening) -> None:
    """Two questions; who is right in time has a point, who is late a half; the table names who joined."""
    question = await eve.begin("2")
    assert question.buttons == [list(options_in(question))]
    assert "20 seconds" in question.text
    assert "✅" not in question.text
    await eve.hours.pass_(3)
    first = await answers(question, is_right=True, by=eve.blaise)
    assert first.show_alert
    assert (first.text or "").startswith("✓")
    again = await answers(question, is_right=False, by=eve.blaise)
    assert (again.text or "").startswith("✓")
    await answers(question, is_right=False, by=eve.chen)
    await eve.hours.pass_(17)
    await eve.ada.says("half the points")
    late = await answers(question, is_right=True, by=eve.ada)
    assert (late.text or "").startswith("✓")
    await eve.hours.pass_(8)
    solved = await eve.ada.says("✅")
    assert f"✅ {right(question)}. " in solved.text
    assert "3 answered, 67 % right" in solved.text
    assert sorted(line.rpartition("·")[2].strip() for line in solved.text.splitlines() if "  ·  " in line)[
        :4
    ] == ["0", "0", "1", "2"]
    await eve.blaise.tap("Join", message=next(m for m in eve.ada.messages() if TITLE in m.text))
    second = await eve.next_question()
    await answers(second, is_right=True, by=eve.chen)
    await eve.time_is_up()
    table = await eve.table()
    assert "1. Blaise: 1 of 2, 3.0 s" in table.text
    assert "and 2 others" in table.text
    assert "Chen" not in table.text and "Ada" not in table.text


async def test_answers_count_in_each_persons_progress(eve: Evening) -> None:
    """Like a practice answer, the first one, with its time; the votes beside it."""
    question = await eve.begin("5")
    await eve.hours.pass_(2.5)
    await answers(question, is_right=True, by=eve.blaise)
    await answers(question, is_right=True, by=eve.blaise)
    await answers(question, is_right=False, by=eve.chen)
    found = eve.rows("SELECT learner, correct, seconds, source FROM answers ORDER BY learner")
    assert found == [(BLAISE, 1, 2.5, "round"), (CHEN, 0, 2.5, "round")]
    votes = eve.rows("SELECT learner, item, points, seconds FROM votes ORDER BY learner")
    assert votes == [(BLAISE, "0", 1.0, 2.5), (CHEN, "0", 0.0, None)]
    private = Person(eve.bot.local, BLAISE)
    await private.send("/progress")
    await private.says("1/5")


async def test_nothing_is_given_away_while_a_question_runs(eve: Evening) -> None:
    """Only how many have answered; not who, not what, not whether it was right."""
    question = await eve.begin()
    await answers(question, is_right=True, by=eve.blaise)
    renewed = await eve.ada.says("1 answered")
    assert renewed.id == question.id
    assert renewed.text == f"{question.text}\n\n1 answered"
    assert renewed.buttons == question.buttons
    await answers(question, is_right=False, by=eve.chen)
    await eve.hours.pass_(10)
    assert (await eve.ada.says("2 answered")).buttons == question.buttons


async def test_after_the_solution_a_tap_says_what_to_do(eve: Evening) -> None:
    """Who answered is led to the explanation in private; who did not, to the next question. Nothing counts."""
    question = await eve.begin()
    await answers(question, is_right=False, by=eve.chen)
    solved = await eve.time_is_up()
    opened = await answers(question, is_right=True, by=eve.chen)
    assert opened.url is not None
    missed = await answers(question, is_right=True, by=eve.blaise)
    assert "counts nothing" in (missed.text or "")
    assert eve.rows("SELECT learner FROM votes") == [(CHEN,)]
    payload = opened.url.partition("start=")[2]
    assert payload in str(solved.body["reply_markup"])
    chen = Person(eve.bot.local, CHEN)
    await chen.send(f"/start {payload}")
    assert (await chen.says("your answer")).text.startswith("❌")
    blaise = Person(eve.bot.local, BLAISE)
    await blaise.send(f"/start {payload}")
    await blaise.says(button="Next")


async def test_the_link_gives_nothing_away_before_time_is_up(eve: Evening) -> None:
    """A link that somebody makes up while the question runs is a plain start."""
    question = await eve.begin()
    code = str(question.body["reply_markup"]["inline_keyboard"][0][0]["callback_data"]).partition(":")[0]
    await answers(question, is_right=True, by=eve.blaise)
    blaise = Person(eve.bot.local, BLAISE)
    for name in (f"{code}00", f"{code}01", f"{code}xx", "00", code):
        await blaise.send(f"/start p-{name}")
        assert "your answer" not in (await blaise.says("Blaise")).text
    forged = await eve.bot.local.tap(person=ADA, chat=eve.ada.chat, message=question.id, data=f"{code}00:o:0")
    answer = await eve.bot.local.answer_to(forged)
    assert answer is not None and answer.text
    assert eve.rows("SELECT learner FROM answers") == [(BLAISE,)]


async def test_without_a_timer_whoever_started_it_goes_on(eve: Evening) -> None:
    """A button shows the solution, the next press asks, the last one shows the table; the others are refused."""
    question = await eve.begin("2", by=eve.blaise, pace="No timer")
    assert question.buttons[-1] == ["Show the answer"]
    await eve.hours.pass_(300)
    await answers(question, is_right=True, by=eve.chen)
    refused = await eve.chen.tap("Show the answer", message=question)
    assert refused.show_alert and "Only whoever started" in (refused.text or "")
    await eve.blaise.tap("Show the answer", message=question)
    solved = await eve.ada.says("✅")
    twice = await eve.blaise.tap("Show the answer", message=question)
    assert "gone on already" in (twice.text or "")
    await eve.ada.tap("Next question", message=solved)  # in charge of the group
    second = await eve.ada.says("Question 2", button="A")
    await eve.blaise.tap("Show the answer", message=second)
    await eve.blaise.tap("Show the table", message=await eve.ada.says("Nobody answered"))
    assert "1 person took part" in (await eve.ada.says("🏁")).text


async def test_without_a_timer_nobody_waits_for_ever(eve: Evening) -> None:
    """Ten minutes without a press end it kindly."""
    await eve.begin(pace="No timer")
    await eve.hours.pass_(600)
    await eve.ada.says("Nobody went on")


async def test_two_unanswered_questions_end_it(eve: Evening) -> None:
    """Kindly, with the second solution."""
    await eve.begin()
    await eve.time_is_up()
    await eve.next_question()
    await eve.time_is_up()
    await eve.ada.says("🏁 Nobody answered the last two questions")


async def test_a_round_that_nobody_starts_is_called_off(eve: Evening) -> None:
    """After ten minutes; then another one may begin."""
    await eve.ada.send("/round")
    await eve.ada.says(TITLE)
    await eve.hours.pass_(600)
    off = await eve.ada.says("called off")
    assert off.buttons == []
    await eve.begin()


async def test_only_the_starter_and_administrators_steer(eve: Evening) -> None:
    """Blaise starts; Chen may not pick or start, Ada may; what has begun cannot begin again."""
    await eve.blaise.send("/round")
    lobby = await eve.ada.says(TITLE)
    for label in ("60 s", "Start"):
        refused = await eve.chen.tap(label, message=lobby)
        assert refused.show_alert and "Only whoever started" in (refused.text or "")
    await eve.ada.tap("60 s", message=lobby)
    await eve.ada.says(TITLE, button="60 s ✓")
    await eve.blaise.tap("Start", message=lobby)
    await eve.ada.says("60 seconds")
    for label in ("20 s", "Start"):
        assert "begun already" in ((await eve.blaise.tap(label, message=lobby)).text or "")


async def test_stop_ends_it_with_what_was_answered(eve: Evening) -> None:
    """By the starter or an administrator; the others are refused in a line; then nothing is left to stop."""
    question = await eve.begin(by=eve.blaise)
    await answers(question, is_right=True, by=eve.chen)
    await eve.chen.send("/stop")
    await eve.chen.says("Only whoever started the round")
    await eve.ada.send("/stop")
    solved = await eve.ada.says("✅")
    assert solved.id == question.id
    assert "was stopped" in (await eve.ada.says("🏁")).text
    await eve.ada.send("/stop")
    await eve.ada.says("No round is going on here")
    tap = await answers(question, is_right=True, by=eve.ada)
    assert "counts nothing" in (tap.text or "")


async def test_a_second_round_is_refused_while_one_runs(eve: Evening) -> None:
    """In its lobby and later; a burst of such commands gets a few lines only."""
    await eve.ada.send("/round")
    await eve.ada.says(TITLE)
    for _ in range(8):
        await eve.blaise.send("/round")
    await eve.blaise.says("going on here already")
    await eve.ada.send("/stop")
    await eve.ada.says("called off")
    lines = [m for m in eve.ada.messages() if "going on here already" in m.text]
    assert len(lines) == 4
    assert [m for m in eve.ada.messages() if TITLE in m.text][1:] == []


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        ("nothing-like-it", "Lessons: why-training-changes-weights"),
        ("0", "questions for 1 to 5"),
        ("-3", "questions for 1 to 5"),
        ("6", "cannot ask 6"),
        ("why-training-changes-weights 99999999", "cannot ask 99999999"),
        ("why-training-changes-weights many", "Send /round"),
        ("why-training-changes-weights 2 3", "Send /round"),
        ("٣", "Send /round"),
    ],
)
async def test_what_cannot_be_asked_gets_a_clear_line(eve: Evening, argument: str, line: str) -> None:
    """No such lesson, no such number, too many words."""
    await eve.blaise.send(f"/round {argument}")
    await eve.blaise.says(line)
    assert eve.rows("SELECT code FROM activities") == []


async def test_a_lesson_and_a_number(eve: Evening) -> None:
    """Both named, in capitals too; so many questions and no more."""
    question = await eve.begin("WHY-training-changes-weights 1")
    assert "Question 1 of 1" in question.text
    await eve.time_is_up()
    await eve.table()


async def test_in_private_the_commands_say_where_they_work(eve: Evening) -> None:
    """One line each."""
    ada = Person(eve.bot.local, ADA)
    for command in ("/round", "/stop", "/top"):
        await ada.send(command)
        await ada.says("in the group" if command != "/round" else "in a group")
