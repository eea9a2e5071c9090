"""A Monte Carlo simulation: many draws of a plan with all factors varied at once."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.draws import block_size, blocks, points, ranked, with_gaps
from cwi.analysis.uncertainty.plan import Plan, checked_plan
from cwi.analysis.uncertainty.simulation import Simulation
from cwi.errors import DataError, MethodologyError
from cwi.rules import check_generator

__all__ = ["simulate"]

TRIED = 4096  # combinations of choices that are all tried before anything is drawn; of more, those that will be drawn
NAMED = 5  # combinations that an error names
STEP = 2**16  # draws whose choices are looked at together


def simulate(
    plan: Plan,
    *,
    draws: int,
    rng: np.random.Generator,
    workers: int = 1,
    block: int | None = None,
    client: Any = None,
) -> Simulation:
    """Draw the scores many times with all factors varied at once.

    Parameters
    ----------
    plan
        Of :func:`prepare`.
    draws
        How many, at least 1.
    rng
        Where the seed of the draws comes from.
    workers
        Threads. The draws are the same bits for any number.
    block
        Draws that are computed at once; chosen to keep memory low by default. It changes no bit.
    client
        A ``dask.distributed`` client, to share the blocks among its workers; needs the extra ``cluster``.

    Raises
    ------
    DataError
        If there is no draw to make.
    MethodologyError
        If choices that may be drawn together cannot be applied together.
    ParameterError
        If the plan is no plan, or rng no generator.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare
    >>> plan = prepare(read_edition(2023), {"factor": {"weights": {"weights": {"noise": 0.25}}}})
    >>> drawn = simulate(plan, draws=500, rng=np.random.default_rng(1))
    >>> drawn
    Simulation(2023: 20 regions, 500 draws of 1 factor: weights; seed 4720721261117928063)
    >>> bool((drawn.summary()["rank_p5"] <= drawn.summary()["rank_p95"]).iloc[:-1].all())
    True

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.
    """
    checked_plan(plan, "simulate")
    check_generator(rng)
    for name, number in (("draws", draws), ("workers", workers), ("block", 1 if block is None else block)):
        if number < 1:
            raise DataError(f"{name} is {number}; it must be at least 1")
    seed = int(rng.integers(2**63))
    _refuse_incompatible(plan, seed, draws)
    size = block_size(plan, draws, workers) if block is None else block
    jobs = [(start, min(size, draws - start)) for start in range(0, draws, size)]
    shape = (len(plan.units), draws)
    scores, ranks = np.empty(shape), np.empty(shape, dtype=np.uint32)
    choices = np.empty((len(plan.factors.discrete), draws), dtype=np.intp)
    failed: dict[int, str] = {}
    for (start, length), part in zip(jobs, blocks(plan, seed, jobs, workers=workers, client=client), strict=True):
        here = slice(start, start + length)
        scores[:, here], ranks[:, here], choices[:, here] = part.scores, part.ranks, part.choices
        failed |= {start + draw: reason for draw, reason in part.failed.items()}
    nominal = plan.run(plan.official_choices()).scores
    official = with_gaps(ranked(nominal, plan)[:, 0])
    left_out = np.flatnonzero(plan.incompatible(choices))
    return Simulation(plan, scores, ranks, nominal[:, 0], official, choices, failed, left_out, seed)


def _refuse_incompatible(plan: Plan, seed: int, draws: int) -> None:
    """Name the combinations of choices that cannot be run, before anything is drawn with them."""
    if not plan.factors.discrete:
        return
    drawn = _combinations(plan, seed, draws)
    kept = drawn[:, ~plan.incompatible(drawn)]
    if failed := plan.run(kept).failed:
        lines = [f"{plan.describe(kept[:, column])}: {reason}" for column, reason in list(failed.items())[:NAMED]]
        more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        raise MethodologyError(
            f"{plan.factors.where}: {len(failed)} of {kept.shape[1]} combinations cannot be run ({'; '.join(lines)}"
            f"{more}); declare them in incompatible, or take a choice away"
        )


def _combinations(plan: Plan, seed: int, draws: int) -> NDArray[np.intp]:
    """(factors with choices, combinations): all that may be drawn, or of very many those that will be."""
    drawn = [np.flatnonzero([choice.share > 0 for choice in factor.choices]) for factor in plan.factors.discrete]
    if np.prod([len(places) for places in drawn], dtype=float) <= TRIED:
        return np.array(list(product(*drawn)), dtype=np.intp).T
    seen = np.empty((len(drawn), 0), dtype=np.intp)
    for start in range(0, draws, STEP):
        u = points(seed, start, min(STEP, draws - start), plan.size)
        seen = np.unique(np.hstack([seen, plan.choices(u)]), axis=1)
    return seen
