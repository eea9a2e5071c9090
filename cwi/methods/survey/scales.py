"""Several questions that measure one thing: the score of a scale, and whether its items belong together.

Respondents have weights and may leave questions out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.methods.survey.design import Design
from cwi.methods.survey.estimates import ratio

__all__ = ["Reliability", "alpha_interval", "reliability", "scale_score"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """How far the m items of a scale go together, among the n respondents who answered all of them.

    ``alpha``: Cronbach's. ``item_rest``: (m,) correlation of an item with the sum of the others. ``without``: (m,)
    alpha of the others. ``missing``: (m,) weighted share of respondents who left an item out. ``n``: how many
    answered all; ``complete``: their share of the weight.
    """

    alpha: float
    item_rest: Array
    without: Array
    missing: Array
    n: int
    complete: float


def scale_score(items: ArrayLike, *, at_least: int, how: str = "mean") -> Array:
    """The score of a scale: the mean of the items answered, or what their sum would be if all were.

    Items that are worded the other way round must be turned first.

    Parameters
    ----------
    items : (n, m)
        Answers as numbers, not a number where there is none.
    at_least
        How many items must be answered, from 1 to m; a scale is usually scored where half are.
    how
        "mean": on the scale of an item; "sum": m times that.

    Returns
    -------
    (n,) array, not a number where fewer were answered.

    Raises
    ------
    ValueError
        If the shape or a setting does not fit.

    Examples
    --------
    >>> scale_score([[1, 2, 3], [1, np.nan, 2], [5, np.nan, np.nan]], at_least=2)
    array([2. , 1.5, nan])
    """
    table = _table(items)
    m = table.shape[1]
    if not 1 <= at_least <= m:
        raise ValueError(f"at least {at_least} of {m} items; it must be from 1 to {m}")
    if how not in ("mean", "sum"):
        raise ValueError(f"a scale is scored by its mean or its sum, not by {how!r}")
    count = (~np.isnan(table)).sum(axis=1)
    total = np.nansum(table, axis=1)
    score = np.where(count >= at_least, total / np.maximum(count, 1), np.nan)
    return np.asarray(score * (m if how == "sum" else 1))


def reliability(items: ArrayLike, weights: ArrayLike | None = None) -> Reliability:
    """Cronbach's alpha m / (m - 1) · (1 - sum of variances / variance of the sum) [1]_, and what each item does to it.

    Parameters
    ----------
    items : (n, m)
        Answers of n respondents to at least two items, not a number where there is none; only who answered all counts.
    weights : (n,)
        How many persons each stands for, none below zero; all the same by default.

    Returns
    -------
    :class:`Reliability`
        ``alpha`` at most 1, below 0 where items go against each other; ``without`` is not a number for two items.

    Raises
    ------
    ValueError
        If fewer than two items or two complete respondents are there, or all of them have the same sum.

    References
    ----------
    .. [1] Cronbach (1951), doi 10.1007/BF02310555; item-rest: Nunnally and Bernstein (1994), Psychometric Theory.

    Examples
    --------
    >>> found = reliability([[1, 1, 2], [2, 3, 2], [3, 3, 3], [4, 5, 5], [4, np.nan, 5]])
    >>> round(found.alpha, 4), found.item_rest.round(3), found.n
    (0.9623, array([0.965, 0.926, 0.898]), 4)
    """
    table = _table(items)
    n, m = table.shape
    if m < 2:
        raise ValueError("Cronbach's alpha needs at least two items")
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    if w.shape != (n,) or not (np.isfinite(w) & (w >= 0)).all() or not w.any():
        raise ValueError(f"weights of the shape {w.shape} must be {n} numbers not below zero, not all zero")
    gaps = np.isnan(table)
    complete = ~gaps.any(axis=1) & (w > 0)
    if complete.sum() < 2:
        raise ValueError(f"{int(complete.sum())} respondents answered all {m} items; there must be at least two")
    matrix = np.cov(table[complete].T, aweights=w[complete])
    if not matrix.sum() > 0:
        raise ValueError("Cronbach's alpha needs a sum that varies")
    variance, with_all = np.diag(matrix), matrix.sum(axis=0)
    rest = matrix.sum() - 2 * with_all + variance
    with np.errstate(divide="ignore", invalid="ignore"):
        item_rest = (with_all - variance) / np.sqrt(variance * rest)
        without = (m - 1) / (m - 2) * (1 - (variance.sum() - variance) / rest) if m > 2 else np.full(m, np.nan)
    return Reliability(
        alpha=float(m / (m - 1) * (1 - variance.sum() / matrix.sum())),
        item_rest=item_rest,
        without=without,
        missing=w @ gaps / w.sum(),
        n=int(complete.sum()),
        complete=float(w[complete].sum() / w.sum()),
    )


def alpha_interval(items: ArrayLike, design: Design, *, level: float = 0.95) -> tuple[float, float]:
    """The interval of Cronbach's alpha under the design of the sample.

    1 - alpha (m - 1) / m is a ratio of two means, of the squared deviations of the items and of their sum; its
    linearised error [1]_ makes the interval, on the logarithmic scale, so that alpha stays below 1.

    Parameters
    ----------
    items : (n, m)
        Answers of all n respondents of the design, not a number where there is none; only who answered all counts.
    design
        Of the n respondents.
    level
        Of the interval, between 0 and 1.

    Returns
    -------
    The lower and the upper end, not a number without degrees of freedom.

    Raises
    ------
    ValueError
        As in :func:`reliability`.

    References
    ----------
    .. [1] As for any smooth function of means: Wolter (2007), Introduction to Variance Estimation, 6; for alpha from
       simple random samples: van Zyl, Neudecker and Nel (2000), doi 10.1007/BF02296146.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = rng.standard_normal((500, 1)) + rng.standard_normal((500, 4))
    >>> low, high = alpha_interval(items, Design(np.ones(500)))
    >>> low < reliability(items).alpha < high
    True
    """
    table = _table(items)
    m = table.shape[1]
    alpha = reliability(table, design.w).alpha
    complete = ~np.isnan(table).any(axis=1)
    deviations = table - np.average(table[complete], axis=0, weights=design.w[complete])
    estimate = ratio((deviations**2).sum(axis=1), deviations.sum(axis=1) ** 2, design, level=level)
    half = (estimate.high - estimate.estimate).item() / estimate.estimate.item()
    low, high = (1 - (1 - alpha * (m - 1) / m) * np.exp(sign * half) for sign in (1, -1))
    return float(low * m / (m - 1)), float(high * m / (m - 1))


def _table(items: ArrayLike) -> Array:
    table = np.asarray(items, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"items of the shape {table.shape}; there must be respondents by items")
    return table
