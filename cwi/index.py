"""The arrow: a score is what a methodology makes of observations.

``score`` takes the long table and gives the tree of scores; :mod:`cwi.derivation` is the same arrow on arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import Derived, derive, treat, weigh
from cwi.errors import DataError
from cwi.methodology import Methodology
from cwi.methods.ranking import rank
from cwi.methods.treatment import Treatment, changes
from cwi.panel import IMPUTED, read_panel
from cwi.tree import INDICATOR

__all__ = ["Derived", "Scores", "derive", "score", "weigh"]

Array = NDArray[np.float64]

STATUSES = ("synthetic", IMPUTED, "parent region", "derived", "corrected", "backcast")  # that a reader must know
FLAGS = ("synthetic", "carried", *STATUSES[1:], "treated", "capped", "gaps")


@dataclass(frozen=True, eq=False)
class Scores:
    """Answers as tidy tables, with the derivation kept.

    ``nodes``: region, year, node, level, score, rank, coverage, measured, flag. The rank is among the regions of
    one year and leaves the nation out.
    ``edges``: parent, node, weight: what a part counts in its parent when all parts are measured.
    ``cells``: region, year, indicator, value, observed (year), status, source, se, n, score: what each indicator
    score was made of; one row for every region, year and indicator, empty where nothing was measured.
    ``treated``: region, year, indicator, value, treated, why: the cells that the treatment of outliers changed.
    ``weights``: the same weights as arrays, and ``base``: the values of the base years, both for :func:`derive`.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    cells: pd.DataFrame
    treated: pd.DataFrame
    weights: tuple[Array, ...]
    base: Array
    methodology: Methodology

    def of(self, node: str) -> pd.DataFrame:
        """The scores of a node: a row a region, a column a year."""
        rows = self.nodes[self.nodes["node"] == node]
        if rows.empty:
            raise KeyError(node)
        return rows.pivot(index="region", columns="year", values="score")

    def wide(self, year: int, level: str, value: str = "score") -> pd.DataFrame:
        """One level in one year: a row a region, a column a node, in the order of the tree."""
        rows = self.nodes[(self.nodes["year"] == year) & (self.nodes["level"] == level)]
        order = list(dict.fromkeys(rows["node"]))
        return rows.pivot(index="region", columns="node", values=value)[order]

    def values(self, year: int) -> pd.DataFrame:
        """The values behind one year's scores: a row a region, a column an indicator, in the methodology's order."""
        rows = self.cells[self.cells["year"] == year]
        return rows.pivot(index="region", columns="indicator", values="value")[self.methodology.indicators["code"]]

    def implied_weights(self) -> pd.Series:
        """What each indicator counts in the index when all are measured: the product of the weights above it.

        Equal weights at every level are not equal weights of the indicators.
        """
        tree = self.methodology.tree
        return pd.Series(tree.implied(self.weights)[0], index=list(tree.codes[0]))

    def weights_in_force(self, year: int, level: str = INDICATOR) -> pd.DataFrame:
        """What each part really counts in the index of a year, region by region.

        The measured parts of a node share the weight of its missing ones, node by node, as an arithmetic mean does.

        Parameters
        ----------
        level
            "indicator", or another level below the index.

        Returns
        -------
        DataFrame
            A row a region, a column a part; each row sums to 1, or to 0 where a region has no index.

        Examples
        --------
        >>> from cwi import read_edition
        >>> scores = read_edition(2023).scores
        >>> float(scores.implied_weights()["physicians"].round(4)), float(
        ...     scores.weights_in_force(2023).at["KZ-71", "physicians"].round(4)
        ... )
        (0.0278, 0.125)
        """
        tree = self.methodology.tree
        tree.at(level)
        tables = [self.wide(year, name) for name in tree.levels]
        weights = tree.in_force(self.weights, [table.notna().to_numpy() for table in tables])
        depth = tree.levels.index(level)
        return pd.DataFrame(weights[depth], index=tables[0].index, columns=list(tree.codes[depth]))

    def explain(self, region: str, year: int) -> pd.DataFrame:
        """The tree under one number, from the index down to the values.

        Returns
        -------
        DataFrame
            depth, region, node, level, score, weight (in its parent), share (of the weight of the measured parts),
            contribution (share × score: what an arithmetic parent adds up), coverage, flag; for indicators also
            value, observed, status, source.
        """
        here = self.nodes[(self.nodes["region"] == region) & (self.nodes["year"] == year)].set_index("node")
        if here.empty:
            raise DataError(f"there is no score for {region} in {year}")
        cells = self.cells[(self.cells["region"] == region) & (self.cells["year"] == year)].set_index("indicator")
        children = dict(list(self.edges.groupby("parent", sort=False)))
        rows: list[dict[str, Any]] = []

        def walk(code: str, depth: int, weight: float, share: float) -> None:
            node = here.loc[code]
            row = {"depth": depth, "region": region, "node": code, "level": node["level"], "score": node["score"]}
            row |= {
                "weight": weight,
                "share": share,
                "contribution": share * node["score"],
                "coverage": node["coverage"],
            }
            row |= {"flag": node["flag"]}
            if code in cells.index:
                row |= {key: cells.at[code, key] for key in ("value", "observed", "status", "source")}
            rows.append(row)
            if code in children:
                parts = children[code]
                scored = here["score"].reindex(parts["node"]).notna().to_numpy()
                total = parts["weight"].to_numpy()[scored].sum()
                for part, own, has in zip(parts["node"], parts["weight"], scored, strict=True):
                    walk(part, depth + 1, own, own / total if has else 0.0)

        walk(self.methodology.top.code, 0, 1.0, 1.0)
        return pd.DataFrame(rows)


def score(
    observations: pd.DataFrame,
    methodology: Methodology,
    *,
    years: Sequence[int] | None = None,
    base: pd.DataFrame | None = None,
) -> Scores:
    """What the methodology makes of the observations.

    Parameters
    ----------
    observations
        Long table with region, year, indicator and value; status, source, sex, area and scored where there are.
        Rows by sex or area, of other indicators, and of a status that is not scored are left out.
    methodology
        The rules; a value is carried for at most its ``max_age`` years, and flagged.
    years
        The years to score; all that have a row by default.
    base
        Observations that rules learn from where they learn from data (in the methodology's base years);
        ``observations`` by default.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If a column is missing, a key stands twice, or nothing can be scored.
    MethodologyError
        If a rule cannot be applied to these scores.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> scores = score(edition.observations, edition.methodology, years=[2023])
    >>> len(scores.wide(2023, "dimension").columns)
    4
    """
    panel = read_panel(observations, methodology, years=years, base=base)
    cells, learnt, x, units = panel.cells, panel.base, panel.x, panel.units
    weights = weigh(methodology, learnt)
    derived = derive(x, methodology, base=learnt, weights=weights, groups=panel.groups)
    cells["score"] = derived.scores[0].reshape(-1)
    return Scores(
        nodes=_node_table(units, cells, derived, learnt, methodology),
        edges=_edge_table(methodology, weights),
        cells=cells,
        treated=_treated_table(units, x, learnt, methodology),
        weights=weights,
        base=learnt,
        methodology=methodology,
    )


def _treated_table(units: pd.DataFrame, x: Array, learnt: Array, methodology: Methodology) -> pd.DataFrame:
    """Every cell that the treatment of outliers changed, before and after."""
    columns = ["region", "year", "indicator", "value", "treated", "why"]
    treated = treat(methodology, learnt)
    if treated is None:
        return pd.DataFrame(columns=columns)
    found = changes(treated, x)
    table = units.iloc[found.row].reset_index(drop=True)
    codes = methodology.indicators["code"].to_numpy()
    return table.assign(indicator=codes[found.column], value=found.old, treated=found.new, why=found.why)[columns]


def _node_table(
    units: pd.DataFrame, cells: pd.DataFrame, derived: Derived, learnt: Array, methodology: Methodology
) -> pd.DataFrame:
    names, codes = methodology.tree.levels, methodology.tree.codes
    flags = _flags(cells, derived, methodology, treat(methodology, learnt))
    ranks = _ranks(units, derived, methodology)
    parts = []
    for depth in reversed(range(len(names))):
        k = len(codes[depth])
        part = pd.DataFrame(
            {
                "region": np.repeat(units["region"].to_numpy(), k),
                "year": np.repeat(units["year"].to_numpy(), k),
                "node": np.tile(np.array(codes[depth], dtype=object), len(units)),
                "level": names[depth],
                "score": derived.scores[depth].reshape(-1),
                "rank": ranks[depth].reshape(-1),
                "coverage": derived.coverage[depth].reshape(-1),
                "measured": derived.measured[depth].reshape(-1),
                "flag": flags[depth],
            }
        )
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table.astype({"rank": "Int64"})


def _ranks(units: pd.DataFrame, derived: Derived, methodology: Methodology) -> list[Array]:
    ranked = (units["region"] != methodology.nation).to_numpy()
    result = []
    for scores in derived.scores:
        ranks = np.full(scores.shape, np.nan)
        for year in units["year"].unique():
            rows = np.flatnonzero(ranked & (units["year"] == year).to_numpy())
            ranks[rows] = rank(scores[rows].T, decimals=methodology.decimals).T
        result.append(ranks)
    return result


def _flags(
    cells: pd.DataFrame, derived: Derived, methodology: Methodology, treated: Treatment | None
) -> list[list[str]]:
    """For each level and node the things a reader must know, gathered from everything below."""
    shape = derived.scores[0].shape
    table = methodology.indicators
    low, high = table[["worst", "best"]].min(axis=1).to_numpy(), table[["worst", "best"]].max(axis=1).to_numpy()
    value = cells["value"].to_numpy(float).reshape(shape)
    status = cells["status"].to_numpy(object).reshape(shape)
    changed = np.zeros(shape, dtype=bool)
    if treated is not None:
        found = changes(treated, value)
        changed[found.row, found.column] = True
    late = (cells["observed"] < cells["year"]).fillna(False).to_numpy(bool).reshape(shape)
    with np.errstate(invalid="ignore"):
        at = {
            "carried": late,
            **{name: status == name for name in STATUSES},
            "treated": changed,
            "capped": ((value < low) | (value > high)) & (derived.scores[0] >= 0) & (derived.scores[0] <= 100),
            "gaps": np.zeros(shape, dtype=bool),
        }
    result = []
    for depth in range(len(derived.scores)):
        if depth:
            nodes = methodology.nodes[depth - 1]
            at = {
                name: np.stack([found[:, list(node.parts)].any(axis=1) for node in nodes], axis=1)
                for name, found in at.items()
            }
            at["gaps"] |= derived.measured[depth] < 1 - 1e-9
        stacked = np.stack([at[name].reshape(-1) for name in FLAGS], axis=1)
        result.append(["; ".join(name for name, here in zip(FLAGS, row, strict=True) if here) for row in stacked])
    return result


def _edge_table(methodology: Methodology, weights: Sequence[Array]) -> pd.DataFrame:
    parent_of, parts_of = methodology.tree.parent_of, methodology.tree.parts_of
    weight = {
        code: own
        for codes, level_weights in zip(methodology.tree.codes, weights, strict=False)
        for code, own in zip(codes, level_weights, strict=True)
    }
    parts = [part for own in parts_of.values() for part in own]
    return pd.DataFrame(
        {"parent": [parent_of[part] for part in parts], "node": parts, "weight": [weight[p] for p in parts]}
    )
