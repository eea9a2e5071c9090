"""Words that look along a series of years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cwi.methods.imputation.filled import Filled, Flags, filled
from cwi.traits import method

Array = NDArray[np.float64]


@method("imputation", from_observations=("years",), example={"max_age": 5})
def carry(values: Array, never: Flags | None = None, *, max_age: float, years: Sequence[float] | None = None) -> Filled:
    """The last value before a gap, if it is at most ``max_age`` years old.

    Parameters
    ----------
    values : (t, n, k)
    never : (t, n, k), optional
    max_age
        In years, not below 0.
    years : (t,), optional
        The years, rising; one apart where none are given.

    Raises
    ------
    ValueError
        If values have no axis of years, years do not rise, or ``max_age`` is below zero.

    Examples
    --------
    >>> values = np.array([5.0, np.nan, np.nan, np.nan, 9.0])[:, None, None]
    >>> carry(values, max_age=2).values[:, 0, 0].tolist()
    [5.0, 5.0, 5.0, nan, 9.0]
    """
    values, time = _series(values, years)
    if max_age < 0:
        raise ValueError(f"max_age is {max_age:g}; it must not be below zero")
    last = _nearest(values)
    old = time[:, None, None] - time[last] > max_age
    offer = np.where(old, np.nan, np.take_along_axis(values, last, axis=0))
    return filled(values, offer, never, "carry")


@method("imputation", from_observations=("years",))
def linear(values: Array, never: Flags | None = None, *, years: Sequence[float] | None = None) -> Filled:
    """The line between the last value before a gap and the first after it; nothing before the first or after the last.

    Parameters
    ----------
    values : (t, n, k)
    never : (t, n, k), optional
    years : (t,), optional
        The years, rising; one apart where none are given.

    Raises
    ------
    ValueError
        If values have no axis of years, or years do not rise.

    Examples
    --------
    >>> values = np.array([np.nan, 5.0, np.nan, 9.0, np.nan])[:, None, None]
    >>> linear(values).values[:, 0, 0].tolist()
    [nan, 5.0, 7.0, 9.0, nan]
    """
    values, time = _series(values, years)
    before, after = _nearest(values), len(time) - 1 - _nearest(values[::-1])[::-1]
    start, end = (np.take_along_axis(values, at, axis=0) for at in (before, after))
    span = time[after] - time[before]
    share = (time[:, None, None] - time[before]) / np.where(span > 0, span, 1.0)
    offer = np.where(span > 0, (1.0 - share) * start + share * end, np.nan)
    return filled(values, offer, never, "linear")


def _series(values: Array, years: Sequence[float] | None) -> tuple[Array, Array]:
    values = np.asarray(values, dtype=float)
    if values.ndim != 3:
        raise ValueError(f"values have the shape {values.shape}; a series needs years, units and indicators")
    time = np.arange(len(values), dtype=float) if years is None else np.asarray(years, dtype=float)
    if time.shape != (len(values),) or not (np.diff(time) > 0).all():
        raise ValueError(
            f"{time.size} years for {len(values)} rows of values; there must be one each, and they must rise"
        )
    return values, time


def _nearest(values: Array) -> NDArray[np.intp]:
    """For each cell the position in time of its own or the last value before it; its own where there is none."""
    places = np.arange(len(values))[:, None, None]
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, places), axis=0)
    return np.where(last < 0, places, last)
