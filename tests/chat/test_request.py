"""The wire: forms, uploads, errors that keep the token to themselves."""

import asyncio
import json
import logging
import traceback

import pytest
from telegram import Bot, InputFile, InputMediaPhoto
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat.request import (
    AiohttpRequest,
    NotDoneError,
    NotDoneInTimeError,
    call,
    request_data,
    seconds_to_wait,
)
from tests.chat.botapi import FLOOD, TOKEN, BotApi, Fault, Upload
from tests.patience import until

WORDS = "what a learner reads"
PNG = bytes(range(256)) * 500


async def test_a_call_goes_out_as_the_framework_sends_it(api: BotApi, bot: Bot) -> None:
    """Our lean call and the framework's own method put the same form on the wire."""
    await bot.send_message(7, "ñ ∇ & = %", disable_notification=True)
    await call(
        bot, "sendMessage", {"chat_id": 7, "text": "ñ ∇ & = %", "disable_notification": True, "x": None}
    )
    theirs, ours = api.made("sendMessage")
    assert ours == theirs == {"chat_id": "7", "text": "ñ ∇ & = %", "disable_notification": "true"}


async def test_a_call_returns_the_plain_result(bot: Bot) -> None:
    """The result is JSON, no message object."""
    result = await call(bot, "sendMessage", {"chat_id": 7, "text": "hi"})
    assert result["message_id"] == 101


async def test_structures_go_as_json_and_ready_json_as_it_is(api: BotApi, bot: Bot) -> None:
    """Entities may be given as lists, a keyboard as text."""
    entities = [{"type": "bold", "offset": 0, "length": 2}]
    markup = '{"inline_keyboard": []}'
    await call(bot, "sendMessage", {"chat_id": 7, "text": "hi", "entities": entities, "reply_markup": markup})
    (sent,) = api.made("sendMessage")
    assert json.loads(sent["entities"]) == entities
    assert sent["reply_markup"] == markup


async def test_half_a_character_does_not_stop_a_message(api: BotApi, bot: Bot) -> None:
    """A lone surrogate (a text cut in two by a client) goes out as a question mark."""
    await call(bot, "sendMessage", {"chat_id": 7, "text": "a\ud83d"})
    await call(bot, "sendPhoto", {"chat_id": 7, "caption": "a\ud83d"}, files={"photo": ("a.png", PNG)})
    assert api.made("sendMessage")[0]["text"] == "a?"
    assert api.made("sendPhoto")[0]["caption"] == "a?"


async def test_uploads_arrive_whole(api: BotApi, bot: Bot) -> None:
    """A picture goes as multipart, by the framework's method, by ours, and as an attachment."""
    await bot.send_photo(7, InputFile(PNG, filename="loss.png"), caption="∇")
    await call(bot, "sendPhoto", {"chat_id": 7, "caption": "∇"}, files={"photo": ("loss.png", PNG)})
    theirs, ours = api.made("sendPhoto")
    assert ours == theirs
    assert ours["photo"] == Upload(filename="loss.png", content=PNG, mime="image/png")
    assert (ours["chat_id"], ours["caption"]) == ("7", "∇")
    api.script["sendMediaGroup"].append(Fault(raw=b'{"ok":true,"result":[]}'))
    await bot.send_media_group(7, [InputMediaPhoto(PNG), InputMediaPhoto(PNG)])
    (group,) = api.made("sendMediaGroup")
    attached = [media["media"].removeprefix("attach://") for media in json.loads(group["media"])]
    assert [group[name].content for name in attached] == [PNG, PNG]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=400, description="Bad Request: message is not modified"), BadRequest),
        (Fault(status=401, description="Unauthorized"), InvalidToken),
        (Fault(status=403, description="Forbidden: bot was blocked by the user"), Forbidden),
        (Fault(status=404, description="Not Found"), InvalidToken),
        (Fault(status=409, description="Conflict: terminated by other getUpdates request"), Conflict),
        (FLOOD, RetryAfter),
        (Fault(status=429, raw=b"slow down"), NotDoneError),
        (Fault(status=429, raw=b'{"ok": false, "parameters": {"retry_after": 0}}'), NotDoneError),
        (Fault(status=429, raw=b'{"ok": false, "parameters": ["retry_after"]}'), NotDoneError),
        (Fault(status=400, parameters={"migrate_to_chat_id": -100}), ChatMigrated),
        (Fault(status=500, description="Internal Server Error: restart"), NotDoneError),
        (Fault(status=502, raw=b"<html>bad gateway</html>"), NotDoneError),
        (Fault(status=503), NotDoneError),
        (Fault(status=504, raw=b"<html>gateway time-out</html>"), NetworkError),
        (Fault(status=302, raw=b"", headers={"Location": "/elsewhere"}), NetworkError),
        (Fault(drop=True), NetworkError),
        (Fault(raw=b"<html>a captive portal</html>"), TelegramError),
        (Fault(raw=b"[1]"), TelegramError),
        (Fault(raw=b'{"ok": true}'), TelegramError),
        (Fault(raw=b'{"ok": false, "error_code": "x"}'), TelegramError),
        (Fault(raw=b'{"ok": false, "error_code": 403, "description": "Forbidden: by a 200"}'), Forbidden),
        (Fault(raw=b'{"ok": false, "error_code": 500, "description": "Internal"}'), NotDoneError),
    ],
)
async def test_errors_are_the_frameworks(
    api: BotApi, bot: Bot, fault: Fault, kind: type[TelegramError], caplog: pytest.LogCaptureFixture
) -> None:
    """Each fault becomes exactly its class, shows the token nowhere, and logs nothing that was said."""
    caplog.set_level(logging.INFO)
    api.script["sendMessage"].append(fault)
    with pytest.raises(TelegramError) as caught:
        await call(bot, "sendMessage", {"chat_id": 7, "text": WORDS})
    assert type(caught.value) is kind
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert TOKEN not in shown
    assert WORDS not in shown
    assert "captive" not in caplog.text


async def test_flood_pause_is_in_seconds(api: BotApi, bot: Bot) -> None:
    """The pause that Telegram asks for is read without a warning of the framework."""
    api.script["sendMessage"].append(FLOOD)
    with pytest.raises(RetryAfter) as caught:
        await call(bot, "sendMessage", {"chat_id": 7, "text": "hi"})
    assert seconds_to_wait(caught.value) == 7.0


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


async def test_a_large_upload_arrives_whole(api: BotApi, bot: Bot) -> None:
    """An export of some megabytes goes out without a warning."""
    content = PNG * 20
    await call(bot, "sendDocument", {"chat_id": 7}, files={"document": ("you.json", content)})
    assert api.made("sendDocument")[0]["document"].content == content


async def test_no_connection_means_surely_not_done(unused_tcp_port: int) -> None:
    """A refused connection may be repeated; neither the error nor what caused it shows the address."""
    async with AiohttpRequest() as request:
        with pytest.raises(NotDoneError) as caught:
            await request.post(f"http://127.0.0.1:{unused_tcp_port}/bot{TOKEN}/getMe")
    assert _chain(caught.value) == [caught.value]
    assert TOKEN not in repr(caught.value)


async def test_a_bad_address_does_not_show_itself() -> None:
    """aiohttp's own error for it holds the whole address."""
    async with AiohttpRequest() as request:
        with pytest.raises(NetworkError) as caught:
            await request.post(f"http://exa mple/bot{TOKEN}/getMe")
    assert TOKEN not in "".join(repr(error) for error in _chain(caught.value))


async def test_silence_times_out_and_may_have_arrived(api: BotApi, bot: Bot) -> None:
    """A server that does not answer is a TimedOut, not a NotDoneError."""
    api.script["sendMessage"].append(Fault(hang=True))
    with pytest.raises(TimedOut) as caught:
        await bot.send_message(7, "hi", read_timeout=0.02)
    assert not isinstance(caught.value, NotDoneError)
    assert _chain(caught.value) == [caught.value]


async def test_a_body_that_dribbles_times_out(api: BotApi) -> None:
    """A byte now and then, for ever: the whole exchange has an end, and others use the bot meanwhile."""
    api.script["getMe"].append(Fault(dribble=True))
    async with AiohttpRequest(
        read_timeout_s=0.1, write_timeout_s=0.1, connect_timeout_s=0.5, pool_timeout_s=0.5
    ) as request:
        slow = asyncio.create_task(request.post(f"{api.root}{TOKEN}/getMe", request_data({})))
        await until(lambda: api.calls)
        assert await request.post(f"{api.root}{TOKEN}/getMe", request_data({}), read_timeout=10)
        with pytest.raises(TimedOut) as caught:
            await slow
    assert not isinstance(caught.value, NotDoneError)


async def test_no_free_connection_means_surely_not_done(api: BotApi) -> None:
    """Who waits in vain for a connection of the pool sent nothing."""
    api.script["getMe"].append(Fault(hang=True))
    async with AiohttpRequest(connections=1) as request:
        first = asyncio.create_task(request.post(f"{api.root}{TOKEN}/getMe"))
        await until(lambda: api.calls)
        with pytest.raises(NotDoneInTimeError) as caught:
            await request.post(f"{api.root}{TOKEN}/getMe", connect_timeout=0.01, pool_timeout=0.01)
        api.release.set()
        assert await first
    assert isinstance(caught.value, TimedOut)
    assert len(api.calls) == 1


async def test_cancellation_passes(api: BotApi, bot: Bot) -> None:
    """A cancelled call is cancelled, not an error."""
    api.script["sendMessage"].append(Fault(hang=True))
    task = asyncio.create_task(call(bot, "sendMessage", {"chat_id": 7, "text": "hi"}))
    await until(lambda: api.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_connections_are_kept_and_the_session_can_be_opened_again(api: BotApi) -> None:
    """Calls share one connection; after a shutdown it says so, after another initialize it works."""
    request = AiohttpRequest(read_timeout_s=3.0)
    address = f"{api.root}{TOKEN}/getMe"
    with pytest.raises(NotDoneError, match="not initialized"):
        await request.post(address)
    for _ in range(2):
        await request.initialize()
        await request.initialize()
        await request.post(address)
        await request.post(address)
        await request.shutdown()
        await request.shutdown()
    assert len(api.ports) == 2
    assert request.read_timeout == 3.0


async def test_a_download_is_read_whole(api: BotApi) -> None:
    """`retrieve` returns the bytes as they are."""
    api.script["getMe"].append(Fault(raw=PNG))
    async with AiohttpRequest() as request:
        assert await request.retrieve(f"{api.root}{TOKEN}/getMe") == PNG
