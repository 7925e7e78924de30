"""Ephemeral messages (Bot API 10.2 and 10.3): an older server knows nothing of them, a newer one is strict."""

from typing import Any

import pytest

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, GROUP_ID
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, Person

from .conftest import Api
from .test_framework import KEYBOARD

METHODS: list[tuple[str, dict[str, object]]] = [
    ("editEphemeralMessageText", {"text": "x"}),
    ("editEphemeralMessageCaption", {"caption": "x"}),
    ("editEphemeralMessageMedia", {"media": {"type": "photo", "media": "x"}}),
    ("editEphemeralMessageReplyMarkup", {}),
    ("deleteEphemeralMessage", {}),
]
WHICH = {"chat_id": GROUP_ID, "receiver_user_id": BLAISE, "ephemeral_message_id": 5}


def only(**parameters: object) -> dict[str, Any]:
    """Make the parameters of a message in the group for one person alone."""
    return {"chat_id": GROUP_ID, "text": "psst", "ephemeral_message_parameters": parameters}


async def tap(local: LocalTelegram, api: Api, person: int = BLAISE) -> str:
    """Let a person press a button in the group; gives the query."""
    await api("sendMessage", chat_id=GROUP_ID, text="Which?", reply_markup=KEYBOARD.to_dict())
    return await Person(local, person, chat=GROUP_ID).press("Next")


async def test_an_older_server_knows_nothing_of_it(local: LocalTelegram, api: Api) -> None:
    """Its methods are not found, its parameters refused; nothing is shown to anybody."""
    for method, params in METHODS:
        refused = await api(method, **WHICH, **params)
        assert (refused["error_code"], refused["description"]) == (404, "Not Found: method not found")
    for name in ("ephemeral_message_parameters", "receiver_user_id", "callback_query_id"):
        refused = await api("sendMessage", chat_id=GROUP_ID, text="psst", **{name: "5"})
        assert refused["description"] == f'Bad Request: unknown parameter "{name}"'
    assert local.messages(GROUP_ID) == local.ephemeral_messages(GROUP_ID, BLAISE) == []


@pytest.mark.parametrize("flat", [True, False])
async def test_an_answer_to_a_tap_for_one_person_alone(local: LocalTelegram, api: Api, flat: bool) -> None:
    """Its message id is 0 and its own id counts; it can be tapped, edited and deleted, and nobody else sees it."""
    local.ephemeral = True
    query = await tap(local, api)
    how = {"receiver_user_id": BLAISE, "callback_query_id": query}
    params = {"chat_id": GROUP_ID, "text": "psst", **how} if flat else only(**how)
    sent = (await api("sendMessage", **params, reply_markup=KEYBOARD.to_dict()))["result"]
    assert (sent["message_id"], sent["receiver_user"]["id"], sent["from"]["id"]) == (0, BLAISE, 4242)
    number = sent["ephemeral_message_id"]
    assert [each["text"] for each in local.messages(GROUP_ID)] == ["Which?"]
    assert local.ephemeral_messages(GROUP_ID, ADA) == []
    await local.tap(person=BLAISE, chat=GROUP_ID, message=number, data="n", ephemeral=True)
    update = (await api("getUpdates", offset=-1))["result"][0]["callback_query"]
    assert update["message"]["ephemeral_message_id"] == number
    which = {"chat_id": GROUP_ID, "receiver_user_id": BLAISE, "ephemeral_message_id": number}
    assert (await api("editEphemeralMessageText", **which, text="psst!"))["result"] is True
    assert [each["text"] for each in local.ephemeral_messages(GROUP_ID, BLAISE)] == ["psst!"]
    again = await api("editEphemeralMessageText", **which, text="psst!")
    assert again["description"].startswith("Bad Request: message is not modified")
    assert (await api("deleteMessage", chat_id=GROUP_ID, message_id=number))["description"] == (
        "Bad Request: message to delete not found"
    )
    assert (await api("deleteEphemeralMessage", **which))["result"] is True
    assert local.ephemeral_messages(GROUP_ID, BLAISE) == []
    gone = await api("deleteEphemeralMessage", **which)
    assert gone["description"] == "Bad Request: message to delete not found"


async def test_what_is_not_allowed_reaches_nobody(local: LocalTelegram, api: Api) -> None:
    """Without a tap, with somebody else's or a forged one, to a stranger, in a channel: refused, never public."""
    local.ephemeral = True
    hers = await tap(local, api, ADA)
    cases: list[tuple[dict[str, Any], str]] = [
        (only(receiver_user_id=BLAISE), "MESSAGE_NOT_COMMAND"),
        (only(receiver_user_id=BLAISE, callback_query_id=hers), "QUERY_ID_INVALID"),
        (only(receiver_user_id=BLAISE, callback_query_id="123"), "QUERY_ID_INVALID"),
        (only(receiver_user_id=999, callback_query_id=hers), "USER_ID_INVALID"),
        (only(callback_query_id=hers), "USER_ID_INVALID"),
        (only(receiver_user_id=ADA, callback_query_id=hers) | {"chat_id": CHANNEL_ID}, "PEER_ID_INVALID"),
        (only(receiver_user_id=ADA, callback_query_id=hers) | {"chat_id": ADA}, "PEER_ID_INVALID"),
        (only(receiver_user_id=ADA, query=hers), 'unknown parameter "query"'),
        (only() | {"ephemeral_message_parameters": "[]"}, "object expected as ephemeral message parameters"),
    ]
    for params, words in cases:
        assert (await api("sendMessage", **params))["description"] == f"Bad Request: {words}"
    assert [each["text"] for each in local.messages(GROUP_ID)] == ["Which?"]
    assert local.ephemeral_messages(GROUP_ID, BLAISE) == local.ephemeral_messages(GROUP_ID, ADA) == []


async def test_an_administrator_needs_no_tap(local: LocalTelegram, api: Api) -> None:
    """At any time, to any person in the group."""
    local.ephemeral = True
    await local.set_standing(chat=GROUP_ID, standing=Standing.ADMINISTRATOR, by=ADA)
    assert (await api("sendMessage", **only(receiver_user_id=BLAISE)))["ok"]
    assert [each["text"] for each in local.ephemeral_messages(GROUP_ID, BLAISE)] == ["psst"]
