"""NABLA_DATABASE_URL: which store it names. The value may hold a password, so no message repeats it."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.errors import ConfigError

_VARIABLE = "NABLA_DATABASE_URL"
_WANTED = (
    "wanted sqlite:///data/nabla.db (relative), sqlite:////var/lib/nabla.db (absolute) "
    "or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
)
_SIGNS = "in a password / ? # @ : are written as %2F %3F %23 %40 %3A"


def is_postgres(url: str) -> bool:
    """Whether an address means Postgres, well written or not."""
    return url.partition("://")[0] in ("postgresql", "postgres") and "://" in url


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite:///relative` or `sqlite:////absolute` URL; ConfigError for all else."""
    scheme, mark, rest = url.partition("://")
    if scheme != "sqlite" or not mark:
        value = f"{scheme}://…" if mark and scheme.isalnum() else "the value"
        raise ConfigError(f"{_VARIABLE}: {value} is no address of a store; {_WANTED}")
    if not rest.startswith("/"):
        raise ConfigError(f"{_VARIABLE}: sqlite://… needs three or four slashes; {_WANTED}")
    if urlsplit(url).query or "#" in rest:
        raise ConfigError(f"{_VARIABLE}: sqlite:///… takes no options after ? or #; {_WANTED}")
    name = rest[1:]
    if name.strip("/") in ("", ".", "..", ":memory:") or name.endswith("/") or "\0" in name:
        raise ConfigError(f"{_VARIABLE}: sqlite:///… names no file; {_WANTED}")
    return Path(name)


def postgres_url(url: str) -> str:
    """A `postgresql://` URL that names host and database; ConfigError for one that does not."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        parts.port  # noqa: B018 (asking checks it)
    except ValueError:
        raise ConfigError(f"{_VARIABLE}: postgresql://… cannot be read ({_SIGNS}); {_WANTED}") from None
    if not host or parts.fragment:
        raise ConfigError(f"{_VARIABLE}: postgresql://… names no host ({_SIGNS}); {_WANTED}")
    if not re.fullmatch(r"/[^/]+", parts.path):
        raise ConfigError(f"{_VARIABLE}: postgresql://… names no database; {_WANTED}")
    return url
