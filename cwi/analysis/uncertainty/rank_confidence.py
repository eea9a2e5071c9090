"""Confidence sets of the ranks of an edition: what the errors of its values leave open, its rules being as they are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty.draws import points, ranked, with_gaps
from cwi.analysis.uncertainty.plan import Plan, checked_plan
from cwi.errors import MethodologyError
from cwi.methods.rank_confidence import rank_confidence_sets
from cwi.rules import check_generator

__all__ = ["rank_confidence"]


def rank_confidence(
    plan: Plan, year: int | None = None, *, draws: int = 2000, rng: np.random.Generator, level: float = 0.95
) -> pd.DataFrame:
    """Simultaneous confidence sets of the ranks of a year's regions.

    Only factors of values are drawn: errors of measurement. Rules and weights are official, since a choice is no error.

    Parameters
    ----------
    plan
        Of :func:`prepare`, with a factor of values at least.
    year
        The year whose regions are ranked, the last by default.
    draws
        Draws of the errors.
    rng
        Where their seed comes from.
    level
        Probability that the sets hold for all regions together.

    Returns
    -------
    DataFrame
        index region, by rank; rank (unrounded), low, high.

    Raises
    ------
    MethodologyError
        If no factor perturbs values, or a rule cannot be applied in any draw.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare
    >>> sets = rank_confidence(prepare(read_edition(2023)), draws=200, rng=np.random.default_rng(1))
    >>> bool(((sets["low"] <= sets["rank"]) & (sets["rank"] <= sets["high"])).all())
    True

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91, 476-518; see
    :func:`cwi.methods.rank_confidence.rank_confidence_sets`.
    """
    checked_plan(plan, "rank_confidence")
    fixed = [factor.name for factor in plan.factors if factor.kind != "values"]
    if len(fixed) == len(plan.factors):
        raise MethodologyError(
            f"{plan.factors.where}: no factor perturbs values; without an error there is no confidence set of a rank"
        )
    u = points(int(check_generator(rng).integers(2**63)), 0, draws, plan.size)
    official = plan.run(plan.official_choices()).scores
    outcome = plan.run(plan.official_choices(draws), u, fixed=fixed)
    rows = plan.regions(year)
    rows = rows[~np.isnan(official[rows, 0])]
    errors = outcome.scores[rows].T
    errors = errors[~np.isnan(errors).any(axis=1)]
    if len(errors) < 2:
        reason = next(iter(outcome.failed.values()), "a region has no score")
        raise MethodologyError(f"{plan.factors.where}: fewer than two of {draws} draws have all scores: {reason}")
    low, high = rank_confidence_sets(official[rows, 0], errors, level=level)
    ranks = with_gaps(ranked(official, plan)[rows, 0])
    table = pd.DataFrame({"rank": ranks, "low": low, "high": high}, index=plan.units["region"].to_numpy()[rows])
    return table.rename_axis("region").sort_values("rank", kind="stable")
