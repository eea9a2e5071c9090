"""How every picture looks: one font that has every Kazakh letter, fixed bytes, colours that survive grey print.

Pictures are laid out in inches on a page of known width (:func:`page_width`), with the origin at the upper left, so
that long labels are measured and wrapped before anything is drawn and nothing is cut. Each can be drawn a second time
for a phone (:func:`narrow`). Seaborn's theme ``ticks`` in its context ``paper`` is the ground; on it are our font,
colours and sizes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import seaborn as sns
from matplotlib import rc_context, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from cwi.errors import DataError
from cwi.report.pictures.status import PICTURE, SCALE, as_svg, place_status
from cwi.report.pictures.svg import LETTERS, BareAxes

__all__ = [
    "BLANK",
    "DIVERGING",
    "FALL",
    "INK",
    "MISSING",
    "PHONE",
    "RISE",
    "SEQUENTIAL",
    "STYLE",
    "UNRELIABLE",
    "WIDTH",
    "Entry",
    "Number",
    "area",
    "check_limits",
    "colour_bar",
    "draw_key",
    "headline",
    "is_narrow",
    "key_height",
    "leading",
    "main_axes",
    "narrow",
    "on",
    "page",
    "page_width",
    "saved",
    "ticks",
    "width_of",
    "wrap",
]

Number = Callable[[float], str]

# matplotlib's own defaults below, so that a reader's settings or another library's theme change nothing
_APART = re.compile(r"backend|interactive|toolbar|timezone|webagg|tk\.|keymap|docstring|date\.epoch|.*(raise|dir|warn)")
_DEFAULTS: dict[Any, Any] = {key: value for key, value in rcParamsDefault.items() if not _APART.match(key)}
_THEME: dict[Any, Any] = {**sns.axes_style("ticks"), **sns.plotting_context("paper")}
STYLE: dict[Any, Any] = (
    _DEFAULTS
    | _THEME
    | {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.parse_math": False,
        "text.hinting": "none",  # letters are as wide as they were measured
        "svg.hashsalt": "cwi",
        "svg.fonttype": "path",
        "figure.dpi": 100,
        "savefig.dpi": 160,
        "savefig.facecolor": "white",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "axes.axisbelow": True,
        "axes.edgecolor": "#555555",
        "axes.labelsize": 9,
        "axes.linewidth": 0.6,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "text.color": "#1a1a1a",
        "axes.labelcolor": "#1a1a1a",
        "xtick.color": "#1a1a1a",
        "ytick.color": "#1a1a1a",
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 9,
        "xtick.major.size": 3,
        "xtick.major.width": 0.6,
        "hatch.linewidth": 0.6,
        "patch.force_edgecolor": False,  # the theme draws white edges, which the key of a picture could not have
    }
)

WIDTH = 6.2  # inches: 9 pt type stays 9-10 pt on a page of 170 mm
PHONE = 3.4  # inches: as wide as the text of a page on a phone of 360 px, where 9 pt are 12 px
_width: ContextVar[float] = ContextVar("width", default=WIDTH)
INK = "#1a1a1a"
RISE, FALL = "#1f4e79", "#d9822b"  # differ in lightness too
MISSING: dict[str, Any] = {"facecolor": "white", "edgecolor": "#8c8c8c", "hatch": "//////", "linewidth": 0.5}

BLANK: dict[str, Any] = {"facecolor": "white", "edgecolor": "#8c8c8c", "linewidth": 0.5}
UNRELIABLE: dict[str, Any] = {"facecolor": "none", "edgecolor": "#3a3a3a", "hatch": "/////", "linewidth": 0}

# lightness falls all the way, so the order survives grey print; the lightest still differs from paper
SEQUENTIAL: Colormap = LinearSegmentedColormap.from_list("cwi", ["#eaf2f9", "#b5d3ea", "#76acd8", "#2a6cae", "#08264f"])
DIVERGING: Colormap = LinearSegmentedColormap.from_list(
    "cwi-change", ["#9c5208", "#f0a64f", "#f5f3f0", "#8f8cc4", "#43307a"]
)

LONGEST = 40  # letters of a word
SWATCH, GAP, BETWEEN = 0.26, 0.07, 0.22


def page_width() -> float:
    """How wide the page of a picture is, in inches: :data:`WIDTH`, or :data:`PHONE` within :func:`narrow`."""
    return _width.get()


def is_narrow() -> bool:
    """Whether pictures are being drawn for a phone."""
    return page_width() < WIDTH


@contextmanager
def narrow() -> Iterator[None]:
    """Pictures that are drawn within it are as wide as the text on a phone, with letters of the same size.

    Examples
    --------
    >>> with narrow():
    ...     page_width()
    3.4
    """
    token = _width.set(PHONE)
    try:
        yield
    finally:
        _width.reset(token)


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is in inches; of several lines, the widest."""
    font = FontProperties(family=STYLE["font.family"], size=size, weight="bold" if bold else "normal")
    return max(float(LETTERS.get_text_width_height_descent(line, font, False)[0]) for line in text.split("\n")) / 72


def leading(size: float) -> float:
    """From one line of text to the next, in inches."""
    return size * 1.2 / 72


def wrap(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text in as few lines as fit the width in inches, all about as long; breaks at spaces and at
    the hyphens of long compounds.

    A word that is longer than the width stays whole, unless it has more letters than any word of a language.
    """
    words = re.findall(r"[^ \n-]{5,}-(?=[^\W\d_])|[^ \n]+ ?|\n", text.strip())
    words = [part for word in words for part in _parts(word, width, size, bold)]

    def lines(limit: float) -> list[str]:
        lines = [""]
        for word in words:
            if lines[-1] and width_of((lines[-1] + word).rstrip(), size, bold) > limit:
                lines.append("")
            lines[-1] += word
        return [line.rstrip() for line in lines]

    wide = lines(width)
    if len(wide) == 1:
        return wide[0]
    low, high = 0.0, width
    for _ in range(7):  # the narrowest limit that needs no more lines
        middle = (low + high) / 2
        low, high = (low, middle) if len(lines(middle)) <= len(wide) else (middle, high)
    return "\n".join(lines(high))


def _parts(word: str, width: float, size: float, bold: bool) -> list[str]:
    """A word in parts that fit the width, of letters that are about equally wide; whole where it is a usual one."""
    if len(word) <= LONGEST or (wide := width_of(word.rstrip(), size, bold)) <= width:
        return [word]
    n = max(int(0.9 * len(word) * width / wide), 1)
    return [word[i : i + n] for i in range(0, len(word), n)]


def on(colour: Any) -> str:
    """Black or white: what reads better on the colour."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return INK if luminance > 0.2 else "white"


# ---------------------------------------------------------------- the page


def headline(title: str) -> tuple[str, float]:
    """A line above everything in as many lines as it needs, and the room they take in inches; none without it."""
    text = wrap(title, page_width() - 0.2, 10, bold=True) if title else ""
    return text, (leading(10) * (text.count("\n") + 1) + 0.05 if text else 0.0)


def page(height: float, width: float | None = None) -> Figure:
    """An empty page."""
    width = page_width() if width is None else width
    return Figure(figsize=(width, height), facecolor="white")


def area(figure: Figure, left: float, top: float, width: float, height: float, *, bare: bool = False) -> Axes:
    """Axes at a place of the page in inches from its upper left corner.

    ``bare`` axes have no frame and count in inches themselves, downwards from their own corner.
    """
    w, h = figure.get_size_inches()
    place = (left / w, 1 - (top + height) / h, width / w, height / h)
    axes: Axes = figure.add_axes(place, axes_class=BareAxes) if bare else figure.add_axes(place)
    if bare:
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
    return axes


def main_axes(figure: Figure, axes: Axes | None = None) -> Axes:
    """The axes of a page that hold the picture itself; with ``axes`` these are from now on the ones."""
    if axes is not None:
        axes.set_label(PICTURE)
        return axes
    return next(each for each in figure.axes if each.get_label() == PICTURE)


def saved(figure: Figure, kind: str) -> bytes:
    """A picture as SVG, PNG or PDF: the same bytes every time."""
    undated: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}}
    with rc_context(STYLE):
        if kind == "svg":
            return as_svg(figure).encode()
        place_status(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=undated.get(kind, {"Software": None}))
    return buffer.getvalue()


def check_limits(limits: tuple[float, float]) -> None:
    """Refuse ends of a scale between which there is nothing.

    Raises
    ------
    DataError
        If the upper end is not above the lower one.
    """
    if not limits[0] < limits[1]:
        raise DataError(f"colours run from {limits[0]:g} to {limits[1]:g}; the second must be greater")


def ticks(axes: Axes, limits: tuple[float, float], number: Number, *, signed: bool = False, most: int = 8) -> None:
    """Few round ticks on the lower axis. Whole numbers below a thousand are the same in every language."""
    most = max(3, most // 2 + 1) if is_narrow() else most
    places = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(*limits)
    inside = [float(v) for v in places if limits[0] - 1e-9 <= v <= limits[1] + 1e-9]
    integers = all(v == round(v) and abs(v) < 1000 for v in inside)

    def label(value: float, position: int | None = None) -> str:
        text = str(abs(round(value))) if integers else number(abs(value)).lstrip("+")
        sign = "\N{MINUS SIGN}" if value < 0 else "+" if signed and value > 0 else ""
        return sign + text

    axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(FixedLocator(inside))
    axes.xaxis.set_major_formatter(FuncFormatter(label))


# ---------------------------------------------------------------- the key


@dataclass(frozen=True)
class Entry:
    """A line of the key: a sign and what it means.

    ``kind`` is patch, line or marker; ``style`` is handed to matplotlib's Rectangle or Line2D.
    """

    text: str
    kind: str
    style: dict[str, Any] = field(default_factory=dict)

    def handle(self) -> Rectangle | Line2D:
        """The sign as matplotlib's legend takes it."""
        if self.kind == "patch":
            return Rectangle((0, 0), 1, 1, label=self.text, **self.style)
        style: dict[str, Any] = {} if self.kind == "line" else {"linestyle": "none"}
        return Line2D([], [], label=self.text, **(style | self.style))


def _flow(entries: Iterable[Entry], width: float, size: float) -> list[list[tuple[float, str, Entry]]]:
    """The entries in rows: where each begins, its wrapped text."""
    rows: list[list[tuple[float, str, Entry]]] = [[]]
    x = 0.0
    for entry in entries:
        text = wrap(entry.text, width - SWATCH - GAP, size)
        need = SWATCH + GAP + width_of(text, size)
        if rows[-1] and x + need > width:
            rows.append([])
            x = 0.0
        rows[-1].append((x, text, entry))
        x += need + BETWEEN
    return rows


def _row_height(row: list[tuple[float, str, Entry]], size: float) -> float:
    return max((text.count("\n") + 1 for _, text, _ in row), default=0) * leading(size) + 0.06


def key_height(entries: Sequence[Entry], width: float = WIDTH, size: float = 9) -> float:
    """The room the key takes, in inches."""
    return sum(_row_height(row, size) for row in _flow(entries, width, size)) if entries else 0.0


def draw_key(
    figure: Figure, entries: Sequence[Entry], left: float, top: float, width: float = WIDTH, size: float = 9
) -> None:
    """Draw the key at a place of the page, its entries side by side as far as they fit."""
    if not entries:
        return
    axes = area(figure, left, top, width, key_height(entries, width, size), bare=True)
    y = 0.0
    for row in _flow(entries, width, size):
        height = _row_height(row, size)
        middle = y + height / 2
        for x, text, entry in row:
            if entry.kind == "patch":
                axes.add_patch(Rectangle((x, middle - 0.065), SWATCH, 0.13, clip_on=False, **entry.style))
            elif entry.kind == "line":
                axes.add_line(Line2D([x, x + SWATCH], [middle, middle], clip_on=False, **entry.style))
            else:
                style: dict[str, Any] = {"linestyle": "none", "clip_on": False} | entry.style
                axes.add_line(Line2D([x + SWATCH / 2], [middle], **style))
            axes.text(x + SWATCH + GAP, middle, text, size=size, va="center_baseline", linespacing=1.2)
        y += height


def colour_bar(
    figure: Figure,
    place: tuple[float, float, float],
    colours: Colormap,
    limits: tuple[float, float],
    number: Number,
    *,
    signed: bool = False,
    beyond: tuple[bool, bool] = (False, False),
) -> None:
    """A lying bar of colours with its numbers below.

    Parameters
    ----------
    place
        left, top and width in inches; it takes 0.3 inches of height.
    beyond
        Whether there are values below and above the limits; the bar then ends in an arrow.
    """
    left, top, width = place
    axes = area(figure, left, top, width, 0.12)
    axes.set_label(SCALE)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[beyond]
    mappable = ScalarMappable(Normalize(*limits), colours)
    bar = figure.colorbar(mappable, cax=axes, orientation="horizontal", extend=extend, extendfrac=0.05)
    bar.outline.set_linewidth(0.5)
    ticks(axes, limits, number, signed=signed, most=5)
    axes.tick_params(length=2, pad=2, labelsize=8)
