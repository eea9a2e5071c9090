"""A table of numbers on colours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import offset_copy
from numpy.typing import NDArray

from cwi.errors import DataError
from cwi.report.pictures.rows import EDGE, TIGHT, need, unique, wrapped
from cwi.report.pictures.style import (
    DIVERGING,
    INK,
    MISSING,
    SEQUENTIAL,
    STYLE,
    Entry,
    Number,
    area,
    check_limits,
    colour_bar,
    draw_key,
    is_narrow,
    key_height,
    leading,
    main_axes,
    on,
    page,
    page_width,
    width_of,
    wrap,
)

__all__ = ["class_map", "heat_map"]

WIDEST = 7.2  # a page may grow to this many inches before the heads of columns are slanted
SLANT, UPRIGHT = np.radians(58), np.radians(86)  # of heads that do not fit side by side; on a phone
GAP = 0.1  # between the emphasised column and the others, inches
BAR = 2.0  # how long the bar of colours is, inches


@dataclass(frozen=True, eq=False)
class _Cells:
    """What is in the cells: numbers, how they are printed, which are marked; the first ``apart`` columns in bold."""

    table: pd.DataFrame
    printed: list[list[str]]
    marked: NDArray[np.bool_]
    apart: int
    colours: Colormap
    limits: tuple[float, float]
    size: float
    hatched: bool = True  # whether a cell without a number is marked as missing

    @property
    def widest(self) -> float:
        """How wide a cell must be for the longest number, in inches."""
        rows = self.printed
        return max(width_of(text, self.size, j < self.apart) for row in rows for j, text in enumerate(row)) + 0.07

    @property
    def beyond(self) -> tuple[bool, bool]:
        """Whether there are values below and above the limits."""
        values = self.table.to_numpy()
        return bool((values < self.limits[0]).any()), bool((values > self.limits[1]).any())


@dataclass(frozen=True, eq=False)
class _Heads:
    """The heads of the columns: wrapped texts, width of each column, size of letters, whether they are slanted.

    ``height`` of all of them, and ``overhang``: how far the last ones reach beyond their columns, in inches.
    """

    texts: list[str]
    widths: list[float]
    letters: float
    slanted: bool
    height: float
    overhang: float = 0.0


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
    ax: Axes | None = None,
) -> Figure:
    """A table of numbers on colours.

    Parameters
    ----------
    values
        A row a region, a column a node; index and columns are printed as they are.
    number
        Prints a value, with its sign where values are changes.
    axis_label
        What the colours mean.
    missing_label
        What hatched cells are called in the key.
    limits
        The ends of the colours; what is beyond has the colour of the end.
    diverging
        Colours that part at the middle of the limits: for changes and differences.
    marks
        True where a cell carries a small dot; by the same rows and columns.
    mark_label
        What the dot means.
    emphasised
        The column that is set apart, at the left and in bold.
    ax
        Axes to draw on, with a bar of colours beside them; a page of its own by default.

    Raises
    ------
    DataError
        If a row or column is listed twice, the emphasised column is missing, or there is nothing to draw.
    """
    need(values, [emphasised] if emphasised is not None else [], "heat map")
    if not len(values.columns):
        raise DataError("heat map: there is nothing to draw, the table has no columns")
    unique(values.index, "heat map")
    unique(values.columns, "heat map")
    check_limits(limits)
    order = list(values.columns)
    if emphasised is not None:
        order = [emphasised, *(column for column in order if column != emphasised)]
    table = values[order].astype(float)
    marked = np.zeros(table.shape, dtype=bool)
    if marks is not None:
        marked = marks.reindex(index=table.index, columns=order).fillna(False).to_numpy(bool) & table.notna().to_numpy()
    cells = _Cells(
        table=table,
        printed=[[number(float(v)) if np.isfinite(v) else "" for v in row] for row in table.to_numpy()],
        marked=marked,
        apart=1 if emphasised is not None and len(order) > 1 else 0,
        colours=DIVERGING if diverging else SEQUENTIAL,
        limits=limits,
        size=8.0 if len(order) <= 10 else 7.5,
    )
    entries = [Entry(missing_label, "patch", MISSING)] if table.isna().to_numpy().any() else []
    if marked.any() and mark_label:
        entries.append(Entry(mark_label, "marker", {"marker": "o", "markersize": 3.4, "color": INK}))
    if ax is not None:
        return _on_given(ax, cells, entries, axis_label)
    return _on_page(cells, entries, axis_label, number, diverging)


@rc_context(STYLE)
def class_map(
    codes: pd.DataFrame, values: pd.DataFrame, faces: ListedColormap, entries: list[Entry], number: Number
) -> Figure:
    """Numbers on the colours of their classes; cells without a class stay empty.

    Parameters
    ----------
    codes
        The class of each cell, from 0; a row a region, a column a node, both printed as they are.
    values
        The numbers, of the same shape.
    faces
        The colour of each class.
    entries
        The key.
    number
        Prints a value.
    """
    need(codes, [], "class map")
    unique(codes.index, "class map")
    unique(codes.columns, "class map")
    cells = _Cells(
        table=codes.astype(float),
        printed=[[number(float(v)) if np.isfinite(v) else "" for v in row] for row in values.to_numpy(float)],
        marked=np.zeros(codes.shape, dtype=bool),
        apart=0,
        colours=faces,
        limits=(-0.5, faces.N - 0.5),
        size=8.0 if codes.shape[1] <= 10 else 7.5,
        hatched=False,
    )
    return _on_page(cells, entries, "", number, False)


def _on_page(cells: _Cells, entries: list[Entry], axis_label: str, number: Number, diverging: bool) -> Figure:
    """The table on a page: heads above, names at the left, the bar of colours and the key below.

    On a phone the columns are in several parts below each other, each with the names.
    """
    n, k = cells.table.shape
    size = 8.5 if k <= 10 else 8.0
    names = wrapped([str(name) for name in cells.table.index], 1.25 if is_narrow() else 1.65, size=size)
    left = EDGE + names.width + 0.08
    laid = _parts(cells, left, size)
    width = max(page_width(), *(part.ends for part in laid))
    label = wrap(axis_label, BAR + 0.35, size)
    key, beside, room, foot = _foot(entries, label, left, width, size)
    tall = [EDGE + part.heads.height + n * names.row for part in laid]
    below = sum(tall)
    figure = page(below + 0.14 + foot + EDGE, width)
    start = 0.0
    for part, height in zip(laid, tall, strict=True):
        top = start + EDGE + part.heads.height
        text = area(figure, 0, start, width, height, bare=True)
        for i, name in enumerate(names.texts):
            middle = top - start + (i + 0.5) * names.row
            text.text(left - 0.08, middle, name, size=size, ha="right", va="center", linespacing=TIGHT)
        _write_heads(text, part.heads, part.middles, top - start, part.cells.apart)
        columns = part.cells.table.shape[1]
        for first, last in ((0, part.cells.apart), (part.cells.apart, columns)):
            if first < last:
                axes = area(figure, part.begins[first], top, sum(part.heads.widths[first:last]), n * names.row)
                _draw(axes, part.cells, first, last)
        start += height
    main_axes(figure, axes)
    draw_key(figure, entries, beside, below + 0.08 + key, room, size)
    if not axis_label:
        return figure
    at = EDGE if is_narrow() else left
    colour_bar(
        figure, (at, below + 0.14, BAR), cells.colours, cells.limits, number, signed=diverging, beyond=cells.beyond
    )
    text = area(figure, at, below + 0.14, BAR, foot, bare=True)
    text.text(0, 0.34, label, size=size, va="top", linespacing=1.2)
    return figure


def _foot(
    entries: list[Entry], label: str, left: float, width: float, size: float
) -> tuple[float, float, float, float]:
    """Below the table: how far down the key is, where it begins, how wide it is, and how high all is, in inches."""
    bar = 0.36 + (label.count("\n") + 1) * leading(size) if label else 0.0
    if is_narrow() or not label:  # the key below the bar of colours; classes have a key and no bar
        room = width - 2 * EDGE
        return bar, EDGE, room, bar + key_height(entries, room, size) + 0.04
    beside = left + BAR + 0.6
    room = width - beside - EDGE
    return 0.0, beside, room, max(bar, key_height(entries, room, size)) + 0.04


@dataclass(frozen=True, eq=False)
class _Part:
    """Some columns of the table as they are laid out: where each begins and where the last label ends, in inches."""

    cells: _Cells
    heads: _Heads
    begins: list[float]

    @property
    def middles(self) -> list[float]:
        return [x + w / 2 for x, w in zip(self.begins, self.heads.widths, strict=True)]

    @property
    def ends(self) -> float:
        return self.begins[-1] + self.heads.widths[-1] + self.heads.overhang + EDGE


def _parts(cells: _Cells, left: float, size: float) -> list[_Part]:
    """All columns in one part; on a phone in as few as fit its width."""
    k = cells.table.shape[1]
    for each in range(k, 0, -1):
        parts = [_part(cells, first, min(first + each, k), left, size) for first in range(0, k, each)]
        if not is_narrow() or all(part.ends <= page_width() + 1e-9 for part in parts):
            break
    return parts


def _part(cells: _Cells, first: int, last: int, left: float, size: float) -> _Part:
    apart = min(cells.apart, last) if first == 0 and last > cells.apart else 0
    own = replace(
        cells, table=cells.table.iloc[:, first:last], printed=[row[first:last] for row in cells.printed],
        marked=cells.marked[:, first:last], apart=apart,
    )  # fmt: skip
    gap = GAP * apart
    heads = _heads([str(column) for column in own.table.columns], page_width() - left - gap - EDGE, own, size)
    begins = [left + sum(heads.widths[:j]) + (gap if j >= apart else 0.0) for j in range(last - first)]
    return _Part(own, heads, begins)


def _on_given(axes: Axes, cells: _Cells, entries: list[Entry], axis_label: str) -> Figure:
    """The table on axes that the caller has laid out."""
    n, k = cells.table.shape
    _draw(axes, cells, 0, k)
    axes.set_yticks(np.arange(n) + 0.5, [str(name) for name in cells.table.index])
    axes.set_xticks(np.arange(k) + 0.5, [str(name) for name in cells.table.columns], rotation=45, ha="right")
    axes.tick_params(length=0)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.colorbar(axes.collections[0], ax=axes, label=axis_label, extend=extend[cells.beyond])
    if entries:
        handles = [entry.handle() for entry in entries]
        axes.legend(handles=handles, fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


# ---------------------------------------------------------------- the heads of columns


def _heads(titles: list[str], room: float, cells: _Cells, size: float) -> _Heads:
    """Heads side by side where the page has room for their longest words, else slanted."""
    k, apart = len(titles), cells.apart
    cell = max(min(room / k, 1.05), cells.widest)
    for smaller in (0.0, 0.5, 1.0):  # rather smaller than slanted
        letters = size - smaller
        longest = [
            width_of(wrap(title, 0.01, letters, i < apart), letters, i < apart) + 0.06 for i, title in enumerate(titles)
        ]
        widths = [max([cell, *longest[:apart]])] * apart + [max([cell, *longest[apart:]])] * (k - apart)
        if sum(widths) <= room + (0.0 if is_narrow() else WIDEST - page_width()):
            texts = [wrap(title, widths[i] - 0.04, letters, i < apart) for i, title in enumerate(titles)]
            height = max(text.count("\n") + 1 for text in texts) * leading(letters) + 0.08
            return _Heads(texts, widths, letters, False, height)
    return _slanted(titles, room, cells, size)


def _slanted(titles: list[str], room: float, cells: _Cells, size: float) -> _Heads:
    k, apart = len(titles), cells.apart
    texts = [_two_lines(title, size, i < apart) for i, title in enumerate(titles)]
    lengths = [width_of(text, size, i < apart) for i, text in enumerate(texts)]
    thick = [(text.count("\n") + 1) * size * TIGHT / 72 for text in texts]
    slant = UPRIGHT if is_narrow() else SLANT
    reach = [le * np.cos(slant) + th * np.sin(slant) / 2 for le, th in zip(lengths, thick, strict=True)]
    cell, overhang = 0.0, 0.0
    for _ in range(3):  # the cells make room for the last labels
        cell = max(min((room - overhang) / k, 1.05), cells.widest)
        overhang = max(max(r - (k - j - 0.5) * cell for j, r in enumerate(reach)), 0.0)
    height = max(le * np.sin(slant) + th * np.cos(slant) for le, th in zip(lengths, thick, strict=True)) + 0.08
    return _Heads(texts, [cell] * k, size, True, float(height), float(overhang))


def _two_lines(text: str, size: float, bold: bool) -> str:
    """The text in at most two lines, in one where it is short."""
    limit = 1.1
    while (lines := wrap(text, limit, size, bold)).count("\n") > 1:
        limit *= 1.1
    return lines


def _write_heads(text: Axes, heads: _Heads, middles: list[float], top: float, apart: int) -> None:
    slant = float(np.degrees(UPRIGHT if is_narrow() else SLANT))
    for j, (x, title) in enumerate(zip(middles, heads.texts, strict=True)):
        weight = "bold" if j < apart else "normal"
        if heads.slanted:
            text.text(
                x, top - 0.05, title, size=heads.letters, weight=weight, rotation=slant,
                rotation_mode="anchor", ha="left", va="center", linespacing=TIGHT,
            )  # fmt: skip
        else:
            text.text(
                x, top - 0.06, title, size=heads.letters, weight=weight, ha="center", va="bottom", linespacing=1.2
            )


# ---------------------------------------------------------------- the cells


def _draw(axes: Axes, cells: _Cells, first: int, last: int) -> None:
    """Some columns of the table: the colours are seaborn's heat map, the numbers have ink that is read on them."""
    part = cells.table.iloc[:, first:last]
    sns.heatmap(
        part, mask=part.isna(), ax=axes, cmap=cells.colours, vmin=cells.limits[0], vmax=cells.limits[1], cbar=False,
        linewidths=0.8, linecolor="white", xticklabels=False, yticklabels=False,
    )  # fmt: skip
    axes.set(xlabel="", ylabel="")
    span = cells.limits[1] - cells.limits[0]
    corner = offset_copy(axes.transData, axes.get_figure(root=True), -3.4, -3.4, units="points")
    for (i, j), value in np.ndenumerate(part.to_numpy()):
        if not np.isfinite(value):
            if not cells.hatched:
                continue
            axes.add_patch(Rectangle((j + 0.03, i + 0.05), 0.94, 0.9, **MISSING))
            continue
        ink = on(cells.colours(min(max((value - cells.limits[0]) / span, 0.0), 1.0)))
        weight = "bold" if first + j < cells.apart else "normal"
        text = cells.printed[i][first + j]
        axes.text(j + 0.5, i + 0.52, text, size=cells.size, color=ink, weight=weight, ha="center", va="center_baseline")
        if cells.marked[i, first + j]:
            axes.plot([j + 1], [i], transform=corner, marker="o", markersize=2.8, markeredgewidth=0, color=ink)
