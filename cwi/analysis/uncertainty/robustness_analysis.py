"""The robustness of one edition's ranking: uncertainty and sensitivity analysis together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cwi.accessor import PlotAccessor
from cwi.analysis.uncertainty.factors import Factors, factors_of
from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.plan import Plan
from cwi.analysis.uncertainty.preparation import prepare
from cwi.analysis.uncertainty.rank_confidence import rank_confidence
from cwi.analysis.uncertainty.sensitivity_analysis import Sensitivity, sensitivity
from cwi.analysis.uncertainty.simulation import APART, Simulation
from cwi.edition import Edition, checked_edition
from cwi.html import html_table
from cwi.rules import check_generator

__all__ = ["Robustness", "full_intervals", "full_simulation", "interval_table", "robustness"]


@dataclass(frozen=True, eq=False, repr=False)
class Robustness:
    """How robust the ranking of a year's regions is.

    ``factors``: all that may vary; those of ``plan.idle`` change no score of the year
    ``simulation``: all factors drawn at once; ``sensitivity``: which of them matters
    ``confidence``: of :func:`rank_confidence`; None where no factor perturbs values
    """

    year: int
    factors: Factors
    simulation: Simulation
    sensitivity: Sensitivity
    confidence: pd.DataFrame | None = None

    plot: ClassVar[PlotAccessor] = PlotAccessor("ranks", "intervals", "factors")

    @property
    def plan(self) -> Plan:
        """What varies."""
        return self.simulation.plan

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Score and rank of each region, official and over the draws, as in :meth:`Simulation.summary`."""
        return self.simulation.summary(self.year)

    @cached_property
    def above(self) -> pd.DataFrame:
        """Share of the draws in which the row ranks above the column, as in :meth:`Simulation.above`."""
        return self.simulation.above(self.year)

    @cached_property
    def groups(self) -> list[tuple[str, ...]]:
        """Regions that cannot be distinguished, as in :meth:`Simulation.groups`."""
        return self.simulation.groups(self.year)

    @property
    def regions(self) -> list[str]:
        """The regions with a rank, in their official order."""
        return list(self.above.index)

    @property
    def neighbours(self) -> tuple[int, int]:
        """Pairs of neighbours in the official order: how many can be distinguished, and how many there are."""
        steps = self.above.to_numpy(float).diagonal(1)
        return int(((steps >= APART) | (steps <= 1 - APART)).sum()), len(steps)

    def dependence(self) -> pd.DataFrame:
        """For each region the factor that has the largest share in the variance of its rank.

        Returns
        -------
        DataFrame
            index region, in the official order; factor, total, low, high (interval of the index), rank_p5, rank_p95.
        """
        rows = []
        for region in self.regions:
            factors = self.sensitivity.factor_importance("rank", region)
            known = not factors.empty and bool(factors["total"].notna().any())
            best = factors.iloc[0] if known else None
            rows.append(
                {
                    "region": region,
                    "factor": "" if best is None else best["factor"],
                    "total": np.nan if best is None else best["total"],
                    "low": np.nan if best is None else best["total_low"],
                    "high": np.nan if best is None else best["total_high"],
                    "rank_p5": self.summary.at[region, "rank_p5"],
                    "rank_p95": self.summary.at[region, "rank_p95"],
                }
            )
        return pd.DataFrame(rows).set_index("region")

    def rank_changers(self) -> pd.DataFrame:
        """The single choices, and the indicators and components left out, that change who is first or last.

        Returns
        -------
        DataFrame
            kind (choice or without), factor (of a choice) or level (of a part left out) in ``of``, what, end (first or
            last), regions (who is there then, joined by a blank).
        """
        simulation = self.simulation
        own = simulation.plan.regions(self.year)
        official = _ends(pd.Series(simulation.reference[own], index=simulation.units["region"].to_numpy()[own]))
        rows = []
        for kind, table, of, what in (
            ("choice", self.sensitivity.alone, "factor", "choice"),
            ("without", self.sensitivity.without, "level", "part"),
        ):
            for (group, name), changed in table.groupby([of, what], sort=False):
                for end, regions in _ends(changed.set_index("region")["rank"]).items():
                    if regions and regions != official[end]:
                        rows.append({"kind": kind, "of": group, "what": name, "end": end, "regions": " ".join(regions)})
        return pd.DataFrame(rows, columns=["kind", "of", "what", "end", "regions"])

    def __repr__(self) -> str:
        apart, pairs = self.neighbours
        drawn = repr(self.simulation).removeprefix("Simulation(").removesuffix(")")
        return f"Robustness({drawn}; {apart} of {pairs} neighbours distinguished)"

    def _repr_html_(self) -> str:
        table = self.simulation.ranked(self.year).join(self.dependence()[["factor", "total"]])
        table = table.rename(columns={"factor": "rank depends most on", "total": "total index"})
        return html_table(table, repr(self), decimals=self.plan.methodology.decimals)


def _ends(ranks: pd.Series) -> dict[str, list[str]]:
    ranks = ranks.dropna()
    return {
        "first": sorted(str(region) for region in ranks.index[ranks == ranks.min()]),
        "last": sorted(str(region) for region in ranks.index[ranks == ranks.max()]),
    }


def robustness(
    edition: Edition,
    factors: Factors | Mapping[str, Any] | str | Sequence[str] | None = None,
    *,
    draws: int,
    rng: np.random.Generator,
    n: int = 512,
    workers: int = 1,
) -> Robustness:
    """The uncertainty and sensitivity analysis of one edition.

    Parameters
    ----------
    edition
        The year, its rules and all that was measured.
    factors
        What may vary, as for :func:`prepare`; factors.toml of the methodology by default. Factors that change no score
        of the year are left out, ``plan.idle`` names them.
    draws, rng, workers
        Of :func:`simulate`.
    n
        Rows of the design of :func:`sobol`, a power of two.

    Raises
    ------
    DataError, MethodologyError, ParameterError
        As :func:`prepare`, :func:`simulate` and :func:`sobol` do.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = robustness(read_edition(2023), "weights", draws=200, rng=np.random.default_rng(1), n=32)
    >>> result.neighbours
    (4, 19)
    >>> result.dependence()["factor"].iloc[-1]
    'weights'

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 7.
    """
    known = factors_of(checked_edition(edition).methodology, factors)
    plan = prepare(edition, known, rng=check_generator(rng), leave_out_idle=True)
    drawn = simulate(plan, draws=draws, rng=rng, workers=workers)
    matters = sensitivity(plan, edition.year, n=n, rng=rng)
    errors = any(factor.kind == "values" for factor in plan.factors)
    confidence = rank_confidence(plan, edition.year, rng=rng, level=APART) if errors else None
    return Robustness(edition.year, known, drawn, matters, confidence)


def full_intervals(edition: Edition, *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """The intervals of rank and index that hold 90 % of the draws when all factors vary.

    From the same generator they are those of :func:`robustness`, without its sensitivity analysis.

    Returns
    -------
    DataFrame
        index region, the nation too; low, high (ranks; missing for the nation), score_low, score_high; all missing
        where no region has an index.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = full_intervals(read_edition(2023), draws=200, rng=np.random.default_rng(1))
    >>> bool((table["low"] <= table["high"]).loc["KZ-71"]), bool(table["low"].isna()["KZ"])
    (True, True)
    """
    return interval_table(edition, full_simulation(edition, draws=draws, rng=rng))


def full_simulation(edition: Edition, *, draws: int, rng: np.random.Generator) -> Simulation | None:
    """The draws of :func:`robustness` from the same generator, all factors varied at once; None where no region has an
    index.
    """
    index = checked_edition(edition).scores.of(edition.methodology.top.code)[edition.year]
    if edition.scores.without_nation(index).isna().all():
        return None
    plan = prepare(edition, rng=check_generator(rng), leave_out_idle=True)
    return simulate(plan, draws=draws, rng=rng)


def interval_table(edition: Edition, simulation: Simulation | None) -> pd.DataFrame:
    """The table of :func:`full_intervals` from draws of :func:`full_simulation`."""
    names = {"rank_p5": "low", "rank_p95": "high", "score_p5": "score_low", "score_p95": "score_high"}
    if simulation is None:
        regions = edition.scores.of(edition.methodology.top.code)[edition.year].index
        return pd.DataFrame(np.nan, index=regions, columns=list(names.values()))
    table = simulation.summary(edition.year)[list(names)].rename(columns=names)
    table.loc[~edition.methodology.is_region(table.index), ["low", "high"]] = np.nan
    return table
