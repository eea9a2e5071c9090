"""How much of each component was measured: bars of counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from cwi.report.pictures.rows import need, rows
from cwi.report.pictures.style import INK, STYLE, Entry, Number, ticks

__all__ = ["measured"]

KINDS: dict[str, dict[str, Any]] = {
    "own": {"facecolor": "#1c5a9a", "edgecolor": "#123a63", "linewidth": 0.8},
    "carried": {"facecolor": "#b9d4ea", "edgecolor": "#123a63", "hatch": "////", "linewidth": 0.8},
    "missing": {"facecolor": "white", "edgecolor": "#8c8c8c", "linestyle": (0, (3, 2)), "linewidth": 0.8},
}


@rc_context(STYLE)
def measured(counts: pd.DataFrame, labels: Mapping[str, str], axis_label: str, number: Number) -> Figure:
    """How much of each component was measured.

    Parameters
    ----------
    counts
        A row a component (index: its printed title), in the order of printing; ``group`` (title of its
        dimension), ``own`` (measured in the year), ``carried`` (an earlier year's value), ``missing``.
    labels
        What own, carried and missing are called in the key.
    axis_label
        What is counted.
    number
        Prints a count.

    Raises
    ------
    DataError
        If a column is missing or there are no rows.
    """
    need(counts, ["group", *KINDS], "measured")
    entries = [Entry(labels[kind], "patch", style) for kind, style in KINDS.items()]
    groups = counts["group"].astype(str).to_list()
    laid = rows([str(title) for title in counts.index], entries, axis_label, groups=groups, most=2.2)
    start = np.zeros(len(counts))
    for kind, style in KINDS.items():
        values = counts[kind].fillna(0).to_numpy(float)
        laid.axes.barh(laid.at, values, height=0.76, left=start, **style)
        back = "none" if kind == "own" else style["facecolor"]
        colour = "white" if kind == "own" else INK
        box = {"facecolor": back, "edgecolor": "none", "boxstyle": "square,pad=0.15"}
        for value, x, y in zip(values, start + values / 2, laid.at, strict=True):
            if value > 0:
                text = number(float(value))
                laid.axes.text(x, y, text, size=8.5, color=colour, ha="center", va="center", bbox=box)
        start += values
    ticks(laid.axes, (0, max(float(start.max()), 1.0)), number, most=6)
    laid.axes.spines["left"].set_visible(True)
    return laid.figure
