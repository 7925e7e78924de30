"""Delivery: order and pauses per chat, bounds, and nothing lost at the end."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.chat.deliver import Deliverer
from bot.chat.request import NotDoneError
from bot.store.base import Word
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import FLOOD, BotApi, Fault
from tests.chat.clock import Clock, Hurried
from tests.chat.speaker import (
    ADA,
    BOB,
    GROUP,
    SORRY,
    Speaker,
    edit,
    say,
    word,
)
from tests.patience import until


async def test_a_chat_hears_its_words_in_order(speaker: Speaker, api: BotApi) -> None:
    """Two chats side by side, each in order; afterwards nothing is in hand and nothing in the store."""
    await speaker.say(*[say(f"{chat} {n}", chat) for n in range(20) for chat in (ADA, BOB)])
    await speaker.done()
    for chat in (ADA, BOB):
        assert api.texts(chat) == [f"{chat} {n}" for n in range(20)]
    assert await speaker.store.unsaid() == []


async def test_waiting_edits_coalesce_to_the_newest(speaker: Speaker, api: BotApi) -> None:
    """In a flood pause only the newest state of a screen stays; another screen and a text keep their places."""
    await speaker.say(say("question", key="q"), say("other", key="o"))
    await speaker.done()
    api.script["editMessageText"].append(FLOOD)
    await speaker.say(edit("q 1", "q"))
    await until(lambda: speaker.clock.sleepers)
    await speaker.say(edit("q 2", "q"), edit("o 1", "o"), say("text"), edit("q 3", "q"))
    speaker.clock.advance(7)
    await speaker.done()
    assert [shown["text"] for shown in api.made("editMessageText")] == ["q 1", "o 1", "q 3"]
    assert [method for method, _ in api.calls[-3:]] == ["editMessageText", "sendMessage", "editMessageText"]
    assert await speaker.store.unsaid() == []


async def test_an_edit_under_way_gives_way_to_a_newer_one(speaker: Speaker, api: BotApi) -> None:
    """An edit that comes back from a flood is not said again when a newer one waits."""
    await speaker.say(say("question", key="q"))
    await speaker.done()
    api.script["editMessageText"].append(
        Fault(status=429, parameters={"retry_after": 7}, description="Too Many Requests", hang=True)
    )
    await speaker.say(edit("q 1", "q"))
    await until(lambda: api.made("editMessageText"))
    await speaker.say(edit("q 2", "q"))
    api.release.set()
    await until(lambda: speaker.clock.sleepers)
    speaker.clock.advance(7)
    await speaker.done()
    assert [shown["text"] for shown in api.made("editMessageText")] == ["q 1", "q 2"]


async def test_answers_stand_in_no_lane(speaker: Speaker, api: BotApi) -> None:
    """A callback is answered while its chat is in a flood pause and words wait before it."""
    api.script["sendMessage"].append(FLOOD)
    await speaker.say(say("one"), say("two"))
    await until(lambda: speaker.clock.sleepers)
    await speaker.say(word("answer", callback_query_id="c1", text="✅", show_alert=True))
    await until(lambda: len(speaker.deliverer) == 2)
    assert api.made("answerCallbackQuery") == [
        {"callback_query_id": "c1", "text": "✅", "show_alert": "true"}
    ]
    assert len(api.made("sendMessage")) == 1


async def test_a_flooded_answer_holds_nobody_up(speaker: Speaker, api: BotApi) -> None:
    """It comes again when its pause is over, others go at once; one that would be too late is dropped."""
    late = Fault(status=429, parameters={"retry_after": 40}, description="Too Many Requests")
    api.script["answerCallbackQuery"].extend([FLOOD, late])
    await speaker.say(word("answer", callback_query_id="c1"))
    await until(lambda: speaker.clock.sleepers)
    await speaker.say(word("answer", callback_query_id="c2"), word("answer", callback_query_id="c3"))
    await until(lambda: len(speaker.deliverer) == 1)
    speaker.clock.advance(7)
    await speaker.done()
    assert [one["callback_query_id"] for one in api.made("answerCallbackQuery")] in [
        ["c1", "c2", "c3", "c1"],
        ["c1", "c3", "c2", "c1"],
    ]
    assert speaker.clock.slept == [7]


async def test_a_flood_pause_holds_back_that_chat_alone(speaker: Speaker, api: BotApi) -> None:
    """Bob hears all of his while Ada's lane pauses; then hers go on, in order."""
    api.chat_script[ADA].append(FLOOD)
    await speaker.say(*[say(f"ada {n}") for n in range(3)])
    await until(lambda: speaker.clock.sleepers)
    await speaker.say(*[say(f"bob {n}", BOB) for n in range(10)])
    await until(lambda: len(speaker.deliverer) == 3)
    assert api.texts(BOB) == [f"bob {n}" for n in range(10)]
    assert api.texts(ADA) == ["ada 0"]
    speaker.clock.advance(6.9)
    assert speaker.clock.sleepers
    speaker.clock.advance(0.2)
    await speaker.done()
    assert api.texts(ADA) == ["ada 0", "ada 0", "ada 1", "ada 2"]


async def test_a_group_gets_twenty_messages_a_minute(speaker: Speaker, api: BotApi) -> None:
    """The twenty-first waits for the first minute to pass, an edit does not count; other chats do not wait."""
    await speaker.say(*[say(str(n), GROUP, f"k{n}") for n in range(20)], edit("edited", "k1", GROUP))
    await speaker.done()
    await speaker.say(say("20", GROUP), say("21", GROUP))
    await speaker.say(*[say(str(n)) for n in range(30)])
    await until(lambda: len(speaker.deliverer) == 2)
    assert len(api.texts(GROUP)) == 20
    speaker.clock.advance(60)
    await speaker.done()
    assert api.texts(GROUP) == [str(n) for n in range(22)]
    assert speaker.clock.slept == [60]


async def test_bulk_goes_slowly_and_only_where_nothing_waits(speaker: Speaker, api: BotApi) -> None:
    """Twenty-five a second; a chat with words of its own gets them first; each chat's bulk keeps its order."""
    api.chat_script[ADA].append(FLOOD)
    await speaker.say(say("own"))
    await until(lambda: speaker.clock.sleepers)
    reminders = [say(f"{chat} {n}", chat) for n in range(2) for chat in (ADA, BOB, 9)]
    await speaker.say(*reminders, bulk=True)
    for sent in range(1, 5):
        await until(lambda: len(api.texts()) == 1 + sent)  # noqa: B023 (done in this round)
        # Out of hand too: a chat whose word is not yet marked as said would be passed over.
        await until(lambda: len(speaker.deliverer) == 7 - sent)  # noqa: B023 (done in this round)
        await until(lambda: speaker.clock.sleepers == 2)
        assert len(api.texts()) == 1 + sent
        speaker.clock.advance(1 / 25)
    assert api.texts() == ["own", "8 0", "9 0", "8 1", "9 1"]
    speaker.clock.advance(7)
    await until(lambda: api.texts(ADA) == ["own", "own"])
    while len(speaker.deliverer):
        speaker.clock.advance(1 / 25)
        await asyncio.sleep(0.002)
    assert api.texts(ADA) == ["own", "own", "7 0", "7 1"]
    assert set(speaker.clock.slept) == {7.0, 1 / 25}


async def test_calls_at_once_are_bounded(bot: Bot, store: SqliteStore, clock: Clock, api: BotApi) -> None:
    """Of ten lanes only two call at the same time; an answer has a place of its own."""
    speaker = Speaker(bot, store, clock, lanes_at_once=2)
    api.script["sendMessage"].extend([Fault(hang=True)] * 10)
    await speaker.say(*[say("hi", chat) for chat in range(1, 11)])
    await speaker.say(word("answer", callback_query_id="c1"))
    await until(lambda: len(api.calls) == 3)
    assert len(api.made("answerCallbackQuery")) == 1
    api.release.set()
    await speaker.done()
    assert len(api.made("sendMessage")) == 10


async def test_bulk_waits_while_every_call_is_taken(
    bot: Bot, store: SqliteStore, clock: Clock, api: BotApi
) -> None:
    """A reminder never stands in the way of a reply: it starts only while a call is free."""
    speaker = Speaker(bot, store, clock, lanes_at_once=1)
    api.chat_script[ADA].append(Fault(hang=True))
    await speaker.say(say("reply"))
    await until(lambda: api.calls)
    await speaker.say(say("reminder", BOB), bulk=True)
    await clock.pass_sleeps(3, by_s=1 / 25)
    api.release.set()
    await until(lambda: len(speaker.deliverer) == 1)
    assert api.texts() == ["reply"]
    await clock.pass_sleeps(1, by_s=1 / 25)
    await speaker.done()
    assert api.texts() == ["reply", "reminder"]
    await speaker.deliverer.drain(0)


async def test_a_long_lane_makes_its_own_learner_wait(speaker: Speaker, api: BotApi) -> None:
    """Beyond 32 waiting words `room` waits for this chat, and for no other."""
    api.chat_script[ADA].append(FLOOD)
    await speaker.say(*[say(str(n)) for n in range(40)])
    await until(lambda: speaker.clock.sleepers)
    ada = asyncio.create_task(speaker.deliverer.room(ADA))
    await speaker.deliverer.room(BOB)
    await speaker.deliverer.room("a key that is no chat")
    assert not ada.done()
    speaker.clock.advance(7)
    await ada
    assert len(api.texts(ADA)) >= 8
    await speaker.done()
    await speaker.deliverer.room(ADA)


async def test_a_word_is_in_hand_once(speaker: Speaker, api: BotApi) -> None:
    """The same words delivered again, or found in the store meanwhile, are not said twice."""
    api.chat_script[ADA].append(FLOOD)
    words = await speaker.commit(say("one"), say("two"))
    speaker.deliverer.deliver(words)
    speaker.deliverer.deliver(words)
    await until(lambda: speaker.clock.sleepers)
    assert await speaker.deliverer.say_unsaid() == 2
    speaker.clock.advance(60)
    await speaker.done()
    assert api.texts() == ["one", "one", "two"]  # the first time it was refused


async def test_what_is_unsaid_at_the_end_is_said_at_the_next_start(
    speaker: Speaker, api: BotApi, bot: Bot, store: SqliteStore
) -> None:
    """Words in a pause, a picture in the making, bulk: all still in the store, and said once by the next one."""
    api.chat_script[ADA].append(FLOOD)
    await speaker.say(say("said", BOB))
    await speaker.say(say("one"), say("two"), word("photo", run="r1"))
    await until(lambda: speaker.clock.sleepers)
    await speaker.say(say("bulk", 9), say("bulk 2", 9), bulk=True)
    await until(lambda: api.texts(9))
    assert not await speaker.deliverer.drain(0.01)
    await speaker.say(say("three"))
    assert api.texts(ADA) == ["one"]
    api.calls.clear()
    reborn = Speaker(bot, store, Clock())
    assert await reborn.deliverer.say_unsaid() == 5
    await until(lambda: reborn.pictures)
    reborn.pictures["r1"].set_result(b"\x89PNG")
    await reborn.done()
    assert api.texts(ADA) == ["one", "two", "three"]
    assert api.texts(9) == ["bulk 2"]
    assert len(api.made("sendPhoto")) == 1
    assert await store.unsaid() == []


async def test_drain_says_what_it_can(speaker: Speaker, api: BotApi) -> None:
    """With nothing in the way everything in hand is said."""
    await speaker.say(*[say(str(n)) for n in range(10)])
    assert await speaker.deliverer.drain(10)
    assert len(api.texts()) == 10
    assert await speaker.store.unsaid() == []


class Forgetful:
    """As much of a store as this property needs."""

    async def said(self, number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        """Nothing is kept."""


FAULTS = [None, None, RetryAfter(3), NotDoneError("down")]


@settings(deadline=None, max_examples=60)
@given(
    chats=st.lists(st.sampled_from([ADA, BOB, GROUP]), max_size=60),
    faults=st.lists(st.sampled_from(FAULTS), max_size=60),
)
def test_every_text_is_said_once_and_in_order(chats: list[int], faults: list[TelegramError | None]) -> None:
    """For any words and any faults that say "not done": each chat hears each text once, in order."""
    heard: list[tuple[int, str]] = []
    script = iter(faults)

    async def speak(method: str, params: Mapping[str, Any], **_: Any) -> dict[str, int]:
        assert method == "sendMessage"
        await asyncio.sleep(0)
        fault = next(script, None)
        if fault is not None:
            raise fault
        heard.append((params["chat_id"], params["text"]))
        return {"message_id": len(heard)}

    async def nothing(*_: Any) -> None:
        return None

    async def scenario() -> None:
        clock = Hurried()
        deliverer = Deliverer(
            call=speak,
            store=Forgetful(),  # type: ignore[arg-type]  # texts without keys ask for no more
            pictures=nothing,
            documents=nothing,
            clock=clock,
            sleep=clock.sleep,
            jitter=lambda: 0.5,
            sorry=SORRY,
        )
        for number, chat in enumerate(chats):
            deliverer.deliver(
                [Word(number=number, chat=chat, kind="say", body=json.dumps({"text": str(number)}))]
            )
        assert await deliverer.drain(10)
        assert len(deliverer) == 0

    with contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(scenario())
    for chat in (ADA, BOB, GROUP):
        words = [(chat, str(number)) for number, one in enumerate(chats) if one == chat]
        assert [one for one in heard if one[0] == chat] == words
