"""The base of every part of a lesson: strict, frozen, no unknown key, and all that is wrong told at once.

Law: a rule over several keys never hides behind a wrong key: it reads what is there, wrong or not, and its
problems join those of the keys. A problem is a pydantic error whose type is the code of the finding.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.course.finding import Where, excerpt

Problem = tuple[Where, PydanticCustomError]


def problem(code: str, fact: str, advice: str) -> PydanticCustomError:
    """A rule's error: its code, what is so, and what to do (the fact may hold any braces)."""
    return PydanticCustomError(code, "{fact}", {"fact": fact, "advice": advice})


def peek(part: Any, key: str) -> Any:
    """The value under a key of a mapping not yet checked, or of a finished part; None if there is none."""
    return part.get(key) if isinstance(part, Mapping) else getattr(part, key, None)


def peek_items(part: Any, key: str) -> tuple[Any, ...]:
    """The items of a list under a key; empty if there is no list."""
    value = peek(part, key)
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def repeated(parts: tuple[Any, ...], where: str, key: str, *, code: str) -> Iterator[Problem]:
    """A problem for each part whose text under a key was there before."""
    first: dict[str, int] = {}
    for place, part in enumerate(parts):
        value = peek(part, key)
        if isinstance(value, str) and first.setdefault(value, place) != place:
            fact = f"`{excerpt(value)}` is taken by {where}[{first[value]}]"
            yield (where, place, key), problem(code, fact, f"give each of the {where} its own {key}")


class Part(BaseModel):
    """A piece of a lesson file; attribute names are its keys."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=False
    )

    @classmethod
    def rules(cls, part: Any) -> Iterator[Problem]:
        """Problems over several keys of a part that may be wrong in any way; none unless a part says so."""
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, part: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Run the keys' own checks and the rules, and raise what both found."""
        broken = [InitErrorDetails(type=error, loc=where, input=None) for where, error in cls.rules(part)]
        try:
            whole = handler(part)
        except ValidationError as error:
            raise ValidationError.from_exception_data(cls.__name__, [*_again(error), *broken]) from None
        if broken:
            raise ValidationError.from_exception_data(cls.__name__, broken)
        return whole


def _again(error: ValidationError) -> Iterator[InitErrorDetails]:
    """The errors of a ValidationError in the form that makes another one."""
    for each in error.errors(include_url=False):
        kind, context = each["type"], each.get("ctx", {})
        if kind == "too_short" and len(each["input"]) >= context["min_length"]:
            continue  # pydantic counts the items that passed; those that did not are told already
        ours = "advice" in context  # else it is one of pydantic's own types
        again = PydanticCustomError(kind, "{fact}", context) if ours else kind
        yield InitErrorDetails(type=again, loc=each["loc"], input=each["input"], ctx=context)
