"""The lessons in use: read off the event loop, changed all at once; the last good version of each file stays.

Law: a file that is broken is reported and takes nothing down; what readers see is one unchanging mapping until
the next whole one takes its place.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watchfiles import awatch

from bot.course.finding import Finding
from bot.course.load import Loaded, is_lesson_file, library, load_folder
from bot.course.model import Lesson

log = logging.getLogger(__name__)

Lint = Callable[[Loaded], Sequence[Finding]]
Level = Literal["info", "error"]
Report = Callable[[str, Level], None]
Marks = tuple[tuple[str, int, int, int], ...]  # name, inode, time of change (ns), size of each file
SHOWN = 8  # findings in one report
LOOK_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one look at the folder brought."""

    lessons: Mapping[str, Lesson]
    good: Mapping[str, Loaded]  # the last good version by file
    findings: tuple[Finding, ...]


class Shelf:
    """The lessons by id, in the order of the catalogue.

    lint: what the renderer refuses although the schema takes it; report: told what changed and what is wrong,
    as the log is.
    """

    def __init__(self, folder: Path, *, lint: Lint, report: Report | None = None) -> None:
        self._folder = folder
        self._lint = lint
        self.report: Report = report or (lambda text, level: None)
        self._reading: Reading | None = None
        self._seen: Marks = ()

    def lessons(self) -> Mapping[str, Lesson]:
        """The lessons as they are now."""
        return self._reading.lessons if self._reading else {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the files as they are now."""
        return self._reading.findings if self._reading else ()

    async def load(self) -> None:
        """Read the folder; called once at start, and again when a file changes."""
        before = self._reading
        self._seen, after = await asyncio.to_thread(self._read, before.good if before else {})
        self._reading = after
        said = _changes(before.lessons, after.lessons) if before else []
        old = before.findings if before else ()
        if after.findings and after.findings != old:
            self._say([*said, *_problems(after.findings)], "error")
        elif said:
            self._say(said, "info")
        elif old and not after.findings:
            self._say(["All lesson files are fine again."], "info")

    async def watch(self, stop: asyncio.Event) -> None:
        """Read again whenever a file of the folder changes, until `stop`; the folder may come, go or be swapped."""
        while not stop.is_set():
            try:
                await self._look()  # what changed while nobody watched
                await self._follow(stop)
            except (OSError, RuntimeError) as error:  # no folder now; no more watches from the system
                log.debug("lessons: %s: looked at every %g s", type(error).__name__, LOOK_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_S)

    async def _follow(self, stop: asyncio.Event) -> None:
        """Wake at each change and, since not every file system tells of them, every `LOOK_S`."""
        folder = _place(self._folder)
        wakes = awatch(
            self._folder,
            stop_event=stop,
            recursive=False,
            debounce=200,
            step=50,
            rust_timeout=int(LOOK_S * 1000),
            yield_on_timeout=True,
        )
        async with aclosing(wakes):
            async for _ in wakes:
                await self._look()
                if folder != _place(self._folder):
                    return

    async def _look(self) -> None:
        if await asyncio.to_thread(marks, self._folder) != self._seen:
            await self.load()

    def _read(self, good: Mapping[str, Loaded]) -> tuple[Marks, Reading]:
        seen = marks(self._folder)  # before reading: what changes meanwhile is seen at the next look
        found = load_folder(self._folder)
        findings = list(found.findings)
        gone = not found.loaded and any(finding.code == "unreadable" for finding in findings)
        usable: dict[str, Loaded] = dict(good) if gone else {}
        for each in found.loaded:
            faults = list(self._lint(each)) if each.lesson else []
            findings += faults
            if each.lesson and not faults:
                usable[each.file] = each
            elif each.file in good:
                usable[each.file] = good[each.file]
        lessons = library(usable.values()).lessons
        return seen, Reading(lessons=lessons, good=usable, findings=tuple(dict.fromkeys(findings)))

    def _say(self, lines: Sequence[str], level: Level) -> None:
        log.log(logging.ERROR if level == "error" else logging.INFO, "lessons: %s", "\n  ".join(lines))
        self.report("\n".join(lines), level)


def marks(folder: Path) -> Marks:
    """What tells whether the folder or a file of it changed; nothing if there is no folder."""
    with suppress(OSError):
        return (
            ("", folder.stat().st_ino, 0, 0),
            *sorted(_mark(file) for file in folder.iterdir() if is_lesson_file(file)),
        )
    return ()


def _mark(file: Path) -> tuple[str, int, int, int]:
    try:
        now = file.stat()
    except OSError:
        return file.name, 0, 0, 0
    return file.name, now.st_ino, now.st_mtime_ns, now.st_size


def _place(folder: Path) -> tuple[int, int]:
    """Which folder it is, whatever its name; OSError if there is none."""
    now = folder.stat()
    return now.st_dev, now.st_ino


def _changes(before: Mapping[str, Lesson], after: Mapping[str, Lesson]) -> list[str]:
    """What an author changed, one line each."""
    said = [f"New lesson: {after[i].title}" for i in after if i not in before]
    said += [f"Lesson gone: {before[i].title}" for i in before if i not in after]
    return said + [
        f"Lesson changed: {after[i].title} ({', '.join(_what(before[i], after[i]))})"
        for i in after
        if i in before and after[i] != before[i]
    ]


def _what(before: Lesson, after: Lesson) -> list[str]:
    """Which steps and questions are other than they were."""
    parts: list[str] = []
    for name, old, new in (
        ("step", before.steps, after.steps),
        ("question", before.questions, after.questions),
    ):
        was = {each.id: each for each in old}
        now = {each.id: each for each in new}
        touched = [i for i in now if was.get(i) != now[i]] + [i for i in was if i not in now]
        parts += [f"{name} {i}" for i in touched[:3]]
        if len(touched) > 3:
            parts.append(f"{len(touched) - 3} {name}s more")
    if before.lab != after.lab:
        parts.append("the lab")
    return parts or ["its heading"]


def _problems(findings: Sequence[Finding]) -> list[str]:
    shown = [str(finding) for finding in findings[:SHOWN]]
    if len(findings) > SHOWN:
        shown.append(f"… and {len(findings) - SHOWN} more: run `python -m bot check`")
    return ["Not taken over (the last good version of a file stays in use, if it had one):", *shown]
