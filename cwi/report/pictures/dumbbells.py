"""What changed between two years: an arrow from the earlier to the later score of each region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from cwi.errors import DataError
from cwi.report.pictures.rows import Rows, lines, rows, signed, span, unique
from cwi.report.pictures.style import FALL, INK, RISE, STYLE, Entry, Number, ticks

__all__ = ["dumbbells"]

EARLIER: dict[str, Any] = {"marker": "o", "markersize": 7, "markerfacecolor": "white"}
LATER: dict[str, Any] = {"marker": "o", "markersize": 8}
ARROW = 14  # points: a shorter change is drawn without a head


@rc_context(STYLE)
def dumbbells(
    earlier: pd.Series, later: pd.Series, *, labels: Mapping[str, str], axis_label: str, number: Number
) -> Figure:
    """What changed between two years, the greatest rise first.

    Parameters
    ----------
    earlier, later
        Scores by region (index: its printed name).
    labels
        What ``earlier`` and ``later`` are called, the years as a rule; ``change`` heads the column of changes.
    axis_label
        What is measured along the axis.
    number
        Prints a score; the sign of a change is put before it.

    Raises
    ------
    DataError
        If a region is listed twice or there are none.
    """
    for series, what in ((earlier, "earlier"), (later, "later")):
        unique(series.index, what)
    names = list(later.index) + [name for name in earlier.index if name not in later.index]
    if not names:
        raise DataError("dumbbells: there are no regions to draw")
    both = {"earlier": earlier.astype(float).reindex(names), "later": later.astype(float).reindex(names)}
    table = pd.DataFrame(both).assign(change=both["later"] - both["earlier"])
    table = table.sort_values("change", ascending=False, kind="stable")
    entries = [
        Entry(labels["earlier"], "marker", EARLIER | {"color": INK}),
        Entry(labels["later"], "marker", LATER | {"color": INK}),
    ]
    changes = [signed(float(v), number) for v in table["change"]]
    regions = [str(name) for name in table.index]
    laid = rows(regions, entries, axis_label, beside=changes, heading=labels.get("change", ""))
    lines(laid)
    limits = span(table[["earlier", "later"]].to_numpy().ravel())
    ticks(laid.axes, limits, number, most=7)
    for row, (old, new, change) in zip(laid.at.tolist(), table.to_numpy(), strict=True):
        _arrow(laid, row, float(old), float(new), abs(change) / (limits[1] - limits[0]) * laid.width * 72)
    return laid.figure


def _arrow(laid: Rows, row: float, old: float, new: float, length: float) -> None:
    """One region: its earlier and its later score, and a line between them, ``length`` in points."""
    axes, colour = laid.axes, FALL if new < old else RISE
    if length > ARROW:
        look = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 3, "shrinkB": 2.5}
        axes.annotate("", (new, row), (old, row), annotation_clip=False, arrowprops=look)
    elif length > 0:
        axes.plot([old, new], [row, row], color=colour, linewidth=1.8, zorder=2)
    axes.plot(new, row, color=colour, zorder=3, clip_on=False, **LATER)
    if np.isfinite(old):
        axes.plot(old, row, markeredgecolor=colour, zorder=4, clip_on=False, **EARLIER)
