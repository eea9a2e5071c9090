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
    Entry,
    area,
    draw_key,
    headline,
    is_narrow,
    key_height,
    leading,
    page,
    page_width,
    width_of,
    wrap,
)

__all__ = ["interval_panels", "lay_out"]

ROW, GAP = 0.23, 0.16  # inches
NAMED = 8.5  # points: of a name above a line
LEAST = 1.0  # inches: how wide a panel is on a phone at the least
POINT: dict[str, Any] = {
    "marker": "o", "markersize": 5.5, "markerfacecolor": RISE, "markeredgecolor": INK, "markeredgewidth": 0.8,
}  # fmt: skip
LINE: dict[str, Any] = {"color": RISE, "linewidth": 1.3}
REFERENCE: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 2))}


def lay_out(
    rows: Sequence[str], titles: Sequence[str], entries: Sequence[Entry], *, axis_label: str = "", title: str = "",
    gap: float = GAP, over: bool = False,
) -> tuple[Drawing, list[Axes], NDArray[np.float64]]:  # fmt: skip
    """Panels side by side with the same rows: key above, titles of panels, names of rows at the left, label below.

    On a phone they are below each other. ``over`` keeps room for a line of words between titles and axes.

    Returns
    -------
    The figure, the axes of each panel, and the middle of each row.
    """
    names = wrapped(rows, 1.1 if is_narrow() else 2.0, least=ROW)
    left = EDGE + names.width + 0.12
    room = page_width() - left - EDGE
    abreast = min(len(titles), max(1, int(room / LEAST))) if is_narrow() else len(titles)
    longest = max(width_of(wrap(head, 0.01, SIZE, bold=True), SIZE, True) for head in titles)
    while is_narrow() and abreast > 1 and (room - gap * (abreast - 1)) / abreast < longest:
        abreast -= 1
    width = (room - gap * (abreast - 1)) / abreast
    heads = [wrap(head, width, SIZE, bold=True) for head in titles]
    title, above = headline(title)
    key = key_height(entries, page_width() - 2 * EDGE)
    named = leading(NAMED) + 0.05 if over else 0.0
    head = leading(SIZE) * max(text.count("\n") + 1 for text in heads) + 0.08 + named
    height = len(rows) * names.row
    label = wrap(axis_label, room, SIZE)
    foot = 0.34 + (leading(SIZE) * (label.count("\n") + 1) if label else 0.0)
    first, each = above + key + 0.2, head + height + 0.34
    lines = -(-len(titles) // abreast)
    figure = page(first + lines * each - 0.34 + foot)
    if title:
        line = area(figure, EDGE, 0.05, page_width() - 2 * EDGE, above, bare=True)
        line.text(0, 0, title, size=10, weight="bold", va="top", linespacing=1.2)
    draw_key(figure, entries, EDGE, above + 0.1, page_width() - 2 * EDGE)
    panels = []
    for i, head_of in enumerate(heads):
        top = first + head + (i // abreast) * each
        if i % abreast == 0:
            text = area(figure, 0, top, left, height, bare=True)
            for row, name in enumerate(names.texts):
                text.text(left - 0.12, (row + 0.5) * names.row, name, ha="right", va="center", linespacing=TIGHT)
        x = left + (i % abreast) * (width + gap)
        above_panel = area(figure, x, top - head, width, head, bare=True)
        above_panel.text(0, head - 0.08 - named, head_of, weight="bold", va="bottom", linespacing=1.15)
        axes = area(figure, x, top, width, height)
        axes.set(ylim=(len(rows) - 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
        axes.grid(axis="x")
        panels.append(axes)
    if label:
        below = area(figure, left, first + lines * each - 0.1, room, foot - 0.24, bare=True)
        below.text(room / 2, 0.03, label, ha="center", va="top", linespacing=1.2)
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
    alone = len(panels) == 1  # a line in several panels is named once, in the key
    if reference and not alone:
        entries.append(Entry(reference, "line", REFERENCE))
    titles = list(panels)
    figure, every, at = lay_out(
        rows, titles, entries, axis_label=axis_label, title=title, over=bool(reference and alone)
    )
    for axes, table in zip(every, panels.values(), strict=True):
        if reference and "reference" in table and table["reference"].notna().any():
            place = float(table["reference"].dropna().iloc[0])
            axes.axvline(place, zorder=1.5, **REFERENCE)
            if alone:
                axes.annotate(
                    reference, (place, 1), (0, 3), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                    ha="center", va="bottom", size=NAMED, annotation_clip=False,
                )  # fmt: skip
        axes.hlines(at, table["low"], table["high"], zorder=2, **LINE)
        axes.plot(table["value"].to_numpy(float), at, linestyle="none", zorder=3, **POINT)
    return figure
