"""Reply markup: which keyboards Telegram takes under a message.

Only inline keyboards stay with a message. The other kinds act on a person's keyboard, which this
chat page does not have: they are checked and change nothing.
"""

from collections.abc import Callable
from typing import Any

from bot.preview.chats import Object
from bot.preview.entities import utf16_length
from bot.preview.links import checked_link
from bot.preview.refusals import bad_request

LARGEST_DATA_BYTES = 64
MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
STYLES = ("danger", "success", "primary")
_FLAGS = {
    "keyboard": ("resize_keyboard", "one_time_keyboard", "is_persistent", "selective"),
    "remove_keyboard": ("remove_keyboard", "selective"),
    "force_reply": ("force_reply", "selective"),
}


def reply_markup(value: object, *, inline_only: bool = False) -> Object | None:
    """Check a reply markup and give the inline keyboard to keep, None if nothing stays with the message."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        return _inline_keyboard(value["inline_keyboard"])
    for kind, flags in _FLAGS.items():
        if kind in value:
            _check_flags(value, flags)
            if inline_only:
                raise bad_request("inline keyboard expected")
            return None
    return None


def _check_flags(value: Object, flags: tuple[str, ...]) -> None:
    if "keyboard" in value and not isinstance(value["keyboard"], list):
        raise bad_request('field "keyboard" must be of type Array')
    for flag in flags:
        if not isinstance(value.get(flag, False), bool):
            raise bad_request(f'field "{flag}" must be of type Boolean')


def _inline_keyboard(rows: object) -> Object | None:
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    kept = []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Array")
        if len(row) > MOST_IN_A_ROW:
            raise bad_request("REPLY_MARKUP_TOO_LONG")
        if row:
            kept.append([_button(button) for button in row])
    if sum(map(len, kept)) > MOST_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": kept} if kept else None


def _button(button: object) -> Object:
    if not isinstance(button, dict):
        raise _unreadable("InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise _unreadable('Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise _unreadable('Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [name for name in button if name in _ACTIONS]
    if unknown := set(button) - {"text", "style", "icon_custom_emoji_id", *_ACTIONS}:
        raise _unreadable(f'Field "{min(unknown)}" is unknown')
    if button.get("style", STYLES[0]) not in STYLES:
        raise bad_request("BUTTON_STYLE_INVALID")
    if not actions or button[actions[0]] == "":
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("BUTTON_TYPE_INVALID")
    return {**button, actions[0]: _ACTIONS[actions[0]](button[actions[0]])}


def _unreadable(why: str) -> Exception:
    return bad_request(f"can't parse inline keyboard button: {why}")


def _callback_data(data: object) -> object:
    if not isinstance(data, str):
        raise _unreadable('Field "callback_data" must be of type String')
    if len(data.encode()) > LARGEST_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return data


def _url(url: object) -> object:
    if not isinstance(url, str):
        raise _unreadable('Field "url" must be of type String')
    return checked_link(url, place="inline keyboard button URL")


def _copy_text(value: object) -> object:
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 1 <= utf16_length(text) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return value


def _web_app(value: object) -> object:
    url = value.get("url") if isinstance(value, dict) else None
    if not isinstance(url, str) or not url.startswith("https://"):
        raise bad_request(
            f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed"
        )
    return value


def _not_here(value: object) -> object:
    raise bad_request("BUTTON_TYPE_INVALID")


_ACTIONS: dict[str, Callable[[Any], object]] = {
    "url": _url,
    "callback_data": _callback_data,
    "copy_text": _copy_text,
    "web_app": _web_app,
    "switch_inline_query": _not_here,  # the local bot has no inline mode, no games, no payments
    "switch_inline_query_current_chat": _not_here,
    "switch_inline_query_chosen_chat": _not_here,
    "login_url": _not_here,
    "callback_game": _not_here,
    "pay": _not_here,
}
