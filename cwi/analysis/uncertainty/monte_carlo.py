"""How sure the scores are: the arrow drawn many times with something varied.

:func:`simulate` draws; the :class:`Simulation` that it gives holds every draw and says what they show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.draws import blocks, fitting, points, ranked
from cwi.analysis.uncertainty.factors import Factors, read_factors
from cwi.analysis.uncertainty.plan import Alternatives
from cwi.analysis.uncertainty.preparation import alternatives
from cwi.analysis.uncertainty.simulation import Replication, Simulation
from cwi.edition import Edition
from cwi.errors import DataError, MethodologyError, ParameterError
from cwi.index import Scores, derive
from cwi.methodology import Methodology, checked_methodology
from cwi.methods.ranking import rank

__all__ = ["Replication", "Simulation", "rank_intervals", "ranked", "simulate"]

TRIED = 4096  # combinations of choices that are all tried before anything is drawn; of more, those that will be drawn
NAMED = 5  # combinations that an error names
STEP = 2**16  # draws whose choices are looked at together


def simulate(
    edition: Edition | pd.DataFrame | Alternatives,
    methodology: Methodology | None = None,
    factors: Factors | Mapping[str, Any] | None = None,
    *,
    years: Sequence[int] = (),
    draws: int,
    rng: np.random.Generator,
    workers: int = 1,
    block: int | None = None,
    client: Any = None,
    **given: Any,
) -> Simulation:
    """Draw the scores many times with all factors varied at once.

    Parameters
    ----------
    edition, methodology
        An edition, with its base observations and covariances, by its own rules if no others are given; or
        observations and a methodology as for :func:`cwi.score`; or what
        :func:`cwi.analysis.uncertainty.preparation.alternatives` made of them, alone.
    factors
        What may vary: of :func:`read_factors`, or a table of the same; factors.toml beside the methodology by default.
    years
        The years that are scored, the edition's by default; all of them have the same draws.
    draws
        How many, at least 1.
    rng
        Where the seed of the draws comes from.
    workers
        Threads. The draws are the same bits for any number.
    block
        Draws that are worked on at once; chosen to keep memory low by default. It changes no bit.
    client
        A ``dask.distributed`` client, to share the blocks among its workers; needs the extra ``cluster``.
    given
        Further arguments of :func:`alternatives`: base, node, covariance, sets, leave_out_idle.

    Raises
    ------
    DataError
        If there is no draw to make, or the observations cannot be used.
    MethodologyError
        If a factor is unknown or idle, or choices that may be drawn together cannot stand together.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> drawn = simulate(edition, factors={"factor": {"weights": {"weights": {"noise": 0.25}}}},
    ...                  draws=500, rng=np.random.default_rng(1))
    >>> bool((drawn.summary(2023)["rank_p5"] <= drawn.summary(2023)["rank_p95"]).iloc[:-1].all())
    True

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.
    """
    if not isinstance(rng, np.random.Generator):
        raise ParameterError(f"rng is {rng!r}; it must be a generator: np.random.default_rng({rng!r})")
    for name, number in (("draws", draws), ("workers", workers), ("block", 1 if block is None else block)):
        if number < 1:
            raise DataError(f"{name} is {number}; it must be at least 1")
    plan = _plan(edition, methodology, factors, years, rng, given)
    seed = int(rng.integers(2**63))
    _refuse_incompatible(plan, seed, draws)
    size = fitting(plan, draws, workers) if block is None else block
    jobs = [(start, min(size, draws - start)) for start in range(0, draws, size)]
    shape = (len(plan.units), draws)
    scores, ranks = np.empty(shape), np.empty(shape, dtype=np.uint32)
    choices = np.empty((len(plan.factors.discrete), draws), dtype=np.intp)
    failed: dict[int, str] = {}
    for (start, length), made in zip(jobs, blocks(plan, seed, jobs, workers=workers, client=client), strict=True):
        here = slice(start, start + length)
        scores[:, here], ranks[:, here], choices[:, here] = made.scores, made.ranks, made.choices
        failed |= {start + draw: reason for draw, reason in made.failed.items()}
    nominal = plan.run(plan.official(1)).scores
    official = ranked(nominal, plan)[:, 0].astype(float)
    official[official == 0] = np.nan
    left_out = np.flatnonzero(plan.barred(choices))
    return Simulation(plan, scores, ranks, nominal[:, 0], official, choices, failed, left_out, seed)


def _plan(
    observations: Edition | pd.DataFrame | Alternatives,
    methodology: Methodology | None,
    factors: Factors | Mapping[str, Any] | None,
    years: Sequence[int],
    rng: np.random.Generator,
    given: Mapping[str, Any],
) -> Alternatives:
    if isinstance(observations, Alternatives):
        if methodology is not None or factors is not None or len(years) or given:
            raise DataError(
                "alternatives that are made ready know their methodology, factors and years; give them alone"
            )
        return observations
    if isinstance(observations, Edition):
        edition = observations
        given = {"base": edition.base, "covariance": edition.covariance, **given}
        years, observations = years or [edition.year], edition.observations
        methodology = edition.methodology if methodology is None else checked_methodology(methodology)
    if methodology is None:
        raise DataError("observations alone cannot be scored; give the methodology too")
    known = factors if isinstance(factors, Factors) else read_factors(methodology, factors)
    return alternatives(observations, methodology, known, years=years, rng=rng, **given)


def _refuse_incompatible(plan: Alternatives, seed: int, draws: int) -> None:
    """Name the combinations of choices that cannot be run, before anything is drawn with them."""
    if not plan.factors.discrete:
        return
    drawn = _combinations(plan, seed, draws)
    kept = drawn[:, ~plan.barred(drawn)]
    if failed := plan.run(kept).failed:
        lines = [f"{plan.describe(kept[:, column])}: {reason}" for column, reason in list(failed.items())[:NAMED]]
        more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        raise MethodologyError(
            f"{plan.factors.where}: {len(failed)} of {kept.shape[1]} combinations cannot be run ({'; '.join(lines)}"
            f"{more}); declare them in incompatible, or take a choice away"
        )


def _combinations(plan: Alternatives, seed: int, draws: int) -> NDArray[np.intp]:
    """(factors with choices, combinations): all that may be drawn, or of very many those that will be."""
    made = [np.flatnonzero([choice.share > 0 for choice in factor.choices]) for factor in plan.factors.discrete]
    if np.prod([len(places) for places in made], dtype=float) <= TRIED:
        return np.array(list(product(*made)), dtype=np.intp).T
    seen = np.empty((len(made), 0), dtype=np.intp)
    for start in range(0, draws, STEP):
        u = points(seed, start, min(STEP, draws - start), plan.size)
        seen = np.unique(np.hstack([seen, plan.choices(u)]), axis=1)
    return seen


def rank_intervals(
    scores: Scores, year: int, *, draws: int, rng: np.random.Generator, noise: float = 0.25, level: float = 0.90
) -> pd.DataFrame:
    """Where each region may rank when nobody is sure of the weights.

    In every draw each weight of every level is multiplied by 1 + u, u uniform on [-noise, noise], and the
    weights under a parent are brought back to sum to one.

    Parameters
    ----------
    scores, year
        The scores of the year.
    draws
        How many sets of weights are drawn, at least 1.
    rng
        The generator that they are drawn from.
    noise
        Largest relative change of a weight, from 0 to below 1.
    level
        Share of the draws inside the interval.

    Returns
    -------
    DataFrame
        index region; rank (as published), low and high (the interval of the rank), score_low, score_high.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.

    Examples
    --------
    >>> from cwi import read_edition
    >>> scores = read_edition(2023).scores
    >>> table = rank_intervals(scores, 2023, draws=100, rng=np.random.default_rng(1))
    >>> bool((table["low"] <= table["high"]).all())
    True
    """
    if draws < 1 or not 0 <= noise < 1 or not 0 < level < 1:
        raise ValueError(
            f"draws {draws}, noise {noise:g}, level {level:g}; draws must be at least 1, "
            "noise from 0 to below 1, level between 0 and 1"
        )
    if year not in set(scores.cells["year"]):
        raise DataError(f"there are no scores of {year}")
    methodology = scores.methodology
    values = scores.without_nation(scores.values(year))
    weights = [w * (1 + rng.uniform(-noise, noise, size=(draws, 1, len(w)))) for w in scores.weights]
    index = derive(values.to_numpy(float), methodology, base=scores.base, weights=weights).index
    ranks = rank(index, decimals=methodology.decimals)
    tails = [(1 - level) / 2, (1 + level) / 2]
    official = scores.nodes[(scores.nodes["node"] == methodology.top.code) & (scores.nodes["year"] == year)]
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
        score_low, score_high = np.quantile(index, tails, axis=0, method="inverted_cdf")
    return pd.DataFrame(
        {
            "rank": official.set_index("region")["rank"].reindex(values.index),
            "low": low,
            "high": high,
            "score_low": score_low,
            "score_high": score_high,
        },
        index=values.index,
    )
