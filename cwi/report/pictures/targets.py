"""Pictures of targets: how they moved from one announcement to the next, and how many regions are on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cwi.errors import DataError
from cwi.report.pictures.style import (
    FALL,
    INK,
    MISSING,
    RISE,
    STYLE,
    Entry,
    Number,
    area,
    draw_key,
    is_narrow,
    key_height,
    leading,
    on,
    page,
    page_width,
    width_of,
    wrap,
)

__all__ = ["LOOKS", "moving", "states"]

EDGE, SIZE = 0.1, 9.0
TARGET: dict[str, Any] = {"color": RISE, "marker": "o", "markersize": 6, "linewidth": 1.6}
FACT: dict[str, Any] = {"color": FALL, "marker": "D", "markersize": 6, "markeredgecolor": INK}


@rc_context(STYLE)
def moving(
    panels: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], labels: Mapping[str, str], number: Number
) -> Figure:
    """Targets as steps from one announcement to the next, and what was reached, a panel a measure.

    Parameters
    ----------
    panels
        By printed title: targets (``day``, ``value``) in the order of announcement, facts (``day``, ``value``).
    labels
        What ``target`` and ``fact`` are called in the key.

    Raises
    ------
    DataError
        If there is no panel.
    """
    if not panels:
        raise DataError("moving targets: there is nothing to draw")
    entries = [Entry(labels["target"], "line", TARGET), Entry(labels["fact"], "marker", FACT)]
    key = key_height(entries, page_width() - 2 * EDGE)
    height, gap = 1.45, 0.42
    heads = [wrap(title, page_width() - 2 * EDGE, SIZE, bold=True) for title in panels]
    rooms = [leading(SIZE) * (head.count("\n") + 1) + 0.1 for head in heads]
    figure = page(EDGE + key + sum(rooms) + len(panels) * (height + gap))
    draw_key(figure, entries, EDGE, EDGE, page_width() - 2 * EDGE)
    days = pd.concat([table["day"] for pair in panels.values() for table in pair])
    years = [int(days.dt.year.min()), int(days.dt.year.max()) + 1]
    left = 0.85
    y = EDGE + key
    for head, room, (targets, facts) in zip(heads, rooms, panels.values(), strict=True):
        above = area(figure, EDGE, y, page_width() - 2 * EDGE, room, bare=True)
        above.text(0, 0.02, head, weight="bold", va="top", linespacing=1.15)
        y += room
        axes = area(figure, left, y, page_width() - left - 0.3, height)
        at, value = _years(targets["day"]), targets["value"].to_numpy(float)
        axes.step([*at, years[1]], [*value, value[-1]], where="post", color=RISE, linewidth=1.6, zorder=2)
        axes.plot(at, value, linestyle="none", zorder=3, **{k: v for k, v in TARGET.items() if k != "linewidth"})
        axes.plot(_years(facts["day"]), facts["value"].to_numpy(float), linestyle="none", zorder=4, **FACT)
        top = float(max([*value, *facts["value"]])) * 1.25
        for x, v in zip([*at, *_years(facts["day"])], [*value, *facts["value"]], strict=True):
            axes.annotate(number(float(v)), (x, v), (4, 5), textcoords="offset points", size=8.5)
        axes.set(xlim=tuple(years), ylim=(0, top))
        axes.set_xticks(range(years[0], years[1] + 1, 2 if is_narrow() else 1))
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda each, place: number(each)))
        axes.grid(axis="y")
        y += height + gap
    return figure


def _years(days: pd.Series) -> np.ndarray:
    """Days as years with a fraction."""
    return np.asarray(days.dt.year + (days.dt.day_of_year - 1) / 365, dtype=float)


LOOKS: tuple[dict[str, Any], ...] = (
    {"facecolor": "#08264f", "edgecolor": INK},
    {"facecolor": "#2a6cae", "edgecolor": INK},
    {"facecolor": "#b5d3ea", "edgecolor": INK},
    {"facecolor": "#d9822b", "edgecolor": INK},
    {"facecolor": "#eeeeee", "edgecolor": INK, "hatch": "...."},
    {key: value for key, value in MISSING.items() if key != "linewidth"},
)


@rc_context(STYLE)
def states(counts: pd.DataFrame, looks: Sequence[int], axis_label: str) -> Figure:
    """How many regions are in each state, a bar a row.

    Parameters
    ----------
    counts
        A row a bar, a column a state; printed names.
    looks
        For each state the place of its look in :data:`LOOKS`, so that a state looks the same in every picture.

    Raises
    ------
    DataError
        If there is nothing to draw, or not each state has a look.
    """
    if counts.empty or len(counts.columns) != len(looks):
        raise DataError(f"states: {len(counts)} rows, {len(counts.columns)} states and {len(looks)} looks")
    chosen = [LOOKS[place] for place in looks]
    entries = [Entry(str(name), "patch", look | {"linewidth": 0.7}) for name, look in zip(counts, chosen, strict=True)]
    names = [wrap(str(name), min(2.2, 0.4 * page_width()), SIZE) for name in counts.index]
    column = max(width_of(name, SIZE) for name in names)
    row = max(0.34, max(name.count("\n") + 1 for name in names) * leading(SIZE) + 0.1)
    key = key_height(entries, page_width() - 2 * EDGE)
    top, left, n = EDGE + key + 0.1, EDGE + column + 0.14, len(counts)
    figure = page(top + n * row + 0.36 + leading(SIZE))
    draw_key(figure, entries, EDGE, EDGE, page_width() - 2 * EDGE)
    text = area(figure, 0, top, left, n * row, bare=True)
    for i, name in enumerate(names):
        text.text(EDGE + column, (i + 0.5) * row, name, ha="right", va="center", linespacing=1.15)
    axes = area(figure, left, top, page_width() - left - 0.2, n * row)
    whole = counts.to_numpy(float)
    axes.set(ylim=(n - 0.5, -0.5), yticks=[], xlim=(0, whole.sum(axis=1).max()), xlabel=axis_label)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    start = np.zeros(n)
    for place, look in zip(range(len(counts.columns)), chosen, strict=True):
        width = whole[:, place]
        axes.barh(np.arange(n), width, left=start, height=0.66, linewidth=0.7, zorder=2, **look)
        for i in np.flatnonzero(width).tolist():
            colour = on(look["facecolor"])
            axes.text(start[i] + width[i] / 2, i, f"{width[i]:.0f}", ha="center", va="center", color=colour, zorder=3)
        start = start + width
    return figure
