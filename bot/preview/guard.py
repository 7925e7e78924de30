"""Keeps other web sites out: a page elsewhere must neither read this chat nor talk to it.

The Host header is checked against rebound names, Origin and Sec-Fetch-Site against requests that another
site makes a browser send (the local token is no secret), and every answer carries strict headers.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from bot.config import LOOPBACK

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (recognized, not bound here)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def guard(hosts: Iterable[str]) -> Middleware:
    """Make the check that lets in only requests addressed to these hosts, from our own page or from no page.

    Who listens everywhere is addressed by any of the machine's addresses: those are let in, names still are not,
    since only a name can be rebound.
    """
    names = LOOPBACK | {host.strip("[]").lower() for host in hosts}
    everywhere = bool(names & EVERYWHERE)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = _name(request.host)
        if name not in names and not (everywhere and _is_address(name)):
            raise web.HTTPForbidden(text="This host name is not served here.")
        if not _is_ours(request):
            raise web.HTTPForbidden(text="Another site may not talk to this chat.")
        return await handler(request)

    return check


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on an answer."""
    response.headers.update(_HEADERS)


def _is_address(name: str | None) -> bool:
    try:
        return bool(ip_address(name or ""))
    except ValueError:
        return False


def _name(host: str) -> str | None:
    try:
        return URL(f"http://{host}").host
    except ValueError:
        return None


def _is_ours(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin.lower() == f"{request.scheme}://{request.host}".lower()
    return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
