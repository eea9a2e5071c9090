"""Pictures of how sure an order is: intervals of ranks, and which choice moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from cwi.errors import DataError
from cwi.report.pictures.style import (
    INK,
    RISE,
    STYLE,
    WIDTH,
    Entry,
    area,
    draw_key,
    key_height,
    leading,
    page,
    ticks,
    width_of,
    wrap,
)

__all__ = ["rank_intervals", "shares"]

EDGE, SIZE, ROW, NAMES = 0.1, 9.0, 0.25, 2.1
WIDE = {"color": "#9fc0de", "linewidth": 2.2, "solid_capstyle": "butt"}
NARROW = {"color": RISE, "linewidth": 6.5, "solid_capstyle": "butt"}
MEDIAN: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 1.8, "color": "white"}
OFFICIAL: dict[str, Any] = {
    "marker": "D", "markersize": 6.2, "markerfacecolor": "#f6c46b", "markeredgecolor": INK, "markeredgewidth": 0.9,
}  # fmt: skip
TOTAL: dict[str, Any] = {"facecolor": "#b5d3ea", "edgecolor": RISE, "linewidth": 0.8}
FIRST: dict[str, Any] = {"facecolor": RISE, "edgecolor": RISE, "linewidth": 0.8}
ERROR: dict[str, Any] = {"color": INK, "linewidth": 1.2}


@rc_context(STYLE)
def rank_intervals(ranks: pd.DataFrame, labels: Mapping[str, str], axis_label: str) -> Figure:
    """Where each region stands in the draws, and its official rank.

    Parameters
    ----------
    ranks
        A row a region (index: its printed name), in the order of printing; ``rank``, ``p1``, ``p5``, ``median``,
        ``p95``, ``p99``, in ranks.
    labels
        What ``official``, ``narrow`` (p5 to p95), ``wide`` (p1 to p99) are called in the key.
    axis_label
        What the axis counts.

    Raises
    ------
    DataError
        If there is nothing to draw.
    """
    if ranks.empty:
        raise DataError("rank intervals: there is nothing to draw, no region has a rank")
    n = len(ranks)
    names = [wrap(str(name), NAMES, SIZE) for name in ranks.index]
    column = max(width_of(name, SIZE) for name in names)
    row = max(ROW, max(name.count("\n") + 1 for name in names) * SIZE * 1.05 / 72 + 0.04)
    entries = [
        Entry(labels["official"], "marker", OFFICIAL),
        Entry(labels["narrow"], "line", NARROW),
        Entry(labels["wide"], "line", WIDE),
    ]
    key = key_height(entries, WIDTH - 2 * EDGE)
    top, left = EDGE + key + 0.08, EDGE + column + 0.14
    width = WIDTH - left - 0.2
    label = wrap(axis_label, width, SIZE)
    figure = page(top + n * row + 0.34 + leading(SIZE) * (1 + label.count("\n")))
    draw_key(figure, entries, EDGE, EDGE, WIDTH - 2 * EDGE)
    text = area(figure, 0, top, left, n * row, bare=True)
    for i, name in enumerate(names):
        text.text(EDGE + column, (i + 0.5) * row, name, size=SIZE, ha="right", va="center", linespacing=1.05)
    axes = area(figure, left, top, width, n * row)
    axes.set(xlim=(0.4, n + 0.6), ylim=(n - 0.5, -0.5), yticks=[], xlabel=label)
    axes.spines["left"].set_visible(False)
    room = width / (n + 0.2)  # of one rank
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if s * room > width_of(str(n), 8.5) + 0.06)
    axes.xaxis.set_major_locator(FixedLocator(range(1, n + 1, step)))
    axes.grid(axis="x")
    at = np.arange(n)
    half = 0.32  # a rank is a place, not a point
    axes.hlines(at, ranks["p1"] - half, ranks["p99"] + half, zorder=2, color=WIDE["color"], linewidth=WIDE["linewidth"])
    axes.hlines(at, ranks["p5"] - half, ranks["p95"] + half, zorder=3, color=RISE, linewidth=NARROW["linewidth"])
    axes.plot(ranks["median"], at, linestyle="none", zorder=4, **MEDIAN)
    axes.plot(ranks["rank"], at, linestyle="none", zorder=5, **OFFICIAL)
    return figure


@rc_context(STYLE)
def shares(parts: pd.DataFrame, labels: Mapping[str, str], axis_label: str) -> Figure:
    """Shares of variation by factor: what each does alone within what it takes part in, with intervals.

    Parameters
    ----------
    parts
        A row a factor (index: its printed name); ``first``, ``total``, ``total_low``, ``total_high``, shares from 0 to
        1; intervals may be missing, where an index is exact.
    labels
        What ``first``, ``total`` and ``interval`` are called in the key.
    axis_label
        What the axis measures, in per cent.
    """
    if parts.empty:
        raise DataError("shares: there is nothing to draw, there is no factor")
    names = [wrap(str(name), NAMES, SIZE) for name in parts.index]
    column = max(width_of(name, SIZE) for name in names)
    row = max(0.34, max(name.count("\n") + 1 for name in names) * leading(SIZE) + 0.06)
    entries = [Entry(labels["first"], "patch", FIRST), Entry(labels["total"], "patch", TOTAL)]
    intervals = {"total_low", "total_high"} <= set(parts.columns) and bool(parts["total_low"].notna().any())
    if intervals:
        entries.append(Entry(labels["interval"], "line", ERROR))
    key = key_height(entries, WIDTH - 2 * EDGE)
    top, left = EDGE + key + 0.08, EDGE + column + 0.14
    width = WIDTH - left - 0.2
    label = wrap(axis_label, width, SIZE)
    n = len(parts)
    figure = page(top + n * row + 0.34 + leading(SIZE) * (1 + label.count("\n")))
    draw_key(figure, entries, EDGE, EDGE, WIDTH - 2 * EDGE)
    text = area(figure, 0, top, left, n * row, bare=True)
    for i, name in enumerate(names):
        text.text(EDGE + column, (i + 0.5) * row, name, size=SIZE, ha="right", va="center", linespacing=1.15)
    axes = area(figure, left, top, width, n * row)
    axes.set(ylim=(n - 0.5, -0.5), yticks=[], xlabel=label)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    at = np.arange(n)
    bars: Sequence[tuple[str, float, dict[str, Any]]] = (("total", 0.62, TOTAL), ("first", 0.30, FIRST))
    for place, (kind, height, style) in enumerate(bars):
        axes.barh(at, 100 * parts[kind].clip(lower=0), height=height, zorder=2 + place, **style)
    most = float(np.nanmax(parts[["total", *(["total_high"] if intervals else [])]].to_numpy(float), initial=0.1))
    if intervals:
        axes.hlines(at, 100 * parts["total_low"], 100 * parts["total_high"], zorder=5, **ERROR)
    ticks(axes, (0.0, 10.0 * np.ceil(10 * most + 1e-9)), lambda value: f"{value:g}", most=7)
    return figure
