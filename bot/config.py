"""Settings: flags win over the environment, the environment over `.env`; what is wrong is one clear line.

Law: a Settings that exists is whole and can be acted on. A message names the variable, the value and the
wanted form; the value of a secret is never repeated, nor anything else that looks like one.
"""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from dotenv.parser import parse_stream

from bot.errors import ConfigError

T = TypeVar("T")

TOKEN = "TELEGRAM_BOT_TOKEN"  # noqa: S105 (the variable's name)
API_URL = "TELEGRAM_API_URL"
SECRET = "NABLA_WEBHOOK_SECRET"  # noqa: S105 (the variable's name)
NAMES = (
    TOKEN,
    API_URL,
    "NABLA_LESSONS",
    "NABLA_DATABASE_URL",
    "NABLA_WEBHOOK_URL",
    SECRET,
    "NABLA_LISTEN",
    "NABLA_TRAINERS",
    "NABLA_ENGINE",
    "NABLA_ADMINS",
)
PREFIX = "NABLA_"
LOCAL, QUEUED = "local", "procrastinate"  # where training runs
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_SHOWN = 100  # characters of a value that a message repeats


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """Where Telegram sends updates, and the secret that it sends along."""

    url: str = field(repr=False)  # many put the token into its path
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
    engine: str  # `local` or `procrastinate`
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
    if host is not None:
        host = _take({**values, "--host": host}, "--host", "", _host, "an address or a name of this machine")
    listen_host, listen_port = _take(
        values, "NABLA_LISTEN", "127.0.0.1:8080", _listen, "HOST:PORT, such as 0.0.0.0:8080"
    )
    return Settings(
        token=token,
        api_url=_take(
            values, API_URL, "https://api.telegram.org", _api_url, "http(s)://HOST without /bot and user"
        ),
        lessons=_take(values, "NABLA_LESSONS", "lessons", _folder, "a folder of lesson files"),
        database_url=values.get("NABLA_DATABASE_URL")
        or ("sqlite:///data/nabla.db" if token else "sqlite:///data/local.db"),
        webhook=_webhook(values, token),
        host=listen_host if host is None else host,
        port=listen_port if port is None else port,
        engine=_engine(values),
        trainers=_take(values, "NABLA_TRAINERS", "1", _trainers, "a whole number from 1 to 64"),
        admins=_take(values, "NABLA_ADMINS", "", _admins, "Telegram user ids, comma-separated"),
    )


def _merged(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """The environment over the file. An empty value is the default, whatever the file says."""
    both = {**(_from_file(env_file) if env_file else {}), **environ}
    return {name: value.strip() for name, value in both.items() if value and value.strip()}


def _from_file(path: Path) -> dict[str, str | None]:
    """The values of a `.env` file, none if there is none; ConfigError names a line that is no setting."""
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        fact = f"cannot be read ({type(error).__name__})"
        raise ConfigError(f"{path}: {fact}; wanted: NAME=VALUE lines in UTF-8") from None
    found: dict[str, str | None] = {}
    for binding in parse_stream(StringIO(text)):
        whole = binding.original.string
        line = binding.original.line + whole[: len(whole) - len(whole.lstrip())].count("\n")
        if binding.error:
            raise ConfigError(f"{path}:{line}: the line (not shown) is no setting; wanted: NAME=VALUE")
        if binding.key is not None:
            found[binding.key] = binding.value
    return found


def _known(values: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse NABLA_ names that do not exist: a misspelt setting must not be silently ignored."""
    stems = {name.partition("_")[2]: name for name in NAMES}
    for name in sorted(values):
        if name.upper().startswith(PREFIX) and name not in NAMES:
            near = difflib.get_close_matches(name[len(PREFIX) :].upper(), stems, n=1)
            advice = f"did you mean {stems[near[0]]}?" if near else "known are " + ", ".join(NAMES)
            shown = name if re.fullmatch(r"\w{1,60}", name, re.ASCII) else repr(name[:60])
            raise ConfigError(f"{shown}: there is no such setting; {advice}")
    return values


def _take(values: Mapping[str, str], name: str, default: str, parse: Callable[[str], T], wanted: str) -> T:
    value = values.get(name, default)
    try:
        return parse(value)
    except ValueError:
        secrets = [values[each] for each in (TOKEN, SECRET) if each in values]
        raise ConfigError(f"{name}: {_shown(value, secrets)} is not usable; wanted: {wanted}") from None


def _shown(value: str, secrets: list[str]) -> str:
    """A value as a message may repeat it: on one line, and not if somebody put a secret there."""
    looks_secret = re.search(r"[0-9]{5,}(?::|%3[Aa])[\w-]{20,}|//[^/]*@", value)
    if looks_secret or any(secret in value for secret in secrets):
        return "the value (not shown)"
    return ascii(value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…")


def _token(value: str) -> str | None:
    if value and not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]+", value):
        raise ConfigError(
            f"{TOKEN}: the value (not shown) is no bot token; wanted: 123456:ABC… as @BotFather shows it"
        )
    return value or None


def _folder(value: str) -> Path:
    if "\0" in value:
        raise ValueError
    return Path(value)


def _host(value: str) -> str:
    """A host that a socket can be asked for: an IP address (brackets taken off) or a DNS name."""
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if ":" in bare:
        ipaddress.IPv6Address(bare.partition("%")[0])
        if not re.fullmatch(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]{1,15})?", bare):
            raise ValueError
    elif not re.fullmatch(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", bare) or len(bare) > 253:
        raise ValueError
    return bare


def _listen(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError
    return _host(host), int(port)


def _address(value: str) -> SplitResult:
    """An http(s) address with nothing but host, port and path."""
    parts = urlsplit(value)
    plain = re.fullmatch(
        r"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?", value, re.IGNORECASE
    )
    if not plain or parts.port == 0:
        raise ValueError
    _host(parts.hostname or "")
    return parts


def _api_url(value: str) -> str:
    if re.search(r"/bot([0-9]+:.*)?/*$", _address(value).path):
        raise ValueError
    return value.rstrip("/")


def _trainers(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", value) or not 1 <= int(value) <= 64:
        raise ValueError
    return int(value)


def _admins(value: str) -> frozenset[int]:
    ids = [part.strip() for part in value.split(",") if part.strip()]
    if not all(re.fullmatch(r"[0-9]{1,19}", part) for part in ids):
        raise ValueError
    return frozenset(int(part) for part in ids)


def _engine(values: Mapping[str, str]) -> str:
    wanted = f"local, or {QUEUED} with NABLA_DATABASE_URL=postgresql://…"
    engine = _take(values, "NABLA_ENGINE", LOCAL, _engine_name, wanted)
    database = values.get("NABLA_DATABASE_URL", "")
    if engine == QUEUED and not database.startswith(("postgresql://", "postgres://")):
        raise ConfigError(f"NABLA_ENGINE: {engine!a} is not usable; wanted: {wanted}")
    return engine


def _engine_name(value: str) -> str:
    if value not in (LOCAL, QUEUED):
        raise ValueError
    return value


def _webhook(values: Mapping[str, str], token: str | None) -> Webhook | None:
    if "NABLA_WEBHOOK_URL" not in values:
        return None
    wanted = "https://HOST/PATH without user, ? and # (http for loopback only)"
    url = _take(values, "NABLA_WEBHOOK_URL", "", _public_url, wanted)
    if token is None:
        raise ConfigError(f"{TOKEN}: missing; wanted: the bot's token, since NABLA_WEBHOOK_URL is set")
    secret = values.get(SECRET, "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        fact = "the value (not shown) is not usable" if secret else "missing"
        raise ConfigError(f"{SECRET}: {fact}; wanted: 1 to 256 characters of A-Z a-z 0-9 _ -")
    return Webhook(url=url, secret=secret)


def _public_url(value: str) -> str:
    parts = _address(value)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError
    return value
