"""Rows of marks under the names of their groups: weights, shares and ranks beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing

from cwi.report.pictures.rows import rows
from cwi.report.pictures.style import INK, RISE, STYLE, Entry, Number
from cwi.report.pictures.style import ticks as mark_axis

__all__ = ["Dot", "grouped_dots"]

ROW, NAMES = 0.23, 2.6  # inches


@dataclass(frozen=True)
class Dot:
    """A mark: its column, what it is called, and how it looks."""

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
    number: Number | None = None,
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
    number
        Prints the numbers of the axis, where it is not marked at ``ticks``.
    title
        A line above everything, for what nobody may overlook.
    """
    entries = [Entry(dot.text, "marker", dot.style) for dot in dots]
    if interval:
        entries.append(Entry(interval, "line", {"color": RISE, "linewidth": 1.3}))
    names = [str(name) for name in table["name"]]
    groups = [str(group) for group in table["group"]]
    order = [i for group in dict.fromkeys(groups) for i, own in enumerate(groups) if own == group]
    table = table.iloc[order]
    laid = rows(
        [names[i] for i in order], entries, axis_label, groups=[groups[i] for i in order], title=title, most=NAMES,
        least=ROW,
    )  # fmt: skip
    laid.axes.set_xlim(limits)
    if number is not None and ticks is None:
        mark_axis(laid.axes, limits, number)
    if ticks is not None:
        laid.axes.set_xticks(list(ticks))
    if interval:
        laid.axes.hlines(laid.at, table["low"], table["high"], color=RISE, linewidth=1.3, zorder=2)
    for dot in dots:
        values = table[dot.column].to_numpy(float)
        laid.axes.plot(values, laid.at, linestyle="none", zorder=3, clip_on=False, **dot.style)
    return laid.figure
