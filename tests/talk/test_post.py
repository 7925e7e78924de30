"""A question posted for everyone in a group: each person's first tap counts, and only they see what came of it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from bot.preview.directory import GROUP_ID
from tests.house import LESSONS, Running, running
from tests.person import ADA, BLAISE, CHEN, Message, Person

LESSON = yaml.safe_load((LESSONS / "why-training-changes-weights.yaml").read_text())
QUESTION = next(q for q in LESSON["questions"] if q["id"] == "purpose")


@pytest.fixture
def people(bot: Running) -> dict[int, Person]:
    """Three people in the study group; Ada made it, so she is in charge."""
    return {who: Person(bot.local, who, chat=GROUP_ID) for who in (ADA, BLAISE, CHEN)}


def letter(message: Message, *, correct: bool) -> str:
    """The letter of a right or wrong option as the post shows it."""
    texts = [o["text"] for o in QUESTION["options"] if o.get("correct", False) is correct]
    return next(line[0] for line in message.text.splitlines() if line[3:] in texts)


async def posted(people: dict[int, Person]) -> Message:
    """The next question of the lesson, posted by Ada."""
    await people[ADA].send(f"/post {LESSON['id']}")
    return await people[ADA].says(QUESTION["ask"])


async def test_a_post_is_written_like_a_question(people: dict[int, Person]) -> None:
    """One button an option, one order for all, and a link that begins with Learn."""
    post = await posted(people)
    assert post.buttons[0] == ["A", "B", "C", "D"]
    assert post.buttons[1][0].startswith("Learn")
    assert sum(line[:3] in {"A. ", "B. ", "C. ", "D. "} for line in post.text.splitlines()) == 4
    assert "answered" not in post.text


async def test_the_next_post_is_the_next_question(people: dict[int, Person]) -> None:
    """Left out, it is the next question of the lesson that was not posted here yet; at the end that is said."""
    for question in (q for q in LESSON["questions"] if q["use"] == "practice"):
        await people[ADA].send(f"/post {LESSON['id']}")
        await people[ADA].says(question["ask"].splitlines()[0][:40])
    await people[ADA].send(f"/post {LESSON['id']}")
    await people[ADA].says("was posted here")


async def test_who_is_not_in_charge_is_refused(people: dict[int, Person]) -> None:
    """A short word with the way into the private chat, and no post."""
    await people[BLAISE].send(f"/post {LESSON['id']}")
    refusal = await people[BLAISE].says("Only administrators")
    assert len(refusal.buttons) == 1
    assert QUESTION["ask"] not in refusal.text


async def test_the_first_tap_counts_and_is_answered_in_private(
    bot: Running, people: dict[int, Person]
) -> None:
    """An alert with the mark and the reason; nothing in the group shows who chose what; progress knows it."""
    post = await posted(people)
    right = await people[BLAISE].tap(letter(post, correct=True), message=post)
    wrong = await people[CHEN].tap(letter(post, correct=False), message=post)
    assert right.show_alert and wrong.show_alert
    assert (right.text or "").startswith("✅")
    assert (wrong.text or "").startswith("❌")
    assert max(len(right.text or ""), len(wrong.text or "")) <= 200
    blaise = Person(bot.local, BLAISE)
    await blaise.send("/progress")
    await blaise.says("1/5")
    with closing(sqlite3.connect(bot.database)) as db:
        found = db.execute("SELECT learner, correct, source FROM answers ORDER BY learner").fetchall()
    assert found == [(BLAISE, 1, "post"), (CHEN, 0, "post")]


async def test_a_further_tap_opens_the_why_in_private(bot: Running, people: dict[int, Person]) -> None:
    """The answer is the bot's own start link; there the verdict on the first choice waits, with the why."""
    post = await posted(people)
    chosen = letter(post, correct=False)
    await people[CHEN].tap(chosen, message=post)
    second = await people[CHEN].tap(letter(post, correct=True), message=post)
    assert second.url is not None
    assert second.text is None
    chen = Person(bot.local, CHEN)
    await chen.send(f"/start {second.url.partition('start=')[2]}")
    verdict = await chen.says("your answer")
    assert verdict.text.startswith("❌")
    assert next(line for line in verdict.text.splitlines() if "your answer" in line).startswith(chosen)
    for _ in range(len(QUESTION["solution"]) + 1):
        await chen.tap("Why")
    await chen.says("The right answer:")
    with closing(sqlite3.connect(bot.database)) as db:
        assert db.execute("SELECT count(*) FROM answers").fetchone() == (1,)


async def test_totals_are_counted_and_name_nobody(people: dict[int, Person]) -> None:
    """The post gains one line; two answers, one of them right."""
    post = await posted(people)
    await people[BLAISE].tap(letter(post, correct=True), message=post)
    first = await people[ADA].says("1 answered, 100 % right")
    assert first.id == post.id
    assert first.buttons == post.buttons
    assert "Blaise" not in first.text


async def test_learn_opens_the_step_that_explains_it(bot: Running, people: dict[int, Person]) -> None:
    """The link button leads into the private lesson, at that step."""
    post = await posted(people)
    url = post.body["reply_markup"]["inline_keyboard"][1][0]["url"]
    blaise = Person(bot.local, BLAISE)
    await blaise.send(f"/start {url.partition('start=')[2]}")
    step = next(s for s in LESSON["steps"] if s["id"] == QUESTION["step"])
    await blaise.says(step["title"])


async def test_a_step_can_be_posted(people: dict[int, Person]) -> None:
    """A step by its id, with a link to the lesson; an unknown name is said."""
    await people[ADA].send(f"/post {LESSON['id']} hook")
    step = await people[ADA].says(LESSON["steps"][0]["title"])
    assert step.buttons[-1][0].startswith("Learn")
    await people[ADA].send(f"/post {LESSON['id']} nothing-like-it")
    await people[ADA].says("nothing-like-it")
    await people[ADA].send("/post")
    await people[ADA].says(LESSON["id"])


async def test_totals_outlive_a_restart(tmp_path: Path) -> None:
    """What was answered right before a stop stands under the post after the next start; taps still count."""
    async with running(tmp_path) as bot:
        ada, blaise = Person(bot.local, ADA, chat=GROUP_ID), Person(bot.local, BLAISE, chat=GROUP_ID)
        await ada.send(f"/post {LESSON['id']}")
        post = await ada.says(QUESTION["ask"])
        await blaise.tap("A", message=post)
    async with running(tmp_path) as bot:
        chen = Person(bot.local, CHEN, chat=GROUP_ID)
        post = await chen.says("1 answered") if "1 answered" not in chen.last().text else chen.last()
        assert (await chen.tap("B", message=post)).show_alert


async def test_forgetting_takes_a_person_out_of_the_totals(bot: Running, people: dict[int, Person]) -> None:
    """No row of that person is left, and the post itself stays."""
    post = await posted(people)
    await people[BLAISE].tap("A", message=post)
    await people[CHEN].tap("B", message=post)
    blaise = Person(bot.local, BLAISE)
    await blaise.send("/forget")
    await blaise.says("Delete everything", button="Yes")
    await blaise.tap("Yes")
    await blaise.says("deleted")
    with closing(sqlite3.connect(bot.database)) as db:
        assert db.execute("SELECT learner FROM post_answers").fetchall() == [(CHEN,)]


async def test_forged_taps_count_nothing(bot: Running, people: dict[int, Person]) -> None:
    """Codes that are none, options that are none, other buttons' data: a friendly word each."""
    post = await posted(people)
    code = post.body["reply_markup"]["inline_keyboard"][0][0]["callback_data"].partition(":")[0]
    for data in (
        "x",
        "",
        f"{code}:o:9",
        f"{code}:o:-1",
        f"{code}:o:٣٣",
        f"{code}:n",
        "nope:o:0",
        f"{code}:o:",
    ):
        query = await bot.local.tap(person=CHEN, chat=GROUP_ID, message=post.id, data=data or "0")
        answer = await bot.local.answer_to(query)
        assert answer is not None
        assert answer.text
        assert not answer.text.startswith(("✅", "❌"))
    with closing(sqlite3.connect(bot.database)) as db:
        assert db.execute("SELECT count(*) FROM post_answers").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM learners WHERE learner = ?", (CHEN,)).fetchone() == (0,)
