"""Updates that break the Bot API's promises: refused at the door, by the name of the field."""

from typing import Any

import pytest
from telegram import Update

from bot.chat.app import line_of, slim
from bot.chat.private import NAME_LIMIT, PrivateChat, command_in, learner_of
from bot.chat.soundness import checked, numbered
from bot.core.events import Tap
from bot.tutor.learner import Learner
from tests.chat.quiet import quiet
from tests.chat.test_private import KEY, Listener, message, message_json, tap_on

ADA = 101


def update(*, person: Any = None, chat: Any = None, text: str = "hi") -> Update:
    """A message of Ada's in her private chat, with some fields otherwise."""
    body = {**message_json(text), "from": {"id": ADA, "is_bot": False, "first_name": "Ada", **(person or {})}}
    body["chat"] |= chat or {}
    return Update.de_json(slim({"update_id": 1, "message": body}), None)


@pytest.mark.parametrize("number", ["101", 1.5, None, True, [1], 2**63, -(2**63) - 1, 10**40])
def test_what_is_no_id_is_refused(number: object) -> None:
    """As a person's and as a chat's: neither could be stored, and a list could not even stand in a line."""
    with pytest.raises(TypeError, match=r"user\.id"):
        checked(update(person={"id": number}))
    with pytest.raises(TypeError, match=r"chat\.id"):
        checked(update(chat={"id": number}))


def test_a_groups_new_id_must_be_one() -> None:
    """What names it otherwise would move posts to nowhere."""
    for field in ("migrate_to_chat_id", "migrate_from_chat_id"):
        body = {**message_json("hi"), field: "-5"}
        with pytest.raises(TypeError, match=field):
            checked(Update.de_json(slim({"update_id": 1, "message": body}), None))


@pytest.mark.parametrize("field", [{"first_name": None}, {"first_name": 5}, {"language_code": ["en"]}])
def test_what_is_no_text_is_refused(field: dict[str, Any]) -> None:
    """It is needed to say anything, an apology too."""
    with pytest.raises(TypeError, match=next(iter(field))):
        checked(update(person=field))


@pytest.mark.parametrize("number", [1, 2**52, -(2**52), 2**63 - 1, -(2**63) + 1])
def test_every_id_that_fits_is_taken(number: int) -> None:
    """Negative ones are groups' ids."""
    assert checked(update(person={"id": number}, chat={"id": number})).effective_user


@pytest.mark.parametrize(
    "given", [5, None, [], {}, {"update_id": "1"}, {"update_id": -1}, {"update_id": 2**63}]
)
def test_what_has_no_number_is_no_update(given: object) -> None:
    """Nor does one that no file can hold."""
    assert not numbered(given)
    assert numbered({"update_id": 2**63 - 1})


@pytest.mark.parametrize(
    "data", ["livekey1:o:\u0661", "livekey1:o:²", "livekey1：o：1", "livekey1:o:1\u200b"]
)
async def test_digits_of_other_alphabets_are_forged(data: str) -> None:
    """Our own callback data is plain ASCII, so what is not comes from no button of ours."""
    tap, tutor = tap_on(ADA), Listener()
    with tap._unfrozen():
        tap.data = data
    await PrivateChat(tutor=tutor, activities=quiet(tutor), username="bot").on_tap(tap, Learner(id=ADA), KEY)
    assert tutor.events == [Tap(key="", action="", argument="")]


def test_half_a_character_in_a_command_is_replaced() -> None:
    """It could be looked up in no store."""
    command = command_in(message("/start r-\ud800x"), "bot")
    assert command and command.argument == "r-?x"


def test_a_name_is_no_longer_than_telegrams() -> None:
    """A longer one would leave no room for the greeting."""
    learner = learner_of(update(person={"first_name": "x" * 5000}))
    assert learner and learner.first_name == "x" * NAME_LIMIT


GROUP = {"id": -5, "type": "group", "title": "g"}


@pytest.mark.parametrize(("text", "line"), [("/help", -5), ("talk", None), ("see /help", None)])
def test_a_groups_talk_is_not_in_its_line(text: str, line: int | None) -> None:
    """It asks for nothing, and a burst of it must crowd out no command."""
    assert line_of(update(chat=GROUP, text=text)) == line
    assert line_of(update(text=text)) == ADA


def test_a_groups_new_id_is_in_its_line() -> None:
    """However busy the group's talk is."""
    body = {**message_json("hi"), "chat": GROUP, "migrate_to_chat_id": -7}
    assert line_of(Update.de_json(slim({"update_id": 1, "message": body}), None)) == -5


def test_what_nobody_reads_may_be_missing() -> None:
    """A lean server leaves out dates and `chat_instance`: its taps want an answer all the same."""
    where = {"id": ADA, "type": "private"}
    who = {"id": ADA, "is_bot": False, "first_name": "Ada"}
    lean = {"message_id": 7, "chat": where, "from": who, "text": "x"}
    query = {"id": "1", "from": who, "message": lean, "data": "livekey1:o:2"}
    tap = checked(Update.de_json(slim({"update_id": 1, "callback_query": query}), None)).callback_query
    assert tap and tap.message and tap.message.message_id == 7 and tap.message.chat.id == ADA
    said = checked(Update.de_json(slim({"update_id": 1, "message": lean}), None)).message
    assert said and said.text == "x"
