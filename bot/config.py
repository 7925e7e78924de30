"""Settings: flags win over the environment, the environment over `.env`; what is wrong is one clear line.

Law: a Settings that exists is whole and can be acted on. A message names the variable, the value and the
wanted form; the value of a secret is never repeated.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bot.errors import ConfigError

T = TypeVar("T")

TOKEN = "TELEGRAM_BOT_TOKEN"  # noqa: S105 (the variable's name)
API_URL = "TELEGRAM_API_URL"
PREFIX = "NABLA_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """Where Telegram sends updates, and the secret that it sends along."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything an operator can choose; no token means the local chat page."""

    token: str | None = field(repr=False)
    api_url: str
    lessons: Path
    database_url: str = field(repr=False)  # may hold a password
    webhook: Webhook | None
    host: str
    port: int
    trainers: int
    admins: frozenset[int]

    @property
    def local(self) -> bool:
        """Whether the local chat page is served instead of Telegram."""
        return self.token is None


def read_settings(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    host: str | None = None,
    port: int | None = None,
) -> Settings:
    """Settings from flags, environment and `.env` file, in this order; ConfigError names what is wrong."""
    values = _known(_merged(environ, env_file))
    token = _token(values.get(TOKEN, ""))
    listen_host, listen_port = _take(
        values, "NABLA_LISTEN", "127.0.0.1:8080", _listen, "HOST:PORT, such as 0.0.0.0:8080"
    )
    _take(values, "NABLA_ENGINE", "local", _engine, "local (procrastinate is documented but not built yet)")
    default_database = "sqlite:///data/nabla.db" if token else "sqlite:///data/local.db"
    return Settings(
        token=token,
        api_url=_take(
            values, API_URL, "https://api.telegram.org", _api_url, "an http(s) address without /bot"
        ),
        lessons=Path(values.get("NABLA_LESSONS") or "lessons"),
        database_url=values.get("NABLA_DATABASE_URL") or default_database,
        webhook=_webhook(values, token),
        host=host if host is not None else listen_host,
        port=port if port is not None else listen_port,
        trainers=_take(values, "NABLA_TRAINERS", "1", _trainers, "a whole number from 1 to 64"),
        admins=_take(values, "NABLA_ADMINS", "", _admins, "Telegram user ids, comma-separated"),
    )


NAMES = (
    TOKEN,
    API_URL,
    "NABLA_LESSONS",
    "NABLA_DATABASE_URL",
    "NABLA_WEBHOOK_URL",
    "NABLA_WEBHOOK_SECRET",
    "NABLA_LISTEN",
    "NABLA_TRAINERS",
    "NABLA_ENGINE",
    "NABLA_ADMINS",
)


def _merged(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """The environment over the file; an empty value counts as not given."""
    from_file: dict[str, str | None] = {}
    if env_file is not None and env_file.is_file():
        try:
            from_file = dotenv_values(env_file, interpolate=False)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{env_file}: cannot be read ({type(error).__name__}); wanted: NAME=VALUE lines"
            ) from None
    both = {**from_file, **environ}
    return {name: value.strip() for name, value in both.items() if value and value.strip()}


def _known(values: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse NABLA_ names that do not exist: a misspelt setting must not be silently ignored."""
    for name in sorted(values):
        if name.startswith(PREFIX) and name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            advice = f"did you mean {near[0]}?" if near else "known are " + ", ".join(NAMES)
            raise ConfigError(f"{name}: there is no such setting; {advice}")
    return values


def _take(values: Mapping[str, str], name: str, default: str, parse: Callable[[str], T], wanted: str) -> T:
    value = values.get(name, default)
    try:
        return parse(value)
    except ValueError:
        raise ConfigError(f"{name}: {value!r} is not usable; wanted: {wanted}") from None


def _token(value: str) -> str | None:
    if value and not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]+", value):
        raise ConfigError(
            f"{TOKEN}: the value (not shown) is no bot token; wanted: 123456:ABC… as @BotFather shows it"
        )
    return value or None


def _api_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError
    if parts.port == 0 or parts.path.rstrip("/").endswith("/bot"):
        raise ValueError
    return value.rstrip("/")


def _listen(value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if (
        not colon
        or not host
        or not port.isdecimal()
        or int(port) > 65535
        or not re.fullmatch(r"[\w.:%-]+", host)
    ):
        raise ValueError
    return host, int(port)


def _trainers(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 64:
        raise ValueError
    return int(value)


def _admins(value: str) -> frozenset[int]:
    ids = [part.strip() for part in value.split(",") if part.strip()]
    if not all(part.isdecimal() and len(part) < 20 for part in ids):
        raise ValueError
    return frozenset(int(part) for part in ids)


def _engine(value: str) -> str:
    if value != "local":
        raise ValueError
    return value


def _webhook(values: Mapping[str, str], token: str | None) -> Webhook | None:
    url = values.get("NABLA_WEBHOOK_URL")
    if url is None:
        return None
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"NABLA_WEBHOOK_URL: {url!r} is not usable; wanted: https://HOST/PATH (http for loopback only)"
        )
    if token is None:
        raise ConfigError(f"{TOKEN}: missing; wanted: the bot's token, since NABLA_WEBHOOK_URL is set")
    secret = values.get("NABLA_WEBHOOK_SECRET", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        fact = "the value (not shown) is not usable" if secret else "missing"
        raise ConfigError(f"NABLA_WEBHOOK_SECRET: {fact}; wanted: 1 to 256 characters of A-Z a-z 0-9 _ -")
    return Webhook(url=url, secret=secret)
