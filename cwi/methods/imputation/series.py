"""Words that look along a series of years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cwi.errors import near
from cwi.methods.imputation.filled import Filled, Flags, filled
from cwi.traits import method

Array = NDArray[np.float64]
DIRECTIONS = ("forward", "backward", "both")
EXTRAPOLATIONS = ("none", "constant", "line")


@method("imputation", from_observations=("years",), example={"max_age": 5})
def carry(
    values: Array,
    never: Flags | None = None,
    *,
    max_age: float,
    direction: str = "forward",
    years: Sequence[float] | None = None,
) -> Filled:
    """The last value before a gap, if it is at most ``max_age`` years old.

    With the direction "backward" the first value after the gap, with "both" the one before where there is one.

    Parameters
    ----------
    values : (t, n, k)
    never : (t, n, k), optional
    max_age
        In years, not below 0.
    direction
        "forward", "backward" or "both".
    years : (t,), optional
        The years, rising; one apart where none are given.

    Raises
    ------
    ValueError
        If values have no axis of years, years do not rise, ``max_age`` is below zero or the direction is unknown.

    Examples
    --------
    >>> values = np.array([5.0, np.nan, np.nan, np.nan, 9.0])[:, None, None]
    >>> carry(values, max_age=2).values[:, 0, 0].tolist()
    [5.0, 5.0, 5.0, nan, 9.0]
    >>> carry(values, max_age=2, direction="both").values[:, 0, 0].tolist()
    [5.0, 5.0, 5.0, 9.0, 9.0]
    """
    values, time = _series(values, years)
    if max_age < 0:
        raise ValueError(f"max_age is {max_age:g}; it must not be below zero")
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is '{direction}'{near(direction, DIRECTIONS)}")
    before, after = _neighbours(values)
    offers = [
        np.where(np.abs(time[:, None, None] - time[at]) > max_age, np.nan, np.take_along_axis(values, at, axis=0))
        for at in {"forward": (before,), "backward": (after,), "both": (before, after)}[direction]
    ]
    offer = offers[0] if len(offers) == 1 else np.where(np.isnan(offers[0]), offers[1], offers[0])
    return filled(values, offer, never, "carry")


@method("imputation", from_observations=("years",))
def linear(
    values: Array,
    never: Flags | None = None,
    *,
    extrapolate: str = "none",
    max_age: float = np.inf,
    years: Sequence[float] | None = None,
) -> Filled:
    """The line between the last value before a gap and the first after it; nothing before the first or after the last.

    Where ``extrapolate`` asks for it gaps before the first and after the last value are filled too: by the nearest
    value ("constant"), or by the line through the two nearest ("line"), which leaves the range of what was measured.

    Parameters
    ----------
    values : (t, n, k)
    never : (t, n, k), optional
    extrapolate
        "none", "constant" or "line".
    max_age
        How many years beyond the first and the last value are filled, not below 0.
    years : (t,), optional
        The years, rising; one apart where none are given.

    Raises
    ------
    ValueError
        If values have no axis of years, years do not rise, or a setting is unknown or below zero.

    Examples
    --------
    >>> values = np.array([np.nan, 5.0, np.nan, 9.0, np.nan])[:, None, None]
    >>> linear(values).values[:, 0, 0].tolist()
    [nan, 5.0, 7.0, 9.0, nan]
    >>> linear(values, extrapolate="constant").values[:, 0, 0].tolist()
    [5.0, 5.0, 7.0, 9.0, 9.0]
    >>> linear(values, extrapolate="line").values[:, 0, 0].tolist()
    [3.0, 5.0, 7.0, 9.0, 11.0]
    """
    values, time = _series(values, years)
    if extrapolate not in EXTRAPOLATIONS:
        raise ValueError(f"extrapolate is '{extrapolate}'{near(extrapolate, EXTRAPOLATIONS)}")
    if not max_age >= 0:
        raise ValueError(f"max_age is {max_age:g}; it must not be below zero")
    before, after = _neighbours(values)
    start, end = (np.take_along_axis(values, at, axis=0) for at in (before, after))
    span = time[after] - time[before]
    share = (time[:, None, None] - time[before]) / np.where(span > 0, span, 1.0)
    offer = np.where(span > 0, (1.0 - share) * start + share * end, np.nan)
    if extrapolate != "none":
        outside = np.isnan(offer) & np.isnan(values)
        offer = np.where(outside, _extrapolated(values, time, extrapolate, max_age), offer)
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


def _extrapolated(values: Array, time: Array, how: str, max_age: float) -> Array:
    """For each cell what the nearest value or the line through the two nearest on one side gives."""
    result = np.full(values.shape, np.nan)
    for backward in (False, True):
        series, moment = (values[::-1], -time[::-1]) if backward else (values, time)
        last = _nearest(series)
        at_last = np.take_along_axis(series, last, axis=0)
        offer, away = at_last, moment[:, None, None] - moment[last]
        if how == "line":
            # the last value before the last one
            earlier = np.maximum.accumulate(
                np.where(np.isnan(series), -1, np.arange(len(series))[:, None, None]), axis=0
            )
            earlier = np.concatenate([np.full_like(earlier[:1], -1), earlier[:-1]])
            second = np.take_along_axis(earlier, last, axis=0)
            at_second = np.take_along_axis(series, np.maximum(second, 0), axis=0)
            span = moment[last] - moment[np.maximum(second, 0)]
            slope = np.where(second >= 0, (at_last - at_second) / np.where(span > 0, span, 1.0), np.nan)
            offer = at_last + slope * away
        offer = np.where((away > 0) & (away <= max_age), offer, np.nan)
        result = np.where(np.isnan(result), offer[::-1] if backward else offer, result)
    return result


def _neighbours(values: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each cell the positions in time of the value before it and of the one after it."""
    return _nearest(values), len(values) - 1 - _nearest(values[::-1])[::-1]


def _nearest(values: Array) -> NDArray[np.intp]:
    """For each cell the position in time of its own or the last value before it; its own where there is none."""
    places = np.arange(len(values))[:, None, None]
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, places), axis=0)
    return np.where(last < 0, places, last)
