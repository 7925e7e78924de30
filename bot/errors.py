"""Errors that a person must act on; each names whose they are and ends as one line."""


class NablaError(Exception):
    """One line for a person: the place, the fact, and what to do."""


class ConfigError(NablaError):
    """The operator's: a setting is wrong (variable, value, wanted form); exit code 2."""


class StoreError(NablaError):
    """The operator's: the store cannot be used as it is and was left alone; exit code 1."""


class ConflictError(NablaError):
    """The operator's: another program polls with the same token; exit code 1."""


class OverloadedError(NablaError):
    """The system's: a bounded queue is full; the caller slows down and tries again."""


class AwayError(NablaError):
    """The system's: Telegram could not be asked now; the caller tries again later, or says so."""


class StaleError(NablaError):
    """The system's: something changed since it was read; the caller reads it again and tries anew."""
