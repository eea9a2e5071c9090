"""Regions beside the nation and beside each other on the same indicators.

What the nation has and a region lacks, or the other way round, makes a gap of its own. Here both are scored on the
indicators that both have; the nation's full score is beside it. Means of regions are weighted by children.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import Derived, derive
from cwi.edition import Edition
from cwi.errors import DataError

__all__ = ["CHILDREN", "LikeWithLike", "children_by_region", "like_with_like", "mean_by_children"]

Array = NDArray[np.float64]
CHILDREN = "children_0_15"  # the only age of children that is published by region, on 1 January 2020
HALF = 0.5  # share of the regions that must have an indicator for it to be in the regions' set


@dataclass(frozen=True, eq=False)
class LikeWithLike:
    """Regions and the nation on the same indicators, in one year.

    ``regions``: region, node, level, score (as published), matched (of the region on the indicators that it and the
    nation both have), nation (of the nation on the same), gap (matched less nation), indicators (how many both have
    under the node). A row for each region and each node above the indicators; empty where coverage is not reached.
    ``nodes``: index node; level, nation (its full score), nation_matched (on the regions' set: what it and at least
    half of the regions have), mean (of the regions on that set, weighted by children), indicators (the nation's) and
    matched (in the set).
    """

    year: int
    regions: pd.DataFrame
    nodes: pd.DataFrame

    def gaps(self, level: str) -> pd.DataFrame:
        """Points above (+) or below (-) the nation on the same indicators: a row a region, a column a node."""
        rows = self.regions[self.regions["level"] == level]
        if rows.empty:
            raise DataError(f"no level above the indicators is called '{level}'")
        order = list(dict.fromkeys(rows["node"]))
        return rows.pivot(index="region", columns="node", values="gap")[order]


def like_with_like(edition: Edition) -> LikeWithLike:
    """Score each region and the nation on the indicators that both have, and the nation on the regions' set.

    The same ends, weights and coverage as in the edition. A node has no gap where what is left does not reach its
    coverage.

    Raises
    ------
    DataError
        If the nation has no figure.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = like_with_like(read_edition(2018))
    >>> result.nodes.loc["ecology", ["nation", "nation_matched", "indicators", "matched"]].round(1).tolist()
    [29.0, 43.7, 2.0, 1.0]
    """
    scores, rules = edition.scores, edition.methodology
    values = scores.values(edition.year)
    if rules.nation is None or rules.nation not in values.index:
        raise DataError(f"the nation has no figure of {edition.year}; there is nothing to compare regions with")
    inside = scores.without_nation(values)
    x, national = inside.to_numpy(float), values.loc[rules.nation].to_numpy(float)

    def derived(table: Array, group: int) -> Derived:
        groups = np.full(len(table), group, dtype=np.intp)
        return derive(table, rules, base=scores.base, weights=scores.weights, groups=groups)

    shared = ~np.isnan(x) & ~np.isnan(national)
    common = ~np.isnan(national) & ((~np.isnan(x)).mean(axis=0) >= HALF)
    own, other = derived(np.where(shared, x, np.nan), 0), derived(np.where(shared, national, np.nan), -1)
    nation, regions = (
        derived(np.where(common, table, np.nan), group) for table, group in ((national[None], -1), (x, 0))
    )
    weight = children_by_region(edition).reindex(inside.index).to_numpy(float)
    parts, rows = [], []
    for depth in range(len(rules.tree.levels) - 1, 0, -1):
        level, codes = rules.tree.levels[depth], list(rules.tree.codes[depth])
        official = scores.wide(edition.year, level)[codes]
        under = np.array([[code in rules.tree.under(node) for node in codes] for code in rules.tree.codes[0]])
        table = pd.DataFrame({"region": np.repeat(inside.index.to_numpy(), len(codes)), "node": codes * len(inside)})
        parts.append(
            table.assign(
                level=level,
                score=official.loc[inside.index].to_numpy(float).reshape(-1),
                matched=own.scores[depth].reshape(-1),
                nation=other.scores[depth].reshape(-1),
                gap=(own.scores[depth] - other.scores[depth]).reshape(-1),
                indicators=(shared.astype(int) @ under).reshape(-1),
            )
        )
        means = [_weighted(column, weight) for column in regions.scores[depth].T]
        full, same = official.loc[rules.nation].to_numpy(float), nation.scores[depth][0]
        counts = ((~np.isnan(national)).astype(int) @ under, common.astype(int) @ under)
        rows += list(zip(codes, [level] * len(codes), full, same, means, *counts, strict=True))
    columns = ["node", "level", "nation", "nation_matched", "mean", "indicators", "matched"]
    nodes = pd.DataFrame(rows, columns=columns).set_index("node")
    return LikeWithLike(edition.year, pd.concat(parts, ignore_index=True), nodes)


def children_by_region(edition: Edition) -> pd.Series:
    """Children of each region, the weights of a mean of regions.

    People aged 0-15 on 1 January 2020, the only count of children by region that is open; those of a former region are
    divided among its parts as the population of the year is. The weights are thus the same in every year, which
    affects a mean little: shares of regions in the children change by tenths of a point a year.

    Returns
    -------
    Series
        index region; persons, missing (NaN) where nothing is known of a region or its former ones.

    Examples
    --------
    >>> from cwi import read_edition
    >>> children = children_by_region(read_edition(2023))
    >>> int(children["KZ-75"]), round(children["KZ-19"] + children["KZ-33"])
    (463505, 677809)
    """
    rows = edition.base[(edition.base["indicator"] == CHILDREN) & (edition.base["sex"] == "")]
    known = rows.drop_duplicates("region", keep="last").set_index("region")["value"]
    owner = {
        region: next((code for code in (region, *edition.territory.ancestors(region)) if code in known.index), None)
        for region in edition.regions
    }
    owners = pd.Series(owner, dtype=object)
    people = edition.population.reindex(edition.regions)
    share = people / people.groupby(owners).transform("sum")
    alone = owners.map(owners.value_counts()) == 1
    return owners.map(known).astype(float) * share.where(~alone, 1.0)


def mean_by_children(edition: Edition, node: str | None = None) -> float:
    """Mean of the regions' scores weighted by children: beside the national score, never instead of it.

    Missing (NaN) where the children of a region are not known.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> abs(mean_by_children(edition) - edition.regional_mean()) < 2  # the mean by population of all ages
    True
    """
    column = edition.scores.of(node or edition.methodology.top.code)[edition.year].reindex(edition.regions)
    return _weighted(column.to_numpy(float), children_by_region(edition).reindex(edition.regions).to_numpy(float))


def _weighted(scores: Array, weight: Array) -> float:
    has = ~np.isnan(scores)
    total = weight[has].sum()
    return float(scores[has] @ weight[has] / total) if has.any() and total > 0 else float("nan")
