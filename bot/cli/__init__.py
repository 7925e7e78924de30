"""The command line: the only place where things are put together."""

from bot.cli.commands import main

__all__ = ["main"]
