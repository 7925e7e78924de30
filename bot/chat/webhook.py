"""The web side of the bot: Telegram's webhook, and a health page in every mode.

Law: 200 only after the update is in the store; a request without the secret learns nothing, and is
not read.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.chat.intake import Arrived, Intake
from bot.chat.soundness import numbered
from bot.errors import OverloadedError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the header's name)
BODY_LIMIT = 1024 * 1024  # bytes; an update is a few kB, a forwarded long text with entities some tens
RETRY_AFTER_S = "5"


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRoute:
    """Where updates arrive: the path of the public address, the secret, and who keeps them."""

    intake: Intake
    path: str
    secret: str


def web_app(
    *, health: Callable[[], Mapping[str, Any]], webhook: WebhookRoute | None = None
) -> web.Application:
    """The aiohttp application for NABLA_LISTEN: `/healthz` always, the webhook if there is one.

    health: facts for `/healthz`; 503 if its `ok` is false.
    """
    app = web.Application(client_max_size=BODY_LIMIT)

    async def healthz(_request: web.Request) -> web.Response:
        facts = dict(health())
        return web.json_response(facts, status=200 if facts.get("ok", True) else 503)

    app.router.add_get("/healthz", healthz)
    if webhook is not None:
        app.router.add_post(webhook.path, _receiver(webhook))
    return app


def _receiver(webhook: WebhookRoute) -> Callable[[web.Request], Any]:
    secret = webhook.secret.encode()

    async def receive(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, secret):
            return web.Response(status=403)
        try:
            one = parse(await request.read())
        except (web.RequestPayloadError, ConnectionError):  # the sender went away
            one = None
        if one is None:
            return web.Response(status=400, text="not an update")
        try:
            await webhook.intake.take([one])
        except OverloadedError:
            return web.Response(status=503, headers={"Retry-After": RETRY_AFTER_S})
        return web.Response()

    return receive


def parse(payload: bytes) -> Arrived | None:
    """The update in a webhook's body, which is kept as it came; None if it is none."""
    try:
        body = payload.decode()
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return Arrived(update_id=update["update_id"], body=body, update=update) if numbered(update) else None
