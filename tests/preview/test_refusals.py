"""What Telegram refuses is refused here too, with its codes and words, and changes nothing."""

import io
import json
from typing import Any

import aiohttp
import pytest

from bot.preview.chats import Standing
from bot.preview.directory import GROUP_ID
from bot.preview.server import LOCAL_TOKEN, LocalTelegram
from tests.person import ADA, Person

from .conftest import Api
from .test_framework import PNG


def keyboard(**button: object) -> dict[str, object]:
    """Make a keyboard of one button."""
    return {"inline_keyboard": [[{"text": "a", **button}]]}


def text(**params: object) -> dict[str, object]:
    """Make the parameters of a sendMessage to Ada."""
    return {"chat_id": ADA, "text": "click", **params}


def entity(**fields: object) -> list[dict[str, object]]:
    """Make a list of one entity over the text."""
    return [{"offset": 0, "length": 5, **fields}]


PARSE = "can't parse MessageEntity: "
BUTTON = "can't parse inline keyboard button: "


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "message text is empty"),
        ({"chat_id": ADA, "text": ""}, "message text is empty"),
        (text(text=" \n "), "text must be non-empty"),
        (text(text="x" * 4097), "message is too long"),
        (text(text="😀" * 2049), "message is too long"),
        ({"text": "hi"}, "chat_id is empty"),
        (text(chat_id="@nobody"), "chat not found"),
        (text(chat_id=999), "chat not found"),
        (text(parse_mode="HTML"), "unsupported parse_mode: this house sends text with entities, never markup"),
        (text(message_thread_id=5), "message thread not found"),
        (text(reply_parameters={"message_id": 1}), "message to be replied not found"),
        (text(reply_parameters={"quote": "x"}), 'can\'t find field "message_id"'),
        (text(link_preview_options={"is_disabled": "yes"}), 'field "is_disabled" must be of type Boolean'),
        (text(txt="hi"), 'unknown parameter "txt"'),
        (text(reply_markup="{"), "can't parse reply keyboard markup JSON object"),
        (text(reply_markup=[1]), "object expected as reply markup"),
        (text(reply_markup={"inline_keyboard": "bad"}), 'field "inline_keyboard" must be of type Array'),
        (text(reply_markup={"inline_keyboard": [[{}]]}), f'{BUTTON}Can\'t find field "text"'),
        (text(reply_markup=keyboard()), f"{BUTTON}Text buttons are unallowed in the inline keyboard"),
        (text(reply_markup=keyboard(callback_data="")), f"{BUTTON}Text buttons are unallowed in the inline keyboard"),
        (text(reply_markup=keyboard(callback_data="x" * 65)), "BUTTON_DATA_INVALID"),
        (text(reply_markup=keyboard(callback_data="é" * 33)), "BUTTON_DATA_INVALID"),
        (text(reply_markup=keyboard(url="a", callback_data="b")), "BUTTON_TYPE_INVALID"),
        (text(reply_markup=keyboard(data="x")), f'{BUTTON}Field "data" is unknown'),
        (text(reply_markup=keyboard(pay=True)), "BUTTON_TYPE_INVALID"),
        (text(reply_markup=keyboard(copy_text={"text": ""})), "BUTTON_COPY_TEXT_INVALID"),
        (
            text(reply_markup=keyboard(url="http://localhost:80/")),
            "inline keyboard button URL 'http://localhost:80/' is invalid: Wrong HTTP URL",
        ),
        (
            text(reply_markup=keyboard(url="ftp://example.com")),
            "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
        ),
        (text(entities="["), "can't parse entities JSON object"),
        (text(entities=entity(type="shiny")), f"{PARSE}Unsupported type specified"),
        (text(entities=entity(type="text_link")), f'{PARSE}Can\'t find field "url"'),
        (text(entities=entity(type="text_link", url="")), "entity URL '' is invalid: URL host is empty"),
        (text(entities=entity(type="text_link", url="nowhere")), "entity URL 'nowhere' is invalid: Wrong HTTP URL"),
        (text(entities=entity(type="text_mention", user={"id": 0})), "user not found"),
        (text(entities=entity(type="date_time")), f'{PARSE}Can\'t find field "unix_time"'),
        (text(entities=entity(type="date_time", unix_time="now")), f'{PARSE}Field "unix_time" must be of type Number'),
        (text(entities=entity(type="date_time", unix_time=1, date_time_format=5)),
         f'{PARSE}Field "date_time_format" must be of type String'),
        *((text(entities=entity(type="date_time", unix_time=1, date_time_format=form)),
           f"{PARSE}Invalid date_time_format specified") for form in ("rt", "tT", "td", "dD", "x", "W")),
        (text(entities=entity(type="bold", length=6)), "entity beginning at UTF-16 offset 0 ends after the end of "
         "the text at UTF-16 offset 6"),
    ],
)  # fmt: skip
async def test_bad_messages(local: LocalTelegram, api: Api, params: dict[str, Any], words: str) -> None:
    """A message that Telegram would not take is not taken."""
    answer = await api("sendMessage", **params)
    assert (answer["error_code"], answer["description"]) == (400, f"Bad Request: {words}")
    assert local.messages(ADA) == []


async def test_limits_are_just_reached(api: Api) -> None:
    """4096 units, 64 bytes of data and 1024 units of caption are still fine."""
    assert (await api("sendMessage", **text(text="x" * 4096)))["ok"]
    assert (await api("sendMessage", **text(reply_markup=keyboard(callback_data="é" * 32))))["ok"]
    assert (await api("sendMessage", **text(text=" " + "x" * 4096 + " ")))["ok"]


async def test_types_that_telegram_finds_itself_are_passed_over(api: Api) -> None:
    """A bot cannot mark a command where none is."""
    answer = await api("sendMessage", **text(entities=entity(type="bot_command")))
    assert "entities" not in answer["result"]


async def test_what_is_kept_has_its_canonical_form(api: Api) -> None:
    """Links get their slash, code its language, and styles nest."""
    entities = [
        {"type": "text_link", "offset": 0, "length": 5, "url": "example.com"},
        {"type": "pre", "offset": 6, "length": 4, "language": "python"},
        {"type": "bold", "offset": 0, "length": 10},
    ]
    answer = await api("sendMessage", **text(text="click code", entities=entities))
    assert answer["result"]["entities"] == [
        {"type": "text_link", "offset": 0, "length": 5, "url": "http://example.com/"},
        {"type": "bold", "offset": 0, "length": 5},
        {"type": "pre", "offset": 6, "length": 4, "language": "python"},
    ]


async def test_only_the_bots_own_messages_can_be_edited(local: LocalTelegram, api: Api) -> None:
    """Somebody else's message, one that is not there, and the wrong kind of edit are refused."""
    said = await local.send(person=ADA, chat=ADA, text="mine")
    sent = (await api("sendMessage", **text()))["result"]["message_id"]
    cases = [
        ("editMessageText", {"message_id": said, "text": "yours"}, "message can't be edited"),
        ("editMessageText", {"message_id": sent + 99, "text": "x"}, "message to edit not found"),
        ("editMessageText", {"text": "x"}, "message identifier is not specified"),
        ("editMessageCaption", {"message_id": sent, "caption": "x"}, "there is no caption in the message to edit"),
        ("editMessageReplyMarkup", {"message_id": sent, "reply_markup": {"force_reply": True}},
         "inline keyboard expected"),
        ("editMessageMedia", {"message_id": sent}, "input media is not specified"),
        ("editMessageMedia", {"message_id": sent, "media": {"type": "photo", "media": "attach://no"}},
         "there is no photo in the request"),
    ]  # fmt: skip
    for method, params, words in cases:
        answer = await api(method, chat_id=ADA, **params)
        assert answer["description"] == f"Bad Request: {words}", method
    same = await api("editMessageReplyMarkup", chat_id=ADA, message_id=sent)
    assert same["description"].startswith(
        "Bad Request: message is not modified: specified new message content"
    )


async def test_bad_uploads(local: LocalTelegram, api: Api, http: aiohttp.ClientSession) -> None:
    """A photo must be a picture of bearable shape; unknown ids and addresses are refused."""
    wide = PNG[:16] + (2001).to_bytes(4, "big") + (100).to_bytes(4, "big") + PNG[24:]
    cases = [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (b"", "file must be non-empty"),
        (wide, "PHOTO_INVALID_DIMENSIONS"),
        (PNG + b"\0" * 10 * 1024 * 1024, f"file of size {len(PNG) + 10 * 1024 * 1024} bytes is too big for a photo; "
         "the maximum size is 10485760 bytes"),
    ]  # fmt: skip
    for content, words in cases:
        form = aiohttp.FormData({"chat_id": str(ADA)})
        form.add_field("photo", io.BytesIO(content), filename="p.png", content_type="image/png")
        async with http.post(f"{local.url}/bot{LOCAL_TOKEN}/sendPhoto", data=form) as answer:
            assert (await answer.json())["description"] == f"Bad Request: {words}"
    for given in ("AgACnowhere", "https://example.com/p.png"):
        refused = await api("sendPhoto", chat_id=ADA, photo=given)
        assert refused["description"] == "Bad Request: wrong file identifier/HTTP URL specified"
    assert (await api("sendPhoto", chat_id=ADA))[
        "description"
    ] == "Bad Request: there is no photo in the request"
    assert (await api("getFile", file_id="x"))["description"].startswith("Bad Request: wrong file_id")
    assert local.messages(ADA) == []


async def test_long_captions(local: LocalTelegram, http: aiohttp.ClientSession) -> None:
    """A caption has 1024 units."""
    for length, status in ((1024, 200), (1025, 400)):
        form = aiohttp.FormData({"chat_id": str(ADA), "caption": "x" * length})
        form.add_field("document", b"data", filename="d.txt")
        async with http.post(f"{local.url}/bot{LOCAL_TOKEN}/sendDocument", data=form) as answer:
            assert answer.status == status


async def test_unknown_uploads_are_refused(local: LocalTelegram, http: aiohttp.ClientSession) -> None:
    """A file under a name that the method does not take is an unknown parameter."""
    form = aiohttp.FormData({"chat_id": str(ADA), "text": "hi"})
    form.add_field("picture", PNG, filename="p.png")
    async with http.post(f"{local.url}/bot{LOCAL_TOKEN}/sendMessage", data=form) as answer:
        assert (await answer.json())["description"] == 'Bad Request: unknown parameter "picture"'


async def test_answers_to_taps(local: LocalTelegram, api: Api) -> None:
    """A tap is answered once, within 200 characters, and opens only the bot's own link."""
    sent = (await api("sendMessage", **text(reply_markup=keyboard(callback_data="d"))))["result"][
        "message_id"
    ]
    query = await local.tap(person=ADA, chat=ADA, message=sent, data="d")
    long = await api("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert long["description"] == "Bad Request: MESSAGE_TOO_LONG"
    abroad = await api("answerCallbackQuery", callback_query_id=query, url="https://example.com/")
    assert abroad["description"] == "Bad Request: URL_INVALID"
    assert (
        await api("answerCallbackQuery", callback_query_id=query, url="https://t.me/nabla_local_bot?start=x")
    )["ok"]
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert (await api("answerCallbackQuery", callback_query_id=query))["description"] == old
    assert (await api("answerCallbackQuery"))["description"] == old


async def test_deleting(local: LocalTelegram, api: Api) -> None:
    """In private everything may go; in a group only the bot's own; deleting many passes over what is gone."""
    said = await local.send(person=ADA, chat=ADA, text="mine")
    sent = (await api("sendMessage", **text()))["result"]["message_id"]
    assert (await api("deleteMessages", chat_id=ADA, message_ids=[said, sent, 5]))["ok"]
    assert local.messages(ADA) == []
    loud = await local.send(person=ADA, chat=GROUP_ID, text="hello group")
    refused = await api("deleteMessage", chat_id=GROUP_ID, message_id=loud)
    assert refused["description"] == "Bad Request: message can't be deleted"


async def test_a_person_who_blocks_the_bot_gets_nothing(local: LocalTelegram, api: Api) -> None:
    """403 in Telegram's words, and the bot is told of the block."""
    await local.set_standing(chat=ADA, standing=Standing.KICKED, by=ADA)
    refused = await api("sendMessage", **text())
    assert (refused["error_code"], refused["description"]) == (403, "Forbidden: bot was blocked by the user")
    (update,) = (await api("getUpdates"))["result"]
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    await local.set_standing(chat=GROUP_ID, standing=Standing.LEFT, by=ADA)
    away = await api("sendMessage", **text(chat_id=GROUP_ID))
    assert away["description"] == "Forbidden: bot is not a member of the supergroup chat"


async def test_somebody_who_never_wrote_is_unknown(local: LocalTelegram, api: Api) -> None:
    """A bot cannot begin a conversation."""
    dora = Person(local, 104)
    await local.join(104, first_name="Dora")
    assert (await api("sendMessage", **text(chat_id=104)))["description"] == "Bad Request: chat not found"
    await dora.send("hello")
    assert (await api("sendMessage", **text(chat_id=104)))["ok"]


async def test_commands_must_be_well_formed(api: Api) -> None:
    """Names are small letters, descriptions are there, scopes are known."""
    bad: list[tuple[object, dict[str, object], str]] = [
        ([{"command": "Start", "description": "x"}], {}, "BOT_COMMAND_INVALID"),
        ([{"command": "start", "description": ""}], {}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([{"command": f"c{n}", "description": "x"} for n in range(101)], {}, "BOT_COMMANDS_TOO_MUCH"),
        ([], {"scope": {"type": "moon"}}, "can't parse BotCommandScope: Unsupported type specified"),
        ([], {"language_code": "english"}, "invalid language code specified"),
    ]
    for commands, extra, words in bad:
        answer = await api("setMyCommands", commands=commands, **extra)
        assert answer["description"] == f"Bad Request: {words}"


async def test_unknown_methods_and_tokens(
    local: LocalTelegram, api: Api, http: aiohttp.ClientSession
) -> None:
    """404 for a method that is not there, 401 for a bot that is not there; names ignore case."""
    assert (await api("sendRocket"))["description"] == "Not Found: method not found"
    assert (await api("GETME"))["ok"]
    for address in ("bot4242:wrong/getMe", "file/bot4242:wrong/photos/file_1.png"):
        async with http.get(f"{local.url}/{address}") as answer:
            assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")


async def test_too_large_requests(local: LocalTelegram, http: aiohttp.ClientSession) -> None:
    """More than a bot may upload is 413."""
    form = aiohttp.FormData({"chat_id": str(ADA)})
    form.add_field("document", io.BytesIO(bytes(53 * 1024 * 1024)), filename="big.bin")
    async with http.post(f"{local.url}/bot{LOCAL_TOKEN}/sendDocument", data=form) as answer:
        assert (answer.status, (await answer.json())["description"]) == (413, "Request Entity Too Large")


@pytest.mark.parametrize("how", ["query", "form", "json", "upload"])
async def test_every_form_of_request_is_read(
    local: LocalTelegram, http: aiohttp.ClientSession, how: str
) -> None:
    """A query string, a form, JSON and an upload say the same."""
    markup = keyboard(callback_data="d")
    fields = {"chat_id": str(ADA), "text": "hé 😀", "reply_markup": json.dumps(markup)}
    address = f"{local.url}/bot{LOCAL_TOKEN}/sendMessage"
    upload = aiohttp.FormData(fields, default_to_multipart=True)
    ways: dict[str, dict[str, Any]] = {
        "query": {"params": fields},
        "form": {"data": fields},
        "json": {"json": {"chat_id": ADA, "text": "hé 😀", "reply_markup": markup}},
        "upload": {"data": upload},
    }
    async with http.post(address, **ways[how]) as answer:
        result = (await answer.json())["result"]
    assert (result["text"], result["reply_markup"]) == ("hé 😀", markup)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("deleteMessages", {"chat_id": ADA, "message_ids": ["x"]}),
        ("deleteMessages", {"chat_id": ADA, "message_ids": {}}),
        ("sendMessage", text(entities=entity(type="text_mention", user={"id": "x"}))),
        ("sendMessage", text(entities=entity(type="bold", offset="x"))),
        ("sendMessage", text(entities=[3])),
        ("sendMessage", text(entities={})),
        ("sendMessage", text(reply_parameters=[])),
        ("sendMessage", text(reply_parameters={"message_id": "x"})),
        ("sendMessage", text(reply_markup={"inline_keyboard": [{}]})),
        ("sendMessage", text(reply_markup={"inline_keyboard": [[3]]})),
        ("sendMessage", text(reply_markup=keyboard(callback_data=3))),
        ("sendMessage", text(reply_markup=keyboard(url=3))),
        ("sendMessage", text(reply_markup=keyboard(copy_text=3))),
        ("sendMessage", text(reply_markup=keyboard(web_app=3))),
        ("sendMessage", text(link_preview_options=[3])),
        ("setMyCommands", {"commands": "x"}),
        ("setMyCommands", {"commands": [3]}),
        ("setMyCommands", {"commands": [], "scope": [3]}),
        ("editMessageMedia", {"chat_id": ADA, "message_id": 1, "media": "[]"}),
        ("getChatMember", {"chat_id": ADA, "user_id": "x"}),
        ("sendChatAction", {"chat_id": ADA, "action": "dancing"}),
        ("getUpdates", {"allowed_updates": {}}),
    ],
)
async def test_nonsense_is_a_bad_request(api: Api, method: str, params: dict[str, Any]) -> None:
    """Whatever a bot sends, it gets a refusal and never a server error."""
    assert (await api(method, **params))["error_code"] == 400


@pytest.mark.parametrize("name", ["entities", "reply_markup", "link_preview_options"])
async def test_depth_is_nonsense_too(api: Api, name: str) -> None:
    """Nested deeper than Python reads."""
    refused = await api("sendMessage", **text(**{name: "[" * 90_000}))
    assert refused["error_code"] == 400


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"[" * 90_000),
        ("application/json", b"\xff\xfe"),
        ("application/json; charset=nonsense", b"{}"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"a=b"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header"),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_a_bad_request(
    local: LocalTelegram, http: aiohttp.ClientSession, kind: str, body: bytes
) -> None:
    """Neither a server error nor a traceback."""
    address = f"{local.url}/bot{LOCAL_TOKEN}/sendMessage"
    async with http.post(address, data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error_code"] == 400


async def test_who_is_in_a_chat(api: Api) -> None:
    """Members with their standing, administrators, and the count."""

    async def status(user: int) -> str:
        answer = await api("getChatMember", chat_id=GROUP_ID, user_id=user)
        return str(answer["result"]["status"])

    assert [await status(user) for user in (ADA, 102, 4242)] == ["creator", "member", "member"]
    assert [m["user"]["id"] for m in (await api("getChatAdministrators", chat_id=GROUP_ID))["result"]] == [
        ADA
    ]
    assert (await api("getChatMemberCount", chat_id=GROUP_ID))["result"] == 4
    alone = await api("getChatAdministrators", chat_id=ADA)
    assert alone["description"] == "Bad Request: there are no administrators in the private chat"
    assert (await api("getChatMember", chat_id=GROUP_ID, user_id=999))[
        "description"
    ] == "Bad Request: member not found"


async def test_the_bots_own_texts(api: Api) -> None:
    """Name and descriptions are kept per language, with the default behind them."""
    await api("setMyDescription", description="Learn by doing")
    await api("setMyDescription", description="Apprendre", language_code="fr")
    assert (await api("getMyDescription", language_code="fr"))["result"] == {"description": "Apprendre"}
    assert (await api("getMyDescription", language_code="de"))["result"] == {"description": "Learn by doing"}
    assert (await api("getMyName"))["result"] == {"name": "Nabla"}
    assert not (await api("setMyShortDescription", short_description="x" * 121))["ok"]
