"""Every unit by the weights that suit it best: the benefit of the doubt, by linear programming.

The score is found, not the weights: a unit's best weights are as a rule not unique. Without bounds a unit that leads
in one part alone gets 1, so state bounds. The frontier is that of the units given: scores of two years made apart
do not compare.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

__all__ = ["benefit_of_doubt", "best_weights"]

Array = NDArray[np.float64]
Bounds = tuple[float | Sequence[float], float | Sequence[float]]


def benefit_of_doubt(
    y: Array,
    *,
    weights: Bounds | None = None,
    shares: Bounds | None = None,
    direction: Sequence[float] | None = None,
) -> Array:
    """A unit's sum of weighted parts against the best such sum, under the weights that suit the unit best.

    s = max over u of u·y / max over units of u·y', u not below zero [1]_. With a ``direction`` g it is
    s = 1 / (1 + b), b the least over u of (max over units of u·y' - u·y) / u·g: how many lengths of g the unit lies
    behind [2]_. A unit's own parts as its g give the first formula.

    Parameters
    ----------
    y : (n, k)
        Scores of n units on k parts, none below zero, more being better.
    weights
        The lowest and the highest part of a weight in the sum of weights, u_j / sum u: two numbers, or two of each
        part. It needs parts in one unit.
    shares
        The lowest and the highest part of what a part adds in a unit's own sum, u_j y_j / u·y.
    direction : (k,)
        How parts are to be exchanged on the way to the frontier, above zero, in the unit of the scores.

    Returns
    -------
    (n,) array from 0 to 1; 1 on the frontier. A unit with nothing in any part has 0 where there is no direction.

    Raises
    ------
    ValueError
        If a score is missing or below zero, nobody has anything, a bound cannot be kept, or a direction is not
        above zero.

    References
    ----------
    .. [1] Melyn and Moesen (1991); Cherchye, Moesen, Rogge and Van Puyenbroeck (2007), doi 10.1007/s11205-006-9029-7;
       OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6.
    .. [2] Fusco (2015), doi 10.1016/j.ejor.2014.10.017.

    Examples
    --------
    >>> y = np.array([[90.0, 20.0], [50.0, 60.0], [60.0, 10.0]])
    >>> benefit_of_doubt(y).round(3)
    array([1.   , 1.   , 0.667])
    >>> benefit_of_doubt(y, weights=(0.5, 0.5)).round(3)
    array([1.   , 1.   , 0.636])
    """
    return _solve(y, weights, shares, direction)[0]


def best_weights(
    y: Array,
    *,
    weights: Bounds | None = None,
    shares: Bounds | None = None,
    direction: Sequence[float] | None = None,
) -> Array:
    """One set of weights under which each unit has its score of :func:`benefit_of_doubt`.

    They are **not unique**: another solver may give others with the same scores. Show them as an example, and do not
    put them together over units.

    Returns
    -------
    (n, k) array, rows summing to one, not a number for a unit with nothing.

    Examples
    --------
    >>> best_weights(np.array([[90.0, 20.0], [50.0, 60.0], [60.0, 10.0]])).round(2)[2]
    array([1., 0.])
    """
    return _solve(y, weights, shares, direction)[1]


def _solve(
    y: Array, weights: Bounds | None, shares: Bounds | None, direction: Sequence[float] | None
) -> tuple[Array, Array]:
    """Scores (n,) and one set of weights (n, k).

    For each unit the least v - u·y with u·y' ≤ v for all units, u·g = 1 and the bounds, all of which are linear in u.
    """
    y = np.asarray(y, dtype=float)
    n, k = y.shape
    if not np.all((y >= 0) & (y < np.inf)):
        raise ValueError("benefit of the doubt needs scores of all parts, none below zero")
    largest = float(y.max(initial=0.0))
    if largest == 0:
        raise ValueError("benefit of the doubt needs a unit that has something")
    y = y / largest  # the solver's tolerances are absolute
    along = None if direction is None else np.asarray(direction, dtype=float) / largest
    if along is not None and not (along.shape == (k,) and np.all((along > 0) & (along < np.inf))):
        raise ValueError(f"the direction must be {k} numbers above zero")
    ruled = [] if weights is None else _cone(*_ends(weights, k, "weights"), np.ones(k))
    limits = None if shares is None else _ends(shares, k, "shares")
    scores, used = np.zeros(n), np.full((n, k), np.nan)
    for unit, y_unit in enumerate(y):
        if along is None and not y_unit.any():
            continue
        rules = [*ruled, *(_cone(*limits, y_unit) if limits is not None else [])]
        solution = linprog(
            np.append(-y_unit, 1.0),
            A_ub=np.vstack([np.hstack([y, -np.ones((n, 1))]), *(np.append(rule, 0.0) for rule in rules)]),
            b_ub=np.zeros(n + len(rules)),
            A_eq=np.append(y_unit if along is None else along, 0.0)[None],
            b_eq=[1.0],
            method="highs",
        )
        if solution.x is None:
            raise ValueError(f"no weights keep the bounds for unit {unit + 1}")
        u, v = solution.x[:k], solution.x[k]
        scores[unit] = 1.0 / (1.0 + max(float(v - u @ y_unit), 0.0))
        used[unit] = u / u.sum()
    return scores, used


def _ends(bounds: Bounds, k: int, name: str) -> tuple[Array, Array]:
    low, high = (np.broadcast_to(np.asarray(end, dtype=float), (k,)) for end in bounds)
    if not np.all((low >= 0) & (low <= high)) or low.sum() > 1 + 1e-9 or high.sum() < 1 - 1e-9:
        raise ValueError(
            f"bounds of {name} go from {low.tolist()} to {high.tolist()}; no {k} shares of a whole keep them"
        )
    return low, high


def _cone(low: Array, high: Array, size: Array) -> list[Array]:
    """Keep low (u·size) ≤ u_j size_j ≤ high (u·size) for each j, as rows a with a·u ≤ 0."""
    identity = np.diag(size)
    return [*(low[:, None] * size - identity), *(identity - high[:, None] * size)]
