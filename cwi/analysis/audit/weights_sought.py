"""Weights of one level sought against the index: what its parts would have to count for what they are meant to show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.audit.limits import FEWEST
from cwi.errors import DataError, near
from cwi.index import Scores, derive

__all__ = ["level_weights"]

Array = NDArray[np.float64]
OBJECTIVES = ("balanced", "sum")
STEP = 1e-6  # of the logarithm of a weight


def level_weights(
    scores: Scores,
    level: str,
    *,
    year: int | None = None,
    objective: str = "balanced",
    target: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Weights of the parts of a level by their correlations with the index, all other rules as they are [1]_.

    A weighting of the methodology looks at a part and its parent; this looks at a part and the top, through every level
    in between, as the rules aggregate them. A local search from the weights in force: not a rule, a question to them.
    Parts that do not vary, or are measured in fewer than three units, keep their weight and have no row.

    Parameters
    ----------
    level
        "indicator", or another level below the index.
    year
        The last year by default.
    objective
        "balanced": correlations with the index in proportion to ``target``; "sum": their sum as large as can be.
    target
        What each part is meant to have, by code, for "balanced"; all alike by default.

    Returns
    -------
    DataFrame
        index part; parent, before (weight in it), weight (sought), r_before, r (correlations with the index).

    Raises
    ------
    DataError
        If the level, the year, the objective or a code of the target is unknown, or fewer than two parts vary.

    References
    ----------
    .. [1] Becker, Saisana, Paruolo and Vandecasteele (2017), doi 10.1016/j.ecolind.2017.03.056; get_opt_weights of
       the R package COINr.
    """
    from scipy.optimize import minimize  # heavy: imported where it is used

    if objective not in OBJECTIVES:
        raise DataError(f"objective is '{objective}'{near(objective, OBJECTIVES)}")
    methodology, year = scores.methodology, scores.years[-1] if year is None else year
    tree = methodology.tree
    below_top = tree.levels[:-1]
    if level not in below_top:
        raise DataError(f"no level below the index is called '{level}'{near(level, below_top)}")
    depth = tree.levels.index(level)
    y = scores.without_nation(scores.wide(year, level))
    values = scores.values(year).loc[y.index].to_numpy(float)
    own, parents, codes = scores.weights[depth], tree.parents[depth], list(tree.codes[depth])
    index = scores.of(tree.top)[year].loc[y.index].to_numpy(float)
    varies = [np.isfinite(_r(y.to_numpy(float)[:, place], index)) for place in range(len(codes))]
    free = np.flatnonzero((parents >= 0) & (own > 0) & varies)
    if len(free) < 2:
        raise DataError(f"{len(free)} parts of the level {level} vary in {year}; weights can be sought for two")
    wanted = _target(target, [codes[place] for place in free])

    def correlations(logs: Array) -> Array:
        """(d, parts) correlations with the index for d sets of logarithms of weights."""
        weights = np.tile(own, (len(logs), 1, 1))
        weights[:, 0, free] = np.exp(logs)
        levels = [each if place != depth else weights for place, each in enumerate(scores.weights)]
        index = derive(values, methodology, base=scores.base, weights=levels).index
        return np.stack([[_r(y.to_numpy(float)[:, place], each) for place in free] for each in np.atleast_2d(index)])

    def losses(logs: Array) -> Array:
        r = correlations(logs)
        if objective == "sum":
            return np.asarray(-r.sum(axis=1))
        share = r / np.maximum(np.abs(r).sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(((share - wanted) ** 2).sum(axis=1) * len(free))

    def both(logs: Array) -> tuple[float, Array]:
        around = losses(np.vstack([logs, logs + STEP * np.eye(len(logs))]))
        return float(around[0]), np.asarray((around[1:] - around[0]) / STEP)

    begin = np.log(own[free])
    found = minimize(both, begin, jac=True, method="L-BFGS-B", bounds=[(low - 7, low + 7) for low in begin]).x
    weights = own.copy()
    weights[free] = np.exp(found)
    for parent in np.unique(parents[free]):
        mine = free[parents[free] == parent]
        weights[mine] *= own[mine].sum() / weights[mine].sum()
    before, after = correlations(begin[None])[0], correlations(np.log(weights[free])[None])[0]
    above = [tree.codes[depth + 1][parents[place]] for place in free]
    return pd.DataFrame(
        {"parent": above, "before": own[free], "weight": weights[free], "r_before": before, "r": after},
        index=pd.Index([codes[place] for place in free], name="part"),
    )


def _target(target: Mapping[str, float] | None, codes: list[str]) -> Array:
    if target is None:
        return np.full(len(codes), 1 / len(codes))
    for code in target:
        if code not in codes:
            raise DataError(f"the target names '{code}'{near(code, codes)}")
    if set(target) != set(codes) or not min(target.values()) >= 0 or not sum(target.values()) > 0:
        raise DataError(f"the target must give each of {', '.join(codes)} a number not below zero, and one above it")
    shares = np.array([target[code] for code in codes], dtype=float)
    return np.asarray(shares / shares.sum())


def _r(a: Array, b: Array) -> float:
    """Pearson's correlation over the units that have both; NaN where one does not vary."""
    has = ~(np.isnan(a) | np.isnan(b))
    a, b = a[has] - a[has].mean() if has.any() else a[has], b[has] - b[has].mean() if has.any() else b[has]
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if len(a) >= FEWEST and size > 1e-12 else float("nan")
