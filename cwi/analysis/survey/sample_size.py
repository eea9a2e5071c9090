"""How many children the next survey must ask: for a wanted margin in every region, and for a wanted index.

The margin of one indicator in one region has a formula; how sure the ranks of the index are has none, and is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cwi.analysis.survey.share import SAMPLING, interval_widths, with_survey
from cwi.analysis.uncertainty import prepare, simulate
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey import Estimates
from cwi.methods.survey import design_effect, margin_of_error, sample_size

__all__ = ["as_held", "likeness", "sample_plan", "widths"]


def sample_plan(
    children: pd.Series,
    *,
    margin: float,
    share: float = 50.0,
    take: float = 20.0,
    icc: float | pd.Series = 0.05,
    cv_weights: float = 0.0,
    response: float | pd.Series = 1.0,
    level: float = 0.95,
    cost_cluster: float | None = None,
    cost_child: float | None = None,
) -> pd.DataFrame:
    """How many children and clusters give every region the same margin.

    Parameters
    ----------
    children
        Index region: children of the ages asked; infinite where it does not matter.
    margin
        Half the length of an interval, in percentage points.
    share
        The share expected, in per cent; 50 asks for the most.
    take
        Children who answer in a cluster, at least 1.
    icc
        How alike children of a cluster are, from 0 to 1, see :func:`likeness`; by region, or one for all.
    cv_weights
        Standard deviation of the weights over their mean.
    response
        The share of those asked who answer, above 0 and at most 1.
    level
        Of the interval.
    cost_cluster, cost_child
        What a cluster and a child asked cost, in any money; no costs without both.

    Returns
    -------
    DataFrame
        index region: children (in the population), deff, asked, answers, clusters, margin (points, that these give),
        cost (where costs are given). Clusters are whole, and those asked fill them, so that the margin is a little
        smaller than wanted.

    Raises
    ------
    DataError
        If a number is out of its range, or more would have to be asked than there are.

    References
    ----------
    .. [1] Cochran (1977), Sampling Techniques, 4.4; Kish (1965), Survey Sampling, 8.2.

    Examples
    --------
    >>> plan = sample_plan(pd.Series({"KZ-10": 90_000, "KZ-11": 120_000}), margin=5, response=0.85)
    >>> plan[["deff", "asked", "answers", "clusters"]].astype(float).round(2).to_numpy().tolist()
    [[1.95, 895.0, 760.0, 38.0], [1.95, 895.0, 760.0, 38.0]]
    """
    if (cost_cluster is None) != (cost_child is None):
        raise DataError("a cost needs both what a cluster and what a child costs")
    size = children.to_numpy(float)
    rate = _of_regions(response, children, "the response")
    for low in rate[~((rate > 0) & (rate <= 1))]:
        raise DataError(f"the response is {low:g}; it must be above 0 and at most 1")
    alike = _of_regions(icc, children, "icc")
    try:
        deff = np.broadcast_to(design_effect(take, alike, cv_weights=cv_weights), size.shape)
        needed = sample_size(margin / 100, p=share / 100, deff=deff, population=size, level=level)
        clusters = np.ceil(needed / take - 1e-9)
        answers = clusters * take
        asked = np.ceil(answers / rate - 1e-9)
        for region in np.flatnonzero(asked > size).tolist():
            raise ValueError(
                f"{asked[region]:.0f} of {size[region]:.0f} would have to be asked in {children.index[region]}"
            )
        reached = margin_of_error(answers, p=share / 100, deff=deff, population=size, level=level)
    except ValueError as problem:
        raise DataError(f"the sample cannot be planned: {problem}") from None
    table = pd.DataFrame(
        {
            "children": size,
            "deff": deff,
            "asked": asked,
            "answers": answers,
            "clusters": clusters,
            "margin": 100 * reached,
        },
        index=children.index.rename("region"),
    )
    if cost_cluster is not None and cost_child is not None:
        table["cost"] = cost_cluster * clusters + cost_child * asked
    return table


def likeness(quality: pd.DataFrame) -> pd.Series:
    """How alike respondents of a cluster are, from the design effects of a survey that was held [1]_.

    (deff / kish - 1) / (m - 1), m respondents of a cluster: what is left of the design effect without unequal weights.
    It holds what strata take away too, and is uncertain in one region; so its median over the regions is given.

    Parameters
    ----------
    quality
        Of :class:`cwi.inputs.survey.estimates.Estimates`.

    Returns
    -------
    Series
        index indicator, not below zero.

    References
    ----------
    .. [1] Kish (1987), Weighting in deft², The Survey Statistician, June.
    """
    rows = quality[(quality["area"] == "") & (quality["sex"] == "") & (quality["psus"] < quality["n"])]
    alike = (rows["deff"] / rows["kish"] - 1) / (rows["n"] / rows["psus"] - 1)
    found = alike.groupby(rows["indicator"], sort=False).median()
    return found.clip(lower=0.0).rename("icc")


def as_held(quality: pd.DataFrame, *, at: float = 0.75) -> dict[str, float]:
    """How alike clusters are and how much weights vary in a survey that was held: arguments of :func:`sample_plan`.

    Parameters
    ----------
    quality
        Of :class:`cwi.inputs.survey.estimates.Estimates`.
    at
        The share of indicators that are not more alike; the margin is kept by so many.

    Returns
    -------
    dict
        icc, cv_weights.
    """
    rows = quality[(quality["area"] == "") & (quality["sex"] == "")]
    uneven = max(float(rows["kish"].median()) - 1, 0.0)
    return {"icc": float(likeness(quality).quantile(at)), "cv_weights": uneven**0.5}


def widths(
    edition: Edition,
    estimates: Estimates,
    totals: Sequence[int],
    *,
    draws: int,
    rng: np.random.Generator,
    shares: pd.Series | None = None,
) -> pd.DataFrame:
    """How wide the index's intervals become with other numbers of children asked, if all else stays as it was.

    Errors are those of the survey times the root of n₀ / n in each region, covariances times n₀ / n; only sampling
    error is drawn, by the same numbers for each total.

    Parameters
    ----------
    edition, estimates
        As for :func:`cwi.analysis.survey.share.survey_share`.
    totals
        Numbers of children who answer, all regions together, above zero.
    draws, rng
        Of each simulation.
    shares
        Index region: how the total is shared out, in any unit; as in the survey by default.

    Returns
    -------
    DataFrame
        index sample; score_median, score_most, rank_median, rank_most, told_apart, see
        :func:`cwi.analysis.survey.share.interval_widths`; factor, what errors of the median region are multiplied with.

    Raises
    ------
    DataError
        If a total is not above zero, or a region has no share.
    """
    surveyed, nation, covariance = with_survey(edition, estimates), estimates.nation, estimates.covariance
    of_survey = surveyed.base["indicator"].isin(estimates.observations["indicator"])
    answered = _answered(estimates)
    wanted = answered if shares is None else shares.reindex(answered.index)
    for region in wanted.index[~(wanted > 0)]:
        raise DataError(f"the region {region} has no share of the sample above zero")
    seed = int(rng.integers(2**63))
    rows = {}
    for total in totals:
        if not total > 0:
            raise DataError(f"a sample of {total} was asked for; it must be above zero")
        fewer = answered / (total * wanted / wanted.sum())  # n₀ / n
        fewer[nation] = answered.sum() / total
        scale = np.sqrt(surveyed.base["region"].map(fewer)).where(of_survey, 1.0)
        together = covariance["covariance"] * covariance["region"].map(fewer)
        other = replace(
            surveyed, base=surveyed.base.assign(se=surveyed.base["se"] * scale),
            covariance=covariance.assign(covariance=together),
        )  # fmt: skip
        drawn = simulate(
            prepare(other, {"factor": {"sampling": SAMPLING}}), draws=draws, rng=np.random.default_rng(seed)
        )
        rows[total] = {**interval_widths(drawn, edition.year), "factor": float(fewer.drop(nation).median() ** 0.5)}
    return pd.DataFrame(rows).T.rename_axis("sample")


def _answered(estimates: Estimates) -> pd.Series:
    """Children who answered by region, or parents where no child was asked."""
    rows = estimates.response[(estimates.response["area"] == "") & (estimates.response["region"] != estimates.nation)]
    asked = "child" if "child" in set(rows["respondent"]) else "parent"
    return rows[rows["respondent"] == asked].set_index("region")["answered"].astype(float)


def _of_regions(value: float | pd.Series, children: pd.Series, what: str) -> np.ndarray:
    if not isinstance(value, pd.Series):
        return np.full(len(children), float(value))
    for region in children.index:
        if region not in value.index:
            raise DataError(f"{what} of {region} is not given; there are {', '.join(map(str, value.index))}")
    return value.reindex(children.index).to_numpy(float)
