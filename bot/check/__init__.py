"""The lint of lessons: what the loader finds, what learners would stumble over, what Telegram would refuse.

Law: what this passes can be taught; what it does not never reaches a learner.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from bot.check.codes import CODES
from bot.check.messages import message_findings
from bot.check.prose import prose_findings
from bot.course.finding import Finding
from bot.course.load import REMEMBERED, Library, Loaded, among, lesson_files, library, load_file

__all__ = ["CODES", "check_folder", "check_paths", "lint"]


@lru_cache(maxsize=REMEMBERED)
def lint(loaded: Loaded) -> tuple[Finding, ...]:
    """Everything that is wrong with one file, in the order of its lines."""
    found = set(loaded.findings)
    if loaded.lesson is not None:
        found.update(prose_findings(loaded, loaded.lesson))
        found.update(message_findings(loaded, loaded.lesson))
    return tuple(sorted(found))


def linted(loaded: Loaded) -> Loaded:
    """The same file with all its findings, and without its lesson if there are any."""
    findings = lint(loaded)
    return replace(loaded, findings=findings, lesson=None if findings else loaded.lesson)


def check_folder(path: Path | str) -> Library:
    """The lessons of a folder that may be taught, and everything that is wrong with the others."""
    files, findings = lesson_files(path)
    found = library(linted(load_file(file)) for file in files)
    return replace(found, findings=(*findings, *found.findings))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long, a folder that may not be entered: reading it tells why
        return False


def check_paths(paths: Iterable[Path | str]) -> list[Finding]:
    """All findings of these files and folders, also those between them; a file named twice counts once."""
    findings: list[Finding] = []
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        inside, told = lesson_files(path) if _is_folder(path) else ([path], [])
        findings += told
        files.update(dict.fromkeys(inside))
    loaded = [load_file(file) for file in files]
    for each in loaded:
        findings += lint(each)
    return [*findings, *among(loaded)]
