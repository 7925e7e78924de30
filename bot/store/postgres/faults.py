"""What Postgres says, told to a person: one line with the database's place, the fact and what to do.

Law: neither the address nor an error's own words go in: both may hold a password or a row.
"""

from urllib.parse import parse_qs, urlsplit

import asyncpg

from bot.errors import ConfigError, StoreError

# What a call may raise when the server, the way to it, or a value is at fault.
# (InternalClientError: a connection that was cut in the middle of something else.)
ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
_CUT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    BrokenPipeError,
    ConnectionResetError,
)
_LOST = (*_CUT, asyncpg.CannotConnectNowError, OSError, TimeoutError)
# What follows `?` in an address: refused by the driver, or by the server before anything is asked of it.
OPTIONS = (
    asyncpg.ClientConfigurationError,
    asyncpg.UndefinedObjectError,
    asyncpg.CantChangeRuntimeParamError,
    asyncpg.InvalidParameterValueError,
)
_REACH = "is the server running, and is NABLA_DATABASE_URL right?"
_FULL = "free some space; what was refused is not stored"
_LINES = (
    # (kind of error, the fact, what to do); the first that fits is told
    (asyncpg.InvalidPasswordError, "refuses the user or the password", "look at NABLA_DATABASE_URL"),
    (asyncpg.InvalidAuthorizationSpecificationError, "refuses the user", "look at NABLA_DATABASE_URL"),
    (asyncpg.InvalidCatalogNameError, "has no such database", "create it, or look at NABLA_DATABASE_URL"),
    (asyncpg.InsufficientPrivilegeError, "does not allow this", "give the user the right to create a schema"),
    (asyncpg.ReadOnlySQLTransactionError, "cannot be written", "name the primary in NABLA_DATABASE_URL"),
    (
        asyncpg.TooManyConnectionsError,
        "takes no more connections",
        "raise max_connections, or stop a program",
    ),
    (asyncpg.DiskFullError, "could not be written, the disk is full", _FULL),
    (
        asyncpg.IntegrityConstraintViolationError,
        "refused what breaks a rule of its schema",
        "this is a fault in the program, please report it",
    ),
    (_LOST, "cannot be reached", _REACH),
)


def is_cut(error: BaseException | None) -> bool:
    """Whether a connection that was there is not any more: another one may do."""
    return isinstance(error, _CUT) and not isinstance(error, ValueError)


def is_lost(error: BaseException | None) -> bool:
    """Whether nobody knows what became of what was asked (a value that the driver refuses never got so far)."""
    return isinstance(error, _LOST) and not isinstance(error, ValueError)


def is_luck(error: BaseException | None) -> bool:
    """A deadlock or a lost race: nothing was done, and the same again may go well."""
    return getattr(error, "sqlstate", None) in {"40P01", "40001"}


def place_of(url: str) -> str:
    """Host and database of an address, without user and password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "postgresql://…"
    return f"postgresql://{host}{port}{parts.path}"


def fault(place: str, fact: str, advice: str) -> StoreError:
    """The one line of this house: place, fact, advice."""
    return StoreError(f"{place}: {fact}; {advice}")


def refused_options(place: str) -> ConfigError:
    """The line for an address with options that cannot be used."""
    advice = "wanted: postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or with options of Postgres after ?"
    return ConfigError(f"NABLA_DATABASE_URL: {place} has options that cannot be used; {advice}")


def told(place: str, error: BaseException) -> StoreError:
    """A server's or a connection's error as a line for the operator, by its kind alone."""
    for kind, fact, advice in _LINES:
        if isinstance(error, kind) and not isinstance(error, ValueError):
            return fault(place, f"{fact} ({type(error).__name__})", advice)
    return fault(
        place, f"failed ({type(error).__name__})", "this is a fault in the program, please report it"
    )
