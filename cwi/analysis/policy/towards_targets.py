"""How indicators move towards their targets, with a guard near bounds and where a change is within its error."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.analysis.policy.promises import reaches
from cwi.errors import DataError

__all__ = ["PROGRESS", "Progress", "progress"]

PROGRESS = ("reached", "on track", "too slow", "away", "no significant change", "cannot be computed")
BOUNDS_OF_A_SHARE, NEAR_BOUND = (0.0, 100.0), 0.5
ON_TRACK = 0.95  # of the pace that the target needs; Open SDG progress methodology


@dataclass(frozen=True, eq=False)
class Progress:
    """Indicators of regions on their way to targets.

    ``table``: region, indicator, value (target), due, kind, first_year, first, last_year, last, pace (observed yearly
    change over the one that the target needs from the first year on), state (one of ``PROGRESS``), reason.
    """

    table: pd.DataFrame

    @property
    def counts(self) -> pd.DataFrame:
        """Regions by indicator and state."""
        counted = pd.crosstab(self.table["indicator"], self.table["state"])
        return counted.reindex(columns=[state for state in PROGRESS if state in counted])


def progress(
    cells: pd.DataFrame, targets: pd.DataFrame, *, shares: Collection[str] = (), z: float = 1.6449
) -> Progress:
    """How far indicators moved towards their targets, from the first to the last measured year.

    The pace is the observed yearly change divided by the change that leads from the first value to the target in a
    straight line: absolute change, which is right for shares near 0 and 100 and for values near zero, where growth
    rates are not (Open SDG progress methodology; its limit of .95 is used). A change whose interval contains zero is no
    significant change. A value that is as good as the target is *reached*; so is a share within .5 of a target of 0
    or 100, which it can come near but hardly pass. A region that was there in the first year and is not in the last
    moved *away*.

    Parameters
    ----------
    cells
        region, indicator, year, value and, where there is one, se: own values of the year and region only.
    targets
        As :func:`cwi.inputs.policy.read_indicator_targets` gives them.
    shares
        Codes of the indicators that are shares from 0 to 100.
    z
        Quantile of the interval of a change; 1.6449 is 90 %.

    Raises
    ------
    DataError
        If a region has two values of an indicator in one year.

    Examples
    --------
    >>> cells = pd.DataFrame({"region": "A", "indicator": "deaths", "year": [2018, 2022], "value": [30.0, 26.0]})
    >>> goal = pd.DataFrame({"indicator": ["deaths"], "value": 25.0, "bound": "at most", "due": 2030, "kind": "SDG"})
    >>> progress(cells, goal).table[["pace", "state"]].values.tolist()
    [[2.4, 'on track']]
    """
    table = targets[["indicator", "value", "bound", "due", "kind"]].merge(_ends(cells), on="indicator", how="left")
    years = table["last_year"] - table["first_year"]
    change = table["last"] - table["first"]
    needed = (table["value"] - table["first"]) / (table["due"] - table["first_year"])
    with np.errstate(divide="ignore", invalid="ignore"):
        table["pace"] = np.round(np.where(years > 0, (change / years) / needed, np.nan), 12)
    error = z * np.hypot(table["first_se"], table["last_se"])
    at_bound = table["indicator"].isin(list(shares)) & table["value"].isin(BOUNDS_OF_A_SHARE)
    close = at_bound & ((table["last"] - table["value"]).abs() <= NEAR_BOUND)
    pace = table["pace"]
    conditions = {  # the first that is met decides
        "no figure": ("cannot be computed", table["last"].isna()),
        "": ("reached", _there(table, "last")),
        "within .5 of the bound of a share": ("reached", close),
        "one year only": ("cannot be computed", ~(years > 0)),
        "the interval of the change contains zero": ("no significant change", change.abs() <= error),
        "the target was reached in the first year": ("away", _there(table, "first")),
        "the target was due by the first year": ("cannot be computed", table["due"] <= table["first_year"]),
    }
    met = [condition.to_numpy(bool) for _, condition in conditions.values()]
    by_pace = np.select([pace >= ON_TRACK, pace > 0], ["on track", "too slow"], "away")
    table["state"] = np.select(met, [state for state, _ in conditions.values()], by_pace)
    table["reason"] = np.select(met, list(conditions), "")
    compared = ~np.any([met[i] for i in (0, 3, 5, 6)], axis=0)
    table["pace"] = pace.where(compared & np.isfinite(pace))
    return Progress(table.drop(columns=["bound", "first_se", "last_se"]))


def _ends(cells: pd.DataFrame) -> pd.DataFrame:
    """The first and the last value of every indicator and region, with years and standard errors."""
    cells = cells.dropna(subset=["value"])
    cells = cells if "se" in cells else cells.assign(se=np.nan)
    twice = cells[cells.duplicated(["region", "indicator", "year"])]
    if not twice.empty:
        row = twice.iloc[0]
        raise DataError(f"{row['indicator']} of {row['region']} has two values in {row['year']}; one is needed")
    keys = ["indicator", "region"]
    rows = cells.sort_values("year", kind="stable")[[*keys, "year", "value", "se"]]
    first = rows.drop_duplicates(keys, keep="first").set_axis([*keys, "first_year", "first", "first_se"], axis=1)
    last = rows.drop_duplicates(keys, keep="last").set_axis([*keys, "last_year", "last", "last_se"], axis=1)
    return first.merge(last, on=keys)


def _there(table: pd.DataFrame, end: str) -> pd.Series:
    """Whether the values of one end are as good as their targets; a missing one is not."""
    pairs = zip(table[end], table["bound"], table["value"], strict=True)
    return pd.Series(
        [value == value and reaches(value, bound, goal) for value, bound, goal in pairs], table.index, bool
    )
