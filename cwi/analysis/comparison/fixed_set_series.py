"""A trend that compares: the same indicators, the same territories and the same ends in all years."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.comparison.same_indicators import children_by_region
from cwi.edition import POPULATION, Edition
from cwi.errors import DataError
from cwi.index import Scores, score
from cwi.panel import read_panel
from cwi.territory import PARENT_REGION
from cwi.vintage import decided

__all__ = ["FixedSet", "fixed_set"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FixedSet:
    """Scores of several years on one set of indicators and one set of territories.

    ``years``; ``territories``: the regions at the end of the first year; a region that was divided later is one
    territory in all years.
    ``indicators``: index code; the levels above it, kept (true or false), years (how many have a figure of that year
    itself for every territory and the nation), missing (the other years, as text).
    ``scores``: of the kept indicators; all years in one record.
    ``means``: index node (those with an indicator of the set), a column a year: mean of the territories weighted by
    children.
    """

    years: tuple[int, ...]
    territories: tuple[str, ...]
    indicators: pd.DataFrame
    scores: Scores
    means: pd.DataFrame

    @property
    def kept(self) -> tuple[str, ...]:
        """The indicators of the set."""
        return tuple(self.indicators.index[self.indicators["kept"]])

    def table(self, node: str | None = None) -> pd.DataFrame:
        """Scores of a node (the index by default): a row a territory, the nation last; a column a year."""
        rules = self.scores.methodology
        wide = self.scores.of(rules.top.code if node is None else node)
        return wide.reindex([*self.territories, *([rules.nation] if rules.nation in wide.index else [])])

    def nation(self) -> pd.DataFrame:
        """The nation: index node, a column a year, the index first; nodes with an indicator of the set."""
        rows = self.scores.nodes[self.scores.nodes["region"] == self.scores.methodology.nation]
        return rows.pivot(index="node", columns="year", values="score").reindex(self.means.index)


def fixed_set(edition: Edition, years: Sequence[int] | None = None) -> FixedSet:
    """Score several years on the indicators that every territory has in each of them.

    An indicator is kept if every territory and the nation have a figure of the year itself in each of the years:
    nothing carried, nothing of a part for the whole. A region that was divided is one territory: its published figure
    where there is one (also where a decision says that a later row stands for it), otherwise the mean of its parts
    weighted by population. Ends, weights, aggregation, pooled years and decisions on cells are those of the edition's
    methodology; coverage is not asked for below the index, as the set is the same everywhere, but an index needs what
    the methodology says of its dimensions. Ranks are among the territories.

    Parameters
    ----------
    edition
        Its observations and methodology; observations after its year are not used.
    years
        Two or more; from the first base year to the edition's by default.

    Raises
    ------
    DataError
        If there are fewer than two years, or no indicator was measured in all of them.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = fixed_set(read_edition(2023, "2026.1"), range(2018, 2023))
    >>> len(result.territories), result.kept[:3]
    (17, ('adolescent_births', 'housing_space', 'neet'))
    """
    rules = edition.methodology
    first = min(rules.base, default=edition.year)
    wanted = tuple(sorted({int(year) for year in (range(first, edition.year + 1) if years is None else years)}))
    if len(wanted) < 2:
        raise DataError(f"a fixed set needs two years or more; there is {', '.join(map(str, wanted)) or 'none'}")
    territories = edition.territory.regions_of(wanted[0])
    rows = _on_territories(edition, territories, wanted[-1])
    strict = rules.replace(
        max_age=0, vintage=0.0, imputation=[], **{level.name: {"coverage": 0.0} for level in rules.levels[:-1]}
    )
    cells = read_panel(rows, strict, years=wanted, base=edition.base).cells
    units = [*territories, *([rules.nation] if rules.nation in set(rows["region"]) else [])]
    measured = cells[cells["value"].notna() & cells["region"].isin(units)]
    counts = measured.groupby(["indicator", "year"]).size().unstack(fill_value=0)
    full = counts.reindex(index=rules.indicators["code"], columns=wanted, fill_value=0) == len(units)
    above = [level.name for level in rules.levels[:-1]]
    indicators = rules.indicators.set_index("code")[above].assign(
        kept=full.all(axis=1),
        years=full.sum(axis=1),
        missing=[", ".join(str(year) for year in wanted if not row[year]) for _, row in full.iterrows()],
    )
    if not indicators["kept"].any():
        raise DataError(f"no indicator has a figure of every territory in each year from {wanted[0]} to {wanted[-1]}")
    kept = rows[rows["indicator"].isin(indicators.index[indicators["kept"]]) & rows["region"].isin(units)]
    scores = score(kept, strict, years=wanted, base=edition.base)
    weight = children_by_region(edition.earlier(wanted[0])).reindex(territories).to_numpy(float)
    means = _means(scores, territories, weight, indicators.index[indicators["kept"]])
    return FixedSet(wanted, territories, indicators, scores, means)


def _on_territories(edition: Edition, territories: tuple[str, ...], last: int) -> pd.DataFrame:
    """Scored totals on the territories and the nation: their own figures, otherwise the mean of their parts."""
    rules, territory = edition.methodology, edition.territory
    base = edition.base[(edition.base["year"] <= last) & (edition.base["sex"] == "") & (edition.base["area"] == "")]
    people = base[base["indicator"] == POPULATION].set_index(["region", "year"])["value"]
    rows = base[base["indicator"].isin(rules.indicators["code"])]
    if rules.cells is not None:
        rows = decided(rows, rules.cells, PARENT_REGION)
    rows = rows[rows["scored"].astype(bool) & rows["value"].notna()]
    columns = ["region", "year", "indicator", "value"]
    own = rows.loc[rows["region"].isin([territory.nation, *territories]), columns]
    parts = {
        region: former
        for region in map(str, territory.regions.index)
        for former in territory.ancestors(region)
        if former in territories
    }
    if not parts:
        return own
    later = rows.loc[rows["region"].isin(parts), columns]
    later = later.assign(
        part=later["region"],
        region=later["region"].map(parts),
        weight=people.reindex(pd.MultiIndex.from_frame(later[["region", "year"]])).to_numpy(float),
    )
    later = later.assign(weighted=later["value"] * later["weight"])
    key = ["region", "year", "indicator"]
    sums = later.groupby(key).agg(weighted=("weighted", "sum"), weight=("weight", "sum"), parts=("part", "nunique"))
    whole = pd.Series(parts).value_counts()
    sums = sums[sums["parts"] == whole.reindex(sums.index.get_level_values("region")).to_numpy()]
    made = (sums["weighted"] / sums["weight"]).rename("value").dropna().reset_index()
    known = pd.MultiIndex.from_frame(made[key]).isin(pd.MultiIndex.from_frame(own[key]))
    return pd.concat([own, made[~known]], ignore_index=True)


def _means(scores: Scores, territories: tuple[str, ...], weight: Array, kept: Collection[str]) -> pd.DataFrame:
    rows = scores.nodes[scores.nodes["region"].isin(territories)]
    tree = scores.methodology.tree
    order = [code for code in dict.fromkeys(rows["node"]) if not set(tree.under(code)).isdisjoint(kept)]
    wide = rows.pivot(index=["node", "year"], columns="region", values="score")[list(territories)]
    means = pd.Series(wide.to_numpy(float) @ weight / weight.sum(), index=wide.index)
    return means.unstack("year").loc[order]
