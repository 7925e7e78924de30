"""NABLA_DATABASE_URL: which store it names. The value may hold a password, so no message repeats it."""

from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import ConfigError

_VARIABLE = "NABLA_DATABASE_URL"
_WANTED = "wanted sqlite:///data/nabla.db (relative) or sqlite:////var/lib/nabla.db (absolute)"


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite:///relative` or `sqlite:////absolute` URL; ConfigError for all else."""
    scheme, mark, rest = url.partition("://")
    if scheme in ("postgresql", "postgres") and mark:
        raise ConfigError(f"{_VARIABLE}: postgresql:// is documented but not built yet; {_WANTED}")
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
