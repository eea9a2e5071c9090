"""Patterns that ballot stuffing leaves, each with its rule and threshold.

A flag is a question, never a verdict: nothing is taken out, and every result is shown with and without flagged ballots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.inputs.consultation.ballots import NEAR, Ballots, patterns_of

__all__ = ["Patterns", "Thresholds", "stuffing"]

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Thresholds:
    """From where on a pattern is flagged; working choices.

    ``minutes``         length of the intervals in which a burst is looked for
    ``burst``           how many times the median of intervals with ballots
    ``burst_least``     and at least so many ballots
    ``series``          so many ballots with the same choices among 50 that came in one after another
    ``run``             so many consecutive identifiers that came in together
    ``run_share``       not flagged where more than this share of all ballots is in such runs: the system numbers them
    ``region``          how many times its share of the population a region's share of the ballots is
    ``region_least``    and at least so many ballots
    ``fast``            below this share of the median time that a ballot took
    """

    minutes: int = 10
    burst: float = 10.0
    burst_least: int = 50
    series: int = 10
    run: int = 10
    run_share: float = 0.5
    region: float = 3.0
    region_least: int = 100
    fast: float = 0.25


@dataclass(frozen=True, eq=False)
class Patterns:
    """What was flagged.

    ``marks``  a row a ballot (index: arrival), a column a flag
    ``table``  flag, rule, ballots (flagged), share
    """

    marks: pd.DataFrame
    table: pd.DataFrame

    def on(self, ballots: Ballots, flag: str = "") -> Marks:
        """Which of the ballots that are left carry the flag, or any flag."""
        marks = self.marks[flag] if flag else self.marks.any(axis=1)
        return np.asarray(marks.reindex(ballots.frame["arrival"]).to_numpy(bool))


def stuffing(ballots: Ballots, population: pd.Series, *, thresholds: Thresholds | None = None) -> Patterns:
    """Flag ballots that came in as stuffed ones do.

    Parameters
    ----------
    ballots
        All that were read, before repetitions are taken out.
    population
        People by region.
    thresholds
        From where on a pattern is flagged.
    """
    t = thresholds or Thresholds()
    patterns = {
        "burst": (
            _burst(ballots, t),
            f"came in within {t.minutes} minutes that saw more than {t.burst:g} times the median of such intervals, "
            f"and at least {t.burst_least} ballots",
        ),
        "series": (
            _series(ballots, t),
            f"one of at least {t.series} ballots with the same choices among {NEAR} that came in one after another",
        ),
        "consecutive identifiers": (
            _run(ballots, t),
            f"one of at least {t.run} ballots with consecutive identifiers that came in together (not flagged where "
            f"more than {t.run_share:.0%} of all ballots are)",
        ),
        "region": (
            _region(ballots, population, t),
            f"from a region whose share of the ballots is more than {t.region:g} times its share of the population, "
            f"with at least {t.region_least} ballots",
        ),
        "fast": (_fast(ballots, t), f"took less than {t.fast:g} of the median time"),
    }
    marks = pd.DataFrame({name: mark for name, (mark, _) in patterns.items()}, index=ballots.frame["arrival"])
    table = pd.DataFrame(
        {
            "flag": list(patterns),
            "rule": [rule for _, rule in patterns.values()],
            "ballots": marks.sum().to_numpy(),
            "share": marks.mean().to_numpy(float),
        }
    )
    return Patterns(marks, table)


def _burst(ballots: Ballots, t: Thresholds) -> Marks:
    interval = ballots.frame["submitted"].dt.floor(f"{t.minutes}min")
    counts = interval.value_counts()
    here = interval.map(counts)
    return np.asarray((here > t.burst * counts.median()) & (here >= t.burst_least))


def _series(ballots: Ballots, t: Thresholds) -> Marks:
    """Sorted by choices, ballots t.series - 1 further on lie in the same 50."""
    pattern, n, m = patterns_of(ballots), len(ballots), t.series
    flagged = np.zeros(n, dtype=bool)
    if n < m:
        return flagged
    order = np.lexsort((np.arange(n), pattern))
    first, last = order[: n - m + 1], order[m - 1 :]
    begins = np.flatnonzero((pattern[first] == pattern[last]) & (last - first < NEAR))
    flagged[order[(begins[:, None] + np.arange(m)).ravel()]] = True
    return flagged


def _run(ballots: Ballots, t: Thresholds) -> Marks:
    flagged = (ballots.frame["run"] >= t.run).to_numpy()
    return flagged if flagged.mean() <= t.run_share else np.zeros_like(flagged)


def _region(ballots: Ballots, population: pd.Series, t: Thresholds) -> Marks:
    known = ballots.frame["region"][ballots.frame["region"] != ""]
    counts = known.value_counts()
    expected = population.reindex(counts.index) / population.sum()
    many = counts.index[(counts / counts.sum() > t.region * expected) & (counts >= t.region_least)]
    return np.asarray(ballots.frame["region"].isin(many))


def _fast(ballots: Ballots, t: Thresholds) -> Marks:
    seconds = ballots.frame["seconds"]
    return np.asarray(seconds < t.fast * seconds.median())
