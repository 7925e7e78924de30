"""Logs: what happened, by ids; never a token, a secret or what a person wrote.

Law: whatever is logged, by us or by a library, leaves through one formatter that takes secrets out, tracebacks
included.
"""

import logging
import sys

from bot.config import Settings

HIDDEN = "[hidden]"


class Discreet(logging.Formatter):
    """A formatter that hides secrets in the whole record."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The record as text without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Everything that must not be seen; the token's second half alone too."""
    token = settings.token or ""
    found = [token, token.partition(":")[2]]
    if settings.webhook:
        found.append(settings.webhook.secret)
    if "@" in settings.database_url:
        found.append(settings.database_url)
    return tuple(secret for secret in found if len(secret) > 3)


def set_up_logs(settings: Settings) -> None:
    """Log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet(secrets_of(settings)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bot").setLevel(logging.INFO)
