"""The picture of a class experiment: the losses of several runs from one start, each by a curve of its own.

Law: as for the picture of one run: big letters, curves that differ by style as well as by colour, texts never read
as formulas, one figure. A curve that blows up leaves the window, which belongs to those that do not, and is marked.
"""

import math
import textwrap
from functools import cache
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from bot.training.labels import Curve, Curves
from bot.training.plot import (
    BIG,
    BLUE,
    DPI,
    FLOOR,
    GREEN,
    INK,
    LOG_FROM,
    MARKED,
    MIDDLE,
    MUTED,
    ORANGE,
    ROUND,
    SMALL,
    png,
    short,
    wipe,
)

SIZE_IN = (7.2, 8.0)  # 1080 × 1200 pixels
STYLES = ((BLUE, "-", "o"), (ORANGE, (0, (5, 2)), "s"), (GREEN, (0, (1.2, 1.2)), "D"))  # colour, line, dot
ROOM_FOR_BLOWN = 30.0  # times the first loss: so far up a curve that blows up is seen
BEYOND = 1e3  # times the top of the window: where a value that is no number is drawn to


def draw_curves(curves: Curves) -> bytes:
    """The picture as a small palette PNG, 1080 × 1200 pixels."""
    canvas = _canvas()
    (axes,) = canvas.figure.axes
    wipe(axes)
    top = _scale(axes, curves)
    steps = max(len(row.losses) for row in curves.rows) - 1
    axes.set_xlim(-0.03 * steps, 1.05 * steps)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=ROUND))
    for row, (colour, line, dot) in zip(curves.rows, STYLES, strict=False):
        marker = dot if steps <= MARKED else ""
        values = _shown(row, top)
        axes.plot(
            values, color=colour, linestyle=line, marker=marker, linewidth=4, markersize=9, label=row.name
        )
    if curves.least > FLOOR:
        name = f"{curves.least_name}: {short(curves.least)}"
        axes.axhline(curves.least, color=MUTED, linewidth=2.5, linestyle=":", label=name)
    _mark_blown(axes, curves, top)
    _name(axes, curves)
    return png(canvas)


@cache
def _canvas() -> FigureCanvasAgg:
    layout = ConstrainedLayoutEngine(h_pad=0.14, w_pad=0.12)
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout=layout, facecolor="white")
    figure.subplots()
    return FigureCanvasAgg(figure)


def _scale(axes: Axes, curves: Curves) -> float:
    """The window of the losses, on a log scale where it helps; gives its upper end."""
    first = curves.rows[0].losses[0]
    first = first if math.isfinite(first) and first > FLOOR else 1.0
    seen = [max(loss, FLOOR) for row in curves.rows for loss in row.losses if math.isfinite(loss)]
    most = ROOM_FOR_BLOWN * first if any(row.blew_up for row in curves.rows) else math.inf
    high = min(max(seen, default=first), most)
    low = min([*seen, high, *([curves.least] if curves.least > FLOOR else [])])
    if high <= LOG_FROM * low:
        axes.set_ylim(0, high * 1.15)
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=ROUND))
        return high * 1.15
    room = (high / low) ** 0.08
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    return float(high * room)


def _shown(row: Curve, top: float) -> list[float]:
    """The losses up to the first beyond the window: there the curve leaves it."""
    values: list[float] = []
    for loss in row.losses:
        values.append(max(min(loss, top * BEYOND), FLOOR) if math.isfinite(loss) else top * BEYOND)
        if values[-1] > top:
            break
    return values


def _mark_blown(axes: Axes, curves: Curves, top: float) -> None:
    """A cross where a curve leaves the window, or at its last point; the words for all of them beside the last."""
    is_log = axes.get_yscale() == "log"
    blown = [
        (row.blew_up, colour, *_exit(_shown(row, top), top, is_log=is_log))
        for row, (colour, _, _) in zip(curves.rows, STYLES, strict=False)
        if row.blew_up
    ]
    for _, colour, x, y in blown:
        axes.plot(x, y, "X", color=colour, markersize=17, markeredgecolor="white", clip_on=False, zorder=5)
    beside = max((x for _, _, x, _ in blown), default=0.0)
    late = beside > 0.55 * axes.get_xlim()[1]
    if late and len(blown) > 1:  # there is no place that no curve crosses; the legend tells it, too
        return
    for number, (words, colour, _, _) in enumerate(blown):
        axes.annotate(
            words,
            (beside, top),
            xytext=(-18 if late else 18, -4 - 27 * number),
            textcoords="offset points",
            ha="right" if late else "left",
            va="center",
            fontsize=MIDDLE,
            fontweight="bold",
            color=colour,
            path_effects=[withStroke(linewidth=5, foreground="white")],
            parse_math=False,
        )


def _exit(values: list[float], top: float, *, is_log: bool) -> tuple[float, float]:
    """Where a curve crosses the top of the window; its last point if it does not."""
    for step, (low, high) in enumerate(pairwise(values)):
        if high > top:
            a, b, edge = (math.log(each) for each in (low, high, top)) if is_log else (low, high, top)
            return step + (edge - a) / (b - a), top
    return len(values) - 1, values[-1]


def _name(axes: Axes, curves: Curves) -> None:
    """Title, one line of the legend for each curve under it, where it covers nothing, and the names of the axes."""
    axes.figure.suptitle(
        textwrap.fill(curves.title, 34),
        x=0.03,
        ha="left",
        fontsize=BIG,
        fontweight="bold",
        color=INK,
        parse_math=False,
    )
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        frameon=False,
        fontsize=MIDDLE,
        handlelength=2.6,
        title=textwrap.fill(curves.below_title, 48),
        title_fontsize=SMALL,
        alignment="left",
    )
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)
    axes.set_xlabel(curves.step, fontsize=MIDDLE, parse_math=False)
    axes.set_ylabel(curves.loss, fontsize=MIDDLE, parse_math=False)
