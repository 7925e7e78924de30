"""What an update must be before anything is built on it.

Law: Telegram keeps these promises; what does not is refused at the door, since behind it an id that is no
number could be neither stored nor answered, and would come again at every start.
"""

from telegram import Update

MOST_BITS = 63  # of an id; Telegram promises at most 52, SQLite holds no more


def checked(update: Update) -> Update:
    """The same update; TypeError names the first field that is not what the Bot API promises."""
    user, chat = update.effective_user, update.effective_chat
    if user is not None:
        _check_id("user.id", user.id)
        _check_text("user.first_name", user.first_name)
        _check_text("user.language_code", user.language_code or "")
    if chat is not None:
        _check_id("chat.id", chat.id)
    if update.message is not None:
        _check_id("migrate_to_chat_id", update.message.migrate_to_chat_id or 0)
        _check_id("migrate_from_chat_id", update.message.migrate_from_chat_id or 0)
    return update


def _check_id(field: str, value: object) -> None:
    if type(value) is not int or value.bit_length() > MOST_BITS:
        raise TypeError(f"{field} is no id")


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{field} is no text")


def numbered(update: object) -> bool:
    """Whether it is an object with an update id that can be stored."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return type(number) is int and 0 <= number < 1 << MOST_BITS
