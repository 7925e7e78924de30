"""What the import contracts say of the source, seen in a running interpreter: who brings what along."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPURE = (
    "telegram",
    "tensorflow",
    "sqlite3",
    "sqlite_utils",
    "matplotlib",
    "aiohttp",
    "asyncio",
    "watchfiles",
    "pebble",
)
HEAVY = ("tensorflow", "keras", "matplotlib")


def brought(*rooms: str) -> set[str]:
    """The top-level modules after every module of these rooms was imported into a fresh interpreter."""
    code = f"""
import importlib, pkgutil, sys
for name in {rooms!r}:
    room = importlib.import_module(name)
    for each in pkgutil.walk_packages(getattr(room, "__path__", []), room.__name__ + "."):
        importlib.import_module(each.name)
print(*{{name.partition(".")[0] for name in sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_rules_lessons_and_looks_bring_nothing_impure() -> None:
    """No framework, no database, no event loop: they can be thought through with values alone."""
    modules = brought("bot.core", "bot.course", "bot.view")
    assert "bot" in modules
    assert modules.isdisjoint(IMPURE), modules & set(IMPURE)


def test_only_the_chat_brings_the_framework() -> None:
    """Everything else works without Telegram's Python framework, and without TensorFlow."""
    modules = brought("bot.tutor", "bot.store", "bot.preview", "bot.check")
    assert modules.isdisjoint({"telegram", *HEAVY}), modules & {"telegram", *HEAVY}


def test_the_command_line_brings_no_tensorflow() -> None:
    """The whole bot, ready to run, has no TensorFlow, matplotlib or NumPy, and no exporter that nobody asked for."""
    modules = brought("bot.cli")
    assert {"telegram", "sqlite_utils"} <= modules
    assert "numpy" not in modules
    assert "prometheus_client" not in modules
    assert modules.isdisjoint(HEAVY)


def test_who_checks_a_lesson_waits_for_no_chat_and_no_store() -> None:
    """Each command imports its part when it is called; those of the bot and the store take most of a second."""
    program = "import bot.cli.commands, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {name.partition(".")[0] for name in done.stdout.split()}
    assert "click" in names
    assert names.isdisjoint({"telegram", "aiohttp", "sqlite_utils", "pebble"})
