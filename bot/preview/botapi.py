"""The HTTP side of the Bot API: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import asyncio
import hmac
import inspect
import json
import logging
from collections import deque
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.errors import StoreError
from bot.preview import commands, editing, fetching, privately, sending  # noqa: F401 - importing them registers their methods
from bot.preview.archive import Archive
from bot.preview.cloud import Cloud
from bot.preview.faults import Call, Faults
from bot.preview.methods import Method, find_method
from bot.preview.params import Params, read_params
from bot.preview.refusals import Refused, bad_request, too_large, unauthorized

LARGEST_REQUEST_BYTES = 52 * 1024 * 1024
"""A bot may upload 50 MB; the rest is room for the other fields."""
MOST_CALLS = 10_000
log = logging.getLogger(__name__)


class BotApi:
    """Answers the bot's calls."""

    def __init__(self, *, cloud: Cloud, archive: Archive, token: str) -> None:
        self._cloud = cloud
        self._archive = archive
        self._token = token
        self.faults: Faults | None = None
        self.recording = False
        self.calls: deque[Call] = deque(maxlen=MOST_CALLS)

    def routes(self) -> list[web.RouteDef]:
        """List the addresses that belong to the Bot API."""
        return [
            web.route("*", "/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download),
        ]

    async def _call(self, request: web.Request) -> web.Response:
        name, params = request.match_info["method"], Params(fields={})
        try:
            self._check_token(request)
            method = find_method(name, with_newer=self._cloud.ephemerals.on)
            name, params = method.name, await _read(request)
            answer = await self._with_faults(request, method, params)
        except Refused as refused:
            answer = _json(refused.status, refused.as_answer(), _retry_header(refused))
        except StoreError as error:
            log.error("%s was not kept: %s", name, error)
            failed = Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
            answer = _json(failed.status, failed.as_answer())
        self._record(request, name, params, answer.status)
        return answer

    async def _with_faults(self, request: web.Request, method: Method, params: Params) -> web.Response:
        fault = self.faults(method.name, params.for_record()) if self.faults else None
        if fault is None:
            return await self._run(method, params)
        await asyncio.sleep(fault.delay_s)
        if fault.drop != "before" and fault.status is None:
            answer = await self._run(method, params)
        else:
            answer = _json(fault.status or HTTPStatus.OK, fault.body, dict(fault.headers))
        if fault.drop is not None and request.transport is not None:
            request.transport.abort()
        return answer

    async def _run(self, method: Method, params: Params) -> web.Response:
        params.check_known((*method.takes, *(method.newer if self._cloud.ephemerals.on else ())))
        result = method.call(self._cloud, params)
        if inspect.isawaitable(result):
            result = await result
        else:
            await self._archive.settled()
        return _json(HTTPStatus.OK, {"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request)
        except Refused as refused:
            return _json(refused.status, refused.as_answer())
        path = request.match_info["path"]
        file = next((file for file in self._cloud.files.values() if file.path == path), None)
        content = await self._archive.content(file.id) if file else None
        if content is None:
            return _json(HTTPStatus.NOT_FOUND, Refused(HTTPStatus.NOT_FOUND, "Not Found").as_answer())
        return web.Response(body=content, content_type="application/octet-stream")

    def _check_token(self, request: web.Request) -> None:
        if not hmac.compare_digest(request.match_info["token"].encode(), self._token.encode()):
            raise unauthorized()

    def _record(self, request: web.Request, name: str, params: Params, status: int) -> None:
        if self.recording:
            cut = request.transport is None or request.transport.is_closing()
            at_s = asyncio.get_running_loop().time()
            self.calls.append(Call(name, params.for_record(), 0 if cut else status, at_s))


async def _read(request: web.Request) -> Params:
    try:
        return await read_params(request)
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None
    except (ValueError, LookupError, HttpProcessingError, web.RequestPayloadError):
        raise bad_request("the request can't be read as its Content-Type says") from None


def _retry_header(refused: Refused) -> dict[str, str]:
    return {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> web.Response:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)
