"""Telegram's webhook, and whatever else the bot serves on the same address.

Law: 200 only after the update is in the store; a request without the secret learns nothing, and is not read.
Who is slow, large or broken is refused alone: nobody else waits for them.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.chat.intake import Arrived, Intake
from bot.chat.soundness import numbered
from bot.errors import OverloadedError, StoreError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the header's name)
BODY_LIMIT = 1024 * 1024  # bytes; an update is a few kB, a forwarded long text with entities some tens
BODY_S = 10.0  # for a whole body; Telegram, or the proxy before us, sends it in one piece
KEEP_ALIVE_S = 75.0  # longer than a proxy keeps a line; also what a client has for its first head
LINGER_S = 2.0  # how long the rest of a refused body is read away, so that its sender sees the answer
RETRY_AFTER_S = "5"

log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class WebhookRoute:
    """Where updates arrive: the path of the public address, the secret, and who keeps them, once somebody does."""

    path: str
    secret: str
    intake: Intake | None = None
    body_s: float = BODY_S


class _NoUpdateError(Exception):
    """What was sent is no update; the message says why, in words that quote nothing."""


def web_app(*, routes: Iterable[web.RouteDef], webhook: WebhookRoute | None = None) -> web.Application:
    """The aiohttp application for NABLA_LISTEN: these routes, and the webhook if there is one."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app.add_routes(routes)
    if webhook is not None:
        app.router.add_post(webhook.path, _receiver(webhook))
    return app


def runner_of(app: web.Application, *, stop_s: float) -> web.AppRunner:
    """What serves it; `stop_s`: how long answers under way may take when it stops."""
    return web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=stop_s,
        keepalive_timeout=KEEP_ALIVE_S,
        lingering_time=LINGER_S,
        # Telegram packs nothing, and what a stranger packs wrongly would be a traceback in the log.
        auto_decompress=False,
    )


def _receiver(webhook: WebhookRoute) -> Callable[[web.Request], Any]:
    secret = webhook.secret.encode()

    async def receive(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, secret):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        intake = webhook.intake
        if intake is None:  # starting or stopping: Telegram keeps it
            return _later()
        try:
            one = parse(await _body(request, webhook.body_s))
        except TimeoutError:
            return _refused(HTTPStatus.REQUEST_TIMEOUT, "the body did not come in time")
        except _NoUpdateError as error:
            return _refused(HTTPStatus.BAD_REQUEST, f"not an update: {error}")
        return await _keep(intake, one)

    return receive


async def _body(request: web.Request, timeout_s: float) -> bytes:
    """The whole body; TimeoutError for a slow one, 413 for one that is (or says it is) too large."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, request.content_length or 0)
    try:
        async with asyncio.timeout(timeout_s):
            return await request.read()
    except (web.RequestPayloadError, ConnectionError):  # the sender went away, or its chunks are none
        raise _NoUpdateError("the body broke off") from None


async def _keep(intake: Intake, one: Arrived) -> web.Response:
    try:
        await intake.take([one])
    except OverloadedError:
        return _later()
    except StoreError as error:  # the disk is full, say: Telegram keeps the update and comes again
        log.error("update %d was not kept: %s", one.update_id, error)
        return _later()
    return web.Response()


def _later() -> web.Response:
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": RETRY_AFTER_S})


def _refused(status: HTTPStatus, fact: str) -> web.Response:
    """An answer after which this connection is of no use any more."""
    response = web.Response(status=status, text=fact)
    response.force_close()
    return response


def parse(payload: bytes) -> Arrived:
    """The update in a webhook's body, which is kept as it came."""
    try:
        body = payload.decode()
    except ValueError:
        raise _NoUpdateError("the body is not UTF-8") from None
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        raise _NoUpdateError("the body is not JSON") from None
    if not numbered(update):
        raise _NoUpdateError("update_id is missing, or no number that Telegram gives")
    return Arrived(update_id=update["update_id"], body=body, update=update)
