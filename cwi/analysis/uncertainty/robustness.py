"""How sure the order of one edition is, all at once: draws, exact and estimated indices, one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty.factors import Factors, read_factors
from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.plan import Alternatives
from cwi.analysis.uncertainty.preparation import alternatives
from cwi.analysis.uncertainty.sensitivity import SHIFT, Exact, Sobol, exact, leave_one_out, one_at_a_time, sobol
from cwi.analysis.uncertainty.simulation import APART, Simulation
from cwi.edition import Edition
from cwi.methodology import Methodology

__all__ = ["Certainty", "certainty", "factors_of"]

WEIGHTS_ONLY = {
    "factor": {
        "weights": {
            "title_en": "The weights, ±25%",
            "title_ru": "Веса, ±25 %",
            "title_kk": "Салмақтар, ±25 %",
            "weights": {"noise": 0.25},
        }
    }
}


@dataclass(frozen=True, eq=False)
class Certainty:
    """What can be said of how sure the order of a year's regions is.

    ``factors``: all that may vary; those of ``plan.idle`` change no score of the year
    ``summary``: of :meth:`Simulation.summary`; ``above``: of :meth:`Simulation.above`; ``groups``: those that cannot be
    told apart
    ``exact``  : indices of the factors that are lists of choices, by enumeration; nothing where there is none
    ``sobol``  : estimated indices of all factors
    ``alone``  : each choice alone; ``without``: each indicator and component left out (``level`` says which)
    """

    year: int
    factors: Factors
    plan: Alternatives
    simulation: Simulation
    summary: pd.DataFrame
    above: pd.DataFrame
    groups: list[tuple[str, ...]]
    exact: Exact | None
    sobol: Sobol
    alone: pd.DataFrame
    without: pd.DataFrame

    @property
    def regions(self) -> list[str]:
        """The regions with a rank, in their official order."""
        return list(self.above.index)

    @property
    def neighbours(self) -> tuple[int, int]:
        """Pairs of neighbours in the official order: how many can be told apart, and how many there are."""
        steps = self.above.to_numpy(float).diagonal(1)
        return int(((steps >= APART) | (steps <= 1 - APART)).sum()), len(steps)

    def matters(self, output: str = SHIFT, region: str = "") -> pd.DataFrame:
        """The factors by how much of an output's variation they take part in, the strongest first."""
        rows = self.sobol.indices
        rows = rows[(rows["output"] == output) & (rows["region"] == region)]
        return rows.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)

    def dependence(self) -> pd.DataFrame:
        """For each region the factor that takes part in most of the variation of its rank.

        Returns
        -------
        DataFrame
            index region, in the official order; factor, total, low, high (interval of the index), rank_p5, rank_p95.
        """
        rows = []
        for region in self.regions:
            found = self.matters("rank", region)
            known = not found.empty and bool(found["total"].notna().any())
            best = found.iloc[0] if known else None
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

    def turns(self) -> pd.DataFrame:
        """The single choices, and the indicators and components left out, that change who is first or last.

        Returns
        -------
        DataFrame
            kind (choice or without), factor (of a choice) or level (of a part left out) in ``of``, what, end (first or
            last), regions (who stands there then, joined by a blank).
        """
        official = self._ends(self.summary.loc[self.regions, "rank"])
        rows = []
        for kind, table, of, what in (
            ("choice", self.alone, "factor", "choice"),
            ("without", self.without, "level", "part"),
        ):
            for (group, name), found in table.groupby([of, what], sort=False):
                for end, regions in self._ends(found.set_index("region")["rank"]).items():
                    if regions and regions != official[end]:
                        rows.append({"kind": kind, "of": group, "what": name, "end": end, "regions": " ".join(regions)})
        return pd.DataFrame(rows, columns=["kind", "of", "what", "end", "regions"])

    def _ends(self, ranks: pd.Series) -> dict[str, list[str]]:
        ranks = ranks.dropna()
        return {
            "first": sorted(str(region) for region in ranks.index[ranks == ranks.min()]),
            "last": sorted(str(region) for region in ranks.index[ranks == ranks.max()]),
        }


def factors_of(methodology: Methodology, names: str | Sequence[str] = ()) -> Factors:
    """The factors beside a methodology; the weights alone where there are none, or where something was replaced in it.

    Parameters
    ----------
    names
        Of the factors that are wanted, as a list or with commas between; all of them by default.

    Raises
    ------
    MethodologyError
        If no factor has such a name, or factors.toml cannot be used.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> factors_of(read_methodology("2024.1").replace(max_age=2)).names
    ('weights',)
    >>> factors_of(read_methodology("2024.1"), "scale, weights").names
    ('scale', 'weights')
    """
    beside = methodology.path.with_name("factors.toml").is_file() and not methodology.changed
    known = read_factors(methodology, None if beside else WEIGHTS_ONLY)
    words = names.split(",") if isinstance(names, str) else names
    wanted = [word.strip() for word in words if word.strip()]
    return known.only(*wanted) if wanted else known


def certainty(
    edition: Edition,
    factors: Factors | None = None,
    *,
    draws: int,
    rng: np.random.Generator,
    n: int = 512,
    workers: int = 1,
) -> Certainty:
    """Draw, enumerate and estimate for one edition.

    Parameters
    ----------
    edition
        The year and all that was measured.
    factors
        What may vary; factors.toml of the methodology by default. Factors that change no score of the year are left
        out, ``plan.idle`` names them.
    draws, rng, workers
        Of :func:`cwi.analysis.uncertainty.monte_carlo.simulate`.
    n
        Rows of the design of :func:`cwi.analysis.uncertainty.sensitivity.sobol`, a power of two.

    Examples
    --------
    >>> from cwi import read_edition
    >>> found = certainty(read_edition(2023), draws=200, rng=np.random.default_rng(1), n=32)
    >>> found.plan.idle
    ('survey',)
    """
    year, rules = edition.year, edition.methodology
    known = factors_of(rules) if factors is None else factors
    plan = alternatives(
        edition.observations,
        rules,
        known,
        years=[year],
        base=edition.base,
        rng=rng,
        covariance=edition.covariance,
        leave_out_idle=True,
    )
    drawn = simulate(plan, draws=draws, rng=rng, workers=workers)
    lists = plan.factors.discrete
    levels = rules.tree.levels[:-1]
    return Certainty(
        year=year,
        factors=known,
        plan=plan,
        simulation=drawn,
        summary=drawn.summary(year),
        above=drawn.above(year),
        groups=drawn.groups(year),
        exact=exact(plan, year) if lists else None,
        sobol=sobol(plan, year, n=n, rng=rng),
        alone=one_at_a_time(plan, year),
        without=pd.concat([leave_one_out(plan, year, level).assign(level=level) for level in levels]),
    )
