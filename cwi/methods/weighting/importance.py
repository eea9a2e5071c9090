"""Weights by what they do: a weight is a rate of exchange, importance is what the whole owes to a part.

Importance here is the squared correlation of part and whole, the correlation ratio of a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError
from cwi.methods.weighting.factor_analysis import correlation
from cwi.methods.weighting.rows import complete
from cwi.traits import method

__all__ = ["Balance", "balance", "correlation_balanced", "max_correlation"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Balance:
    """Weights that bring importance as near to its target as they can.

    ``weights`` : (k,)      none below zero, summing to one
    ``achieved`` : (k,)     share of each part in the sum of squared correlations with the whole, negative where
                            the part runs against the whole
    ``target`` : (k,)       what was asked for, summing to one
    ``met``                 whether the two differ by no more than the tolerance in any part
    """

    weights: Array
    achieved: Array
    target: Array
    met: bool


@method("weighting", learns=True, by_part=("target",))
def correlation_balanced(
    z: Array, stated: Array, *, target: Sequence[float] | None = None, tolerance: float = 0.005
) -> Array:
    """Weights that make importance, not the weights themselves, what is stated [1]_.

    :func:`balance` gives the nearest there is, with what it achieves, where this refuses.

    Parameters
    ----------
    target : (k,)
        The share of each part in the sum of squared correlations with the (arithmetic) whole; the stated weights by
        default.
    tolerance
        How far a share may be from its target.

    Raises
    ------
    ValueError
        If there are not more units than parts, a part is the same everywhere, or no weights meet the target.

    References
    ----------
    .. [1] Paruolo, Saisana and Saltelli (2013), doi 10.1111/j.1467-985X.2012.01059.x; Becker, Saisana, Paruolo and
       Vandecasteele (2017), doi 10.1016/j.ecolind.2017.03.056.

    Examples
    --------
    The first part is in the whole through the others already, so it needs little weight to matter as much:

    >>> z = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> correlation_balanced(z, np.full(3, 1 / 3)).round(3)
    array([0.111, 0.444, 0.444])
    """
    if len(stated) == 1:
        return np.ones(1)
    weights = balance(z, stated if target is None else np.array(target, dtype=float), tolerance=tolerance)
    if not weights.met:
        gap = weights.achieved - weights.target
        part = int(np.abs(gap).argmax())
        raise ColumnError(
            part,
            f"would have {weights.achieved[part]:.3f} of the importance where {weights.target[part]:.3f} is asked for; "
            "no weights give every part its own, these are the nearest found",
        )
    return weights.weights


@method("weighting", learns=True, uses_stated=False)
def max_correlation(z: Array, stated: Array) -> Array:
    """Weights that maximise the sum of the parts' correlations with the (arithmetic) whole: w ∝ 1 / s [1]_.

    With standardised parts and weights u the sum is 1'R u / √(u'R u), R being the correlation matrix. By the
    inequality of Cauchy and Schwarz it is greatest for equal u, so w is one over the standard deviation s of a part.

    Raises
    ------
    ValueError
        If fewer than three units have all parts, or a part is the same everywhere.

    References
    ----------
    .. [1] ``get_opt_weights`` with optype = "infomax" of the R package COINr, which searches for the same maximum.

    Examples
    --------
    >>> max_correlation(np.array([[1.0, 20.0], [2.0, 10.0], [3.0, 30.0]]), np.array([0.5, 0.5])).round(4)
    array([0.9091, 0.0909])
    """
    if len(stated) == 1:
        return np.ones(1)
    rows = complete(z, "max_correlation", least=3)
    reach = np.ptp(rows, axis=0)
    w = 1.0 / reach / (rows / reach).std(axis=0)
    return np.asarray(w / w.sum())


def balance(z: Array, target: Array, *, tolerance: float = 0.005) -> Balance:
    """The weights whose importance is nearest to a target, and what they achieve; for :func:`correlation_balanced`.

    With standardised parts and weights u the correlations with the whole go as R u, so a target t is met exactly
    where R u = √t has a solution that is not below zero. Where it has none, the sum of squared differences
    from the target is made as small as a local search can, from several starts.

    Examples
    --------
    Two parts that go together cannot differ much in importance, even if one has no weight:

    >>> z = np.array([[1.0, 2], [2, 1], [3, 5], [4, 3], [5, 4], [6, 6]])
    >>> found = balance(z, np.array([0.9, 0.1]))
    >>> found.met, found.weights, found.achieved.round(2)
    (False, array([1., 0.]), array([0.63, 0.37]))
    """
    from scipy.optimize import minimize, nnls  # heavy: imported where it is used

    k = len(target)
    rows = complete(z, "correlation_balanced", least=k + 1)
    if rows.shape[1] != k:
        raise ValueError(f"the target is of {k} parts; there are {rows.shape[1]}")
    if not np.all(target >= 0) or not abs(target.sum() - 1) <= 1e-6:
        raise ValueError(f"target shares must not be below zero and must sum to one; they are {target.tolist()}")
    target = target / target.sum()
    r = correlation(rows)

    def shares(u: Array) -> Array:
        pull = r @ u
        total = pull @ pull
        return np.asarray(pull * np.abs(pull) / (total if total > 0 else 1.0))

    def miss(u: Array) -> float:
        return float(((shares(u) - target) ** 2).sum())

    u, _ = nnls(r, np.sqrt(target))
    if miss(u) > 1e-16:
        starts = (u, np.ones(k), target)
        solutions = [minimize(miss, s / s.sum(), bounds=[(0.0, None)] * k, method="L-BFGS-B").x for s in starts]
        u = min((u, *solutions), key=miss)
    achieved = shares(u)
    w = u / np.ptp(rows, axis=0) / (rows / np.ptp(rows, axis=0)).std(axis=0)
    return Balance(w / w.sum(), achieved, target, bool(np.abs(achieved - target).max() <= tolerance))
