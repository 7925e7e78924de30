"""Which links Telegram takes in a text or on a button, and the form it keeps them in."""

from urllib.parse import SplitResult, urlsplit

from bot.preview.refusals import bad_request

WEB = ("http", "https")
OWN = ("tg", "ton", "tonsite")
"""Schemes of Telegram itself; what follows them is not checked."""


def checked_link(url: str, *, place: str) -> str:
    """Give a link as Telegram keeps it; refuse it as `<place> '<url>' is invalid: <why>`."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme in OWN:
        return url
    why = _fault(parts)
    if why:
        raise bad_request(f"{place} '{url}' is invalid: {why}")
    return parts._replace(path=parts.path or "/").geturl()


def _fault(parts: SplitResult) -> str | None:
    if parts.scheme not in WEB:
        return "Unsupported URL protocol"
    host = parts.hostname or ""
    if not host:
        return "URL host is empty"
    if "." not in host.strip(".") or any(character.isspace() for character in host):
        return "Wrong HTTP URL"  # a name without a dot too: localhost is refused by Telegram as well
    return None
