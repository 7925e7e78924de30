"""Lesson files to lessons: a lesson that is whole, or everything that is wrong with it.

Law: all problems at once, each with the line of the very key. Nothing is ignored: a file is a lesson, or its
author is told why not; a broken file takes no other down.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.course.document import Document, read_document
from bot.course.events import MAX_BYTES
from bot.course.finding import Finding, Where, key_path, nearest_line, parent_path
from bot.course.model import Lesson
from bot.course.wording import Told, empty, tell

# Readings that are kept, 0.2 MB each: where one file of a folder changes, the others are not worked out again.
REMEMBERED = 16


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One lesson file read: its lesson, or None and what is wrong with it."""

    file: str
    lesson: Lesson | None
    findings: tuple[Finding, ...] = ()
    # Key path → line, such as `steps[0].title` → 12.
    lines: Mapping[str, int] = field(default_factory=dict, hash=False)

    def line(self, path: str) -> int:
        """The line of a key path, or of the nearest key above it."""
        return nearest_line(self.lines, path)

    def finding(self, path: str, code: str, fact: str, advice: str) -> Finding:
        """A finding about a key of this file."""
        return Finding(self.file, self.line(path), code, f"{path}: {fact}" if path else fact, advice)


@dataclass(frozen=True, kw_only=True)
class Library:
    """All lessons of a folder, in the order of their tracks, and what is wrong with the others."""

    lessons: Mapping[str, Lesson] = field(default_factory=dict)  # by id
    findings: tuple[Finding, ...] = ()
    loaded: tuple[Loaded, ...] = ()  # every file, in the order of their names


@lru_cache(maxsize=REMEMBERED)
def load_text(text: bytes, *, file: str) -> Loaded:
    """Read a lesson from the bytes of a file; `file` is its name in findings."""
    document = read_document(text, file=file)
    if document.values is None:
        return Loaded(file=file, lesson=None, findings=document.findings)
    lesson, problems = _validate(document)
    findings = {*document.findings, *_findings(document, problems, file)}
    return Loaded(
        file=file,
        lesson=None if findings else lesson,
        findings=tuple(sorted(findings)),
        lines=document.lines,
    )


def load_file(path: Path | str) -> Loaded:
    """Read a lesson file; one that cannot be read is a finding."""
    path = Path(path)
    try:
        if not path.is_file():
            return _unreadable(path, "it is no file" if path.exists() else "there is no such file")
        with path.open("rb") as opened:
            return load_text(opened.read(MAX_BYTES + 1), file=str(path))
    except OSError as error:
        return _unreadable(path, error.strerror or type(error).__name__)


def lesson_files(folder: Path | str) -> tuple[list[Path], list[Finding]]:
    """Every `*.yaml` and `*.yml` of a folder by name (none inside its folders, none hidden), or why there is none."""
    folder = Path(folder)
    try:
        files = sorted(each for each in folder.iterdir() if is_lesson_file(each))
    except OSError as error:
        return [], list(_unreadable(folder, error.strerror or type(error).__name__).findings)
    if not files:
        fact = "no `*.yaml` or `*.yml` file in this folder"
        return [], [Finding(str(folder), 1, "no-lesson", fact, "name the folder that has the lessons")]
    return files, []


def load_folder(path: Path | str) -> Library:
    """Read every lesson file of a folder."""
    files, findings = lesson_files(path)
    found = library(load_file(each) for each in files)
    return replace(found, findings=(*findings, *found.findings))


def library(loaded: Iterable[Loaded]) -> Library:
    """Lessons by id; of files with the same id the first by name stays."""
    files = tuple(loaded)
    lessons: dict[str, Lesson] = {}
    for each in files:
        if each.lesson is not None:
            lessons.setdefault(each.lesson.id, each.lesson)
    in_order = sorted(lessons.values(), key=lambda lesson: (lesson.track, lesson.order, lesson.id))
    return Library(
        lessons={lesson.id: lesson for lesson in in_order},
        findings=(*(finding for each in files for finding in each.findings), *among(files)),
        loaded=files,
    )


def among(loaded: Iterable[Loaded]) -> Iterator[Finding]:
    """What is wrong between lesson files: an id taken twice (progress hangs on ids)."""
    ids: dict[str, str] = {}
    for each in loaded:
        if each.lesson is not None:
            first = ids.setdefault(each.lesson.id, each.file)
            if first != each.file:
                fact = f"`{each.lesson.id}` is the id of {first} too"
                yield each.finding("id", "same-lesson", fact, "give this lesson an id of its own")


def is_lesson_file(path: Path) -> bool:
    """Whether a file of the lessons' folder is one by its name."""
    return path.suffix in (".yaml", ".yml") and not path.name.startswith(".")


def _unreadable(path: Path, why: str) -> Loaded:
    finding = Finding(
        str(path), 1, "unreadable", f"cannot be read: {why}", "check the path and its permissions"
    )
    return Loaded(file=str(path), lesson=None, findings=(finding,))


def _validate(document: Document) -> tuple[Lesson | None, dict[Where, list[Told]]]:
    """The lesson, or what pydantic says, by place."""
    try:
        return Lesson.model_validate(document.values), {}
    except ValidationError as error:
        problems: dict[Where, list[Told]] = {}
        for each in error.errors(include_url=False):
            is_inline = key_path(each["loc"][:-1]) in document.inline
            problems.setdefault(each["loc"], []).append(tell(each, is_inline=is_inline))
        return None, problems


def _findings(document: Document, problems: dict[Where, list[Told]], file: str) -> Iterator[Finding]:
    """Findings for all problems and for keys with nothing after them, but for what is unclear already."""
    found = {key_path(where): told for where, told in problems.items()}
    for where in _empty_places(document.values):
        path = key_path(where)
        found.setdefault(path, [empty(is_inline=key_path(where[:-1]) in document.inline)])
    for path, told in found.items():
        if not _is_unclear(path, document.unclear):
            line = nearest_line(document.lines, path)
            for code, fact, advice in told:
                yield Finding(file, line, code, f"{path}: {fact}" if path else fact, advice)


def _is_unclear(path: str, unclear: frozenset[str]) -> bool:
    while path:
        if path in unclear:
            return True
        path = parent_path(path)
    return "" in unclear


def _empty_places(values: Any) -> Iterator[Where]:
    """Where a key or an item holds nothing; depth is bounded by the reader."""
    pairs: Iterable[tuple[str | int, Any]] = ()
    if isinstance(values, dict):
        pairs = values.items()
    elif isinstance(values, list):
        pairs = enumerate(values)
    for key, value in pairs:
        if value is None:
            yield (key,)
        for where in _empty_places(value):
            yield (key, *where)
