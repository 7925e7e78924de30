"""The kinds of texts and numbers that a lesson file holds, each with its bounds.

Law: a text that shows nothing is no text; blank ends are cut off; a bound is told in the author's words.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from bot.course.finding import excerpt
from bot.course.part import problem


def _is_blank(text: str) -> bool:
    # Marks without ink (U+200B, U+2060 …), blank Braille and Hangul fillers show nothing either.
    return all(
        char in "\u2800\u115f\u1160\u3164\uffa0"
        or unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc", "Cf")
        for char in text
    )


def _text(text: str) -> str:
    if _is_blank(text):
        raise problem("blank", "is blank", "write it, or remove the key")
    return text.strip("\r\n")


def _line(text: str) -> str:
    text = _text(text).strip()
    if len(text.splitlines()) > 1:
        raise problem("line-break", "is more than one line", "put it on one line")
    return text


def _matches(pattern: str, code: str, what: str, form: str) -> AfterValidator:
    """A check that a word has a form, which is told in words."""

    def check(word: str) -> str:
        if not re.fullmatch(pattern, word):
            raise problem(code, f"`{excerpt(word)}` is not {what}", f"write {form}")
        return word

    return AfterValidator(check)


Id = Annotated[str, _matches(r"[a-z0-9-]{1,40}", "wrong-id", "an id", "1 to 40 of a-z, 0-9 and -")]
LanguageTag = Annotated[
    str,
    _matches(
        r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", "wrong-value", "a language tag", "one such as en or pt-BR"
    ),
]
CodeLanguage = Annotated[
    str,
    _matches(
        r"[a-z0-9][a-z0-9+#.-]{0,19}", "wrong-value", "a language of code", "one such as python or text"
    ),
]
# Markdown; a point is one item of a list. Bounds: what the renderer takes as one text, and no wall of messages.
Prose = Annotated[str, StringConstraints(max_length=12_000), AfterValidator(_text)]
Point = Annotated[str, StringConstraints(max_length=1_500), AfterValidator(_text)]
CodeText = Annotated[str, StringConstraints(max_length=12_000), AfterValidator(_text)]
Label = Annotated[str, StringConstraints(max_length=40), AfterValidator(_line)]
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)]
LARGEST_NUMBER = 1e9  # data of a lab: far inside what float32 keeps apart
Number = Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
