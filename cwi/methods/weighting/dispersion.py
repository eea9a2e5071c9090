"""Weights by how much a part differs among units.

These measure spread, not importance, and they change with the years they are learnt from: freeze the base.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError
from cwi.methods.weighting.factor_analysis import correlation as correlation_matrix
from cwi.methods.weighting.rows import complete
from cwi.traits import method

__all__ = ["critic", "entropy", "gini"]

Array = NDArray[np.float64]


@method("weighting", learns=True, uses_stated=False)
def entropy(z: Array, stated: Array) -> Array:
    """By lack of evenness: w ∝ 1 - e with e = -sum p ln p / ln n and p a unit's share of a part's sum [1]_.

    A part that is the same everywhere counts nothing. Adding a constant to the scores changes the weights.

    Raises
    ------
    ValueError
        If fewer than two units have all parts, a score is zero or below, or no part varies.

    References
    ----------
    .. [1] Shannon (1948); as weights: Zeleny (1982), Multiple Criteria Decision Making.

    Examples
    --------
    >>> entropy(np.array([[1.0, 2.0], [4.0, 16.0]]), np.array([0.5, 0.5])).round(4)
    array([0.3589, 0.6411])
    """
    if len(stated) == 1:
        return np.ones(1)
    rows = complete(z, "entropy", least=2, varied=False)
    if np.any(rows <= 0):
        raise ValueError(f"entropy needs scores above zero; the lowest is {float(rows.min()):g}")
    p = rows / rows.sum(axis=0)
    # 1 - e, written so that nearly even shares do not cancel
    return _shares((p * np.log(p * len(rows))).sum(axis=0) / np.log(len(rows)), "entropy")


@method("weighting", learns=True, uses_stated=False)
def critic(z: Array, stated: Array, *, scale: str = "minmax", correlation: str = "pearson") -> Array:
    """CRITIC: weight = standard deviation × sum of (1 - correlation) with the other parts [1]_.

    Parameters
    ----------
    scale
        ``"minmax"`` brings each part to 0 to 1 over these units first, as its authors do; ``"none"`` does not.
    correlation
        ``"pearson"`` or ``"spearman"``.

    Raises
    ------
    ValueError
        If fewer than three units have all parts, a part is the same everywhere, all parts say the same, or a
        parameter is unknown.

    References
    ----------
    .. [1] Diakoulaki, Mavrotas and Papayannakis (1995), doi 10.1016/0305-0548(94)00059-H.

    Examples
    --------
    >>> critic(np.array([[1.0, 2, 9], [2, 1, 3], [3, 4, 1]]), np.full(3, 1 / 3)).round(3)
    array([0.303, 0.236, 0.462])
    """
    if scale not in ("minmax", "none"):
        raise ValueError(f"scale is '{scale}'; it must be 'minmax' or 'none'")
    if len(stated) == 1:
        return np.ones(1)
    rows = complete(z, "critic", least=3)
    r = correlation_matrix(rows, method=correlation)
    spread = (rows / np.ptp(rows, axis=0) if scale == "minmax" else rows).std(axis=0)
    return _shares(spread / spread.max() * (1.0 - r).sum(axis=1), "critic")  # without a unit


@method("weighting", learns=True, uses_stated=False)
def gini(z: Array, stated: Array, *, inverse: bool = False) -> Array:
    """By inequality among units: w ∝ G = sum |a - b| over all pairs / (2 n² mean).

    A part that is the same everywhere counts nothing.

    Parameters
    ----------
    inverse
        Whether the more equal part counts more, w ∝ 1 / G.

    Raises
    ------
    ValueError
        If fewer than two units have all parts, a score is below zero, a part is zero everywhere, no part varies, or,
        with ``inverse``, one does not.

    References
    ----------
    Gini (1912), Variabilità e mutabilità.

    Examples
    --------
    >>> z = np.array([[10.0, 40.0], [30.0, 60.0]])
    >>> gini(z, np.array([0.5, 0.5])).round(3), gini(z, np.array([0.5, 0.5]), inverse=True).round(3)
    (array([0.714, 0.286]), array([0.286, 0.714]))
    """
    if len(stated) == 1:
        return np.ones(1)
    rows = np.sort(complete(z, "gini", least=2, varied=inverse), axis=0)
    if np.any(rows < 0):
        raise ValueError(f"gini needs scores that are not below zero; the lowest is {float(rows.min()):g}")
    if (nothing := np.flatnonzero(rows[-1] == 0)).size:
        raise ColumnError(int(nothing[0]), "is zero everywhere; gini needs a mean above zero")
    n = len(rows)
    # the sum over pairs from the gaps between neighbours, each of which i n - i pairs span
    i = np.arange(1, n)[:, None]
    g = (np.diff(rows, axis=0) * i * (n - i)).sum(axis=0) / (n * rows.sum(axis=0))
    return _shares(1.0 / g if inverse else g, "gini")


def _shares(raw: Array, scheme: str) -> Array:
    raw = np.maximum(raw, 0.0)
    if not raw.sum() > 1e-12:
        raise ValueError(f"{scheme} cannot distinguish the parts: they do not vary, or all vary in the same way")
    return np.asarray(raw / raw.sum())
