"""The variance of a weighted regression whose errors are shared within a few clusters, and its degrees of freedom.

The number of clusters less one is too many degrees of freedom where clusters differ in size or in what explains the
outcome: few of them then carry a coefficient. Those here are as many as the variance estimator of a coefficient has, so
that they differ from one coefficient to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["KINDS", "ClusterVariance", "cluster_variance"]

Array = NDArray[np.float64]

KINDS = ("CR2", "CR3")
ZERO = 1e-10  # an eigenvalue, or a share of the largest singular value, that counts as zero


@dataclass(frozen=True, eq=False)
class ClusterVariance:
    """``variance`` of the coefficients, (p, p); ``clusters``: how many; :meth:`df`: degrees of freedom."""

    variance: Array
    clusters: int
    _bread: Array  # (p, p), the inverse of X'WX
    _middle: Array  # (p, p), bread X'WWX bread
    _squares: Array  # (G, p, p): L'L, where c'L' is what an error of the cluster adds to the estimate of c
    _plain: Array  # (G, p, p): X'L
    _weighted: Array  # (G, p, p): X'WL

    def df(self, contrasts: ArrayLike) -> Array:
        """The degrees of freedom of sums of coefficients, by Satterthwaite.

        Twice the squared mean of the variance estimator over its variance, both for independent errors of equal
        variance [1]_ [2]_ [3]_.

        Parameters
        ----------
        contrasts : (q, p)
            What each coefficient is multiplied by: rows of the unit matrix for the coefficients themselves, gradients
            for what is computed from them.

        Returns
        -------
        (q,)
            From 1 to the number of clusters, and below 1 at no contrast that more than one cluster informs; not a
            number where a contrast is zero or missing.

        Raises
        ------
        ValueError
            If contrasts do not fit the coefficients.

        References
        ----------
        .. [1] Bell and McCaffrey (2002), Survey Methodology 28, 169-181.
        .. [2] Imbens and Kolesár (2016), doi 10.1162/REST_a_00552.
        .. [3] Pustejovsky and Tipton (2018), doi 10.1080/07350015.2016.1247004.
        """
        C = np.asarray(contrasts, dtype=float)
        p = len(self._bread)
        if C.ndim != 2 or C.shape[1] != p:
            raise ValueError(f"contrasts of the shape {C.shape} do not fit {p} coefficients")
        plain = np.einsum("gij,qj->qgi", self._plain, C)
        weighted = np.einsum("gij,qj->qgi", self._weighted, C)
        between = plain @ self._middle @ np.swapaxes(plain, 1, 2)
        crossed = weighted @ self._bread @ np.swapaxes(plain, 1, 2)
        products = between - crossed - np.swapaxes(crossed, 1, 2)
        every = np.arange(self.clusters)
        products[:, every, every] += np.einsum("qi,gij,qj->qg", C, self._squares, C)
        traces = products[:, every, every].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(traces**2 / (products**2).sum(axis=(1, 2)))


def cluster_variance(
    X: ArrayLike, residual: ArrayLike, w: ArrayLike, clusters: ArrayLike, *, kind: str = "CR2"
) -> ClusterVariance:
    """The variance of the coefficients of a weighted linear regression.

    Parameters
    ----------
    X : (n, p)
        The regression, with its constant. Of another model what it is linearised to: terms and residuals divided by
        the standard deviation that the model gives each outcome.
    residual : (n,)
        Outcome less prediction, on the same scale.
    w : (n,)
        How much each row counts, above zero.
    clusters : (n,)
        Whole numbers from 0, none left out.
    kind
        "CR2": residuals of a cluster are multiplied by the inverse root of what their variance would be if errors were
        independent, so that the variance has then no bias [1]_ [2]_. "CR3": the jackknife over clusters [3]_, which is
        too large rather than too small.

    Raises
    ------
    ValueError
        If there is no such kind, shapes do not fit, or coefficients are not determined (without one of the clusters,
        for "CR3").

    References
    ----------
    .. [1] Bell and McCaffrey (2002), Survey Methodology 28, 169-181.
    .. [2] Pustejovsky and Tipton (2018), doi 10.1080/07350015.2016.1247004.
    .. [3] MacKinnon, Nielsen and Webb (2023), doi 10.1016/j.jeconom.2022.04.001.

    Examples
    --------
    Two clusters with the yes and three with the no: the degrees of freedom are those of Welch for two samples of two
    and three means.

    >>> yes = np.repeat([1.0, 1, 0, 0, 0], 4)
    >>> X, group = np.column_stack([np.ones(20), yes]), np.repeat(np.arange(5), 4)
    >>> result = cluster_variance(X, np.zeros(20), np.ones(20), group)
    >>> result.df([[0, 1]]).round(6).tolist(), round((1 / 2 + 1 / 3) ** 2 / (1 / 4 + 1 / 18), 6)
    ([2.272727], 2.272727)
    """
    if kind not in KINDS:
        raise ValueError(f"kind is '{kind}'; it must be one of {', '.join(KINDS)}")
    table, e, weight = np.asarray(X, dtype=float), np.asarray(residual, dtype=float), np.asarray(w, dtype=float)
    group = np.asarray(clusters)
    if table.ndim != 2 or any(one.shape != (len(table),) for one in (e, weight, group)):
        raise ValueError(
            f"residuals, weights and clusters of the shapes {e.shape}, {weight.shape}, {group.shape} do not fit "
            f"{table.shape}"
        )
    heavy = table * weight[:, None]
    total = table.T @ heavy
    if np.linalg.matrix_rank(total) < len(total):
        raise ValueError("the coefficients are not determined: columns are linearly dependent")
    bread = np.linalg.inv(total)
    middle = bread @ (heavy.T @ heavy) @ bread
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(group))[:-1])
    of_kind = _cr2 if kind == "CR2" else _cr3
    moves = [of_kind(table[rows], heavy[rows], total, bread, middle) for rows in parts]
    steps = np.stack([L.T @ e[rows] for L, rows in zip(moves, parts, strict=True)])
    factor = 1.0 if kind == "CR2" else (len(parts) - 1) / len(parts)
    return ClusterVariance(
        variance=factor * steps.T @ steps,
        clusters=len(parts),
        _bread=bread,
        _middle=middle,
        _squares=np.stack([L.T @ L for L in moves]),
        _plain=np.stack([table[rows].T @ L for L, rows in zip(moves, parts, strict=True)]),
        _weighted=np.stack([heavy[rows].T @ L for L, rows in zip(moves, parts, strict=True)]),
    )


def _cr2(X: Array, heavy: Array, total: Array, bread: Array, middle: Array) -> Array:
    """What each residual of a cluster adds to the coefficients, (n_g, p), after the adjustment of Bell and McCaffrey.

    The variance of the residuals is the unit matrix but in the span of X and WX, where its inverse root is computed; a
    direction in which residuals are always zero adds nothing.
    """
    p = X.shape[1]
    both = np.concatenate([X, heavy], axis=1)
    U, s, Vt = np.linalg.svd(both, full_matrices=False)
    kept = s > ZERO * s[0] if s.size and s[0] > 0 else np.zeros(s.size, dtype=bool)
    U, half = U[:, kept], s[kept, None] * Vt[kept]
    core = np.block([[middle, -bread], [-bread, np.zeros((p, p))]])
    values, vectors = np.linalg.eigh(np.eye(int(kept.sum())) + half @ core @ half.T)
    root = np.where(values > ZERO, 1 / np.sqrt(np.maximum(values, ZERO)), 0.0)
    moved = heavy @ bread
    inside = U.T @ moved
    return np.asarray(moved + U @ ((vectors * root) @ (vectors.T @ inside) - inside))


def _cr3(X: Array, heavy: Array, total: Array, bread: Array, middle: Array) -> Array:
    """The same by leaving the cluster out."""
    others = total - X.T @ heavy
    if np.linalg.matrix_rank(others, tol=ZERO * np.linalg.norm(total)) < len(total):
        raise ValueError("without one of the clusters the coefficients are not determined; take CR2")
    return np.asarray(heavy @ np.linalg.inv(others))
