"""Units that are left out of an index because too little of them was measured, or too much of it is zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["COLUMNS", "SCREENED", "screened_units"]

SCREENED = "screened"  # the status of the cells of a unit that is left out
COLUMNS = ("region", "year", "measured", "nonzero", "why")
NOISE = 1e-9


def screened_units(values: NDArray[np.float64], units: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Units with less than the least share of measured indicators, or of non-zero ones among the measured [1]_.

    Parameters
    ----------
    values : (n, k)
        Values of n units on the indicators of the tree, NaN where there is none.
    units
        region and year, a row a unit.
    settings
        ``measured`` and ``nonzero``: the least shares, from 0 to 1; one that is not there asks for nothing.

    Returns
    -------
    DataFrame
        region, year, measured, nonzero (shares), why ("availability", "zeros" or "availability; zeros"); a row a unit
        that is left out. A unit without any value has no share of non-zero ones and fails by availability alone.

    References
    ----------
    .. [1] Screen of the R package COINr; the audits of the Global Innovation Index ask for two thirds.

    Examples
    --------
    >>> values = np.array([[1.0, 2.0, np.nan, np.nan], [0.0, 0.0, 0.0, 3.0], [1.0, 2.0, 3.0, np.nan]])
    >>> units = pd.DataFrame({"region": ["A", "B", "C"], "year": 2020})
    >>> screened_units(values, units, {"measured": 0.65, "nonzero": 0.5})[["region", "why"]].to_numpy().tolist()
    [['A', 'availability'], ['B', 'zeros']]
    """
    has = ~np.isnan(values)
    counts = has.sum(axis=1)
    measured = counts / max(values.shape[1], 1)
    with np.errstate(invalid="ignore"):
        nonzero = np.where(counts > 0, (has & (values != 0)).sum(axis=1) / np.maximum(counts, 1), np.nan)
        few = measured < settings.get("measured", 0.0) - NOISE
        zeros = nonzero < settings.get("nonzero", 0.0) - NOISE
    why = np.where(few & zeros, "availability; zeros", np.where(few, "availability", "zeros"))
    table = units[["region", "year"]].assign(measured=measured, nonzero=nonzero, why=why)
    return pd.DataFrame(table[few | zeros].reset_index(drop=True))
