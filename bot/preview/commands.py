"""Methods about the bot's lists of commands, one for each scope and language."""

import re

from bot.preview.access import Access
from bot.preview.chats import Object
from bot.preview.cloud import Cloud
from bot.preview.menus import KINDS, key_of
from bot.preview.methods import chat_named, list_of, method
from bot.preview.params import Params
from bot.preview.refusals import bad_request

MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256
_COMMAND = re.compile(r"/?[a-z0-9_]{1,32}")
_OF_ONE_CHAT = ("chat", "chat_administrators", "chat_member")


@method("setMyCommands", "commands scope language_code")
def set_my_commands(cloud: Cloud, params: Params) -> bool:
    """Set the bot's commands for a scope and language."""
    commands = [_command(given) for given in list_of(params, "commands", what="BotCommand")]
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    _keep(cloud, _scope(cloud, params), commands)
    return True


@method("getMyCommands", "scope language_code")
def get_my_commands(cloud: Cloud, params: Params) -> list[Object]:
    """Give the bot's commands for exactly this scope and language."""
    return list(cloud.settings.get("commands", {}).get(_scope(cloud, params), []))


@method("deleteMyCommands", "scope language_code")
def delete_my_commands(cloud: Cloud, params: Params) -> bool:
    """Forget the bot's commands for a scope and language."""
    _keep(cloud, _scope(cloud, params), None)
    return True


def _keep(cloud: Cloud, scope: str, commands: list[Object] | None) -> None:
    others = {name: kept for name, kept in cloud.settings.get("commands", {}).items() if name != scope}
    cloud.set("commands", {**others, scope: commands} if commands else others)
    cloud.show({"type": "commands", "commands": cloud.commands()})


def _command(given: object) -> Object:
    if not isinstance(given, dict) or not isinstance(given.get("command"), str):
        raise bad_request("can't parse BotCommand: expected an Object with a command")
    if not _COMMAND.fullmatch(given["command"]):
        raise bad_request("BOT_COMMAND_INVALID")
    description = str(given.get("description", "")).strip()
    if not description:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(description) > LONGEST_DESCRIPTION:
        raise bad_request(f"command description length must not exceed {LONGEST_DESCRIPTION}")
    return {"command": given["command"].removeprefix("/"), "description": description}


def _scope(cloud: Cloud, params: Params) -> str:
    """Give the key of the list that a call names."""
    scope = params.value("scope", "BotCommandScope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise _unreadable("BotCommandScope must be an Object")
    if scope.get("type") not in KINDS:
        raise _unreadable("Unsupported type specified")
    language = params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    return key_of(scope["type"], language, *_ids(cloud, scope))


def _ids(cloud: Cloud, scope: Object) -> tuple[int, ...]:
    """Read which chat, and whom in it, a scope means; the bot must be able to see its members."""
    if scope["type"] not in _OF_ONE_CHAT:
        return ()
    if "chat_id" not in scope:
        raise _unreadable('Can\'t find field "chat_id"')
    if scope["chat_id"] == "":
        raise _unreadable("Empty chat_id specified")
    user: tuple[int, ...] = ()
    if scope["type"] == "chat_member":
        if "user_id" not in scope:
            raise _unreadable('Can\'t find field "user_id"')
        if not isinstance(scope["user_id"], int) or scope["user_id"] <= 0:
            raise _unreadable("Invalid user_id specified")
        user = (scope["user_id"],)
    return (chat_named(cloud, str(scope["chat_id"]), Access.MEMBERS).id, *user)


def _unreadable(why: str) -> Exception:
    return bad_request(f"can't parse BotCommandScope: {why}")
