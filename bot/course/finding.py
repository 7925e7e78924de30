"""What is wrong with a lesson file, told to its author: the place, the fact, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Where = tuple[str | int, ...]  # keys and places from the top of a lesson file down


def key_path(where: Iterable[str | int]) -> str:
    """A place as authors read it: `questions[2].options`, counting from 0."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parent_path(path: str) -> str:
    """The key path one level up; empty at the top."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def excerpt(text: object, length: int = 40) -> str:
    """The beginning of a text on one line, safe to print; lines and marks that do not print become spaces."""
    line = "".join(char if char.isprintable() else " " for char in str(text)[: 4 * length]).strip()
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """One problem of a lesson file; `str` is the one line that authors and programs read."""

    file: str
    line: int  # from 1
    code: str
    fact: str
    advice: str

    def __str__(self) -> str:
        line = f"{self.file}:{self.line}: {self.code}: {self.fact}; {self.advice}"
        return "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in line
        )


def nearest_line(lines: Mapping[str, int], path: str) -> int:
    """The line of a key path, else of the nearest key above it that is in the file, else 1."""
    while path and path not in lines:
        path = parent_path(path)
    return lines.get(path, 1)
