"""Words that look at the other indicators of a component: what usually goes together.

Years are pooled: a row is a unit in a year. ``components`` (k,) are whole numbers, one for each indicator; without
them all are one component. Columns are brought to mean 0 and standard deviation 1 first, so no unit matters.
A row of which a component has no value at all is left open.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError, near
from cwi.methods.imputation.filled import Filled, Flags, filled
from cwi.traits import method

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


@method("imputation", from_observations=("components",))
def regression(
    values: Array, never: Flags | None = None, *, components: Labels | None = None, spare: int = 5
) -> Filled:
    """What ordinary least squares expects from those of the component's other indicators that the row has [1]_.

    For each set of indicators that rows with the gap have, y = a + b'x is fitted to the rows that have y and all of
    the set. The filled values lie on the fitted plane: their spread is too small.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional
    components : (k,), optional
        The component of each indicator.
    spare
        How many complete rows there must be beyond the number of coefficients, at least 1.

    Raises
    ------
    ValueError
        If too few complete rows are left for a regression that is needed, with the column.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 3, "regression imputation".

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> values = np.column_stack([x, 2 * x + 1])
    >>> values[4, 1] = np.nan
    >>> round(float(regression(values).values[4, 1]), 9)
    9.0
    """
    if spare < 1:
        raise ValueError(f"spare is {spare}; it must be at least 1")
    rows, wanted = _rows(values, never)
    offer = np.full(rows.shape, np.nan)
    for columns in _components(components, rows.shape[1]):
        observed, centre, scale = _standard(rows[:, columns])
        has = ~np.isnan(observed)
        for j, column in enumerate(columns):
            gaps = np.flatnonzero(wanted[:, column] & has.any(axis=1))
            patterns, which = np.unique(has[gaps], axis=0, return_inverse=True)
            for i, pattern in enumerate(patterns):
                complete = has[:, pattern].all(axis=1) & has[:, j]
                if complete.sum() < (least := pattern.sum() + 1 + spare):
                    raise ColumnError(
                        int(column),
                        f"has {complete.sum()} complete rows with {pattern.sum()} other indicators; "
                        f"a regression on them needs {least}",
                    )
                here = gaps[which == i]
                fitted = np.linalg.lstsq(_plane(observed[complete][:, pattern]), observed[complete, j], rcond=None)[0]
                offer[here, column] = centre[j] + scale[j] * (_plane(observed[here][:, pattern]) @ fitted)
    return filled(values, offer.reshape(np.shape(values)), never, "regression")


@method("imputation", from_observations=("components", "directions"))
def row_mean(
    values: Array,
    never: Flags | None = None,
    *,
    components: Labels | None = None,
    directions: Array | None = None,
    statistic: str = "mean",
) -> Filled:
    """What the unit has on average in the component's other indicators, as shares of their ranges [1]_.

    Each indicator is brought to 0 (worst) to 1 (best) by the lowest and highest value of all units and years. A gap
    gets the value at the mean of what the row has in the component.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional
    components : (k,), optional
        The component of each indicator.
    directions : (k,), optional
        1 where more is better, -1 where less is.
    statistic
        "mean" or "median" of the shares.

    Raises
    ------
    ValueError
        If the statistic is unknown.

    References
    ----------
    .. [1] Impute with impute_by = "row" and normalise_first of the R package COINr.

    Examples
    --------
    The second unit is best in the first indicator and half way in the second; less is better in the third:

    >>> values = np.array([[0.0, 0.0, 80.0], [10.0, 5.0, np.nan], [5.0, 10.0, 40.0]])
    >>> row_mean(values, directions=np.array([1, 1, -1])).values[1].tolist()
    [10.0, 5.0, 50.0]
    """
    if statistic not in ("mean", "median"):
        raise ValueError(f"statistic is '{statistic}'{near(statistic, ('mean', 'median'))}")
    rows, _ = _rows(values, never)
    sign = np.ones(rows.shape[1]) if directions is None else np.asarray(directions, dtype=float)
    has = ~np.isnan(rows)
    low, high = np.where(has, rows, np.inf).min(axis=0), np.where(has, rows, -np.inf).max(axis=0)
    reach = high - low
    varies = np.isfinite(reach) & (reach > 0)
    with np.errstate(invalid="ignore"):
        share = np.where(varies, (rows - low) / np.where(varies, reach, 1.0), np.nan)
    share = np.where(sign > 0, share, 1.0 - share)
    offer = np.full(rows.shape, np.nan)
    for columns in _components(components, rows.shape[1]):
        mine = share[:, columns]
        known = ~np.isnan(mine).all(axis=1)
        middle = np.full(len(rows), np.nan)
        middle[known] = (np.nanmean if statistic == "mean" else np.nanmedian)(mine[known], axis=1)
        turned = np.where(sign[columns] > 0, middle[:, None], 1.0 - middle[:, None])
        offer[:, columns] = np.where(varies[columns], low[columns] + turned * reach[columns], low[columns])
        offer[np.ix_(~known, columns)] = np.nan
    offer = np.where(np.isfinite(offer), offer, np.nan)
    return filled(values, offer.reshape(np.shape(values)), never, "row_mean")


@method("imputation", from_observations=("components",))
def em(
    values: Array,
    never: Flags | None = None,
    *,
    components: Labels | None = None,
    tolerance: float = 1e-6,
    max_steps: int = 1000,
    ridge: float = 1e-3,
) -> Filled:
    """The expectation given what the row has, under the normal distribution that is likeliest for all rows [1]_.

    Mean and covariance are found by expectation and maximisation in turn; rows with gaps count with what they have,
    which is right where gaps depend only on what was measured.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional
    components : (k,), optional
        The component of each indicator.
    tolerance
        Steps end when no mean and no covariance of the standardised columns moves by more.
    max_steps
        How many steps are tried.
    ridge
        Regularisation: added to every variance of the standardised columns, in each step. It keeps the covariance
        invertible where there are few rows or two columns say the same, and draws expectations towards the mean a
        little; 0 is the plain maximum.

    Raises
    ------
    ValueError
        If steps do not settle, or a column to be filled has fewer than two values, with the reason.

    References
    ----------
    .. [1] Dempster, Laird and Rubin (1977), Journal of the Royal Statistical Society B 39, 1-38; OECD/JRC (2008),
       Handbook on Constructing Composite Indicators, step 3.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> values = np.column_stack([x, 2 * x + 1])
    >>> values[4, 1] = np.nan
    >>> round(float(em(values, ridge=1e-9).values[4, 1]), 4)
    9.0
    """
    rows, wanted = _rows(values, never)
    offer = np.full(rows.shape, np.nan)
    for columns in _needed(components, wanted):
        observed, centre, scale = _standard(rows[:, columns])
        _enough(observed, wanted[:, columns], columns)
        location, spread = _settled(observed, tolerance, max_steps, ridge)
        offer[:, columns] = centre + scale * _expected(observed, location, spread)[0]
    offer[_nothing_known(rows, components)] = np.nan
    return filled(values, offer.reshape(np.shape(values)), never, "em")


def multiple_imputation(
    values: Array,
    never: Flags | None = None,
    *,
    m: int = 20,
    rng: np.random.Generator,
    components: Labels | None = None,
    tolerance: float = 1e-4,
    max_steps: int = 1000,
    ridge: float = 1e-3,
) -> Filled:
    """Several completed tables, each as likely as the other, so that a result shows what not knowing costs [1]_.

    For each of m tables the units are drawn anew with replacement (a unit with all its years), mean and covariance
    are found from them by :func:`em`, and each gap is drawn from the normal distribution given what its row has.
    Join the m results with :func:`rubin`.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    never : the same shape, optional
    m
        Number of tables, at least 2; 20 or more for intervals.
    rng
        The generator that is drawn from.
    components, tolerance, max_steps, ridge
        As in :func:`em`.

    Returns
    -------
    Filled
        values and how are (m, t, n, k) or (m, n, k).

    Raises
    ------
    ValueError
        As :func:`em`, and if m is below 2.

    References
    ----------
    .. [1] Rubin (1987), Multiple Imputation for Nonresponse in Surveys; drawing units anew: Honaker and King (2010),
       American Journal of Political Science 54, 561-581.

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(size=(30, 3))
    >>> values[0, 0] = np.nan
    >>> drawn = multiple_imputation(values, m=5, rng=np.random.default_rng(2))
    >>> drawn.values.shape, drawn.how[0, 0, 0].item()
    ((5, 30, 3), 'multiple imputation')
    """
    if m < 2:
        raise ValueError(f"m is {m}; multiple imputation needs at least 2")
    rows, wanted = _rows(values, never)
    n = np.shape(values)[-2]
    unit = np.arange(len(rows)) % n
    offer = np.full((m, *rows.shape), np.nan)
    for columns in _needed(components, wanted):
        observed, centre, scale = _standard(rows[:, columns])
        _enough(observed, wanted[:, columns], columns)
        for draw in range(m):
            location, spread = _settled(_redrawn(observed, unit, n, rng), tolerance, max_steps, ridge)
            expected, patterns = _expected(observed, location, spread)
            for here, gap, left in patterns:
                root = np.linalg.cholesky(left + 1e-12 * np.eye(len(left)))
                expected[np.ix_(here, gap)] += rng.standard_normal((len(here), len(left))) @ root.T
            offer[draw][:, columns] = centre + scale * expected
    offer[:, _nothing_known(rows, components)] = np.nan
    return filled(values, offer.reshape(m, *np.shape(values)), never, "multiple imputation")


def rubin(estimates: Array, variances: Array) -> tuple[Array, Array, Array]:
    """Join m results into one: their mean, its variance, and the degrees of freedom of its t distribution [1]_.

    Q = mean of the estimates, T = U + (1 + 1/m) B with U the mean of the variances and B the variance between the
    estimates (divided by m - 1), df = (m - 1) (1 + U / ((1 + 1/m) B))²; infinite where B is zero.

    Parameters
    ----------
    estimates : (m, ...)
        The result of each table.
    variances : (m, ...)
        The square of the standard error of each.

    Returns
    -------
    Q, T, df : (...) arrays; Q in the unit of the estimates, T in its square.

    Raises
    ------
    ValueError
        If m is below 2, the shapes differ, or a variance is below zero.

    References
    ----------
    .. [1] Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3.

    Examples
    --------
    >>> q, t, df = rubin(np.array([9.0, 10.0, 11.0]), np.array([2.0, 2.0, 2.0]))
    >>> float(q), round(float(t), 4), round(float(df), 4)
    (10.0, 3.3333, 12.5)
    """
    estimates, variances = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if estimates.shape != variances.shape or len(estimates) < 2 or (variances < 0).any():
        raise ValueError(
            f"estimates have the shape {estimates.shape}, variances {variances.shape}; "
            "they must be the same, with at least two results and no variance below zero"
        )
    m = len(estimates)
    within, between = variances.mean(axis=0), (1 + 1 / m) * estimates.var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(between > 0, (m - 1) * (1 + within / between) ** 2, np.inf)
    return np.asarray(estimates.mean(axis=0)), np.asarray(within + between), np.asarray(df)


def _rows(values: Array, never: Flags | None) -> tuple[Array, Flags]:
    """A row for each unit and year, and which cells are to be filled."""
    values = np.asarray(values, dtype=float)
    wanted = np.asarray(np.isnan(values))
    if never is not None:
        wanted &= ~np.asarray(never, dtype=bool)
    return values.reshape(-1, values.shape[-1]), wanted.reshape(-1, values.shape[-1])


def _components(components: Labels | None, k: int) -> list[NDArray[np.intp]]:
    labels = np.zeros(k, dtype=int) if components is None else np.asarray(components)
    if labels.shape != (k,):
        raise ValueError(f"there are {labels.size} labels of components for {k} indicators; there must be one each")
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _needed(components: Labels | None, wanted: Flags) -> Iterator[NDArray[np.intp]]:
    """The components that have something to fill."""
    return (columns for columns in _components(components, wanted.shape[1]) if wanted[:, columns].any())


def _nothing_known(rows: Array, components: Labels | None) -> Flags:
    """Cells of rows of which the component has no value."""
    empty = np.zeros(rows.shape, dtype=bool)
    for columns in _components(components, rows.shape[1]):
        empty[:, columns] = np.isnan(rows[:, columns]).all(axis=1, keepdims=True)
    return empty


def _standard(rows: Array) -> tuple[Array, Array, Array]:
    """Columns with mean 0 and standard deviation 1, and what they were; a constant column is 0 everywhere."""
    has = ~np.isnan(rows)
    n = np.maximum(has.sum(axis=0), 1)
    centre = np.where(has, rows, 0.0).sum(axis=0) / n
    away = np.where(has, rows - centre, 0.0)
    away[:, np.abs(away).max(axis=0, initial=0.0) <= 4 * np.spacing(np.abs(centre))] = 0.0
    scale = np.sqrt((away**2).sum(axis=0) / n)
    return np.where(has, away / np.where(scale > 0, scale, 1.0), np.nan), centre, scale


def _plane(x: Array) -> Array:
    return np.column_stack([np.ones(len(x)), x])


def _enough(observed: Array, wanted: Flags, columns: NDArray[np.intp]) -> None:
    few = np.asarray(wanted.any(axis=0) & ((~np.isnan(observed)).sum(axis=0) < 2))
    if few.any():
        raise ColumnError(int(columns[np.argmax(few)]), "has fewer than two values; there is nothing to learn from")


def _expected(
    observed: Array, location: Array, spread: Array
) -> tuple[Array, list[tuple[NDArray[np.intp], Flags, Array]]]:
    """Rows with gaps at their expectation; for each pattern of gaps its rows, its columns and the variance left."""
    result, left = observed.copy(), []
    patterns, which = np.unique(np.isnan(observed), axis=0, return_inverse=True)
    for i, gap in enumerate(patterns):
        if gap.any():
            here, has = np.flatnonzero(which == i), ~gap
            slope = np.linalg.solve(spread[np.ix_(has, has)], spread[np.ix_(has, gap)])
            result[np.ix_(here, gap)] = location[gap] + (observed[here][:, has] - location[has]) @ slope
            rest = spread[np.ix_(gap, gap)] - spread[np.ix_(gap, has)] @ slope
            left.append((here, gap, (rest + rest.T) / 2))
    return result, left


def _settled(observed: Array, tolerance: float, max_steps: int, ridge: float) -> tuple[Array, Array]:
    """Mean and covariance of the likeliest normal distribution, by expectation and maximisation in turn."""
    observed = observed[~np.isnan(observed).all(axis=1)]
    k = observed.shape[1]
    location, spread = np.zeros(k), (1.0 + ridge) * np.eye(k)
    for _ in range(max_steps):
        expected, patterns = _expected(observed, location, spread)
        new_location = expected.mean(axis=0)
        away = expected - new_location
        new_spread = away.T @ away
        for here, gap, left in patterns:
            new_spread[np.ix_(gap, gap)] += len(here) * left
        new_spread = new_spread / len(observed) + ridge * np.eye(k)
        moved = max(np.abs(new_location - location).max(), np.abs(new_spread - spread).max())
        location, spread = new_location, new_spread
        if moved <= tolerance:
            return location, spread
    raise ValueError(f"em did not settle within {tolerance:g} in {max_steps} steps; raise ridge or max_steps")


def _redrawn(observed: Array, unit: NDArray[np.intp], n: int, rng: np.random.Generator) -> Array:
    """Rows of n units drawn with replacement, in which every column that has two values still has two."""
    least = np.minimum((~np.isnan(observed)).sum(axis=0), 2)
    for _ in range(100):
        times = np.bincount(rng.integers(n, size=n), minlength=n)
        drawn = np.repeat(observed, times[unit], axis=0)
        if ((~np.isnan(drawn)).sum(axis=0) >= least).all():
            return drawn
    raise ValueError("a column has so few values that redrawing units loses them; leave it out")
