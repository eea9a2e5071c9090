"""What the profile of one region rests on: its values, gaps, neighbours, budget and trend, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from cwi import folders
from cwi.analysis.budget import Account, Figures, account, places, read_figures
from cwi.analysis.comparison import Attribution, FixedSet, attribute, fixed_set, similar_regions
from cwi.analysis.uncertainty import gaps_to_nation
from cwi.edition import Edition
from cwi.errors import DataError

__all__ = ["FIRST", "RegionResults"]

NEAREST = 5  # similar regions that are shown
FIRST = 2018  # of the series on a fixed set: the first year of today's regions but those of 2022


@dataclass(frozen=True)
class RegionResults:
    """Results for one region of an edition, or for the nation.

    Parameters
    ----------
    edition
        The year.
    region
        A code of it.
    draws, seed
        Of the gap of each node.

    Examples
    --------
    >>> from cwi import read_edition
    >>> results = RegionResults(read_edition(2023), "KZ-75", draws=100, seed=1)
    >>> len(results.cells), len(results.similar)
    (56, 5)
    """

    edition: Edition
    region: str
    draws: int
    seed: int

    @property
    def nation(self) -> str:
        """The code of the country."""
        return self.edition.territory.nation

    @property
    def national(self) -> bool:
        """Whether these are the results of the country."""
        return self.region == self.nation

    @property
    def cells(self) -> pd.DataFrame:
        """The values of the year: index indicator, in the methodology's order."""
        cells = self.edition.scores.cells
        own = cells[(cells["region"] == self.region) & (cells["year"] == self.edition.year)].set_index("indicator")
        return own.reindex(self.edition.methodology.indicators["code"])

    def gaps(self, level: str) -> pd.DataFrame:
        """Gaps to the nation of the nodes of a level, in the order of the tree."""
        table = _gaps(self.edition, level, self.draws, self.seed)
        return table[table["region"] == self.region]

    @cached_property
    def budget(self) -> Account | None:
        """The children's budget in the last year that it is known of."""
        if not (folders.data() / "budget").is_dir():
            return None
        figures, known = _budgets(self.edition)
        own = known[(known["region"] == self.region) & (known["depth"] == "function")]
        years = [int(year) for year in own["year"] if year <= self.edition.year]
        return account(figures, self.region, max(years)) if years else None

    @property
    def register(self) -> bool:
        """Whether there is a register of measures that a region's weak components are compared with."""
        return not self.national and (folders.data() / "policy").is_dir()

    @property
    def similar(self) -> pd.DataFrame:
        """The regions most like it; no row for the nation, or where nothing is known to compare them by."""
        return pd.DataFrame() if self.national else _similar(self.edition, self.region)

    @property
    def attribution(self) -> Attribution:
        """The gap of the index to the nation, in parts that add up to it."""
        return _attributed(self.edition, self.region)

    @property
    def trend(self) -> FixedSet | None:
        """Years on one set of indicators and one territory."""
        return _fixed(self.edition)

    @property
    def nodes(self) -> pd.DataFrame:
        """Each dimension with its components: score, nation, gap with its interval, similar regions, rank."""
        scores, rules, year = self.edition.scores, self.edition.methodology, self.edition.year
        levels = rules.tree.levels[1:-1]
        wide = pd.concat([scores.wide(year, level) for level in levels], axis=1)
        ranks = pd.concat([scores.wide(year, level, "rank") for level in levels], axis=1)
        order = [code for code in rules.tree.depth_first if code in wide and wide[code].notna().any()]
        regional = wide.drop(index=self.nation, errors="ignore")
        drawn = pd.concat([self.gaps(level) for level in levels]).set_index("node").reindex(order)
        near_by = wide.reindex(self.similar.index)
        table = pd.DataFrame(
            {
                "node": order,
                "score": wide.loc[self.region, order].to_numpy(float),
                "nation": wide.loc[self.nation, order].to_numpy(float),
                "low": drawn["low"].to_numpy(float),
                "high": drawn["high"].to_numpy(float),
                "similar": near_by[order].mean().to_numpy(float),
                "rank": ranks.loc[self.region, order].to_numpy(float, na_value=np.nan),
                "lowest": regional[order].min().to_numpy(float),
                "highest": regional[order].max().to_numpy(float),
            }
        )
        table.insert(3, "gap", table["score"] - table["nation"])
        return table

    def farthest(self, node: str, sign: int) -> Sequence[str]:
        """The indicators of a node on that side of the nation (1: above, -1: below), the farthest first, by score."""
        wide = self.edition.scores.wide(self.edition.year, self.edition.methodology.tree.levels[0])
        codes = [code for code in self.edition.methodology.tree.under(node) if code in wide]
        apart = sign * (wide[codes].loc[self.region].to_numpy(float) - wide[codes].loc[self.nation].to_numpy(float))
        order = np.argsort(-apart, kind="stable")[: int((apart > 0).sum())]
        return [codes[i] for i in order]

    def territory(self, result: FixedSet) -> str:
        """The territory of a fixed set that the region is, or was a part of."""
        if self.region in (*result.territories, self.nation):
            return self.region
        return next(code for code in self.edition.territory.ancestors(self.region) if code in result.territories)


@lru_cache(maxsize=4)  # the same for each region and language
def _gaps(edition: Edition, level: str, draws: int, seed: int) -> pd.DataFrame:
    return gaps_to_nation(edition, level, draws=draws, rng=np.random.default_rng(seed).spawn(2)[1])


@lru_cache(maxsize=1)
def _budgets(edition: Edition) -> tuple[Figures, pd.DataFrame]:
    figures = read_figures(edition.base, edition.territory)
    return figures, places(figures)


@lru_cache(maxsize=64)  # for each section and language
def _similar(edition: Edition, region: str) -> pd.DataFrame:
    try:
        return similar_regions(edition, region, n=NEAREST)
    except DataError:  # another project knows other characteristics of its regions
        return pd.DataFrame()


@lru_cache(maxsize=64)
def _attributed(edition: Edition, region: str) -> Attribution:
    return attribute(edition, region)


@lru_cache(maxsize=2)
def _fixed(edition: Edition) -> FixedSet | None:
    """The series on a fixed set to the edition's year, or to the last before it in which an indicator serves all."""
    for last in range(edition.year, FIRST, -1):
        try:
            result = fixed_set(edition, range(FIRST, last + 1))
        except DataError:
            continue
        if result.kept and result.table().notna().any(axis=None):
            return result
    return None
