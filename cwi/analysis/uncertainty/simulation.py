"""The draws of an index and their tables: intervals of scores and ranks, who ranks above whom, change between years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.accessor import PlotAccessor
from cwi.analysis.uncertainty.draws import Ranks, Stream, ranked, with_gaps
from cwi.analysis.uncertainty.plan import Plan, counted
from cwi.errors import DataError
from cwi.html import html_table
from cwi.methods.ranking import letter_groups, mean_rank_shift

__all__ = ["APART", "TAILS", "Replication", "Simulation", "quantiles_of"]

Array = NDArray[np.float64]

TAILS = {"p1": 0.01, "p5": 0.05, "median": 0.50, "p95": 0.95, "p99": 0.99}
CELLS = 2**22  # numbers that are sorted together
APART = 0.95  # share of draws in which a must rank above b for the two to be told apart


@dataclass(frozen=True, eq=False)
class Replication:
    """One draw recomputed: the choices, the point of the unit cube, and the score and rank of each region."""

    choices: Mapping[str, str]
    point: Array
    scores: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """Every draw of a simulation; its methods are tidy tables of what the draws show.

    ``scores`` : (n, draws) score of the n units (region and year, ``units``), NaN where there is none
    ``ranks``  : (n, draws) rank among the regions of the year, 0 where there is none
    ``nominal``: (n,) the official scores; ``official``: their ranks as printed, ties at the printed decimals
    ``choices``: (factors with choices, draws) which choice each draw made, by number
    ``failed`` : reasons, by draw, of draws in which a rule could not be applied
    ``left_out``: draws whose choices are declared incompatible; they and the failed ones count in no table
    ``stream`` : what a draw is recomputed from, with its number: a seed, or points that were handed in
    """

    plan: Plan
    scores: Array
    ranks: Ranks
    nominal: Array
    official: Array
    choices: NDArray[np.intp]
    failed: Mapping[int, str]
    left_out: NDArray[np.intp]
    stream: Stream

    plot: ClassVar[PlotAccessor] = PlotAccessor("ranks", "intervals")

    @property
    def units(self) -> pd.DataFrame:
        """Region and year of each unit."""
        return self.plan.units

    @property
    def draws(self) -> int:
        """How many draws there are, those that failed among them."""
        return int(self.scores.shape[1])

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self.stream.seed

    @cached_property
    def reference(self) -> Array:
        """(n,) ranks of the official scores without rounding, as in the draws: what a draw is compared with."""
        return with_gaps(ranked(self.nominal[:, None], self.plan)[:, 0])

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """(draws,) which draws count: neither failed nor left out."""
        good = np.ones(self.draws, dtype=bool)
        good[list(self.failed)] = False
        good[self.left_out] = False
        return good

    @cached_property
    def _scored(self) -> NDArray[np.bool_]:
        """(n,) which units have a score, officially or in a draw that counts."""
        missing = np.array([np.isnan(self._counted(row)).all() for row in self.scores])
        return np.asarray(~np.isnan(self.nominal) | ~missing)

    def _counted(self, values: Any, rows: NDArray[np.intp] | np.intp | slice = slice(None)) -> Any:
        """Some units in the draws that count; without a copy where that is all."""
        return values[rows] if self.counted.all() else values[rows][..., self.counted]

    def _rows(self, year: int | None, *, nation: bool = False) -> NDArray[np.intp]:
        """The units of a year that have a score, in the order of the official ranks, the nation last."""
        years = self.plan.years
        own = (self.units["year"] == (years[-1] if year is None else year)).to_numpy()
        if not own.any():
            raise DataError(f"nothing was drawn for {year}; there are {', '.join(map(str, years))}")
        rows = np.flatnonzero(own & self._scored & ((self.plan.groups >= 0) | nation))
        names = self.units["region"].to_numpy(str)[rows]
        return rows[np.lexsort((names, self.official[rows], self.plan.groups[rows] < 0))]

    def _index(self, rows: NDArray[np.intp], name: str = "region") -> pd.Index[Any]:
        index: pd.Index[Any] = pd.Index(self.units["region"].iloc[rows].tolist(), name=name)
        return index

    def summary(self, year: int | None = None) -> pd.DataFrame:
        """Score and rank of each region in a year, the last by default: official, and over the draws.

        Returns
        -------
        DataFrame
            index region, in the order of the official ranks, the nation last; score, score_mean, score_p1, score_p5,
            score_median, score_p95, score_p99; rank and the same of the rank; top_third, bottom_third (share of
            the draws with a rank in which it is in the first, or the last, third of those ranked in the draw, rounded
            to whole regions: of 20 the first 7 and the last 7); missing (share of draws without a score). A quantile
            is the smallest value with at least so large a share not above it.
        """
        rows = self._rows(year, nation=True)
        places = self._ranked_places(rows)
        parts = [self._summary(some, places) for some in np.array_split(rows, -(-len(rows) * self.draws // CELLS))]
        return pd.concat(parts)

    def _ranked_places(self, rows: NDArray[np.intp]) -> Ranks:
        """(draws,) how many of some units are ranked in each draw that counts."""
        places = np.zeros(int(self.counted.sum()), dtype=self.ranks.dtype)
        for row in rows[self.plan.groups[rows] >= 0]:
            places += self._counted(self.ranks, row) > 0
        return places

    def _summary(self, rows: NDArray[np.intp], places: Ranks) -> pd.DataFrame:
        scores = np.sort(self._counted(self.scores, rows), axis=1)
        count = (~np.isnan(scores)).sum(axis=1)
        drawn = self._counted(self.ranks, rows)
        third = (places + 1) // 3
        top, bottom = (drawn > 0) & (drawn <= third), drawn > places - third
        ranks = np.sort(drawn, axis=1)
        ranked = (ranks > 0).sum(axis=1)
        places_of = quantiles_of(ranks, ranked, last=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            columns = {
                "score": self.nominal[rows],
                "score_mean": np.nansum(scores, axis=1) / count,
                **{f"score_{name}": row for name, row in zip(TAILS, quantiles_of(scores, count), strict=True)},
                "rank": self.official[rows],
                "rank_mean": ranks.sum(axis=1) / ranked,
                **{f"rank_{name}": row for name, row in zip(TAILS, places_of, strict=True)},
                "top_third": top.sum(axis=1) / ranked,
                "bottom_third": bottom.sum(axis=1) / ranked,
                "missing": 1 - count / scores.shape[1],
            }
        return pd.DataFrame(columns, index=self._index(rows))

    def _rank_counts(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """(n, n) in how many draws a region has each rank, from the first."""
        n = len(rows)
        counts = [np.bincount(row, minlength=n + 1)[1:] for row in self._counted(self.ranks, rows)]
        return np.array(counts, dtype=np.int64).reshape(n, n)

    def rank_distribution(self, year: int | None = None) -> pd.DataFrame:
        """Share of the draws in which a region (row) has a rank (column), among the draws that rank it."""
        rows = self._rows(year)
        counts = self._rank_counts(rows)
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        return pd.DataFrame(shares, self._index(rows), range(1, len(rows) + 1))

    def above(self, year: int | None = None) -> pd.DataFrame:
        """Share of the draws in which the row ranks above the column; a tie counts half for each."""
        rows = self._rows(year)
        ranks = self._counted(self.ranks, rows)
        share = np.full((len(rows), len(rows)), np.nan)
        for i, mine in enumerate(ranks):
            both = (mine > 0) & (ranks > 0)
            ahead = ((mine < ranks) & both).sum(axis=1) + 0.5 * ((mine == ranks) & both).sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                share[i] = ahead / both.sum(axis=1)
        np.fill_diagonal(share, np.nan)
        return pd.DataFrame(share, self._index(rows), self._index(rows, "other"))

    def groups(self, year: int | None = None, *, apart: float = APART) -> list[tuple[str, ...]]:
        """Regions that cannot be distinguished: all largest sets without a distinguished pair, a letter for each.

        Two regions are told apart if one is above the other in at least ``apart`` of the draws, a share above one half.
        Two regions share a set if and only if they are not told apart (:func:`cwi.methods.ranking.letter_groups`);
        members are in the official order, and so are the sets by their first member.
        """
        if not 0.5 < apart <= 1:
            raise DataError(f"apart is {apart:g}; it must be above 0.5 and at most 1")
        above = self.above(year)
        regions = list(above.index)
        return [tuple(regions[unit] for unit in group) for group in letter_groups(above.to_numpy() >= apart)]

    def shift(self, year: int | None = None) -> Array:
        """(draws,) the mean of how many places regions move against the official ranks, in each draw that counts."""
        rows = self._rows(year)
        return mean_rank_shift(self.reference[rows], with_gaps(self._counted(self.ranks, rows)).T)

    def change(self, year: int, before: int, *, level: float = 0.90) -> pd.DataFrame:
        """Whether a region's change between two years is more than noise, both years having the same draws.

        What is common to both years (a weight, a rule, a figure that is carried) is drawn once for both, so that it
        does not count as a change.

        Returns
        -------
        DataFrame
            index region, as in :meth:`summary`; change (official), low, high (the interval of ``level``), rose (share
            of draws above 0, a draw without change counting half), beyond_noise (whether the interval leaves out 0).
            Regions that are in both years.
        """
        if not 0 < level < 1:
            raise DataError(f"level is {level:g}; it must be between 0 and 1")
        now, then = (self._rows(y, nation=True) for y in (year, before))
        place = self._index(then).get_indexer(self._index(now))
        now, then = now[place >= 0], then[place[place >= 0]]
        moved = self._counted(self.scores, now) - self._counted(self.scores, then)
        has = ~np.isnan(moved)
        count = has.sum(axis=1)
        low, high = quantiles_of(np.sort(moved, axis=1), count, ((1 - level) / 2, (1 + level) / 2))
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
            index=self._index(now),
        )

    def failures(self) -> pd.DataFrame:
        """Reasons why draws count in no table, with their number; those left out as incompatible are one row."""
        out = set(self.left_out.tolist())
        reasons = [reason for draw, reason in self.failed.items() if draw not in out]
        counts = pd.Series(reasons, dtype=object).value_counts()
        rows = [(str(reason), int(number)) for reason, number in counts.items()]
        if out:
            rows.append(("choices that are declared incompatible", len(out)))
        return pd.DataFrame(rows, columns=["reason", "draws"])

    def replication(self, draw: int) -> Replication:
        """One draw recomputed alone: the same to the last bit.

        Raises
        ------
        DataError
            If there is no such draw, or it failed.
        """
        if not 0 <= draw < self.draws:
            raise DataError(f"there is no draw {draw}; they are counted from 0 to {self.draws - 1}")
        u = self.stream.points(draw, 1, self.plan.size)
        choices = self.plan.choices(u)
        outcome = self.plan.run(choices, u)
        if outcome.failed:
            raise DataError(f"draw {draw} failed: {outcome.failed[0]}")
        names = {f.name: f.choices[int(c)].name for f, c in zip(self.plan.factors.discrete, choices[:, 0], strict=True)}
        ranks = with_gaps(ranked(outcome.scores, self.plan)[:, 0])
        return Replication(names, u[:, 0], self.units.assign(score=outcome.scores[:, 0], rank=ranks))

    def ranked(self, year: int | None = None) -> pd.DataFrame:
        """The official ranks of a year, the last by default, with the intervals of 90 %: a table to read.

        Returns
        -------
        DataFrame
            index region (codes); name, rank, rank_p5, rank_p95, score, score_p5, score_p95.
        """
        columns = ["rank", "rank_p5", "rank_p95", "score", "score_p5", "score_p95"]
        table = self.summary(year)[columns]
        table.insert(0, "name", [self.plan.names.get(code, code) for code in table.index])
        return table.astype(dict.fromkeys(columns[:3], "Int64"))

    def __repr__(self) -> str:
        years = ", ".join(map(str, self.plan.years))
        regions = len(self._rows(None))
        lost = self.draws - int(self.counted.sum())
        more = f"; {lost:,} draws count in no table" if lost else ""
        factors = counted(self.plan.factors)
        origin = f"seed {self.seed}" if self.stream.fed is None else "points handed in"
        return f"Simulation({years}: {regions} regions, {self.draws:,} draws of {factors}; {origin}{more})"

    def _repr_html_(self) -> str:
        return html_table(self.ranked(), repr(self), decimals=self.plan.methodology.decimals)


def quantiles_of(
    ordered: NDArray[Any],
    count: NDArray[np.intp],
    tails: Sequence[float] = tuple(TAILS.values()),
    *,
    last: bool = False,
) -> Array:
    """(tails, n) quantiles of sorted rows, gaps last, or first where the values are ``last``."""
    result = np.full((len(tails), len(ordered)), np.nan)
    some = np.flatnonzero(count)
    begin = ordered.shape[1] - count[some] if last else 0
    for i, tail in enumerate(tails):
        place = np.maximum(np.ceil(tail * count[some] - 1e-9).astype(np.intp) - 1, 0)
        result[i, some] = ordered[some, begin + place]
    return result
