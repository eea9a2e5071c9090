"""A Monte Carlo simulation: many draws of a plan with all factors varied at once."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.draws import Stream, block_size, blocks, official_ranks
from cwi.analysis.uncertainty.plan import Plan, checked_plan
from cwi.analysis.uncertainty.simulation import Simulation
from cwi.errors import DataError, MethodologyError, ParameterError
from cwi.rules import check_generator

__all__ = ["checked_points", "simulate"]

TRIED = 4096  # combinations of choices that are all tried before anything is drawn; of more, those that will be drawn
NAMED = 5  # combinations that an error names
STEP = 2**16  # draws whose choices are looked at together


def simulate(
    plan: Plan,
    *,
    draws: int | None = None,
    rng: np.random.Generator | None = None,
    points: NDArray[np.float64] | None = None,
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
    points : (draws, plan.size), optional
        Points of the unit cube instead of draws and rng: a design of another program, or chosen replications. Column by
        column they are the axes of ``plan.axes``.
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
        If the plan is no plan, or rng no generator; if there are neither draws with rng nor points, or both; if points
        are outside the cube.

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
    stream, draws = _stream(plan, draws, rng, points)
    for name, number in (("draws", draws), ("workers", workers), ("block", 1 if block is None else block)):
        if number < 1:
            raise DataError(f"{name} is {number}; it must be at least 1")
    _refuse_incompatible(plan, stream, draws)
    size = block_size(plan, draws, workers) if block is None else block
    jobs = [(start, min(size, draws - start)) for start in range(0, draws, size)]
    shape = (len(plan.units), draws)
    scores, ranks = np.empty(shape), np.empty(shape, dtype=np.uint16 if len(plan.units) < 2**16 else np.uint32)
    choices = np.empty((len(plan.factors.discrete), draws), dtype=np.intp)
    failed: dict[int, str] = {}
    for (start, length), part in zip(jobs, blocks(plan, stream, jobs, workers=workers, client=client), strict=True):
        here = slice(start, start + length)
        scores[:, here], ranks[:, here], choices[:, here] = part.scores, part.ranks, part.choices
        failed |= {start + draw: reason for draw, reason in part.failed.items()}
    nominal = plan.run(plan.official_choices()).scores[:, 0]
    left_out = np.flatnonzero(plan.incompatible(choices))
    result = Simulation(plan, scores, ranks, nominal, official_ranks(nominal, plan), choices, failed, left_out, stream)
    if not result.counted.any():
        reasons = "; ".join(f"{row.reason} ({row.draws} draws)" for row in result.failures().itertuples())
        raise DataError(f"no draw of {draws} can be used: {reasons}")
    return result


def _stream(
    plan: Plan, draws: int | None, rng: np.random.Generator | None, points: NDArray[np.float64] | None
) -> tuple[Stream, int]:
    """Where the points come from, and how many draws there are."""
    if points is None:
        if draws is None or rng is None:
            raise ParameterError("simulate needs draws and rng, or points of the unit cube")
        return Stream(int(check_generator(rng).integers(2**63)) if draws > 0 else 0), draws
    if draws is not None or rng is not None:
        raise ParameterError("simulate takes draws and rng, or points of the unit cube, not both")
    return Stream(0, checked_points(points, plan.size)), len(points)


def checked_points(points: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Points of the unit cube, if they are.

    Raises
    ------
    ParameterError
        If the shape is another, or a coordinate is not from 0 to 1.
    """
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or points.shape[1] != size:
        raise ParameterError(
            f"points have the shape {points.shape}; they must be (draws, {size}), a column for each axis"
        )
    if not ((points >= 0) & (points <= 1)).all():
        raise ParameterError("points must be numbers from 0 to 1")
    return points


def _refuse_incompatible(plan: Plan, stream: Stream, draws: int) -> None:
    """Name the combinations of choices that cannot be run, before anything is drawn with them."""
    if not plan.factors.discrete:
        return
    drawn = _combinations(plan, stream, draws)
    kept = drawn[:, ~plan.incompatible(drawn)]
    if failed := plan.run(kept).failed:
        lines = [f"{plan.describe(kept[:, column])}: {reason}" for column, reason in list(failed.items())[:NAMED]]
        more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        raise MethodologyError(
            f"{plan.factors.where}: {len(failed)} of {kept.shape[1]} combinations cannot be run ({'; '.join(lines)}"
            f"{more}); declare them in incompatible, or take a choice away"
        )


def _combinations(plan: Plan, stream: Stream, draws: int) -> NDArray[np.intp]:
    """(factors with choices, combinations): all that may be drawn, or of very many those that will be."""
    drawn = [np.flatnonzero([choice.share > 0 for choice in factor.choices]) for factor in plan.factors.discrete]
    if stream.fed is None and np.prod([len(places) for places in drawn], dtype=float) <= TRIED:
        return np.array(list(product(*drawn)), dtype=np.intp).T
    seen = np.empty((len(drawn), 0), dtype=np.intp)
    for start in range(0, draws, STEP):
        u = stream.points(start, min(STEP, draws - start), plan.size)
        seen = np.unique(np.hstack([seen, plan.choices(u)]), axis=1)
    return seen
