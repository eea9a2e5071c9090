"""The regions ranked: a dot for the index, small signs for the parts it is made of, an interval where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cwi.report.pictures.rows import DASH, Array, Rows, lines, need, rows, span, unique
from cwi.report.pictures.style import INK, STYLE, Entry, Number, ticks, width_of, wrap

__all__ = ["PARTS", "dot_plot"]

# shape and shade both tell the parts apart
PARTS: tuple[dict[str, Any], ...] = (
    {"marker": "s", "markerfacecolor": "#f2b65a", "markersize": 5.6},
    {"marker": "^", "markerfacecolor": "#ffffff", "markersize": 6.6},
    {"marker": "D", "markerfacecolor": "#8a86bf", "markersize": 5.2},
    {"marker": "v", "markerfacecolor": "#b8621b", "markersize": 6.6},
    {"marker": "P", "markerfacecolor": "#cfe2f2", "markersize": 6.6},
    {"marker": "X", "markerfacecolor": "#b9b9b9", "markersize": 6.4},
    {"marker": "p", "markerfacecolor": "#4f8fc4", "markersize": 6.6},
    {"marker": "h", "markerfacecolor": "#fbe3c0", "markersize": 6.6},
)
INDEX: dict[str, Any] = {"marker": "o", "markersize": 8.5, "markerfacecolor": "#08264f", "markeredgecolor": "white"}
INTERVAL: dict[str, Any] = {"color": "#08264f", "linewidth": 1.3}


@rc_context(STYLE)
def dot_plot(
    scores: pd.DataFrame,
    *,
    index: str,
    parts: Sequence[str],
    nation: pd.Series | None,
    intervals: pd.DataFrame | None,
    labels: Mapping[str, str],
    axis_label: str,
    number: Number,
    ax: Axes | None = None,
) -> Figure:
    """The regions in the order of the index, and the parts it is made of.

    Parameters
    ----------
    scores
        A row a region (index: its printed name), a column for the index and for each part.
    index
        The column to rank by; regions without it are last.
    parts
        The columns drawn as small signs; one that is missing in a region is simply absent.
    nation
        The nation's scores, by the same columns; a vertical line is drawn at its index.
    intervals
        ``low`` and ``high`` of the index, by region.
    labels
        What the index, each part, ``nation`` and ``interval`` are called.
    axis_label
        What is measured along the axis.
    number
        Prints a score.
    ax
        Axes to draw on; a page of its own by default.

    Raises
    ------
    DataError
        If a column is missing, a region is listed twice or there are no regions.
    """
    need(scores, [index, *parts], "dot plot")
    unique(scores.index, "dot plot")
    table = scores[[index, *parts]].astype(float).sort_values(index, ascending=False, kind="stable")
    ends = None
    if intervals is not None:
        need(intervals, ["low", "high"], "intervals")
        unique(intervals.index, "intervals")
        ends = intervals[["low", "high"]].astype(float).reindex(table.index).to_numpy()
    mean = float(nation[index]) if nation is not None else np.nan
    over = f"{labels['nation']} {number(mean)}" if np.isfinite(mean) else ""
    styles = [PARTS[i % len(PARTS)] | {"markeredgecolor": INK, "markeredgewidth": 0.7} for i in range(len(parts))]
    entries = [Entry(labels[index], "marker", INDEX)]
    entries += [Entry(labels[part], "marker", style) for part, style in zip(parts, styles, strict=True)]
    if ends is not None:
        entries.append(Entry(labels["interval"], "line", INTERVAL | {"marker": "|", "markersize": 5}))
    printed = [number(float(v)) if np.isfinite(v) else DASH for v in table[index]]
    laid = rows([str(name) for name in table.index], entries, axis_label, printed=printed, over=over, ax=ax)
    lines(laid)
    every = [table.to_numpy().ravel(), np.array([mean])] + ([ends.ravel()] if ends is not None else [])
    limits = span(np.concatenate(every))
    ticks(laid.axes, limits, number)
    if ends is not None:
        _ends(laid, ends)
    if over:
        _mean(laid, mean, over, limits)
    laid.axes.plot(table[index].to_numpy(), laid.at, linestyle="none", zorder=3, clip_on=False, **INDEX)
    for part, style in zip(parts, styles, strict=True):
        laid.axes.plot(table[part].to_numpy(), laid.at, linestyle="none", zorder=4, clip_on=False, **style)
    return laid.figure


def _ends(laid: Rows, ends: Array) -> None:
    """A line from end to end of each interval, with a stroke at its ends."""
    laid.axes.hlines(laid.at, ends[:, 0], ends[:, 1], zorder=2, **INTERVAL)
    for end in ends.T:
        laid.axes.vlines(end, laid.at - 0.2, laid.at + 0.2, color=INTERVAL["color"], linewidth=1.0, zorder=2)


def _mean(laid: Rows, mean: float, text: str, limits: tuple[float, float]) -> None:
    """The nation's score as a broken line, its name above the axes and inside the page."""
    axes = laid.axes
    axes.axvline(mean, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
    text = wrap(text, 0.9 * laid.width, 8.5)
    half = width_of(text, 8.5) / 2 / laid.width * (limits[1] - limits[0])
    x = float(np.clip(mean, limits[0] + half, max(limits[1] - half, limits[0] + half)))
    axes.annotate(
        text, (x, 1), (0, 3), xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
        va="bottom", size=8.5, annotation_clip=False,
    )  # fmt: skip
