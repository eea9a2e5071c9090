"""Replicate weights: the sample drawn again from itself, unit by unit, so that any estimate can have an error.

Make the same adjustments (non-response, calibration) to each replicate with :func:`adjust_replicates`; then the errors
hold what the adjustments do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from cwi.errors import near
from cwi.methods.survey.design import Design, Replicates

__all__ = ["METHODS", "adjust_replicates", "make_replicates"]

Array = NDArray[np.float64]

METHODS = ("jackknife", "bootstrap", "balanced")


def make_replicates(
    design: Design,
    method: str,
    *,
    count: int | None = None,
    rng: np.random.Generator | None = None,
    fay: float = 0.0,
    around: str = "estimate",
) -> Replicates:
    """Replicate weights of a design, whose spread gives the error of its first stage.

    ========= =========================================================================================
    jackknife one unit is left out of its stratum and the others of the stratum stand for it (JKn; JK1
              with one stratum): as many replicates as units; not for quantiles
    bootstrap n_h - 1 units of each stratum drawn with replacement, rescaled [1]_; any ``count``
    balanced  one of the two units of each stratum, by a Hadamard matrix (BRR); with ``fay`` above 0 the
              other keeps that part of its weight [2]_; each stratum must have two units
    ========= =========================================================================================

    The weights take n · R numbers of memory.

    Parameters
    ----------
    design
        With strata, units and fpc; what is drawn for certain stays in every replicate. "balanced" knows no fpc.
    method
        A word of the table.
    count
        Replicates of the bootstrap; the other methods know their own.
    rng
        Chance for the bootstrap.
    fay
        From 0 to below 1.
    around
        As in :class:`Replicates`.

    Raises
    ------
    ValueError
        If a method is unknown, lacks what it needs, or does not fit the design.

    References
    ----------
    .. [1] Rao and Wu (1988), doi 10.1080/01621459.1988.10478591; Rao, Wu and Yue (1992), Some recent work on
       resampling methods for complex surveys, Survey Methodology 18, 209-217.
    .. [2] McCarthy (1969); Judkins (1990), Fay's method for variance estimation, Journal of Official Statistics 6.

    Examples
    --------
    >>> design = Design(np.ones(4), psu=[1, 2, 3, 4])
    >>> made = make_replicates(design, "jackknife")
    >>> made.weights.shape, made.scale, made.rscales.tolist()
    ((4, 4), 1.0, [0.75, 0.75, 0.75, 0.75])
    >>> make_replicates(design, "bootstrap", count=200, rng=np.random.default_rng(1)).weights.shape
    (4, 200)
    """
    if method not in METHODS:
        raise ValueError(f"there are no replicates {method!r}{near(method, METHODS)}")
    if design.alone.any():
        raise ValueError("replicates cannot centre a lonely unit; collapse its stratum or take it for certain")
    if method == "bootstrap":
        if count is None or count < 2 or rng is None:
            raise ValueError("the bootstrap needs a count of at least 2 replicates and a generator of chance, rng")
        factors, scale, rscales = _bootstrap(design, count, rng), 1 / count, np.ones(count)
    elif method == "jackknife":
        factors, scale, rscales = _jackknife(design)
    else:
        if not 0 <= fay < 1:
            raise ValueError(f"fay is {fay:g}; it must be from 0 to below 1")
        factors = _balanced(design, fay)
        scale, rscales = 1 / (factors.shape[1] * (1 - fay) ** 2), np.ones(factors.shape[1])
    weights = design.w[:, None] * factors[design.unit]
    return Replicates(weights, scale, rscales, df=None, around=around)


def adjust_replicates(replicates: Replicates, adjust: Callable[[Array, NDArray[np.intp]], Array]) -> Replicates:
    """The replicates after the same adjustment of each, such as a calibration to the same totals.

    A respondent whose unit is left out of a replicate is not handed over, and keeps the weight 0 there.

    Parameters
    ----------
    adjust
        A function ``(weights, rows) -> weights`` of the respondents in ``rows``, whole numbers.

    Examples
    --------
    >>> from cwi.methods.survey import post_stratify
    >>> made = make_replicates(Design(np.ones(6), psu=[1, 1, 2, 2, 3, 3]), "jackknife")
    >>> cells = np.array([0, 1, 0, 1, 0, 1])
    >>> after = adjust_replicates(made, lambda w, rows: post_stratify(w, cells[rows], [60.0, 40.0]).weights)
    >>> after.weights.sum(axis=0)
    array([100., 100., 100.])
    """
    weights = np.zeros_like(replicates.weights)
    for one in range(weights.shape[1]):
        rows = np.flatnonzero(replicates.weights[:, one])
        weights[rows, one] = adjust(replicates.weights[rows, one], rows)
    return replace(replicates, weights=weights)


def _jackknife(design: Design) -> tuple[Array, float, Array]:
    """Factors of units by replicates, (P, R); only units with a variance are left out."""
    size = design.size[design.stratum]
    out = np.flatnonzero((size > 1) & (design.factor[design.stratum] > 0))
    if not out.size:
        raise ValueError("no stratum has two units, so that none can be left out")
    same = design.stratum[:, None] == design.stratum[out]
    factors = np.where(same, (size / np.maximum(size - 1, 1))[:, None], 1.0)
    factors[out, np.arange(out.size)] = 0.0
    share = design.fraction[design.stratum[out]]
    return factors, 1.0, (1 - share) * (size[out] - 1) / size[out]


def _bootstrap(design: Design, count: int, rng: np.random.Generator) -> Array:
    """Factors of units by replicates: 1 - a + a · n / m · times drawn, with a² = (1 - f) m / (n - 1), m = n - 1."""
    factors = np.ones((design.units, count))
    starts = np.concatenate([[0], np.cumsum(design.size)])
    for one, n in enumerate(design.size.tolist()):
        if n > 1:
            drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=count).T
            length = np.sqrt(1 - design.fraction[one])
            factors[starts[one] : starts[one + 1]] = 1 - length + length * n / (n - 1) * drawn
    return factors


def _balanced(design: Design, fay: float) -> Array:
    """2 - rho for one unit of each pair and rho for the other, in a Hadamard matrix of enough columns."""
    if (design.size != 2).any():
        raise ValueError(
            f"balanced replicates need two units in each stratum; {int((design.size != 2).sum())} of "
            f"{design.size.size} strata have another number"
        )
    if design.fraction.any():
        raise ValueError("balanced replicates know no finite population; leave fpc out or use the jackknife")
    order = 1 << int(design.size.size).bit_length()  # above the number of strata: the column of ones is not used
    signs = hadamard(order)[1 : design.size.size + 1]
    first = np.concatenate([[True], design.stratum[1:] != design.stratum[:-1]])
    return np.asarray(1 + (1 - fay) * np.where(first[:, None], 1, -1) * signs[design.stratum])
