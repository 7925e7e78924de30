"""Logs: what happened, by ids; never a token, a secret or what a person wrote.

Law: whatever is logged, by us or by a library, leaves through one formatter that takes secrets out. Of an
error it tells the kind and the place: its message may quote a person, so only those of our own and of the
system are kept.
"""

import asyncio
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError

from bot.config import Settings
from bot.errors import NablaError

HIDDEN = "[hidden]"
CHAIN = 8  # errors behind an error

log = logging.getLogger("bot")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Everything that must not be seen; the token's second half alone too. The longest come first."""
    token = settings.token or ""
    found = [token, token.partition(":")[2]]
    if settings.webhook:
        found.append(settings.webhook.secret)
    _, at, _ = settings.database_url.rpartition("@")
    if at:
        found += [settings.database_url, settings.database_url.rpartition("@")[0].rpartition(":")[2]]
    return tuple(sorted((secret for secret in found if len(secret) > 3), key=len, reverse=True))


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """The text without secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def kind_of(error: BaseException) -> str:
    """An error without what it may quote."""
    name = type(error).__name__
    if isinstance(error, NablaError):
        return f"{name}: {error}"
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}" if error.strerror else name
    if isinstance(error, ImportError):
        return f"{name}: {error.name}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name}: {', '.join(map(kind_of, error.exceptions))}"
    return name


class Discreet(logging.Formatter):
    """A formatter that hides secrets in the whole record, and the words of errors."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The record as text without secrets."""
        copy = logging.makeLogRecord(record.__dict__)
        if isinstance(copy.args, tuple):
            copy.args = tuple(kind_of(a) if isinstance(a, BaseException) else a for a in copy.args)
        return hide(super().format(copy), self._secrets)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 (the name that logging calls)
        """Frames and kinds, the first error first, as Python writes them."""
        parts: list[str] = []
        error = ei[1]
        while error is not None and len(parts) < CHAIN:
            frames = "".join(traceback.format_tb(error.__traceback__))
            parts.append(f"Traceback (most recent call last):\n{frames}{kind_of(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(reversed(parts))


def is_ours(record: logging.LogRecord) -> bool:
    """Whether a record tells of this program; what a stranger sent that is no HTTP has got its 400."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def set_up_logs(settings: Settings) -> None:
    """Log to standard error, and let what nobody caught leave through the log too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet(secrets_of(settings)))
    handler.addFilter(is_ours)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a record that cannot be written would be printed as it is
    sys.excepthook = lambda kind, error, trace: _uncaught("nabla stopped", error)
    sys.unraisablehook = lambda args: _uncaught("passed over", args.exc_value)
    threading.excepthook = lambda args: _uncaught("a thread ended", args.exc_value)


def log_of_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the event loop has to report, without the values it would print."""
    log.error("event loop: %s", context["message"], exc_info=context.get("exception"))


def _uncaught(what: str, error: BaseException | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    log.critical("%s by an error that nobody expected; please report it", what, exc_info=error)
