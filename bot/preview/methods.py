"""The Bot API's methods, one function each, under their names there.

A method is registered with the parameters that it takes; any other one is refused loudly. Results are
what the Bot API puts under `result`; a refusal is raised.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.preview.access import Access
from bot.preview.chats import Chat, ChatKind, Member, Object, Standing
from bot.preview.cloud import Cloud
from bot.preview.markup import reply_markup
from bot.preview.params import Params
from bot.preview.refusals import bad_request, chat_not_found, not_found
from bot.preview.rights import permissions_of

Function = Callable[[Cloud, Params], object | Awaitable[object]]
"""What a method does: gives its result."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of the Bot API."""

    name: str
    takes: tuple[str, ...]
    call: Function
    newer: tuple[str, ...] = ()
    """Parameters that only a server with ephemeral messages knows."""
    is_newer: bool = False
    """Whether only a server with ephemeral messages knows the method."""


METHODS: dict[str, Method] = {}
"""Every method by its name in small letters: names are case-insensitive."""


def method(
    name: str, takes: str = "", *, newer: str = "", is_newer: bool = False
) -> Callable[[Function], Function]:
    """Register a function as the method of that name, which takes these parameters."""

    def register(call: Function) -> Function:
        METHODS[name.lower()] = Method(
            name=name,
            takes=tuple(takes.split()),
            call=call,
            newer=tuple(newer.split()),
            is_newer=is_newer,
        )
        return call

    return register


def find_method(name: str, *, with_newer: bool) -> Method:
    """Find a method by its name."""
    found = METHODS.get(name.lower())
    if found is None or (found.is_newer and not with_newer):
        raise not_found()
    return found


def chat_of(cloud: Cloud, params: Params, access: Access = Access.READ) -> Chat:
    """Find the chat that a call names, by id or by @username; refused if the bot has no such access to it."""
    return chat_named(cloud, params.text("chat_id"), access)


def chat_named(cloud: Cloud, given: str, access: Access) -> Chat:
    """Find a chat by its id or its @username."""
    if not given:
        raise bad_request("chat_id is empty")
    if given.startswith("@"):
        return cloud.directory.accessible(cloud.directory.named(given[1:]), access)
    try:
        chat_id = int(given)
    except ValueError:
        raise chat_not_found() from None
    return cloud.directory.accessible(cloud.directory.chat(chat_id), access)


def keyboard_of(params: Params, *, inline_only: bool = False) -> Object | None:
    """Read the keyboard that a call puts under a message."""
    return reply_markup(params.value("reply_markup", "reply keyboard markup"), inline_only=inline_only)


@method("getMe")
def get_me(cloud: Cloud, params: Params) -> Object:
    """Tell the bot who it is."""
    return {
        **cloud.bot.as_object(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method("getChat", "chat_id")
def get_chat(cloud: Cloud, params: Params) -> Object:
    """Describe a chat."""
    chat = chat_of(cloud, params)
    full: Object = {
        **chat.as_object(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": _NO_GIFTS,
    }
    if chat.username:
        full["active_usernames"] = [chat.username]
    if chat.kind in (ChatKind.GROUP, ChatKind.SUPERGROUP):
        full["permissions"] = permissions_of(chat)
    if chat.linked is not None:
        full["linked_chat_id"] = chat.linked
    return full


_NO_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


@method("getChatMember", "chat_id user_id")
def get_chat_member(cloud: Cloud, params: Params) -> Object:
    """Describe somebody's standing in a chat."""
    chat, user_id = chat_of(cloud, params, Access.MEMBERS), params.integer("user_id")
    if user_id not in cloud.directory.people and user_id != cloud.bot.id:
        raise bad_request("member not found" if user_id > 0 else "invalid user_id specified")
    member = chat.member(user_id) or Member(user_id=user_id, standing=Standing.LEFT)
    return cloud.directory.member_object(chat, member)


@method("getChatAdministrators", "chat_id")
def get_chat_administrators(cloud: Cloud, params: Params) -> list[Object]:
    """List who is in charge of a chat."""
    chat = chat_of(cloud, params, Access.MEMBERS)
    if chat.kind is ChatKind.PRIVATE:
        raise bad_request("there are no administrators in the private chat")
    in_charge = [member for member in chat.members if member.standing.is_in_charge]
    return [cloud.directory.member_object(chat, member) for member in in_charge]


@method("getChatMemberCount", "chat_id")
def get_chat_member_count(cloud: Cloud, params: Params) -> int:
    """Count who is in a chat."""
    return sum(member.standing.is_inside for member in chat_of(cloud, params, Access.MEMBERS).members)


def list_of(params: Params, name: str, *, what: str) -> list[Any]:
    """Read a parameter that holds a list."""
    value = params.value(name, what)
    if not isinstance(value, list):
        raise bad_request(f"expected an Array of {what}")
    return value
