"""The words in a picture: they come from the lesson and from the catalogue of texts, never from the drawing code."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureWords:
    """PictureWords of the bot's own, in the learner's language."""

    before: str  # the line before the run
    after: str  # the line after it
    data: str  # the points
    losses: str  # title of the lower panel, such as "Loss over the steps"
    loss: str
    step: str
    least: str  # such as "least possible"
    blew_up: str  # such as "blew up at step {step}"; {step} is filled in


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One of several things that people chose: its name, how many, and a note such as "right"."""

    name: str
    count: int
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bars:
    """How many chose what."""

    title: str
    below: str
    rows: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """All that is written in a picture; units may be empty."""

    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    words: PictureWords


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """The losses of one run, and its name with what it showed."""

    name: str
    losses: tuple[float, ...]  # before each step, and after the last
    blew_up: str = ""  # a short word beside the curve where it leaves the picture; empty: it did not


@dataclass(frozen=True, kw_only=True, slots=True)
class Curves:
    """Several runs from the same start, side by side."""

    title: str
    below_title: str
    step: str
    loss: str
    least: float  # the least possible loss
    least_name: str
    rows: tuple[Curve, ...]  # at most three
