"""Errors of figures taken from elsewhere: of an earlier year, or of the region that a region was part of.

Both are learnt from the data: how far figures moved in one, two, three years, and how far the parts of divided regions
are from their mean. They belong to cells and not to values: the same figure is exact for its own year and territory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cwi.edition import POPULATION, Edition
from cwi.methodology import Methodology
from cwi.panel import IMPUTED, Panel, read_panel
from cwi.territory import PARENT_REGION

__all__ = ["CELLS", "CellErrors", "cell_errors", "errors_of_carried_figures", "errors_of_parent_figures"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
CELLS = ("carried", "parent")  # errors of cells
SHARE, LOG, LINEAR = "share", "log", "linear"
INSIDE = (1.0, 99.0)  # shares are looked at as logits inside these
ENOUGH = 10  # changes, or deviations of parts, that a series needs to speak for itself
TINY = 2.0**-53


@dataclass(frozen=True, eq=False)
class _PanelErrors:
    """The cells of one panel with an error: where they are, on which axis, and how large.

    ``own``: standard deviation of what a region has alone; ``common``: of what all cells of its group share.
    ``groups``: places among these cells, with weights that sum to one.
    """

    unit: Places
    column: Places
    axis: Places
    own: Array
    common: Array
    scale: tuple[str, ...]
    groups: tuple[tuple[Places, Array], ...]


@dataclass(frozen=True, eq=False)
class CellErrors:
    """What one factor does to the cells of each panel; ``rows`` are its axes, one for a region, year and indicator."""

    rows: Places
    panels: tuple[_PanelErrors, ...]

    def draw(self, panel: int, x: Array, columns: Places, u: Array) -> None:
        """Move the cells of a panel in place.

        Parameters
        ----------
        panel
            Its number.
        x : (columns, n, draws)
            Values of the indicators at ``columns``, ascending; they must hold every cell with an error.
        u : (axes, draws)
            Uniform numbers; at 1/2 nothing moves.
        """
        errors = self.panels[panel]
        if not len(errors.unit):
            return
        z = np.asarray(special.ndtri(np.clip(u, TINY, 1.0 - TINY)))[errors.axis]
        for cells, weights in errors.groups:
            mean = np.zeros(z.shape[1:])
            for cell, weight in zip(cells, weights, strict=True):  # in order: a draw has the same bits in any block
                mean += weight * z[cell]
            own, common = _norms(weights)
            for cell in cells:
                z[cell] = errors.own[cell] * own * (z[cell] - mean) + errors.common[cell] * common * mean
        place = np.searchsorted(columns, errors.column)
        for scale in dict.fromkeys(errors.scale):
            here = np.flatnonzero(np.array(errors.scale) == scale)
            at = (place[here], errors.unit[here])
            x[at] = _moved(x[at], z[here], scale)


def _norms(weights: Array) -> tuple[float, float]:
    """What gives z - mean the mean variance 1, and the mean the variance 1."""
    members = weights[weights > 0]
    if len(members) == 1:
        return 0.0, 1.0
    rest = float((members**2).sum())
    variance = np.mean((1 - members) ** 2 + rest - members**2)
    return float(1 / np.sqrt(variance)), float(1 / np.sqrt(rest))


def _moved(values: Array, step: Array, scale: str) -> Array:
    if scale == LOG:
        return np.asarray(values * np.exp(step))
    if scale == SHARE:
        with np.errstate(over="ignore"):
            return np.asarray(100.0 * values / (values + (100.0 - values) * np.exp(-step)))
    return values + step


def _scaled(values: pd.DataFrame, scale: str) -> pd.DataFrame:
    if scale == LOG:
        return pd.DataFrame(np.log(values.where(values > 0)))
    if scale == SHARE:
        inside = values.clip(*INSIDE)
        return pd.DataFrame(np.log(inside / (100.0 - inside)))
    return values


def _scales(methodology: Methodology) -> dict[str, str]:
    table = methodology.indicators
    triples = zip(table["code"], table["unit"], table["scale"], strict=True)
    return {code: SHARE if unit == "%" else LOG if scale == "log" else LINEAR for code, unit, scale in triples}


@lru_cache(maxsize=2)  # the factors of each node ask for it, and it rests on the edition alone
def _history(edition: Edition) -> dict[str, pd.DataFrame]:
    """For each indicator its figures in their own year and borders, on its scale: a row a region, a column a year."""
    rules = edition.methodology
    last = max((edition.year, *rules.base))
    base = edition.base[edition.base["year"] <= last]
    rows = base[base["indicator"].isin(rules.indicators["code"])]
    strict = rules.replace(max_age=0, vintage=0.0, imputation=[])
    cells = read_panel(rows, strict, years=sorted(rows["year"].unique()), base=rows).cells
    own = cells[
        cells["value"].notna()
        & (cells["region"] != rules.nation)
        & ~cells["status"].isin([PARENT_REGION, "backcast", IMPUTED])
    ]
    scales = _scales(rules)
    return {
        str(code): _scaled(part.pivot(index="region", columns="year", values="value").astype(float), scales[str(code)])
        for code, part in own.groupby("indicator")
    }


def errors_of_carried_figures(edition: Edition, ages: Sequence[int] = (1, 2, 3)) -> pd.DataFrame:
    """How far figures moved in some years, learnt from each series up to the edition's year (or the last base year).

    Changes are those of the logit of a share, of the logarithm where the scale of the indicator is one, and in the unit
    otherwise. The common part is the median change of the regions between two years, the own part what a region
    moves besides. A series with fewer than ten changes moves as the others do, in proportion to its spread between
    regions.

    Returns
    -------
    DataFrame
        index indicator, age; common and own (root mean squares, on the scale), changes (how many they rest on), basis
        ("own series" or "other series"), scale (share, log or linear).

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = errors_of_carried_figures(read_edition(2023, "2026.1"))
    >>> table.loc[("child_suicides", 1), "basis"], table.loc[("housing_space", 1), "basis"]
    ('other series', 'own series')
    """
    return _carried_errors(edition, tuple(ages)).copy()


@lru_cache(maxsize=8)
def _carried_errors(edition: Edition, ages: tuple[int, ...]) -> pd.DataFrame:
    history, scales = _history(edition), _scales(edition.methodology)
    spread = {code: float(np.nanstd(wide.to_numpy())) for code, wide in history.items()}
    rows: dict[tuple[str, int], tuple[float, float, int]] = {}
    for (code, wide), age in product(history.items(), ages):
        measured = [int(str(year)) for year in wide.columns]
        years = [(year - age, year) for year in measured if year - age in measured]
        steps = [(wide[year] - wide[before]).dropna() for before, year in years]
        steps = [step for step in steps if len(step) > 1]
        if sum(map(len, steps)) >= ENOUGH:
            medians = np.array([step.median() for step in steps])
            apart = np.concatenate([step - step.median() for step in steps])
            rows[code, age] = (float(np.sqrt((medians**2).mean())), float(np.sqrt((apart**2).mean())), len(apart))
    table = []
    for code, age in product(history, ages):
        if (code, age) in rows:
            table.append((code, age, *rows[code, age], "own series", scales[code]))
            continue
        known = [(c, a) for c, a in rows if a == age and spread[c] > 0]
        ratios = np.array([[rows[c, a][0] / spread[c], rows[c, a][1] / spread[c]] for c, a in known])
        common, own = np.sqrt((ratios**2).mean(axis=0)) * spread[code] if known else (0.0, 0.0)
        table.append((code, age, float(common), float(own), 0, "other series", scales[code]))
    columns = ["indicator", "age", "common", "own", "changes", "basis", "scale"]
    return pd.DataFrame(table, columns=columns).set_index(["indicator", "age"])


def errors_of_parent_figures(edition: Edition) -> pd.DataFrame:
    """How far the parts of divided regions are from their mean (weighted by population), learnt from the data.

    On the scale of the indicator, over all divisions and years with a figure of every part, up to the edition's year
    (or the last base year). A series with fewer than ten such figures differs as the others do, in proportion to its
    spread between regions.

    Returns
    -------
    DataFrame
        index indicator; own (root mean square, on the scale), parts (figures it rests on), basis, scale.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = errors_of_parent_figures(read_edition(2023, "2026.1"))
    >>> table.loc["adolescent_births", "basis"], table.loc["teacher_qualification", "basis"]
    ('own series', 'other series')
    """
    return _parent_errors(edition).copy()


@lru_cache(maxsize=2)
def _parent_errors(edition: Edition) -> pd.DataFrame:
    history, scales = _history(edition), _scales(edition.methodology)
    people = edition.base[edition.base["indicator"] == POPULATION].set_index(["region", "year"])["value"]
    families = [list(parts) for _, parts in edition.territory.changes.groupby("old")["new"]]
    known: dict[str, Array] = {}
    for code, wide in history.items():
        apart = []
        for parts in families:
            together = wide.reindex(parts).dropna(axis=1)
            for year in together.columns:
                weight = people.reindex(pd.MultiIndex.from_product([parts, [year]])).to_numpy(float)
                if np.isfinite(weight).all():
                    values = together[year].to_numpy(float)
                    apart.append(values - np.average(values, weights=weight))
        known[code] = np.concatenate(apart) if apart else np.empty(0)
    spread = {code: float(np.nanstd(wide.to_numpy())) for code, wide in history.items()}
    sizes = {code: float(np.sqrt((apart**2).mean())) for code, apart in known.items() if len(apart) >= ENOUGH}
    ratios = np.array([size / spread[code] for code, size in sizes.items() if spread[code] > 0])
    pooled = float(np.sqrt((ratios**2).mean())) if len(ratios) else 0.0
    rows = [
        (code, sizes[code], len(known[code]), "own series", scales[code])
        if code in sizes
        else (code, pooled * spread[code], 0, "other series", scales[code])
        for code in history
    ]
    return pd.DataFrame(rows, columns=["indicator", "own", "parts", "basis", "scale"]).set_index("indicator")


def cell_errors(settings: Mapping[str, object], panels: Sequence[Panel], edition: Edition) -> CellErrors:
    """The errors that a factor asks for: ``{error = "carried"}`` or ``{error = "parent"}``.

    Carried figures of one indicator in one year share what all regions have in common, and each has a part of its own;
    the nation has the common part alone. Parts that take the figure of their former region differ from it so that their
    mean, weighted by population, is that figure.
    """
    carried = settings["error"] == "carried"
    found = [_carried(panel, edition) if carried else _inherited(panel, edition) for panel in panels]
    keys = pd.concat([table[["region", "year", "indicator"]] for table in found]).drop_duplicates()
    axis = pd.MultiIndex.from_frame(keys)
    return CellErrors(
        np.arange(len(axis)), tuple(_placed(t, p, axis, edition) for t, p in zip(found, panels, strict=True))
    )


def _cells(panel: Panel) -> pd.DataFrame:
    return panel.cells.reset_index(drop=True).rename_axis("cell").reset_index()


def _carried(panel: Panel, edition: Edition) -> pd.DataFrame:
    cells = _cells(panel)
    old = cells["value"].notna() & (cells["observed"] < cells["year"]).fillna(False).astype(bool)
    old &= cells["status"] != IMPUTED
    cells = cells[old]
    ages = (cells["year"] - cells["observed"]).astype(int)
    if cells.empty:
        return cells.assign(own=0.0, common=0.0, group="", weight=1.0)
    sizes = errors_of_carried_figures(edition, range(1, int(ages.max()) + 1))
    size = sizes.reindex(pd.MultiIndex.from_arrays([cells["indicator"], ages]))[["own", "common"]].fillna(0.0)
    nation = (cells["region"] == panel.methodology.nation).to_numpy()
    own, common = size["own"].to_numpy(float), size["common"].to_numpy(float)
    return cells.assign(
        own=np.where(nation, 0.0, own),
        common=common,
        group=cells["indicator"].astype(str) + " " + cells["year"].astype(str),
        weight=np.where(nation, 0.0, 1.0),
    )


def _inherited(panel: Panel, edition: Edition) -> pd.DataFrame:
    cells = _cells(panel)
    cells = cells[cells["value"].notna() & (cells["status"] == PARENT_REGION)]
    if cells.empty:
        return cells.assign(own=0.0, common=0.0, group="", weight=1.0)
    sizes = errors_of_parent_figures(edition)["own"]
    former = cells["region"].map(lambda code: next(iter(edition.territory.ancestors(code)), code))
    people = edition.population.reindex(cells["region"]).to_numpy(float)
    return cells.assign(
        own=cells["indicator"].map(sizes).fillna(0.0).to_numpy(float),
        common=0.0,
        group=former.astype(str) + " " + cells["indicator"].astype(str) + " " + cells["year"].astype(str),
        weight=np.where(np.isfinite(people), people, 1.0),
    )


def _placed(table: pd.DataFrame, panel: Panel, axis: pd.MultiIndex, edition: Edition) -> _PanelErrors:
    """Where the cells of one panel are, and their groups."""
    width = len(panel.methodology.indicators)
    table = table.sort_values("cell", ignore_index=True)
    cell = table["cell"].to_numpy(np.intp)
    own, common = table["own"].to_numpy(float).copy(), table["common"].to_numpy(float).copy()
    groups = []
    for _, places in table.groupby("group", sort=True).indices.items():
        weights = table["weight"].to_numpy(float)[places]
        if not weights.sum() > 0:
            weights = np.ones(len(places))
        weights = weights / weights.sum()
        if (weights > 0).sum() == 1:  # nobody to share with: all of it is its own
            common[places] = np.hypot(own[places], common[places])
            own[places] = 0.0
        groups.append((np.asarray(places, dtype=np.intp), weights))
    scales = _scales(edition.methodology)
    return _PanelErrors(
        cell // width, cell % width, axis.get_indexer(pd.MultiIndex.from_frame(table[["region", "year", "indicator"]])),
        own, common, tuple(scales[code] for code in table["indicator"]), tuple(groups),
    )  # fmt: skip
