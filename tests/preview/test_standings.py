"""Who may do what: rights, restrictions, hidden administrators, deleted posts, a group that moves."""

from typing import Any

import pytest
import telegram

from bot.preview.chats import Standing
from bot.preview.directory import CHANNEL_ID, GROUP_ID
from bot.preview.refusals import Refused
from bot.preview.rights import PERMISSIONS
from bot.preview.server import LocalTelegram
from tests.person import ADA, BLAISE, CHEN, Person

from .conftest import Api
from .test_framework import KEYBOARD, PNG

BOT = 4242


@pytest.mark.parametrize("by_chat", [False, True])
async def test_a_muted_bot(local: LocalTelegram, api: Api, bot: telegram.Bot, by_chat: bool) -> None:
    """Restricted itself, or a plain member where members may not write: the kind of message is named."""
    if by_chat:
        await local.set_permissions(chat=GROUP_ID, permissions=["can_invite_users"])
    else:
        await local.set_standing(chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA)
    refused = await api("sendMessage", chat_id=GROUP_ID, text="x")
    assert (refused["error_code"], refused["description"]) == (
        400,
        "Bad Request: not enough rights to send text messages to the chat",
    )
    for send, what in ((bot.send_photo, "photos"), (bot.send_document, "documents")):
        with pytest.raises(telegram.error.BadRequest, match=f"Not enough rights to send {what} to the chat"):
            await send(GROUP_ID, PNG)
    assert local.messages(GROUP_ID) == []
    full = (await api("getChat", chat_id=GROUP_ID))["result"]["permissions"]
    assert (full["can_send_messages"], set(full)) == (not by_chat, set(PERMISSIONS))


async def test_somebody_restricted_keeps_what_is_left(local: LocalTelegram, bot: telegram.Bot) -> None:
    """Each flag by its name; a text is refused where only pictures are allowed, and the person's words as well."""
    await local.set_standing(
        chat=GROUP_ID, standing=Standing.RESTRICTED, by=ADA, person=BLAISE, rights=["can_send_photos"]
    )
    member = await bot.get_chat_member(GROUP_ID, BLAISE)
    assert isinstance(member, telegram.ChatMemberRestricted)
    assert (member.is_member, member.can_send_photos, member.can_send_messages) == (True, True, False)
    with pytest.raises(Refused, match="not enough rights to send text messages to the chat"):
        await local.send(person=BLAISE, chat=GROUP_ID, text="hello")
    await local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA, person=BLAISE)
    await local.send(person=BLAISE, chat=GROUP_ID, text="hello again")
    assert await bot.get_updates() == ()


@pytest.mark.parametrize(
    ("standing", "words"),
    [(Standing.LEFT, "bot is not a member of"), (Standing.KICKED, "bot was kicked from")],
)
async def test_a_bot_outside_sees_nothing(
    local: LocalTelegram, api: Api, standing: Standing, words: str
) -> None:
    """In a private group every call is forbidden, reading included; back inside all is well."""
    sent = (await api("sendMessage", chat_id=GROUP_ID, text="x"))["result"]["message_id"]
    await local.set_standing(chat=GROUP_ID, standing=standing, by=ADA)
    calls: list[tuple[str, dict[str, object]]] = [
        ("sendMessage", {"text": "x"}),
        ("sendChatAction", {"action": "typing"}),
        ("editMessageText", {"message_id": sent, "text": "y"}),
        ("deleteMessage", {"message_id": sent}),
        ("getChat", {}),
        ("getChatMember", {"user_id": ADA}),
        ("getChatAdministrators", {}),
        ("getChatMemberCount", {}),
        ("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": GROUP_ID}}),
    ]
    for method, params in calls:
        where = {} if method == "setMyCommands" else {"chat_id": GROUP_ID}
        refused = await api(method, **where, **params)
        expected = (403, f"Forbidden: {words} the supergroup chat")
        assert (refused["error_code"], refused["description"]) == expected, method
    await local.set_standing(chat=GROUP_ID, standing=Standing.MEMBER, by=ADA)
    assert (await api("editMessageText", chat_id=GROUP_ID, message_id=sent, text="y"))["ok"]


async def test_administrators_with_their_rights(local: LocalTelegram, bot: telegram.Bot) -> None:
    """A person's rights one by one, only those that such a chat has; misspelt ones are the test's own fault."""
    await local.set_standing(
        chat=GROUP_ID, standing=Standing.ADMINISTRATOR, by=ADA, person=CHEN, rights=["can_delete_messages"]
    )
    chen = await bot.get_chat_member(GROUP_ID, CHEN)
    assert isinstance(chen, telegram.ChatMemberAdministrator)
    assert (chen.can_delete_messages, chen.can_manage_chat, chen.can_restrict_members) == (True, True, False)
    assert (chen.can_post_messages, chen.can_manage_topics, chen.is_anonymous) == (None, False, False)
    await local.set_standing(chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, person=CHEN)
    there = await bot.get_chat_member(CHANNEL_ID, CHEN)
    assert isinstance(there, telegram.ChatMemberAdministrator)
    assert (there.can_post_messages, there.can_promote_members, there.can_pin_messages) == (True, False, None)
    assert [admin.user.id for admin in await bot.get_chat_administrators(GROUP_ID)] == [ADA, CHEN]
    with pytest.raises(ValueError, match="can_pots_messages"):
        await local.set_standing(
            chat=CHANNEL_ID, standing=Standing.ADMINISTRATOR, by=ADA, rights=["can_pots_messages"]
        )


async def test_a_hidden_administrator(local: LocalTelegram, api: Api) -> None:
    """Words come from Telegram's own bot and the group, taps from the real person, who edits and deletes as before."""
    await local.set_standing(
        chat=GROUP_ID, standing=Standing.CREATOR, by=ADA, person=ADA, rights=["is_anonymous"]
    )
    said = await local.send(person=ADA, chat=GROUP_ID, text="/help")
    await api("sendMessage", chat_id=GROUP_ID, text="Which?", reply_markup=KEYBOARD.to_dict())
    await Person(local, ADA, chat=GROUP_ID).press("Next")
    words, tap = (await api("getUpdates"))["result"]
    assert (words["message"]["from"]["id"], words["message"]["from"]["is_bot"]) == (1087968824, True)
    assert words["message"]["sender_chat"] == words["message"]["chat"]
    assert tap["callback_query"]["from"]["id"] == ADA
    member = (await api("getChatMember", chat_id=GROUP_ID, user_id=ADA))["result"]
    assert (member["status"], member["is_anonymous"]) == ("creator", True)
    assert (await api("getChatMember", chat_id=GROUP_ID, user_id=1087968824))["description"] == (
        "Bad Request: member not found"
    )
    await local.send(person=ADA, chat=GROUP_ID, text="/learn", edit_of=said)
    with pytest.raises(Refused, match="message can't be edited"):
        await local.send(person=BLAISE, chat=GROUP_ID, text="mine now", edit_of=said)
    await local.delete(person=ADA, chat=GROUP_ID, message=said)


async def test_a_post_that_somebody_deletes(local: LocalTelegram, api: Api) -> None:
    """Nobody is told; edits find nothing. Only who wrote it, or who may delete, can."""
    sent = (await api("sendMessage", chat_id=GROUP_ID, text="post"))["result"]["message_id"]
    with pytest.raises(Refused, match="message can't be deleted"):
        await local.delete(person=BLAISE, chat=GROUP_ID, message=sent)
    await local.delete(person=ADA, chat=GROUP_ID, message=sent)
    with pytest.raises(Refused, match="message to delete not found"):
        await local.delete(person=ADA, chat=GROUP_ID, message=sent)
    for method, more in (("editMessageText", {"text": "x"}), ("editMessageReplyMarkup", {})):
        refused = await api(method, chat_id=GROUP_ID, message_id=sent, **more)
        assert refused["description"] == "Bad Request: message to edit not found"
    assert (await api("getUpdates"))["result"] == []
    mine = await local.send(person=BLAISE, chat=GROUP_ID, text="oops")
    await local.delete(person=BLAISE, chat=GROUP_ID, message=mine)
    assert local.messages(GROUP_ID) == []


async def test_a_group_becomes_a_supergroup(local: LocalTelegram, api: Api) -> None:
    """Both chats say so; the old id answers with the new one; what was said stays behind and stands still."""
    old = await local.open_chat("Evening class", people=[ADA, BLAISE])
    sent = (await api("sendMessage", chat_id=old, text="before"))["result"]
    assert sent["chat"] == {"id": old, "type": "group", "title": "Evening class"}
    new = await local.migrate(old)
    there, here = (update["message"] for update in (await api("getUpdates"))["result"])
    assert (there["chat"]["id"], there["migrate_to_chat_id"], there["from"]["id"]) == (old, new, ADA)
    assert (here["chat"]["id"], here["migrate_from_chat_id"], here["from"]["id"]) == (new, old, 1087968824)
    assert here["chat"]["type"] == "supergroup"
    calls: list[tuple[str, dict[str, object]]] = [
        ("sendMessage", {"text": "x"}),
        ("getChatMember", {"user_id": ADA}),
        ("getChatAdministrators", {}),
        ("deleteMessage", {"message_id": sent["message_id"]}),
    ]
    for method, params in calls:
        refused = await api(method, chat_id=old, **params)
        words = "Bad Request: group chat was upgraded to a supergroup chat"
        assert (refused["error_code"], refused["description"]) == (400, words), method
        assert refused["parameters"] == {"migrate_to_chat_id": new}
    edit = await api("editMessageText", chat_id=old, message_id=sent["message_id"], text="after")
    assert edit["description"] == "Bad Request: message can't be edited"
    assert [message.get("text") for message in local.messages(old)] == ["before", None]
    assert (await api("getChatMember", chat_id=new, user_id=ADA))["result"]["status"] == "creator"
    assert (await api("sendMessage", chat_id=new, text="onwards"))["ok"]
    with pytest.raises(Refused, match="upgraded"):
        await local.send(person=BLAISE, chat=old, text="anybody here?")
    await local.send(person=BLAISE, chat=new, text="found it")


async def test_the_framework_follows_a_group_that_moved(local: LocalTelegram, bot: telegram.Bot) -> None:
    """python-telegram-bot raises the new id."""
    old = await local.open_chat("Evening class", people=[ADA])
    new = await local.migrate(old)
    with pytest.raises(telegram.error.ChatMigrated) as moved:
        await bot.send_message(old, "hello?")
    assert moved.value.new_chat_id == new


async def test_services_are_heard_in_privacy_mode(local: LocalTelegram, api: Api) -> None:
    """Of people's talk the bot hears commands and replies; a group's news it always hears."""
    await local.send(person=ADA, chat=GROUP_ID, text="just talk")
    old = await local.open_chat("Evening class", people=[ADA])
    await local.send(person=ADA, chat=old, text="more talk")
    await local.migrate(old)
    news: list[dict[str, Any]] = (await api("getUpdates"))["result"]
    assert all("text" not in update["message"] for update in news) and len(news) == 2
