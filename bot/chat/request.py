"""The wire to the Bot API: aiohttp behind the framework's own request interface, and one lean call.

Law: an error leaving this room names neither the address (the token is in it) nor what was sent, not even in
its `__context__`; and it says whether repeating is safe: `NotDoneError` if Telegram surely did not do it.
"""

import io
import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import aiohttp
from telegram import Bot, InputFile
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.errors import ConfigError

# Not exported at the top, but the only way past the framework's message objects; the version is pinned.
from telegram._utils.defaultvalue import DefaultValue  # isort: skip
from telegram._utils.types import ODVInput  # isort: skip
from telegram.request._requestparameter import RequestParameter  # isort: skip

# The server answered by itself that it could not: what was asked is not done. 504 is not among them: there
# the request went on to a server behind, which may have done it.
_REFUSALS = frozenset(
    {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
)


# Without it the framework warns at every flood pause that `retry_after` will be a timedelta one day.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class NotDoneError(NetworkError):
    """What was asked was surely not done (no connection, or the server said so): repeating it is safe."""


class NotDoneInTimeError(NotDoneError, TimedOut):
    """No connection in time: surely not done."""


class AiohttpRequest(BaseRequest):
    """The framework's requests through aiohttp; make one for getUpdates and one for all else.

    answered: told the HTTP status of every answer.
    """

    def __init__(
        self,
        *,
        connections: int = 256,
        keep_alive_s: float = 75.0,
        read_timeout_s: float | None = 10.0,
        write_timeout_s: float | None = 10.0,
        connect_timeout_s: float | None = 10.0,
        pool_timeout_s: float | None = 10.0,
        media_write_timeout_s: float | None = 30.0,
        answered: Callable[[int], None] = lambda status: None,
    ) -> None:
        self._connections = connections
        self._keep_alive_s = keep_alive_s
        self._read_timeout_s = read_timeout_s
        self._write_timeout_s = write_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._pool_timeout_s = pool_timeout_s
        self._media_write_timeout_s = media_write_timeout_s
        self._answered = answered
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for a piece of the answer where a call names no time of its own."""
        return self._read_timeout_s

    async def initialize(self) -> None:
        """Open the session; safe to call twice, and again after `shutdown`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=self._keep_alive_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close the session with its connections; safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as JSON; unlike the framework's own, it never logs an answer that is none."""
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("Invalid server response")
        return answer

    async def do_request(  # noqa: PLR0917 (the framework's signature)
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One exchange: (status, body); raises NetworkError and its kinds only."""
        if self._session is None:
            raise NotDoneError("this AiohttpRequest is not initialized: await initialize() first")
        uploads = request_data is not None and request_data.contains_files
        timeout = _timeout(
            read_s=_chosen(read_timeout, self._read_timeout_s),
            write_s=_chosen(write_timeout, self._media_write_timeout_s if uploads else self._write_timeout_s),
            connect_s=_chosen(connect_timeout, self._connect_timeout_s),
            pool_s=_chosen(pool_timeout, self._pool_timeout_s),
            whole=request_data is not None,
        )
        failure: NetworkError
        try:
            async with self._session.request(
                method,
                url,
                data=None if request_data is None else _body(request_data),
                timeout=timeout,
                allow_redirects=False,  # a redirect would carry the token to another house
            ) as response:
                self._answered(response.status)
                status, body = _checked(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            failure = _failure(error)
        else:
            return (status if request_data is None else _own_status(status, body)), body
        raise failure  # outside of `except`: no __context__ that shows the address


def _chosen(given: ODVInput[float], default_s: float | None) -> float | None:
    return default_s if isinstance(given, DefaultValue) else given


@lru_cache(maxsize=64)  # a few kinds of calls, each with its times
def _timeout(
    *, read_s: float | None, write_s: float | None, connect_s: float | None, pool_s: float | None, whole: bool
) -> aiohttp.ClientTimeout:
    """aiohttp has none for writing: the whole exchange is bounded by the sum instead (not a download)."""
    parts = (read_s, write_s, connect_s, pool_s)
    return aiohttp.ClientTimeout(
        total=sum(part for part in parts if part is not None) if whole and None not in parts else None,
        connect=None if pool_s is None or connect_s is None else pool_s + connect_s,  # aiohttp counts both
        sock_connect=connect_s,
        sock_read=read_s,
    )


def _body(data: RequestData) -> aiohttp.FormData | bytes | aiohttp.BytesPayload:
    if not data.contains_files:
        encoded = data.url_encoded_parameters({"errors": "replace"}).encode()
        return aiohttp.BytesPayload(encoded, content_type="application/x-www-form-urlencoded")
    form = aiohttp.FormData()
    for name, text in data.json_parameters.items():
        form.add_field(name, text.encode(errors="replace").decode())
    for name, (filename, content, mime) in data.multipart_data.items():
        stream = io.BytesIO(content) if isinstance(content, bytes) else content  # large bytes block the loop
        form.add_field(name, stream, filename=filename, content_type=mime)
    return form


def _checked(status: int, body: bytes) -> tuple[int, bytes]:
    flooded = status == HTTPStatus.TOO_MANY_REQUESTS and not _names_a_pause(body)
    if status in _REFUSALS or flooded:
        raise NotDoneError(f"{HTTPStatus(status).phrase} ({status})")
    return status, body


def _names_a_pause(body: bytes) -> bool:
    """Whether a 429 says how long to wait; a proxy's does not, and of none at all the framework makes no flood."""
    try:
        return float(json.loads(body)["parameters"]["retry_after"]) > 0
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _own_status(status: int, body: bytes) -> int:
    """What the answer says of itself, where a gateway (or a lean server) makes a 200 of a refusal."""
    if status != HTTPStatus.OK or b'"result"' in body:
        return status
    answer = AiohttpRequest.parse_json_payload(body)
    code = answer.get("error_code")
    if answer.get("ok") is not False or not isinstance(code, int) or not 400 <= code < 600:
        raise TelegramError("Invalid server response")
    return _checked(code, body)[0]


def _failure(error: Exception) -> NetworkError:
    """The framework's error for one of aiohttp's, saying the kind of failure and never the address."""
    name = type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return NotDoneInTimeError(f"{name}: no connection in time")
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotDoneError(
            f"{name}: {error.host}:{error.port}: {error.os_error.strerror or 'no connection'}"
        )
    if isinstance(error, TimeoutError):
        return TimedOut(f"{name}: no answer in time")
    return NetworkError(f"{name}: the exchange broke off")


def token_refused() -> ConfigError:
    """One line for the operator whose token the server does not know."""
    return ConfigError(
        "TELEGRAM_BOT_TOKEN: refused by the Bot API server; wanted: the token that @BotFather shows, "
        "for the server in TELEGRAM_API_URL"
    )


def seconds_to_wait(flood: RetryAfter) -> float:
    """How long Telegram asks to be left alone."""
    pause = flood.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def request_data(
    params: Mapping[str, Any], files: Mapping[str, tuple[str, bytes]] | None = None
) -> RequestData:
    """Parameters (JSON values, texts as they are, None left out) and files ({field: (name, content)})."""
    parameters = [RequestParameter(name, value, None) for name, value in params.items() if value is not None]
    for name, (filename, content) in (files or {}).items():
        parameters.append(RequestParameter(name, None, [InputFile(content, filename=filename)]))
    return RequestData(parameters)


async def call(
    bot: Bot,
    method: str,
    params: Mapping[str, Any],
    *,
    files: Mapping[str, tuple[str, bytes]] | None = None,
) -> Any:
    """Call a Bot API method and return its JSON result; no message objects are built (1.75 times as fast).

    Raises the framework's errors: RetryAfter, BadRequest, Forbidden, ChatMigrated, Conflict, InvalidToken,
    TimedOut, NetworkError, and NotDoneError where repeating is safe.
    """
    return await bot.request.post(f"{bot.base_url}/{method}", request_data(params, files))
