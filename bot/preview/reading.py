"""Reads a text or a caption with its entities from a call, as strictly as Telegram does."""

import re
from typing import Any

from bot.preview.chats import Object
from bot.preview.cloud import Cloud
from bot.preview.content import LONGEST_CAPTION, LONGEST_TEXT, text_content
from bot.preview.entities import FOUND, Entity, Formatted, Kind, utf16_length
from bot.preview.links import checked_link
from bot.preview.params import Params
from bot.preview.refusals import bad_request
from bot.preview.tidying import tidy

_DATE_TIME = re.compile(r"r|w?[dD]?[tT]?")


def read_text(cloud: Cloud, params: Params) -> Object:
    if not params.text("text"):
        raise bad_request("message text is empty")
    formatted = _formatted(cloud, params, "text", "entities")
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if utf16_length(formatted.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text_content(formatted)


def read_caption(cloud: Cloud, params: Params) -> Object:
    formatted = _formatted(cloud, params, "caption", "caption_entities")
    if utf16_length(formatted.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    if not formatted.text:
        return {}
    return text_content(formatted, text="caption", entities="caption_entities")


def _formatted(cloud: Cloud, params: Params, text: str, entities: str) -> Formatted:
    if params.text("parse_mode"):
        raise bad_request("unsupported parse_mode: this house sends text with entities, never markup")
    given = params.value(entities, "entities")
    if not isinstance(given, list | None):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    read = [_entity(cloud, entity) for entity in given or ()]
    return tidy(params.text(text), [entity for entity in read if entity])


def _entity(cloud: Cloud, given: object) -> Entity | None:
    """Read one MessageEntity; types that Telegram finds by itself are passed over."""
    if not isinstance(given, dict):
        raise _unreadable("expected an Object")
    bounds = [_bound(given, name) for name in ("offset", "length")]
    try:
        kind = Kind(given.get("type"))
    except ValueError:
        raise _unreadable("Unsupported type specified") from None
    if kind in FOUND:
        return None
    return Entity(kind=kind, offset=bounds[0], length=bounds[1], extra=_extra(cloud, kind, given))


def _bound(given: Object, name: str) -> int:
    if name not in given:
        raise _unreadable(f'Can\'t find field "{name}"')
    if not isinstance(given[name], int) or isinstance(given[name], bool):
        raise _unreadable(f'Field "{name}" must be of type Number')
    return int(given[name])


def _extra(cloud: Cloud, kind: Kind, given: Object) -> Object:
    """Give what an entity of this kind carries besides its bounds."""
    match kind:
        case Kind.TEXT_LINK:
            return {"url": checked_link(str(_field(given, "url")), place="entity URL")}
        case Kind.TEXT_MENTION:
            user = _field(given, "user")
            user_id = user.get("id") if isinstance(user, dict) else None
            return {"user": cloud.directory.user(user_id if isinstance(user_id, int) else 0).as_object()}
        case Kind.CUSTOM_EMOJI:
            if not str(_field(given, "custom_emoji_id")).isdecimal():
                raise _unreadable('Field "custom_emoji_id" must be a valid Number')
            return {"custom_emoji_id": given["custom_emoji_id"]}
        case Kind.DATE_TIME:
            return _date_time(given)
        case Kind.PRE if given.get("language"):
            return {"language": str(given["language"])}
        case _:
            return {}


def _date_time(given: Object) -> Object:
    """Read a moment that each reader sees in their own zone: relative, or weekday, date and time, short or long."""
    moment, form = _field(given, "unix_time"), given.get("date_time_format") or ""
    if not isinstance(moment, int) or isinstance(moment, bool):
        raise _unreadable('Field "unix_time" must be of type Number')
    if not isinstance(form, str):
        raise _unreadable('Field "date_time_format" must be of type String')
    if not _DATE_TIME.fullmatch(form):
        raise _unreadable("Invalid date_time_format specified")  # the service's own words are not known
    return {"unix_time": moment, **({"date_time_format": form} if form else {})}


def _field(given: Object, name: str) -> Any:
    if name not in given:
        raise _unreadable(f'Can\'t find field "{name}"')
    return given[name]


def _unreadable(why: str) -> Exception:
    return bad_request(f"can't parse MessageEntity: {why}")
