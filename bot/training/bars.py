"""The picture of how many chose what: a bar each, with its count and share written beside it.

Law: as for the other picture: big letters, nothing told by colour alone, texts never read as formulas, one figure.
"""

import textwrap
from functools import cache

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bot.training.labels import Bar, Bars
from bot.training.plot import BIG, BLUE, DPI, INK, MIDDLE, MUTED, png

SIZE_IN = (7.2, 5.4)  # 1080 × 810 pixels
ROOM = 1.85  # the longest bar leaves so much of the width for what stands beside it


def draw_bars(bars: Bars) -> bytes:
    """The picture as a small palette PNG, 1080 × 810 pixels."""
    canvas = _canvas()
    (axes,) = canvas.figure.axes
    axes.clear()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    answered = sum(bar.count for bar in bars.rows)
    most = max((bar.count for bar in bars.rows), default=0) or 1
    axes.set_xlim(0, most * ROOM)
    axes.set_ylim(len(bars.rows) - 0.4, -0.6)  # the first on top
    axes.set_xticks([])
    axes.set_yticks(
        range(len(bars.rows)),
        labels=[bar.name for bar in bars.rows],
        fontsize=BIG,
        fontweight="bold",
        color=INK,
        parse_math=False,
    )
    for place, bar in enumerate(bars.rows):
        axes.barh(
            place, bar.count, height=0.62, color=BLUE if bar.note else MUTED, hatch="" if bar.note else "//",
            edgecolor="white",
        )  # fmt: skip
        axes.text(
            bar.count + most * 0.02,
            place,
            _beside(bar, answered),
            va="center",
            fontsize=MIDDLE,
            fontweight="bold" if bar.note else "normal",
            color=INK,
            parse_math=False,
        )
    axes.set_title(
        textwrap.fill(bars.title, 34, max_lines=2, placeholder="…"),
        loc="left",
        fontsize=BIG,
        fontweight="bold",
        pad=14,
        parse_math=False,
    )
    axes.set_xlabel(bars.below, fontsize=MIDDLE, parse_math=False)
    return png(canvas)


def _beside(bar: Bar, answered: int) -> str:
    share = f"{bar.count} · {round(100 * bar.count / answered)} %" if answered else f"{bar.count}"
    return f"{share} · {bar.note}" if bar.note else share


@cache
def _canvas() -> FigureCanvasAgg:
    layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.1)
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout=layout, facecolor="white")
    figure.subplots(1, 1)
    return FigureCanvasAgg(figure)
