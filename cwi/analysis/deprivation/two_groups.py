"""Two groups of children compared: how alike they are, and what the gap between them is accounted for by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cwi.analysis.deprivation.covariates import design_columns
from cwi.analysis.deprivation.domains import sample_design
from cwi.errors import DataError

__all__ = ["balance_table", "decompose_gap"]

Array = NDArray[np.float64]


def balance_table(children: pd.DataFrame, group: ArrayLike, covariates: Sequence[str]) -> pd.DataFrame:
    """How alike two groups are before they are compared.

    Parameters
    ----------
    group : (n,)
        True for the first group.

    Returns
    -------
    DataFrame
        index term; first, second (weighted means), difference (standardised: over the root of the mean variance),
        variance_ratio, outside (share of the weight of the first group outside the range, from the 1st to the 99th
        percentile, of the second; of categories the share in categories that the second does not have).

    Raises
    ------
    DataError
        If a group is empty or a covariate unknown.
    """
    member = np.asarray(group, dtype=bool)
    if member.all() or not member.any():
        raise DataError("one of the two groups is empty")
    X, _ = design_columns(children, covariates, all_categories=True)
    weight, rows = children["weight"].to_numpy(float), []
    for name in X.columns.drop("constant"):
        values = X[name].to_numpy(float)
        known = ~np.isnan(values)
        sides = [(values[side & known], weight[side & known]) for side in (member, ~member)]
        means = [float(np.average(v, weights=w)) for v, w in sides]
        spread = [float(np.average((v - m) ** 2, weights=w)) for (v, w), m in zip(sides, means, strict=True)]
        both = np.sqrt(sum(spread) / 2)
        low, high = np.quantile(sides[1][0], [0.01, 0.99])
        first, w = sides[0]
        if set(np.unique(values[known])) <= {0.0, 1.0}:
            out = first > 0 if means[1] == 0 else np.zeros(first.size, dtype=bool)
        else:
            out = (first < low) | (first > high)
        rows.append((name, *means, (means[0] - means[1]) / both if both else 0.0,
                     spread[0] / spread[1] if spread[1] else np.nan, float(w[out].sum() / w.sum())))  # fmt: skip
    columns = ["term", "first", "second", "difference", "variance_ratio", "outside"]
    return pd.DataFrame(rows, columns=columns).set_index("term")


def decompose_gap(
    y: ArrayLike,
    children: pd.DataFrame,
    group: ArrayLike,
    covariates: Sequence[str],
    *,
    lonely: str = "error",
    level: float = 0.95,
) -> pd.DataFrame:
    """The gap between two groups split by Oaxaca and Blinder: what covariates account for, and the rest.

    A linear model with the coefficients of the pooled sample and an indicator of the group [1]_; errors by the
    jackknife over sampling units within strata.

    Parameters
    ----------
    y : (n,)
        The outcome, from 0 to 1, not a number for who is not counted.
    group : (n,)
        True for the first group; the gap is first less second.

    Returns
    -------
    DataFrame
        index part: gap, accounted, rest, then each variable's part of what is accounted for; estimate, se, low, high.

    Raises
    ------
    DataError
        If a group is empty or a covariate unknown.

    References
    ----------
    .. [1] Jann (2008), Stata Journal 8, 453-479; Fortin (2008), doi 10.1353/jhr.2008.0003.
    """
    member = np.asarray(group, dtype=bool)
    X, _ = design_columns(children, covariates)
    outcome = np.asarray(y, dtype=float)
    whole = ~np.isnan(outcome) & ~np.isnan(X.to_numpy(float)).any(axis=1)
    if not (member & whole).any() or not (~member & whole).any():
        raise DataError("one of the two groups is empty")
    design = sample_design(children, lonely=lonely)
    table = np.where(whole[:, None], np.nan_to_num(X.to_numpy(float)), 0.0)
    w = np.where(whole, design.w, 0.0)
    target = np.where(whole, np.nan_to_num(outcome), 0.0)
    full = np.column_stack([table, member.astype(float)])
    p = full.shape[1]
    cross = np.zeros((design.units, p, p + 1))
    left = (full * w[:, None])[:, :, None] * np.column_stack([full, target])[:, None, :]
    np.add.at(cross, design.unit, left)
    sums = np.zeros((design.units, 2, p + 1))
    for side, rows in enumerate((member, ~member)):
        values = np.column_stack([table, target, np.ones(len(target))]) * (w * rows)[:, None]
        np.add.at(sums[:, side], design.unit, values)
    every = _parts_of_gap(cross.sum(axis=0), sums.sum(axis=0))
    n_h = design.size[design.stratum]
    squares = np.zeros_like(every)
    strata_cross = np.zeros((design.size.size, p, p + 1))
    strata_sums = np.zeros((design.size.size, 2, p + 1))
    np.add.at(strata_cross, design.stratum, cross)
    np.add.at(strata_sums, design.stratum, sums)
    for unit in range(design.units):
        h, n = design.stratum[unit], n_h[unit]
        if n < 2:
            continue
        times = n / (n - 1)
        moved = cross.sum(axis=0) - strata_cross[h] + times * (strata_cross[h] - cross[unit])
        moved_sums = sums.sum(axis=0) - strata_sums[h] + times * (strata_sums[h] - sums[unit])
        squares += (n - 1) / n * (_parts_of_gap(moved, moved_sums) - every) ** 2
    se = np.sqrt(squares)
    t = stats.t.ppf((1 + level) / 2, design.df)
    names = ["gap", "accounted", "rest", *X.columns[1:]]
    return pd.DataFrame(
        {"estimate": every, "se": se, "low": every - t * se, "high": every + t * se},
        index=pd.Index(names, name="part"),
    )


def _parts_of_gap(cross: Array, sums: Array) -> Array:
    """Gap, accounted, rest, and each covariate, from sums of products and sums of the two groups."""
    beta = np.linalg.solve(cross[:, :-1], cross[:, -1])[:-1]
    means = sums[:, :-1] / sums[:, -1:]
    gap = means[0, -1] - means[1, -1]
    each = (means[0, :-1] - means[1, :-1]) * beta
    return np.concatenate([[gap, each.sum(), gap - each.sum()], each[1:]])
