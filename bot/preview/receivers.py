"""Who alone shall see a message of the bot in a group, and whether it may be sent so.

The rules are the reference's: an administrator may send to any person in the group at any time, any other bot
only in answer to a tap of that person of the last 15 seconds. The words of the refusals come from the service.
`MESSAGE_NOT_COMMAND` was seen in public; the other codes here are approximations.
"""

from typing import Any

from bot.preview.chats import Chat, ChatKind, Object
from bot.preview.cloud import Cloud
from bot.preview.params import Params
from bot.preview.refusals import bad_request

_KNOWN = {"receiver_user_id", "callback_query_id", "replace_callback_query_message"}


def receiver_of(cloud: Cloud, params: Params, chat: Chat) -> int | None:
    """Read who alone shall see a message; None for a message for everybody."""
    given = _given(params)
    if given is None:
        return None
    receiver = _number(given.get("receiver_user_id"))
    if chat.kind not in (ChatKind.GROUP, ChatKind.SUPERGROUP):
        raise bad_request("PEER_ID_INVALID")
    member = chat.member(receiver)
    if receiver not in cloud.directory.people or member is None or not member.standing.is_inside:
        raise bad_request("USER_ID_INVALID")
    bot, query = chat.member(cloud.bot.id), str(given.get("callback_query_id") or "")
    if bot is not None and bot.standing.is_in_charge:
        return receiver
    if not query:
        raise bad_request("MESSAGE_NOT_COMMAND")
    if not cloud.ephemerals.allows(query, chat=chat.id, person=receiver, now=cloud.now()):
        raise bad_request("QUERY_ID_INVALID")
    return receiver


def _given(params: Params) -> Object | None:
    """Read the object of Bot API 10.3, or the two flat parameters of 10.2."""
    given = params.value("ephemeral_message_parameters", "ephemeral message parameters")
    if given is None:
        flat = {name: params.text(name) for name in ("receiver_user_id", "callback_query_id")}
        return flat if any(flat.values()) else None
    if not isinstance(given, dict):
        raise bad_request("object expected as ephemeral message parameters")
    if unknown := set(given) - _KNOWN:
        raise bad_request(f'unknown parameter "{min(unknown)}"')
    return given


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise bad_request("USER_ID_INVALID") from None
