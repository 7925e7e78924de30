"""What learners read, checked text by text: every prose shows something, options fit a line, nothing names a letter.

Law: letters and places of options belong to what a learner sees; in a text whose options are shuffled they
are wrong for most.
"""

import re
from collections.abc import Iterator

from bot.course.finding import Finding, excerpt
from bot.course.load import Loaded
from bot.course.model import Lesson, Question
from bot.view.markdown import render
from bot.view.rich import EntityType, Rich

OPTION_CHARS = 120  # about three lines on a phone

_NOUN = (
    r"(?:option|answer|choice|alternative|variant|letter|antwort|opción|respuesta|réponse|opzione|risposta)"
)
_PLACES = r"(?:first|second|third|fourth|fifth|sixth|last)"
_LETTERS = re.compile(
    rf"\b(?i:{_NOUN}s?)[\s:]*[(“\"']?[A-F]\b(?!['’])"  # option B, answers (C)
    # option b: not `a`, which is a word, nor `e`, which is one in other languages
    rf"|\b(?i:{_NOUN}s?)\s+[(“\"']?[bcdf](?=[)”\"'.,;:!?]\W|[)”\"'.,;:!?]?$|\s+(?:is|was)\b)"
    rf"|\b(?i:{_NOUN}s?\s+(?:is|was))\s+[(“\"']?[A-F][)”\"']?(?=[.,;:!?]|$)"  # the answer is C.
    rf"|\b(?i:option)s?\s+(?:\#\s*)?[1-6]\b"  # option 2
    rf"|\b(?i:{_PLACES}\s+{_NOUN})s?\b"  # the last option
    r"|\b(?i:(?:all|none|both|neither|each|any|one|two)\s+of\s+the\s+above)\b"
    r"|\b(?i:both)\s+[A-F]\s+(?i:and)\s+[A-F]\b"  # both A and B
    r"|(?<![\w.])\([A-F]\)(?!\w)"  # (B)
)
_BLOCKS = frozenset({EntityType.PRE, EntityType.BLOCKQUOTE})


def prose_findings(loaded: Loaded, lesson: Lesson) -> Iterator[Finding]:
    """Findings about single texts."""
    for path, text in _prose(lesson):
        if not render(text):
            yield loaded.finding(
                path, "blank", "shows nothing once it is rendered", "write it, or remove the key"
            )
    for place, question in enumerate(lesson.questions):
        path = f"questions[{place}]"
        yield from _option_findings(loaded, question, path)
        if question.shuffle:
            yield from _letter_findings(loaded, question, path)


def _option_findings(loaded: Loaded, question: Question, path: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for place, option in enumerate(question.options):
        rich, where = render(option.text), f"{path}.options[{place}].text"
        first = seen.setdefault(" ".join(rich.text.split()), place)
        if first != place and rich:
            fact = f"learners see the same text as options[{first}]"
            yield loaded.finding(where, "same-option", fact, "give each of the options its own text")
        if "\n" in rich.text or any(entity.type in _BLOCKS for entity in rich.entities):
            fact = "an option needs more than one line"
            yield loaded.finding(
                where, "option-line", fact, "put lists, quotes and code into `ask` or `code`"
            )
        elif len(rich.text) > OPTION_CHARS:
            fact = f"an option of {len(rich.text)} characters, {OPTION_CHARS} are allowed"
            yield loaded.finding(where, "option-too-long", fact, "move the detail into `ask` or `because`")


def _letter_findings(loaded: Loaded, question: Question, path: str) -> Iterator[Finding]:
    for where, text in _question_prose(question, path):
        found = _LETTERS.search(_without_code(render(text)))
        if found:
            fact = f"“{excerpt(found[0])}” names an option by its place, and the options are shuffled"
            yield loaded.finding(
                where, "option-letter", fact, "say what the option says, or set `shuffle: false`"
            )


def _without_code(rich: Rich) -> str:
    """The text with blanks where code stands."""
    text = rich.text.encode("utf-16-le")
    for entity in rich.entities:
        if entity.type in (EntityType.CODE, EntityType.PRE):
            blank = "\0".encode("utf-16-le") * entity.length
            text = text[: 2 * entity.offset] + blank + text[2 * entity.end :]
    return text.decode("utf-16-le")


def _prose(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Every Markdown text of a lesson with its key path."""
    for place, step in enumerate(lesson.steps):
        if step.text is not None:
            yield f"steps[{place}].text", step.text
        for number, point in enumerate(step.points):
            yield f"steps[{place}].points[{number}]", point
    for place, question in enumerate(lesson.questions):
        yield from _question_prose(question, f"questions[{place}]")


def _question_prose(question: Question, path: str) -> Iterator[tuple[str, str]]:
    yield f"{path}.ask", question.ask
    for number, option in enumerate(question.options):
        yield f"{path}.options[{number}].text", option.text
        yield f"{path}.options[{number}].because", option.because
    for number, hint in enumerate(question.hints):
        yield f"{path}.hints[{number}]", hint
    for number, step in enumerate(question.solution):
        yield f"{path}.solution[{number}].title", step.title
        yield f"{path}.solution[{number}].text", step.text
    for number, mistake in enumerate(question.mistakes):
        yield f"{path}.mistakes[{number}]", mistake
