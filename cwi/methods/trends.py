"""Growth and trend of a series of years.

values : (t, ...)  a series of t years for each cell of the other axes, not a number where nothing was measured
years : (t,)       the years, rising
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["compound_growth", "growth_rates", "slope", "total_growth"]

Array = NDArray[np.float64]


def growth_rates(values: Array, years: Sequence[float]) -> Array:
    """The growth on the year before, in per cent: 100 (x_t / x_(t-1) - 1).

    Returns
    -------
    (t, ...) array; not a number in the first year, after a year that is missing or not the one before, and where the
    year before is zero or below.

    Raises
    ------
    ValueError
        If there is not one year for each row, or years do not rise.

    Examples
    --------
    >>> growth_rates(np.array([50.0, 55.0, 44.0]), [2020, 2021, 2022]).round(9).tolist()
    [nan, 10.0, -20.0]
    """
    values, time = _series(values, years)
    before = np.full(values.shape, np.nan)
    before[1:] = values[:-1]
    follows = np.append(False, np.diff(time) == 1)
    before[~follows] = np.nan
    ratio = np.divide(values, before, out=np.full(values.shape, np.nan), where=before > 0)
    return np.asarray(100.0 * (ratio - 1.0))


def total_growth(values: Array, years: Sequence[float]) -> Array:
    """The growth from the first measured year to the last, in per cent.

    Returns
    -------
    (...) array; not a number with fewer than two years, or where the first value is zero or below.

    Raises
    ------
    ValueError
        As :func:`growth_rates`.

    Examples
    --------
    >>> float(total_growth(np.array([50.0, np.nan, 60.0]), [2020, 2021, 2022]).round(9))
    20.0
    """
    first, last, span = _ends(*_series(values, years))
    known = (span > 0) & (first > 0)
    return np.asarray(np.where(known, 100.0 * (last / np.where(known, first, 1.0) - 1.0), np.nan))


def compound_growth(values: Array, years: Sequence[float]) -> Array:
    """The compound annual growth rate (CAGR) from the first measured year to the last, in per cent.

    100 ((x_last / x_first)^(1 / years between them) - 1), as ``CAGR`` of the R package COINr.

    Returns
    -------
    (...) array; not a number with fewer than two years, or where the first or the last value is zero or below.

    Raises
    ------
    ValueError
        As :func:`growth_rates`.

    Examples
    --------
    >>> float(compound_growth(np.array([100.0, np.nan, 121.0]), [2020, 2021, 2022]).round(9))
    10.0
    """
    first, last, span = _ends(*_series(values, years))
    known = (span > 0) & (first > 0) & (last > 0)
    ratio = np.where(known, last / np.where(known, first, 1.0), 1.0)
    return np.asarray(np.where(known, 100.0 * (ratio ** (1.0 / np.where(known, span, 1.0)) - 1.0), np.nan))


def slope(values: Array, years: Sequence[float]) -> Array:
    """The linear trend: the least-squares slope over the measured years, in the unit of the values a year.

    Returns
    -------
    (...) array; not a number with fewer than two years.

    Raises
    ------
    ValueError
        As :func:`growth_rates`.

    Examples
    --------
    >>> float(slope(np.array([1.0, 2.0, np.nan, 4.0]), [2020, 2021, 2022, 2023]).round(9))
    1.0
    """
    values, time = _series(values, years)
    has = ~np.isnan(values)
    n = has.sum(axis=0)
    moment = time.reshape(-1, *[1] * (values.ndim - 1))
    centre = np.where(has, moment, 0.0).sum(axis=0) / np.maximum(n, 1)
    away = np.where(has, moment - centre, 0.0)
    square = (away**2).sum(axis=0)
    product = (away * np.where(has, values, 0.0)).sum(axis=0)
    return np.asarray(np.where(n > 1, product / np.where(square > 0, square, 1.0), np.nan))


def _series(values: Array, years: Sequence[float]) -> tuple[Array, Array]:
    values, time = np.asarray(values, dtype=float), np.asarray(years, dtype=float)
    if time.shape != values.shape[:1] or not (np.diff(time) > 0).all():
        raise ValueError(
            f"{time.size} years for {len(values)} rows of values; there must be one each, and they must rise"
        )
    return values, time


def _ends(values: Array, time: Array) -> tuple[Array, Array, Array]:
    """The first and the last measured value, and the years between them; 0 where there are fewer than two."""
    has = ~np.isnan(values)
    first, last = has.argmax(axis=0), len(time) - 1 - has[::-1].argmax(axis=0)
    at = [np.take_along_axis(values, place[None], axis=0)[0] for place in (first, last)]
    return at[0], at[1], np.where(has.any(axis=0), time[last] - time[first], 0.0)
