"""From an update to an event: whose tap it is, and what a command is."""

from typing import Any

import pytest
from telegram import CallbackQuery, Message, Update

from bot.chat.app import slim
from bot.chat.private import PrivateChat, command_in, learner_of
from bot.core.events import Event, Tap
from bot.store.base import UpdateKey
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor
from tests.chat.quiet import quiet

ADA, BLAISE = 101, 102
KEY = UpdateKey(bot=1, update_id=1)


class Listener(Tutor):
    """A tutor that only listens."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def handle(self, learner: Learner, event: Event, **_: Any) -> None:
        """Hear an event."""
        self.events.append(event)


def message_json(text: str = "x", *, chat: int = ADA) -> dict[str, Any]:
    """A message in a private chat, its command marked as Telegram does."""
    length = len(text.split(maxsplit=1)[0])
    entities = [{"type": "bot_command", "offset": 0, "length": length}] if text.startswith("/") else []
    where = {"id": chat, "type": "private", "first_name": "X"}
    return {"message_id": 7, "date": 1, "chat": where, "text": text, "entities": entities}


def message(text: str) -> Message:
    """The same as the framework's object."""
    made = Message.de_json(message_json(text), None)
    assert made is not None
    return made


def tap_on(chat: int | None) -> CallbackQuery:
    """Ada's tap on a message in somebody's private chat, or on none."""
    body: dict[str, Any] = {
        "id": "1",
        "from": {"id": ADA, "is_bot": False, "first_name": "Ada"},
        "chat_instance": "1",
    }
    body["data"] = "livekey1:o:2"
    if chat is not None:
        body["message"] = message_json(chat=chat)
    made = CallbackQuery.de_json(body, None)
    assert made is not None
    return made


@pytest.mark.parametrize(("chat", "key"), [(ADA, "livekey1"), (BLAISE, ""), (None, "")])
async def test_a_tap_counts_in_ones_own_chat_only(chat: int | None, key: str) -> None:
    """In Telegram message ids of two chats may be equal: a live key is worth nothing in another's chat."""
    tutor = Listener()
    await PrivateChat(tutor=tutor, activities=quiet(tutor), username="nabla_bot").on_tap(
        tap_on(chat), Learner(id=ADA), KEY
    )
    assert tutor.events == [Tap(key=key, action="o", argument="2")]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/learn", ("learn", "", False)),
        ("/LEARN  some-lesson ", ("learn", "some-lesson", False)),
        ("/learn@Nabla_Bot x y", ("learn", "x y", True)),
        ("/learn@other_bot x", None),
        ("learn", None),
        ("see /learn", None),
    ],
)
def test_what_a_command_is(text: str, command: tuple[str, str, bool] | None) -> None:
    """At the beginning, in any case, with this bot's name or none."""
    assert command_in(message(text), "nabla_bot") == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/learn", ("learn", "", False)),
        ("/learn@nabla_bot x\ny", ("learn", "x\ny", True)),
        ("/learn@other_bot x", None),
        ("/usr/bin", None),
        ("/", None),
        ("see /learn", None),
    ],
)
def test_a_command_that_nobody_marked_is_one(text: str, command: tuple[str, str, bool] | None) -> None:
    """Telegram marks commands; a lean Bot API server may leave that to the reader."""
    made = Message.de_json({**message_json(text), "entities": []}, None)
    assert made is not None
    assert command_in(made, "nabla_bot") == command


def test_an_update_without_a_person_has_no_learner() -> None:
    """Posts of channels come from nobody."""
    assert learner_of(Update(update_id=1)) is None


@pytest.mark.parametrize(
    "part", ["poll", "sticker", "voice", "forward_origin", "reply_to_message", "not_yet_invented"]
)
def test_a_message_of_any_kind_can_be_read(part: str) -> None:
    """What is not read here is not built either: newer kinds, and kinds with missing parts, are messages too."""
    body = {**message_json(), "from": {"id": ADA, "is_bot": False, "first_name": "Ada"}, part: {"id": "1"}}
    del body["text"]
    update = Update.de_json(slim({"update_id": 1, "message": body}), None)
    assert update.message is not None and learner_of(update) == Learner(
        id=ADA, first_name="Ada", language=None
    )


async def test_what_is_left_of_a_message_is_enough() -> None:
    """A command with its argument, and the chat and topic it stands in."""
    body = {**message_json("/learn alpha"), "is_topic_message": True, "message_thread_id": 5, "photo": []}
    update = Update.de_json(slim({"update_id": 1, "message": body}), None)
    assert update.message is not None and update.message.message_thread_id == 5
    assert command_in(update.message, "bot") == ("learn", "alpha", False)
    tap = slim({"update_id": 1, "callback_query": {"id": "1", "message": message_json("x")}})
    assert set(tap["callback_query"]["message"]) == {"message_id", "date", "chat"}
