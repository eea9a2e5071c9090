"""What a survey adds to the index, and how much of the index's uncertainty comes from its sampling error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty import APART, Simulation, alternatives, read_factors, simulate, sobol
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.index import score
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


def with_survey(edition: Edition, estimates: Estimates) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The observations of an edition with those of a survey, of the regions that were surveyed; and the base.

    What the edition itself held of the survey's indicators is replaced. Suppressed, missing and partial estimates are
    there and not scored.

    Raises
    ------
    DataError
        If the survey says nothing of the regions of the edition.
    """
    rows = estimates.observations
    rows = rows.assign(scored=rows["status"].eq("derived"), file="", line=0)
    told = rows[rows["scored"] & (rows["area"] == "") & (rows["sex"] == "")]["region"]
    here = [region for region in edition.regions if region in set(told)]
    if not here:
        raise DataError(f"the survey of {estimates.year} has no estimate for a region of the edition {edition.year}")
    made = []
    for table in (edition.observations, edition.base):
        own = table[~table["indicator"].isin(rows["indicator"])]
        made.append(pd.concat([own, rows], ignore_index=True))
    kept = [edition.territory.nation, *here]
    return made[0][made[0]["region"].isin(kept)].reset_index(drop=True), made[1]


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
        If the survey says nothing of the regions of the edition.

    References
    ----------
    .. [1] Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.
    """
    observations, base = with_survey(edition, estimates)
    rules, year = edition.methodology, edition.year
    regions = tuple(r for r in edition.regions if r in set(observations["region"]))
    outside = ~observations["indicator"].isin(estimates.observations["indicator"])
    indices = {
        "without": score(observations[outside], rules, years=[year], base=edition.base),
        "with": score(observations, rules, years=[year], base=base),
    }
    columns = {}
    for name, scores in indices.items():
        top = scores.nodes[scores.nodes["node"] == rules.top.code].set_index("region").reindex(regions)
        columns[name] = top["score"]
        columns[f"rank_{name}"] = top["rank"].astype(float)
        columns[f"measured_{name}"] = top["measured"]
    ranks = pd.DataFrame(columns)
    measured = ranks.pop("measured_without").mean(), ranks.pop("measured_with").mean()
    both: dict[str, Any] = {"sampling": SAMPLING, "weights": {"weights": {"noise": noise}}}
    seed = int(rng.integers(2**63))
    sources = {}
    for name, chosen in {**{name: {name: both[name]} for name in both}, "both": both}.items():
        drawn = simulate(
            observations, rules, {"factor": chosen}, years=[year], base=base, covariance=estimates.covariance,
            draws=draws, rng=np.random.default_rng(seed),
        )  # fmt: skip
        sources[name] = interval_widths(drawn, year)
    factors = read_factors(rules, {"factor": both})
    plan = alternatives(observations, rules, factors, years=[year], base=base, covariance=estimates.covariance)
    found = sobol(plan, year, n=n, rng=rng).indices
    return SurveyShare(
        year=year,
        synthetic=estimates.synthetic,
        regions=regions,
        ranks=ranks.assign(moved=ranks["rank_without"] - ranks["rank_with"]),
        sources=pd.DataFrame(sources).T.rename_axis("source"),
        variance=found[found["region"] != ""].reset_index(drop=True),
        measured=(float(measured[0]), float(measured[1])),
    )


def interval_widths(drawn: Simulation, year: int) -> dict[str, float]:
    """How wide 90 % intervals of score and rank are over the regions, and how many neighbours are told apart.

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
