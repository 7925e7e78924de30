"""The parameters of a call, read from a query string, a form, an upload or JSON.

Values are kept as the strings that a form would hold (nested ones as JSON), since that is how the Bot
API reads them whatever the request's type; numbers and flags are read as leniently as it does.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from bot.preview.refusals import bad_request, unknown_parameter

_YES = ("true", "yes", "1")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file as it came with a request."""

    name: str
    content: bytes
    mime_type: str


@dataclass(frozen=True, kw_only=True)
class Params:
    """What a call was given."""

    fields: Mapping[str, str]
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def check_known(self, known: Iterable[str]) -> None:
        """Refuse what the method does not take; uploads named by `attach://` are taken."""
        allowed = set(known)
        attached = {name for name in self.uploads if f"attach://{name}" in "".join(self.fields.values())}
        for name in [*self.fields, *(name for name in self.uploads if name not in attached)]:
            if name not in allowed:
                raise unknown_parameter(name)

    def text(self, name: str) -> str:
        """Give a string, empty if it was left out."""
        return self.fields.get(name, "")

    def integer(
        self, name: str, default: int = 0, *, least: int | None = None, most: int | None = None
    ) -> int:
        """Give a whole number held within its bounds; what is no number counts as left out."""
        try:
            number = int(self.fields[name])
        except (KeyError, ValueError):
            number = default
        if least is not None:
            number = max(least, number)
        return number if most is None else min(most, number)

    def numbers(self, name: str, *, what: str) -> list[int]:
        """Give a list of whole numbers."""
        value = self.value(name, what)
        if not isinstance(value, list):
            raise bad_request(f"expected an Array of {what}")
        try:
            return [int(number) for number in value]
        except (TypeError, ValueError):
            raise bad_request(f"{what} must be valid Numbers") from None

    def flag(self, name: str) -> bool:
        """Give a flag, false if it was left out."""
        return self.text(name).strip().lower() in _YES

    def value(self, name: str, what: str) -> Any:
        """Give a nested value, None if it was left out or empty; `what` names it in the refusal."""
        raw = self.text(name)
        if not raw:
            return None
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"can't parse {what} JSON object") from error

    def for_record(self) -> dict[str, str]:
        """Give the parameters for a log of calls, uploads by their size."""
        sizes = {
            name: f"{upload.name} ({len(upload.content)} bytes)" for name, upload in self.uploads.items()
        }
        return {**self.fields, **sizes}


async def read_params(request: web.Request) -> Params:
    """Read the parameters of a Bot API request."""
    fields = dict(request.query)
    if request.content_type == "application/json":
        fields.update(_from_json(await request.text()))
        return Params(fields=fields)
    form = await request.post()
    uploads: dict[str, Upload] = {}
    for name, value in form.items():
        if isinstance(value, FileField):
            uploads[name] = await asyncio.to_thread(_upload, value)  # it may lie in a temporary file
        else:
            fields[name] = value if isinstance(value, str) else bytes(value).decode(errors="replace")
    return Params(fields=fields, uploads=uploads)


def _from_json(raw: str) -> dict[str, str]:
    try:
        given = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(given, dict):
        raise bad_request("object expected")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
        if value is not None
    }


def _upload(value: FileField) -> Upload:
    with value.file:
        return Upload(name=value.filename, content=value.file.read(), mime_type=value.content_type)
