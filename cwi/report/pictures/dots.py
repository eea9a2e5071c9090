"""Rows of marks under the names of their groups: weights, shares and ranks beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing

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
    width_of,
)

__all__ = ["Dot", "grouped_dots"]

ROW, HEAD = 0.23, 0.3  # inches


@dataclass(frozen=True)
class Dot:
    """A mark: the column it stands for, what it is called, and how it looks."""

    column: str
    text: str
    marker: str
    size: float
    fill: str

    @property
    def style(self) -> dict[str, Any]:
        """As matplotlib's Line2D takes it."""
        look = {"marker": self.marker, "markersize": self.size, "markerfacecolor": self.fill}
        return {"markeredgecolor": INK, "markeredgewidth": 0.8} | look


@rc_context(STYLE)
def grouped_dots(
    table: pd.DataFrame,
    dots: Sequence[Dot],
    *,
    axis_label: str,
    interval: str = "",
    limits: tuple[float, float] = (-0.02, 1.02),
    ticks: Sequence[float] | None = None,
    title: str = "",
) -> Drawing:
    """A row a line of the table, groups in the order in which they are met.

    Parameters
    ----------
    table
        The columns ``group`` and ``name``, one for each mark, and ``low`` and ``high`` where there is an interval.
    dots
        The marks; a number that is missing is not drawn.
    axis_label
        What is measured along the axis.
    interval
        What the line from low to high is called; no line without it.
    limits
        The ends of the axis.
    ticks
        Where the axis is marked; as matplotlib likes by default.
    title
        A line above everything, for what nobody may overlook.
    """
    entries = [Entry(dot.text, "marker", dot.style) for dot in dots]
    if interval:
        entries.append(Entry(interval, "line", {"color": RISE, "linewidth": 1.3}))
    names = max(width_of(name, 9) for name in table["name"])
    above = leading(10) + 0.05 if title else 0.0
    left, key = names + 0.3, key_height(entries, WIDTH - 0.2)
    at, heads, y = [], [], 0.0
    for group, rows in table.groupby("group", sort=False):
        heads.append((y + HEAD / 2, str(group)))
        y += HEAD
        at += [y + (i + 0.5) * ROW for i in range(len(rows))]
        y += len(rows) * ROW
    top = above + key + 0.2
    figure = page(top + y + 0.4 + leading(9))
    if title:
        line = area(figure, 0.1, 0.05, WIDTH - 0.2, above, bare=True)
        line.text(0, above / 2, title, size=10, weight="bold", va="center_baseline")
    draw_key(figure, entries, 0.1, above + 0.1, WIDTH - 0.2)
    axes = area(figure, left, top, WIDTH - left - 0.15, y)
    axes.set(ylim=(y, 0), xlim=limits, xlabel=axis_label, yticks=[])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    if ticks is not None:
        axes.set_xticks(list(ticks))
    if interval:
        axes.hlines(at, table["low"], table["high"], color=RISE, linewidth=1.3, zorder=2)
    for dot in dots:
        axes.plot(
            table[dot.column].to_numpy(float), np.array(at), linestyle="none", zorder=3, clip_on=False, **dot.style
        )
    text = area(figure, 0, top, WIDTH, y, bare=True)
    for middle, head in heads:
        text.text(0.1, middle, head, weight="bold", va="center_baseline")
    for middle, name in zip(at, table["name"], strict=True):
        text.text(left - 0.12, middle, name, ha="right", va="center_baseline")
    return figure
