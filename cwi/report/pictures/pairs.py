"""Two groups side by side: rows of regions, a panel an indicator, a pair of marks in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter

from cwi.errors import DataError
from cwi.report.pictures.panels import lay_out
from cwi.report.pictures.style import FALL, INK, RISE, STYLE, Entry, Number

__all__ = ["paired_panels"]

GAP = 0.2  # inches
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
    figure, every, at = lay_out(rows, list(panels), entries, gap=GAP)
    for axes, table in zip(every, panels.values(), strict=True):
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
        both = table[["first", "second"]].to_numpy(float)
        axes.hlines(at, both.min(axis=1), both.max(axis=1), color="#8c8c8c", linewidth=1.3, zorder=2)
        for column, name in enumerate(MARKS):
            style = MARKS[name]
            sns.scatterplot(
                x=both[:, column], y=at, marker=style["marker"], s=style["markersize"] ** 2, ax=axes, legend=False,
                facecolor=style["markerfacecolor"], edgecolor=INK, linewidth=0.7, zorder=3, clip_on=False,
            )  # fmt: skip
    return figure
