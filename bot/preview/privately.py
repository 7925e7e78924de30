"""Methods that change and delete ephemeral messages (Bot API 10.2); each gives only True."""

from collections.abc import Callable

from bot.preview.access import Access
from bot.preview.chats import Object
from bot.preview.cloud import Cloud
from bot.preview.editing import (
    CAPTION,
    MEDIA,
    TEXT,
    Find,
    change_caption,
    change_keyboard,
    change_media,
    change_text,
)
from bot.preview.messages import Message
from bot.preview.methods import chat_of, method
from bot.preview.params import Params
from bot.preview.refusals import bad_request

_WHICH = "chat_id receiver_user_id ephemeral_message_id"


def _register(what: str, takes: str, change: Callable[[Cloud, Params, Find], Object]) -> None:
    """Register the counterpart of one of the methods that edit messages."""

    @method(f"editEphemeralMessage{what}", f"{_WHICH} {takes}", is_newer=True)
    def edit(cloud: Cloud, params: Params) -> bool:
        change(cloud, params, lambda: _found(cloud, params, "edit"))
        return True


_register("Text", TEXT, change_text)
_register("Caption", CAPTION, change_caption)
_register("Media", MEDIA, change_media)
_register("ReplyMarkup", "reply_markup", change_keyboard)


@method("deleteEphemeralMessage", _WHICH, is_newer=True)
def delete_ephemeral_message(cloud: Cloud, params: Params) -> bool:
    """Delete an ephemeral message of the bot."""
    cloud.delete(_found(cloud, params, "delete"))
    return True


def _found(cloud: Cloud, params: Params, purpose: str) -> Message:
    chat = chat_of(cloud, params, Access.EDIT)
    receiver, number = params.integer("receiver_user_id"), params.integer("ephemeral_message_id")
    message = cloud.ephemerals.find(chat.id, receiver, number)
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message
