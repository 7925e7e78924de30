"""The lessons in use: read off the event loop, changed all at once; the last good version of each file stays.

Law: a file that is broken is reported and takes nothing down; what readers see is one unchanging mapping until
the next whole one takes its place.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watchfiles import awatch

from bot.course.finding import Finding
from bot.course.load import Loaded, library, load_folder
from bot.course.model import Lesson

log = logging.getLogger(__name__)

Lint = Callable[[Loaded], Sequence[Finding]]
Level = Literal["info", "error"]
Report = Callable[[str, Level], None]
SHOWN = 8  # findings in one report


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one look at the folder brought."""

    lessons: Mapping[str, Lesson]
    good: Mapping[str, Loaded]  # the last good version by file
    findings: tuple[Finding, ...]


class Shelf:
    """The lessons by id, in the order of the catalogue.

    lint: what the renderer refuses although the schema takes it; report: told what changed and what is wrong.
    """

    def __init__(self, folder: Path, *, lint: Lint, report: Report | None = None) -> None:
        self._folder = folder
        self._lint = lint
        self.report: Report = report or _log_report
        self._reading = Reading(lessons={}, good={}, findings=())

    def lessons(self) -> Mapping[str, Lesson]:
        """The lessons as they are now."""
        return self._reading.lessons

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the files as they are now."""
        return self._reading.findings

    async def load(self) -> None:
        """Read the folder; called once at start, and again when a file changes."""
        before = self._reading
        after = await asyncio.to_thread(self._read, before.good)
        self._reading = after
        if after.findings and after.findings != before.findings:
            self.report(_problems(after.findings), "error")
        elif changes := _changes(before.lessons, after.lessons):
            self.report("\n".join(changes), "info")
        elif before.findings and not after.findings:
            self.report("All lesson files are fine again.", "info")

    async def watch(self, stop: asyncio.Event) -> None:
        """Read again whenever a file of the folder changes, until `stop`."""
        if not self._folder.is_dir():
            return
        async for _ in awatch(self._folder, stop_event=stop, recursive=False, debounce=200, step=50):
            await self.load()

    def _read(self, good: Mapping[str, Loaded]) -> Reading:
        found = load_folder(self._folder)
        findings = list(found.findings)
        usable: dict[str, Loaded] = {}
        for each in found.loaded:
            faults = list(self._lint(each)) if each.lesson else []
            findings += faults
            if each.lesson and not faults:
                usable[each.file] = each
            elif each.file in good:
                usable[each.file] = good[each.file]
        return Reading(
            lessons=library(usable.values()).lessons, good=usable, findings=tuple(dict.fromkeys(findings))
        )


def _changes(before: Mapping[str, Lesson], after: Mapping[str, Lesson]) -> list[str]:
    """What an author changed, one line each; nothing at the first reading."""
    if not before:
        return []
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


def _problems(findings: Sequence[Finding]) -> str:
    shown = [str(finding) for finding in findings[:SHOWN]]
    if len(findings) > SHOWN:
        shown.append(f"… and {len(findings) - SHOWN} more: run `python -m bot check`")
    return "\n".join(["The last good version stays in use. What is wrong:", *shown])


def _log_report(text: str, level: Level) -> None:
    log.log(logging.ERROR if level == "error" else logging.INFO, "lessons: %s", text)
