"""Pictures of money: a hundred squares, bars with intervals, years, and a number beside what another predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from cwi.errors import DataError
from cwi.report.pictures.style import (
    FALL,
    INK,
    MISSING,
    RISE,
    STYLE,
    Entry,
    Number,
    area,
    draw_key,
    is_narrow,
    key_height,
    leading,
    page,
    page_width,
    ticks,
    width_of,
    wrap,
)

__all__ = ["PATCHES", "against", "bars", "squares", "whole_parts", "years"]

EDGE, SIZE, NAMED = 0.1, 9.0, 8.0
# lightness falls, and hatches differ, so that the parts can be told apart in grey print
PATCHES: tuple[dict[str, Any], ...] = (
    {"facecolor": "#08264f", "edgecolor": "white"},
    {"facecolor": "#2a6cae", "edgecolor": "white"},
    {"facecolor": "#76acd8", "edgecolor": "white"},
    {"facecolor": "#b5d3ea", "edgecolor": "white"},
    {"facecolor": "#f3d9b1", "edgecolor": "#9c5208", "hatch": "...."},
    {"facecolor": "#e3e3e3", "edgecolor": "white"},
    {key: value for key, value in MISSING.items() if key != "linewidth"},
)
POINT: dict[str, Any] = {"marker": "o", "markersize": 5.5, "markerfacecolor": RISE, "markeredgecolor": INK}


def whole_parts(shares: pd.Series, whole: int = 100) -> pd.Series:
    """Shares as whole numbers that sum to ``whole``: the largest remainders are rounded up.

    Examples
    --------
    >>> whole_parts(pd.Series({"a": 0.335, "b": 0.333, "c": 0.332})).to_dict()
    {'a': 34, 'b': 33, 'c': 33}
    """
    exact: pd.Series = shares.clip(lower=0) / shares.clip(lower=0).sum() * whole
    parts: pd.Series = (exact + 1e-9).floordiv(1).astype(int)
    rest = whole - int(parts.sum())
    parts[(exact - parts).sort_values(ascending=False, kind="stable").index[:rest]] += 1
    return parts


@rc_context(STYLE)
def squares(parts: pd.Series, styles: Sequence[int]) -> Figure:
    """A hundred squares, a colour a part; the key prints how many squares each has.

    Parameters
    ----------
    parts
        Whole numbers that sum to 100, index the printed name.
    styles
        For each part the place of its look in :data:`PATCHES`.

    Raises
    ------
    DataError
        If the parts do not sum to 100, or not each has a look.
    """
    if int(parts.sum()) != 100 or len(parts) != len(styles):
        raise DataError(f"a hundred squares: {len(parts)} parts with {len(styles)} looks sum to {parts.sum()}, not 100")
    size, gap = 0.26, 0.03
    side = 10 * size + 9 * gap
    left = EDGE if is_narrow() else EDGE + side + 0.3
    width = page_width() - left - EDGE
    names = [wrap(str(name), width - 0.8, SIZE) for name in parts.index]
    heights = [max(0.3, (name.count("\n") + 1) * leading(SIZE) + 0.1) for name in names]
    below = side + 0.15 if is_narrow() else max(0.0, (side - sum(heights)) / 2)
    figure = page(max(side, below + sum(heights)) + 2 * EDGE)
    axes = area(figure, EDGE, EDGE, side, side, bare=True)
    owners = np.repeat(np.arange(len(parts)), parts.to_numpy())
    for place, owner in enumerate(owners.tolist()):
        column, row = place % 10, place // 10
        corner = (column * (size + gap), row * (size + gap))
        axes.add_patch(Rectangle(corner, size, size, linewidth=0.5, **PATCHES[styles[owner]]))
    key = area(figure, left, EDGE + below, width, sum(heights), bare=True)
    y = 0.0
    for i, (name, height, number) in enumerate(zip(names, heights, parts, strict=True)):
        key.add_patch(Rectangle((0, y + height / 2 - 0.09), 0.18, 0.18, linewidth=0.5, **PATCHES[styles[i]]))
        key.text(0.62, y + height / 2, str(number), size=12, weight="bold", ha="right", va="center")
        key.text(0.75, y + height / 2, name, size=SIZE, va="center", linespacing=1.15)
        y += height
    return figure


@rc_context(STYLE)
def bars(table: pd.DataFrame, *, axis_label: str, number: Number, interval: str, value: str,
         whole: Number | None = None) -> Figure:  # fmt: skip
    """Horizontal bars with the number at the end and the interval over them, in the order of the table.

    Parameters
    ----------
    table
        ``value``, ``low``, ``high``; index the printed name.
    axis_label, interval, value
        What the axis, the line and the bar are called.
    number, whole
        Print a value, and a number of the axis where that differs.
    """
    if table.empty:
        raise DataError("bars: there is nothing to draw")
    names = [wrap(str(name), min(2.3, 0.36 * page_width()), SIZE) for name in table.index]
    column = max(width_of(name, SIZE) for name in names)
    row = max(0.3, max(name.count("\n") + 1 for name in names) * leading(SIZE) + 0.08)
    patch = {"facecolor": PATCHES[2]["facecolor"], "edgecolor": RISE, "linewidth": 0.8}
    line: dict[str, Any] = {"color": INK, "linewidth": 1.2}
    entries = [Entry(value, "patch", patch), Entry(interval, "line", line)]
    printed = [number(float(v)) for v in table["value"]]
    end = max(width_of(text, SIZE, True) for text in printed) + 0.15
    top, left = EDGE + key_height(entries, page_width() - 2 * EDGE) + 0.08, EDGE + column + 0.14
    width, n = page_width() - left - end - EDGE, len(table)
    label = wrap(axis_label, width, SIZE)
    figure = page(top + n * row + 0.34 + leading(SIZE) * (1 + label.count("\n")))
    draw_key(figure, entries, EDGE, EDGE, page_width() - 2 * EDGE)
    text = area(figure, 0, top, page_width(), n * row, bare=True)
    axes = area(figure, left, top, width, n * row)
    axes.set(ylim=(n - 0.5, -0.5), yticks=[], xlabel=label)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    at = np.arange(n)
    axes.barh(at, table["value"], height=0.62, zorder=2, **patch)
    axes.hlines(at, table["low"], table["high"], zorder=3, **line)
    for i, name in enumerate(names):
        text.text(EDGE + column, (i + 0.5) * row, name, size=SIZE, ha="right", va="center", linespacing=1.15)
        text.text(
            page_width() - EDGE, (i + 0.5) * row, printed[i], size=SIZE, weight="bold", ha="right", va="center_baseline"
        )
    most = float(table[["value", "high"]].to_numpy(float).max())
    ticks(axes, (0.0, most * 1.02), whole or number, most=5)
    return figure


@rc_context(STYLE)
def years(lines: Mapping[str, pd.Series], *, axis_label: str, number: Number, band: pd.DataFrame | None = None,
          band_label: str = "") -> Figure:  # fmt: skip
    """Numbers over years, a line each; years that are missing between two are joined by a broken line.

    Parameters
    ----------
    lines
        By printed name: numbers by year.
    band
        ``low`` and ``high`` by year of the first line.
    """
    styles: Sequence[dict[str, Any]] = (
        {"color": RISE, "marker": "o"}, {"color": FALL, "marker": "s"}, {"color": INK, "marker": "^"}
    )  # fmt: skip
    shade = {"facecolor": "#cfe0ef", "edgecolor": "none"}
    entries = [Entry(band_label, "patch", shade)] if band is not None else []
    named = [wrap(name, 0.24 * page_width(), NAMED) for name in lines]  # at the end of each line, not in a key
    right = 0.2 + max(width_of(name, NAMED) for name in named)
    top = EDGE + key_height(entries, page_width() - 2 * EDGE) + 0.25
    label = wrap(axis_label, page_width() - 2 * EDGE, SIZE)
    top += leading(SIZE) * (1 + label.count("\n"))
    figure = page(top + 2.3 + 0.35)
    draw_key(figure, entries, EDGE, EDGE, page_width() - 2 * EDGE)
    left = 0.75
    axes = area(figure, left, top, page_width() - left - right - EDGE, 2.3)
    over = top - 0.16 - leading(SIZE) * (1 + label.count("\n"))
    head = area(figure, EDGE, over, page_width() - 2 * EDGE, 0.3, bare=True)
    head.text(0, 0.02, label, size=SIZE, va="top", linespacing=1.2)
    every = sorted({int(year) for line in lines.values() for year in line.index})
    for line, style in zip(lines.values(), styles, strict=False):
        x, y = line.index.to_numpy(int), line.to_numpy(float)
        for a, b in zip(range(len(x) - 1), range(1, len(x)), strict=True):
            dash: Any = "-" if x[b] - x[a] == 1 else (0, (3, 2))
            axes.plot(x[[a, b]], y[[a, b]], color=style["color"], linewidth=1.6, linestyle=dash, zorder=3)
        axes.plot(x, y, linestyle="none", marker=style["marker"], color=style["color"], markersize=5, zorder=4)
    if band is not None:
        x = band.index.to_numpy(int)
        for a in np.flatnonzero(np.diff(x) == 1).tolist():
            rows = band.iloc[a : a + 2]
            axes.fill_between(x[a : a + 2], rows["low"], rows["high"], color=shade["facecolor"], linewidth=0, zorder=1)
        axes.vlines(x, band["low"], band["high"], color="#9fc0de", linewidth=1.0, zorder=2)
    axes.set_xlim(every[0] - 0.3, every[-1] + 0.3)
    axes.xaxis.set_major_locator(FixedLocator(range(every[0], every[-1] + 1, 2 if is_narrow() else 1)))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: number(value)))
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    _names_at_ends(axes, list(lines.values()), named, [style["color"] for style in styles], 2.3)
    return figure


def _names_at_ends(
    axes: Any, lines: Sequence[pd.Series], names: Sequence[str], colours: Sequence[Any], height: float
) -> None:
    """The name of each line right of its end, moved up or down where two would cover each other."""
    floor, ceiling = axes.get_ylim()
    inch = (ceiling - floor) / height
    known = [line.dropna() for line in lines]
    ends = sorted((float(line.iloc[-1]), i) for i, line in enumerate(known) if len(line))
    edge = axes.get_xlim()[1]
    free = floor
    for value, i in ends:
        half = (names[i].count("\n") + 1) * leading(NAMED) * inch / 2
        at = max(value, free + half)
        free = at + half
        axes.annotate(
            names[i], (edge, at), (4, 0), textcoords="offset points", size=NAMED, color=colours[i], weight="bold",
            va="center", linespacing=1.15, annotation_clip=False,
        )  # fmt: skip


@rc_context(STYLE)
def against(table: pd.DataFrame, *, x_label: str, y_label: str, line: str, point: str, number: Number,
            chosen: str = "") -> Figure:  # fmt: skip
    """A number of each region over another, each with its name, and the straight line between them.

    Parameters
    ----------
    table
        ``x``, ``y``, ``predicted``; index the printed name.
    chosen
        A region whose name is printed bold.
    """
    if len(table) < 2:
        raise DataError("against: a line needs two regions or more")
    entries = [Entry(point, "marker", POINT), Entry(line, "line", {"color": FALL, "linewidth": 1.5})]
    key = key_height(entries, page_width() - 2 * EDGE)
    label = wrap(y_label, page_width() - 2 * EDGE, SIZE)
    top = EDGE + key + 0.2 + leading(SIZE) * (1 + label.count("\n"))
    height, left = 4.2, 0.6
    below = wrap(x_label, page_width() - left - EDGE, SIZE)
    figure = page(top + height + 0.34 + leading(SIZE) * (1 + below.count("\n")))
    draw_key(figure, entries, EDGE, EDGE, page_width() - 2 * EDGE)
    head = area(figure, EDGE, EDGE + key + 0.06, page_width() - 2 * EDGE, 0.3, bare=True)
    head.text(0, 0.02, label, size=SIZE, va="top")
    axes = area(figure, left, top, page_width() - left - 0.2, height)
    ordered = table.sort_values("x", kind="stable")
    axes.plot(ordered["x"], ordered["predicted"], color=FALL, linewidth=1.5, zorder=2)
    axes.plot(table["x"], table["y"], linestyle="none", zorder=3, **POINT)
    pad = 0.06 * float(table["x"].max() - table["x"].min())
    low, high = float(table["x"].min()) - pad, float(table["x"].max()) + pad
    ticks(axes, (low, high), number, most=7)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: number(value)))
    axes.margins(y=0.08)
    axes.grid()
    axes.set_xlabel(below)
    _names_beside(axes, table, page_width() - left - 0.2, height, (low, high), chosen)
    return figure


def _names_beside(
    axes: Any, table: pd.DataFrame, width: float, height: float, limits: tuple[float, float], chosen: str
) -> None:
    """Print each name right or left of its point, above or below, where it covers fewest of those printed before."""
    floor, ceiling = axes.get_ylim()
    taken: list[tuple[float, float, float, float]] = []
    points = []
    for x, y in zip(table["x"], table["y"], strict=True):
        points.append(((x - limits[0]) / (limits[1] - limits[0]) * width, (y - floor) / (ceiling - floor) * height))
    taken += [(x - 0.05, y - 0.05, x + 0.05, y + 0.05) for x, y in points]
    for name, (x, y) in zip(table.index, points, strict=True):
        size = 7.5
        w, h = width_of(str(name), size, name == chosen), size / 72
        places = [(x + 0.08, y - h / 2), (x - 0.08 - w, y - h / 2), (x - w / 2, y + 0.07), (x - w / 2, y - 0.07 - h)]

        def covered(place: tuple[float, float], w: float = w, h: float = h) -> float:
            a, b = place
            out = 10.0 if a < 0 or a + w > width or b < 0 or b + h > height else 0.0
            over = [min(a + w, r) - max(a, p) for p, q, r, s in taken if min(b + h, s) > max(b, q)]
            return out + sum(max(0.0, each) for each in over)

        best = min(places, key=covered)
        if is_narrow() and name != chosen and covered(best) > 0:
            continue  # a phone has room for those that cover nothing; the table has all
        taken.append((best[0], best[1], best[0] + w, best[1] + h))
        axes.text(
            limits[0] + best[0] / width * (limits[1] - limits[0]),
            floor + (best[1] + h / 2) / height * (ceiling - floor),
            str(name), size=size, va="center", weight="bold" if name == chosen else "normal", zorder=5,
        )  # fmt: skip
