"""Weights and codes of respondents as arrays, or a sentence with the reason why they cannot be used."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import ColumnError

__all__ = ["Array", "Codes", "cells_of", "codes_of", "columns_of", "design_effect_of_weights", "weights_of"]

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


def weights_of(weights: ArrayLike) -> Array:
    """Weights of respondents, (n,), all above zero."""
    w = np.asarray(weights, dtype=float)
    if w.ndim != 1 or not w.size:
        raise ValueError(f"weights of the shape {w.shape}; there must be one for each respondent")
    for what, bad in (("missing", np.isnan(w)), ("infinite", np.isinf(w)), ("below zero", w < 0), ("zero", w == 0)):
        if bad.any():
            raise ValueError(
                f"weights are {what} in {int(bad.sum())} of {w.size} rows, first in row {int(bad.argmax())}; "
                "each respondent must represent somebody"
            )
    return w


def codes_of(values: ArrayLike, n: int, one: str, many: str) -> NDArray[np.int64]:
    """Whole numbers of n respondents; ``one`` and ``many`` are what they are called in a sentence."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"{many} of the shape {array.shape} do not fit {n} respondents")
    if array.dtype.kind == "f":
        for what, bad in (("missing", ~np.isfinite(array)), ("not a whole number", array != np.round(array))):
            if bad.any():
                raise ValueError(f"the {one} of the respondent in row {int(bad.argmax())} is {what}")
    elif array.dtype.kind not in "iub":
        raise ValueError(f"{many} are not whole numbers; give their places: np.unique(..., return_inverse=True)[1]")
    return np.asarray(array, dtype=np.int64)


def cells_of(values: ArrayLike, n: int, one: str, many: str, count: int | None = None) -> tuple[Codes, int]:
    """Whole numbers from 0 to count - 1 of n respondents, and the count; one more than the largest by default."""
    place = codes_of(values, n, one, many)
    least, most = int(place.min()), int(place.max())
    count = most + 1 if count is None else count
    if least < 0 or most >= count:
        raise ValueError(f"{many} run from {least} to {most}; they must lie between 0 and {count - 1}")
    return place.astype(np.intp), count


def columns_of(values: ArrayLike, n: int, many: str) -> Array:
    """Values of n respondents as (n, k); a single column may come as (n,)."""
    array = np.asarray(values, dtype=float)
    table = array[:, None] if array.ndim == 1 else array
    if table.ndim != 2 or table.shape[0] != n or not table.shape[1]:
        raise ValueError(f"{many} of the shape {array.shape} do not fit {n} respondents")
    for column in np.flatnonzero(np.isinf(table).any(axis=0)):
        raise ColumnError(int(column), f"is infinite in row {int(np.isinf(table[:, column]).argmax())}")
    return table


def design_effect_of_weights(weights: ArrayLike) -> float:
    """What unequal weights alone make of the variance: n · sum w² / (sum w)² [1]_.

    Parameters
    ----------
    weights : (n,)
        Above zero.

    Returns
    -------
    A number from 1, where all weights are the same.

    References
    ----------
    .. [1] Kish (1965), Survey Sampling, 11.7; Kish (1992), Weighting for unequal Pi, Journal of Official Statistics 8.

    Examples
    --------
    >>> design_effect_of_weights([1.0, 3.0])
    1.25
    """
    w = weights_of(weights)
    return float(w.size * (w**2).sum() / w.sum() ** 2)
