"""Means, proportions, totals, ratios and quantiles of many indicators in many domains, with the errors of the design.

All functions share their arguments and their answer:

y : (n, k) or (n,)     answers of n respondents to k indicators, not a number where there is none: who did not answer
                       is out of that indicator's domain, but the sampling unit stays
design                 :class:`cwi.methods.survey.Design` of the n respondents; with replicate weights in it the errors
                       come from these, otherwise from Taylor linearisation
domains : (n,)         whole numbers from 0 to d - 1, below 0 for who is in none; one domain of all by default
count                  d, where the last domains may be empty; one more than the largest by default
level                  of the intervals, between 0 and 1
df                     which degrees of freedom, see below
between                whether to keep the covariance between domains too, (d, k, d, k)

========= ==============================================================================================
strata    the units of all strata where the domain has an answer, less these strata: the units that the
          error is made of, also those without anybody of the domain (the default)
observed  the units with an answer, less their strata: what R's survey counts for a subset; fewer
design    the units of the whole sample less all strata: too many for a domain that lies in few strata
========= ==============================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cwi.errors import ColumnError
from cwi.methods.survey.arrays import Array, columns_of
from cwi.methods.survey.design import Design
from cwi.methods.survey.domains import Domains, Sums, domains_of, linearised, summed

__all__ = ["Estimates", "mean", "proportion", "proportion_interval", "quantile", "ratio", "total"]

TIE = 1e-12  # sums of weights in another order differ by less


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates of k indicators in d domains; all (d, k) but the covariances. Not a number where nobody answered.

    ``estimate``, and ``se``, its standard error. ``low``, ``high``: the interval of ``level``, with t of ``df``.
    ``n``, ``psus``: respondents and sampling units with an answer. ``cv``: se over the estimate's size.
    ``deff``: the design effect, the variance against that of a simple random sample of n drawn with replacement; it
    holds clustering, strata and unequal weights, ``kish`` the last alone: n · sum w² / (sum w)². It is not a number
    where all answer the same.
    ``covariance``: (d, k, k) between the indicators of one domain. ``between``: (d, k, d, k) or none.
    """

    estimate: Array
    se: Array
    low: Array
    high: Array
    df: Array
    n: Array
    psus: Array
    deff: Array
    kish: Array
    cv: Array
    covariance: Array
    level: float
    between: Array | None = None

    @property
    def effective_n(self) -> Array:
        """The size of the simple random sample that would be as exact, (d, k)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.n / self.deff


def mean(
    y: ArrayLike,
    design: Design,
    *,
    domains: ArrayLike | None = None,
    count: int | None = None,
    level: float = 0.95,
    df: str = "strata",
    between: bool = False,
) -> Estimates:
    """Means: sum of w y over sum of w, of those who answered. The arguments are those of the module.

    Raises
    ------
    ValueError
        If shapes or codes do not fit, or an answer is infinite (:class:`cwi.errors.ColumnError`).

    References
    ----------
    .. [1] Woodruff (1971), doi 10.1080/01621459.1971.10482279; Wolter (2007), Introduction to Variance Estimation, 6.

    Examples
    --------
    >>> from cwi.methods.survey import Design
    >>> design = Design(np.ones(8), psu=[1, 1, 2, 2, 3, 3, 4, 4])
    >>> found = mean([1.0, 2, 3, 4, 5, 6, 7, 8], design)
    >>> found.estimate.item(), round(found.se.item(), 4), found.df.item()
    (4.5, 1.291, 3.0)
    """
    table = columns_of(y, design.n, "indicators")
    return _estimated(table, None, design, "ratio", domains, count, level, df, between)


def proportion(
    y: ArrayLike,
    design: Design,
    *,
    domains: ArrayLike | None = None,
    count: int | None = None,
    level: float = 0.95,
    df: str = "strata",
    between: bool = False,
) -> Estimates:
    """Proportions of 0 and 1, with intervals made on the logit scale, which stay between 0 and 1.

    logit(p) ± t · se / (p (1 - p)). Where nobody or everybody has it, the error is 0 and says nothing: there the
    interval is the exact binomial one of an effective size n / kish · (t(n - 1) / t(df))², after [1]_; what
    clustering adds cannot be seen from such a sample. The arguments are those of the module.

    Raises
    ------
    ValueError
        As in :func:`mean`, or if an answer is neither 0 nor 1 (:class:`cwi.errors.ColumnError`).

    References
    ----------
    .. [1] Korn and Graubard (1998), Confidence intervals for proportions with small expected number of positive
       counts estimated from survey data, Survey Methodology 24, 193-201.

    Examples
    --------
    >>> from cwi.methods.survey import Design
    >>> found = proportion([0, 1, 1, 1, 1, 1, 0, 1], Design(np.ones(8), psu=[1, 1, 2, 2, 3, 3, 4, 4]))
    >>> found.estimate.item(), found.low.round(3).item(), found.high.round(3).item()
    (0.75, 0.206, 0.972)
    """
    table = columns_of(y, design.n, "indicators")
    for column in np.flatnonzero(((table != 0) & (table != 1) & ~np.isnan(table)).any(axis=0)):
        raise ColumnError(int(column), "has values other than 0 and 1, so it is no proportion")
    estimates = _estimated(table, None, design, "ratio", domains, count, level, df, between)
    p = estimates.estimate
    p = np.where(p < TIE, 0.0, np.where(p > 1 - TIE, 1.0, p))
    low, high = proportion_interval(p, estimates.se, estimates.n, estimates.kish, estimates.df, estimates.level)
    edge = (p == 0) | (p == 1)
    return replace(estimates, estimate=p, se=np.where(edge, 0.0, estimates.se), low=low, high=high)


def proportion_interval(p: Array, se: Array, n: Array, kish: Array, df: Array, level: float) -> tuple[Array, Array]:
    """The interval of :func:`proportion` from its figures, arrays of one shape; p and se between 0 and 1.

    Examples
    --------
    >>> from cwi.methods.survey import Design
    >>> found = proportion([0, 1, 1, 1, 1, 1, 0, 1], Design(np.ones(8), psu=[1, 1, 2, 2, 3, 3, 4, 4]))
    >>> low, high = proportion_interval(found.estimate, found.se, found.n, found.kish, found.df, 0.95)
    >>> low.round(3).item(), high.round(3).item()
    (0.206, 0.972)
    """
    t = _t(level, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle, half = np.log(p / (1 - p)), t * se / (p * (1 - p))
        low, high = (1 / (1 + np.exp(-(middle + sign * half))) for sign in (-1, 1))
        size = n / kish * (_t(level, n - 1) / t) ** 2
        tail = ((1 - level) / 2) ** (1 / size)
    low = np.where(p == 1, tail, np.where(p == 0, 0.0, low))
    high = np.where(p == 0, 1 - tail, np.where(p == 1, 1.0, high))
    return low, high


def total(
    y: ArrayLike,
    design: Design,
    *,
    domains: ArrayLike | None = None,
    count: int | None = None,
    level: float = 0.95,
    df: str = "strata",
    between: bool = False,
) -> Estimates:
    """Totals: sum of w y of those who answered; who did not counts as nothing, so impute or take a mean instead.

    The arguments are those of the module.

    Raises
    ------
    ValueError
        As in :func:`mean`.

    Examples
    --------
    >>> from cwi.methods.survey import Design
    >>> found = total([1.0, 2, 3, 4], Design(np.full(4, 10.0)))
    >>> found.estimate.item(), round(found.se.item(), 3)
    (100.0, 25.82)
    """
    table = columns_of(y, design.n, "indicators")
    return _estimated(table, None, design, "total", domains, count, level, df, between)


def ratio(
    y: ArrayLike,
    x: ArrayLike,
    design: Design,
    *,
    domains: ArrayLike | None = None,
    count: int | None = None,
    level: float = 0.95,
    df: str = "strata",
    between: bool = False,
) -> Estimates:
    """Ratios of two totals: sum of w y over sum of w x, of those who have both.

    Parameters
    ----------
    x : (n, k), (n, 1) or (n,)
        What y is divided by. The other arguments are those of the module.

    Raises
    ------
    ValueError
        As in :func:`mean`, or if y and x do not fit.

    Examples
    --------
    >>> from cwi.methods.survey import Design
    >>> found = ratio([2.0, 3, 4, 7], [1.0, 2, 2, 3], Design(np.ones(4)))
    >>> found.estimate.item(), round(found.se.item(), 4)
    (2.0, 0.2041)
    """
    table, base = columns_of(y, design.n, "indicators"), columns_of(x, design.n, "denominators")
    if base.shape[1] not in (1, table.shape[1]):
        raise ValueError(f"{base.shape[1]} denominators do not fit {table.shape[1]} indicators")
    return _estimated(table, base, design, "ratio", domains, count, level, df, between)


def quantile(
    y: ArrayLike,
    design: Design,
    *,
    p: float,
    domains: ArrayLike | None = None,
    count: int | None = None,
    level: float = 0.95,
    df: str = "strata",
) -> Estimates:
    """Quantiles: the least answer that the weighted share p does not pass, with Woodruff's interval [1]_.

    The error of the share below the quantile, p ± t · se, is turned back into answers; ``se`` is the interval's
    length over 2 t, and not a number where an end falls outside 0 to 1. ``deff`` is that of the share.

    Parameters
    ----------
    p
        Between 0 and 1; 0.5 for the median. The other arguments are those of the module.

    Raises
    ------
    ValueError
        As in :func:`mean`, or if p is not between 0 and 1.

    References
    ----------
    .. [1] Woodruff (1952), Confidence intervals for medians and other position measures, Journal of the American
       Statistical Association 47, 635-646, doi 10.1080/01621459.1952.10483443.

    Examples
    --------
    >>> from cwi.methods.survey import Design
    >>> found = quantile(np.arange(100.0), Design(np.ones(100)), p=0.5)
    >>> found.estimate.item(), found.low.item(), found.high.item()
    (49.0, 40.0, 59.0)
    """
    if not 0 < p < 1:
        raise ValueError(f"p is {p:g}; it must be between 0 and 1")
    table = columns_of(y, design.n, "indicators")
    part = domains_of(design, domains, count)
    steps = [_steps(table[:, j], design, part) for j in range(table.shape[1])]
    share = np.full(part.count, p)
    place = np.stack([_inverse(step, share) for step in steps], axis=1)
    at = place[part.of]
    values = table[part.rows]
    below = np.full(table.shape, np.nan)
    below[part.rows] = np.where(np.isnan(values), np.nan, values <= at)
    estimates = _estimated(below, None, design, "ratio", domains, count, level, df, False)
    half = _t(level, estimates.df) * estimates.se
    low, high = (
        np.stack([_inverse(step, estimates.estimate[:, j] + sign * half[:, j]) for j, step in enumerate(steps)], axis=1)
        for sign in (-1, 1)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        se = (high - low) / (2 * _t(level, estimates.df))
        slope = np.where(estimates.se > 0, se / estimates.se, np.nan)
        cv = se / np.abs(place)
    covariance = estimates.covariance * slope[:, :, None] * slope[:, None, :]
    return replace(estimates, estimate=place, se=se, low=low, high=high, cv=cv, covariance=covariance)


def _estimated(
    y: Array,
    x: Array | None,
    design: Design,
    kind: str,
    domains: ArrayLike | None,
    count: int | None,
    level: float,
    df: str,
    between: bool,
) -> Estimates:
    """The common way of all linear estimators and ratios of them."""
    if not 0 < level < 1:
        raise ValueError(f"the level is {level:g}; it must be between 0 and 1")
    part = domains_of(design, domains, count)
    sums = summed(design, part, y, x, kind=kind, df=df)
    d, k = sums.estimate.shape
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if design.replicates is None:
            spread = linearised(design, part, sums, y, x, kind=kind)
        else:
            spread = _replicated(design, part, sums, y, x, kind)
        nobody = np.where(sums.n > 0, 0.0, np.nan)
        covariance = np.stack([v.T @ v for v in spread]) + nobody[:, :, None] + nobody[:, None, :]
        across = None
        if between:
            wide = np.concatenate(spread, axis=1) + nobody.ravel()
            across = (wide.T @ wide).reshape(d, k, d, k)
        se = np.sqrt(np.einsum("dkk->dk", covariance))
        freedom = sums.df
        if design.replicates is not None and design.replicates.df is not None:
            freedom = np.full((d, k), float(design.replicates.df))
        half = _t(level, freedom) * se
        return Estimates(
            estimate=sums.estimate,
            se=se,
            low=sums.estimate - half,
            high=sums.estimate + half,
            df=freedom,
            n=sums.n,
            psus=sums.psus,
            deff=np.where(sums.simple > (TIE * sums.estimate) ** 2, se**2 / sums.simple, np.nan),
            kish=sums.kish,
            cv=se / np.abs(sums.estimate),
            covariance=covariance,
            level=level,
            between=across,
        )


def _replicated(design: Design, part: Domains, sums: Sums, y: Array, x: Array | None, kind: str) -> list[Array]:
    """For each domain, (R, k) arrays v whose products v'v are the covariance of its estimates."""
    replicates = design.replicates
    assert replicates is not None
    places = np.arange(design.n)[part.rows]
    spread = []
    for one in range(part.count):
        rows = places[part.of == one]
        values = y[rows]
        base = np.ones_like(values) if x is None else np.broadcast_to(x[rows], values.shape)
        there = ~(np.isnan(values) | np.isnan(base))
        weights = replicates.weights[rows].T
        totals = weights @ np.where(there, values, 0.0)
        if kind == "ratio":
            totals = totals / (weights @ np.where(there, base, 0.0))
        spread.append(replicates.spread(sums.estimate[one], totals))
    return spread


def _t(level: float, df: Array) -> Array:
    """Student's t that leaves out 1 - level on both sides; not a number without degrees of freedom."""
    return np.asarray(stats.t.ppf((1 + level) / 2, np.where(df > 0, df, np.nan)))


def _steps(y: Array, design: Design, part: Domains) -> list[tuple[Array, Array]]:
    """For each domain, the answers in order and the weighted share up to each."""
    values, w = y[part.rows], design.w[part.rows]
    order = np.lexsort((values, part.of))
    order = order[~np.isnan(values[order])]
    ends = np.searchsorted(part.of[order], np.arange(part.count + 1))
    result = []
    for one in range(part.count):
        rows = order[ends[one] : ends[one + 1]]
        grown = np.cumsum(w[rows])
        result.append((values[rows], grown / grown[-1] if rows.size else grown))
    return result


def _inverse(steps: list[tuple[Array, Array]], share: Array) -> Array:
    """For each domain, the least answer whose share reaches that asked for; not a number outside 0 to 1."""
    result = np.full(len(steps), np.nan)
    for one, (answers, grown) in enumerate(steps):
        if answers.size and -TIE <= share[one] <= 1 + TIE:
            result[one] = answers[min(np.searchsorted(grown, share[one] - TIE), answers.size - 1)]
    return result
