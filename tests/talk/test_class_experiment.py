"""A class experiment in a group: three people vote and predict, the bot trains, one picture shows what came of it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.preview.directory import GROUP_ID
from bot.training.engine import TrainingFailure
from tests.house import PlainEngine, Running, running
from tests.patience import until
from tests.person import ADA, BLAISE, CHEN, Message, Person
from tests.talk.hours import Hours, settle
from tests.talk.questions import LESSON

TITLE = "Class experiment: House prices"


class Lecture:
    """A bot, its time, and three people in the study group; Ada is in charge there."""

    def __init__(self, bot: Running, hours: Hours) -> None:
        self.bot = bot
        self.hours = hours
        self.ada, self.blaise, self.chen = (
            Person(bot.local, who, chat=GROUP_ID) for who in (ADA, BLAISE, CHEN)
        )

    @property
    def engine(self) -> PlainEngine:
        """What trains."""
        engine: PlainEngine = self.bot.engine
        return engine

    async def begin(self, by: Person | None = None, command: str = "/experiment") -> Message:
        """The message with the votes."""
        by = by or self.blaise
        await by.send(command)
        return await by.says(TITLE, button="Close now")

    async def picture(self) -> Message:
        """The one photo."""
        await until(self.photos)
        (photo,) = self.photos()
        return photo

    def photos(self) -> list[Message]:
        """All pictures in the group."""
        return [message for message in self.ada.messages() if message.photo]


@asynccontextmanager
async def lecture(folder: Path, hours: Hours, engine: PlainEngine | None = None) -> AsyncIterator[Lecture]:
    """The bot from start to stop."""
    async with running(folder, engine=engine, means=hours.means()) as bot:
        yield Lecture(bot, hours)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Lecture]:
    """A lecture that was just begun."""
    async with lecture(tmp_path, Hours()) as room:
        yield room


def labels(message: Message) -> list[str]:
    """All buttons."""
    return [label for row in message.buttons for label in row]


async def test_the_message_offers_rates_and_predictions(room: Lecture) -> None:
    """What is trained, in real units; rates among which all three outcomes are; three predictions; a way to close."""
    post = await room.begin()
    assert "7 points: Price (k€) by Size (m²)" in post.text and "sgd, 10 steps" in post.text
    assert "2 minutes" in post.text
    assert labels(post)[:6] == [
        "rate 0.001", "rate 0.03", "rate 0.1", "rate 0.3", "rate 1", "rate 3",
    ]  # fmt: skip
    assert labels(post)[6:] == ["It learns", "It crawls", "It blows up", "Close now"]


async def test_three_people_vote_and_one_picture_shows_it(room: Lecture) -> None:
    """Votes are answered to whoever voted, totals shown, the last vote of each counts; then picture and verdicts."""
    post = await room.begin()
    first = await room.blaise.tap("rate 3", message=post)
    assert "rate 3" in (first.text or "") and "predict" in (first.text or "")
    assert "change" in ((await room.blaise.tap("It learns", message=post)).text or "")
    await room.blaise.tap("rate 0.1", message=post)
    await room.ada.tap("rate 0.1", message=post)
    await room.ada.tap("It blows up", message=post)
    assert "vote" in ((await room.chen.tap("It learns", message=post)).text or "")
    await room.chen.tap("rate 0.001", message=post)
    await room.hours.pass_(10)
    shown = await room.ada.says("Votes: 3. Predictions: 3.")
    assert shown.id == post.id
    assert {"rate 0.1 · 2", "rate 0.001 · 1", "It learns · 2", "It blows up · 1"} <= set(labels(shown))
    assert "Most wanted so far: rate 0.1." in shown.text
    await room.hours.pass_(110)
    photo = await room.picture()
    lines = photo.text.splitlines()
    assert "Loss before: 1.0" in lines
    after = [line for line in lines if line.startswith("Loss after: ")]
    assert [line.partition(" · ")[2] for line in after] == [
        "rate 0.1: it learns",
        "rate 0.001: it crawls",
        "rate 3: it blows up",
    ]
    assert "2 of 3 predicted it" in photo.text
    assert [spec.rate for spec in room.engine.trained] == [0.1, 0.001, 3.0]
    done = next(message for message in room.ada.messages() if message.id == post.id)
    assert done.buttons == [] and "the result is here below" in done.text
    assert "Blaise" not in done.text + photo.text


async def test_totals_are_renewed_at_most_every_ten_seconds_and_only_when_they_changed(room: Lecture) -> None:
    """Many votes, one edit; no votes, none."""
    calls = room.bot.local.record_calls()
    post = await room.begin()
    for label in ("rate 3", "rate 0.1", "It learns", "rate 0.3"):
        await room.blaise.tap(label, message=post)
        await room.chen.tap(label, message=post)
    edits = [call for call in calls if call.method == "editMessageText"]
    assert edits == []
    await room.hours.pass_(10)
    await room.ada.says("Votes: 2. Predictions: 2.")
    await room.hours.pass_(60)
    assert len([call for call in calls if call.method == "editMessageText"]) == 1


async def test_the_replay_link_opens_the_lab_with_the_most_wanted_run(room: Lecture) -> None:
    """In private, settings and start as trained; before there is a picture it is a plain start."""
    post = await room.begin()
    code = post.body["reply_markup"]["inline_keyboard"][0][0]["callback_data"].partition(":")[0]
    chen = Person(room.bot.local, CHEN)
    await chen.send(f"/start x-{code}")
    await chen.says("Hello, Chen")
    await room.chen.tap("rate 0.3", message=post)
    await room.blaise.tap("Close now", message=post)
    photo = await room.picture()
    url = photo.body["reply_markup"]["inline_keyboard"][0][0]["url"]
    await chen.send(f"/start {url.partition('start=')[2]}")
    lab = await chen.says("someone shared")
    assert "Optimizer sgd, rate 0.3, 10 steps" in lab.text


async def test_closing_is_for_whoever_began_it_and_administrators(room: Lecture) -> None:
    """By the button and by /stop; others get a friendly word; late votes count nothing."""
    post = await room.begin(room.blaise)
    refused = await room.chen.tap("Close now", message=post)
    assert refused.show_alert and "Only" in (refused.text or "")
    await room.chen.send("/stop")
    await room.chen.says("Only whoever started the experiment")
    room.engine.gate.clear()
    await room.chen.tap("rate 1", message=post)
    await room.ada.send("/stop")
    await room.ada.says("Voting is closed")
    late = await room.chen.tap("rate 3", message=post)
    assert late.show_alert and "closed" in (late.text or "")
    assert "closed" in ((await room.blaise.tap("Close now", message=post)).text or "")
    await room.ada.send("/stop")
    await room.ada.says("Voting is closed. The result comes")
    room.engine.gate.set()
    assert "rate 1:" in (await room.picture()).text
    over = await room.chen.tap("rate 3", message=post)
    assert "over" in (over.text or "")


async def test_nobody_votes_nothing_is_trained(room: Lecture) -> None:
    """A kind word instead; then another one may begin."""
    await room.begin()
    await room.hours.pass_(120)
    await room.ada.says("Nobody voted")
    assert room.engine.trained == [] and room.photos() == []
    await room.begin()


async def test_predictions_alone_are_enough(room: Lecture) -> None:
    """Then the lesson's own rates are trained, and it is said."""
    post = await room.begin()
    await room.chen.tap("It crawls", message=post)
    await room.blaise.tap("Close now", message=post)
    photo = await room.picture()
    assert "Nobody voted for a rate" in photo.text and "0 of 1 predicted it" in photo.text
    assert [spec.rate for spec in room.engine.trained] == [0.1, 0.001, 3.0]


async def test_a_second_one_is_refused_while_one_goes_on(room: Lecture) -> None:
    """One in a chat."""
    await room.begin()
    await room.chen.send("/experiment")
    await room.chen.says("going on here already")


async def test_a_flood_of_commands_does_not_stand_before_the_picture(room: Lecture) -> None:
    """The same line is said a few times only; the group has twenty messages a minute."""
    post = await room.begin()
    await room.chen.tap("rate 0.3", message=post)
    for _ in range(12):
        await room.chen.send("/experiment")
    await room.blaise.tap("Close now", message=post)
    await room.picture()
    assert sum("going on here already" in message.text for message in room.ada.messages()) <= 4


@pytest.mark.parametrize(
    ("argument", "words"),
    [("no-such-lesson", "no lesson called “no-such-lesson”"), ("x" * 300, "no lesson called")],
)
async def test_a_lesson_that_is_not_there_is_said(room: Lecture, argument: str, words: str) -> None:
    """With those there are; a lesson by its id works, whatever its case."""
    await room.chen.send(f"/experiment {argument}")
    assert LESSON["id"] in (await room.chen.says(words)).text
    await room.begin(command=f"/experiment {LESSON['id'].upper()}")


async def test_forged_votes_count_nothing(room: Lecture) -> None:
    """Places that are none, actions that are none: a friendly word each."""
    post = await room.begin()
    code = post.body["reply_markup"]["inline_keyboard"][0][0]["callback_data"].partition(":")[0]
    for data in ("xr:9", "xr:-1", "xr:", "xp:3", "xp:٣", "xt", "r:learns", "zz", "xr:0000000"):
        query = await room.bot.local.tap(person=CHEN, chat=GROUP_ID, message=post.id, data=f"{code}:{data}")
        answer = await room.bot.local.answer_to(query)
        assert answer is not None and answer.text, data
    with closing(sqlite3.connect(room.bot.database)) as db:
        assert db.execute("SELECT count(*) FROM votes").fetchone() == (0,)


async def test_who_is_forgotten_is_counted_no_more(room: Lecture) -> None:
    """The votes go with the person; the experiment goes on, also when its starter is gone."""
    post = await room.begin(room.blaise)
    await room.blaise.tap("rate 3", message=post)
    await room.chen.tap("rate 0.3", message=post)
    await room.hours.pass_(10)
    await room.ada.says("Votes: 2")
    blaise = Person(room.bot.local, BLAISE)
    await blaise.send("/forget")
    await blaise.says("Delete everything", button="Yes")
    await blaise.tap("Yes")
    await blaise.says("deleted")
    await room.hours.pass_(10)
    await room.ada.says("Votes: 1")
    await room.ada.tap("Close now", message=post)
    assert "rate 0.3:" in (await room.picture()).text.splitlines()[3]


@pytest.mark.parametrize("reason", [TrainingFailure.TIMEOUT, TrainingFailure.DIED])
async def test_a_training_that_is_lost_may_be_tried_again(room: Lecture, reason: TrainingFailure) -> None:
    """An apology with a button for whoever began it; all votes are kept."""
    post = await room.begin()
    await room.chen.tap("rate 0.3", message=post)
    room.engine.failures = [reason, reason]
    await room.blaise.tap("Close now", message=post)
    sorry = await room.blaise.says("did not come back", button="Try again")
    assert "Only" in ((await room.chen.tap("Try again", message=sorry)).text or "")
    assert "again" in ((await room.blaise.tap("Try again", message=sorry)).text or "")
    second = await room.blaise.says("did not come back", button="Try again")
    assert second.id != sorry.id
    await room.blaise.tap("Try again", message=second)
    assert "rate 0.3:" in (await room.picture()).text
    await until(lambda: "see the result" in {m.id: m for m in room.ada.messages()}[second.id].text)


async def test_nobody_tries_again_and_it_ends(room: Lecture) -> None:
    """After ten minutes, kindly; and /stop ends it at once."""
    for how in ("time", "/stop"):
        post = await room.begin()
        await room.chen.tap("rate 0.3", message=post)
        room.engine.failures = [TrainingFailure.TIMEOUT]
        await room.blaise.tap("Close now", message=post)
        sorry = await room.blaise.says("did not come back", button="Try again")
        if how == "time":
            await room.hours.pass_(601)
        else:
            await room.blaise.send("/stop")
        await until(lambda: any("ended without" in m.text for m in room.ada.messages() if m.id == post.id))  # noqa: B023
        await until(lambda: any("ended without" in m.text for m in room.ada.messages() if m.id == sorry.id))  # noqa: B023
        assert "over" in ((await room.blaise.tap("Try again", message=sorry)).text or "")


async def test_a_hanging_engine_delays_nobody(room: Lecture) -> None:
    """While it trains, taps are answered and the group's commands are done."""
    post = await room.begin()
    room.engine.gate.clear()
    await room.chen.tap("rate 0.3", message=post)
    await room.blaise.tap("Close now", message=post)
    await room.ada.says("Voting is closed")
    await room.ada.send(f"/post {LESSON['id']}")
    question = await room.ada.says("Tap a letter")
    assert (await room.chen.tap("A", message=question)).show_alert
    await room.hours.pass_(70)  # longer than the lease: it is not trained twice
    room.engine.gate.set()
    await room.picture()
    await settle()
    assert len(room.engine.trained) == 3 and len(room.photos()) == 1


async def test_a_restart_while_voting_goes_on(tmp_path: Path) -> None:
    """Votes before and after it count; what came due meanwhile is closed at once."""
    hours = Hours()
    async with lecture(tmp_path, hours) as room:
        post = await room.begin()
        await room.chen.tap("rate 0.3", message=post)
    async with lecture(tmp_path, hours) as room:
        await room.blaise.tap("rate 0.3", message=post)
        await room.blaise.tap("It learns", message=post)
    hours.now += 3600
    async with lecture(tmp_path, hours) as room:
        photo = await room.picture()
        assert "rate 0.3:" in photo.text and "1 of 1 predicted it" in photo.text


async def test_a_restart_while_training_trains_again_at_once(tmp_path: Path) -> None:
    """Without any time passing: it does not wait for its lease."""
    hours = Hours()
    async with lecture(tmp_path, hours) as room:
        post = await room.begin()
        room.engine.gate.clear()
        await room.chen.tap("rate 0.3", message=post)
        await room.blaise.tap("Close now", message=post)
        await room.ada.says("Voting is closed")
        await settle()
    async with lecture(tmp_path, hours) as room:
        assert "rate 0.3:" in (await room.picture()).text
        assert len(room.photos()) == 1


async def test_a_picture_that_was_lost_with_the_process_is_made_anew(tmp_path: Path) -> None:
    """Committed and not said: the next start trains the same rates again, and says it once."""
    hours = Hours()
    async with lecture(tmp_path, hours) as room:
        post = await room.begin()
        await room.chen.tap("rate 0.3", message=post)
        await room.blaise.tap("Close now", message=post)
        await room.picture()
    with closing(sqlite3.connect(tmp_path / "local.db")) as db:  # as it was before the photo was said
        code = db.execute("SELECT code FROM activities").fetchone()[0]
        body = f'{{"run":"{code}","caption":"Again","entities":[]}}'
        db.execute("INSERT INTO words (chat, kind, body) VALUES (?, 'photo', ?)", (GROUP_ID, body))
        db.commit()
    engine = PlainEngine()
    engine.failures = [TrainingFailure.DIED]
    async with lecture(tmp_path, hours, engine) as room:
        await until(lambda: room.hours.sleepers)
        await hours.pass_(3)
        await until(lambda: len(room.photos()) == 2)
        assert [spec.rate for spec in engine.trained] == [0.3, 0.1, 0.001]
        assert len(engine.curves) == 1
