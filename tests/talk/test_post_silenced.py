"""The bot may not speak in a chat any more, or the chat has a new id: nothing is lost, and whoever planned hears."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.posting import Phase
from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, GROUP_ID
from bot.preview.faults import Fault
from tests.house import Running, running
from tests.jumps import Jumps
from tests.patience import until
from tests.person import ADA, BLAISE, Person
from tests.talk.planning import ASK, known, plan, postings, rows
from tests.talk.questions import LESSON, labels

SILENCED = "I can't post in Study group any more"


@pytest.fixture
def time() -> Jumps:
    """Time in the test's hand."""
    return Jumps()


@pytest.fixture
async def bot(tmp_path: Path, time: Jumps) -> AsyncIterator[Running]:
    """A bot that lives in it."""
    async with running(tmp_path, means=time.means) as bot:
        yield bot


@pytest.mark.parametrize("standing", [Standing.KICKED, Standing.LEFT, Standing.RESTRICTED])
async def test_who_planned_hears_once_that_the_bot_was_silenced(
    bot: Running, time: Jumps, standing: Standing
) -> None:
    """In private, not in the chat; with the right back in time, the post is posted."""
    ada = await known(bot, GROUP_ID)
    await plan(ada, "Study group", when="In 1 hour")
    await bot.local.set_standing(chat=GROUP_ID, standing=standing, by=ADA)
    assert "(1)" in (await ada.says(SILENCED)).text
    await bot.local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA)
    time.forward(hours=1)
    await Person(bot.local, BLAISE, chat=GROUP_ID).has_said(ASK)
    assert sum(SILENCED in message.text for message in ada.messages()) == 1


async def test_without_the_right_in_time_it_is_told_what_is_missing(bot: Running, time: Jumps) -> None:
    """The post is off, exactly why is said, and the chat is offered again only when the bot is back."""
    ada = await known(bot, GROUP_ID)
    await plan(ada, "Study group", when="In 1 hour")
    await bot.local.set_standing(chat=GROUP_ID, standing=Standing.KICKED, by=ADA)
    await ada.says(SILENCED)
    time.forward(hours=1)
    await ada.says("I am not in Study group")
    assert postings(bot)[0][1].phase is Phase.ENDED
    assert rows(bot, f"SELECT inside FROM chats WHERE chat = {GROUP_ID}") == [(0,)]
    await ada.send("/post")
    await ada.says("Add me to your group")


async def test_a_muted_bot_says_exactly_what_is_missing(bot: Running) -> None:
    """The chat is still offered; choosing it tells."""
    ada = await known(bot, GROUP_ID)
    await bot.local.set_standing(chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA)
    await ada.send(f"/post {LESSON['id']} hook")
    await ada.tap("Study group", message=await ada.says("Where to?"))
    await ada.says(
        "I am in Study group, but may not post there: make me an administrator with the right to post"
    )


async def test_a_group_that_lets_nobody_write(bot: Running) -> None:
    """A plain member is bound by the group's own permissions."""
    await bot.local.set_permissions(chat=GROUP_ID, permissions=())
    ada = await known(bot, GROUP_ID)
    await bot.local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA)
    await ada.send(f"/post {LESSON['id']} hook")
    await ada.tap("Study group", message=await ada.says("Where to?"))
    await ada.says("may not post there")


async def test_a_channel_takes_the_right_to_post_away(bot: Running, time: Jumps) -> None:
    """The administrator hears at once."""
    ada = await known(bot, CHANNEL_ID)
    await plan(ada, "Daily questions", when="In 1 hour")
    rights = ("can_manage_chat", "can_edit_messages")
    await bot.local.set_standing(chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=rights)
    await ada.says("I can't post in Daily questions any more")
    time.forward(hours=1)
    await ada.says("I am in Daily questions, but may not post there")


async def test_who_never_started_the_bot_is_not_written_to(bot: Running) -> None:
    """A tap in a group opens no private chat: what was posted by such a person ends without a word."""
    await bot.local.join(777)
    chat = await bot.local.open_chat("Strangers", people=(777, ADA))
    stranger = Person(bot.local, 777, chat=chat)
    await stranger.send(f"/post {LESSON['id']}")
    post = await stranger.says(ASK)
    assert (await stranger.tap("A", message=post)).show_alert
    calls = bot.local.record_calls()
    await bot.local.set_standing(chat=chat, standing=Standing.KICKED, by=777)
    await until(lambda: rows(bot, f"SELECT inside FROM chats WHERE chat = {chat}") == [(0,)])
    other = Person(bot.local)
    await other.send("/help")
    await other.says()
    await until(
        lambda: [call.params["chat_id"] for call in calls if call.method == "sendMessage"] == [str(ADA)]
    )


async def test_a_new_id_takes_what_is_planned_along(bot: Running, time: Jumps) -> None:
    """The group becomes a supergroup between planning and posting."""
    chat = await bot.local.open_chat("Evening class", people=(ADA, BLAISE))
    ada = await known(bot, chat)
    await plan(ada, "Evening class", when="In 1 hour", closes="After 1 hour")
    new = await bot.local.migrate(chat)
    await until(lambda: [where for where, _ in postings(bot)] == [new])
    time.forward(hours=1)
    group = Person(bot.local, BLAISE, chat=new)
    post = await group.has_said(ASK)
    await group.tap("A", message=post)
    time.forward(hours=1)
    await group.has_said("The right answer:")
    await ada.send(f"/post {LESSON['id']}")
    await ada.tap("▶", message=await ada.says("Which question"))
    assert labels(await ada.says("Where to?")).count("Evening class") == 1


async def test_the_new_id_may_be_heard_when_the_time_has_come(bot: Running, time: Jumps) -> None:
    """The news was lost: Telegram's answer to the question for rights tells, and the post stands in the new chat."""
    chat = await bot.local.open_chat("Evening class", people=(ADA, BLAISE))
    ada = await known(bot, chat)
    await plan(ada, "Evening class", when="In 1 hour")
    keep = bot.local._cloud.updates.add
    bot.local._cloud.updates.add = lambda kind, body: None  # type: ignore[method-assign]
    new = await bot.local.migrate(chat)
    bot.local._cloud.updates.add = keep  # type: ignore[method-assign]
    time.forward(hours=1)
    await Person(bot.local, BLAISE, chat=new).has_said(ASK)


async def test_while_telegram_cannot_be_asked_the_post_waits(bot: Running, time: Jumps) -> None:
    """It is tried again a little later; nobody is told that rights were missing."""
    ada = await known(bot, GROUP_ID)
    await plan(ada, "Study group", when="In 1 hour")
    calls = bot.local.record_calls()
    bot.local.faults = lambda method, _: Fault(status=502, body="no gateway") if method == "getChat" else None
    time.forward(hours=1)
    while sum(call.method == "getChat" for call in calls) < 5:  # three tries at a time
        time.forward(seconds=10)
        await asyncio.sleep(0.02)
    assert postings(bot)[0][1].phase is Phase.WAITING
    bot.local.faults = None
    while postings(bot)[0][1].phase is Phase.WAITING:
        time.forward(seconds=10)
        await asyncio.sleep(0.02)
    await Person(bot.local, BLAISE, chat=GROUP_ID).has_said(ASK)
    assert not any("not posted" in message.text for message in ada.messages())


async def test_each_place_offers_its_own_commands(bot: Running) -> None:
    """Short in groups; administrators see /post; in private all that works there."""
    await until(lambda: bot.local.menu(person=ADA, chat=GROUP_ID))
    await until(
        lambda: "commands" in bot.local._cloud.settings and len(bot.local._cloud.settings["commands"]) >= 4
    )
    names = {
        who: [each["command"] for each in bot.local.menu(person=who, chat=GROUP_ID)] for who in (ADA, BLAISE)
    }
    assert names[ADA][0] == "post" and "post" not in names[BLAISE]
    assert "learn" in names[BLAISE] and "forget" not in names[BLAISE]
    private = Person(bot.local)
    await private.send("/start")
    await private.says("Hello")
    assert "forget" in [each["command"] for each in bot.local.menu(person=ADA, chat=ADA)]


async def test_a_post_that_closed_while_the_bot_was_away_shows_it_when_it_is_back(
    bot: Running, time: Jumps
) -> None:
    """The answer and the last totals are in the store; they stand in the chat as soon as that can be."""
    ada = await known(bot, CHANNEL_ID)
    await plan(ada, "Daily questions", closes="After 1 hour")
    reader = Person(bot.local, BLAISE, chat=CHANNEL_ID)
    post = await reader.has_said(ASK)
    await reader.tap("A", message=post)
    await bot.local.set_standing(chat=CHANNEL_ID, standing=Standing.KICKED, by=ADA)
    time.forward(hours=1)
    await until(lambda: postings(bot)[0][1].phase is Phase.CLOSED)
    time.forward(minutes=1)  # and nothing looks again by itself
    await until(lambda: rows(bot, "SELECT number FROM words") == [])  # the closing was said to nobody
    await bot.local.set_standing(chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA)
    said = asyncio.create_task(reader.says("The right answer"))
    while not said.done():
        time.forward(seconds=10)  # it may have been looked at just before: the next look is ten seconds later
        await asyncio.sleep(0.02)
    closed = await said
    assert closed.id == post.id and "1 answered" in closed.text
