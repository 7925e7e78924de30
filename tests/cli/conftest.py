"""The command line in this process: what it changes of Python's own is put back afterwards."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from tests.house import LESSONS

Nabla = Callable[..., Result]


@pytest.fixture
def unchanged() -> Iterator[None]:
    """Logging and hooks as they were."""
    root, house = logging.getLogger(), logging.getLogger("bot")
    handlers, level, house_level, raising = (
        list(root.handlers), root.level, house.level, logging.raiseExceptions,
    )  # fmt: skip
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    house.setLevel(house_level)
    logging.raiseExceptions = raising
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


@pytest.fixture
def nabla(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unchanged: None) -> Nabla:
    """Runs the command line in a folder of the test, with no settings but those given."""
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL", "NABLA_LISTEN", "NABLA_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str, **environ: str) -> Result:
        settings = {"NABLA_LESSONS": str(LESSONS), **environ}
        result = CliRunner().invoke(main, arguments, env=settings, prog_name="nabla", catch_exceptions=False)
        assert "Traceback" not in result.output
        return result

    return run
