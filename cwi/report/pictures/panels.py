"""Estimates with their intervals side by side: rows of regions, a panel a measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cwi.errors import DataError
from cwi.report.pictures.rows import EDGE, SIZE, TIGHT, wrapped
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
    wrap,
)

__all__ = ["interval_panels", "lay_out"]

ROW, GAP = 0.23, 0.16  # inches
POINT: dict[str, Any] = {
    "marker": "o", "markersize": 5.5, "markerfacecolor": RISE, "markeredgecolor": INK, "markeredgewidth": 0.8,
}  # fmt: skip
LINE: dict[str, Any] = {"color": RISE, "linewidth": 1.3}
REFERENCE: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 2))}


def lay_out(
    rows: Sequence[str], titles: Sequence[str], entries: Sequence[Entry], *, axis_label: str = "", title: str = "",
    gap: float = GAP,
) -> tuple[Drawing, list[Axes], NDArray[np.float64]]:  # fmt: skip
    """Panels side by side with the same rows: key above, titles of panels, names of rows at the left, label below.

    Returns
    -------
    The figure, the axes of each panel, and the middle of each row.
    """
    names = wrapped(rows, least=ROW)
    left = EDGE + names.width + 0.12
    width = (WIDTH - left - EDGE - gap * (len(titles) - 1)) / len(titles)
    heads = [wrap(head, width, SIZE, bold=True) for head in titles]
    above = leading(10) + 0.05 if title else 0.0
    key = key_height(entries, WIDTH - 2 * EDGE)
    head = leading(SIZE) * max(text.count("\n") + 1 for text in heads) + 0.08
    top, height = above + key + head + 0.2, len(rows) * names.row
    figure = page(top + height + 0.34 + (leading(SIZE) if axis_label else 0.0))
    if title:
        line = area(figure, EDGE, 0.05, WIDTH - 2 * EDGE, above, bare=True)
        line.text(0, above / 2, title, size=10, weight="bold", va="center_baseline")
    draw_key(figure, entries, EDGE, above + 0.1, WIDTH - 2 * EDGE)
    text = area(figure, 0, top, left, height, bare=True)
    for i, name in enumerate(names.texts):
        text.text(left - 0.12, (i + 0.5) * names.row, name, ha="right", va="center", linespacing=TIGHT)
    panels = []
    for i, head_of in enumerate(heads):
        x = left + i * (width + gap)
        above_panel = area(figure, x, top - head, width, head, bare=True)
        above_panel.text(0, head - 0.08, head_of, weight="bold", va="bottom", linespacing=1.15)
        axes = area(figure, x, top, width, height)
        axes.set(ylim=(len(rows) - 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
        axes.grid(axis="x")
        panels.append(axes)
    if axis_label:
        foot = area(figure, left, top + height + 0.24, WIDTH - left - EDGE, leading(SIZE) + 0.06, bare=True)
        foot.text((WIDTH - left - EDGE) / 2, 0.03, axis_label, ha="center", va="top")
    return figure, panels, np.arange(len(rows), dtype=float)


@rc_context(STYLE)
def interval_panels(
    rows: Sequence[str],
    panels: Mapping[str, pd.DataFrame],
    *,
    axis_label: str,
    point: str,
    interval: str,
    reference: str = "",
    title: str = "",
) -> Drawing:
    """A row a region and a panel a measure, all with the same order of rows.

    Parameters
    ----------
    rows
        What the rows are called, from the top.
    panels
        By title: a table of as many rows with ``value``, ``low``, ``high`` and, where there is one, the same
        ``reference`` in all. What is missing is not drawn.
    axis_label
        What the axes measure.
    point, interval, reference
        What the mark, the line and the broken line are called in the key.
    title
        A line above everything, for what nobody may overlook.

    Raises
    ------
    DataError
        If there is no row or no panel.
    """
    if not rows or not panels:
        raise DataError("interval panels: there is nothing to draw")
    entries = [Entry(point, "marker", POINT), Entry(interval, "line", LINE)]
    if reference:
        entries.append(Entry(reference, "line", REFERENCE))
    figure, every, at = lay_out(rows, list(panels), entries, axis_label=axis_label, title=title)
    for axes, table in zip(every, panels.values(), strict=True):
        if reference and "reference" in table and table["reference"].notna().any():
            axes.axvline(float(table["reference"].dropna().iloc[0]), zorder=1.5, **REFERENCE)
        axes.hlines(at, table["low"], table["high"], zorder=2, **LINE)
        axes.plot(table["value"].to_numpy(float), at, linestyle="none", zorder=3, **POINT)
    return figure
