"""What a survey adds to the index, and how much of the index's uncertainty comes from its sampling error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty import APART, Simulation, prepare, simulate, sobol
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey import Estimates

__all__ = ["LEVEL", "SAMPLING", "SurveyShare", "interval_widths", "survey_share", "with_survey"]

LEVEL = 0.90  # of the intervals, as the summary of a simulation has them
NOISE = 0.25  # the largest relative change of a weight, as in factors.toml of the methodology
SAMPLING: Mapping[str, Any] = {"values": {"error": "sampling"}}


@dataclass(frozen=True, eq=False)
class SurveyShare:
    """The index with and without the survey, and where its uncertainty comes from.

    ``regions``: those that were surveyed; only they are compared.
    ``ranks``: index region; without, with (scores), rank_without, rank_with, moved (places up).
    ``sources``: index source (sampling, weights, both); score_median, score_most, rank_median, rank_most (widths of
    intervals of ``LEVEL`` over the regions, in points and places), told_apart (share of pairs of neighbours).
    ``variance``: region, output (score, rank), factor, first, first_low, first_high, total, total_low, total_high,
    variance: shares of the variance of a region's score and rank, from 0 to 1.
    ``measured``: shares of the weight that is measured, without and with the survey, mean over the regions.
    """

    year: int
    synthetic: bool
    regions: tuple[str, ...]
    ranks: pd.DataFrame
    sources: pd.DataFrame
    variance: pd.DataFrame
    measured: tuple[float, float]

    def share(self, output: str, factor: str = "sampling") -> float:
        """The median over the regions of what a factor does alone, as a share of the variance of an output."""
        rows = self.variance[(self.variance["output"] == output) & (self.variance["factor"] == factor)]
        return float(rows["first"].median())


def with_survey(edition: Edition, estimates: Estimates) -> Edition:
    """The edition with the observations of a survey, of the regions that were surveyed.

    What the edition itself held of the survey's indicators is replaced, and so are its covariances. Suppressed, missing
    and partial estimates are there and not scored.

    Raises
    ------
    DataError
        If the survey has no estimate for a region of the edition.
    """
    rows = estimates.observations
    rows = rows.assign(scored=rows["status"].eq("derived"), file="", line=0)
    estimated = set(rows.loc[rows["scored"] & (rows["area"] == "") & (rows["sex"] == ""), "region"])
    surveyed = tuple(region for region in edition.regions if region in estimated)
    if not surveyed:
        raise DataError(f"the survey of {estimates.year} has no estimate for a region of the edition {edition.year}")
    others = edition.base[~edition.base["indicator"].isin(rows["indicator"])]
    base = pd.concat([others, rows], ignore_index=True)
    return replace(edition, base=base, only=surveyed, covariance=estimates.covariance)


def survey_share(
    edition: Edition,
    estimates: Estimates,
    *,
    draws: int,
    rng: np.random.Generator,
    n: int = 1024,
    noise: float = NOISE,
) -> SurveyShare:
    """Compare the index with and without a survey, and draw it within sampling error, weights, and both.

    Parameters
    ----------
    edition
        The year and all else that was measured.
    estimates
        Of the survey; see :func:`cwi.inputs.survey.estimates.estimate`.
    draws
        Of each simulation.
    rng
        Where the draws come from.
    n
        Rows of the design of :func:`cwi.analysis.uncertainty.sensitivity.sobol`, a power of two.
    noise
        The largest relative change of a weight.

    Raises
    ------
    DataError
        If the survey has no estimate for a region of the edition.

    References
    ----------
    .. [1] Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.
    """
    surveyed = with_survey(edition, estimates)
    year, regions = edition.year, surveyed.regions
    of_survey = edition.base["indicator"].isin(estimates.observations["indicator"])
    indices = {"without": replace(edition, base=edition.base[~of_survey], only=regions), "with": surveyed}
    columns = {}
    for name, scored in indices.items():
        nodes = scored.scores.nodes
        top = nodes[nodes["node"] == edition.methodology.top.code].set_index("region").reindex(list(regions))
        columns[name] = top["score"]
        columns[f"rank_{name}"] = top["rank"].astype(float)
        columns[f"measured_{name}"] = top["measured"]
    ranks = pd.DataFrame(columns)
    measured = ranks.pop("measured_without").mean(), ranks.pop("measured_with").mean()
    both: dict[str, Any] = {"sampling": SAMPLING, "weights": {"weights": {"noise": noise}}}
    seed = int(rng.integers(2**63))
    sources = {}
    for name, factors in {**{name: {name: both[name]} for name in both}, "both": both}.items():
        plan = prepare(surveyed, {"factor": factors})
        drawn = simulate(plan, draws=draws, rng=np.random.default_rng(seed))
        sources[name] = interval_widths(drawn, year)
    shares = sobol(plan, year, n=n, rng=rng).indices  # of the last plan, in which both vary
    return SurveyShare(
        year=year,
        synthetic=estimates.synthetic,
        regions=regions,
        ranks=ranks.assign(moved=ranks["rank_without"] - ranks["rank_with"]),
        sources=pd.DataFrame(sources).T.rename_axis("source"),
        variance=shares[shares["region"] != ""].reset_index(drop=True),
        measured=(float(measured[0]), float(measured[1])),
    )


def interval_widths(drawn: Simulation, year: int) -> dict[str, float]:
    """How wide 90% intervals of score and rank are over the regions, and how many neighbours can be distinguished.

    Returns
    -------
    dict
        score_median, score_most (points), rank_median, rank_most (places from the first to the last, 0 where a rank is
        sure), told_apart (share of the pairs of neighbours in the official order).
    """
    table = drawn.summary(year)
    own = table[table["rank"].notna()]
    above = drawn.above(year).to_numpy(float).diagonal(1)
    apart = (above >= APART) | (above <= 1 - APART)
    made: dict[str, float] = {}
    for name in ("score", "rank"):
        width = own[f"{name}_p95"] - own[f"{name}_p5"]
        made |= {f"{name}_median": float(width.median()), f"{name}_most": float(width.max())}
    return {**made, "told_apart": float(apart.mean()) if len(apart) else float("nan")}
