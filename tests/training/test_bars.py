"""The picture of how many chose what: drawn for any counts, small, and never confused by texts."""

import io

import pytest
from matplotlib.text import Text
from PIL import Image

from bot.training import bars
from bot.training.door import draw_bars
from bot.training.labels import Bar, Bars


def of(*counts: int, title: str = "Title") -> Bars:
    """Bars A, B … of which the first is right."""
    rows = tuple(
        Bar(name="ABCDEF"[place], count=count, note="" if place else "right")
        for place, count in enumerate(counts)
    )
    return Bars(title=title, below="answers", rows=rows)


def words() -> set[str]:
    """Everything written in the figure that was drawn last."""
    return {text.get_text() for axes in bars._canvas().figure.axes for text in axes.findobj(Text)}


@pytest.mark.parametrize("counts", [(1, 0), (0, 0), (5, 1, 1, 1, 1, 1), (10_000_000, 1, 0)])
def test_any_counts_are_drawn(counts: tuple[int, ...]) -> None:
    """A PNG of the right size, well under a photo's limits."""
    png = draw_bars(of(*counts))
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size) == ("PNG", (1080, 810)) and len(png) < 100_000


def test_counts_shares_and_the_right_one_are_written() -> None:
    """Nothing is told by length or colour alone."""
    draw_bars(of(3, 1))
    assert {"A", "B", "3 · 75 % · right", "1 · 25 %"} <= words()


def test_nothing_is_left_of_the_picture_before() -> None:
    """One figure is used again."""
    draw_bars(of(7, 7, 7, 7, 7, 7))
    draw_bars(of(1, 0))
    assert not any(word.startswith("7") or word == "F" for word in words())


def test_texts_are_never_read_as_formulas() -> None:
    """Dollars, backslashes and a very long title."""
    draw_bars(of(1, 2, title="$x_1$ \\frac{1}{0} " + "word " * 80))
    assert any(word.startswith("$x_1$") and word.endswith("…") for word in words())


def test_what_is_written_beside_the_longest_bar_stays_in_the_picture() -> None:
    """However large the count."""
    draw_bars(of(123_456_789, 1))
    canvas = bars._canvas()
    (axes,) = canvas.figure.axes
    edges = [text.get_window_extent(canvas.get_renderer()).x1 for text in axes.texts]  # type: ignore[no-untyped-call]
    assert max(edges) <= canvas.get_width_height()[0]
