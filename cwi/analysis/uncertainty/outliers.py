"""Regions whose official rank is far from the middle of their draws, and the factor that does it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty.draws import ranked
from cwi.analysis.uncertainty.simulation import Simulation
from cwi.errors import ParameterError

__all__ = ["far_from_median"]


def far_from_median(
    simulation: Simulation, year: int | None = None, *, places: int = 3, draws: int = 500
) -> pd.DataFrame:
    """The regions that are some places or more from the median of their draws, and why.

    Each factor in turn is held at its official choice in the first draws, all others varying as before. The factor
    named is the one without which the median comes nearest to the official rank; none is named where the median comes
    no place nearer.

    Parameters
    ----------
    simulation
        Of :func:`simulate`.
    year
        Of the plan; its last by default.
    places
        At least so many places from the median, 1 or more.
    draws
        How many of the first draws are repeated for each factor.

    Returns
    -------
    DataFrame
        index region, in the official order; rank, median, places (rank less median: above 0 where the region is higher
        in most draws than officially), factor, median_held (the median with that factor held). Its length is how many
        regions they are.

    Raises
    ------
    ParameterError
        If places or draws is below 1.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare, simulate
    >>> plan = prepare(read_edition(2023), "weights")
    >>> len(far_from_median(simulate(plan, draws=200, rng=np.random.default_rng(1))))
    0
    """
    for name, value in (("places", places), ("draws", draws)):
        if value < 1:
            raise ParameterError(f"{name} is {value}; it must be at least 1")
    plan = simulation.plan
    year = plan.years[-1] if year is None else year
    summary = simulation.summary(year)
    away = summary["rank"] - summary["rank_median"]
    far = summary.index[(away.abs() >= places).to_numpy()]
    table = pd.DataFrame({"rank": summary["rank"], "median": summary["rank_median"], "places": away}).loc[far]
    if table.empty:
        return table.assign(factor="", median_held=np.nan)
    count = min(draws, simulation.draws)
    u = simulation.stream.points(0, count, plan.size)
    units = plan.units[(plan.units["year"] == year) & plan.units["region"].isin(far)]
    medians = {}
    for factor in plan.factors:
        choices = plan.choices(u)
        held: list[str] = []
        if factor.kind == "choices":
            choices[list(plan.factors.discrete).index(factor)] = factor.official
        else:
            held = [factor.name]
        ranks = ranked(plan.run(choices, u, fixed=held).scores, plan)[units.index].astype(float)
        ranks[ranks == 0] = np.nan
        medians[factor.name] = pd.Series(np.nanmedian(ranks, axis=1), index=units["region"])
    held_medians = pd.DataFrame(medians).loc[far]
    distance = held_medians.sub(table["rank"], axis=0).abs()
    best = distance.idxmin(axis=1)
    nearer = table["places"].abs() - distance.min(axis=1) >= 1
    held_best = pd.Series([held_medians.at[region, best[region]] for region in far], index=far)
    return table.assign(factor=best.where(nearer, ""), median_held=held_best.where(nearer))
