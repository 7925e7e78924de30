"""Channels and their discussion groups: posts without a person, automatic forwards, rights to post and to edit."""

from typing import Any

import pytest
import telegram

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, DISCUSSION_ID
from bot.preview.refusals import Refused
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, Person

from .conftest import Api
from .test_framework import KEYBOARD, PNG

BOT = 4242
LINK = {"inline_keyboard": [[{"text": "Learn", "url": "https://t.me/nabla_local_bot?start=x"}]]}


async def updates(api: Api) -> list[dict[str, Any]]:
    """Fetch what waits, and confirm it."""
    found: list[dict[str, Any]] = (await api("getUpdates"))["result"]
    if found:
        await api("getUpdates", offset=found[-1]["update_id"] + 1)
    return found


async def test_a_post_names_the_channel_and_nobody(local: LocalTelegram, api: Api) -> None:
    """No `from`, no signature; it comes into the discussion group as an automatic forward of Telegram's own account."""
    post = (await api("sendMessage", chat_id="@Daily_Local", text="Which?", reply_markup=KEYBOARD.to_dict()))[
        "result"
    ]
    assert post["sender_chat"] == post["chat"] == {
        "id": CHANNEL_ID, "type": "channel", "title": "Daily questions", "username": "daily_local",
    }  # fmt: skip
    assert not {"from", "author_signature"} & set(post)
    (copy,) = local.messages(DISCUSSION_ID)
    assert (copy["from"]["id"], copy["is_automatic_forward"], copy["text"]) == (777000, True, "Which?")
    assert copy["sender_chat"] == post["chat"]
    origin = {
        "type": "channel",
        "chat": post["chat"],
        "message_id": post["message_id"],
        "date": post["date"],
    }
    assert copy["forward_origin"] == origin
    assert "reply_markup" not in copy
    assert await updates(api) == []


async def test_an_edit_reaches_the_forward(local: LocalTelegram, api: Api) -> None:
    """Text and link buttons of the copy follow the post; who deletes the post leaves the copy."""
    post = (await api("sendMessage", chat_id=CHANNEL_ID, text="one", reply_markup=LINK))["result"]
    where = {"chat_id": CHANNEL_ID, "message_id": post["message_id"]}
    edited = (await api("editMessageText", **where, text="two", reply_markup=LINK))["result"]
    assert (edited["text"], edited["sender_chat"]["id"], "from" in edited) == ("two", CHANNEL_ID, False)
    (copy,) = local.messages(DISCUSSION_ID)
    assert (copy["text"], copy["reply_markup"], copy["is_automatic_forward"]) == ("two", LINK, True)
    assert (await api("deleteMessage", **where))["ok"]
    assert [message["text"] for message in local.messages(DISCUSSION_ID)] == ["two"]


async def test_what_people_post_is_an_update_of_its_own_kind(local: LocalTelegram, api: Api) -> None:
    """Posts and edits; their forward stays unheard in the group unless it looks like a command."""
    said = await local.send(person=ADA, chat=CHANNEL_ID, text="Good morning")
    await local.send(person=ADA, chat=CHANNEL_ID, text="Good evening", edit_of=said)
    news = await updates(api)
    assert [next(name for name in update if name != "update_id") for update in news] == [
        "channel_post",
        "edited_channel_post",
    ]
    assert news[1]["edited_channel_post"]["text"] == "Good evening"
    assert "from" not in news[0]["channel_post"]
    await local.send(person=ADA, chat=CHANNEL_ID, text="/round")
    command, forward = await updates(api)
    assert command["channel_post"]["text"] == "/round"
    assert forward["message"]["is_automatic_forward"] and forward["message"]["from"]["id"] == 777000
    await api("getUpdates", allowed_updates=["message"])
    await local.send(person=ADA, chat=CHANNEL_ID, text="Good night")
    assert await updates(api) == []


async def test_subscribers_read_and_tap_but_do_not_post(local: LocalTelegram, api: Api) -> None:
    """A tap in a channel comes from the person; a post of theirs is refused."""
    with pytest.raises(Refused, match="need administrator rights in the channel chat"):
        await local.send(person=BLAISE, chat=CHANNEL_ID, text="me too")
    await api("sendMessage", chat_id=CHANNEL_ID, text="Which?", reply_markup=KEYBOARD.to_dict())
    await Person(local, BLAISE, chat=CHANNEL_ID).press("Next")
    (update,) = await updates(api)
    assert update["callback_query"]["from"]["id"] == BLAISE
    assert update["callback_query"]["message"]["sender_chat"]["id"] == CHANNEL_ID


@pytest.mark.parametrize(
    ("standing", "rights", "code", "words"),
    [
        (Standing.ADMINISTRATOR, {"can_manage_chat", "can_edit_messages"}, 400,
         "Bad Request: need administrator rights in the channel chat"),
        (Standing.LEFT, None, 403, "Forbidden: bot is not a member of the channel chat"),
        (Standing.KICKED, None, 403, "Forbidden: bot was kicked from the channel chat"),
    ],
)  # fmt: skip
async def test_without_the_right_nothing_is_posted(
    local: LocalTelegram, api: Api, standing: Standing, rights: set[str] | None, code: int, words: str
) -> None:
    """Each way of losing the channel has its own words; the bot is told with its rights before and after."""
    await local.set_standing(chat=CHANNEL_ID, standing=standing, by=ADA, rights=rights)
    refused = await api("sendMessage", chat_id=CHANNEL_ID, text="x")
    assert (refused["error_code"], refused["description"]) == (code, words)
    assert local.messages(CHANNEL_ID) == local.messages(DISCUSSION_ID) == []
    news = (await updates(api))[0]["my_chat_member"]
    assert news["old_chat_member"]["can_post_messages"] is True
    assert news["new_chat_member"]["status"] == standing.value
    assert news["new_chat_member"].get("can_post_messages") in (False, None)
    assert news["from"]["id"] == ADA


async def test_who_may_edit_and_delete_in_a_channel(local: LocalTelegram, api: Api) -> None:
    """Its own posts with the right to post, other people's with the right to edit or to delete."""
    own = (await api("sendMessage", chat_id=CHANNEL_ID, text="own"))["result"]["message_id"]
    hers = await local.send(person=ADA, chat=CHANNEL_ID, text="hers")

    async def tries(method: str, message: int, **params: object) -> str:
        answer = await api(method, chat_id=CHANNEL_ID, message_id=message, **params)
        return "done" if answer["ok"] else str(answer["description"])

    async def may(*rights: str) -> None:
        await local.set_standing(chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=rights)

    assert await tries("editMessageText", hers, text="its") == "done"
    assert await tries("deleteMessage", hers) == "Bad Request: message can't be deleted"
    await may("can_post_messages")
    assert await tries("editMessageText", own, text="own 2") == "done"
    assert await tries("editMessageText", hers, text="x") == "Bad Request: message can't be edited"
    await may("can_manage_chat")
    assert await tries("editMessageText", own, text="x") == "Bad Request: message can't be edited"
    assert await tries("deleteMessage", own) == "Bad Request: message can't be deleted"
    await may("can_delete_messages")
    assert [await tries("deleteMessage", message) for message in (own, hers)] == ["done", "done"]


async def test_what_is_known_of_a_channel(local: LocalTelegram, api: Api) -> None:
    """It is public: name, link to its group, and its members can be read even from outside."""
    for outside in (False, True):
        if outside:
            await local.set_standing(chat=CHANNEL_ID, standing=Standing.LEFT, by=ADA)
        full = (await api("getChat", chat_id="@daily_local"))["result"]
        assert (full["id"], full["linked_chat_id"], full["username"]) == (
            CHANNEL_ID, DISCUSSION_ID, "daily_local",
        )  # fmt: skip
        assert "permissions" not in full
        member = (await api("getChatMember", chat_id=CHANNEL_ID, user_id=BLAISE))["result"]
        assert member["status"] == "member"
    assert (await api("getChat", chat_id=DISCUSSION_ID))["result"]["linked_chat_id"] == CHANNEL_ID
    assert (await api("getChat", chat_id="@ada_local"))["description"] == "Bad Request: chat not found"


async def test_the_framework_reads_posts_and_forwards(local: LocalTelegram, bot: telegram.Bot) -> None:
    """python-telegram-bot finds sender, origin and rights where it looks for them."""
    post = await bot.send_photo("@daily_local", PNG, caption="A dot")
    assert post.from_user is None and post.sender_chat is not None and post.sender_chat.id == CHANNEL_ID
    await local.set_standing(
        chat=DISCUSSION_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=["can_delete_messages"]
    )
    await local.send(person=ADA, chat=CHANNEL_ID, text="hello")
    member, posted, forward = await bot.get_updates()
    assert member.my_chat_member is not None
    now = member.my_chat_member.new_chat_member
    assert isinstance(now, telegram.ChatMemberAdministrator)
    assert (now.can_delete_messages, now.can_manage_chat, now.can_pin_messages) == (True, True, False)
    assert posted.channel_post is not None and posted.channel_post.text == "hello"
    assert forward.message is not None and forward.message.is_automatic_forward
    origin = forward.message.forward_origin
    assert isinstance(origin, telegram.MessageOriginChannel)
    assert (origin.chat.id, origin.message_id) == (CHANNEL_ID, posted.channel_post.message_id)
    mine = await bot.get_chat_member(CHANNEL_ID, BOT)
    assert isinstance(mine, telegram.ChatMemberAdministrator)
    assert (mine.can_post_messages, mine.can_edit_messages, mine.can_delete_messages) == (True, True, False)
    admins = await bot.get_chat_administrators(CHANNEL_ID)
    assert {admin.user.id for admin in admins} == {ADA, BOT}
