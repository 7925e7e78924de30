"""Whatever people, administrators and the bot do in whatever order: answers are Telegram's, and all is remembered."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import telegram
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, DISCUSSION_ID, FORUM_ID, GROUP_ID
from bot.preview.refusals import Refused
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.person import ADA, BLAISE

from .conftest import now
from .test_framework import KEYBOARD

PLACES = (GROUP_ID, FORUM_ID, CHANNEL_ID, DISCUSSION_ID, ADA)
RIGHTS = ("can_post_messages", "can_edit_messages", "can_delete_messages", "is_anonymous")
numbers = st.integers(0, 3)
places = st.sampled_from(PLACES)
deeds = st.one_of(
    st.tuples(st.just("bot sends"), places, numbers),
    st.tuples(st.just("bot edits"), places, numbers),
    st.tuples(st.just("bot deletes"), places, numbers),
    st.tuples(st.just("ada says"), places, numbers),
    st.tuples(st.just("blaise says"), places, numbers),
    st.tuples(st.just("blaise taps"), places, numbers),
    st.tuples(st.just("ada deletes"), places, numbers),
    st.tuples(st.just("topic"), st.just(FORUM_ID), numbers),
    st.tuples(st.just("bot is"), places, st.sampled_from(list(Standing))),
    st.tuples(st.just("ada is"), places, st.sampled_from(list(Standing))),
)


class Town:
    """Does one deed after the other and looks at each answer."""

    def __init__(self, local: LocalTelegram, http: aiohttp.ClientSession) -> None:
        self.local = local
        self.http = http

    async def call(self, method: str, **params: Any) -> Any:
        """Call the Bot API; whatever is refused is refused in Telegram's form."""
        address = f"{self.local.url}/bot{LOCAL_TOKEN}/{method}"
        async with self.http.post(address, json=params) as answer:
            body = await answer.json()
        assert answer.status in (200, 400, 403), body
        if not body["ok"]:
            assert body["description"].startswith(("Bad Request: ", "Forbidden: "))
        return body

    async def do(self, deed: str, place: int, number: Any) -> None:
        """Do it; what Telegram would not let anybody do changes nothing."""
        messages = self.local.messages(place)
        before = (messages, self.local.topics(place))
        known = [message["message_id"] for message in messages]
        which = known[-1 - number] if isinstance(number, int) and number < len(known) else 5
        topics = self.local.topics(place)
        thread = topics[number].id if isinstance(number, int) and 0 < number < len(topics) else None
        match deed:
            case "bot sends":
                more: dict[str, Any] = {"message_thread_id": thread} if thread else {}
                more |= {"reply_markup": KEYBOARD.to_dict(), "text": str(number)}
                refused = not (await self.call("sendMessage", chat_id=place, **more))["ok"]
            case "bot edits":
                where = {"chat_id": place, "message_id": which}
                refused = not (await self.call("editMessageText", **where, text="edited"))["ok"]
            case "bot deletes":
                refused = not (await self.call("deleteMessage", chat_id=place, message_id=which))["ok"]
            case _:
                refused = not await self._people(deed, place, number, which, thread)
        if refused:
            assert (self.local.messages(place), self.local.topics(place)) == before

    async def _people(self, deed: str, place: int, number: Any, which: int, thread: int | None) -> bool:
        local = self.local
        with suppress(Refused):  # False is said for it below
            match deed:
                case "ada says" | "blaise says":
                    person = ADA if deed.startswith("ada") else BLAISE
                    await local.send(person=person, chat=place, text="/help", thread=thread)
                case "blaise taps":
                    await local.tap(person=BLAISE, chat=place, message=which, data="n")
                case "ada deletes":
                    await local.delete(person=ADA, chat=place, message=which)
                case "topic":
                    await self._topic(number)
                case _:
                    whom = None if deed.startswith("bot") else ADA
                    rights = RIGHTS if place == CHANNEL_ID else RIGHTS[2:]
                    has = rights if number in (Standing.CREATOR, Standing.ADMINISTRATOR) else ()
                    await local.set_standing(chat=place, standing=number, by=BLAISE, person=whom, rights=has)
            return True
        return False

    async def _topic(self, number: int) -> None:
        topic = self.local.topics(FORUM_ID)[-1].id
        match number:
            case 0:
                await self.local.open_topic(chat=FORUM_ID, name="One more", by=BLAISE)
            case 1:
                await self.local.close_topic(chat=FORUM_ID, topic=topic, by=BLAISE)
            case 2:
                await self.local.reopen_topic(chat=FORUM_ID, topic=topic, by=BLAISE)
            case _:
                await self.local.delete_topic(chat=FORUM_ID, topic=topic)


async def live(path: Path, story: list[tuple[str, int, Any]]) -> None:
    """Let it happen; the framework reads every update, and after a restart all is as it was."""
    async with started(path) as local, aiohttp.ClientSession() as http:
        town = Town(local, http)
        for deed in story:
            await town.do(*deed)
        updates = (await town.call("getUpdates"))["result"]
        before = pictured(local)
    for update in updates:
        read = telegram.Update.de_json(update, None)
        assert read.effective_chat is not None and not read.api_kwargs
        message = read.effective_message
        assert not isinstance(message, telegram.Message) or not message.api_kwargs
    async with started(path) as again:
        assert pictured(again) == before


def pictured(local: LocalTelegram) -> list[object]:
    """All that there is in every place."""
    chats = [local._cloud.directory.chat(place) for place in PLACES]
    return [(chat, local.messages(chat.id)) for chat in chats]


@asynccontextmanager
async def started(path: Path) -> AsyncIterator[LocalTelegram]:
    """A local Telegram with this file, stopped whatever happens."""
    local = LocalTelegram(host="127.0.0.1", port=0, path=path, now=now)
    await local.start()
    try:
        yield local
    finally:
        await local.stop()


@settings(max_examples=25, deadline=None)
@given(story=st.lists(deeds, min_size=1, max_size=30))
def test_any_story_is_answered_and_remembered(story: list[tuple[str, int, Any]]) -> None:
    """A refusal changes nothing, nothing is ever a server error, and a restart forgets nothing."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder) / "chat.db", story))
