"""Two editions beside each other: scores, ranks, and what moved them on the indicators that both years have."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.analysis.comparison.attribution import attribute_scores
from cwi.analysis.comparison.years import Change, change
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.methods.ranking import rank

__all__ = ["YEAR_CAUSES", "YearsApart", "years_apart"]

YEAR_CAUSES = ("same", "carried", "measured", "methodology")
ROUNDING = "rounding"


@dataclass(frozen=True, eq=False)
class YearsApart:
    """Two editions, the later one explained by the earlier.

    ``rules``: the methodology of the earlier and of the later edition, as version and fingerprint.
    ``regions``: index region (those of the later edition, the nation last); earlier, later, difference (of the index,
    0 to 100); same, carried, measured, methodology (what the difference is because of, in points; they sum to it;
    missing where either edition has no index for the region); earlier_rank, later_rank (in each edition), moved (places
    up among the regions that have an index in both); matched (indicators with a figure of each year itself).
    ``indicators``: region, indicator, earlier, later (values), change (of the score), contribution (points of the
    index): the matched indicators.
    ``matched``: both years scored on the matched indicators alone, as :func:`change` gives it.
    """

    earlier: int
    later: int
    rules: tuple[str, str]
    regions: pd.DataFrame
    indicators: pd.DataFrame
    matched: Change

    @property
    def joined(self) -> bool:
        """Whether the two editions have different methodologies."""
        return self.rules[0] != self.rules[1]

    @property
    def both(self) -> pd.DataFrame:
        """``regions`` with an index in both editions, the nation left out."""
        return self.regions[self.regions["moved"].notna()]


def years_apart(earlier: Edition, later: Edition, *, join: bool = False) -> YearsApart:
    """Compare two editions, and divide the difference of each index among its causes.

    *Same*: the indicators that both years measured in the year and for the region itself. *Carried*: indicators whose
    figure is of an earlier year or a former region in one of the two. *Measured*: what comes of indicators that only
    one of them has, and so of other weights. *Methodology*, where the editions have different ones: the earlier year
    under the rules of the later edition less the same year under its own. The first three are those of
    :func:`cwi.analysis.comparison.attribute`, with the weights at the mean of both years.

    Parameters
    ----------
    earlier, later
        Editions of two years.
    join
        Compare editions of different methodologies. Their scores are not comparable without more.

    Raises
    ------
    DataError
        If the years are not in this order, or the methodologies differ and ``join`` is not asked for.
    MethodologyError
        If a node is aggregated neither arithmetically nor geometrically, so that causes cannot be divided.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = years_apart(read_edition(2022), read_edition(2023))
    >>> row = result.regions.loc["KZ-71"]
    >>> bool(np.isclose(row[list(YEAR_CAUSES)].sum(), row["difference"]))
    True
    """
    if earlier.year >= later.year:
        raise DataError(f"{earlier.year} is not before {later.year}; name the earlier year first")
    rules = _rules(earlier), _rules(later)
    if rules[0] != rules[1] and not join:
        raise DataError(
            f"the editions of {earlier.year} (methodology {rules[0]}) and {later.year} ({rules[1]}) cannot be "
            "compared; ask for it with join, or score both years by one methodology"
        )
    same_rules = earlier if rules[0] == rules[1] else later.earlier(earlier.year)
    nation = later.methodology.nation
    order = [*later.regions, *([nation] if nation is not None else [])]
    table = pd.DataFrame({side: _index(edition, order) for side, edition in (("earlier", earlier), ("later", later))})
    table["difference"] = table["later"] - table["earlier"]
    matched = change(same_rules.scores, later.scores)
    cells = matched.cells.set_index(["region", "indicator"])
    middle = _index(same_rules, order)
    causes: dict[str, list[float]] = {}
    points: dict[tuple[Hashable, Hashable], float] = {}
    for region in order:
        if table.loc[region, ["earlier", "later"]].isna().any() or np.isnan(middle[region]):
            continue
        parts = attribute_scores((later.scores, region, later.year), (same_rules.scores, region, earlier.year)).parts
        score = parts["part"] == "score"
        own = score & pd.MultiIndex.from_product([[region], parts["node"]]).isin(cells.index)
        points |= {(region, code): value for code, value in parts[own].set_index("node")["contribution"].items()}
        sums = (own, score & ~own, ~score)
        moved = [float(parts.loc[chosen, "contribution"].sum()) for chosen in sums]
        causes[region] = [*moved, middle[region] - table.at[region, "earlier"]]
    table[list(YEAR_CAUSES)] = pd.DataFrame.from_dict(causes, orient="index", columns=list(YEAR_CAUSES)).reindex(order)
    inside = later.methodology.is_region(table.index)
    for side, edition in (("earlier", earlier), ("later", later)):
        here = edition.scores.without_nation(edition.scores.of(edition.methodology.top.code)[edition.year]).dropna()
        ranks = pd.Series(rank(here.to_numpy(float), decimals=edition.methodology.decimals), index=here.index)
        table[f"{side}_rank"] = ranks.reindex(table.index)
    both = inside & table["difference"].notna().to_numpy()
    among = [
        rank(table.loc[both, side].to_numpy(float), decimals=later.methodology.decimals)
        for side in ("earlier", "later")
    ]
    table["moved"] = np.nan
    table.loc[both, "moved"] = among[0] - among[1]
    counts = matched.cells.groupby("region").size()
    table["matched"] = counts.reindex(table.index).fillna(0).astype(int)
    indicators = matched.cells.assign(contribution=pd.Series(points, dtype=float).reindex(cells.index).to_numpy(float))
    return YearsApart(earlier.year, later.year, rules, table.rename_axis("region"), indicators, matched)


def _rules(edition: Edition) -> str:
    return f"{edition.methodology.version} {edition.methodology.fingerprint}"


def _index(edition: Edition, order: list[str]) -> pd.Series:
    return edition.scores.of(edition.methodology.top.code)[edition.year].reindex(order).astype(float)
