"""Weights that people state: nothing is learnt from the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.traits import method

__all__ = [
    "Budget",
    "Consistency",
    "ahp",
    "ahp_consistency",
    "ahp_each",
    "budget",
    "budget_allocation",
    "equal",
    "stated",
]

Array = NDArray[np.float64]

# The mean consistency index of random matrices of 1, 2, … rows.
RANDOM_INDEX = {
    # Saaty (1980), The Analytic Hierarchy Process; the Handbook's table
    "saaty": (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49),
    # Donegan and Dodd (1991), doi 10.1016/0895-7177(91)90098-R
    "donegan_dodd": (
        *(0.0, 0.0, 0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733, 1.4055),
        *(1.4213, 1.4497, 1.4643, 1.4822, 1.4969, 1.5078, 1.5153, 1.5262, 1.5313, 1.5371),
    ),
}
RECIPROCAL = 0.03  # how far a[i, j] a[j, i] may be from one: 7 against a printed 0.14 is 0.98


@dataclass(frozen=True, eq=False)
class Budget:
    """What experts gave: a row an expert.

    ``experts`` : (m, k)  each expert's weights, summing to one
    ``weights`` : (k,)    their mean
    ``spread`` : (k,)     the standard deviation among experts (divided by m - 1), not a number for a single one
    """

    experts: Array
    weights: Array
    spread: Array


@dataclass(frozen=True, eq=False)
class Consistency:
    """Weights from pairwise judgements, and how far these contradict one another.

    ``weights`` : (k,)  the principal eigenvector, summing to one
    ``eigenvalue``      λ, k where there is no contradiction, else above
    ``index``           CI = (λ - k) / (k - 1)
    ``ratio``           CR = CI / RI(k), RI the mean CI of random judgements
    """

    weights: Array
    eigenvalue: float
    index: float
    ratio: float


@method("weighting", uses_stated=False)
def equal(z: Array, stated: Array) -> Array:
    """The same weight for every part.

    Equal weights of groups of unequal size are not equal weights of their members:
    look at the implied weights.

    Examples
    --------
    >>> equal(np.empty((0, 4)), np.array([0.7, 0.1, 0.1, 0.1]))
    array([0.25, 0.25, 0.25, 0.25])
    """
    return np.full(len(stated), 1.0 / len(stated))


@method("weighting")
def stated(z: Array, stated: Array) -> Array:
    """The weights written in the methodology.

    Examples
    --------
    >>> stated(np.empty((0, 2)), np.array([0.75, 0.25]))
    array([0.75, 0.25])
    """
    return stated


@method(
    "weighting",
    uses_stated=False,
    by_part=("points",),
    example=lambda k: {"points": [[float(k - i) for i in range(k)]]},
)
def budget_allocation(z: Array, stated: Array, *, points: Sequence[Sequence[float]]) -> Array:
    """The mean of what experts gave when each had a hundred points to give [1]_.

    Beyond ten or twelve parts people no longer keep the whole in view; give points within groups.
    :func:`budget` keeps each expert's vector.

    Parameters
    ----------
    points : (m, k)
        A row an expert, in the order of the parts, summing to a hundred.

    Raises
    ------
    ValueError
        If an expert has not given a number for each part, has given one below zero, or not a hundred in all.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6, "budget allocation process".

    Examples
    --------
    >>> budget_allocation(np.empty((0, 3)), np.full(3, 1 / 3), points=[[50, 30, 20], [40, 40, 20]])
    array([0.45, 0.35, 0.2 ])
    """
    return budget(points, len(stated)).weights


def budget(points: Sequence[Sequence[float]], k: int) -> Budget:
    """Each expert's weights of ``k`` parts, their mean and their disagreement; for :func:`budget_allocation`.

    Examples
    --------
    >>> budget([[50, 30, 20], [40, 40, 20]], 3).spread.round(3)
    array([0.071, 0.071, 0.   ])
    """
    if not len(points):
        raise ValueError("budget allocation needs the points of at least one expert")
    for number, given in enumerate(points, 1):
        if len(given) != k:
            raise ValueError(f"expert {number} gave points to {len(given)} parts; there are {k}")
        if not all(0 <= point < np.inf for point in given):
            raise ValueError(f"expert {number} gave {list(given)}; points must be numbers not below zero")
        if abs(sum(given) - 100) > 1e-6:
            raise ValueError(f"the points of expert {number} sum to {sum(given):g}; they must sum to 100")
    experts = np.array(points, dtype=float)
    experts /= experts.sum(axis=1, keepdims=True)
    spread = experts.std(axis=0, ddof=1) if len(experts) > 1 else np.full(k, np.nan)
    return Budget(experts, experts.mean(axis=0), spread)


@method(
    "weighting",
    uses_stated=False,
    by_part=("judgements",),
    example=lambda k: {"judgements": [[[(k - i) / (k - j) for j in range(k)] for i in range(k)]]},
)
def ahp(z: Array, stated: Array, *, judgements: Any, random_index: str = "saaty", limit: float = 0.10) -> Array:
    """Weights from judgements of pairs, the analytic hierarchy process: the principal eigenvector [1]_.

    :func:`ahp_consistency` says how far the judgements contradict one another.

    Parameters
    ----------
    judgements : (k, k) or (m, k, k)
        How many times as important the row's part is as the column's, from 1/9 to 9; one matrix or one an expert, whose
        group judgement is the geometric mean, element by element. Not a number where nobody judged.
    random_index
        The table CR is measured by, ``"saaty"`` (to 10 parts) or ``"donegan_dodd"`` (to 20).
    limit
        The highest consistency ratio that is not refused.

    Raises
    ------
    ValueError
        If a matrix is not reciprocal, not all parts are connected by judgements, or CR is above ``limit``.

    References
    ----------
    .. [1] Saaty (1980), The Analytic Hierarchy Process; OECD/JRC (2008), Handbook on Constructing Composite
       Indicators, step 6. Group judgement: Aczél and Saaty (1983), doi 10.1016/0022-2496(83)90028-7.

    Examples
    --------
    >>> judgements = [[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]
    >>> ahp(np.empty((0, 3)), np.full(3, 1 / 3), judgements=judgements).round(3)
    array([0.571, 0.286, 0.143])
    """
    consistency = ahp_consistency(judgements, random_index=random_index)
    if len(consistency.weights) != len(stated):
        raise ValueError(f"the judgements are of {len(consistency.weights)} parts; there are {len(stated)}")
    if consistency.ratio > limit:
        raise ValueError(
            f"the judgements contradict one another: their consistency ratio is {consistency.ratio:.3f}, "
            f"more than {limit:g}; ask again, or raise the limit"
        )
    return consistency.weights


def ahp_consistency(judgements: Any, *, random_index: str = "saaty") -> Consistency:
    """Weights from judgements of pairs, with λ, CI and CR; for :func:`ahp`.

    A judgement that is missing takes no part: it counts 0, and the diagonal one more for each in its row [1]_.
    RI is that of complete matrices, which is more than is due to incomplete ones: CR is then too low.

    References
    ----------
    .. [1] Harker (1987), doi 10.1016/0270-0255(87)90503-3.

    Examples
    --------
    >>> found = ahp_consistency([[1, 2, np.nan], [1 / 2, 1, 2], [np.nan, 1 / 2, 1]])
    >>> found.weights.round(3), round(found.eigenvalue, 6)
    (array([0.571, 0.286, 0.143]), 3.0)
    """
    from scipy.sparse.csgraph import connected_components  # heavy: imported where it is used

    if random_index not in RANDOM_INDEX:
        raise ValueError(f"random_index is '{random_index}'; it must be one of {', '.join(RANDOM_INDEX)}")
    try:
        matrices = np.array(judgements, dtype=float)
    except ValueError:
        raise ValueError("the judgements are no square matrices of one size") from None
    matrices = matrices[None] if matrices.ndim == 2 else matrices
    if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2] or not matrices.size:
        raise ValueError("the judgements are no square matrices of one size")
    n = matrices.shape[1]
    if n > len(RANDOM_INDEX[random_index]):
        raise ValueError(f"random_index '{random_index}' is for {len(RANDOM_INDEX[random_index])} parts; there are {n}")
    if np.any(matrices <= 0) or np.any(np.isinf(matrices)):
        raise ValueError("a judgement must be a number above zero, or not a number where nobody judged")
    mirrored = np.swapaxes(matrices, 1, 2)
    wrong = ~(np.abs(matrices * mirrored - 1) <= RECIPROCAL) & ~(np.isnan(matrices) & np.isnan(mirrored))
    if wrong.any():
        expert, i, j = np.argwhere(wrong)[0]
        raise ValueError(
            f"judgements of one pair contradict each other in matrix {expert + 1}: row {i + 1}, column {j + 1} is "
            f"{matrices[expert, i, j]:g}, and row {j + 1}, column {i + 1} is {matrices[expert, j, i]:g}"
        )
    judged = ~np.isnan(matrices)
    logs = np.where(judged, np.log(np.where(judged, matrices / mirrored, 1.0)) / 2, 0.0).sum(axis=0)
    known = judged.any(axis=0)
    if connected_components(known)[0] > 1:
        raise ValueError("the judgements fall apart: no chain of them connects all parts")
    group = np.where(known, np.exp(logs / np.maximum(judged.sum(axis=0), 1)), 0.0)
    np.fill_diagonal(group, 1.0 + (~known).sum(axis=1) - ~np.diagonal(known))
    weights, values, ratios = _principal(group[None], random_index)
    return Consistency(weights[0], float(values[0]), (float(values[0]) - n) / max(n - 1, 1), float(ratios[0]))


def ahp_each(judgements: Array, *, random_index: str = "saaty") -> tuple[Array, Array]:
    """Each expert's weights and consistency ratio by themselves; for experts kept apart.

    Parameters
    ----------
    judgements : (m, k, k)
        A complete reciprocal matrix an expert.

    Returns
    -------
    (m, k) weights, each summing to one, and (m,) consistency ratios.

    Examples
    --------
    >>> one = np.array([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]])
    >>> weights, ratios = ahp_each(np.stack([one, one.T]))
    >>> weights.round(3).tolist(), bool((ratios < 1e-9).all())
    ([[0.571, 0.286, 0.143], [0.143, 0.286, 0.571]], True)
    """
    weights, _, ratios = _principal(judgements, random_index)
    return weights, ratios


def _principal(matrices: Array, random_index: str) -> tuple[Array, Array, Array]:
    """Of each matrix the principal eigenvector, summing to one, its eigenvalue, not below k, and the ratio CR."""
    n = matrices.shape[-1]
    values, vectors = np.linalg.eig(matrices)
    first = values.real.argmax(axis=-1)
    weights = np.abs(np.take_along_axis(vectors.real, first[:, None, None], axis=-1)[..., 0])
    highest = np.maximum(np.take_along_axis(values.real, first[:, None], axis=-1)[:, 0], float(n))
    expected = RANDOM_INDEX[random_index][n - 1]
    ratios = (highest - n) / max(n - 1, 1) / expected if expected else np.zeros(len(matrices))
    return weights / weights.sum(axis=-1, keepdims=True), highest, ratios
