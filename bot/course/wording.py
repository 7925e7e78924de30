"""What pydantic finds, in words for an author: the code, the fact, what to do."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic_core import ErrorDetails

from bot.course.finding import Where, excerpt
from bot.course.model import Lesson
from bot.course.part import Part

Told = tuple[str, str, str]  # code, fact, advice

_WANTED = {  # pydantic's type of error → what the file should hold there
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
}
_BOUNDS = {  # pydantic's type of error → code, words, name of the bound, what is counted
    "greater_than_equal": ("out-of-range", "at least", "ge", ""),
    "less_than_equal": ("out-of-range", "at most", "le", ""),
    "string_too_long": ("too-long", "at most", "max_length", " characters"),
    "too_long": ("too-many", "at most", "max_length", " items"),
    "too_short": ("too-few", "at least", "min_length", " items"),
}


def tell(error: ErrorDetails, *, is_inline: bool) -> Told:
    """The words for one error; `is_inline`: its key stands inside `{…}`."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if "advice" in context:
        return kind, context["fact"], context["advice"]
    if kind == "missing":
        return "missing-key", "the key is missing", f"add `{error['loc'][-1]}:`"
    if kind == "extra_forbidden":
        return _unknown(error["loc"], value, is_inline=is_inline)
    return empty(is_inline=is_inline) if value is None else _wrong_value(kind, value, context)


def _wrong_value(kind: str, value: Any, context: Mapping[str, Any]) -> Told:
    if kind in _WANTED:
        return _wrong_type(kind, value)
    if kind in _BOUNDS:
        code, words, bound, units = _BOUNDS[kind]
        fact = f"{len(value):,}{units if len(value) != 1 else units.rstrip('s')}" if units else excerpt(value)
        return code, fact, f"write {words} {context[bound]:,.10g}{units}"
    expected = str(context.get("expected", "a finite number")).replace("'", "")
    if isinstance(value, str) and value == expected:
        return "wrong-type", f"`{value}` in quotes is a text, not a number", "remove the quotes"
    return "wrong-value", f"`{excerpt(value)}` is not allowed", f"write {expected}"


def empty(*, is_inline: bool) -> Told:
    """The words for a key with nothing after it."""
    return "empty", "there is nothing after the key", f"write it, or remove the key{_comma(is_inline)}"


def _comma(is_inline: bool) -> str:
    return "; in {…} a comma begins a new key: quote a text with commas" if is_inline else ""


def _wrong_type(kind: str, value: Any) -> Told:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    names = {dict: "keys with values", list: "a list", str: "a text", bool: "true or false"}
    found = f"the number {excerpt(value)}" if is_number else names.get(type(value), "something else")
    wanted = _WANTED[kind]
    if wanted == "a text" and not isinstance(value, (dict, list)):
        advice = "put it in quotes"
    elif wanted == "a list":
        advice = "write it as `[…]`, or with `- ` before each item"
    elif wanted.endswith("number") and isinstance(value, str):
        advice = "write digits without quotes, units or separators, such as 120, 0.1 or 1e-3"
    else:
        advice = f"write {wanted}"
    return "wrong-type", f"this is {found}, not {wanted}", advice


def _unknown(where: tuple[int | str, ...], value: Any, *, is_inline: bool) -> Told:
    key = str(where[-1])
    fact = f"`{excerpt(key)}` is no key here"
    if value is None and is_inline:
        return "unknown-key", fact, "in {…} a comma begins a new key: quote a text with commas"
    homes = [part.__name__.lower() for part in _parts(Lesson) if key in _keys(part)]
    if homes:
        return "unknown-key", fact, f"it is a key of {' or '.join(sorted(set(homes)))}: check the indentation"
    known = _keys(_part_at(where[:-1]))
    near = get_close_matches(key, known, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"the keys are {', '.join(known)}"
    return "unknown-key", fact, advice + _comma(is_inline)


def _keys(part: type[Part]) -> Mapping[str, type[Part] | None]:
    """The keys of a part, each with the part that is under it, if any."""
    return {
        field.alias or name: next(_parts_in(field.annotation), None)
        for name, field in part.model_fields.items()
    }


def _parts_in(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts_in(inner)


def _part_at(where: Where) -> type[Part]:
    part: type[Part] = Lesson
    for key in where:
        part = (_keys(part).get(key) if isinstance(key, str) else None) or part
    return part


def _parts(part: type[Part]) -> Iterator[type[Part]]:
    yield part
    for inner in _keys(part).values():
        if inner is not None:
            yield from _parts(inner)
