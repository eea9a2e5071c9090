"""Words that look at the other units of the same year."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cwi.methods.imputation.filled import Filled, Flags, filled
from cwi.traits import method

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


@method("imputation")
def mean(values: Array, never: Flags | None = None) -> Filled:
    """The mean of the units measured in the same year. It draws units together: spread and correlations shrink.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional

    Examples
    --------
    >>> mean(np.array([[1.0], [5.0], [np.nan]])).values[:, 0].tolist()
    [1.0, 5.0, 3.0]
    """
    return filled(values, _by_group(values, None, np.nanmean), never, "mean")


@method("imputation")
def median(values: Array, never: Flags | None = None) -> Filled:
    """The median of the units measured in the same year; one far value does not move it.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional

    Examples
    --------
    >>> median(np.array([[1.0], [5.0], [99.0], [np.nan]])).values[:, 0].tolist()
    [1.0, 5.0, 99.0, 5.0]
    """
    return filled(values, _by_group(values, None, np.nanmedian), never, "median")


@method("imputation")
def group_mean(values: Array, never: Flags | None = None, *, groups: Labels) -> Filled:
    """The mean of the units of the same group in the same year; open where none of the group was measured.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional
    groups : (n,)
        A whole number for each unit: the group it belongs to.

    Raises
    ------
    ValueError
        If there is not one label for each unit.

    Examples
    --------
    >>> group_mean(np.array([[1.0], [3.0], [9.0], [np.nan]]), groups=np.array([0, 0, 1, 1])).values[:, 0].tolist()
    [1.0, 3.0, 9.0, 9.0]
    """
    return filled(values, _by_group(values, groups, np.nanmean), never, "group_mean")


@method("imputation")
def group_median(values: Array, never: Flags | None = None, *, groups: Labels) -> Filled:
    """The median of the units of the same group in the same year; see :func:`group_mean`.

    Examples
    --------
    >>> group_median(np.array([[1.0], [3.0], [99.0], [np.nan]]), groups=np.array([0, 0, 0, 0])).values[:, 0].tolist()
    [1.0, 3.0, 99.0, 3.0]
    """
    return filled(values, _by_group(values, groups, np.nanmedian), never, "group_median")


def _by_group(values: Array, groups: Labels | None, statistic: Callable[..., Array]) -> Array:
    values = np.asarray(values, dtype=float)
    n = values.shape[-2]
    labels = np.zeros(n, dtype=int) if groups is None else np.asarray(groups)
    if labels.shape != (n,):
        raise ValueError(f"there are {labels.size} group labels for {n} units; there must be one each")
    offer = np.full(values.shape, np.nan)
    for label in np.unique(labels):
        inside = labels == label
        members = np.moveaxis(values[..., inside, :], -2, 0)
        has = ~np.isnan(members).all(axis=0)
        result = np.full(has.shape, np.nan)
        result[has] = statistic(members[:, has], axis=0)
        offer[..., inside, :] = result[..., None, :]
    return offer
