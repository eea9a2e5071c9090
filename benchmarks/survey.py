"""Errors of a whole survey in one call, against a survey package in the same run."""

from __future__ import annotations

import resource
import subprocess
import sys
from operator import itemgetter
from time import perf_counter

import numpy as np

from cwi.methods.survey import Design, proportion

REGIONS, STRATA, UNITS = 20, 40, 20_000
LARGE = (1_000_000, 21)  # respondents, indicators
SHARED = (100_000, 5)  # what both are timed on, the best of three
first = itemgetter(0)


def drawn(respondents: int, indicators: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Synthetic weights, units, strata and yes-or-no answers, one in twenty missing; two strata make a region."""
    rng = np.random.default_rng(1)
    psu = rng.integers(0, UNITS, size=respondents)
    answers = (rng.random((respondents, indicators)) < 0.7).astype(float)
    answers[rng.random(answers.shape) < 0.05] = np.nan
    return rng.uniform(1, 5, size=respondents), psu, psu * STRATA // UNITS, answers


def estimated(respondents: int, indicators: int) -> tuple[float, np.ndarray]:
    """Seconds from arrays to proportions by region with errors and covariances, and the errors."""
    weights, psu, strata, answers = drawn(respondents, indicators)
    start = perf_counter()
    found = proportion(answers, Design(weights, strata=strata, psu=psu), domains=strata * REGIONS // STRATA)
    return perf_counter() - start, found.se


def peer(respondents: int, indicators: int) -> tuple[float, np.ndarray]:
    """The same with svy, by region and indicator, from a polars frame."""
    import polars as pl
    import svy

    weights, psu, strata, answers = drawn(respondents, indicators)
    names = [f"y{j}" for j in range(indicators)]
    frame = pl.DataFrame({"w": weights, "u": psu, "h": strata, "region": strata * REGIONS // STRATA}).with_columns(
        pl.Series(name, answers[:, j]).fill_nan(None) for j, name in enumerate(names)
    )
    start = perf_counter()
    sample = svy.Sample(frame, svy.Design(stratum="h", psu="u", wgt="w"))
    errors = [
        sample.estimation.mean(name, by="region", drop_nulls=True).to_polars().sort("region")["se"].to_numpy()
        for name in names
    ]
    return perf_counter() - start, np.stack(errors, axis=1)


def main() -> None:
    """Print the seconds and the peak memory of the large survey, and the ratio on the smaller one."""
    size = f"{LARGE[0]:,} respondents × {LARGE[1]} indicators × {REGIONS} regions, {UNITS:,} sampling units"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.survey"], check=True, capture_output=True, text=True
    ).stdout.split()
    print(f"\nproportions with linearised errors, {size}")
    print(f"  cwi.methods.survey    {float(done[0]):10.2f} s, peak memory {int(done[1]):,} MB")
    (ours, errors), (theirs, others) = (min((way(*SHARED) for _ in range(3)), key=first) for way in (estimated, peer))
    assert np.allclose(errors, others)
    print(f"the same errors of {SHARED[0]:,} respondents × {SHARED[1]} indicators")
    print(f"  cwi.methods.survey    {1000 * ours:10.0f} ms")
    print(f"  svy                   {1000 * theirs:10.0f} ms  ({theirs / ours:.1f} ×)")


if __name__ == "__main__":  # alone in a process, so that its memory can be told
    seconds, _ = estimated(*LARGE)
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
