"""What was said is there after a restart; ids only grow, even when the file was deleted."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import telegram

from bot.errors import StoreError
from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, DISCUSSION_ID, FORUM_ID, GROUP_ID
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.person import ADA, Person

from .conftest import now
from .test_framework import PNG


async def started(path: Path | None) -> LocalTelegram:
    """Start a local Telegram with this file."""
    local = LocalTelegram(host="127.0.0.1", port=0, path=path, now=now)
    await local.start()
    return local


def connected(local: LocalTelegram) -> telegram.Bot:
    """Make the framework's bot for it."""
    return telegram.Bot(LOCAL_TOKEN, base_url=f"{local.url}/bot", base_file_url=f"{local.url}/file/bot")


async def test_everything_is_there_again(tmp_path: Path) -> None:
    """Chats, messages with edits, files, commands and unconfirmed updates survive."""
    path = tmp_path / "data" / "chat.db"
    first = await started(path)
    await Person(first).send("/start")
    await Person(first, 104).send("I am new")
    async with connected(first) as bot:
        await bot.set_my_commands([("start", "Begin")])
        photo = await bot.send_photo(ADA, PNG, caption="A dot")
        gone = await bot.send_message(ADA, "gone")
        sent = await bot.send_message(ADA, "one")
        await bot.edit_message_text("two", ADA, sent.message_id)
        await bot.delete_message(ADA, gone.message_id)
    before = first.messages(ADA)
    await first.stop()

    second = await started(path)
    assert second.messages(ADA) == before
    assert [message["text"] for message in second.messages(104)] == ["I am new"]
    async with connected(second) as bot:
        assert [command.command for command in await bot.get_my_commands()] == ["start"]
        assert [update.message.text for update in await bot.get_updates() if update.message] == [
            "/start",
            "I am new",
        ]
        file = await bot.get_file(photo.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == PNG
        assert (await bot.send_message(ADA, "later")).message_id > sent.message_id
        assert (await bot.get_chat(GROUP_ID)).title == "Study group"
    await second.stop()


async def test_confirmed_updates_do_not_come_back(tmp_path: Path) -> None:
    """What the bot confirmed before the restart is gone after it."""
    local = await started(tmp_path / "chat.db")
    await Person(local).send("one")
    async with connected(local) as bot:
        (update,) = await bot.get_updates()
        await bot.get_updates(offset=update.update_id + 1)
    await local.stop()
    again = await started(tmp_path / "chat.db")
    async with connected(again) as bot:
        assert await bot.get_updates() == ()
        await Person(again).send("two")
        assert (await bot.get_updates())[0].update_id == update.update_id + 1
    await again.stop()


async def test_ids_grow_although_the_file_was_deleted(http: aiohttp.ClientSession) -> None:
    """A new beginning takes its ids from the clock, so that a bot with a memory is not confused."""
    clock = datetime(2026, 1, 1, tzinfo=UTC)
    seen = []
    for start in (clock, clock + timedelta(seconds=5)):
        local = LocalTelegram(host="127.0.0.1", port=0, path=None, now=lambda at=start: at)  # type: ignore[misc]  # bound now
        await local.start()
        for _ in range(50):
            await local.send(person=ADA, chat=ADA, text="hi")
        async with http.get(f"{local.url}/bot{LOCAL_TOKEN}/getUpdates") as answer:
            seen += [(u["update_id"], u["message"]["message_id"]) for u in (await answer.json())["result"]]
        await local.stop()
    assert [update for update, _ in seen] == sorted({update for update, _ in seen})
    assert [message for _, message in seen] == sorted({message for _, message in seen})


async def test_a_webhook_is_kept(tmp_path: Path) -> None:
    """A webhook outlives a restart as it does with Telegram."""
    local = await started(tmp_path / "chat.db")
    async with connected(local) as bot:
        await bot.set_webhook("https://127.0.0.1:1/hook")
    await local.stop()
    again = await started(tmp_path / "chat.db")
    async with connected(again) as bot:
        with pytest.raises(telegram.error.Conflict, match="while webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
    await again.stop()


@pytest.mark.parametrize("kind", ["damaged", "newer", "folder"])
async def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, kind: str) -> None:
    """One clear line that names the file, and the file stays as it was."""
    path = tmp_path / "chat.db"
    if kind == "damaged":
        path.write_bytes(b"this is no database" * 100)
    elif kind == "newer":
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        path.mkdir()
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=r"chat\.db"):
        await started(path)
    assert (path.read_bytes() if path.is_file() else None) == before


async def test_a_taken_port_is_an_oserror(tmp_path: Path) -> None:
    """The second server on a port says so and lets go of its file."""
    first = await started(None)
    port = int(first.url.rpartition(":")[2])
    second = LocalTelegram(host="127.0.0.1", port=port, path=tmp_path / "chat.db", now=now)
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    await first.stop()


async def test_a_disk_that_fails_is_a_server_error(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """What could not be kept is not confirmed to the bot."""
    path = tmp_path / "chat.db"
    local = await started(path)
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE messages")
    database.close()
    async with http.post(
        f"{local.url}/bot{LOCAL_TOKEN}/sendMessage", json={"chat_id": ADA, "text": "hi"}
    ) as answer:
        assert (answer.status, (await answer.json())["description"]) == (500, "Internal Server Error")
    with pytest.raises(StoreError, match="messages"):
        await local.send(person=ADA, chat=ADA, text="hello")
    await local.stop()


OLD = """
CREATE TABLE people (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE chats (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE messages (
    chat_id INTEGER NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (chat_id, id)
) WITHOUT ROWID;
CREATE TABLE files (id TEXT PRIMARY KEY, body TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE updates (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE settings (id TEXT PRIMARY KEY, body TEXT NOT NULL);
PRAGMA user_version = 1;
"""


def write_old(path: Path) -> None:
    """Write a file as it was before there were topics, channels and rights: a group where the bot said something."""
    people = [(ADA, "Ada"), (102, "Blaise"), (103, "Chen")]
    group = {"id": GROUP_ID, "type": "supergroup", "title": "Study group"}
    bot = {"id": 4242, "is_bot": True, "first_name": "Nabla", "username": "nabla_local_bot"}
    said = {"message_id": 50, "from": bot, "chat": group, "date": 1, "text": "long ago"}
    members = [{"user_id": n, "standing": "member", "rights": []} for n in (*dict(people), 4242)]
    members[0]["standing"] = "creator"
    chat = {"id": GROUP_ID, "kind": "supergroup", "name": "Study group", "username": None, "members": members}
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD)
        for number, name in people:
            user = {
                "id": number,
                "first_name": name,
                "username": None,
                "language_code": "en",
                "is_bot": False,
            }
            db.execute("INSERT INTO people VALUES (?, ?)", (number, json.dumps(user)))
        db.execute("INSERT INTO chats VALUES (?, ?)", (GROUP_ID, json.dumps(chat)))
        db.execute("INSERT INTO messages VALUES (?, 50, ?)", (GROUP_ID, json.dumps(said)))
        kinds = ["message", "edited_message", "callback_query", "my_chat_member"]
        for name, value in (("next_id", 99), ("next_update_id", 7), ("allowed_updates", kinds)):
            db.execute("INSERT INTO settings VALUES (?, ?)", (name, json.dumps(value)))
        db.commit()


async def test_a_file_from_before_there_were_channels_opens(tmp_path: Path) -> None:
    """What was said is there and can be edited; the new places stand beside it, once, also after another start."""
    path = tmp_path / "old.db"
    write_old(path)
    for words in ("first start", "second start"):
        local = await started(path)
        (old,) = local.messages(GROUP_ID)
        assert (old["message_id"], "_author" in old) == (50, False)
        assert [topic.name for topic in local.topics(FORUM_ID)] == ["General", "Homework", "Exam talk"]
        assert len([m for m in local.messages(FORUM_ID) if "forum_topic_created" in m]) == 2
        async with connected(local) as bot:
            await bot.edit_message_text(words, GROUP_ID, 50)
            await bot.send_message(CHANNEL_ID, words)
            await local.send(person=ADA, chat=CHANNEL_ID, text=words)
            assert (await bot.get_updates(offset=-1))[0].channel_post is not None
        await local.stop()
    again = await started(path)
    assert again.messages(GROUP_ID)[0]["text"] == "second start"
    assert [m["text"] for m in again.messages(DISCUSSION_ID)] == ["first start"] * 2 + ["second start"] * 2
    await again.stop()


async def test_standings_topics_and_authors_survive(tmp_path: Path) -> None:
    """Who may do what, which topics are closed, who really wrote a post, and where a group went."""
    path = tmp_path / "chat.db"
    local = await started(path)
    topic = local.topics(FORUM_ID)[1].id
    await local.close_topic(chat=FORUM_ID, topic=topic, by=ADA)
    await local.set_standing(chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA)
    old = await local.open_chat("Evening class", people=[ADA])
    new = await local.migrate(old)
    async with connected(local) as bot:
        mine = await bot.send_message(CHANNEL_ID, "mine")
    hers = await local.send(person=ADA, chat=CHANNEL_ID, text="hers")
    rights = ["can_post_messages"]
    await local.set_standing(chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=rights)
    await local.stop()
    local = await started(path)
    async with connected(local) as bot:
        await bot.edit_message_text("still mine", CHANNEL_ID, mine.message_id)
        refusals = [
            (bot.edit_message_text("not mine", CHANNEL_ID, hers), "Message can't be edited"),
            (bot.send_message(FORUM_ID, "x", message_thread_id=topic), "Topic_closed"),
            (bot.send_message(GROUP_ID, "x"), "Not enough rights to send text messages"),
            (bot.send_message(old, "x"), f"New chat id: {new}"),
        ]
        for call, words in refusals:
            with pytest.raises(telegram.error.TelegramError, match=words):
                await call
    await local.stop()
