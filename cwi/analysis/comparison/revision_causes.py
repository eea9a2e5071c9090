"""What another methodology makes of a year, and because of what: indicators, ends, vintage, decisions on cells."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.edition import Edition
from cwi.errors import MethodologyError
from cwi.methodology import Methodology
from cwi.methods.ranking import rank

__all__ = ["CAUSES", "Revision", "revision"]

Array = NDArray[np.float64]
CAUSES = ("cells", "vintage", "ends", "indicators")  # and, apart, the rules on coverage
ENDS = ["worst", "best", "scale"]


@dataclass(frozen=True, eq=False)
class Revision:
    """The index of one year under two methodologies.

    ``regions``: index region (the nation last); old, new, difference (of the index); cells, vintage, ends, indicators,
    coverage (what the difference is because of, in points; they sum to it; missing where the region has no index under
    both or under a mixture of the two); old_rank, new_rank (of the regions), moved (places up).
    ``nodes``: region, node, level, old, new, difference: the nodes and indicators that either has (missing under
    the other, and then without a difference).
    """

    year: int
    old: str
    new: str
    regions: pd.DataFrame
    nodes: pd.DataFrame

    @property
    def mean(self) -> float:
        """Mean revision of the regions, points."""
        return float(self.both["difference"].mean())

    @property
    def mean_absolute(self) -> float:
        """Mean absolute revision of the regions, points."""
        return float(self.both["difference"].abs().mean())

    @property
    def both(self) -> pd.DataFrame:
        """``regions`` with a rank under both methodologies, the nation left out."""
        return self.regions[self.regions["old_rank"].notna() & self.regions["new_rank"].notna()]


def revision(edition: Edition, under: str | Methodology) -> Revision:
    """Compare an edition with the same year under another methodology, and divide each difference among its causes.

    The difference of the index is divided by Shapley's value [1]_: each cause is put in place before and after every
    set of the others, so that no order of replacement is preferred. The causes are decisions on cells; vintage (age of
    a carried figure, one year for all regions); ends of the indicators that both methodologies have; indicators, that
    is their list with its weights and tree. Mixtures are scored without asking for coverage; what the rules on
    coverage add or take is the fifth part.

    Parameters
    ----------
    edition
        The year, under the old methodology.
    under
        The new one: a version of the project or a methodology.

    Raises
    ------
    MethodologyError
        If the two have different levels, or the new one is the edition's own.

    References
    ----------
    .. [1] Shorrocks (2013), Decomposition procedures for distributional analysis, J. Economic Inequality 11, 99-126.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = revision(read_edition(2023), "2026.1")
    >>> row = result.regions.loc["KZ-71"]
    >>> bool(np.isclose(row[[*CAUSES, "coverage"]].sum(), row["difference"]))
    True
    """
    other = edition.under(under)
    old, new = edition.methodology, other.methodology
    if old.fingerprint == new.fingerprint:
        raise MethodologyError(f"the edition of {edition.year} has the methodology {new.version} already")
    if [level.name for level in old.levels] != [level.name for level in new.levels]:
        raise MethodologyError(f"{old.version} and {new.version} have different levels; causes cannot be divided")
    order = [*edition.regions, *([old.nation] if old.nation is not None else [])]
    table = pd.DataFrame({"old": _index(edition, order), "new": _index(other, order)}, index=order)
    table["difference"] = table["new"] - table["old"]
    mixed = {
        chosen: _index(edition.under(_mixture(old, new, set(chosen))), order)
        for k in range(len(CAUSES) + 1)
        for chosen in combinations(CAUSES, k)
    }
    for cause in CAUSES:
        table[cause] = _shapley(cause, mixed)
    table["coverage"] = (mixed[()] - table["old"]) + (table["new"] - mixed[CAUSES])
    inside = old.is_region(table.index)
    for side, rules in (("old", old), ("new", new)):
        ranks = rank(table.loc[inside, side].to_numpy(float), decimals=rules.decimals)
        table.loc[inside, f"{side}_rank"] = np.where(table.loc[inside, side].notna(), ranks, np.nan)
    table["moved"] = table["old_rank"] - table["new_rank"]
    return Revision(edition.year, old.version, new.version, table.rename_axis("region"), _nodes(edition, other))


def _index(edition: Edition, order: list[str]) -> Array:
    column = edition.scores.of(edition.methodology.top.code)[edition.year]
    return column.reindex(order).to_numpy(float)


def _mixture(old: Methodology, new: Methodology, from_new: set[str]) -> Methodology:
    """The old methodology with these causes taken from the new one, no coverage asked for below the index."""
    base = new if "indicators" in from_new else old
    ends = (new if "ends" in from_new else old).indicators.set_index("code")
    when = new if "vintage" in from_new else old
    table = base.indicators.set_index("code")
    common = table.index.intersection(ends.index)
    table.loc[common, ENDS] = ends.loc[common, ENDS]
    open_rules = {level.name: {"coverage": 0.0} for level in base.levels[:-1]}
    mixture = base.replace(indicators=table.reset_index(), max_age=when.max_age, vintage=when.vintage, **open_rules)
    return dataclasses.replace(mixture, cells=(new if "cells" in from_new else old).cells)


def _shapley(cause: str, values: dict[tuple[str, ...], Array]) -> Array:
    """The mean of what a cause adds, over all orders in which the causes can be put in place."""
    others = [name for name in CAUSES if name != cause]
    n = len(CAUSES)
    total = np.zeros_like(values[()])
    for k in range(n):
        weight = factorial(k) * factorial(n - k - 1) / factorial(n)
        for chosen in combinations(others, k):
            with_it = tuple(name for name in CAUSES if name in {*chosen, cause})
            total = total + weight * (values[with_it] - values[chosen])
    return total


def _nodes(edition: Edition, other: Edition) -> pd.DataFrame:
    key = ["region", "node", "level"]
    sides = [each.scores.nodes.set_index(key)["score"] for each in (edition, other)]
    table = pd.concat(sides, axis=1, join="outer", keys=["old", "new"]).reset_index()
    return table.assign(difference=table["new"] - table["old"])
