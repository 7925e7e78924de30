"""The picture of several runs: readable, marked where one blew up, and never confused by a lesson's texts."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from bot.training import curves as drawing
from bot.training.labels import Curve, Curves

FALLING = tuple(0.5**step for step in range(11))
FLAT = tuple(1 - 0.001 * step for step in range(11))
RISING = tuple(25.0**step for step in range(11))
LOST = (1.0, 1e20, math.inf, *(math.nan,) * 8)


def curves(*losses: tuple[float, ...], least: float = 0.0005) -> Curves:
    """Runs with these losses; those that rise blew up."""
    rows = tuple(
        Curve(
            name=f"rate {number}",
            losses=each,
            blew_up="" if each[-1] <= each[0] else f"rate {number} blew up",
        )
        for number, each in enumerate(losses)
    )
    return Curves(
        title="House prices: loss, step by step",
        below_title="10 steps of sgd from the same start",
        step="step",
        loss="loss",
        least=least,
        least_name="least possible",
        rows=rows,
    )


def words() -> set[str]:
    """Everything written in the figure that was drawn last."""
    return {text.get_text() for text in drawing._canvas().figure.findobj(Text)}


@pytest.mark.parametrize(
    "losses",
    [
        (FALLING, FLAT, RISING),
        (FALLING,),
        (FLAT, FLAT, FLAT),
        (RISING, LOST, RISING),
        (LOST, FALLING),
        ((1.0, 0.5), (1.0, 1.04), (1.0, 30.0)),
        (tuple(1 / (step + 1) for step in range(1001)), tuple(1.01**step for step in range(1001))),
        ((0.0,) * 4, (0.0, 1e-9, 1e-3, 1.0)),
        ((math.nan,) * 3, (math.inf,) * 3),
        ((1e38, 3e38, math.inf), (1e38, 1e37, 1e36)),
    ],
)
def test_every_kind_of_runs_is_drawn(losses: tuple[tuple[float, ...], ...]) -> None:
    """Upright for a phone, in a palette, small in bytes; and without a warning."""
    data = drawing.draw_curves(curves(*losses))
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (1080, 1200)
    assert (picture.format, picture.mode) == ("PNG", "P")
    assert len(data) < 80_000


def test_the_window_belongs_to_those_that_do_not_blow_up() -> None:
    """One that rises to 10¹³ leaves it at the top, is marked there, and squeezes nobody."""
    drawing.draw_curves(curves(FALLING, FLAT, RISING))
    (axes,) = drawing._canvas().figure.axes
    assert axes.get_yscale() == "log"
    assert axes.get_ylim()[1] < 100
    cross = axes.lines[-1]
    assert cross.get_marker() == "X"
    assert 0 < np.asarray(cross.get_xdata())[0] < 2
    assert {"rate 2 blew up", "rate 0", "rate 1", "rate 2"} <= words()
    assert "rate 0 blew up" not in words()


def test_losses_that_hardly_change_are_read_from_zero() -> None:
    """A log scale comes only where it helps."""
    drawing.draw_curves(curves(FLAT, FLAT, least=0.9))
    (axes,) = drawing._canvas().figure.axes
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0


def test_curves_differ_without_colour() -> None:
    """By style and by dot, for who sees no colours."""
    drawing.draw_curves(curves(FALLING, FLAT, RISING))
    (axes,) = drawing._canvas().figure.axes
    looks = {(line.get_linestyle(), line.get_marker()) for line in axes.lines[:3]}
    assert len({line for line, _ in looks} | {str(dot) for _, dot in looks}) >= 5


def test_the_same_runs_give_the_same_bytes_whatever_was_drawn_before() -> None:
    """The figure is reused, nothing of the runs before stays in it; dollars are no formulas."""
    odd = replace(curves(FALLING, RISING), title=r"Price in $ and $\frac", below_title="$ x^2 $")
    first = drawing.draw_curves(odd)
    drawing.draw_curves(curves(LOST, FLAT, RISING))
    assert drawing.draw_curves(odd) == first
    assert {r"Price in $ and $\frac", "$ x^2 $"} <= words()
