"""How sure the scores are: the arrow drawn many times with something varied.

:func:`simulate` draws, :class:`Simulation` holds every draw and says what they show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.alternatives import alternatives
from cwi.analysis.factors import Factors, read_factors
from cwi.analysis.space import Alternatives
from cwi.errors import DataError, MethodologyError
from cwi.index import Scores, derive
from cwi.methods.ranking import mean_rank_shift, rank

__all__ = ["Replication", "Simulation", "rank_intervals", "ranked", "simulate"]

Array = NDArray[np.float64]
Ranks = NDArray[np.uint32]

TAILS = (0.01, 0.05, 0.50, 0.95, 0.99)
APART = 0.95  # share of draws in which a must stand above b for the two to be told apart
CELLS = 2**22  # numbers of one array of a block of draws, at most
DRAWS = 4096  # draws of a block, at most
NAMED = 5  # combinations that an error names


@dataclass(frozen=True, eq=False)
class Replication:
    """One draw made again: what was chosen, the point of the unit cube, and the score and rank of each region."""

    choices: Mapping[str, str]
    point: Array
    scores: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Simulation:
    """Every draw of a simulation; its methods are tidy tables of what the draws show.

    ``scores`` : (n, draws) score of the n units (region and year, ``units``); not a number where there is none
    ``ranks``  : (n, draws) rank among the regions of the year, 0 where there is none
    ``nominal``: (n,) the official scores; ``official``: their ranks
    ``choices``: (factors with choices, draws) which choice each draw made, by number
    ``failed`` : reasons, by draw, of draws in which a rule could not be applied
    ``left_out``: draws whose choices are declared incompatible; they and the failed ones count in no table
    """

    plan: Alternatives = field(repr=False)
    scores: Array
    ranks: Ranks
    nominal: Array
    official: Array
    choices: NDArray[np.intp]
    failed: Mapping[int, str]
    left_out: NDArray[np.intp]
    seed: int

    @property
    def units(self) -> pd.DataFrame:
        """Region and year of each unit."""
        return self.plan.units

    @property
    def draws(self) -> int:
        """How many draws were made, those that failed among them."""
        return int(self.scores.shape[1])

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """(draws,) which draws count: neither failed nor left out."""
        good = np.ones(self.draws, dtype=bool)
        good[list(self.failed)] = False
        good[self.left_out] = False
        return good

    def _rows(self, year: int, *, nation: bool = False) -> NDArray[np.intp]:
        own = (self.units["year"] == year).to_numpy()
        if not own.any():
            raise DataError(f"nothing was drawn for {year}; there are {', '.join(map(str, self._years))}")
        ranked = self.plan.groups >= 0
        return np.flatnonzero(own & (ranked | nation) & ~np.isnan(self.nominal))

    @property
    def _years(self) -> list[int]:
        return sorted({int(year) for year in self.units["year"]})

    def _counted(self, values: Any, rows: NDArray[np.intp]) -> Any:
        """Some units in the draws that count; without a copy where all do."""
        picked = values[rows] if len(rows) < len(values) else values
        return picked if self.counted.all() else picked[:, self.counted]

    def summary(self, year: int) -> pd.DataFrame:
        """Score and rank of each region: official, and over the draws.

        Returns
        -------
        DataFrame
            index region, in the order of the official ranks, the nation last; score, score_mean, score_p1, score_p5,
            score_median, score_p95, score_p99; rank and the same of the rank; top_third, bottom_third (share of
            draws); missing (share of draws without a score).
        """
        rows = self._rows(year, nation=True)
        scores, ranks = self._counted(self.scores, rows), self._counted(self.ranks, rows)
        table = pd.DataFrame({"score": self.nominal[rows]}, index=pd.Index(self.units["region"].iloc[rows]))
        names = ("p1", "p5", "median", "p95", "p99")
        has = ~np.isnan(scores)
        count = has.sum(axis=1)
        full = bool((count == scores.shape[1]).all())
        with np.errstate(invalid="ignore"):
            table["score_mean"] = (scores if full else np.where(has, scores, 0.0)).sum(axis=1) / count
        quantiles = _quantiles(np.sort(scores, axis=1), count)
        table = table.assign(**{f"score_{name}": quantiles[i] for i, name in enumerate(names)})
        table["rank"] = self.official[rows]
        own = self.plan.groups[rows] >= 0
        shares = self._rank_counts(ranks[own])
        drawn = np.full((len(TAILS) + 1, len(rows)), np.nan)
        drawn[:, own] = _rank_quantiles(shares)
        table["rank_mean"] = drawn[-1]
        table = table.assign(**{f"rank_{name}": drawn[i] for i, name in enumerate(names)})
        third = own.sum() / 3
        place = np.arange(1, shares.shape[1] + 1)
        total = np.maximum(shares.sum(axis=1), 1)
        for name, here in (("top_third", place <= third), ("bottom_third", place > shares.shape[1] - third)):
            share = np.full(len(rows), np.nan)
            share[own] = shares[:, here].sum(axis=1) / total
            table[name] = share
        table["missing"] = 1 - count / max(scores.shape[1], 1)
        order = np.lexsort((table.index.to_numpy(str), np.where(np.isnan(table["rank"]), np.inf, table["rank"])))
        return table.iloc[order]

    def _rank_counts(self, ranks: Ranks) -> NDArray[np.int64]:
        """(n, n) in how many draws a region stands at each rank, from the first."""
        n = len(ranks)
        return np.stack([np.bincount(row, minlength=n + 1)[1 : n + 1] for row in ranks]) if n else np.zeros((0, 0), int)

    def rank_distribution(self, year: int) -> pd.DataFrame:
        """Share of the draws in which a region (row) stands at a rank (column), among the draws that have its rank."""
        rows = self._rows(year)
        counts = self._rank_counts(self._counted(self.ranks, rows))
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        return self._by_rank(pd.DataFrame(shares, self.units["region"].iloc[rows], range(1, len(rows) + 1)), rows)

    def _by_rank(self, table: pd.DataFrame, rows: NDArray[np.intp]) -> pd.DataFrame:
        return table.iloc[self._order(rows)].rename_axis(index="region")

    def _order(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.lexsort((self.units["region"].to_numpy(str)[rows], self.official[rows]))

    def above(self, year: int) -> pd.DataFrame:
        """Share of the draws in which the row stands above the column; a tie counts half for each."""
        rows = self._rows(year)
        rows = rows[self._order(rows)]
        ranks = self._counted(self.ranks, rows)
        n = len(rows)
        share = np.full((n, n), np.nan)
        for i in range(n):
            both = (ranks[i] > 0) & (ranks > 0)
            ahead = ((ranks[i] < ranks) & both).sum(axis=1) + 0.5 * ((ranks[i] == ranks) & both).sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                share[i] = ahead / both.sum(axis=1)
            share[i, i] = np.nan
        regions = pd.Index(self.units["region"].iloc[rows])
        return pd.DataFrame(share, regions.rename("region"), regions.rename("other"))

    def groups(self, year: int, *, apart: float = APART) -> list[tuple[str, ...]]:
        """Regions that cannot be told apart: the longest runs in the official order in which no pair is told apart.

        Two regions are told apart if one stands above the other in at least ``apart`` of the draws. Groups overlap; a
        region may stand in several, and two regions are only surely different if no group holds both.
        """
        above = self.above(year)
        sure = above.to_numpy() >= apart
        sure |= sure.T
        regions = list(above.index)
        found: list[tuple[int, int]] = []
        for start in range(len(regions)):
            stop = start + 1
            while stop < len(regions) and not sure[start : stop + 1, start : stop + 1].any():
                stop += 1
            if not found or stop > found[-1][1]:
                found.append((start, stop))
        return [tuple(regions[start:stop]) for start, stop in found]

    def shift(self, year: int) -> Array:
        """(draws,) the mean of how many places regions move against the official ranks, in each draw that counts."""
        rows = self._rows(year)
        ranks = self._counted(self.ranks, rows).astype(float)
        ranks[ranks == 0] = np.nan
        return mean_rank_shift(self.official[rows], ranks.T)

    def change(self, year: int, before: int, *, level: float = 0.90) -> pd.DataFrame:
        """Whether a region's change between two years is more than noise, both years having the same draws.

        What is common to both years (a weight, a rule, a figure that is carried) is drawn once for both, so that it
        does not count as a change.

        Returns
        -------
        DataFrame
            index region; change (official), low, high (the interval of ``level``), rose (share of draws above 0),
            beyond_noise (whether the interval leaves out 0). Regions that are in both years.
        """
        rows = {
            y: dict(zip(self.units["region"].iloc[r], r, strict=True))
            for y in (year, before)
            for r in [self._rows(y, nation=True)]
        }
        regions = [region for region in rows[year] if region in rows[before]]
        now, then = (np.array([rows[y][region] for region in regions], dtype=np.intp) for y in (year, before))
        moved = self._counted(self.scores, now) - self._counted(self.scores, then)
        has = ~np.isnan(moved)
        count = has.sum(axis=1)
        low, high = _quantiles(np.sort(moved, axis=1), count, ((1 - level) / 2, (1 + level) / 2))
        with np.errstate(invalid="ignore"):
            rose = ((moved > 0).sum(axis=1) + 0.5 * (moved == 0).sum(axis=1)) / count
        return pd.DataFrame(
            {
                "change": self.nominal[now] - self.nominal[then],
                "low": low,
                "high": high,
                "rose": rose,
                "beyond_noise": (low > 0) | (high < 0),
            },
            index=pd.Index(regions, name="region"),
        )

    def failures(self) -> pd.DataFrame:
        """Reasons why draws failed, with their number; draws left out as incompatible are one row."""
        counts = pd.Series(list(self.failed.values()), dtype=object).value_counts()
        rows = [(str(reason), int(number)) for reason, number in counts.items()]
        if len(self.left_out):
            rows.append(("choices that are declared incompatible", len(self.left_out)))
        return pd.DataFrame(rows, columns=["reason", "draws"])

    def replication(self, draw: int) -> Replication:
        """One draw made again, alone: the same to the last bit.

        Raises
        ------
        DataError
            If there is no such draw, or it failed.
        """
        if not 0 <= draw < self.draws:
            raise DataError(f"there is no draw {draw}; they are counted from 0 to {self.draws - 1}")
        u = _points(self.seed, draw, 1, self.plan.size)
        choices = self.plan.choices(u)
        outcome = self.plan.run(choices, u)
        if outcome.failed:
            raise DataError(f"draw {draw} failed: {outcome.failed[0]}")
        names = {f.name: f.choices[int(c)].name for f, c in zip(self.plan.factors.discrete, choices[:, 0], strict=True)}
        ranks = ranked(outcome.scores, self.plan)[:, 0].astype(float)
        ranks[ranks == 0] = np.nan
        return Replication(names, u[:, 0], self.units.assign(score=outcome.scores[:, 0], rank=ranks))


def simulate(
    observations: pd.DataFrame | Alternatives,
    methodology: Any = None,
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
    observations, methodology
        As for :func:`cwi.score`; or what :func:`cwi.analysis.alternatives.alternatives` made of them, alone.
    factors
        What may vary: of :func:`read_factors`, or a table of the same; factors.toml beside the methodology by default.
    years
        The years that are scored; all of them have the same draws.
    draws
        How many, at least 1.
    rng
        Where the seed of the draws comes from.
    workers
        Threads. The draws are the same bits for any number.
    block
        Draws that are worked on at once; chosen to keep memory low by default. It changes no bit.
    client
        A ``dask.distributed`` client, to share the blocks among its workers; needs the extra ``dask``.
    given
        Further arguments of :func:`alternatives`: base, node, covariance, sets.

    Raises
    ------
    MethodologyError
        If a factor is unknown or idle, or choices that were drawn together cannot stand together.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> drawn = simulate(edition.observations, edition.methodology,
    ...                  {"factor": {"weights": {"weights": {"noise": 0.25}}}},
    ...                  years=[2023], base=edition.base, draws=500, rng=np.random.default_rng(1))
    >>> bool((drawn.summary(2023)["rank_p5"] <= drawn.summary(2023)["rank_p95"]).iloc[:-1].all())
    True

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.
    """
    if draws < 1:
        raise DataError(f"draws is {draws}; it must be at least 1")
    plan = _plan(observations, methodology, factors, years, rng, given)
    seed = int(rng.integers(2**63))
    _refuse_incompatible(plan, seed, draws)
    size = block or _block(plan, draws, workers)
    starts = range(0, draws, size)
    jobs = [(start, min(size, draws - start)) for start in starts]
    n = len(plan.units)
    scores, ranks = np.empty((n, draws)), np.empty((n, draws), dtype=np.uint32)
    choices = np.empty((len(plan.factors.discrete), draws), dtype=np.intp)
    failed: dict[int, str] = {}
    for start, (made, placed, chosen, broken) in zip(starts, _run(plan, seed, jobs, workers, client), strict=True):
        here = slice(start, start + made.shape[1])
        scores[:, here], ranks[:, here], choices[:, here] = made, placed, chosen
        failed |= {start + draw: reason for draw, reason in broken.items()}
    nominal = plan.run(plan.official(1)).scores
    official = ranked(nominal, plan)[:, 0].astype(float)
    official[official == 0] = np.nan
    return Simulation(plan, scores, ranks, nominal[:, 0], official, choices, failed, _left_out(plan, choices), seed)


def _plan(
    observations: Any, methodology: Any, factors: Any, years: Sequence[int], rng: np.random.Generator, given: Any
) -> Alternatives:
    if isinstance(observations, Alternatives):
        return observations
    known = factors if isinstance(factors, Factors) else read_factors(methodology, factors)
    return alternatives(observations, methodology, known, years=years, rng=rng, **given)


def _points(seed: int, start: int, draws: int, size: int) -> Array:
    """Points of the unit cube, (size, draws): the draws from ``start`` on, each at its own place in one stream."""
    stream = np.random.PCG64(seed)
    stream.advance(start * size)
    return np.random.Generator(stream).random((draws, size)).T


def _work(plan: Alternatives, seed: int, start: int, draws: int) -> tuple[Array, Ranks, NDArray[np.intp], Any]:
    """One block of draws."""
    u = _points(seed, start, draws, plan.size)
    choices = plan.choices(u)
    outcome = plan.run(choices, u)
    return outcome.scores, ranked(outcome.scores, plan), choices, dict(outcome.failed)


def _run(
    plan: Alternatives, seed: int, jobs: Sequence[tuple[int, int]], workers: int, client: Any
) -> Iterable[tuple[Array, Ranks, NDArray[np.intp], Any]]:
    """The blocks, in their order, by whoever does them."""
    if client is not None:
        shared = client.scatter(plan, broadcast=True, hash=False)
        waiting = [client.submit(_work, shared, seed, *job, pure=False, retries=3) for job in jobs]
        for future in waiting:
            yield future.result()
    elif workers > 1 and len(jobs) > 1:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(lambda job: _work(plan, seed, *job), jobs)
    else:
        for job in jobs:
            yield _work(plan, seed, *job)


def _block(plan: Alternatives, draws: int, workers: int) -> int:
    """Draws that fit into the memory that one array may take, shared among the workers."""
    n, k = len(plan.units), len(plan.methodology.indicators)
    if not any(factor.kind == "values" for factor in plan.factors):
        k = len(plan.methodology.nodes[0])  # the widest floor that has a column a draw
    fits = max(1, min(DRAWS, CELLS // max(n * k, plan.size, 1)))
    rounds = -(-draws // (fits * max(workers, 1)))
    return max(1, -(-draws // (rounds * max(workers, 1))))


def ranked(scores: Array, plan: Alternatives) -> Ranks:
    """(n, draws) ranks among the regions of one year, 0 without one."""
    ranks = np.zeros(scores.shape, dtype=np.uint32)
    for group in np.unique(plan.groups[plan.groups >= 0]):
        rows = np.flatnonzero(plan.groups == group)
        found = rank(scores[rows].T, decimals=plan.methodology.decimals).T
        ranks[rows] = np.where(np.isnan(found), 0, found)
    return ranks


def _left_out(plan: Alternatives, choices: NDArray[np.intp]) -> NDArray[np.intp]:
    """The draws that make choices which are declared incompatible."""
    out = np.zeros(choices.shape[1], dtype=bool)
    names = [factor.name for factor in plan.factors.discrete]
    for pairs in plan.factors.incompatible:
        here = np.ones(choices.shape[1], dtype=bool)
        for factor, choice in pairs:
            number = names.index(factor)
            of = [c.name for c in plan.factors.discrete[number].choices]
            here &= choices[number] == of.index(choice)
        out |= here
    return np.flatnonzero(out)


def _refuse_incompatible(plan: Alternatives, seed: int, draws: int) -> None:
    """Name the combinations of choices that cannot be run, before anything is drawn with them."""
    if not plan.factors.discrete:
        return
    size, seen = 2**16, None
    for start in range(0, draws, size):
        u = _points(seed, start, min(size, draws - start), plan.size)
        found = np.unique(plan.choices(u), axis=1)
        seen = found if seen is None else np.unique(np.hstack([seen, found]), axis=1)
    assert seen is not None
    kept = np.delete(seen, _left_out(plan, seen), axis=1)
    failed = plan.run(kept).failed
    if failed:
        lines = []
        for column, reason in list(failed.items())[:NAMED]:
            names = [
                f"{factor.name} = '{factor.choices[choice].name}'"
                for factor, choice in zip(plan.factors.discrete, kept[:, column], strict=True)
                if choice != factor.official
            ]
            lines.append(f"{', '.join(names)}: {reason}")
        more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        raise MethodologyError(
            f"{plan.factors.where}: {len(failed)} of {kept.shape[1]} combinations cannot be run ({'; '.join(lines)}"
            f"{more}); declare them in incompatible, or take a choice away"
        )


def _quantiles(ordered: Array, count: NDArray[np.intp], tails: Sequence[float] = TAILS) -> Array:
    """(tails, n) quantiles of sorted rows, gaps last: the smallest value with at least so large a share below it."""
    result = np.full((len(tails), len(ordered)), np.nan)
    some = count > 0
    for i, tail in enumerate(tails):
        place = np.clip(np.ceil(tail * count - 1e-9).astype(np.intp) - 1, 0, None)
        result[i, some] = ordered[np.flatnonzero(some), place[some]]
    return result


def _rank_quantiles(counts: NDArray[np.int64]) -> Array:
    """(tails and the mean, n) of ranks, from how many draws stand at each."""
    result = np.full((len(TAILS) + 1, len(counts)), np.nan)
    total = counts.sum(axis=1)
    some = total > 0
    below = np.cumsum(counts[some], axis=1)
    for i, tail in enumerate(TAILS):
        wanted = np.maximum(np.ceil(tail * total[some] - 1e-9), 1)
        result[i, some] = 1 + (below < wanted[:, None]).sum(axis=1)
    result[-1, some] = counts[some] @ np.arange(1, counts.shape[1] + 1) / total[some]
    return result


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
    values = scores.values(year)
    values = values[values.index != methodology.nation]
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
