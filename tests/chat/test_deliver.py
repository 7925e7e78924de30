"""Delivery: order and pauses per chat, what is repeated and what never, and nothing lost at the end."""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.chat.deliver import Deliverer
from bot.chat.request import NotDoneError, call
from bot.errors import OverloadedError
from bot.store.base import Change, NewWord, Word
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import FLOOD, BotApi, Fault, Upload, plain
from tests.chat.clock import Clock, Hurried, noon, until

ADA, BOB, GROUP = 7, 8, -100
SORRY = "That could not be shown. Send /learn to go on."
LOST = Fault(status=400, description="Bad Request: message to edit not found")
BLOCKED = Fault(status=403, description="Forbidden: bot was blocked by the user")
REFUSED = Fault(status=400, description='Bad Request: can\'t parse "private words"')
DOWN = Fault(status=502, raw=b"")
DROP = Fault(drop=True)


class Speaker:
    """A deliverer on the real bot and store, with words at hand."""

    def __init__(self, bot: Bot, store: SqliteStore, clock: Clock, **limits: Any) -> None:
        self.store = store
        self.clock = clock
        self.pictures: dict[str, asyncio.Future[bytes | None]] = {}
        self.moves: list[tuple[int, int]] = []
        self.deliverer = Deliverer(
            call=functools.partial(call, bot),
            store=store,
            pictures=self.picture,
            documents=self.document,
            clock=clock,
            sleep=clock.sleep,
            jitter=lambda: 1.0,
            sorry=SORRY,
            migrated=self.moved,
            **limits,
        )

    async def picture(self, code: str) -> bytes | None:
        """Ready when the test says so."""
        return await self.pictures.setdefault(code, asyncio.get_running_loop().create_future())

    async def document(self, chat: int, body: Mapping[str, Any]) -> bytes | None:
        """Ready at once."""
        return f"{chat} {body['content_key']}".encode()

    async def moved(self, old: int, new: int) -> None:
        """The hook."""
        self.moves.append((old, new))

    async def commit(self, *words: NewWord) -> tuple[Word, ...]:
        """Words as the tutor commits them."""
        committed = await self.store.commit(Change(learner=words[0].chat, words=words), now=noon())
        assert committed is not None
        return committed

    async def say(self, *words: NewWord, bulk: bool = False) -> None:
        """Commit and deliver."""
        self.deliverer.deliver(await self.commit(*words), bulk=bulk)

    async def done(self) -> None:
        """Wait until nothing is in hand."""
        await until(lambda: len(self.deliverer) == 0)

    async def screens(self, chat: int = ADA) -> dict[str, int]:
        """What the store knows."""
        return dict((await self.store.load(chat)).screens)


@pytest.fixture
async def speaker(bot: Bot, store: SqliteStore, clock: Clock) -> AsyncIterator[Speaker]:
    """Without limits of its own."""
    speaker = Speaker(bot, store, clock)
    yield speaker
    await speaker.deliverer.drain(0)


def word(kind: str, chat: int = ADA, key: str | None = None, **body: Any) -> NewWord:
    """A word of any kind."""
    return NewWord(chat=chat, kind=kind, body=json.dumps(body), key=key)


def say(text: str, chat: int = ADA, key: str | None = None) -> NewWord:
    """A plain text."""
    return word("say", chat, key, text=text, entities=[], buttons=[])


def edit(text: str, key: str, chat: int = ADA) -> NewWord:
    """A new state of a screen."""
    return word("edit", chat, key, text=text, entities=[], buttons=[])


async def test_a_text_goes_out_with_entities_and_buttons(speaker: Speaker, api: BotApi) -> None:
    """What the view made is on the wire; a text to copy gets Telegram's shape."""
    entities = [{"type": "code", "offset": 0, "length": 2}]
    row = [{"text": "Next", "callback_data": "n"}, {"text": "Code", "copy_text": "print()"}]
    await speaker.say(word("say", text="hi", entities=entities, buttons=[row]))
    await speaker.done()
    (sent,) = api.made("sendMessage")
    assert (sent["chat_id"], sent["text"], plain(sent["entities"])) == (str(ADA), "hi", entities)
    markup = plain(sent["reply_markup"])
    assert markup["inline_keyboard"] == [[row[0], {"text": "Code", "copy_text": {"text": "print()"}}]]
    assert await speaker.store.unsaid() == []


async def test_a_chat_hears_its_words_in_order(speaker: Speaker, api: BotApi) -> None:
    """Two chats side by side, each in order; afterwards nothing is in hand and nothing in the store."""
    await speaker.say(*[say(f"{chat} {n}", chat) for n in range(20) for chat in (ADA, BOB)])
    await speaker.done()
    for chat in (ADA, BOB):
        assert api.texts(chat) == [f"{chat} {n}" for n in range(20)]
    assert await speaker.store.unsaid() == []


async def test_a_screen_is_edited_where_it_stands(
    speaker: Speaker, api: BotApi, bot: Bot, store: SqliteStore, clock: Clock
) -> None:
    """The message id is remembered in the store, so that a new process edits the same message."""
    await speaker.say(say("question", key="q"), edit("verdict", "q"))
    await speaker.done()
    shown = api.made("editMessageText")[0]
    assert (shown["text"], int(shown["message_id"])) == ("verdict", (await speaker.screens())["q"])
    reborn = Speaker(bot, store, clock)
    await reborn.say(edit("solution", "q"))
    await reborn.done()
    assert api.made("editMessageText")[1]["message_id"] == shown["message_id"]


@pytest.mark.parametrize("fault", [None, LOST])
async def test_an_edit_without_its_message_becomes_a_new_one(
    speaker: Speaker, api: BotApi, fault: Fault | None
) -> None:
    """Never said, or deleted by the learner: it is said anew, and edited there from then on."""
    if fault is not None:
        await speaker.say(say("question", key="q"))
        await speaker.done()
        api.script["editMessageText"].append(fault)
    await speaker.say(edit("verdict", "q"), edit("solution", "other"), say("after"))
    await speaker.done()
    assert api.texts()[-3:] == ["verdict", "solution", "after"]
    screens = await speaker.screens()
    await speaker.say(edit("more", "q"))
    await speaker.done()
    assert int(api.made("editMessageText")[-1]["message_id"]) == screens["q"]


async def test_an_edit_that_changes_nothing_is_fine(
    speaker: Speaker, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """Telegram's complaint about it is normal life."""
    api.script["editMessageText"].append(
        Fault(status=400, description="Bad Request: message is not modified: same")
    )
    await speaker.say(say("question", key="q"), edit("question", "q"))
    await speaker.done()
    assert len(api.calls) == 2
    assert caplog.text == ""


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


async def test_strip_takes_the_buttons_away(speaker: Speaker, api: BotApi) -> None:
    """No markup goes with it; a failing one and an unknown one are fine."""
    api.script["editMessageReplyMarkup"].extend([Fault(), LOST])
    await speaker.say(
        say("step", key="s"), word("strip", key="s"), word("strip", key="s"), word("strip", key="x")
    )
    await speaker.done()
    stripped = api.made("editMessageReplyMarkup")
    screen = str((await speaker.screens())["s"])
    assert stripped == [{"chat_id": str(ADA), "message_id": screen}] * 2


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


async def test_an_answer_too_old_is_dropped_quietly(
    speaker: Speaker, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """After a restart Telegram takes it no more; that is normal life."""
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    api.script["answerCallbackQuery"].append(Fault(status=400, description=old))
    await speaker.commit(word("answer", callback_query_id="c1"))
    assert await speaker.deliverer.say_unsaid() == 1
    await speaker.done()
    assert len(api.calls) == 1
    assert caplog.text == ""
    assert await speaker.store.unsaid() == []


async def test_a_picture_in_the_making_holds_nobody_up(speaker: Speaker, api: BotApi) -> None:
    """The numbers go out first; the picture follows as a real upload."""
    await speaker.say(word("photo", run="r1", caption="∇", entities=[]), say("numbers"))
    await until(lambda: api.texts() == ["numbers"])
    assert not api.made("sendPhoto")
    speaker.pictures["r1"].set_result(b"\x89PNG")
    await speaker.done()
    (photo,) = api.made("sendPhoto")
    assert photo["photo"] == Upload(filename="picture.png", content=b"\x89PNG", mime="image/png")
    assert photo["caption"] == "∇"


async def test_a_picture_that_never_comes_is_dropped_one_that_fails_is_kept(
    speaker: Speaker, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """None: there will never be one. An error: perhaps at the next start."""
    await speaker.say(word("photo", run="never"), word("photo", run="fails"), say("after"))
    await until(lambda: len(speaker.pictures) == 2)
    speaker.pictures["never"].set_result(None)
    speaker.pictures["fails"].set_exception(RuntimeError("private"))
    await speaker.done()
    assert [json.loads(left.body)["run"] for left in await speaker.store.unsaid()] == ["fails"]
    assert "RuntimeError" in caplog.text
    assert "private" not in caplog.text


async def test_a_document_is_made_for_its_chat(speaker: Speaker, api: BotApi) -> None:
    """The name and the content arrive."""
    await speaker.say(word("document", name="you.json", content_key="export"))
    await speaker.done()
    (sent,) = api.made("sendDocument")
    assert sent["document"] == Upload(
        filename="you.json", content=f"{ADA} export".encode(), mime="application/json"
    )


async def test_typing_is_the_least_of_all(speaker: Speaker, api: BotApi) -> None:
    """It goes out when nothing else waits, and is never tried twice."""
    api.script["sendChatAction"].extend([DOWN, DROP, FLOOD])
    await speaker.say(word("typing"), say("one"))
    await speaker.done()
    assert api.made("sendChatAction") == []
    for _ in range(3):
        await speaker.say(word("typing"))
        await speaker.done()
    assert api.made("sendChatAction") == [{"chat_id": str(ADA), "action": "typing"}] * 3


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


async def test_what_was_surely_not_done_is_repeated(speaker: Speaker, api: BotApi) -> None:
    """While the server is down words wait with growing pauses, as long as it takes, and keep their order."""
    api.script["sendMessage"].extend([DOWN] * 12)
    await speaker.say(say("one"), say("two"))
    await speaker.clock.pass_sleeps(12, by_s=30)
    await speaker.done()
    assert api.texts() == ["one"] * 13 + ["two"]
    assert speaker.clock.slept == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30]


async def test_a_send_that_may_have_arrived_is_not_repeated(
    speaker: Speaker, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """It took effect, then the connection was cut: said once, logged by ids; a later edit becomes a message."""
    api.script["sendMessage"].append(DROP)
    await speaker.say(say("a private text", key="q"), say("next"))
    await speaker.done()
    assert api.texts() == ["a private text", "next"]
    assert f"(say) to chat {ADA}: NetworkError" in caplog.text
    assert "private" not in caplog.text
    assert await speaker.store.unsaid() == []
    await speaker.say(edit("verdict", "q"))
    await speaker.done()
    assert api.texts()[-1] == "verdict"


async def test_a_tap_shows_where_a_screen_stands(speaker: Speaker, api: BotApi) -> None:
    """After an unconfirmed send, the tap's own message is edited; `forget` forgets it."""
    api.script["sendMessage"].append(DROP)
    await speaker.say(say("question", key="q"))
    await speaker.done()
    speaker.deliverer.seen(ADA, "q", 555)
    await speaker.say(edit("verdict", "q"))
    await speaker.done()
    assert api.made("editMessageText")[0]["message_id"] == "555"
    speaker.deliverer.forget(ADA)
    await speaker.say(edit("more", "q"))
    await speaker.done()
    assert api.texts()[-1] == "more"


async def test_an_edit_that_may_have_arrived_is_repeated_some_times(speaker: Speaker, api: BotApi) -> None:
    """Repeating it is harmless; after nine tries it is given up, and the lane goes on."""
    api.script["editMessageText"].extend([DROP] * 20)
    await speaker.say(say("question", key="q"), edit("verdict", "q"), say("after"))
    await speaker.clock.pass_sleeps(8, by_s=30)
    await speaker.done()
    assert len(api.made("editMessageText")) == 9
    assert api.texts() == ["question", "after"]


@pytest.mark.parametrize("fault", [BLOCKED, Fault(status=400, description="Bad Request: chat not found")])
async def test_who_left_is_told_nothing(
    speaker: Speaker, api: BotApi, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """A block or a deleted chat ends a word without a sound."""
    api.script["sendMessage"].append(fault)
    await speaker.say(say("one"))
    await speaker.done()
    assert (len(api.calls), caplog.text) == (1, "")
    assert await speaker.store.unsaid() == []


async def test_a_refused_text_gives_way_to_an_apology(
    speaker: Speaker, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """The learner gets a way on instead, in the right place; the log has ids and no text."""
    api.script["sendMessage"].append(REFUSED)
    await speaker.say(say("private words", key="q"), say("next"))
    await speaker.done()
    assert api.texts() == ["private words", SORRY, "next"]
    assert f"to chat {ADA}: BadRequest: Can't parse" in caplog.text
    assert "private" not in caplog.text
    assert await speaker.screens() == {}


async def test_a_refused_apology_is_the_end_of_it(speaker: Speaker, api: BotApi) -> None:
    """No loop of apologies."""
    api.script["sendMessage"].extend([REFUSED, REFUSED])
    await speaker.say(say("private words"))
    await speaker.done()
    assert api.texts() == ["private words", SORRY]


async def test_a_refused_photo_is_dropped(speaker: Speaker, api: BotApi) -> None:
    """The numbers were said already; no apology."""
    api.script["sendPhoto"].append(REFUSED)
    await speaker.say(word("photo", run="r1"))
    await until(lambda: speaker.pictures)
    speaker.pictures["r1"].set_result(b"\x89PNG")
    await speaker.done()
    assert [method for method, _ in api.calls] == ["sendPhoto"]


async def test_a_group_that_moved_is_followed(speaker: Speaker, api: BotApi) -> None:
    """The hook learns both ids, the words go to the new one in order."""
    moved = Fault(status=400, description="Bad Request: upgraded", parameters={"migrate_to_chat_id": -200})
    api.chat_script[GROUP].extend([moved] * 3)
    await speaker.say(*[say(str(n), GROUP) for n in range(3)])
    await speaker.done()
    assert api.texts(-200) == ["0", "1", "2"]
    assert speaker.moves == [(GROUP, -200)] * 3


async def test_bulk_goes_slowly_and_only_where_nothing_waits(speaker: Speaker, api: BotApi) -> None:
    """Twenty-five a second; a chat with words of its own gets them first; each chat's bulk keeps its order."""
    api.chat_script[ADA].append(FLOOD)
    await speaker.say(say("own"))
    await until(lambda: speaker.clock.sleepers)
    reminders = [say(f"{chat} {n}", chat) for n in range(2) for chat in (ADA, BOB, 9)]
    await speaker.say(*reminders, bulk=True)
    for sent in range(1, 5):
        await until(lambda: len(api.texts()) == 1 + sent)  # noqa: B023 (done in this round)
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
    words = await speaker.commit(say("one"), say("two"))
    speaker.deliverer.deliver(words)
    speaker.deliverer.deliver(words)
    await speaker.deliverer.say_unsaid()
    await speaker.done()
    assert api.texts() == ["one", "two"]


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


async def test_an_unreadable_word_is_dropped_by_its_ids(
    speaker: Speaker, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """An unknown kind, a body that is no object or lacks what it needs; what follows is said."""
    broken = [
        word("sing", text="private"),
        NewWord(chat=ADA, kind="say", body="{private"),
        NewWord(chat=ADA, kind="say", body='["private"]'),
        word("say", entities=[]),
        word("photo", caption="private"),
    ]
    await speaker.say(*broken, say("fine"))
    await speaker.done()
    assert api.texts() == ["fine"]
    assert await speaker.store.unsaid() == []
    assert caplog.text.count("is not readable") == 5
    assert "private" not in caplog.text


async def test_an_overloaded_store_is_told_again(
    speaker: Speaker, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word is said once, and its number told until the store takes it."""
    said, refusals = speaker.store.said, iter(range(2))

    async def overloaded(number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        if next(refusals, None) is not None:
            raise OverloadedError("the writer's queue is full; try again")
        await said(number, screen=screen)

    monkeypatch.setattr(speaker.store, "said", overloaded)
    await speaker.say(say("one", key="q"))
    await speaker.clock.pass_sleeps(2, by_s=1)
    await speaker.done()
    assert api.texts() == ["one"]
    assert list(await speaker.screens()) == ["q"]


async def test_a_failing_store_ends_one_word_only(
    speaker: Speaker, api: BotApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The word stays in the store, the lane goes on."""
    said, failures = speaker.store.said, iter(range(1))

    async def failing(number: int, *, screen: tuple[int, str, int] | None = None) -> None:
        if next(failures, None) is not None:
            raise OSError("disk")
        await said(number, screen=screen)

    monkeypatch.setattr(speaker.store, "said", failing)
    await speaker.say(say("one"), say("two"))
    await speaker.done()
    assert api.texts() == ["one", "two"]
    assert [json.loads(left.body)["text"] for left in await speaker.store.unsaid()] == ["one"]
    assert "OSError" in caplog.text


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
