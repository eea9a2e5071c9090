"""How much of deprivation children share with their region and with their sampling unit: models of two levels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from cwi.analysis.deprivation.covariates import design_columns
from cwi.errors import DataError, near

__all__ = ["shared_levels"]


def shared_levels(
    y: ArrayLike, children: pd.DataFrame, covariates: Sequence[str], *, levels: Sequence[str] = ("region", "psu")
) -> pd.DataFrame:
    """The share of the variance of an outcome that is between groups of children, alone and with covariates held [1]_.

    A linear model with a random intercept by group (statsmodels, REML), one level at a time: the share between sampling
    units has that between regions in it. Weights are not used, since no well-kept package has them for such models, and
    a yes or no is taken as a number: the shares describe the sample. Where households differ because of where they are,
    little is left of a share once covariates are held.

    Parameters
    ----------
    y : (n,)
        Outcome from 0 to 1; not a number for who is not counted.
    children
        With the covariates and a column of each level.
    covariates
        Columns of ``children``.
    levels
        Columns whose groups are compared.

    Returns
    -------
    DataFrame
        index level; groups, n (children), between (share of the variance between groups), p (that there is none: half
        of a chi-squared test with one degree of freedom), between_with, p_with (with the covariates).

    Raises
    ------
    DataError
        If a column is unknown, there are fewer than two groups, or nothing varies.

    References
    ----------
    .. [1] Snijders and Bosker (2012), Multilevel Analysis, chapters 3 and 6.
    """
    outcome = np.asarray(y, dtype=float)
    X, _ = design_columns(children, covariates)
    whole = ~np.isnan(outcome) & ~np.isnan(X.to_numpy(float)).any(axis=1)
    target = outcome[whole]
    if len(target) < 2 or np.ptp(target) == 0:
        raise DataError("the outcome does not vary; there is nothing to share out")
    rows = {}
    for level in levels:
        if level not in children:
            raise DataError(f"the table of children has no column '{level}'{near(level, map(str, children.columns))}")
        groups, names = pd.factorize(children.loc[whole, level])
        if len(names) < 2:
            raise DataError(f"there are {len(names)} groups of the level '{level}'; there must be at least two")
        alone = _between(target, np.ones((len(target), 1)), groups)
        given = _between(target, X[whole].to_numpy(float), groups)
        rows[level] = {"groups": len(names), "n": len(target), "between": alone[0], "p": alone[1],
                       "between_with": given[0], "p_with": given[1]}  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("level")


def _between(y: np.ndarray, X: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """The share of the variance between groups, and the p-value that it is zero."""
    from statsmodels.regression.linear_model import OLS  # heavy: imported where it is used
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a variance of zero is at the edge, and a result
        fitted = MixedLM(y, X, groups).fit(reml=True)
        likely = MixedLM(y, X, groups).fit(reml=False).llf
    between = float(np.asarray(fitted.cov_re)[0, 0])
    share = between / (between + float(fitted.scale))
    ratio = max(2 * (likely - OLS(y, X).fit().llf), 0.0)
    return share, 0.5 * float(stats.chi2.sf(ratio, 1)) if ratio > 0 else 1.0
