"""What changed between two years: like compared with like only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.index import Scores, derive
from cwi.territory import PARENT_REGION

__all__ = ["Change", "change"]


@dataclass(frozen=True, eq=False)
class Change:
    """The change between two years on the territories that exist in both.

    ``nodes``: region, node, level, earlier, later, change: scores of both years made of the matched indicators
    alone, and their difference; empty where these do not reach the methodology's coverage.
    ``cells``: region, indicator, earlier, later (values), change (of the score): the matched indicators.
    """

    earlier: int
    later: int
    nodes: pd.DataFrame
    cells: pd.DataFrame


def change(earlier: Scores, later: Scores) -> Change:
    """Compare the scores of two years.

    An indicator is matched for a region when both years have a value of their own: measured in that year (not
    carried), for that territory (not a parent region's). Regions are compared by their code, and a code belongs
    to one territory, so a region whose borders changed in between is left out. An indicator that is matched for
    fewer than half of the regions is left out everywhere. Both years go through the same ends and the same weights.

    Raises
    ------
    DataError
        If the two were not made by the same methodology, or hold more than one year each.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = change(read_edition(2022).scores, read_edition(2023).scores)
    >>> result.earlier, result.later
    (2022, 2023)
    """
    methodology = later.methodology
    if earlier.methodology.fingerprint != methodology.fingerprint:
        raise DataError(
            f"scores made by methodology {earlier.methodology.version} ({earlier.methodology.fingerprint}) and by "
            f"{methodology.version} ({methodology.fingerprint}) cannot be compared; score both years by one methodology"
        )
    years = [scores.cells["year"].unique() for scores in (earlier, later)]
    if any(len(found) != 1 for found in years):
        raise DataError("a change is between two years: each side must hold the scores of one year")
    first, second = int(years[0][0]), int(years[1][0])
    own = [_own(earlier), _own(later)]
    regions = own[0].index.intersection(own[1].index)
    x = np.stack([values.loc[regions].to_numpy(float) for values in own])
    matched = ~np.isnan(x).any(axis=0)
    inside = methodology.is_region(regions)
    if inside.any():
        matched &= matched[inside].mean(axis=0) >= 0.5
    x[:, ~matched] = np.nan
    derived = derive(x, methodology, base=later.base, weights=later.weights, groups=np.where(inside, 0, -1))
    names, codes = methodology.tree.levels, methodology.tree.codes
    parts = []
    for depth in reversed(range(len(codes))):
        before, after = derived.scores[depth]
        parts.append(
            pd.DataFrame(
                {
                    "region": np.repeat(regions.to_numpy(), len(codes[depth])),
                    "node": list(codes[depth]) * len(regions),
                    "level": names[depth],
                    "earlier": before.reshape(-1),
                    "later": after.reshape(-1),
                    "change": (after - before).reshape(-1),
                }
            )
        )
    nodes = pd.concat(parts, ignore_index=True)
    indicators = nodes[nodes["level"] == "indicator"].reset_index(drop=True)
    cells = pd.DataFrame(
        {
            "region": indicators["region"],
            "indicator": indicators["node"],
            "earlier": x[0].reshape(-1),
            "later": x[1].reshape(-1),
            "change": indicators["change"],
        }
    )
    return Change(first, second, nodes, cells[cells["change"].notna()].reset_index(drop=True))


def _own(scores: Scores) -> pd.DataFrame:
    """Values measured in the year and on their own territory: a row a region, a column an indicator."""
    cells = scores.cells
    own = (cells["observed"] == cells["year"]).fillna(False) & (cells["status"] != PARENT_REGION)
    values = cells.assign(value=cells["value"].where(own.astype(bool)))
    wide = values.pivot(index="region", columns="indicator", values="value")
    return wide[scores.methodology.indicators["code"]]
