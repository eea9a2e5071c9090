"""Words that measure distance: they need a unit, not a true zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cwi.methods.normalisation.learning import (
    direction,
    learnt,
    logged,
    measured,
    of_base,
    reference_of,
    reference_values_of,
    refuse,
    refuse_constant,
    risen,
)
from cwi.traits import method

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@method(
    "normalisation",
    arithmetic=lambda x, worst, best, log, base, cap=True, low=0.0, high=100.0: _way(
        x, worst, best, log, cap, low, high
    ),
)
def goalposts(
    x: Array,
    worst: Array,
    best: Array,
    log: NDArray[np.bool_],
    base: Array | None = None,
    *,
    cap: bool = True,
    low: float = 0.0,
    high: float = 100.0,
) -> Array:
    """Distance from the worst to the best end, in hundredths: 100 (x - worst) / (best - worst) [1]_.

    Fixed ends keep years comparable. With ``cap`` a value beyond an end gets 0 or 100.
    On a logarithmic scale the value and both ends are replaced by their logarithms.
    With another range of scores, low + (high - low) (x - worst) / (best - worst): from 1 to 100 every score has a
    geometric mean.

    Parameters
    ----------
    cap
        Whether a value beyond an end gets the score of that end.
    low, high
        The scores of the worst and of the best end.

    Returns
    -------
    (..., n, k) array; from ``low`` to ``high`` when capped.

    Raises
    ------
    ValueError
        If a value on a logarithmic scale is not above zero, two ends are equal, or ``high`` is not above ``low``.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, "Min-Max".
       With ends that do not come from the data: UNDP, Human Development Report, technical note 1.

    Examples
    --------
    Less is better where the best end lies below the worst:

    >>> goalposts(np.array([[15.0], [40.0]]), np.array([30.0]), np.array([0.0]), np.array([False]))
    array([[50.],
           [ 0.]])
    >>> goalposts(np.array([[15.0], [40.0]]), np.array([30.0]), np.array([0.0]), np.array([False]), low=1)
    array([[50.5],
           [ 1. ]])
    """
    if np.any(worst == best):
        raise ValueError("the worst and the best end are equal")
    if not low < high:
        raise ValueError(f"the scores are to reach from low {low:g} to high {high:g}; low must be below high")
    y, begin, end = (np.array(values, dtype=float) for values in (x, worst, best))
    if np.any(log):
        below = np.minimum(begin, end) <= 0
        below |= (y <= 0).any(axis=tuple(range(y.ndim - 1)))
        refuse(
            log & below,
            "is not above zero everywhere; a logarithmic scale needs values and ends above zero",
        )
        for values in (y, begin, end):
            values[..., log] = np.log(values[..., log])
    y -= begin
    y *= (high - low) / (end - begin)
    y += low  # no negative zero
    return np.clip(y, low, high, out=y) if cap else y


@method(
    "normalisation",
    learns=True,
    arithmetic=lambda x, worst, best, log, base, cap=True, low=0.0, high=100.0: _way(
        x, *_range(worst, best, base), log, cap, low, high
    ),
)
def min_max(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    cap: bool = True,
    low: float = 0.0,
    high: float = 100.0,
) -> Array:
    """Goalposts whose ends are the lowest and the highest value of the base years [1]_.

    100 (x - min) / (max - min) where more is better, 100 (max - x) / (max - min) where less is. The ends written for
    an indicator say the direction only. A new extreme in the base years moves every score: fixed ends do not.
    Uncapped, it is the fraction of the range that lies between a value and the worst one.

    Parameters
    ----------
    cap
        Whether a value beyond the base years gets the score of the nearest end.
    low, high
        The scores of the worst and of the best value of the base years.

    Returns
    -------
    (..., n, k) array; from ``low`` to ``high`` when capped, and in the base years.

    Raises
    ------
    ValueError
        Without base years, for a column that is constant or empty there, and as :func:`goalposts`.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, table 3.

    Examples
    --------
    >>> base = np.array([[10.0], [30.0], [50.0]])
    >>> min_max(np.array([[20.0], [60.0]]), np.array([0.0]), np.array([1.0]), np.array([False]), base)
    array([[ 25.],
           [100.]])
    """
    more, base = direction(worst, best) > 0, learnt(base, x)
    refuse_constant(base)
    least, most = of_base(np.nanmin, base), of_base(np.nanmax, base)
    begin, end = np.where(more, least, most), np.where(more, most, least)
    return goalposts(x, begin, end, log, cap=cap, low=low, high=high)


@method(
    "normalisation",
    learns=True,
    no_true_zero="the order depends on the mean and the spread that were chosen for the scale",
    arithmetic=lambda x, worst, best, log, base, mean=100.0, sd=10.0, ddof=1: _from_mean(
        x, best > worst, log, base, mean, sd, ddof
    ),
)
def z_score(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    mean: float = 100.0,
    sd: float = 10.0,
    ddof: int = 1,
) -> Array:
    """Standard deviations from the mean of the base years: mean ± sd (x - m) / s, plus where more is better [1]_.

    ``ddof`` 1 divides the sum of squares by n - 1, as the Handbook does; 0 by n, as Mazziotta and Pareto do.
    Scores may be zero and below with ``mean`` 0: such scores have no geometric mean.

    Returns
    -------
    (..., n, k) array with mean ``mean`` and standard deviation ``sd`` in the base years; no bounds.

    Raises
    ------
    ValueError
        Without base years, for a column that is constant or empty there or has too few values for ``ddof``, if ``sd``
        is not above zero, and for a value that has no logarithm.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, table 3.

    Examples
    --------
    >>> base = np.array([[1.0], [2.0], [3.0]])
    >>> z_score(base, np.array([0.0]), np.array([1.0]), np.array([False]), base)[:, 0].tolist()
    [90.0, 100.0, 110.0]
    """
    if sd <= 0 or ddof not in (0, 1):
        raise ValueError(f"sd is {sd:g} and ddof {ddof}; sd must be above zero, ddof 0 or 1")
    x, base = risen(x, worst, best, log, base)
    s = of_base(lambda values, axis: np.nanstd(values, axis=axis, ddof=ddof), base)
    return np.asarray(mean + sd * ((x - of_base(np.nanmean, base)) / s))


@method(
    "normalisation",
    learns=True,
    no_true_zero="the order depends on the 100 that was chosen for the reference",
    from_observations=("reference_values", "range_low", "range_high"),
    arithmetic=lambda x, worst, best, log, base, **settings: _from_reference(x, best > worst, log, base, **settings),
)
def ampi(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    reference: str | int = "mean",
    reference_years: Sequence[int] | None = None,
    range_years: Sequence[int] | None = None,
    reference_values: Array | None = None,
    range_low: Array | None = None,
    range_high: Array | None = None,
) -> Array:
    """The scale of the adjusted Mazziotta-Pareto index: 100 ± 60 (x - r) / (max - min), plus where more is better [1]_.

    The range is that of the base years, so 60 points are the way from its worst to its best value; r is the reference,
    which scores 100: the "mean" or the "median" of the base years, or the position of one of their rows. The scores
    of the base years lie from 70 to 130 when r is the middle of the range, and leave it by as much as r does.
    Its authors take the range over all units and years considered, and as the reference one unit in one year, such as
    the nation in the first: both can be named.

    Parameters
    ----------
    reference
        "mean" or "median" of the base years, the code of a unit, or the position of a row of ``base``.
    reference_years
        Years of the reference, instead of the base years; of several the mean.
    range_years
        Years of the range, instead of the base years.
    reference_values, range_low, range_high : (k,)
        What the observations give for the three settings above, where they are used.

    Returns
    -------
    (..., n, k) array; no bounds.

    Raises
    ------
    ValueError
        Without base years, for a column that is constant or empty there, for an unknown reference, and for a value
        that has no logarithm.

    References
    ----------
    .. [1] Mazziotta and Pareto (2016), Social Indicators Research 127, 983-1003, doi 10.1007/s11205-015-0998-2.

    Examples
    --------
    >>> base = np.array([[10.0], [20.0], [30.0]])
    >>> ampi(np.array([[30.0], [20.0]]), np.array([1.0]), np.array([0.0]), np.array([False]), base)[:, 0].tolist()
    [70.0, 100.0]

    The range of all years, 0 to 40, and the reference of the nation in the first, 15:

    >>> float(ampi(np.array([[25.0]]), np.array([0.0]), np.array([1.0]), np.array([False]), base, reference="KZ",
    ...     reference_values=np.array([15.0]), range_low=np.array([0.0]), range_high=np.array([40.0]))[0, 0])
    115.0
    """
    sign = direction(worst, best)
    x, base = risen(x, worst, best, log, base)
    middle = reference_values_of(base, reference, reference_years, reference_values, sign, log)
    if range_low is None or range_high is None:
        if range_years is not None:
            raise ValueError("range_years are years of observations, which are not given here; score them")
        spread = of_base(np.nanmax, base) - of_base(np.nanmin, base)
    else:
        least, most = (np.where(np.isnan(end), 1.0, end) for end in (range_low, range_high))
        spread = logged(most, log) - logged(least, log)
        refuse((spread <= 0) & measured(base), "has no range in the years that it is taken from")
        spread = np.where(spread > 0, spread, np.nan)
    return np.asarray(100.0 + 60.0 * ((x - middle) / spread))


def written(value: float, log: bool = False) -> str:
    """A number as a formula prints it, after ln where it is read on a logarithmic scale."""
    return f"{'ln ' if log else ''}{value:.15g}"


def _way(x: float, worst: float, best: float, log: bool, cap: bool, low: float, high: float) -> str:
    """The share of the way from the worst to the best end, as it is written."""
    value, begin, end = (written(number, log) for number in (x, worst, best))
    beyond = cap and not min(worst, best) <= x <= max(worst, best)
    start = f"{low:g} + " if low else ""
    text = f"{start}{high - low:g} × ({value} - {begin}) / ({end} - {begin})"
    return text + (f", held between {low:g} and {high:g}" if beyond else "")


def _range(worst: float, best: float, base: Array) -> tuple[float, float]:
    low, high = float(np.nanmin(base)), float(np.nanmax(base))
    return (low, high) if best > worst else (high, low)


def _from_mean(x: float, more: bool, log: bool, base: Array, mean: float, sd: float, ddof: int) -> str:
    base = np.log(base) if log else base
    middle, spread = float(np.nanmean(base)), float(np.nanstd(base, ddof=ddof))
    return f"{mean:g} {'+' if more else '-'} {sd:g} × ({written(x, log)} - {middle:.12g}) / {spread:.12g}"


def _from_reference(
    x: float,
    more: bool,
    log: bool,
    base: Array,
    reference: str | int = "mean",
    reference_values: float | None = None,
    range_low: float | None = None,
    range_high: float | None = None,
    **years: object,
) -> str:
    def read(number: float) -> float:
        return float(np.log(number)) if log else float(number)

    base = np.log(base) if log else base
    of_rows = reference_values is None
    middle = float(reference_of(base[:, None], reference)[0]) if of_rows else read(float(reference_values or 0.0))
    spread = float(np.nanmax(base) - np.nanmin(base))
    if range_low is not None and range_high is not None:
        spread = read(range_high) - read(range_low)
    return f"100 {'+' if more else '-'} 60 × ({written(x, log)} - {middle:.12g}) / {spread:.12g}"
