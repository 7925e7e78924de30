"""The picture: drawn for every kind of run, small, readable, and never confused by a lesson's texts."""

import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Annotation, Text
from PIL import Image

from bot.core.experiment import ModelState, Optimizer, Outcome, Spec
from bot.training import plot
from tests.house import descend
from tests.training.samples import LABELS, houses


def outcome(spec: Spec, losses: tuple[float, ...], weight: float = 0.5, bias: float = 0.0) -> Outcome:
    """An outcome with these losses, as a worker could have given it."""
    after = ModelState(weight=weight, bias=bias, optimizer=spec.optimizer, step=spec.steps)
    return Outcome(
        loss_before=losses[0],
        loss_after=losses[-1],
        losses=losses,
        after=after,
        gradient=(-1.9, 0.0),
        seconds=0.001,
    )


def drawn(steps: int, losses: tuple[float, ...], **model: float) -> bytes:
    """The picture of a run with these losses."""
    spec = houses(steps=steps)
    return plot.draw(spec, outcome(spec, losses, **model), LABELS)


def words() -> set[str]:
    """Everything written in the figure that was drawn last."""
    return {text.get_text() for axes in plot._canvas().figure.axes for text in axes.findobj(Text)}


FALLING = tuple(0.5**step for step in range(11))
RISING = tuple(15.0**step for step in range(11))


@pytest.mark.parametrize(
    ("steps", "losses", "model"),
    [
        (10, FALLING, {}),
        (1, (1.0, 0.6), {}),
        (1000, tuple(1 / (step + 1) for step in range(1001)), {}),
        (10, RISING, {"weight": 1e7}),
        (10, (1.0, *(math.inf,) * 10), {"weight": math.nan, "bias": math.nan}),
        (3, (math.nan,) * 4, {"weight": math.inf}),
        (3, (0.0,) * 4, {}),
        (3, (1e38, 3e38, math.inf, math.nan), {"weight": -1e38, "bias": 1e38}),
        (3, (1.0, 1.0, 1.0, 1.0), {"weight": 0.0, "bias": 1e6}),
    ],
)
def test_every_kind_of_run_is_drawn(steps: int, losses: tuple[float, ...], model: dict[str, Any]) -> None:
    """Upright for a phone, in a palette, small in bytes; and without a warning."""
    data = drawn(steps, losses, **model)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (1080, 1350)
    assert (picture.format, picture.mode) == ("PNG", "P")
    assert len(data) < 80_000


def test_axes_name_quantity_and_unit() -> None:
    """As the lesson gives them; a quantity without a unit has no empty brackets."""
    drawn(10, FALLING)
    assert {"Size (m²)", "Price (k€)", "House prices", "Step", "Loss", "before", "after", "data"} <= words()
    spec = houses()
    plot.draw(spec, outcome(spec, FALLING), replace(LABELS, x_unit=""))
    assert "Size" in words()


def test_a_run_that_blows_up_says_where() -> None:
    """The curve ends at the last number, and words tell the step."""
    drawn(4, (1.0, 1e20, math.inf, math.nan, math.nan), weight=math.nan)
    assert "blew up at step 2" in words()
    assert "after" not in words()
    curve = plot._canvas().figure.axes[1].lines[0]
    assert np.asarray(curve.get_ydata()).tolist() == [1.0, 1e20]


@pytest.mark.parametrize(
    ("losses", "scale"), [(FALLING, "log"), (RISING, "log"), ((1.0, 0.9, 0.8, 0.75, 0.7), "linear")]
)
def test_the_log_scale_comes_where_it_helps(losses: tuple[float, ...], scale: str) -> None:
    """Losses over magnitudes are read in magnitudes, others from zero."""
    drawn(len(losses) - 1, losses)
    below = plot._canvas().figure.axes[1]
    assert below.get_yscale() == scale
    if scale == "linear":
        assert below.get_ylim()[0] == 0


def test_a_lessons_text_is_never_a_formula() -> None:
    """Dollars and backslashes are shown as typed."""
    spec = houses()
    labels = replace(LABELS, title=r"Price in $ and $\frac", y_unit="$ x^2 $", x_label="_size_")
    plot.draw(spec, outcome(spec, FALLING), labels)
    assert {r"Price in $ and $\frac", "Price ($ x^2 $)"} <= words()


def test_the_same_run_gives_the_same_bytes_whatever_was_drawn_before() -> None:
    """The figure is reused, nothing of the run before stays in it."""
    spec = houses()
    first = plot.draw(spec, outcome(spec, FALLING), LABELS)
    drawn(1000, tuple(1 / (step + 1) for step in range(1001)), weight=-3.0)
    drawn(10, RISING, weight=1e30)
    assert plot.draw(spec, outcome(spec, FALLING), LABELS) == first


@pytest.mark.parametrize(
    ("rate", "steps"), [(0.1, 10), (3.0, 10), (0.3, 100), (3.0, 1), (0.1, 30), (0.45, 1), (3.0, 100)]
)
def test_no_line_runs_through_a_number(rate: float, steps: int) -> None:
    """The first and the last loss stand clear of the line of the least loss, in stories and elsewhere."""
    spec = replace(houses(steps=steps), rate=rate)
    plot.draw(spec, descend(spec), LABELS)
    canvas = plot._canvas()
    axes = canvas.figure.axes[1]
    least = axes.transData.transform((0, np.asarray(axes.lines[1].get_ydata())[0]))[1]
    labels = [text for text in axes.texts if isinstance(text, Annotation)]
    assert labels
    for label in labels:
        box = label.get_window_extent()
        assert not box.y0 <= least <= box.y1, label.get_text()
        assert axes.bbox.y0 <= box.y0, "it stands on the axis"


def test_a_line_that_leaves_the_data_is_clipped() -> None:
    """The window belongs to the data: a wild line does not squeeze them."""
    drawn(10, RISING, weight=1e7)
    above = plot._canvas().figure.axes[0]
    assert above.get_ylim()[0] > 0
    assert above.get_ylim()[1] < 700
    after = np.asarray(above.lines[2].get_ydata())
    assert after.min() > 0
    assert after.max() < 700


def test_the_line_after_runs_where_the_model_says() -> None:
    """In real units: at the mean of x it is the mean of y, plus the bias times y's deviation."""
    spec = houses(Optimizer.SGD)
    slope, offset = plot._real_line(spec, ModelState(weight=1.0, bias=0.5, optimizer=Optimizer.SGD))
    mean_x, mean_y = sum(spec.x) / 7, sum(spec.y) / 7
    deviation = (sum((value - mean_y) ** 2 for value in spec.y) / 7) ** 0.5
    assert slope * mean_x + offset == pytest.approx(mean_y + 0.5 * deviation)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.0243408, "0.0243"),
        (1234.0, "1230"),
        (1e7, "10⁷"),
        (9.41e13, "9.41·10¹³"),
        (3e-9, "3·10⁻⁹"),
        (0.0, "0"),
    ],
)
def test_numbers_in_the_picture_are_short(value: float, text: str) -> None:
    """Three digits, and powers of ten instead of a programmer's e."""
    assert plot.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-5.0, "−5"),
        (0.00012, "0.00012"),
        (1250.5, "1250.5"),
        (1250000.0, "1\u2009250\u2009000"),
        (1e12, "10¹²"),
    ],
)
def test_an_axis_in_real_units_has_whole_numbers(value: float, text: str) -> None:
    """No offset in a corner, no exponent where people write none."""
    assert plot._tick(value) == text
