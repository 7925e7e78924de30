"""Delivery: what each kind of word becomes on the wire, and where screens stand."""

import json

import pytest
from telegram import Bot

from bot.store.base import NewWord
from bot.store.sqlite import SqliteStore
from tests.chat.botapi import BotApi, Fault, Upload, plain
from tests.chat.clock import Clock
from tests.chat.speaker import ADA, DROP, GROUP, LOST, REFUSED, SORRY, Speaker, edit, say, word
from tests.patience import until


async def test_a_text_goes_out_with_entities_and_buttons(speaker: Speaker, api: BotApi) -> None:
    """What the view made is on the wire."""
    entities = [{"type": "code", "offset": 0, "length": 2}]
    row = [{"text": "Next", "callback_data": "n"}, {"text": "Open", "url": "https://t.me/nabla_bot"}]
    await speaker.say(word("say", text="hi", entities=entities, buttons=[row]))
    await speaker.done()
    (sent,) = api.made("sendMessage")
    assert (sent["chat_id"], sent["text"], plain(sent["entities"])) == (str(ADA), "hi", entities)
    markup = plain(sent["reply_markup"])
    assert markup["inline_keyboard"] == [row]
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


async def test_a_tap_shows_where_a_screen_stands(speaker: Speaker, api: BotApi) -> None:
    """After an unconfirmed send, the tap's own message is edited."""
    api.script["sendMessage"].append(DROP)
    await speaker.say(say("question", key="q"))
    await speaker.done()
    speaker.deliverer.seen(ADA, "q", 555)
    await speaker.say(edit("verdict", "q"))
    await speaker.done()
    assert api.made("editMessageText")[0]["message_id"] == "555"


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


@pytest.mark.parametrize("fault", [LOST, REFUSED])
async def test_a_post_that_is_gone_is_not_said_anew_in_a_group(
    speaker: Speaker, api: BotApi, fault: Fault
) -> None:
    """Its totals are dropped, with nothing in their place; the same for one whose place nobody knows."""
    await speaker.say(say("post", GROUP, "p"))
    await speaker.done()
    api.script["editMessageText"].append(fault)
    await speaker.say(edit("1 answered", "p", GROUP), edit("1 answered", "unknown", GROUP))
    await speaker.done()
    assert api.texts(GROUP) == ["post"]
    assert len(api.made("editMessageText")) == 1


async def test_the_apology_stands_in_the_topic_that_it_is_about(speaker: Speaker, api: BotApi) -> None:
    """A refused text of a forum topic is not apologised for in the General one."""
    api.script["sendMessage"].append(REFUSED)
    await speaker.say(word("say", GROUP, text="x", entities=[], buttons=[], message_thread_id=9))
    await speaker.done()
    said = [(sent["text"], sent["message_thread_id"]) for sent in api.made("sendMessage")]
    assert said == [("x", "9"), (SORRY, "9")]
