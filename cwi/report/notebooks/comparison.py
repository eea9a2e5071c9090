"""Weighting schemes side by side, as tables and pictures of a notebook. In English: it is read by methodologists.

Every function gives a section that a cell shows. ``names`` are the regions' names by code; ``of`` begins the names of
tables and pictures, where one notebook shows two comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from cwi.analysis.comparison import Comparison, Needed
from cwi.report.blocks import Block, Bullets, Figure, Paragraph, Section, Table
from cwi.report.notebooks.audit import table
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.style import (
    FALL,
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
    width_of,
)

__all__ = [
    "best_cases",
    "beyond_noise",
    "correlations",
    "fingerprints",
    "implied",
    "movers",
    "needed_changes",
    "rank_paths",
    "refusals",
    "robust",
    "sure",
]

Names = Mapping[str, str]
ROW = 0.25  # inches
MOST = 14  # nodes that a picture of changes has room for
# shape and shade both tell the schemes apart
SHAPES: tuple[dict[str, Any], ...] = (
    {"marker": "s", "markerfacecolor": "#f2b65a", "markersize": 5.4},
    {"marker": "^", "markerfacecolor": "#ffffff", "markersize": 6.4},
    {"marker": "D", "markerfacecolor": "#8a86bf", "markersize": 5.0},
    {"marker": "v", "markerfacecolor": "#b8621b", "markersize": 6.4},
    {"marker": "P", "markerfacecolor": "#cfe2f2", "markersize": 6.4},
    {"marker": "X", "markerfacecolor": "#b9b9b9", "markersize": 6.2},
    {"marker": "p", "markerfacecolor": "#4f8fc4", "markersize": 6.4},
    {"marker": "h", "markerfacecolor": "#fbe3c0", "markersize": 6.4},
)
EDGE: dict[str, Any] = {"markeredgecolor": INK, "markeredgewidth": 0.7, "linestyle": "none"}
OWN: dict[str, Any] = {"marker": "o", "markerfacecolor": INK, "markersize": 5.0} | EDGE
NOISE: dict[str, Any] = {"facecolor": "#d9d9d9", "edgecolor": "none"}


def fingerprints(comparison: Comparison, of: str = "schemes") -> Section:
    """The schemes that were run, each with the fingerprint of its methodology."""
    rows = comparison.schemes[["fingerprint", "regions"]].reset_index()
    return table(rows, f"Schemes that were run, {comparison.year}", name=f"{of}-run")


def refusals(comparison: Comparison, of: str = "schemes") -> Section:
    """What could not be run, and why; nothing is dropped without a word."""
    if comparison.refused.empty:
        return Section([Paragraph("Every scheme could be run.")])
    return table(comparison.refused, f"Schemes that could not be run, {comparison.year}", name=f"{of}-refused")


def implied(comparison: Comparison, of: str = "schemes") -> Section:
    """What each component counts in the index under each scheme, in hundredths; the indicators in the table behind."""
    methodology = next(iter(comparison.runs.values())).methodology
    lowest = methodology.levels[0].name
    wide = 100 * comparison.weights.pivot(index="indicator", columns="scheme", values="weight")
    wide = wide.loc[list(methodology.indicators["code"]), list(comparison.runs)]
    parent = methodology.indicators.set_index("code")[lowest]
    values = wide.groupby(parent.to_numpy(), sort=False).sum().rename(index=_words, columns=_words)
    highest = float(values.to_numpy().max())
    drawn = partial(
        heat_map,
        values,
        number=_tenth,
        axis_label="share of the index, %",
        missing_label="",
        limits=(0.0, 5.0 * np.ceil(highest / 5)),
    )
    behind = wide.rename_axis(columns=None).reset_index()
    behind.insert(0, lowest, parent.reindex(behind["indicator"]).to_numpy())
    caption = f"Implied weights of the {lowest}s under each scheme, %, when all indicators are measured"
    top = _at(values, np.argmax)
    alt = (
        f"Shares of {len(values)} nodes in the index under {len(values.columns)} schemes. The largest is "
        f"{highest:.1f} %, {top[0]} under {top[1]}."
    )
    shown = _behind(behind, f"Implied weights of the {len(wide)} indicators, %", f"{of}-weights")
    return _figure(f"{of}-weights", caption, alt, drawn, shown)


def rank_paths(comparison: Comparison, names: Names, intervals: pd.DataFrame, of: str = "schemes") -> Section:
    """Where each region ranks under each scheme, over the interval that noise on the weights alone would give it."""
    ranks = comparison.ranks
    caption = f"Ranks under {len(ranks.columns)} schemes, {comparison.year}"
    spread = comparison.robust["spread"]
    alt = (
        f"Ranks of {len(ranks)} regions under {len(ranks.columns)} schemes. The widest range is that of "
        f"{_name(names, spread.idxmax())}, {spread.max():.0f} places; regions that never move: {(spread == 0).sum()}."
    )
    noise = intervals[["low", "high"]].reindex(ranks.index).add_prefix("noise, ")
    behind = _counted(ranks.rename_axis(columns=None).join(noise)).rename(index=partial(_name, names)).reset_index()
    drawn = partial(_paths, ranks, names, intervals)
    return _figure(f"{of}-ranks", caption, alt, drawn, _behind(behind, caption, f"{of}-ranks"))


def movers(comparison: Comparison, names: Names, of: str = "schemes") -> Section:
    """How far each scheme is from the reference, and who moves by more than two and five places."""
    rows = comparison.schemes.drop(index=comparison.reference, columns=["fingerprint"])
    heads = ["scheme", "ρ", "τ", "mean shift", "> 2", "> 5", "by more than 2", "by more than 5"]
    columns = ("spearman", "kendall", "mean_shift")
    shown = [
        [
            str(scheme),
            *(f"{row[column]:.2f}" for column in columns),
            *(str(row[f"over_{places}"]) for places in (2, 5)),
            *(_named(row[f"movers_{places}"], names) for places in (2, 5)),
        ]
        for scheme, row in rows.iterrows()
    ]
    caption = f"Agreement with '{comparison.reference}', {comparison.year}: rank correlations and places moved"
    note = "A correlation near 1 hides who moves; places are those of unrounded scores."
    return Section([Table(f"{of}-movers", caption, heads, shown, rows.reset_index(), note)])


def correlations(comparison: Comparison, of: str = "schemes") -> Section:
    """Rank correlations between all schemes; mean rank shifts in the table behind."""
    square = comparison.correlations.rename(index=_words, columns=_words)
    lowest = float(square.to_numpy().min())
    drawn = partial(
        heat_map,
        square,
        number=_hundredths,
        axis_label="Spearman's rank correlation",
        missing_label="",
        limits=(min(0.8, np.floor(10 * lowest) / 10), 1.0),
    )
    caption = f"Rank correlations between the schemes, {comparison.year}"
    at = _at(square, np.argmin)
    alt = f"Rank correlations of {len(square)} schemes; the lowest is {lowest:.2f}, {at[0]} with {at[1]}."
    behind = comparison.shifts.rename_axis(columns=None).rename_axis("scheme").reset_index()
    shown = _behind(behind, "Mean places moved between the schemes", f"{of}-correlations")
    return _figure(f"{of}-correlations", caption, alt, drawn, shown)


def beyond_noise(comparison: Comparison, intervals: pd.DataFrame, names: Names, of: str = "schemes") -> Section:
    """Which moves are larger than noise on the weights would make them."""
    found = comparison.beyond(intervals)
    rows = []
    for scheme, part in found.groupby("scheme", sort=False):
        better, worse = part[part["beyond"] < 0], part[part["beyond"] > 0]
        outside = len(better) + len(worse)
        rows.append([str(scheme), str(len(part) - outside), *(_signed(side, names) for side in (better, worse))])
    heads = ["scheme", "regions within noise", "better than noise gives", "worse than noise gives"]
    caption = f"Ranks outside the interval of noise, {comparison.year}, with the places outside"
    return Section([Table(f"{of}-beyond-noise", caption, heads, rows, found, numeric=len(heads))])


def robust(comparison: Comparison, names: Names, of: str = "schemes") -> Section:
    """What holds whatever scheme is chosen, in sentences, and the range of ranks of every region."""
    found = comparison.robust
    said = found[found["always"] != ""]
    sentences = [
        f"{', '.join(_name(names, code) for code in part.index)}: {word} under every scheme."
        for word, part in said.groupby("always", sort=False)
    ]
    open_ = len(found) - len(said)
    sentences.append(
        f"Of {open_} of {len(found)} regions nothing of the kind holds under all {len(comparison.runs)} schemes."
    )
    rows = _counted(found).rename(index=partial(_name, names)).reset_index()
    caption = f"Best and worst rank over {len(comparison.runs)} schemes, {comparison.year}"
    return Section([Bullets(sentences), *table(rows, caption, name=f"{of}-ranges").blocks])


def sure(leads: pd.DataFrame, names: Names, *, band: float) -> Section:
    """Which region is ahead of which under all weights within a band."""
    n = len(leads)
    count, pairs = int(leads.to_numpy().sum()), n * (n - 1) // 2
    caption = f"Sure leads under all weights within ± {band:g} of the methodology's: {count} of {pairs} pairs"
    ahead = leads.sum(axis=1)
    alt = (
        f"A square of {n} regions; a filled cell says that the row is ahead of the column whatever the weights in the "
        f"band. {count} of {pairs} pairs are sure; {_name(names, ahead.idxmax())} is surely ahead of {ahead.max()}."
    )
    behind = pd.DataFrame({"surely ahead of": ahead, "surely behind": leads.sum()}).rename(index=partial(_name, names))
    shown = _behind(behind.rename_axis("region").reset_index(), caption, "sure-leads")
    return _figure("sure-leads", caption, alt, partial(_square, leads, names), shown)


def best_cases(cases: pd.DataFrame, names: Names, *, shares: tuple[float, float]) -> Section:
    """The index beside each region's best case; a best case is no ranking."""
    low, high = (f"{100 * share:g}" for share in shares)
    caption = f"Each region by the weights that suit it best, a part giving {low} to {high} % of its sum"
    far = cases["gain"].idxmax()
    alt = (
        f"The index of {len(cases)} regions under the methodology's weights and under those that suit each best, the "
        f"best region being 1. {_name(names, far)} gains most, {cases['gain'].max():.2f}."
    )
    behind = cases.rename(index=partial(_name, names)).rename_axis("region").reset_index()
    drawn = partial(_gains, cases, names)
    return _figure("best-cases", caption, alt, drawn, _behind(behind, caption, "best-cases"))


def needed_changes(needed: Needed, names: Names) -> Section:
    """How weights would have to change for each region to be first; sentences on those that none make first."""
    changes, rows = needed.changes, needed.regions
    changes = changes[rows["distance"].reindex(changes.index) > 0]
    never = [_name(names, code) for code in rows.index[~rows["possible"] & (rows["why"] != "") & rows["rank"].notna()]]
    left = rows[rows["rank"].isna()]
    blocks: list[Block] = []
    if never:
        blocks.append(Paragraph(f"No weights of the level {needed.level} make first: {', '.join(never)}."))
    blocks += [Paragraph(f"{_name(names, str(code))} is left out: {why}.") for code, why in left["why"].items()]
    shown = (
        _counted(rows.drop(columns="possible")).rename(index=partial(_name, names)).rename_axis("region").reset_index()
    )
    caption = (
        f"Weights of the level {needed.level} under which each region would be first, nearest to the methodology's"
    )
    name = f"needed-weights-{needed.level}"
    behind = _behind(shown, f"{caption}: the share of the weight to be moved", name)
    if changes.empty or len(changes.columns) > MOST:
        return Section([*blocks, behind])
    moved = (100 * rows["distance"]).to_dict()
    labels = {code: f"{_name(names, code)} ({moved[code]:.0f})" for code in changes.index}
    values = (100 * changes).rename(index=labels, columns=_words)
    reach = 10 * float(np.ceil(np.abs(values.to_numpy()).max() / 10))
    drawn = partial(
        heat_map,
        values,
        number=_change,
        axis_label="change of the weight, percentage points; in brackets what is moved in all",
        missing_label="",
        limits=(-reach, reach),
        diverging=True,
    )
    first = changes.index[0]
    alt = (
        f"Changes of weights that would make {len(changes)} regions first. The nearest is {_name(names, first)}, "
        f"{moved[first]:.0f} % of the weight moved, most of it to {_words(rows['raised'].to_dict()[first])}; no "
        f"weights make {len(never)} regions first."
    )
    return Section([*blocks, *_figure(name, caption, alt, drawn, behind).blocks])


@rc_context(STYLE)
def _paths(ranks: pd.DataFrame, names: Names, intervals: pd.DataFrame) -> Drawing:
    """A row a region: noise as a grey bar, the reference as a dot, a sign for each scheme that ranks otherwise."""
    own, others = ranks.columns[0], list(ranks.columns[1:])
    signs = [SHAPES[i % len(SHAPES)] | EDGE for i in range(len(others))]
    entries = [Entry(f"{_words(str(own))}, and every scheme that has no sign in a row", "marker", OWN)]
    entries += [Entry(_words(str(name)), "marker", sign) for name, sign in zip(others, signs, strict=True)]
    entries.append(Entry("90 % of the ranks when each of its weights is unsure", "patch", NOISE))
    figure, axes = _strips([_name(names, code) for code in ranks.index], entries, "rank", tall=1.35)
    n, at = len(ranks), np.arange(len(ranks))
    axes.set(xlim=(n + 0.6, 0.4), xticks=[1, *range(5, n + 1, 5)])
    for i, (low, high) in enumerate(intervals.reindex(ranks.index)[["low", "high"]].to_numpy(float)):
        axes.add_patch(Rectangle((low - 0.5, i - 0.36), high - low + 1, 0.72, zorder=0.6, **NOISE))
    moved = ranks[others].ne(ranks[own], axis=0).to_numpy()
    for column, (name, sign) in enumerate(zip(others, signs, strict=True)):
        same = ranks[others].eq(ranks[name], axis=0).to_numpy() & moved  # schemes that share a place stand side by side
        shared = same.sum(axis=1)
        step = np.minimum(0.2, 0.72 / np.maximum(shared - 1, 1)) * (same[:, :column].sum(axis=1) - (shared - 1) / 2)
        rows = moved[:, column]
        axes.plot(ranks[name][rows], (at + step)[rows], zorder=3, clip_on=False, **sign)
    axes.plot(ranks[own], at, zorder=4, clip_on=False, **OWN)
    return figure


@rc_context(STYLE)
def _gains(cases: pd.DataFrame, names: Names) -> Drawing:
    best = {"marker": "D", "markerfacecolor": FALL, "markersize": 5.0} | EDGE
    entries = [
        Entry("the methodology's weights", "marker", OWN),
        Entry("the weights that suit it best", "marker", best),
    ]
    figure, axes = _strips([_name(names, code) for code in cases.index], entries, "share of the best region's sum")
    at = np.arange(len(cases))
    axes.set_xlim(min(0.5, float(cases[["index", "best"]].to_numpy().min()) - 0.03), 1.01)
    axes.hlines(at, cases["index"], cases["best"], color=RISE, linewidth=1.4, zorder=2)
    axes.plot(cases["best"], at, zorder=3, clip_on=False, **best)
    axes.plot(cases["index"], at, zorder=4, clip_on=False, **OWN)
    return figure


@rc_context(STYLE)
def _square(leads: pd.DataFrame, names: Names) -> Drawing:
    labels = [_name(names, code) for code in leads.index]
    n, left = len(labels), max(width_of(f"{label}  00", 8.5) for label in labels) + 0.2
    cell = min((WIDTH - left - 0.2) / n, 0.3)
    entries = [Entry("the row is surely ahead of the column", "patch", {"facecolor": RISE, "edgecolor": "white"})]
    entries.append(Entry("not sure, or behind", "patch", {"facecolor": "#eef1f4", "edgecolor": "white"}))
    key, foot = key_height(entries, WIDTH - 0.2), max(width_of(str(i + 1), 8) for i in range(n)) + 0.3
    top = key + 0.2
    figure = page(top + n * cell + foot)
    draw_key(figure, entries, 0.1, 0.1, WIDTH - 0.2)
    text = area(figure, 0, top, left, n * cell, bare=True)
    for i, label in enumerate(labels):
        text.text(left - 0.1, (i + 0.5) * cell, f"{label}  {i + 1}", size=8.5, ha="right", va="center_baseline")
    axes = area(figure, left, top, n * cell, n * cell)
    axes.set(xlim=(0, n), ylim=(n, 0), yticks=[], xticks=np.arange(n) + 0.5, xticklabels=range(1, n + 1))
    axes.tick_params(length=0, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
    for (i, j), ahead in np.ndenumerate(leads.to_numpy(bool)):
        if i != j:
            face = RISE if ahead else "#eef1f4"
            axes.add_patch(Rectangle((j, i), 1, 1, facecolor=face, edgecolor="white", linewidth=0.8))
    return figure


def _strips(labels: Sequence[str], entries: Sequence[Entry], axis: str, *, tall: float = 1.0) -> tuple[Drawing, Any]:
    """A page with a key, a name a row at the left, and axes whose rows run downwards."""
    left, key = max(width_of(label, 9) for label in labels) + 0.25, key_height(entries, WIDTH - 0.2)
    top, high = key + 0.2, len(labels) * ROW * tall
    figure = page(top + high + 0.4 + leading(9))
    draw_key(figure, entries, 0.1, 0.1, WIDTH - 0.2)
    text = area(figure, 0, top, left, high, bare=True)
    for i, label in enumerate(labels):
        text.text(left - 0.12, (i + 0.5) * ROW * tall, label, ha="right", va="center_baseline")
    axes = area(figure, left, top, WIDTH - left - 0.2, high)
    axes.set(ylim=(len(labels) - 0.5, -0.5), yticks=[], xlabel=axis)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    return figure, axes


def _figure(name: str, caption: str, alt: str, drawn: Any, behind: Table) -> Section:
    return Section([Figure(name, caption, alt, drawn, "en", behind, "The table")])


def _behind(data: pd.DataFrame, caption: str, name: str) -> Table:
    (block,) = table(data, caption, name=name).blocks
    assert isinstance(block, Table)
    return block


def _counted(data: pd.DataFrame) -> pd.DataFrame:
    """Ranks and places as the whole numbers they are."""
    whole = [
        column
        for column in data.select_dtypes("number")
        if data[column].notna().any() and data[column].dropna().mod(1).eq(0).all() and column != "distance"
    ]
    return data.astype(dict.fromkeys(whole, "Int64"))


def _name(names: Names, code: Any) -> str:
    return str(names.get(str(code), code))


def _named(codes: str, names: Names) -> str:
    return ", ".join(_name(names, code) for code in codes.split(", ")) if codes else "nobody"


def _signed(rows: pd.DataFrame, names: Names) -> str:
    """Regions with the places outside the interval, the farthest first."""
    far = rows.reindex(rows["beyond"].abs().sort_values(ascending=False, kind="stable").index)
    places = zip(far["region"], far["beyond"].abs(), strict=True)
    return ", ".join(f"{_name(names, code)} ({count:.0f})" for code, count in places) or "nobody"


def _at(values: pd.DataFrame, find: Callable[[Any], Any]) -> tuple[str, str]:
    """The row and the column of the cell that is found."""
    i, j = divmod(int(find(values.to_numpy(float))), values.shape[1])
    return str(values.index[i]), str(values.columns[j])


def _words(code: str) -> str:
    return code.replace("_", " ")


def _tenth(value: float) -> str:
    return f"{value:.1f}"


def _hundredths(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _change(value: float) -> str:
    """A change in whole points with its sign, nothing for none."""
    whole = round(value)
    return "" if not whole else f"+{whole}" if whole > 0 else f"\N{MINUS SIGN}{-whole}"
