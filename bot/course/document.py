"""One YAML document as plain values, with the line of every key.

Law: built from checked events without recursion; the first of two equal keys stays; what could not be read as
it was meant is in `unclear`, so that nothing more is said about it.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.course.events import UnreadableError, checked_events, decode, line_of
from bot.course.finding import Finding, Where, excerpt, key_path
from bot.course.scalars import meaning


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a file holds (None if it cannot be read), the line of every key path, and what is wrong."""

    values: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    inline: frozenset[str] = frozenset()  # key paths of what is written as `{…}`
    unclear: frozenset[str] = frozenset()  # key paths about which enough was said
    findings: tuple[Finding, ...] = ()


def read_document(raw: bytes, *, file: str) -> Document:
    """Read the one YAML document of a file."""
    builder = _Builder(file)
    try:
        for event in checked_events(decode(raw, builder.tell), builder.tell):
            builder.take(event)
    except UnreadableError:
        return Document(findings=tuple(builder.findings))
    if builder.root is None:
        builder.tell(1, "empty-file", "there is nothing in the file", "write a lesson, or delete the file")
    return Document(
        values=builder.root,
        lines=builder.lines,
        inline=frozenset(builder.inline),
        unclear=frozenset(builder.unclear),
        findings=tuple(builder.findings),
    )


@dataclass(kw_only=True)
class _Open:
    """A mapping or list whose end is still to come, and in a mapping the key whose value is."""

    where: Where
    values: dict[str, Any] | list[Any]
    key: str | None = None
    is_repeated: bool = False  # the key was there before: its value goes nowhere

    @property
    def next_where(self) -> Where:
        """Where the next value goes; the mapping itself while its next key is not known."""
        if isinstance(self.values, list):
            return (*self.where, len(self.values))
        return self.where if self.key is None else (*self.where, self.key)


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.lines: dict[str, int] = {}
        self.inline: set[str] = set()
        self.unclear: set[str] = set()
        self.open: list[_Open] = []
        self.root: Any = None

    def tell(self, line: int, code: str, fact: str, advice: str) -> None:
        """Keep a finding; what comes next in the document is unclear if it is about that."""
        where = self.open[-1].next_where if self.open else ()
        path = key_path(where)
        self.unclear.add(path)
        self.findings.append(Finding(self.file, line, code, f"{path}: {fact}" if path else fact, advice))

    def take(self, event: yaml.Event) -> None:
        """Take the next event into account."""
        line = line_of(event)
        if isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
        elif isinstance(event, yaml.NodeEvent):
            top = self.open[-1] if self.open else None
            if top is not None and isinstance(top.values, dict) and top.key is None:
                self._take_key(event, top, line)
            else:
                self._take_value(event, line)

    def _take_key(self, event: yaml.NodeEvent, top: _Open, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self.tell(
                line, "yaml", "a key that is not a word", "write `key: value`; quote texts with brackets"
            )
            raise UnreadableError
        shown = excerpt(event.value)
        # A key with blanks or marks that nobody sees at its ends is another key, and is told as one.
        top.key = shown if shown == event.value else excerpt(ascii(event.value))
        top.is_repeated = top.key in top.values
        path = key_path(top.next_where)
        if top.is_repeated:
            first = f"`{top.key}` is there already, on line {self.lines[path]}"
            self.findings.append(
                Finding(self.file, line, "same-key", f"{path}: {first}", "keep one of the two")
            )
        self.lines.setdefault(path, line)

    def _take_value(self, event: yaml.NodeEvent, line: int) -> None:
        where = self.open[-1].next_where if self.open else ()
        path = key_path(where)
        self.lines.setdefault(path, line)
        value = _value(event)
        if isinstance(event, yaml.MappingStartEvent) and event.flow_style:
            self.inline.add(path)
        self._put(value)
        if isinstance(value, (dict, list)):
            self.open.append(_Open(where=where, values=value))

    def _put(self, value: Any) -> None:
        if not self.open:
            self.root = value
            return
        top = self.open[-1]
        if isinstance(top.values, list):
            top.values.append(value)
            return
        if not top.is_repeated and top.key is not None:
            top.values[top.key] = value
        top.key = None


def _value(event: yaml.NodeEvent) -> Any:
    """The value of a scalar, or an empty mapping or list to be filled; an alias has none."""
    if isinstance(event, yaml.ScalarEvent):
        return meaning(event.value) if event.implicit[0] else event.value
    if isinstance(event, yaml.CollectionStartEvent):
        return {} if isinstance(event, yaml.MappingStartEvent) else []
    return None
