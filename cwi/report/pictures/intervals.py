"""Pictures of robustness: intervals of ranks, how often each rank is held, and which choice moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from cwi.errors import DataError
from cwi.report.pictures.rows import EDGE, Rows, rows
from cwi.report.pictures.style import (
    INK,
    RISE,
    SEQUENTIAL,
    STYLE,
    Entry,
    area,
    colour_bar,
    is_narrow,
    leading,
    page_width,
    ticks,
    width_of,
    wrap,
)

__all__ = ["rank_intervals", "rank_shares", "shares"]

WIDE = {"color": "#9fc0de", "linewidth": 2.2, "solid_capstyle": "butt"}
NARROW = {"color": RISE, "linewidth": 6.5, "solid_capstyle": "butt"}
MEDIAN: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 1.8, "color": "white"}
OFFICIAL: dict[str, Any] = {
    "marker": "D", "markersize": 6.2, "markerfacecolor": "#f6c46b", "markeredgecolor": INK, "markeredgewidth": 0.9,
}  # fmt: skip
TOTAL: dict[str, Any] = {"facecolor": "#b5d3ea", "edgecolor": RISE, "linewidth": 0.8}
FIRST: dict[str, Any] = {"facecolor": RISE, "edgecolor": RISE, "linewidth": 0.8}
ERROR: dict[str, Any] = {"color": INK, "linewidth": 1.2}
NAMES = 2.1  # inches


@rc_context(STYLE)
def rank_intervals(
    ranks: pd.DataFrame, labels: Mapping[str, str], axis_label: str, *, ax: Axes | None = None
) -> Figure:
    """The ranks of each region in the draws, and its official rank.

    Parameters
    ----------
    ranks
        A row a region (index: its printed name), in the order of printing; ``rank``, ``p1``, ``p5``, ``median``,
        ``p95``, ``p99``, in ranks.
    labels
        What ``official``, ``narrow`` (p5 to p95), ``wide`` (p1 to p99) are called in the key.
    axis_label
        What the axis counts.
    ax
        Axes to draw on; a page of its own by default.

    Raises
    ------
    DataError
        If there is nothing to draw.
    """
    if ranks.empty:
        raise DataError("rank intervals: there is nothing to draw, no region has a rank")
    entries = [
        Entry(labels["official"], "marker", OFFICIAL),
        Entry(labels["narrow"], "line", NARROW),
        Entry(labels["wide"], "line", WIDE),
    ]
    laid = rows([str(name) for name in ranks.index], entries, axis_label, most=NAMES, ax=ax)
    axes, at, n = laid.axes, laid.at, len(ranks)
    axes.set_xlim(0.4, n + 0.6)
    _number_ranks(laid, n, 0.0)
    half = 0.32  # a rank is a place, not a point
    axes.hlines(at, ranks["p1"] - half, ranks["p99"] + half, zorder=2, color=WIDE["color"], linewidth=WIDE["linewidth"])
    axes.hlines(at, ranks["p5"] - half, ranks["p95"] + half, zorder=3, color=RISE, linewidth=NARROW["linewidth"])
    axes.plot(ranks["median"], at, linestyle="none", zorder=4, **MEDIAN)
    axes.plot(ranks["rank"], at, linestyle="none", zorder=5, **OFFICIAL)
    return laid.figure


@rc_context(STYLE)
def rank_shares(
    distribution: pd.DataFrame,
    official: pd.Series,
    labels: Mapping[str, str],
    axis_label: str,
    *,
    ax: Axes | None = None,
) -> Figure:
    """How often each region has each rank in the draws, and its official rank.

    Parameters
    ----------
    distribution
        A row a region (index: its printed name), in the order of printing; a column a rank from 1; shares of the draws
        from 0 to 1.
    official
        The official ranks, in the same order.
    labels
        What ``official`` is called in the key, and what the colours mean (``share``, in per cent).
    axis_label
        What the axis counts.
    ax
        Axes to draw on, with a bar of colours beside them; a page of its own by default.

    Raises
    ------
    DataError
        If there is nothing to draw.
    """
    if distribution.empty:
        raise DataError("ranks: there is nothing to draw, no region has a rank")
    entries = [Entry(labels["official"], "marker", OFFICIAL)]
    foot = 0.42 + leading(8.5)
    laid = rows([str(name) for name in distribution.index], entries, axis_label, most=NAMES, foot=foot, ax=ax)
    axes, k = laid.axes, distribution.shape[1]
    share = 100 * distribution.to_numpy(float)
    limits = (0.0, float(np.ceil(np.nanmax(share, initial=10.0) / 10) * 10))
    label = axes.get_xlabel()  # seaborn writes its own labels over these
    place = axes.get_yticks(), [label.get_text() for label in axes.get_yticklabels()]
    sns.heatmap(
        np.where(share > 0, share, np.nan), ax=axes, cmap=SEQUENTIAL, vmin=0, vmax=limits[1], cbar=False,
        linewidths=0.4, linecolor="white", xticklabels=False, yticklabels=False,
    )  # fmt: skip
    axes.set_yticks(np.asarray(place[0]) + 0.5, place[1])
    axes.set_xlabel(label)
    axes.grid(False)
    axes.hlines(laid.at + 0.5, 0, k, color="#e8e8e8", linewidth=0.6, zorder=0.5)
    axes.plot(official.to_numpy(float) - 0.5, laid.at + 0.5, linestyle="none", zorder=5, clip_on=False, **OFFICIAL)
    _number_ranks(laid, k, -0.5)
    if ax is not None:
        laid.figure.colorbar(axes.collections[0], ax=axes, label=labels["share"])
        return laid.figure
    height = laid.figure.get_size_inches()[1]
    left = EDGE if is_narrow() else float(axes.get_position().x0 * laid.figure.get_size_inches()[0])
    long = 1.2 if is_narrow() else 2.0
    colour_bar(laid.figure, (left, height - foot, long), SEQUENTIAL, limits, lambda value: f"{value:g}")
    room = page_width() - left - long - 0.15 - EDGE
    text = area(laid.figure, left + long + 0.15, height - foot, room, 0.12, bare=True)
    text.text(0, 0.06, wrap(labels["share"], room, 8.5), size=8.5, va="center", linespacing=1.1)
    return laid.figure


def _number_ranks(laid: Rows, n: int, shift: float) -> None:
    """Ranks along the axis, as many as have room; ``shift`` moves them to where rank 1 is."""
    room = laid.width / (n + 0.2)  # of one rank
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if s * room > width_of(str(n), 8.5) + 0.06)
    ranks = list(range(1, n + 1, step))
    laid.axes.xaxis.set_major_locator(FixedLocator([rank + shift for rank in ranks]))
    laid.axes.set_xticklabels([str(rank) for rank in ranks], rotation=0)


@rc_context(STYLE)
def shares(parts: pd.DataFrame, labels: Mapping[str, str], axis_label: str, *, ax: Axes | None = None) -> Figure:
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
    ax
        Axes to draw on; a page of its own by default.

    Raises
    ------
    DataError
        If there is no factor.
    """
    if parts.empty:
        raise DataError("shares: there is nothing to draw, there is no factor")
    entries = [Entry(labels["first"], "patch", FIRST), Entry(labels["total"], "patch", TOTAL)]
    intervals = {"total_low", "total_high"} <= set(parts.columns) and bool(parts["total_low"].notna().any())
    if intervals:
        entries.append(Entry(labels["interval"], "line", ERROR))
    laid = rows([str(name) for name in parts.index], entries, axis_label, most=NAMES, least=0.34, ax=ax)
    bars: Sequence[tuple[str, float, dict[str, Any]]] = (("total", 0.62, TOTAL), ("first", 0.30, FIRST))
    for place, (kind, height, style) in enumerate(bars):
        laid.axes.barh(laid.at, 100 * parts[kind].clip(lower=0), height=height, zorder=2 + place, **style)
    most = float(np.nanmax(parts[["total", *(["total_high"] if intervals else [])]].to_numpy(float), initial=0.1))
    if intervals:
        laid.axes.hlines(laid.at, 100 * parts["total_low"], 100 * parts["total_high"], zorder=5, **ERROR)
    ticks(laid.axes, (0.0, 10.0 * np.ceil(10 * most + 1e-9)), lambda value: f"{value:g}", most=7)
    return laid.figure
