"""What goes together with deprivation: regressions with the errors of the design, or of few clusters.

An association is not a cause: none of these designs compares children who differ in one thing only. The balance table
of ``two_groups`` is to be read first: where groups differ in everything, a regression compares children who do not
exist.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cwi.analysis.deprivation.covariates import design_columns
from cwi.analysis.deprivation.domains import sample_design
from cwi.errors import DataError, near
from cwi.methods.few_clusters import ClusterVariance, cluster_variance

__all__ = ["MODELS", "VARIANCES", "Associations", "associations", "wild_bootstrap_p"]

Array = NDArray[np.float64]

MODELS = ("logit", "probit", "fractional", "ols")
VARIANCES = ("design", "CR2", "CR3")


@dataclass(frozen=True, eq=False)
class Associations:
    """A fitted regression.

    ``table``: a row a term: coef, se, df, low, high, p; ame (the average marginal effect of the textbooks: the mean
    difference in the predicted share), ame_se, ame_df, ame_low, ame_high; vif. ``df`` and ``ame_df`` are the degrees of
    freedom of t, the same for all terms under the design, one for each with few clusters; ``df`` of the whole is the
    lowest of the terms. ``n``: rows used; ``lost``: share of weight with a gap; ``reference``: the category each
    variable is compared with.
    """

    table: pd.DataFrame
    model: str
    variance: str
    df: float
    n: int
    lost: float
    reference: Mapping[str, str]
    clusters: int


def associations(
    y: ArrayLike,
    children: pd.DataFrame,
    covariates: Sequence[str],
    *,
    model: str = "logit",
    variance: str = "design",
    cluster: str = "region",
    lonely: str = "error",
    level: float = 0.95,
) -> Associations:
    """A regression of an outcome from 0 to 1 on covariates, by weighted (pseudo) likelihood of statsmodels.

    Parameters
    ----------
    y : (n,)
        Yes or no, or a share (models "fractional" and "ols"); not a number for who is not counted.
    children
        With the design and the covariates. Words become categories, compared with the most common one; a gap in a
        category is a category of its own, a gap in a number leaves the child out.
    covariates
        Columns of ``children``.
    model
        "logit", "probit", "fractional" (a logit of a share) or "ols".
    variance
        "design": linearised over strata and sampling units [1]_, t with units - strata - terms + 1 degrees of freedom.
        For few clusters, by the column ``cluster``: "CR2" [2]_, of a model other than "ols" for its last step of
        weighted least squares, and "CR3", the cluster jackknife [3]_, both with the degrees of freedom of Satterthwaite
        for each coefficient [4]_ (:mod:`cwi.methods.few_clusters`). CR2 covers as often as it should, CR3 more often.
    level
        Of the intervals.

    Raises
    ------
    DataError
        If a covariate or a choice is unknown, nothing varies, there are fewer than two clusters, or (for "CR3") a model
        is not determined without one of them.

    References
    ----------
    .. [1] Binder (1983), doi 10.2307/1402588. [2] Bell and McCaffrey (2002), Survey Methodology 28, 169-181.
       [3] MacKinnon, Nielsen and Webb (2023), doi 10.1016/j.jeconom.2022.04.001. [4] Pustejovsky and Tipton (2018), doi
       10.1080/07350015.2016.1247004.
    """
    for name, known, what in ((model, MODELS, "model"), (variance, VARIANCES, "variance")):
        if name not in known:
            raise DataError(f"there is no {what} '{name}'{near(name, known)}")
    outcome = np.asarray(y, dtype=float)
    X, reference = design_columns(children, covariates)
    whole = ~np.isnan(outcome) & ~np.isnan(X.to_numpy(float)).any(axis=1)
    weight = children["weight"].to_numpy(float)
    lost = float(weight[~whole].sum() / weight.sum())
    kept = children[whole]
    table, target, w = X[whole].to_numpy(float), outcome[whole], weight[whole] / weight[whole].mean()
    _refuse(table, target, list(X.columns), model)
    beta = _fit(table, target, w, model)
    groups = _groups(kept, cluster)
    ames, gradient = _marginal(table, w, beta, model)
    if variance == "design":
        V, of_design = _linearised(children, whole, table, target, w, beta, model, lonely)
        freedom = np.full((2, len(beta)), of_design)
    else:
        V, of_few = _clustered(table, target, w, beta, groups, model, variance)
        freedom = np.stack([of_few.df(np.eye(len(beta))), of_few.df(gradient)])
    se, ame_se = np.sqrt(np.diag(V)), np.sqrt(np.einsum("ij,jk,ik->i", gradient, V, gradient))
    t, ame_t = (stats.t.ppf((1 + level) / 2, df) for df in freedom)
    result = pd.DataFrame({
        "coef": beta, "se": se, "df": freedom[0], "low": beta - t * se, "high": beta + t * se,
        "p": 2 * stats.t.sf(np.abs(beta / se), freedom[0]), "ame": ames, "ame_se": ame_se, "ame_df": freedom[1],
        "ame_low": ames - ame_t * ame_se, "ame_high": ames + ame_t * ame_se, "vif": _vif(table),
    }, index=pd.Index(X.columns, name="term"))  # fmt: skip
    result.loc["constant", ["ame", "ame_se", "ame_df", "ame_low", "ame_high"]] = np.nan
    lowest = float(freedom[0].min())
    return Associations(result, model, variance, lowest, int(whole.sum()), lost, reference, int(groups.max()) + 1)


def wild_bootstrap_p(
    y: ArrayLike, children: pd.DataFrame, covariates: Sequence[str], term: str, *, rng: np.random.Generator,
    cluster: str = "region", draws: int = 999,
) -> float:  # fmt: skip
    """The p-value of one coefficient of a linear model by the restricted wild cluster bootstrap, Rademacher weights.

    Raises
    ------
    DataError
        If the term is not in the model.

    References
    ----------
    .. [1] Cameron, Gelbach and Miller (2008), doi 10.1162/rest.90.3.414.
    """
    X, _ = design_columns(children, covariates)
    names = list(X.columns)
    if term not in names:
        raise DataError(f"the model has no term '{term}'{near(term, names)}")
    outcome = np.asarray(y, dtype=float)
    whole = ~np.isnan(outcome) & ~np.isnan(X.to_numpy(float)).any(axis=1)
    table, target = X[whole].to_numpy(float), outcome[whole]
    w = children["weight"].to_numpy(float)[whole]
    groups = np.unique(children[cluster].astype(str)[whole], return_inverse=True)[1]
    place = names.index(term)
    others = np.delete(table, place, axis=1)
    restricted = others @ _wls(others, target, w)
    residual = target - restricted
    Q = np.linalg.inv(table.T @ (table * w[:, None]))
    signs = np.concatenate([np.ones((1, groups.max() + 1)), rng.choice([-1.0, 1.0], (draws, groups.max() + 1))])
    made = restricted[:, None] + residual[:, None] * signs.T[groups]
    betas = Q @ (table.T @ (made * w[:, None]))
    left = (made - table @ betas) * w[:, None]
    leverage = table @ Q[:, place]
    sums = np.stack([np.bincount(groups, leverage * left[:, b], groups.max() + 1) for b in range(signs.shape[0])])
    t = betas[place] / np.sqrt((sums**2).sum(axis=1))
    return float((np.abs(t[1:]) >= np.abs(t[0]) - 1e-12).mean())


# ---------------------------------------------------------------- how it is computed


def _refuse(table: Array, target: Array, names: list[str], model: str) -> None:
    """What cannot be fitted."""
    if model in ("logit", "probit") and not np.isin(target, (0.0, 1.0)).all():
        raise DataError(f"the outcome of the model '{model}' must be 0 or 1; 'fractional' takes shares")
    if target.size == 0 or target.min() == target.max():
        raise DataError("the outcome does not vary")
    for place, name in enumerate(names[1:], start=1):
        if table[:, place].min() == table[:, place].max():
            raise DataError(f"'{name}' does not vary among the children with an answer")
        members = target[table[:, place] == 1] if np.isin(table[:, place], (0.0, 1.0)).all() else target
        others = target[table[:, place] == 0] if members is not target else target
        if model != "ols" and any(side.min() == side.max() and side[0] in (0.0, 1.0) for side in (members, others)):
            raise DataError(
                f"every child with '{name}', or every child without it, has the same outcome, so that its coefficient "
                "is not finite; join categories, leave it out or take the model 'ols'"
            )
    if np.linalg.matrix_rank(table) < table.shape[1]:
        raise DataError("the covariates are linearly dependent; leave one out")


def _fit(table: Array, target: Array, w: Array, model: str) -> Array:
    """Coefficients; of statsmodels but for the linear model."""
    if model == "ols":
        return _wls(table, target, w)
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    link = sm.families.links.Probit() if model == "probit" else sm.families.links.Logit()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PerfectSeparationWarning)
            family = sm.families.Binomial(link=link)
            fitted = sm.GLM(target, table, family=family, freq_weights=w).fit(tol=1e-12, maxiter=100)
    except PerfectSeparationWarning:
        raise DataError(
            "the covariates predict every outcome, so that coefficients are not finite; leave one out or take the "
            "model 'ols'"
        ) from None
    return np.asarray(fitted.params, dtype=float)


def _wls(table: Array, target: Array, w: Array) -> Array:
    return np.asarray(np.linalg.solve(table.T @ (table * w[:, None]), table.T @ (target * w)))


def _mean(eta: Array, model: str) -> tuple[Array, Array]:
    """The predicted mean and its derivative."""
    if model == "ols":
        return eta, np.ones_like(eta)
    if model == "probit":
        return stats.norm.cdf(eta), stats.norm.pdf(eta)
    mu = 1 / (1 + np.exp(-eta))
    return mu, mu * (1 - mu)


def _scores(table: Array, target: Array, w: Array, beta: Array, model: str) -> tuple[Array, Array]:
    """The contribution of each child to the estimating equations, and the inverse of their expected derivative."""
    mu, slope = _mean(table @ beta, model)
    scale = np.ones_like(mu) if model == "ols" else np.maximum(mu * (1 - mu), 1e-12)
    score = table * (w * (target - mu) * slope / scale)[:, None]
    bread = np.linalg.inv(table.T @ (table * (w * slope**2 / scale)[:, None]))
    return score, np.asarray(bread, dtype=float)


def _linearised(
    children: pd.DataFrame, whole: NDArray[np.bool_], table: Array, target: Array, w: Array, beta: Array,
    model: str, lonely: str,
) -> tuple[Array, float]:  # fmt: skip
    """The variance under the design: all sampling units stay, those without a child in the model count 0."""
    score, bread = _scores(table, target, w, beta, model)
    design = sample_design(children, lonely=lonely)
    totals = np.zeros((design.units, table.shape[1]))
    np.add.at(totals, design.unit[whole], score)
    spread = design.spread(totals) @ bread
    return np.asarray(spread.T @ spread), float(max(design.df - table.shape[1] + 1, 1))


def _groups(children: pd.DataFrame, cluster: str) -> NDArray[np.int64]:
    """The cluster of each child, in whole numbers from 0."""
    if cluster not in children:
        raise DataError(
            f"the table of children has no column '{cluster}'{near(cluster, map(str, children.columns))}; clusters "
            "are read from it"
        )
    return np.asarray(np.unique(children[cluster].astype(str), return_inverse=True)[1], dtype=np.int64)


def _clustered(
    table: Array, target: Array, w: Array, beta: Array, groups: NDArray[np.int64], model: str, kind: str
) -> tuple[Array, ClusterVariance]:
    """The variance by clusters, and what their degrees of freedom are computed from."""
    if groups.max() < 1:
        raise DataError("there is one cluster; a variance by clusters needs at least two")
    mu, slope = _mean(table @ beta, model)
    spread = np.ones_like(mu) if model == "ols" else np.sqrt(np.maximum(mu * (1 - mu), 1e-12))
    working, residual = table * (slope / spread)[:, None], (target - mu) / spread
    try:
        of_few = cluster_variance(working, residual, w, groups, kind=kind)
    except ValueError as refused:
        raise DataError(f"{kind}: {refused}") from None
    refitted = kind == "CR3" and model != "ols"
    return _cr3(table, target, w, beta, groups, model) if refitted else of_few.variance, of_few


def _cr3(table: Array, target: Array, w: Array, beta: Array, groups: NDArray[np.int64], model: str) -> Array:
    """The cluster jackknife: the model is fitted again without each cluster."""
    many = int(groups.max()) + 1
    moved = np.stack([_fit(table[groups != g], target[groups != g], w[groups != g], model) for g in range(many)])
    deviation = moved - beta
    return np.asarray((many - 1) / many * deviation.T @ deviation)


def _marginal(table: Array, w: Array, beta: Array, model: str) -> tuple[Array, Array]:
    """Average marginal effects, and their derivatives by the coefficients: of 0 and 1 as a difference, else a slope."""
    total, p = w.sum(), beta.size
    ames, gradient = np.full(p, np.nan), np.zeros((p, p))
    eta = table @ beta
    for j in range(1, p):
        if set(np.unique(table[:, j])) <= {0.0, 1.0}:
            ends = []
            for value in (1.0, 0.0):
                x = table.copy()
                x[:, j] = value
                mu, slope = _mean(x @ beta, model)
                ends.append((w @ mu / total, (w * slope) @ x / total))
            ames[j], gradient[j] = ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]
        else:
            _, slope = _mean(eta, model)
            step = 1e-5
            second = (_mean(eta + step, model)[1] - _mean(eta - step, model)[1]) / (2 * step)
            ames[j] = beta[j] * (w @ slope) / total
            gradient[j] = beta[j] * (w * second) @ table / total
            gradient[j, j] += w @ slope / total
    return ames, gradient


def _vif(table: Array) -> Array:
    """Variance inflation factors; not a number for the constant."""
    if table.shape[1] < 2:
        return np.full(table.shape[1], np.nan)
    inverse = np.linalg.inv(np.atleast_2d(np.corrcoef(table[:, 1:].T)))
    return np.concatenate([[np.nan], np.diag(inverse)])
