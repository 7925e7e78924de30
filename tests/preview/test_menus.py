"""Lists of commands: each scope and language for itself, and everybody sees the first that fits."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.preview.chats import Chat, ChatKind, Member, Standing, User
from bot.preview.directory import CHANNEL_ID, GROUP_ID
from bot.preview.menus import key_of, seen_by
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, CHEN

from .conftest import Api

Scope = tuple[str, tuple[int, ...]]
SOMEBODY = User(id=7, first_name="Dora", language_code="fr")
PRIVATE = Chat(id=7, kind=ChatKind.PRIVATE, name="Dora", members=(Member(user_id=7),))
GROUP = Chat(id=-5, kind=ChatKind.SUPERGROUP, name="Group", members=(Member(user_id=7),))
LEADING = replace(GROUP, members=(Member(user_id=7, standing=Standing.ADMINISTRATOR),))
ORDER: dict[str, tuple[Chat, list[Scope]]] = {  # the Bot API's reference, "Determining list of commands"
    "private": (PRIVATE, [("chat", (7,)), ("all_private_chats", ()), ("default", ())]),
    "member": (
        GROUP,
        [("chat_member", (-5, 7)), ("chat", (-5,)), ("all_group_chats", ()), ("default", ())],
    ),
    "administrator": (
        LEADING,
        [
            ("chat_member", (-5, 7)),
            ("chat_administrators", (-5,)),
            ("chat", (-5,)),
            ("all_chat_administrators", ()),
            ("all_group_chats", ()),
            ("default", ()),
        ],
    ),
}
ALL_KEYS = sorted(
    {
        key_of(kind, language, *ids)
        for _, scopes in ORDER.values()
        for kind, ids in scopes
        for language in ("fr", "", "de")
    }
)


@pytest.mark.parametrize("who", ORDER)
@given(keys=st.sets(st.sampled_from(ALL_KEYS)))
def test_the_first_that_fits_is_seen(who: str, keys: set[str]) -> None:
    """The narrowest scope wins, in it the person's own language; lists of other languages never show."""
    chat, scopes = ORDER[who]
    wanted = [key_of(kind, lang, *ids) for kind, ids in scopes for lang in ("fr", "")]
    menus: dict[str, Any] = {key: [{"command": key}] for key in keys}
    expected: list[Any] = next((menus[key] for key in wanted if key in keys), [])
    assert seen_by(menus, chat=chat, user=SOMEBODY) == expected


async def test_each_place_has_its_own(local: LocalTelegram, api: Api) -> None:
    """Members, administrators and private chats see different lists; a channel has none; a deleted one uncovers."""

    async def put(name: str, language: str = "", **scope: object) -> None:
        answer = await api(
            "setMyCommands",
            commands=[{"command": name, "description": "x"}],
            scope=scope,
            language_code=language,
        )
        assert answer["ok"], answer

    def seen(person: int, chat: int) -> list[str]:
        return [each["command"] for each in local.menu(person=person, chat=chat)]

    await put("default", type="default")
    await put("private", type="all_private_chats")
    await put("prive", "fr", type="all_private_chats")
    await put("group", type="all_group_chats")
    await put("lead", type="all_chat_administrators")
    await put("here", type="chat_administrators", chat_id=GROUP_ID)
    await put("chen", type="chat_member", chat_id=GROUP_ID, user_id=CHEN)
    assert [seen(who, who) for who in (ADA, BLAISE, CHEN)] == [["private"], ["prive"], ["private"]]
    assert [seen(who, GROUP_ID) for who in (ADA, BLAISE, CHEN)] == [["here"], ["group"], ["chen"]]
    assert seen(ADA, CHANNEL_ID) == []
    gone = {"type": "chat_administrators", "chat_id": GROUP_ID}
    assert (await api("getMyCommands", scope=gone))["result"] == [{"command": "here", "description": "x"}]
    assert (await api("deleteMyCommands", scope=gone))["ok"]
    assert seen(ADA, GROUP_ID) == ["lead"]
    await put("daily", type="chat", chat_id="@daily_local")
    assert (await api("getMyCommands", scope={"type": "chat", "chat_id": CHANNEL_ID}))["result"]


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ({"type": "chat"}, 'can\'t parse BotCommandScope: Can\'t find field "chat_id"'),
        ({"type": "chat", "chat_id": ""}, "can't parse BotCommandScope: Empty chat_id specified"),
        ({"type": "chat", "chat_id": 999}, "chat not found"),
        ({"type": "chat_member", "chat_id": GROUP_ID},
         'can\'t parse BotCommandScope: Can\'t find field "user_id"'),
        ({"type": "chat_member", "chat_id": GROUP_ID, "user_id": -1},
         "can't parse BotCommandScope: Invalid user_id specified"),
        ([1], "can't parse BotCommandScope: BotCommandScope must be an Object"),
    ],
)  # fmt: skip
async def test_scopes_that_mean_nothing(api: Api, scope: object, words: str) -> None:
    """Refused in the server's words."""
    refused = await api("setMyCommands", commands=[], scope=scope)
    assert refused["description"] == f"Bad Request: {words}"
