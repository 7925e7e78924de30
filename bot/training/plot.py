"""The picture of a run: the data with the line before and after, and the loss over the steps.

Law: it is read on a phone, perhaps in grey: big letters, and lines that differ by style as well as by colour
(Okabe and Ito's palette, safe for the colour-blind). What is not finite is left out and said in words. Texts of a
lesson are never read as formulas. One figure is reused: a new one each time costs more and leaks.
"""

import io
import math
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from PIL import Image

from bot.core.experiment import ModelState, Outcome, Spec, least_loss, standardise
from bot.training.labels import Labels, PictureWords

SIZE_IN, DPI = (7.2, 9.0), 150  # 1080 × 1350 pixels
SHADES = 12  # of each colour towards white in the PNG's palette, for smooth edges
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
INK, MUTED, GRID = "#222222", "#6E6E6E", "#E3E3E3"
SMALL, MIDDLE, BIG = 15.0, 17.0, 20.0  # points
LOG_FROM = 20.0  # a loss that changed by more than this factor is read on a log scale
ROUND = (1, 2, 2.5, 5, 10)  # between marks of an axis
FLOOR = 1e-14  # a log scale has no place for 0; float32 losses below this are noise
MARKED = 20  # up to so many steps each one has a dot
NEAR = 0.22  # of the panel's height: so close below a point, a line would run through its label
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Point = tuple[float, float]


def draw(spec: Spec, outcome: Outcome, labels: Labels) -> bytes:
    """The picture of a run as a small palette PNG, 1080 × 1350 pixels."""
    canvas = _canvas()
    figure = canvas.figure
    above, below = figure.axes
    for axes in (above, below):
        wipe(axes)
    _draw_line(above, spec, outcome, labels)
    _draw_losses(below, spec, outcome, labels.words)
    return png(canvas)


def wipe(axes: Axes) -> None:
    """Empty axes, ready to be drawn on."""
    axes.clear()
    axes.grid(color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL, colors=INK)


@cache
def _canvas() -> FigureCanvasAgg:
    layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.1, hspace=0.06)
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout=layout, facecolor="white")
    figure.subplots(2, 1, height_ratios=(6, 5))
    return FigureCanvasAgg(figure)


def png(canvas: FigureCanvasAgg) -> bytes:
    """What is drawn, as a small palette PNG."""
    canvas.draw()  # type: ignore[no-untyped-call] # matplotlib does not annotate it
    width, height = canvas.get_width_height()
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call] # matplotlib does not annotate it
    image = Image.frombuffer("RGBA", (width, height), bytes(pixels)).convert("RGB")
    file = io.BytesIO()
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


@cache
def _palette() -> Image.Image:
    """A fixed palette: choosing one for each picture costs more than drawing it."""
    inks = [bytes.fromhex(colour[1:]) for colour in (BLUE, ORANGE, GREEN, INK, MUTED, "#000000")]
    mixed = [(ink, (shade + 1) / SHADES) for ink in inks for shade in range(SHADES)]
    shades = [(b"\xff\xff\xff", 1.0), (bytes.fromhex(GRID[1:]), 1.0), *mixed]
    image = Image.new("P", (1, 1))
    image.putpalette(bytes(round(255 + (part - 255) * shade) for ink, shade in shades for part in ink))
    return image


def _draw_line(axes: Axes, spec: Spec, outcome: Outcome, labels: Labels) -> None:
    """The data in real units, and the line of the model before and after the run."""
    words = labels.words
    left, right = _widened(spec.x, 0.08)
    low, high = _widened(spec.y, 0.3)
    axes.set(xlim=(left, right), ylim=(low, high))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=ROUND))
        axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    axes.plot(spec.x, spec.y, "o", color=INK, markersize=10, label=words.data, zorder=4)
    muted: dict[str, Any] = {"color": MUTED, "linestyle": (0, (4, 3)), "linewidth": 3.0}
    strong: dict[str, Any] = {"color": BLUE, "linestyle": "-", "linewidth": 4.5}
    for model, word, style in ((spec.start, words.before, muted), (outcome.after, words.after, strong)):
        ends = _seen(_real_line(spec, model), (left, right), _widened((low, high), 0.1))
        if ends:
            axes.plot(*zip(*ends, strict=True), label=word, **style)
    _name(
        axes,
        labels.title,
        _with_unit(labels.x_label, labels.x_unit),
        _with_unit(labels.y_label, labels.y_unit),
    )


def _widened(values: Sequence[float], part: float) -> tuple[float, float]:
    """The least and the largest value with some room (a part of their distance) around."""
    low, high = min(values), max(values)
    room = (high - low or abs(high) or 1.0) * part
    return low - room, high + room


def _real_line(spec: Spec, model: ModelState) -> tuple[float, float]:
    """Slope and value at x = 0 of a model in real units."""
    _, mean_x, std_x = standardise(spec.x)
    _, mean_y, std_y = standardise(spec.y)
    slope = model.weight * std_y / std_x
    return slope, mean_y + std_y * model.bias - slope * mean_x


def _seen(line: tuple[float, float], xs: Point, ys: Point) -> tuple[Point, Point] | None:
    """The two ends of the part of a line that lies in a window; None if no part does."""
    slope, offset = line
    if not (math.isfinite(slope) and math.isfinite(offset)):
        return None
    start, end = xs
    if slope == 0:
        return ((start, offset), (end, offset)) if ys[0] <= offset <= ys[1] else None
    first, last = sorted((y - offset) / slope for y in ys)
    start, end = max(start, first), min(end, last)
    return ((start, slope * start + offset), (end, slope * end + offset)) if start <= end else None


def _draw_losses(axes: Axes, spec: Spec, outcome: Outcome, words: PictureWords) -> None:
    """The loss before each step and after the last, up to where it is no number any more."""
    losses = outcome.losses
    finite = next((at for at, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    shown = [max(loss, FLOOR) for loss in losses[:finite]] or [FLOOR]
    least = least_loss(standardise(spec.x)[0], standardise(spec.y)[0])
    if max(shown) > LOG_FROM * min(shown):
        _make_log(axes, max(shown), min(*shown, max(least, FLOOR)))
    else:
        axes.set_ylim(0, max(shown) * 1.2)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=ROUND))
    axes.plot(shown, color=ORANGE, linewidth=3.5, marker="o" if finite <= MARKED + 1 else "", markersize=8)
    if least > FLOOR:
        name = f"{words.least}: {short(least)}"
        axes.axhline(least, color=MUTED, linewidth=2.5, linestyle=":", label=name)
    last = spec.steps if finite == len(losses) else max(1.0, 1.3 * finite)
    axes.set_xlim(-0.04 * last, 1.04 * last)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=ROUND))
    _mark_ends(axes, shown, least, whole=finite == len(losses))
    if finite < len(losses):
        axes.plot(len(shown) - 1, shown[-1], "X", color=INK, markersize=15)
        _say(axes, words.blew_up.replace("{step}", str(finite)))
    _name(axes, words.losses, words.step, words.loss)


def _make_log(axes: Axes, high: float, low: float) -> None:
    """A log scale from a little below the low to a little above the high."""
    axes.set_yscale("log")
    room = (high / low) ** 0.2
    axes.set_ylim(low / room, high * room)
    axes.yaxis.set_major_locator(LogLocator(numticks=7))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def _mark_ends(axes: Axes, shown: Sequence[float], least: float, *, whole: bool) -> None:
    """Write the first and the last loss beside the curve, on the side that it does not take."""
    falls = shown[-1] < shown[0]
    ends = [(0, 14, "left", falls)]
    if whole and len(shown) > 1:
        ends.append((len(shown) - 1, 0, "right", not falls))
    for at, shift, side, over in ends:
        axes.annotate(
            short(shown[at]),
            (at, shown[at] if over else _below(axes, shown[at], least)),
            xytext=(shift, 12 if over else -10),
            textcoords="offset points",
            ha=side,
            va="bottom" if over else "top",
            fontsize=SMALL,
            fontweight="bold",
            color=INK,
            path_effects=[withStroke(linewidth=5, foreground="white")],
        )


def _below(axes: Axes, value: float, least: float) -> float:
    """Where a label under a point hangs: under the line of the least loss too, if that is near."""
    if axes.get_yscale() != "log" or not FLOOR < least <= value:
        return value
    low, high = axes.get_ylim()
    return least if math.log(value / least) < NEAR * math.log(high / low) else value


def short(value: float) -> str:
    """Three digits; very large and small numbers with a power of ten that a reader knows from school."""
    if value == 0 or 1e-4 <= abs(value) < 1e5:
        return f"{float(f'{value:.3g}'):g}"
    digits, exponent = f"{value:.2e}".split("e")
    power = "10" + str(int(exponent)).translate(SUPERSCRIPT)
    digits = digits.rstrip("0").rstrip(".")
    return power if digits == "1" else f"{digits}·{power}"


def _tick(value: float) -> str:
    """A number on an axis in real units: whole, with thin spaces between thousands."""
    if value != 0 and not 1e-6 <= abs(value) < 1e10:
        return short(value)
    text = f"{value:,.8f}".rstrip("0").rstrip(".").replace("-", "−")
    return text.replace(",", "\u2009" if abs(value) >= 1e4 else "")


def _say(axes: Axes, text: str) -> None:
    axes.text(
        0.97,
        0.35,
        text,
        transform=axes.transAxes,
        ha="right",
        path_effects=[withStroke(linewidth=5, foreground="white")],
        fontsize=MIDDLE,
        fontweight="bold",
        color=INK,
        parse_math=False,
    )


def _with_unit(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _name(axes: Axes, title: str, below: str, beside: str) -> None:
    """Title, legend in a row under it, where it covers nothing, and the names of the axes."""
    handles, _ = axes.get_legend_handles_labels()
    axes.set_title(
        textwrap.fill(title, 34),
        loc="left",
        fontsize=BIG,
        fontweight="bold",
        pad=40 if handles else 14,
        parse_math=False,
    )
    axes.set_xlabel(textwrap.fill(below, 44), fontsize=MIDDLE, parse_math=False)
    axes.set_ylabel(textwrap.fill(beside, 24), fontsize=MIDDLE, parse_math=False)
    if handles:
        legend = axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 0.99),
            ncols=3,
            frameon=False,
            fontsize=MIDDLE,
            columnspacing=1.2,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
