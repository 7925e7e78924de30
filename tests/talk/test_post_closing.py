"""A post that closes: the answer, the last totals, a picture if wished; and who taps when it is closed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.posting import Phase
from bot.preview.directory import CHANNEL_ID, DISCUSSION_ID, FORUM_ID, GROUP_ID
from tests.house import Running, running
from tests.jumps import Jumps
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Message, Person
from tests.talk.planning import ASK, known, plan, postings, rows
from tests.talk.questions import LESSON, PRACTICE, plain, right, wrong

QUESTION = PRACTICE[0]
REASON = plain(next(option["because"] for option in QUESTION["options"] if option.get("correct")))
PICTURE = "Picture of the answers at closing"


@pytest.fixture
def time() -> Jumps:
    """Time in the test's hand."""
    return Jumps()


@pytest.fixture
async def bot(tmp_path: Path, time: Jumps) -> AsyncIterator[Running]:
    """A bot that lives in it."""
    async with running(tmp_path, means=time.means) as bot:
        yield bot


async def posted(bot: Running, *, also: str = "", closes: str = "After 1 hour") -> Message:
    """The next question, in the group, which closes."""
    ada = await known(bot, GROUP_ID)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await plan(ada, "Study group", closes=closes, also=also)
    post = await group.has_said(ASK)
    group.leave()
    return post


async def test_an_open_post_says_when_it_closes(bot: Running, time: Jumps) -> None:
    """With Telegram's own time entity, also when its totals are renewed."""
    post = await posted(bot)
    moments = [each["unix_time"] for each in post.entities if each["type"] == "date_time"]
    assert len(moments) == 1 and abs(moments[0] - time.now().timestamp() - 3600) < 60
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await group.tap("A", message=post)
    renewed = await group.says("1 answered")
    assert [each["unix_time"] for each in renewed.entities if each["type"] == "date_time"] == moments


async def test_closing_shows_the_answer_and_the_last_totals(bot: Running, time: Jumps) -> None:
    """The reason in an expandable quote; no picture that nobody wished for; the posting is over."""
    post = await posted(bot)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await group.tap(right(post), message=post)
    await group.says("1 answered")
    time.forward(hours=1)
    closed = await group.says("The right answer:")
    assert closed.id == post.id and REASON in closed.text and "1 answered, 100 % right" in closed.text
    assert "expandable_blockquote" in {each["type"] for each in closed.entities}
    assert "Tap a letter" not in closed.text and "is closed" in closed.text
    assert postings(bot)[0][1].phase is Phase.CLOSED
    assert not any(message.photo for message in group.messages())


async def test_the_picture_answers_the_post(bot: Running, time: Jumps) -> None:
    """How many chose what, in letters of the post; the caption says it in words."""
    post = await posted(bot, also=PICTURE)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await group.tap(right(post), message=post)
    await Person(bot.local, CHEN, chat=GROUP_ID).tap(wrong(post), message=post)
    time.forward(hours=1)
    picture = await group.says("How many chose what")
    assert picture.photo is not None
    assert f"{right(post)}: 1 ✅" in picture.text and f"{wrong(post)}: 1\n" in picture.text + "\n"
    assert picture.body["reply_to_message"]["message_id"] == post.id
    (bars,) = bot.engine.bars
    assert [(bar.name, bar.note) for bar in bars.rows if bar.note] == [(right(post), "right")]
    assert sum(bar.count for bar in bars.rows) == 2 and len(bars.rows) == 4


async def test_nobody_answered_so_there_is_no_picture(bot: Running, time: Jumps) -> None:
    """The answer is shown all the same."""
    await posted(bot, also=PICTURE)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    time.forward(hours=1)
    await group.has_said("The right answer:")
    assert bot.engine.bars == []


async def test_a_tap_after_closing_is_answered_and_not_counted(bot: Running, time: Jumps) -> None:
    """The first one with the verdict and that it came late, further ones with the explanation, which says so too."""
    post = await posted(bot)
    group = Person(bot.local, CHEN, chat=GROUP_ID)
    time.forward(hours=1)
    await group.has_said("The right answer:")
    first = await group.tap(wrong(post), message=post)
    assert first.show_alert and (first.text or "").startswith("❌ Closed, so not counted.")
    second = await group.tap(right(post), message=post)
    assert second.url is not None and second.text is None
    assert rows(bot, "SELECT count(*) FROM post_answers") == [(0,)]
    assert rows(bot, "SELECT count(*) FROM answers") == [(0,)]
    chen = Person(bot.local, CHEN)
    await chen.send(f"/start {second.url.partition('start=')[2]}")
    verdict = await chen.says("your answer")
    assert verdict.text.startswith("❌") and "did not count" in verdict.text
    await chen.tap("Why")
    assert "did not count" in (await chen.says("Solution, step 1")).text


async def test_who_answered_in_time_is_told_that_it_counted(bot: Running, time: Jumps) -> None:
    """Also when the explanation is opened after closing."""
    post = await posted(bot)
    group = Person(bot.local, CHEN, chat=GROUP_ID)
    await group.tap(right(post), message=post)
    time.forward(hours=1)
    await group.has_said("The right answer:")
    again = await group.tap(wrong(post), message=post)
    assert again.url is not None
    chen = Person(bot.local, CHEN)
    await chen.send(f"/start {again.url.partition('start=')[2]}")
    verdict = await chen.says("your answer")
    assert verdict.text.startswith("✅") and "counted in your progress" in verdict.text


async def test_taps_at_the_moment_of_closing_count_or_come_late(bot: Running, time: Jumps) -> None:
    """Everybody is answered once; what the closed post says is what was counted."""
    post = await posted(bot)
    people = range(3001, 3041)
    for person in people:
        await bot.local.join(person)
    data = (post.button("A") or {})["callback_data"]
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    queries = []
    for number, person in enumerate(people):
        queries.append(await bot.local.tap(person=person, chat=GROUP_ID, message=post.id, data=data))
        if number == len(people) // 2:
            time.forward(hours=1)
    answers = [await bot.local.answer_to(query) for query in queries]
    assert all(answer is not None and answer.show_alert for answer in answers)
    late = sum("not counted" in (answer.text or "") for answer in answers if answer)
    ((counted,),) = rows(bot, "SELECT count(*) FROM post_answers")
    assert counted + late == len(people)
    assert rows(bot, "SELECT count(*) FROM answers") == [(counted,)]
    await group.has_said("The right answer:")
    await until(
        lambda: f"{counted} answered" in group.last().text and "The right answer" in group.last().text
    )


async def test_forgetting_takes_a_late_tap_along(bot: Running, time: Jumps) -> None:
    """No row of that person stays."""
    post = await posted(bot)
    time.forward(hours=1)
    group = Person(bot.local, CHEN, chat=GROUP_ID)
    await group.has_said("The right answer:")
    await group.tap("A", message=post)
    assert rows(bot, "SELECT learner, item FROM votes") == [(CHEN, "late")]
    chen = Person(bot.local, CHEN)
    await chen.send("/forget")
    await chen.tap("Yes", message=await chen.says("Delete everything", button="Yes"))
    await chen.says("deleted")
    assert rows(bot, "SELECT count(*) FROM votes") == [(0,)]


async def test_a_post_that_came_due_while_the_bot_was_away_closes_at_the_start(tmp_path: Path) -> None:
    """Once, with its picture."""
    time = Jumps()
    async with running(tmp_path, means=time.means) as bot:
        post = await posted(bot, also=PICTURE)
        await Person(bot.local, BLAISE, chat=GROUP_ID).tap("A", message=post)
    time.forward(days=3)
    async with running(tmp_path, means=time.means) as bot:
        group = Person(bot.local, BLAISE, chat=GROUP_ID)
        await group.has_said("The right answer:")
        await group.has_said("How many chose what")
        assert len(bot.engine.bars) == 1


async def test_a_closing_can_be_called_off(bot: Running, time: Jumps) -> None:
    """The post stays open and goes on counting."""
    post = await posted(bot, closes="After 24 hours")
    ada = Person(bot.local)
    await ada.send("/post")
    await ada.tap("Planned: 1", message=await ada.says("Which lesson?", button="Planned: 1"))
    await ada.says("Closes:", button="Leave 1 open")
    assert (await ada.tap("Leave 1 open")).text == "It stays open."
    time.forward(days=2)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    assert ((await group.tap("A", message=post)).text or "").startswith(("✅ ", "❌ "))
    await group.says("1 answered")
    assert rows(bot, "SELECT count(*) FROM post_answers") == [(1,)]


async def test_a_deleted_post_gets_no_picture(bot: Running, time: Jumps) -> None:
    """Nothing is said in its place."""
    post = await posted(bot, also=PICTURE)
    group = Person(bot.local, BLAISE, chat=GROUP_ID)
    await group.tap("A", message=post)
    await group.says("1 answered")
    await bot.local.delete(person=ADA, chat=GROUP_ID, message=post.id)
    before = len(group.messages())
    calls = bot.local.record_calls()
    time.forward(hours=1)
    await until(lambda: any(call.method == "sendPhoto" for call in calls))
    await group.send("/help")
    await group.says("one to one")
    assert len(group.messages()) == before + 2


async def test_in_a_channel_and_its_discussion_group(bot: Running, time: Jumps) -> None:
    """The channel's post closes; its automatic forward is answered by nobody."""
    ada = await known(bot, CHANNEL_ID)
    await plan(ada, "Daily questions", closes="After 1 hour")
    channel = Person(bot.local, BLAISE, chat=CHANNEL_ID)
    post = await channel.has_said(ASK)
    await channel.tap("A", message=post)
    await channel.says("1 answered")
    time.forward(hours=1)
    assert (await channel.says("The right answer:")).id == post.id
    forwards = [body for body in bot.local.messages(DISCUSSION_ID) if body.get("is_automatic_forward")]
    assert len(forwards) == len(bot.local.messages(DISCUSSION_ID)) == 1


async def test_the_picture_stays_in_its_topic(bot: Running, time: Jumps) -> None:
    """Both stand where the post stands."""
    topic = await bot.local.open_topic(chat=FORUM_ID, name="Optimizers", by=ADA)
    there = Person(bot.local, BLAISE, chat=FORUM_ID, thread=topic)
    group = Person(bot.local, ADA, chat=FORUM_ID, thread=topic)
    await group.send("/post")
    await group.says("Which lesson?")
    ada = Person(bot.local)
    await ada.send("/start")
    await ada.says("Hello")
    await ada.send(f"/post {LESSON['id']}")
    await ada.tap("▶", message=await ada.says("Which question"))
    await ada.tap("Course forum", message=await ada.says("Where to?"))
    await ada.tap("Optimizers", message=await ada.says("Which topic?"))
    for words, label in (
        ("When?", "Now"),
        ("close?", "After 1 hour"),
        ("right?", PICTURE),
        ("right?", "Post"),
    ):
        await ada.tap(label, message=await ada.says(words))
    post = await there.says(ASK)
    await there.tap("A", message=post)
    time.forward(hours=1)
    await there.has_said("The right answer:")
    assert (await there.has_said("How many chose what")).body["message_thread_id"] == topic
