"""The page's side: its WebSocket, its files, and who may talk to it."""

import asyncio
from typing import Any

import aiohttp
import pytest
import telegram

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, DISCUSSION_ID, FORUM_ID, GROUP_ID
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.person import ADA, BLAISE, CHEN

from .conftest import Api, now
from .test_framework import KEYBOARD, PNG


async def frame(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Any:
    """Wait for the next frame of a kind."""
    async with asyncio.timeout(5):
        while True:
            received = await socket.receive_json()
            if received["type"] == kind:
                return received


async def test_hello_tells_everything(
    local: LocalTelegram, bot: telegram.Bot, http: aiohttp.ClientSession
) -> None:
    """A page that opens learns who is there and what was said, oldest first."""
    await local.send(person=ADA, chat=ADA, text="/start")
    await bot.send_message(ADA, "Welcome", reply_markup=KEYBOARD)
    await bot.set_my_commands([("start", "Begin")])
    local.notice("2 lessons", level="info")
    async with http.ws_connect(f"{local.url}/ws") as socket:
        hello = await frame(socket, "hello")
    assert hello["bot"]["username"] == "nabla_local_bot"
    assert [(p["id"], p["first_name"], p["language_code"]) for p in hello["people"]] == [
        (ADA, "Ada", "en"),
        (BLAISE, "Blaise", "fr"),
        (CHEN, "Chen", "zh-hans"),
    ]
    assert {chat["id"]: chat["members"] for chat in hello["chats"]} == {
        ADA: [ADA, 4242],
        BLAISE: [BLAISE, 4242],
        CHEN: [CHEN, 4242],
        **{place: [ADA, BLAISE, CHEN, 4242] for place in (GROUP_ID, FORUM_ID, CHANNEL_ID, DISCUSSION_ID)},
    }
    forum = next(chat for chat in hello["chats"] if chat["id"] == FORUM_ID)
    assert [topic["name"] for topic in forum["topics"]] == ["General", "Homework", "Exam talk"]
    said = [message for message in hello["messages"] if message["chat"]["id"] == ADA]
    assert [message["text"] for message in said] == ["/start", "Welcome"]
    assert hello["commands"] == [{"command": "start", "description": "Begin"}]
    assert (hello["notice"], hello["online"]) == ({"text": "2 lessons", "level": "info"}, False)


async def test_a_conversation_over_the_line(
    local: LocalTelegram, bot: telegram.Bot, http: aiohttp.ClientSession
) -> None:
    """Words and taps go to the bot; messages, edits, actions, answers and deletions come back."""
    async with http.ws_connect(f"{local.url}/ws") as socket:
        await socket.send_json({"type": "send", "person": ADA, "chat_id": ADA, "text": " /start \n"})
        assert (await frame(socket, "message"))["message"]["text"] == "/start"
        await bot.send_chat_action(ADA, "typing")
        assert await frame(socket, "action") == {"type": "action", "chat_id": ADA, "action": "typing"}
        sent = await bot.send_message(ADA, "Ready?", reply_markup=KEYBOARD)
        assert (await frame(socket, "message"))["message"]["reply_markup"] == KEYBOARD.to_dict()
        tap = {
            "type": "tap",
            "id": "t1",
            "person": ADA,
            "chat_id": ADA,
            "message_id": sent.message_id,
            "data": "n",
        }
        await socket.send_json(tap)
        update = (await bot.get_updates(offset=-1, timeout=5))[0]
        assert update.callback_query is not None
        await update.callback_query.answer("Well done", show_alert=True)
        answer = {"type": "answer", "id": "t1", "person": ADA, "text": "Well done", "show_alert": True}
        assert await frame(socket, "answer") == answer
        await bot.edit_message_text("Go!", ADA, sent.message_id)
        edited = (await frame(socket, "message"))["message"]
        assert (edited["message_id"], edited["text"], "reply_markup" in edited) == (
            sent.message_id,
            "Go!",
            False,
        )
        await bot.delete_message(ADA, sent.message_id)
        assert await frame(socket, "deleted") == {
            "type": "deleted",
            "chat_id": ADA,
            "message_id": sent.message_id,
        }
        await socket.send_json({"type": "sticker", "person": ADA, "chat_id": ADA})
        assert (await frame(socket, "message"))["message"]["sticker"]["emoji"] == "👋"


async def test_groups_over_the_line(
    local: LocalTelegram, bot: telegram.Bot, http: aiohttp.ClientSession
) -> None:
    """Words go into a topic, a menu is the asker's own, what is deleted is gone, a chat that changes is sent."""
    topic = local.topics(FORUM_ID)[1].id
    await bot.set_my_commands([("plan", "x")], scope=telegram.BotCommandScopeAllChatAdministrators())
    async with http.ws_connect(f"{local.url}/ws") as socket:
        where = {"person": ADA, "chat_id": FORUM_ID}
        await socket.send_json({"type": "send", **where, "text": "hello", "thread": topic})
        said = (await frame(socket, "message"))["message"]
        assert (said["message_thread_id"], said["is_topic_message"]) == (topic, True)
        await bot.send_chat_action(FORUM_ID, "typing", message_thread_id=topic)
        assert (await frame(socket, "action"))["thread"] == topic
        await socket.send_json({"type": "delete", **where, "message_id": said["message_id"]})
        assert (await frame(socket, "deleted"))["message_id"] == said["message_id"]
        for person, expected in ((ADA, ["plan"]), (BLAISE, [])):
            await socket.send_json({"type": "menu", "person": person, "chat_id": GROUP_ID})
            menu = await frame(socket, "menu")
            assert [each["command"] for each in menu["commands"]] == expected
        await local.set_standing(chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA, person=BLAISE)
        changed = (await frame(socket, "chat"))["chat"]
        assert [changed["powers"][str(who)]["writes"] for who in (ADA, BLAISE, CHEN)] == [True, False, True]


async def test_administrators_manage_their_chats(
    local: LocalTelegram, bot: telegram.Bot, http: aiohttp.ClientSession
) -> None:
    """What the bot is, whether their name is hidden, and topics: done by who may, told to the bot as ever."""

    def asks(what: str, value: object, chat: int = GROUP_ID, person: int = ADA) -> dict[str, object]:
        return {"type": "manage", "person": person, "chat_id": chat, "what": what, "value": value}

    topic = local.topics(FORUM_ID)[1].id
    async with http.ws_connect(f"{local.url}/ws") as socket:
        for request in (
            asks("role", "muted"),
            asks("role", "silent", CHANNEL_ID),
            asks("role", "blocked", ADA),
            asks("hide", True),
            asks("close_topic", topic, FORUM_ID),
            asks("open_topic", " Later ", FORUM_ID),
        ):
            await socket.send_json(request)
            await frame(socket, "chat")
        for refused in (
            asks("role", "administrator", person=BLAISE),
            asks("hide", True, person=BLAISE),
            asks("hide", True, CHANNEL_ID),
            asks("open_topic", "Mine", FORUM_ID, BLAISE),
            asks("role", "king"),
            asks("open_topic", "  ", FORUM_ID),
            asks("delete_topic", 1, FORUM_ID),
            asks("delete_topic", "all", FORUM_ID),
            asks("role", "member", BLAISE),
        ):
            await socket.send_json(refused)
            await frame(socket, "refused")
    assert [topic.name for topic in local.topics(FORUM_ID)] == ["General", "Homework", "Exam talk", "Later"]
    assert local.topics(FORUM_ID)[1].closed
    updates = await bot.get_updates()
    told = [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member]
    assert told == ["restricted", "administrator", "kicked"]
    for chat, words in (
        (GROUP_ID, "Not enough rights"),
        (CHANNEL_ID, "Need administrator rights"),
        (ADA, "blocked"),
    ):
        with pytest.raises(telegram.error.TelegramError, match=words):
            await bot.send_message(chat, "x")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"type": "delete", "person": BLAISE, "chat_id": GROUP_ID, "message_id": 5}, "message to delete not found"),
        ({"type": "delete", "person": BLAISE, "chat_id": GROUP_ID}, "the frame needs a whole number as message_id"),
        ({"type": "menu", "person": 7, "chat_id": GROUP_ID}, "user not found"),
        ({"type": "menu", "person": ADA, "chat_id": 7}, "chat not found"),
        ({"type": "send", "person": BLAISE, "chat_id": CHANNEL_ID, "text": "x"},
         "need administrator rights in the channel chat"),
        ({"type": "send", "person": ADA, "chat_id": FORUM_ID, "text": "x", "thread": 5}, "message thread not found"),
        ({"type": "send", "person": ADA, "chat_id": FORUM_ID, "text": "x", "thread": "5"},
         "the frame needs a whole number as thread"),
        ({"type": "send", "person": ADA, "chat_id": ADA, "text": "  "}, "message text is empty"),
        ({"type": "send", "person": ADA, "chat_id": ADA, "text": "x" * 5000}, "message is too long"),
        ({"type": "send", "person": ADA, "chat_id": BLAISE, "text": "hi"}, "the person is not a member of the chat"),
        ({"type": "send", "person": 7, "chat_id": ADA, "text": "hi"}, "user not found"),
        ({"type": "send", "text": "hi"}, "the frame needs a whole number as person"),
        ({"type": "tap", "id": 3, "person": ADA, "chat_id": ADA, "message_id": 1, "data": "forged"},
         "this button is no longer there"),
        ({"type": "dance"}, "unknown frame"),
        ({"type": "send", "person": ADA, "chat_id": ADA, "text": {"a": 1}}, "the frame needs a text"),
        (["no object"], "unreadable frame"),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_is_said(
    local: LocalTelegram, http: aiohttp.ClientSession, sent: Any, words: str
) -> None:
    """A bad frame is refused on its page and reaches nobody."""
    async with http.ws_connect(f"{local.url}/ws") as socket:
        await socket.send_json(sent)
        refused = await frame(socket, "refused")
        assert refused["text"] == words
        assert refused.get("id") == (sent.get("id") if isinstance(sent, dict) else None)
    assert local.messages(ADA) == []


async def test_strange_frames_close_no_page(
    local: LocalTelegram, api: Api, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Nested deeper than Python reads, or a button's data that is no text: refused, and the line stays open."""
    markup = {"inline_keyboard": [[{"text": "b", "callback_data": "d"}]]}
    sent = (await api("sendMessage", chat_id=ADA, text="hi", reply_markup=markup))["result"]["message_id"]
    tap = {"type": "tap", "person": ADA, "chat_id": ADA, "message_id": sent}
    async with http.ws_connect(f"{local.url}/ws") as socket:
        await socket.send_str('{"a":' * 5000)
        assert (await frame(socket, "refused"))["text"] == "unreadable frame"
        strange: list[Any] = [[1], {}, None, 5]
        for data in strange:
            await socket.send_json({**tap, "data": data})
            assert (await frame(socket, "refused"))["text"] == "this button is no longer there"
    assert not caplog.records


async def test_pages_see_whether_the_bot_is_there(
    local: LocalTelegram, api: Api, http: aiohttp.ClientSession
) -> None:
    """Polling makes it online."""
    async with http.ws_connect(f"{local.url}/ws") as socket:
        await api("getUpdates")
        assert (await frame(socket, "online"))["online"]


async def test_stopping_closes_pages_and_polls(http: aiohttp.ClientSession) -> None:
    """Nobody is left hanging."""
    local = LocalTelegram(host="127.0.0.1", port=0, path=None, now=now)
    await local.start()
    poll = asyncio.create_task(http.get(f"{local.url}/bot{LOCAL_TOKEN}/getUpdates?timeout=50"))
    async with http.ws_connect(f"{local.url}/ws") as socket:
        await frame(socket, "online")
        async with asyncio.timeout(5):
            await local.stop()
        while not socket.closed:
            await socket.receive()
    assert (await poll).status == 500


async def test_the_page_is_served_with_strict_headers(
    local: LocalTelegram, http: aiohttp.ClientSession
) -> None:
    """No script or style but its own, nothing framed, nothing sniffed."""
    for path, kind in {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"}.items():
        async with http.get(local.url + path) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/page.py", "/parts/../server.py", "/parts/none.js", "/nowhere"):
        async with http.get(local.url + path) as answer:
            assert answer.status == 404


async def test_uploads_are_shown_only_if_they_are_pictures(
    local: LocalTelegram, bot: telegram.Bot, http: aiohttp.ClientSession
) -> None:
    """A picture comes with its type, anything else as a download that no browser opens as a page."""
    photo = await bot.send_photo(ADA, PNG)
    document = await bot.send_document(ADA, b"<script>alert(1)</script>", filename="evil.html")
    assert document.document is not None
    async with http.get(f"{local.url}/files/{photo.photo[-1].file_id}") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", PNG)
    async with http.get(f"{local.url}/files/{document.document.file_id}") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    async with http.get(f"{local.url}/files/none") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
@pytest.mark.parametrize("path", ["/", f"/bot{LOCAL_TOKEN}/getMe"])
async def test_other_sites_stay_out(
    local: LocalTelegram, http: aiohttp.ClientSession, path: str, headers: dict[str, str], status: int
) -> None:
    """A rebound name or a foreign origin gets nothing, neither the page nor the Bot API."""
    async with http.get(local.url + path, headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    ("name", "status"),
    [("192.168.1.7:8080", 200), ("[fe80::1]", 200), ("localhost", 200), ("nabla.example", 403)],
)
async def test_who_listens_everywhere_is_found_by_address(
    http: aiohttp.ClientSession, name: str, status: int
) -> None:
    """A phone in the same network comes by the machine's address; a name may have been rebound."""
    local = LocalTelegram(host="0.0.0.0", port=0, path=None, now=now)
    await local.start()
    try:
        async with http.get(local.url, headers={"Host": name}) as answer:
            assert answer.status == status
    finally:
        await local.stop()


async def test_foreign_sockets_stay_out(local: LocalTelegram, http: aiohttp.ClientSession) -> None:
    """A WebSocket from another site is refused, one from the page is not."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(f"{local.url}/ws", origin="http://evil.example")
    assert caught.value.status == 403
    async with http.ws_connect(f"{local.url}/ws", origin=local.url) as socket:
        await frame(socket, "hello")
