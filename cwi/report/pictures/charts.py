"""The pictures of a report that are not maps.

Every function takes tables whose texts are already in the reader's language and gives a matplotlib figure.
``number`` turns a value into the text that is printed for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import offset_copy

from cwi.errors import DataError
from cwi.report.pictures.style import (
    DIVERGING,
    FALL,
    INK,
    MISSING,
    RISE,
    SEQUENTIAL,
    STYLE,
    WIDTH,
    Entry,
    Number,
    area,
    check_limits,
    colour_bar,
    draw_key,
    key_height,
    leading,
    on,
    page,
    ticks,
    width_of,
    wrap,
)

__all__ = ["dot_plot", "dumbbells", "heat_map", "measured"]

DASH = "–"
EDGE = 0.06  # white rim of a page, inches
TIGHT = 1.05  # from line to line of a name, in its size
WIDEST = 7.2  # a page may grow to this many inches before the heads of columns are slanted
SLANT = np.radians(58)
NAMES = 2.0  # at most so wide is the column of names, inches

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


def _need(table: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    if table.empty:
        raise DataError(f"{what}: there is nothing to draw, the table has {len(table)} rows")
    for column in columns:
        if column not in table:
            raise DataError(f"{what}: the table has no column '{column}'; it has {', '.join(map(str, table.columns))}")


def _unique(index: pd.Index, what: str) -> None:
    if index.has_duplicates:
        raise DataError(f"{what}: '{index[index.duplicated()][0]}' stands there twice")


def _names(labels: Sequence[str], size: float, most: float = NAMES) -> tuple[list[str], float, float]:
    """Wrapped labels, how wide their column is and how high a row must be, in inches."""
    wrapped = [wrap(str(label), most, size) for label in labels]
    lines = max(label.count("\n") + 1 for label in wrapped)
    return wrapped, max(width_of(label, size) for label in wrapped), max(0.25, lines * size * TIGHT / 72 + 0.02)


def _span(values: np.ndarray) -> tuple[float, float]:
    """Round limits around the values; 0 to 100 where there are none."""
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 100.0
    low, high = float(values.min()), float(values.max())
    step = 10.0 if high - low > 12 else 5.0 if high - low > 2 else 1.0
    pad = 0.03 * max(high - low, 1.0)
    return float(np.floor((low - pad) / step) * step), float(np.ceil((high + pad) / step) * step)


def _rows(axes: Axes, n: int) -> None:
    """Rows from the top down, each with a faint line, and a grid for reading values."""
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.hlines(np.arange(n), 0, 1, transform=axes.get_yaxis_transform(), color="#e8e8e8", linewidth=0.6, zorder=0.5)


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

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a column is missing or there are no rows.
    """
    _need(counts, ["group", "own", "carried", "missing"], "measured")
    size = 9.0
    groups = counts["group"].astype(str).to_list()
    wrapped, names, row = _names([str(title) for title in counts.index], size, 2.2)
    at, heads, y = [], [], 0.0
    for i, group in enumerate(groups):
        if i == 0 or group != groups[i - 1]:
            y += row * 0.35 if i else 0.0
            heads.append((y + row / 2, group))
            y += row
        at.append(y + row / 2)
        y += row
    styles: dict[str, dict[str, Any]] = {
        "own": {"facecolor": "#1c5a9a", "edgecolor": "#123a63", "linewidth": 0.8},
        "carried": {"facecolor": "#b9d4ea", "edgecolor": "#123a63", "hatch": "////", "linewidth": 0.8},
        "missing": {"facecolor": "white", "edgecolor": "#8c8c8c", "linestyle": (0, (3, 2)), "linewidth": 0.8},
    }
    entries = [Entry(labels[kind], "patch", style) for kind, style in styles.items()]
    key = key_height(entries, WIDTH - 2 * EDGE)
    left = EDGE + 0.12 + names + 0.1
    top = EDGE + key + 0.08
    figure = page(top + y + 0.52)
    draw_key(figure, entries, EDGE, EDGE, WIDTH - 2 * EDGE)
    text = area(figure, 0, top, left, y, bare=True)
    for middle, group in heads:
        text.text(EDGE, middle, group, weight="bold", size=size, va="center_baseline")
    for middle, title in zip(at, wrapped, strict=True):
        text.text(left - 0.1, middle, title, size=size, ha="right", va="center", linespacing=TIGHT)
    axes = area(figure, left, top, WIDTH - left - 0.2, y)
    axes.set_ylim(y, 0)
    axes.set_yticks([])
    axes.grid(axis="x")
    start = np.zeros(len(counts))
    for kind, style in styles.items():
        values = counts[kind].fillna(0).to_numpy(float)
        axes.barh(at, values, height=row * 0.76, left=start, **style)
        back = "none" if kind == "own" else style["facecolor"]
        for value, x, middle in zip(values, start + values / 2, at, strict=True):
            if value > 0:
                box = {"facecolor": back, "edgecolor": "none", "boxstyle": "square,pad=0.15"}
                colour = "white" if kind == "own" else INK
                axes.text(x, middle, number(float(value)), size=8.5, color=colour, ha="center", va="center", bbox=box)
        start += values
    ticks(axes, (0, max(float(start.max()), 1.0)), number, most=6)
    axes.set_xlabel(wrap(axis_label, WIDTH - left - 0.2, size))
    return figure


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
) -> Figure:
    """The regions in the order of the index, and the parts it is made of.

    Parameters
    ----------
    scores
        A row a region (index: its printed name), a column for the index and for each part.
    index
        The column to rank by; regions without it stand last.
    parts
        The columns drawn as small signs; one that is missing in a region is simply absent.
    nation
        The nation's scores, by the same columns; a vertical line stands at its index.
    intervals
        ``low`` and ``high`` of the index, by region.
    labels
        What the index, each part, ``nation`` and ``interval`` are called.
    axis_label
        What is measured along the axis.
    number
        Prints a score.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a column is missing, a region stands twice or there are no regions.
    """
    _need(scores, [index, *parts], "dot plot")
    _unique(scores.index, "dot plot")
    size = 9.0
    table = scores[[index, *parts]].astype(float).sort_values(index, ascending=False, kind="stable")
    n = len(table)
    value = table[index].to_numpy()
    wrapped, names, row = _names([str(name) for name in table.index], size)
    numbers = [number(float(v)) if np.isfinite(v) else DASH for v in value]
    column = max(width_of(text, size, True) for text in numbers)
    ends = None
    if intervals is not None:
        _need(intervals, ["low", "high"], "intervals")
        _unique(intervals.index, "intervals")
        ends = intervals[["low", "high"]].astype(float).reindex(table.index).to_numpy()
    mean = float(nation[index]) if nation is not None else np.nan

    big: dict[str, Any] = {"marker": "o", "markersize": 8.5, "markerfacecolor": "#08264f", "markeredgecolor": "white"}
    entries = [Entry(labels[index], "marker", big)]
    styles = [PARTS[i % len(PARTS)] | {"markeredgecolor": INK, "markeredgewidth": 0.7} for i in range(len(parts))]
    entries += [Entry(labels[part], "marker", style) for part, style in zip(parts, styles, strict=True)]
    if ends is not None:
        line = {"color": "#08264f", "linewidth": 1.3, "marker": "|", "markersize": 5}
        entries.append(Entry(labels["interval"], "line", line))
    key = key_height(entries, WIDTH - 2 * EDGE)
    left = EDGE + names + 0.12 + column + 0.12
    width = WIDTH - left - 0.16
    label = wrap(f"{labels['nation']} {number(mean)}", width * 0.9, 8.5) if np.isfinite(mean) else ""
    above = (label.count("\n") + 1) * leading(8.5) + 0.06 if label else 0.0
    top = EDGE + key + 0.08 + above
    figure = page(top + n * row + 0.34 + leading(size) * (1 + wrap(axis_label, width, size).count("\n")))
    draw_key(figure, entries, EDGE, EDGE, WIDTH - 2 * EDGE)
    text = area(figure, 0, top, left, n * row, bare=True)
    for i, (name, printed) in enumerate(zip(wrapped, numbers, strict=True)):
        middle = (i + 0.5) * row
        text.text(EDGE + names, middle, name, size=size, ha="right", va="center", linespacing=TIGHT)
        text.text(left - 0.12, middle, printed, size=size, weight="bold", ha="right", va="center_baseline")

    axes = area(figure, left, top, width, n * row)
    _rows(axes, n)
    every = [table.to_numpy().ravel(), np.array([mean])] + ([ends.ravel()] if ends is not None else [])
    limits = _span(np.concatenate(every))
    ticks(axes, limits, number)
    y = np.arange(n)
    if ends is not None:
        axes.hlines(y, ends[:, 0], ends[:, 1], color="#08264f", linewidth=1.3, zorder=2)
        for end in ends.T:
            axes.vlines(end, y - 0.2, y + 0.2, color="#08264f", linewidth=1.0, zorder=2)
    if label:
        axes.axvline(mean, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
        half = width_of(label, 8.5) / 2 / width * (limits[1] - limits[0])
        x = float(np.clip(mean, limits[0] + half, max(limits[1] - half, limits[0] + half)))
        axes.annotate(
            label,
            (x, 1),
            (0, 3),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=8.5,
            annotation_clip=False,
        )
    axes.plot(value, y, linestyle="none", zorder=3, clip_on=False, **big)
    for part, style in zip(parts, styles, strict=True):
        axes.plot(table[part].to_numpy(), y, linestyle="none", zorder=4, clip_on=False, **style)
    axes.set_xlabel(wrap(axis_label, width, size))
    return figure


@rc_context(STYLE)
def heat_map(
    values: pd.DataFrame,
    *,
    number: Number,
    axis_label: str,
    missing_label: str,
    limits: tuple[float, float] = (0, 100),
    diverging: bool = False,
    marks: pd.DataFrame | None = None,
    mark_label: str = "",
    emphasised: str | None = None,
) -> Figure:
    """A table of numbers on colours.

    Parameters
    ----------
    values
        A row a region, a column a node; index and columns are printed as they are.
    number
        Prints a value, with its sign where values are changes.
    axis_label
        What the colours say.
    missing_label
        What hatched cells are called in the key.
    limits
        The ends of the colours; what lies beyond has the colour of the end.
    diverging
        Colours that part at the middle of the limits: for changes and differences.
    marks
        True where a cell carries a small dot; by the same rows and columns.
    mark_label
        What the dot means.
    emphasised
        The column that is set apart, at the left and in bold.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a row or column stands twice, the emphasised column is not there, or there is nothing to draw.
    """
    _need(values, [emphasised] if emphasised is not None else [], "heat map")
    if not len(values.columns):
        raise DataError("heat map: there is nothing to draw, the table has no columns")
    _unique(values.index, "heat map")
    _unique(values.columns, "heat map")
    check_limits(limits)
    order = list(values.columns)
    if emphasised is not None:
        order = [emphasised, *(column for column in order if column != emphasised)]
    table = values[order].astype(float)
    marked = np.zeros(table.shape, dtype=bool)
    if marks is not None:
        marked = marks.reindex(index=table.index, columns=order).fillna(False).to_numpy(bool) & table.notna().to_numpy()
    n, k = table.shape
    apart = 1 if emphasised is not None and k > 1 else 0
    gap = 0.1 * apart

    size, small = (8.5, 8.0) if k <= 10 else (8.0, 7.5)
    wrapped, names, row = _names([str(name) for name in table.index], size, 1.65)
    cells = table.to_numpy()
    printed = [[number(float(v)) if np.isfinite(v) else "" for v in line] for line in cells]
    widest = max(width_of(text, small, j < apart) for line in printed for j, text in enumerate(line)) + 0.07
    left = EDGE + names + 0.08
    heads = [str(column) for column in order]
    cell = max(min((WIDTH - left - gap - EDGE) / k, 1.05), widest)
    wide = [cell] * k  # of each column
    slanted, letters = True, size
    for smaller in (0.0, 0.5, 1.0):  # rather smaller than slanted
        longest = [
            width_of(wrap(head, 0.01, size - smaller, i < apart), size - smaller, i < apart) + 0.06
            for i, head in enumerate(heads)
        ]
        level = max([cell, *longest[apart:]])
        if left + gap + max([cell, *longest[:apart]]) * apart + level * (k - apart) + EDGE <= WIDEST:
            wide = [max([cell, *longest[:apart]])] * apart + [level] * (k - apart)
            slanted, letters = False, size - smaller
            break
    overhang = 0.0
    if slanted:
        texts = [_two_lines(head, size, i < apart) for i, head in enumerate(heads)]
        lengths = [width_of(text, size, i < apart) for i, text in enumerate(texts)]
        thick = [(text.count("\n") + 1) * size * TIGHT / 72 for text in texts]
        reach = [le * np.cos(SLANT) + th * np.sin(SLANT) / 2 for le, th in zip(lengths, thick, strict=True)]
        for _ in range(3):  # the cells make room for the last labels
            cell = max(min((WIDTH - left - gap - EDGE - overhang) / k, 1.05), widest)
            overhang = max(max(r - (k - j - 0.5) * cell for j, r in enumerate(reach)), 0.0)
        wide = [cell] * k
        head = max(le * np.sin(SLANT) + th * np.cos(SLANT) for le, th in zip(lengths, thick, strict=True)) + 0.08
    else:
        texts = [wrap(head, wide[i] - 0.04, letters, i < apart) for i, head in enumerate(heads)]
        head = max(text.count("\n") + 1 for text in texts) * leading(letters) + 0.08
    begins = [left + sum(wide[:j]) + (gap if j >= apart else 0.0) for j in range(k)]
    width = max(WIDTH, begins[-1] + wide[-1] + overhang + EDGE)

    beyond = bool((cells < limits[0]).any()), bool((cells > limits[1]).any())
    entries = [Entry(missing_label, "patch", MISSING)] if np.isnan(cells).any() else []
    if marked.any() and mark_label:
        entries.append(Entry(mark_label, "marker", {"marker": "o", "markersize": 3.4, "color": INK}))
    bar = 2.0
    label = wrap(axis_label, bar + 0.35, size)
    beside = left + bar + 0.6
    room = width - beside - EDGE
    foot = max(0.36 + (label.count("\n") + 1) * leading(size), key_height(entries, room, size)) + 0.04
    top = EDGE + head
    figure = page(top + n * row + 0.14 + foot + EDGE, width)
    text = area(figure, 0, 0, width, top + n * row, bare=True)
    for i, name in enumerate(wrapped):
        text.text(left - 0.08, top + (i + 0.5) * row, name, size=size, ha="right", va="center", linespacing=TIGHT)
    colours = DIVERGING if diverging else SEQUENTIAL
    for j, title in enumerate(texts):
        x = begins[j] + wide[j] / 2
        weight = "bold" if j < apart else "normal"
        if slanted:
            text.text(
                x,
                top - 0.05,
                title,
                size=size,
                weight=weight,
                rotation=np.degrees(SLANT),
                rotation_mode="anchor",
                ha="left",
                va="center",
                linespacing=TIGHT,
            )
        else:
            text.text(x, top - 0.06, title, size=letters, weight=weight, ha="center", va="bottom", linespacing=1.2)
    for first, last in ((0, apart), (apart, k)):
        if first == last:
            continue
        axes = area(figure, begins[first], top, sum(wide[first:last]), n * row)
        part = table.iloc[:, first:last]
        sns.heatmap(
            part,
            mask=part.isna(),
            ax=axes,
            cmap=colours,
            vmin=limits[0],
            vmax=limits[1],
            cbar=False,
            linewidths=0.8,
            linecolor="white",
            xticklabels=False,
            yticklabels=False,
        )
        axes.set(xlabel="", ylabel="")
        for i in range(n):
            for j in range(first, last):
                what = cells[i, j], printed[i][j], bool(marked[i, j])
                _cell(axes, (i, j - first), what, colours, limits, small, "bold" if j < apart else "normal")
    colour_bar(figure, (left, top + n * row + 0.14, bar), colours, limits, number, signed=diverging, beyond=beyond)
    text = area(figure, left, top + n * row + 0.14, bar, foot, bare=True)
    text.text(0, 0.34, label, size=size, va="top", linespacing=1.2)
    draw_key(figure, entries, beside, top + n * row + 0.08, room, size)
    return figure


def _two_lines(text: str, size: float, bold: bool) -> str:
    """The text in at most two lines, in one where it is short."""
    limit = 1.1
    while (lines := wrap(text, limit, size, bold)).count("\n") > 1:
        limit *= 1.1
    return lines


def _cell(
    axes: Axes,
    at: tuple[int, int],
    what: tuple[float, str, bool],
    colours: Colormap,
    limits: tuple[float, float],
    size: float,
    weight: str,
) -> None:
    """What stands in a cell of a heat map: its number, a dot where it is marked, hatching where nothing is."""
    (i, j), (value, printed, marked) = at, what
    if not np.isfinite(value):
        axes.add_patch(Rectangle((j + 0.03, i + 0.05), 0.94, 0.9, **MISSING))
        return
    share = (value - limits[0]) / (limits[1] - limits[0])
    ink = on(colours(min(max(share, 0.0), 1.0)))
    axes.text(j + 0.5, i + 0.52, printed, size=size, color=ink, weight=weight, ha="center", va="center_baseline")
    if marked:
        corner = offset_copy(axes.transData, axes.get_figure(root=True), -3.4, -3.4, units="points")
        axes.plot([j + 1], [i], transform=corner, marker="o", markersize=2.8, markeredgewidth=0, color=ink)


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

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a region stands twice or there are none.
    """
    for series, what in ((earlier, "earlier"), (later, "later")):
        _unique(series.index, what)
    names_of = list(later.index) + [name for name in earlier.index if name not in later.index]
    if not names_of:
        raise DataError("dumbbells: there are no regions to draw")
    both = {"earlier": earlier.astype(float).reindex(names_of), "later": later.astype(float).reindex(names_of)}
    table = pd.DataFrame(both)
    table["change"] = table["later"] - table["earlier"]
    table = table.sort_values("change", ascending=False, kind="stable")
    n = len(table)
    size = 9.0
    wrapped, names, row = _names([str(name) for name in table.index], size)
    changes = [_signed(float(v), number) for v in table["change"]]
    title = labels.get("change", "")
    column = max(width_of(text, size, True) for text in changes)
    heading = wrap(title, max(column, 0.8), 8.5)
    column = max(column, width_of(heading, 8.5) if title else 0)
    entries = [
        Entry(labels["earlier"], "marker", {"marker": "o", "markersize": 7, "markerfacecolor": "white", "color": INK}),
        Entry(labels["later"], "marker", {"marker": "o", "markersize": 8, "color": INK}),
    ]
    key = key_height(entries, WIDTH - 2 * EDGE)
    left = EDGE + names + 0.14
    width = WIDTH - left - column - 0.2 - EDGE
    above = (heading.count("\n") + 1) * leading(8.5) + 0.02 if title else 0.0
    top = EDGE + key + 0.04 + above
    label = wrap(axis_label, width, size)
    figure = page(top + n * row + 0.34 + leading(size) * (1 + label.count("\n")))
    draw_key(figure, entries, EDGE, EDGE, WIDTH - 2 * EDGE)
    text = area(figure, 0, top, WIDTH, n * row, bare=True)
    if title:
        text.text(WIDTH - EDGE, -0.04, heading, size=8.5, ha="right", va="bottom", linespacing=1.2)
    for i, (name, change) in enumerate(zip(wrapped, changes, strict=True)):
        middle = (i + 0.5) * row
        text.text(EDGE + names, middle, name, size=size, ha="right", va="center", linespacing=TIGHT)
        text.text(WIDTH - EDGE, middle, change, size=size, weight="bold", ha="right", va="center_baseline")
    axes = area(figure, left, top, width, n * row)
    _rows(axes, n)
    limits = _span(table[["earlier", "later"]].to_numpy().ravel())
    ticks(axes, limits, number, most=7)
    for i, (old, new, change) in enumerate(table.to_numpy()):
        colour = RISE if not change < 0 else FALL
        apart = abs(change) / (limits[1] - limits[0]) * width * 72  # points
        if apart > 14:
            axes.annotate(
                "",
                (new, i),
                (old, i),
                annotation_clip=False,
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 3, "shrinkB": 2.5},
            )
        elif apart > 0:
            axes.plot([old, new], [i, i], color=colour, linewidth=1.8, zorder=2)
        axes.plot(new, i, marker="o", markersize=8, color=colour, zorder=3, clip_on=False)
        axes.plot(
            old, i, marker="o", markersize=7, markerfacecolor="white", markeredgecolor=colour, zorder=4, clip_on=False
        )
    axes.set_xlabel(label)
    return figure


def _signed(change: float, number: Number) -> str:
    """A change with its sign; none where it is printed as zero."""
    if not np.isfinite(change):
        return DASH
    text = number(abs(change)).lstrip("+")
    if text == number(0.0).lstrip("+"):
        return text
    return ("+" if change > 0 else "\N{MINUS SIGN}") + text
