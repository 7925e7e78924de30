"""The first words with a server: patient with the network, plain with a refused token, unmoved by a refused menu."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from telegram import User
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.chat.introduction import TRIES, Menus, introduce, until_done
from bot.errors import ConfigError


class Server:
    """Answers calls; `errors` are raised first, one a call."""

    def __init__(self, *errors: TelegramError) -> None:
        self.errors = list(errors)
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.slept: list[float] = []

    async def call(
        self, method: str, params: Mapping[str, Any], *, files: Mapping[str, tuple[str, bytes]] | None = None
    ) -> Any:
        """Take a call."""
        self.calls.append((method, params))
        if self.errors:
            raise self.errors.pop(0)
        return True

    async def sleep(self, seconds: float) -> None:
        """Wait not at all."""
        self.slept.append(seconds)

    async def introduce(self) -> None:
        """Register some commands."""
        menus = Menus(private=("start", "help"), group=("learn",), administrators=("post", "learn"))
        await introduce(menus, call=self.call, sleep=self.sleep, jitter=lambda: 0.5)


async def test_commands_and_descriptions_are_registered() -> None:
    """In order, with their words; English is the default for every language."""
    server = Server()
    await server.introduce()
    method, params = server.calls[0]
    assert method == "setMyCommands" and "language_code" not in params
    assert [each["command"] for each in json.loads(params["commands"])] == ["start", "help"]
    assert [method for method, _ in server.calls[:6]] == [
        *["setMyCommands"] * 4,
        "setMyDescription",
        "setMyShortDescription",
    ]


async def test_each_place_has_its_own_list() -> None:
    """The default and private chats, groups, and who runs a chat."""
    server = Server()
    await server.introduce()
    lists = [
        (json.loads(params.get("scope", "{}")).get("type"), json.loads(params["commands"]))
        for method, params in server.calls
        if method == "setMyCommands" and "language_code" not in params
    ]
    assert [(scope, [each["command"] for each in commands]) for scope, commands in lists] == [
        (None, ["start", "help"]),
        ("all_private_chats", ["start", "help"]),
        ("all_group_chats", ["learn"]),
        ("all_chat_administrators", ["post", "learn"]),
    ]
    assert all(each["description"] for _, commands in lists for each in commands)


async def test_a_busy_server_is_waited_for() -> None:
    """As long as it asks; then the same call again."""
    server = Server(RetryAfter(7), NetworkError("gone"))
    await server.introduce()
    assert server.slept[0] >= 7 and len(server.slept) == 2
    assert [method for method, _ in server.calls[:3]] == ["setMyCommands"] * 3


async def test_a_refused_menu_stops_nothing() -> None:
    """What the server will never take is left; the rest is registered."""
    server = Server(BadRequest("command description is bad"))
    await server.introduce()
    assert [method for method, _ in server.calls[:5]] == [*["setMyCommands"] * 4, "setMyDescription"]
    assert server.slept == []


async def test_a_server_that_stays_away_is_given_up() -> None:
    """Some tries for each thing, no more: the bot works without a menu."""
    server = Server(*[NetworkError("gone")] * TRIES)
    await server.introduce()
    scopes = [params.get("scope") for method, params in server.calls if method == "setMyCommands"]
    assert scopes.count(None) == TRIES


async def test_connecting_is_patient_but_not_with_a_wrong_token() -> None:
    """Network trouble is waited out; a refused token is the operator's to mend, and is not shown."""
    server = Server(NetworkError("a"), NetworkError("b"))
    await until_done(lambda: server.call("getMe", {}), sleep=server.sleep, jitter=lambda: 0.5)
    assert len(server.slept) == 2
    answers: list[dict[str, Any]] = [{"id": 7}, {"id": 7, "is_bot": True, "first_name": "Nabla"}]

    async def who() -> None:
        User.de_json(answers.pop(0), None)  # the first is a proxy's

    await until_done(who, sleep=server.sleep, jitter=lambda: 0.5)
    assert (answers, len(server.slept)) == ([], 3)
    refusing = Server(InvalidToken("12345:secret"))
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN: refused") as caught:
        await until_done(lambda: refusing.call("getMe", {}), sleep=server.sleep, jitter=lambda: 0.5)
    assert "secret" not in str(caught.value)
