"""Several schemes in one picture: ranks, best cases, leads that no weights undo, and scores in the colours of a class.

Every function takes tables whose texts are already in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cwi.report.pictures.heat import class_map
from cwi.report.pictures.ranking import PARTS
from cwi.report.pictures.rows import rows
from cwi.report.pictures.style import (
    FALL,
    INK,
    RISE,
    STYLE,
    Entry,
    Number,
    area,
    draw_key,
    is_narrow,
    key_height,
    leading,
    page,
    page_width,
    ticks,
    width_of,
    wrap,
)

__all__ = ["best_cases", "classes", "rank_paths", "sure_leads"]

ROW = 0.25  # inches
EDGE: dict[str, Any] = {"markeredgecolor": INK, "markeredgewidth": 0.7, "linestyle": "none"}
OWN: dict[str, Any] = {"marker": "o", "markerfacecolor": INK, "markersize": 5.0} | EDGE
BEST: dict[str, Any] = {"marker": "D", "markerfacecolor": FALL, "markersize": 5.0} | EDGE
NOISE: dict[str, Any] = {"facecolor": "#d9d9d9", "edgecolor": "none"}
OPEN = "#eef1f4"
OTHER = "#dddddd"


@rc_context(STYLE)
def rank_paths(ranks: pd.DataFrame, intervals: np.ndarray, labels: Mapping[str, str]) -> Figure:
    """A row a region: noise as a grey bar, the reference as a dot, a sign for each scheme that ranks otherwise.

    Parameters
    ----------
    ranks
        A row a region, a column a scheme, the reference first.
    intervals : (n, 2)
        The lowest and the highest rank that noise alone gives each region.
    labels
        What ``own`` (the reference), ``noise`` and the axis (``rank``) are called.
    """
    own, others = ranks.columns[0], list(ranks.columns[1:])
    signs = [PARTS[i % len(PARTS)] | EDGE for i in range(len(others))]
    entries = [Entry(labels["own"], "marker", OWN)]
    entries += [Entry(str(name), "marker", sign) for name, sign in zip(others, signs, strict=True)]
    entries.append(Entry(labels["noise"], "patch", NOISE))
    laid = rows([str(name) for name in ranks.index], entries, labels["rank"], least=1.35 * ROW)
    axes = laid.axes
    n, at = len(ranks), np.arange(len(ranks))
    axes.set(xlim=(n + 0.6, 0.4), xticks=[1, *range(5, n + 1, 5)])
    for i, (low, high) in enumerate(np.asarray(intervals, dtype=float)):
        axes.add_patch(Rectangle((low - 0.5, i - 0.36), high - low + 1, 0.72, zorder=0.6, **NOISE))
    moved = ranks[others].ne(ranks[own], axis=0).to_numpy()
    for column, (name, sign) in enumerate(zip(others, signs, strict=True)):
        same = ranks[others].eq(ranks[name], axis=0).to_numpy() & moved  # schemes that share a place are side by side
        shared = same.sum(axis=1)
        step = np.minimum(0.2, 0.72 / np.maximum(shared - 1, 1)) * (same[:, :column].sum(axis=1) - (shared - 1) / 2)
        here = moved[:, column]
        axes.plot(ranks[name][here], (at + step)[here], zorder=3, clip_on=False, **sign)
    axes.plot(ranks[own], at, zorder=4, clip_on=False, **OWN)
    return laid.figure


@rc_context(STYLE)
def best_cases(cases: pd.DataFrame, labels: Mapping[str, str], number: Number) -> Figure:
    """The index of each region beside its best case.

    Parameters
    ----------
    cases
        A row a region; index and best, in per cent of the best region's sum.
    labels
        What ``index``, ``best`` and the axis (``share``) are called.
    number
        Prints the numbers of the axis.
    """
    entries = [Entry(labels["index"], "marker", OWN), Entry(labels["best"], "marker", BEST)]
    laid = rows([str(name) for name in cases.index], entries, labels["share"])
    axes = laid.axes
    at = np.arange(len(cases))
    ticks(axes, (min(50.0, float(cases[["index", "best"]].to_numpy().min()) - 3), 101.0), number)
    axes.hlines(at, cases["index"], cases["best"], color=RISE, linewidth=1.4, zorder=2)
    axes.plot(cases["best"], at, zorder=3, clip_on=False, **BEST)
    axes.plot(cases["index"], at, zorder=4, clip_on=False, **OWN)
    return laid.figure


@rc_context(STYLE)
def sure_leads(leads: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """A square of regions in one order; a filled cell where the row is surely ahead of the column.

    Parameters
    ----------
    leads
        True or false; rows and columns in the same order, the index printed as it is.
    labels
        What ``sure`` and ``open`` cells are called.
    """
    names = [str(name) for name in leads.index]
    n, beside = len(names), not is_narrow()  # on a phone numbers are beside the square, and the names below it
    rows_of = [f"{name}  {i}" if beside else str(i) for i, name in enumerate(names, start=1)]
    left = max(width_of(f"{row}0", 8.5) for row in rows_of) + 0.2
    cell = min((page_width() - left - 0.2) / n, 0.3)
    entries = [Entry(labels["sure"], "patch", {"facecolor": RISE, "edgecolor": "white"})]
    entries.append(Entry(labels["open"], "patch", {"facecolor": OPEN, "edgecolor": "white"}))
    key, foot = key_height(entries, page_width() - 0.2), max(width_of(str(i + 1), 8) for i in range(n)) + 0.3
    top, line = key + 0.2, leading(8.5)
    listed = [
        (str(place) if at == 0 else "", text)
        for place, name in enumerate([] if beside else names, start=1)
        for at, text in enumerate(wrap(name, page_width() - left - 0.1, 8.5).split("\n"))
    ]
    figure = page(top + n * cell + foot + len(listed) * line)
    draw_key(figure, entries, 0.1, 0.1, page_width() - 0.2)
    text = area(figure, 0, top, left, n * cell, bare=True)
    for i, row in enumerate(rows_of):
        text.text(left - 0.1, (i + 0.5) * cell, row, size=8.5, ha="right", va="center_baseline")
    if listed:
        below = area(figure, 0, top + n * cell + foot - 0.1, page_width(), len(listed) * line, bare=True)
        for at, (place, name) in enumerate(listed):
            below.text(left - 0.1, (at + 0.5) * line, place, size=8.5, ha="right", va="center_baseline")
            below.text(left, (at + 0.5) * line, name, size=8.5, va="center_baseline")
    axes = area(figure, left, top, n * cell, n * cell)
    sns.heatmap(
        leads.astype(float), mask=np.eye(n, dtype=bool), ax=axes, cmap=ListedColormap([OPEN, RISE]), vmin=0, vmax=1,
        cbar=False, linewidths=0.8, linecolor="white", yticklabels=False,
    )  # fmt: skip
    axes.set(xlabel="", ylabel="", xticks=np.arange(n) + 0.5)
    axes.set_xticklabels([str(place) for place in range(1, n + 1)], rotation=0)
    axes.tick_params(length=0, labelsize=8)
    return figure


def classes(scores: pd.DataFrame, chosen: np.ndarray, key: Sequence[tuple[str, str, str]], number: Number) -> Figure:
    """A cell a score, in the colour of its class and with its number.

    Parameters
    ----------
    scores
        A row a region, a column a node; index and columns printed as they are.
    chosen
        The class of each cell, by its word; of the shape of ``scores``.
    key
        Of each class: its word, its colour, and what the key calls it.
    number
        Prints a score.
    """
    words = [word for word, _, _ in key]
    place = {word: float(i) for i, word in enumerate(words)}
    codes = pd.DataFrame([[place.get(str(word), float(len(words))) for word in row] for row in chosen])
    codes = codes.set_axis(scores.index).set_axis(scores.columns, axis=1).where(scores.notna())
    faces = ListedColormap([*(face for _, face, _ in key), OTHER])
    entries = [Entry(text, "patch", {"facecolor": face}) for _, face, text in key]
    return class_map(codes, scores, faces, entries, number)
