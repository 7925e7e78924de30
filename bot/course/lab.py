"""The lab of a lesson: data for a line, and settings with the outcome that they must show.

Law: a Lab that exists can be trained on: as many x as y, neither constant, every setting within its bounds.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.course.part import Part, Problem, peek, peek_items, problem, repeated
from bot.course.text import LARGEST_NUMBER, Label, Line, Number

LEAST_SPREAD = 1e-6  # of the largest value: float32 tells values closer than that hardly apart
OptimizerName = Literal["sgd", "momentum", "rmsprop", "adam"]
OutcomeName = Literal["learns", "crawls", "diverges"]


class Axis(Part):
    """One quantity of the lab's data; `values` are in `unit`."""

    label: Label
    unit: Label
    values: Annotated[tuple[Number, ...], Field(strict=False, min_length=2, max_length=100)]

    @classmethod
    def rules(cls, part: Any) -> Iterator[Problem]:
        """Standardising divides by the spread of the values: there must be one."""
        values = [
            each
            for each in peek_items(part, "values")
            if isinstance(each, (int, float)) and abs(each) <= LARGEST_NUMBER
        ]
        if len(values) > 1 and not max(values) - min(values) > LEAST_SPREAD * max(map(abs, values)):
            yield ("values",), problem("constant", "the values are all the same", "give values that differ")


class Start(Part):
    """Where the lab's model starts, in standardised units."""

    weight: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0
    bias: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0


class Story(Part):
    """Settings with a name, and the outcome that they must show."""

    name: Line
    optimizer: OptimizerName
    rate: Annotated[float, Field(ge=1e-5, le=10)]
    steps: Annotated[int, Field(ge=1, le=1000)]
    outcome: OutcomeName


class Lab(Part):
    """A line to be fitted: prediction = weight · x + bias, loss = mean squared error."""

    task: Literal["line"]
    title: Line
    x: Axis
    y: Axis
    start: Start = Start()
    stories: Annotated[tuple[Story, ...], Field(strict=False, min_length=1, max_length=6)]

    @classmethod
    def rules(cls, part: Any) -> Iterator[Problem]:
        """As many x as y, and no story name twice."""
        x, y = (len(peek_items(peek(part, axis), "values")) for axis in ("x", "y"))
        if x and y and x != y:
            fact = f"{y} values of y for {x} of x"
            yield ("y", "values"), problem("uneven-data", fact, "give one y for every x")
        yield from repeated(peek_items(part, "stories"), "stories", "name", code="same-name")
