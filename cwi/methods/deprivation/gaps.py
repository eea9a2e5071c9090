"""How far the poor are below each cut-off: M1 and M2, for achievements measured in a unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import ColumnError

__all__ = ["Gaps", "gap_measures"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gaps:
    """``H``, ``A``, ``M0`` as in counting; ``M1``: M0 times ``G``, the mean gap of the deprivations of the poor;
    ``M2``: M0 times ``S``, the mean squared gap. ``gaps``: weighted mean gap of each person, 0 where not poor, (n,)."""

    H: float
    A: float
    M0: float
    M1: float
    M2: float
    G: float
    S: float
    gaps: Array


def gap_measures(
    x: ArrayLike, cutoff: ArrayLike, w: ArrayLike, *, k: float, sample_weights: ArrayLike | None = None
) -> Gaps:
    """The adjusted gap measures M1 and M2 [1]_ of achievements where less is worse.

    The gap of a deprived person is (z_j - x_ij) / z_j; M_a is the mean over all persons of the weighted mean of the
    gaps to the power a, those of persons below ``k`` taken as 0. M1 falls when a poor person comes nearer to a
    cut-off, M2 most where the gap is widest; neither is defined for yes-or-no achievements, for which M0 is.

    Parameters
    ----------
    x : (n, d)
        Achievements, none below zero and none missing.
    cutoff : (d,)
        What is just enough, above zero.
    w : (d,)
        Weights, none below zero; brought to the sum 1.
    k
        The share of deprivations from which a person is poor, above 0 and at most 1.
    sample_weights : (n,)
        How many persons each row stands for.

    Raises
    ------
    ValueError
        If something is missing, below zero, or does not fit (:class:`cwi.errors.ColumnError` for a column of x).

    References
    ----------
    .. [1] Alkire and Foster (2011), doi 10.1016/j.jpubeco.2010.11.006, section 5.

    Examples
    --------
    The achievements, cut-offs and k of the example of the article:

    >>> x = [[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20, 11, 3, 1]]
    >>> found = gap_measures(x, [13, 12, 3, 1], [1, 1, 1, 1], k=0.5)
    >>> round(found.M0, 3), round(found.M1, 3), round(found.M2, 3)
    (0.375, 0.206, 0.165)
    """
    table, z, weights = np.asarray(x, dtype=float), np.asarray(cutoff, dtype=float), np.asarray(w, dtype=float)
    if table.ndim != 2 or z.shape != table.shape[1:] or weights.shape != z.shape:
        raise ValueError(f"cut-offs and weights of the shapes {z.shape}, {weights.shape} do not fit {table.shape}")
    for column in np.flatnonzero(~(np.isfinite(table) & (table >= 0)).all(axis=0)):
        raise ColumnError(int(column), "has achievements that are missing, infinite or below zero")
    if not (np.isfinite(z) & (z > 0)).all():
        raise ValueError("a cut-off is missing or not above zero")
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise ValueError("weights are missing, below zero or all zero")
    if not 0 < k <= 1:
        raise ValueError(f"k is {k:g}; it must be above 0 and at most 1")
    people = np.ones(len(table)) if sample_weights is None else np.asarray(sample_weights, dtype=float)
    if people.shape != (len(table),) or not (np.isfinite(people) & (people >= 0)).all() or not people.any():
        raise ValueError(f"sample weights of the shape {people.shape} must be {len(table)} numbers not below zero")
    part = people / people.sum()
    weights = weights / weights.sum()
    g0 = (table < z).astype(float)
    count = g0 @ weights
    poor = (count >= k - 1e-9) & (count > 0)
    gap = np.where(g0 > 0, (z - table) / z, 0.0)
    means = [(part * poor) @ ((g0 * gap**power) @ weights) for power in (0, 1, 2)]
    M0, M1, M2 = (float(mean) for mean in means)
    H = float((part * poor).sum())
    empty = float("nan")
    return Gaps(
        H=H,
        A=M0 / H if H else empty,
        M0=M0,
        M1=M1,
        M2=M2,
        G=M1 / M0 if M0 else empty,
        S=M2 / M0 if M0 else empty,
        gaps=np.where(poor, gap @ weights, 0.0),
    )
