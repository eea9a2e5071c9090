"""The layout of pictures that have a row for each region: key above, names at the left, axis below.

Everything is measured in inches before it is drawn, so that long names are wrapped and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cwi.errors import DataError
from cwi.report.pictures.style import (
    STYLE,
    Entry,
    Number,
    area,
    draw_key,
    headline,
    key_height,
    leading,
    main_axes,
    page,
    page_width,
    width_of,
    wrap,
)

__all__ = [
    "DASH",
    "EDGE",
    "SIZE",
    "TIGHT",
    "Rows",
    "Titles",
    "lines",
    "need",
    "rows",
    "signed",
    "span",
    "unique",
    "wrapped",
]

DASH = "–"
EDGE = 0.06  # white rim of a page, inches
SIZE = 9.0  # of letters, points
TIGHT = 1.05  # from line to line of a name, in its size
NAMES = 2.0  # at most so wide is the column of names, inches
APART = 0.12  # between columns, inches
LETTERS = 8.5  # of a line above the axes, points
GROUP = 0.35  # free space before a group, in rows

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Titles:
    """Names in the lines they need: the lines, how wide their column is and how high a row must be, in inches."""

    texts: list[str]
    width: float
    row: float


@dataclass(frozen=True, eq=False)
class Rows:
    """Axes with rows: ``at`` is the middle of each row on the axes; ``row`` and ``width`` are in inches.

    On axes that were handed in ``width`` is theirs and ``row`` is 0.
    """

    axes: Axes
    at: Array
    row: float
    width: float

    @property
    def figure(self) -> Figure:
        figure = self.axes.get_figure(root=True)
        assert figure is not None
        return figure


def need(table: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Refuse a table that is empty or lacks a column.

    Raises
    ------
    DataError
        Which names the picture and the columns that there are.
    """
    if table.empty:
        raise DataError(f"{what}: there is nothing to draw, the table has {len(table)} rows")
    for column in columns:
        if column not in table:
            raise DataError(f"{what}: the table has no column '{column}'; it has {', '.join(map(str, table.columns))}")


def unique(index: pd.Index, what: str) -> None:
    """Refuse names of which one is listed twice.

    Raises
    ------
    DataError
        Which names the picture and the name.
    """
    if index.has_duplicates:
        raise DataError(f"{what}: '{index[index.duplicated()][0]}' is listed twice")


def span(values: Array) -> tuple[float, float]:
    """Round limits around the values; 0 to 100 where there are none.

    Examples
    --------
    >>> span(np.array([41.2, 68.9])), span(np.array([np.nan]))
    ((40.0, 70.0), (0.0, 100.0))
    """
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 100.0
    low, high = float(values.min()), float(values.max())
    step = 10.0 if high - low > 12 else 5.0 if high - low > 2 else 1.0
    pad = 0.03 * max(high - low, 1.0)
    return float(np.floor((low - pad) / step) * step), float(np.ceil((high + pad) / step) * step)


def signed(change: float, number: Number) -> str:
    """A change with its sign; none where it is printed as zero.

    Examples
    --------
    >>> signed(1.26, "{:.1f}".format), signed(-0.01, "{:.1f}".format)
    ('+1.3', '0.0')
    """
    if not np.isfinite(change):
        return DASH
    text = number(abs(change)).lstrip("+")
    if text == number(0.0).lstrip("+"):
        return text
    return ("+" if change > 0 else "\N{MINUS SIGN}") + text


def wrapped(names: Sequence[str], most: float = NAMES, *, size: float = SIZE, least: float = 0.25) -> Titles:
    """Names in as few lines as fit a column of ``most`` inches; a row is at least ``least`` inches high."""
    texts = [wrap(str(name), most, size) for name in names]
    lines = max(text.count("\n") + 1 for text in texts)
    return Titles(texts, max(width_of(text, size) for text in texts), max(least, lines * size * TIGHT / 72 + 0.02))


def rows(
    names: Sequence[str],
    entries: Sequence[Entry],
    axis_label: str,
    *,
    groups: Sequence[str] = (),
    printed: Sequence[str] = (),
    beside: Sequence[str] = (),
    heading: str = "",
    over: str = "",
    title: str = "",
    most: float = NAMES,
    least: float = 0.25,
    foot: float = 0.0,
    ax: Axes | None = None,
) -> Rows:
    """Lay out a page for rows, or set up the rows of given axes.

    Parameters
    ----------
    names
        What the rows are called, from the top.
    entries
        The key.
    axis_label
        What is measured along the axis.
    groups
        The group of each row; a group has its name in bold above its rows.
    printed
        A number for each row, in bold between its name and the axes.
    beside, heading
        A text for each row at the right of the axes, and what they are called.
    over
        Words above the axes that the caller writes there: room is kept for them.
    title
        A line above everything, for what nobody may overlook.
    most, least
        Inches: how wide names may be, how high a row is at least.
    foot
        Inches that are kept free below the axis.
    ax
        Axes to be used instead of a page of their own; names and numbers become the labels of its rows, and the key a
        legend.
    """
    titles = wrapped(names, min(most, 0.36 * page_width()), least=least)
    at, heads, total = _places(len(titles.texts), groups)
    if ax is not None:
        return _on_given(ax, titles.texts, printed, entries, axis_label, at, total)
    numbers = max(width_of(text, SIZE, True) for text in printed) + APART if printed else 0.0
    left = EDGE + titles.width + APART + numbers
    right = 0.16
    if beside:
        column = max(width_of(text, SIZE, True) for text in beside)
        heading = wrap(heading, max(column, 0.8), LETTERS) if heading else ""
        right = max(column, width_of(heading, LETTERS) if heading else 0.0) + 0.2 + EDGE
    width = page_width() - left - right
    label, over = wrap(axis_label, width, SIZE), wrap(over, 0.9 * width, LETTERS) if over else ""
    lines = max(text.count("\n") + 1 if text else 0 for text in (over, heading if beside else ""))
    above = lines * leading(LETTERS) + 0.06 if lines else 0.0
    title, first = headline(title)
    top = EDGE + first + key_height(entries, page_width() - 2 * EDGE) + 0.08 + above
    figure = page(top + total * titles.row + 0.34 + leading(SIZE) * (1 + label.count("\n")) + foot)
    if title:
        text = area(figure, EDGE, EDGE, page_width() - 2 * EDGE, first, bare=True)
        text.text(0, 0, title, size=10, weight="bold", va="top", linespacing=1.2)
    draw_key(figure, entries, EDGE, EDGE + first, page_width() - 2 * EDGE)
    text = area(figure, 0, top, page_width(), total * titles.row, bare=True)
    if beside and heading:
        text.text(page_width() - EDGE, -0.04, heading, size=LETTERS, ha="right", va="bottom", linespacing=1.2)
    for column_of, x, style in (
        (titles.texts, EDGE + titles.width, {"va": "center", "linespacing": TIGHT}),
        (printed, left - APART, {"weight": "bold", "va": "center_baseline"}),
        (beside, page_width() - EDGE, {"weight": "bold", "va": "center_baseline"}),
    ):
        for place, line in zip(at, column_of, strict=False):
            text.text(x, (place + 0.5) * titles.row, line, size=SIZE, ha="right", **style)
    axes = main_axes(figure, area(figure, left, top, width, total * titles.row))
    above_all = area(figure, 0, top, page_width(), total * titles.row, bare=True)  # a long name goes on over the axes
    for place, head in heads:
        wide = width_of(head, SIZE, True) > left - EDGE
        behind = {"facecolor": "white", "linewidth": 0, "pad": 1} if wide else None
        sheet = above_all if wide else text
        sheet.text(EDGE, (place + 0.5) * titles.row, head, size=SIZE, weight="bold", va="center_baseline", bbox=behind)
    _set_up(axes, total, label)
    return Rows(axes, at, titles.row, width)


def _places(n: int, groups: Sequence[str]) -> tuple[Array, list[tuple[float, str]], float]:
    """The middle of every row, the places of the groups' names, and how many rows high the picture is."""
    if not groups:
        return np.arange(n, dtype=float), [], float(n)
    at, heads, y = [], [], 0.0
    for i, group in enumerate(groups):
        if i == 0 or group != groups[i - 1]:
            y += GROUP if i else 0.0
            heads.append((y, str(group)))
            y += 1
        at.append(y)
        y += 1
    return np.array(at), heads, y


def _set_up(axes: Axes, total: float, label: str) -> None:
    """Rows from the top down and a grid to read values by."""
    axes.set(ylim=(total - 0.5, -0.5), yticks=[], xlabel=label)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=STYLE["grid.color"], linewidth=STYLE["grid.linewidth"])


def _on_given(
    axes: Axes, names: list[str], printed: Sequence[str], entries: Sequence[Entry], label: str, at: Array, total: float
) -> Rows:
    """Rows on axes that the caller has laid out."""
    _set_up(axes, total, label)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    texts = [f"{name}  {value}" for name, value in zip(names, printed, strict=True)] if printed else names
    axes.set_yticks(at, texts)
    axes.tick_params(axis="y", length=0)
    if entries:
        handles = [entry.handle() for entry in entries]
        axes.legend(handles=handles, fontsize=8, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.02))
    figure = axes.get_figure(root=True)
    assert figure is not None
    return Rows(axes, at, 0.0, float(axes.get_position().width * figure.get_size_inches()[0]))


def lines(laid: Rows) -> None:
    """A faint line along every row, that leads the eye from the name to its marks."""
    across = laid.axes.get_yaxis_transform()
    laid.axes.hlines(laid.at, 0, 1, transform=across, color="#e8e8e8", linewidth=0.6, zorder=0.5)
