"""Values perturbed within their errors: which perturbation a factor asks for, and that of rounding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.count_errors import counts
from cwi.analysis.uncertainty.distinct_values import DistinctValues, Perturbation, shares
from cwi.analysis.uncertainty.sampling_errors import sampling, with_assumed_errors
from cwi.methodology import Methodology

__all__ = ["perturbation"]

Array = NDArray[np.float64]
DIGITS = 12  # significant digits of a published figure; what a sum in floating point adds lies beyond them


def perturbation(
    settings: Mapping[str, Any],
    values: DistinctValues,
    methodology: Methodology,
    observations: pd.DataFrame,
    covariance: pd.DataFrame | None,
) -> Perturbation:
    """The perturbation that a factor of values asks for.

    Raises
    ------
    DataError
        If a standard error, a covariance or a count cannot be used, with the cell.
    """
    if settings["error"] == "sampling":
        return sampling(values.table, methodology, observations, covariance, settings["overlap"])
    if settings["error"] == "assumed":
        return sampling(with_assumed_errors(values.table, settings["of"], methodology), methodology)
    if settings["error"] == "rounding":
        return _rounding(values.table, methodology, observations)
    return counts(values.table, observations, settings["of"], settings["distribution"])


def _rounding(table: pd.DataFrame, methodology: Methodology, observations: pd.DataFrame) -> Perturbation:
    """Uniform within half a unit of the last digit that a series is published with; derived figures are not rounded.

    A share stays a share: it is held at 0 and at 100.
    """
    published = observations[observations["indicator"].isin(table["indicator"]) & observations["value"].notna()]
    if "status" in published:
        published = published[published["status"] != "derived"]
    digits = published.groupby("indicator")["value"].agg(lambda values: max(map(_decimals, values)))
    own = table[table["indicator"].isin(digits.index) & (table["status"] != "derived")]
    half = 0.5 * 10.0 ** -own["indicator"].map(digits).to_numpy(float)[:, None]
    share = shares(own, methodology)

    def draw(values: Array, u: Array) -> Array:
        result = values + half * (2.0 * u - 1.0)
        result[share] = np.clip(result[share], 0.0, 100.0)
        return result

    return Perturbation(own.index.to_numpy(np.intp), draw)


def _decimals(value: float) -> int:
    """Digits after the point, of those that were published.

    >>> [_decimals(value) for value in (12.0, 0.25, 1e-07, 3e20, 0.1 + 0.2)]
    [0, 2, 7, 0, 1]
    """
    text = np.format_float_positional(float(f"{value:.{DIGITS}g}"), trim="-")
    return len(text.partition(".")[2])
