"""Weights by what parts have in common.

They say which parts vary together, not which matter; and they learn from few units: use them inside a group of few
parts, and look at the signs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError
from cwi.methods.weighting.factor_analysis import components, correlation, varimax
from cwi.methods.weighting.rows import complete
from cwi.traits import method

__all__ = ["first_component", "pca"]

Array = NDArray[np.float64]


@method("weighting", learns=True, uses_stated=False)
def pca(
    z: Array,
    stated: Array,
    *,
    factors: int | None = None,
    eigenvalue: float = 1.0,
    each: float = 0.10,
    together: float = 0.60,
) -> Array:
    """By rotated principal components, as Nicoletti and others weight: w ∝ V_f l² / sum l² [1]_.

    The components of the correlation matrix that are kept are turned by varimax with Kaiser's normalisation. A part
    belongs to the factor f it loads on most; there it counts its share in the squared loadings of f, times the
    variance V_f that f explains. The sign is lost: a part that runs against its factor has a weight all the same.

    Parameters
    ----------
    factors
        How many to keep; by the three rules below where it is not stated.
    eigenvalue
        A component is kept while it explains more variance than this (a single part has 1) ...
    each
        ... and more than this share of all variance;
    together
        those that are kept must explain more than this share.

    Raises
    ------
    ValueError
        If there are not more units than parts, a part is the same everywhere, or no number of components keeps
        the rules.

    References
    ----------
    .. [1] Nicoletti, Scarpetta and Boylaud (2000), doi 10.1787/215182844604; OECD/JRC (2008), Handbook on
       Constructing Composite Indicators, step 6, "weights based on principal components analysis or factor analysis".

    Examples
    --------
    >>> z = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> pca(z, np.full(3, 1 / 3)).round(3)
    array([0.367, 0.316, 0.316])
    """
    k = len(stated)
    if k == 1:
        return np.ones(1)
    values, loadings = components(correlation(complete(z, "pca", least=k + 1)))
    if factors is None:
        factors = int(np.logical_and.accumulate((values > eigenvalue) & (values / k > each)).sum())
        explained = values[:factors].sum() / k
        if not explained > together:
            raise ValueError(
                f"pca keeps {factors} of {k} components by its rules; they explain {explained:.0%} of the variance, "
                f"not more than {together:.0%}"
            )
    elif not 1 <= factors <= k:
        raise ValueError(f"pca cannot keep {factors} of {k} components")
    squared = varimax(loadings[:, :factors]) ** 2
    # V_f is the sum of squared loadings of f, by which l² is divided: what is left is l² itself.
    w = squared.max(axis=1)
    return np.asarray(w / w.sum())


@method("weighting", learns=True, uses_stated=False)
def first_component(z: Array, stated: Array) -> Array:
    """By the first principal component: w ∝ its coefficients, where no part runs against it.

    The whole is then the component's score on scores of equal variance, up to its unit.

    Raises
    ------
    ValueError
        If there are not more units than parts, a part is the same everywhere, or one runs against the component.

    References
    ----------
    Social Progress Imperative (2018), Social Progress Index, methodology summary: components are made so.

    Examples
    --------
    >>> z = np.array([[1.0, 2, 3], [2, 1, 1], [3, 5, 2], [4, 3, 5], [5, 4, 4], [6, 6, 6]])
    >>> first_component(z, np.full(3, 1 / 3)).round(3)
    array([0.35 , 0.325, 0.325])
    """
    k = len(stated)
    if k == 1:
        return np.ones(1)
    _, loadings = components(correlation(complete(z, "first_component", least=k + 1)))
    first = loadings[:, 0]
    if np.any(first < -1e-12):
        part = int(first.argmin())
        raise ColumnError(part, f"runs against the first component (it loads {first[part]:.2f}); no weight means that")
    first = np.maximum(first, 0.0)
    return np.asarray(first / first.sum())
