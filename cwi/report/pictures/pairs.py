"""Two groups side by side: rows of regions, a panel an indicator, a pair of marks in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cwi.errors import DataError
from cwi.report.pictures.style import (
    FALL,
    INK,
    RISE,
    STYLE,
    WIDTH,
    Entry,
    Number,
    area,
    draw_key,
    key_height,
    leading,
    page,
    width_of,
    wrap,
)

__all__ = ["paired_panels"]

ROW, EDGE, GAP, SIZE = 0.23, 0.1, 0.2, 9.0
MARKS: dict[str, dict[str, Any]] = {  # shape and shade both tell the groups apart
    "first": {"marker": "o", "markersize": 6.0, "markerfacecolor": RISE},
    "second": {"marker": "D", "markersize": 5.4, "markerfacecolor": FALL},
}
LOOK: dict[str, Any] = {"markeredgecolor": INK, "markeredgewidth": 0.7}


@rc_context(STYLE)
def paired_panels(
    rows: Sequence[str], panels: Mapping[str, pd.DataFrame], *, first: str, second: str, number: Number
) -> Drawing:
    """A row a region and a panel an indicator; a line joins the two groups of a region.

    Parameters
    ----------
    rows
        What the rows are called, from the top.
    panels
        By title: a table of as many rows with the columns first and second; what is missing is not drawn.
    first, second
        What the groups are called in the key.
    number
        Prints a value on an axis.

    Raises
    ------
    DataError
        If there is no row or no panel, or a panel has another number of rows.
    """
    if not rows or not panels:
        raise DataError("paired panels: there is nothing to draw")
    for title, table in panels.items():
        if len(table) != len(rows):
            raise DataError(f"paired panels: '{title}' has {len(table)} rows; there are {len(rows)} names")
    entries = [
        Entry(text, "marker", MARKS[name] | LOOK) for name, text in (("first", first), ("second", second))
    ]  # fmt: skip
    left = EDGE + max(width_of(name, SIZE) for name in rows) + 0.12
    width = (WIDTH - left - EDGE - GAP * (len(panels) - 1)) / len(panels)
    heads = [wrap(head, width, SIZE, bold=True) for head in panels]
    key = key_height(entries, WIDTH - 2 * EDGE)
    head = leading(SIZE) * max(text.count("\n") + 1 for text in heads) + 0.08
    top, height = key + head + 0.2, len(rows) * ROW
    figure = page(top + height + 0.34)
    draw_key(figure, entries, EDGE, 0.1, WIDTH - 2 * EDGE)
    names = area(figure, 0, top, left, height, bare=True)
    for i, name in enumerate(rows):
        names.text(left - 0.12, (i + 0.5) * ROW, name, ha="right", va="center_baseline")
    at = np.arange(len(rows))
    for i, (said, table) in enumerate(zip(heads, panels.values(), strict=True)):
        x = left + i * (width + GAP)
        above = area(figure, x, top - head, width, head, bare=True)
        above.text(0, head - 0.08, said, weight="bold", va="bottom", linespacing=1.15)
        axes = area(figure, x, top, width, height)
        axes.set(ylim=(len(rows) - 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
        axes.grid(axis="x")
        both = table[["first", "second"]].to_numpy(float)
        axes.hlines(at, both.min(axis=1), both.max(axis=1), color="#8c8c8c", linewidth=1.3, zorder=2)
        for column, name in enumerate(MARKS):
            style = MARKS[name]
            sns.scatterplot(
                x=both[:, column], y=at, marker=style["marker"], s=style["markersize"] ** 2, ax=axes, legend=False,
                facecolor=style["markerfacecolor"], edgecolor=INK, linewidth=0.7, zorder=3, clip_on=False,
            )  # fmt: skip
    return figure
