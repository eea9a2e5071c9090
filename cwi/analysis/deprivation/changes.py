"""Changes between two years from two independent samples, with errors and what they are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cwi.errors import DataError
from cwi.methods.deprivation import measure_change

__all__ = ["changes_between"]

KEYS = ["region", "area", "group"]


def changes_between(before: pd.DataFrame, after: pd.DataFrame, *, years: float, level: float = 0.95) -> pd.DataFrame:
    """The change of H, A and M0 in every domain that both years have.

    The samples are independent, so the variance of a difference is the sum of both; its degrees of freedom are
    Satterthwaite's. A change whose interval holds zero is "not significant"; without errors, as in a census, there is
    no verdict.

    Parameters
    ----------
    before, after
        Of :func:`cwi.analysis.deprivation.profile`.
    years
        Between them.

    Returns
    -------
    DataFrame
        region, area, group, measure, before, after, change, se, low, high, yearly, yearly_rate, from_H, from_A (of M0),
        verdict (rise, fall, not significant; empty without an interval).

    Raises
    ------
    DataError
        If the two have no domain in common.
    """
    sides = []
    for table in (before, after):
        rows = table[table["measure"].isin(("H", "A", "M0"))]
        sides.append(rows.set_index([*KEYS, "measure"])[["estimate", "se", "df"]])
    renamed = [side.add_suffix(suffix) for side, suffix in zip(sides, ("_before", "_after"), strict=True)]
    both = pd.concat(renamed, axis=1, join="inner").dropna(subset=["estimate_before", "estimate_after"])
    if both.empty:
        raise DataError("the two years have no domain in common")
    change = both["estimate_after"] - both["estimate_before"]
    v1, v2 = both["se_before"] ** 2, both["se_after"] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        df = (v1 + v2) ** 2 / (v1**2 / both["df_before"] + v2**2 / both["df_after"])
    se = np.sqrt(v1 + v2)
    half = stats.t.ppf((1 + level) / 2, df) * se
    wide = both.reset_index().pivot_table(index=KEYS, columns="measure", values=["estimate_before", "estimate_after"])
    parts = measure_change(
        (wide["estimate_before", "H"], wide["estimate_after", "H"]),
        (wide["estimate_before", "A"], wide["estimate_after", "A"]),
        years=years,
    )
    split = pd.DataFrame({"from_H": parts.from_H, "from_A": parts.from_A}, index=wide.index)
    table = pd.DataFrame({
        "before": both["estimate_before"], "after": both["estimate_after"], "change": change, "se": se,
        "low": change - half, "high": change + half, "yearly": change / years,
        "yearly_rate": (both["estimate_after"] / both["estimate_before"]) ** (1 / years) - 1,
    }).reset_index()  # fmt: skip
    table = table.merge(split.reset_index(), on=KEYS, how="left")
    table.loc[table["measure"] != "M0", ["from_H", "from_A"]] = np.nan
    verdict = np.select(
        [table["low"].isna(), table["low"] > 0, table["high"] < 0], ["", "rise", "fall"], "not significant"
    )
    return table.assign(verdict=verdict)
