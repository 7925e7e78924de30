"""Logs: what happened, by ids; never a token, a secret or what a person wrote.

Law: whatever is logged, by us or by a library, leaves through one formatter that takes secrets out. Of an
error it tells the kind and the place: its message may quote a person, so only those of our own and of the
system are kept. A terminal gets lines for people, everything else (a file, a container) one JSON object a line.
"""

import asyncio
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote

from rich.console import Console
from rich.text import Text

from bot.config import Settings
from bot.errors import NablaError
from bot.tally import RECORDS, Tally

HIDDEN = "[hidden]"
CHAIN = 8  # errors behind an error
COLOURS = {"WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
# What a record names by an id: `word %d`, `user %s` in its template become fields of a line for programs.
IDS = frozenset({"update", "user", "learner", "chat", "word", "training", "post", "process"})
PLACE = re.compile(r"(?:(\w+) )?%(?:[-#0 +]*[0-9.]*[a-zA-Z]|%)")
PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")  # an id that is no number: a code

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
        password = settings.database_url.rpartition("@")[0].rpartition(":")[2]
        found += [settings.database_url, password, unquote(password)]
    found += parse_qs(settings.database_url.partition("?")[2]).get("password", [])
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
        return hide(super().format(self.discreet(record)), self._secrets)

    @staticmethod
    def discreet(record: logging.LogRecord) -> logging.LogRecord:
        """The same record with errors among its arguments told by their kind."""
        copy = logging.makeLogRecord(record.__dict__)
        if isinstance(copy.args, tuple):
            copy.args = tuple(kind_of(a) if isinstance(a, BaseException) else a for a in copy.args)
        return copy

    def hidden(self, value: int | str) -> int | str:
        """A field without secrets."""
        return hide(value, self._secrets) if isinstance(value, str) else value

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
    if not record.exc_info:
        return True
    from aiohttp.http_exceptions import HttpProcessingError  # noqa: PLC0415 (commands without a server do without)

    return not isinstance(record.exc_info[1], HttpProcessingError)


class JsonLines(Discreet):
    """The same for programs: one JSON object, on one line whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """`ts` (UTC), `level`, `room` (the logger), `event`, ids that it names, `traceback` if there is one."""
        copy = self.discreet(record)
        fields: dict[str, Any] = {
            "ts": datetime.fromtimestamp(copy.created, UTC).isoformat(timespec="milliseconds"),
            "level": copy.levelname.lower(),
            "room": copy.name.removeprefix("bot."),
            "event": copy.getMessage(),
            **ids_in(copy.msg, copy.args),
        }
        if copy.exc_info:
            fields["traceback"] = self.formatException(copy.exc_info)
        # Before they are JSON: there a sign of a secret may be written in another way.
        return json.dumps({name: self.hidden(value) for name, value in fields.items()})


class Terminal(logging.StreamHandler[Any]):
    """Lines for people: what is wrong stands out."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._console = Console(file=sys.stderr, soft_wrap=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record, coloured by how bad it is."""
        try:
            self._console.print(Text(self.format(record), style=COLOURS.get(record.levelname, "")))
        except Exception:  # noqa: BLE001 (as every handler of logging does)
            self.handleError(record)


def ids_in(template: object, arguments: object) -> dict[str, int | str]:
    """The ids that a record names, by its template: `("word %d to chat %d", (5, 7))` → `{"word": 5, "chat": 7}`."""
    if not isinstance(template, str) or not isinstance(arguments, tuple):
        return {}
    names = [match[1] for match in PLACE.finditer(template) if not match[0].endswith("%%")]
    found: dict[str, int | str] = {}
    for name, value in zip(names, arguments, strict=False):
        is_id = type(value) is int or (isinstance(value, str) and PLAIN.fullmatch(value))
        if name in IDS and is_id:
            found.setdefault(name, value)
    return found


class _Counting(logging.Handler):
    """Counts records, says nothing."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(logging.WARNING)
        self.addFilter(is_ours)
        self._tally = tally

    def emit(self, record: logging.LogRecord) -> None:
        """One more of its level (in any thread: a handler is called by one at a time)."""
        self._tally.add(RECORDS, record.levelname.lower())


@contextmanager
def counted_logs(tally: Tally) -> Iterator[None]:
    """While it lasts, warnings and worse are counted."""
    handler = _Counting(tally)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def set_up_logs(settings: Settings) -> None:
    """Log to standard error, and let what nobody caught leave through the log too."""
    secrets = secrets_of(settings)
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = Terminal()
        handler.setFormatter(Discreet(secrets))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines(secrets))
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
