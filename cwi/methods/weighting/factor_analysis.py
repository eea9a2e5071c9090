"""What parts have in common: correlations, principal components, rotation, and whether they may be put together.

Functions on scores ``x`` (n, k) of units that have all parts, or on their correlation matrix ``r`` (k, k).
Written here because a method knows no tables, and statsmodels, which has the rotation, brings them along; the tests
hold it against statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Adequacy",
    "Sphericity",
    "alpha",
    "alpha_if_deleted",
    "bartlett",
    "components",
    "correlation",
    "item_total",
    "kmo",
    "varimax",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Adequacy:
    """Kaiser, Meyer and Olkin's measure, from 0 to 1: of all parts together, and of each (k,)."""

    overall: float
    parts: Array


@dataclass(frozen=True, eq=False)
class Sphericity:
    """Bartlett's test that parts are not correlated at all: χ², its degrees of freedom, and the p-value."""

    statistic: float
    freedom: int
    p: float


def correlation(x: Array, *, method: str = "pearson") -> Array:
    """The correlation of each part with each, (k, k), by value (``"pearson"``) or by rank (``"spearman"``).

    Raises
    ------
    ValueError
        If the method is unknown, a value is missing, or a part is the same everywhere.

    Examples
    --------
    >>> x = np.array([[1.0, 1.0], [2.0, 4.0], [3.0, 9.0]])
    >>> correlation(x).round(3)[0].tolist(), correlation(x, method="spearman").round(3)[0].tolist()
    ([1.0, 0.99], [1.0, 1.0])
    """
    from scipy.stats import rankdata  # heavy: imported where it is used

    if method not in ("pearson", "spearman"):
        raise ValueError(f"correlation is '{method}'; it must be 'pearson' or 'spearman'")
    z = _standard(rankdata(x, axis=0) if method == "spearman" else x)
    r = np.clip(z.T @ z / len(z), -1.0, 1.0)
    np.fill_diagonal(r, 1.0)
    return r


def components(r: Array) -> tuple[Array, Array]:
    """The principal components of a correlation matrix.

    The sign of a component means nothing; each is turned so that its loadings sum to zero or more.

    Returns
    -------
    eigenvalues : (k,)
        The variance each explains, falling, summing to k.
    loadings : (k, k)
        The correlation of each part (row) with each component (column).

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 4, "principal components analysis".

    Examples
    --------
    >>> values, loadings = components(np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> values.round(3), loadings.round(3)[:, 0]
    (array([1.5, 0.5]), array([0.866, 0.866]))
    """
    values, vectors = np.linalg.eigh(r)
    values = np.maximum(values[::-1], 0.0)
    return values, _turned(vectors[:, ::-1] * np.sqrt(values))


def varimax(loadings: Array, *, kaiser: bool = True) -> Array:
    """Turn factors, at right angles to each other, so that each part loads on few: the largest sum over factors of
    the variance of squared loadings [1]_.

    Parameters
    ----------
    loadings : (k, m)
    kaiser
        Whether the parts are first brought to the same communality (Kaiser's normalisation).

    Returns
    -------
    (k, m) array; communalities (row sums of squares) are those before. Factors stand in no particular order, and their
    loadings sum to zero or more.

    References
    ----------
    .. [1] Kaiser (1958), doi 10.1007/BF02289233.

    Examples
    --------
    >>> varimax(np.array([[0.8, 0.6], [0.6, 0.8], [0.7, -0.7]])).round(2)
    array([[ 0.99,  0.14],
           [ 0.99, -0.14],
           [ 0.  ,  0.99]])
    """
    loadings = np.asarray(loadings, dtype=float)
    size = np.sqrt((loadings**2).sum(axis=1, keepdims=True)) if kaiser else np.ones((len(loadings), 1))
    a = np.divide(loadings, size, out=np.zeros_like(loadings), where=size > 0)
    turned = True
    while turned:
        turned = False
        for p, q in combinations(range(a.shape[1]), 2):
            x, y = a[:, p].copy(), a[:, q].copy()
            u, v = x**2 - y**2, 2 * x * y
            # Kaiser's angle is the best for these two factors, whichever way they stand
            across, along = 2 * _covariation(u, v), _covariation(u, u) - _covariation(v, v)
            if np.hypot(across, along) - along > 1e-15 * (u**2 + v**2).mean():
                turned, angle = True, np.arctan2(across, along) / 4
                a[:, p] = x * np.cos(angle) + y * np.sin(angle)
                a[:, q] = y * np.cos(angle) - x * np.sin(angle)
    return _turned(a * size)


def kmo(x: Array) -> Adequacy:
    """How far correlations are common to many parts rather than between two: sum r² / (sum r² + sum partial r²) [1]_.

    From .6 upwards factor analysis is advised, below .5 it is not.

    Raises
    ------
    ValueError
        If there are not more units than parts, or one part follows from others.

    References
    ----------
    .. [1] Kaiser (1974), doi 10.1007/BF02291575.

    Examples
    --------
    >>> x = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> round(kmo(x).overall, 3)
    0.678
    """
    inverse = np.linalg.inv(_regular(x, "KMO"))
    r = correlation(x)
    scale = np.sqrt(np.diagonal(inverse))
    direct, partial = r**2, (inverse / np.outer(scale, scale)) ** 2
    np.fill_diagonal(direct, 0.0)
    np.fill_diagonal(partial, 0.0)
    return Adequacy(
        float(direct.sum() / (direct.sum() + partial.sum())), direct.sum(axis=0) / (direct + partial).sum(axis=0)
    )


def bartlett(x: Array) -> Sphericity:
    """Whether parts are correlated at all: χ² = -(n - 1 - (2k + 5) / 6) ln |R| with k (k - 1) / 2 degrees [1]_.

    Raises
    ------
    ValueError
        If there are not more units than parts, or one part follows from others.

    References
    ----------
    .. [1] Bartlett (1950), doi 10.1111/j.2044-8317.1950.tb00285.x.

    Examples
    --------
    >>> x = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> found = bartlett(x)
    >>> round(found.statistic, 2), found.freedom, round(found.p, 2)
    (5.73, 3, 0.13)
    """
    from scipy.stats import chi2  # heavy: imported where it is used

    n, k = x.shape
    statistic = -(n - 1 - (2 * k + 5) / 6) * float(np.linalg.slogdet(_regular(x, "Bartlett's test"))[1])
    freedom = k * (k - 1) // 2
    return Sphericity(statistic, freedom, float(chi2.sf(statistic, freedom)))


def alpha(x: Array, *, standardised: bool = True) -> float:
    """Cronbach's alpha, how far parts measure one thing: k / (k - 1) (1 - sum var / var of the sum) [1]_.

    Standardised parts have the same variance, and then it is k r̄ / (1 + (k - 1) r̄) with the mean correlation r̄.
    From .7 upwards parts are usually put together; it rises with their number.

    Raises
    ------
    ValueError
        If there are fewer than two parts, one is the same everywhere, or their sum is.

    References
    ----------
    .. [1] Cronbach (1951), doi 10.1007/BF02310555; OECD/JRC (2008), Handbook on Constructing Composite Indicators,
       step 4.

    Examples
    --------
    >>> round(alpha(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 4.0], [4.0, 3.0]])), 3)
    0.75
    """
    k = x.shape[1]
    if k < 2:
        raise ValueError("Cronbach's alpha needs at least two parts")
    z = _standard(x)
    total = (z if standardised else x).sum(axis=1).var()
    if not total > 0:
        raise ValueError("Cronbach's alpha needs a sum that varies")
    return float(k / (k - 1) * (1 - (z if standardised else x).var(axis=0).sum() / total))


def alpha_if_deleted(x: Array, *, standardised: bool = True) -> Array:
    """Cronbach's alpha of the others, for each part, (k,); above that of all where a part does not belong.

    Examples
    --------
    >>> x = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> alpha_if_deleted(x).round(2)
    array([0.75, 0.87, 0.87])
    """
    k = x.shape[1]
    if k < 3:
        raise ValueError("Cronbach's alpha without one part needs at least three")
    return np.array([alpha(np.delete(x, j, axis=1), standardised=standardised) for j in range(k)])


def item_total(x: Array, *, standardised: bool = True) -> Array:
    """The correlation of each part with the sum of the others, (k,).

    Examples
    --------
    >>> x = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> item_total(x).round(2)
    array([0.86, 0.73, 0.73])
    """
    if x.shape[1] < 2:
        raise ValueError("the correlation with the other parts needs at least two")
    z = _standard(x)
    used = z if standardised else x
    rest = _standard(used.sum(axis=1, keepdims=True) - used)
    return np.asarray((z * rest).mean(axis=0))


def _standard(x: Array) -> Array:
    """Mean 0 and standard deviation 1."""
    if np.isnan(x).any():
        raise ValueError("a correlation needs units that have all parts")
    spread = np.ptp(x, axis=0)
    if len(x) < 2 or np.any(same := spread <= 1e-12 * np.abs(x).max(axis=0)):
        part = int(np.flatnonzero(same)[0]) + 1 if len(x) > 1 else 1
        raise ValueError(f"a correlation needs parts that vary; part {part} does not")
    z = (x - x.mean(axis=0)) / spread  # by the range first, so that no square leaves the range of numbers
    return np.asarray(z / z.std(axis=0))


def _regular(x: Array, test: str) -> Array:
    n, k = x.shape
    if n <= k:
        raise ValueError(f"{test} needs more units than parts; there are {n} and {k}")
    r = correlation(x)
    if np.linalg.eigvalsh(r)[0] <= 1e-10:
        raise ValueError(f"{test} needs parts none of which follows from others")
    return r


def _covariation(u: Array, v: Array) -> float:
    return float((u * v).mean() - u.mean() * v.mean())


def _turned(loadings: Array) -> Array:
    return np.asarray(loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0))
