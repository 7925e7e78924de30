"""Delivery: what is repeated, what never, and who is told."""

import json

import pytest

from bot.errors import OverloadedError
from bot.store.base import Change, Post
from tests.chat.botapi import BotApi, Fault
from tests.chat.clock import noon
from tests.chat.speaker import ADA, BLOCKED, DOWN, DROP, GROUP, REFUSED, SORRY, Speaker, edit, say, word
from tests.patience import until


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


async def test_an_edit_that_may_have_arrived_is_repeated_some_times(speaker: Speaker, api: BotApi) -> None:
    """Repeating it is harmless; after nine tries it is given up, and the lane goes on."""
    api.script["editMessageText"].extend([DROP] * 20)
    await speaker.say(say("question", key="q"), edit("verdict", "q"), say("after"))
    await speaker.clock.pass_sleeps(8, by_s=30)
    await speaker.done()
    assert len(api.made("editMessageText")) == 9
    assert api.texts() == ["question", "after"]


@pytest.mark.parametrize(
    "fault",
    [
        BLOCKED,
        Fault(status=403, description="Forbidden: user is deactivated"),
        Fault(status=400, description="Bad Request: chat not found"),
    ],
)
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
    """The words go to the new id, in order."""
    moved = Fault(status=400, description="Bad Request: upgraded", parameters={"migrate_to_chat_id": -200})
    api.chat_script[GROUP].extend([moved] * 3)
    await speaker.say(*[say(str(n), GROUP) for n in range(3)])
    await speaker.done()
    assert api.texts(-200) == ["0", "1", "2"]


async def test_a_group_that_moved_takes_its_posts_along(speaker: Speaker, api: BotApi) -> None:
    """The news as an error: the post stands at the new id, is edited there, and nothing is left at the old one."""
    moved = Fault(status=400, description="Bad Request: upgraded", parameters={"migrate_to_chat_id": -200})
    api.chat_script[GROUP].append(moved)
    post = Post(code="p", chat=GROUP, lesson="l", question="q", body="{}", made_at=noon())
    change = Change(learner=ADA, words=(say("post", GROUP, "p"),), post=post)
    speaker.deliverer.deliver(await speaker.store.commit(change, now=noon()) or ())
    await speaker.done()
    found = await speaker.store.post("p")
    assert found and found.chat == -200
    assert list(await speaker.screens(-200)) == ["p"]
    await speaker.say(edit("1 answered", "p", -200))
    await speaker.done()
    assert [sent["chat_id"] for sent in api.made("editMessageText")] == ["-200"]
    assert api.texts(-200) == ["post"]


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
