"""The events of one YAML document, checked while they pass by, before anything is built from them.

Law: no file can make the reader slow, deep or big. What leaves the rest unclear ends the reading; what does
not is told, and the reading goes on. Depth is watched here since the C parser's composer dies of it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 12  # a whole lesson needs 6
MAX_VALUES = 20_000  # keys count too; a lesson of ordinary length has about 1,500

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there
# Controls but for tab and line feed, byte order marks, and the marks that reorder or break lines unseen.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")

Tell = Callable[[int, str, str, str], None]  # line, code, fact, advice


class UnreadableError(Exception):
    """Nothing can be built from this text; why was told."""


def decode(raw: bytes, tell: Tell) -> str:
    """The text of a file in UTF-8, without byte order mark and Windows line ends, letters and accents composed.

    Telegram drops some accents (U+030A) that stand beside their letter, as some keyboards type them.
    """
    if len(raw) > MAX_BYTES:
        tell(1, "too-big", f"the file is larger than {MAX_BYTES:,} bytes", "make several lessons of it")
        raise UnreadableError
    try:
        text = unicodedata.normalize("NFC", raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        tell(line, "encoding", f"byte {error.start} is not UTF-8 ({error.reason})", "save the file as UTF-8")
        raise UnreadableError from None
    hidden = list(islice(HIDDEN.finditer(text), 20))
    for found in hidden:
        tell_hidden(found[0], text.count("\n", 0, found.start()) + 1, tell)
    if hidden:
        raise UnreadableError  # the parser would stop at the first of them
    return text


def tell_hidden(char: str, line: int, tell: Tell) -> None:
    """Tell of a character that nobody sees."""
    tell(
        line, "control-character", f"the control character U+{ord(char):04X}, which nobody sees", "delete it"
    )


def line_of(event: yaml.Event) -> int:
    """The line on which an event begins, from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def checked_events(text: str, tell: Tell) -> Iterator[yaml.Event]:
    """The events of the one document in `text`; raises UnreadableError where the rest would be unclear."""
    depth = seen = documents = 0
    for event in _events(text, tell):
        line = line_of(event)
        seen += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            tell(
                line, "several-documents", "a second document begins here", "one lesson a file: remove `---`"
            )
            raise UnreadableError
        if depth > MAX_DEPTH:
            tell(line, "too-deep", f"more than {MAX_DEPTH} levels deep", "remove brackets or indentation")
            raise UnreadableError
        if seen > MAX_VALUES:
            tell(line, "too-big", f"more than {MAX_VALUES:,} values", "make several lessons of it")
            raise UnreadableError
        _check_marks(event, line, tell)
        yield event


def _events(text: str, tell: Tell) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        _explain(error, text, tell)
        raise UnreadableError from None


def _check_marks(event: yaml.Event, line: int, tell: Tell) -> None:
    """No aliases, anchors or tags; no hidden character by an escape."""
    quote = "if it is the beginning of a text, quote the text"
    if isinstance(event, yaml.AliasEvent):
        tell(line, "alias", f"`*{event.anchor}` is an alias", f"write the value again; {quote}")
    elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
        if event.anchor is not None:
            tell(line, "alias", f"`&{event.anchor}` is an anchor", f"remove it; {quote}")
        if event.tag is not None:
            tell(line, "tag", f"`{event.tag}` is a tag", f"remove it; {quote}")
    if isinstance(event, yaml.ScalarEvent) and (hidden := HIDDEN.search(event.value)):
        tell_hidden(hidden[0], line, tell)


_ADVICE = (  # what the parser says, and what its author most likely meant
    ("mapping values are not allowed", "quote a text with `: ` in it; else check the indentation"),
    ("expected alphabetic or numeric", "a text that begins with `*` or `&` must be quoted"),
    ("cannot start any token", "a text that begins with one of @ ` % ! & * | > must be quoted"),
    (
        "while parsing a block mapping",
        "check the indentation; close quotes; quote a text whole that begins with a quote or bracket",
    ),
    ("while parsing a block collection", "check the indentation; every item begins with `- `"),
    ("while parsing a flow", "inside {…} and […] quote texts with , : # { } [ ]; close every bracket"),
    ("unexpected end of stream", "close the quote"),
    ("escape c", "in double quotes write `\\\\` for a backslash, or use single quotes"),
    ("hexdecimal", "in double quotes write `\\\\` for a backslash, or use single quotes"),
    ("keys are not allowed", "a text that begins with `? ` must be quoted; else check the indentation"),
    ("entries are not allowed", "a text that begins with `- ` must be quoted; else check the indentation"),
    ("scanning a block scalar", "a text that begins with `|` or `>` must be quoted"),
    ("could not find expected ':'", "write `key: value`, and indent the lines of a long text"),
)


def _explain(error: yaml.MarkedYAMLError, text: str, tell: Tell) -> None:
    """Tell of a syntax error where it is, in the parser's words, with the advice that fits most often."""
    lines = text.rstrip().split("\n")
    words = " ".join(filter(None, (error.context, error.problem)))
    line = _line_of_error(error, words, lines)
    if re.match(r"[\s-]*\t", lines[line - 1]):
        tell(line, "tab", "a tab in the indentation", "indent with spaces")
        return
    if "tag" in words:
        tell(line, "tag", words, "remove it; a text that begins with `!` must be quoted")
        return
    advice = next((advice for sign, advice in _ADVICE if sign in words), "check indentation and quotes")
    tell(line, "yaml", f"not YAML: {words}", advice)


def _line_of_error(error: yaml.MarkedYAMLError, words: str, lines: list[str]) -> int:
    """The line that its author has to change, from 1: what is missing is noticed only later."""
    mark = error.problem_mark or error.context_mark
    if mark and (mark.line >= len(lines) or "simple key" in words):
        mark = error.context_mark or mark  # where the quote or bracket opened, or the line without its colon
    line = min(mark.line if mark else 0, len(lines) - 1)
    if mark and "parsing a flow" in words and not lines[line][: mark.column].strip(" -"):
        # The bracket, or the comma, is missing at the end of what stands above.
        line = next((above for above in range(line - 1, -1, -1) if lines[above].strip()), line)
    return line + 1
