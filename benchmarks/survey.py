"""Errors of a whole survey in one call, against a survey package in the same run."""

from __future__ import annotations

import subprocess
import sys
from operator import itemgetter
from time import perf_counter

import numpy as np

import cwi
from benchmarks.memory import peak
from cwi.inputs.survey import Sample, estimate, imagine, read_survey_definitions, synthesize
from cwi.methods.survey import Design, proportion

REGIONS, STRATA, UNITS = 20, 40, 20_000
LARGE = (1_000_000, 21)  # respondents, indicators
CLUSTERS = (20, 580)  # in a stratum: a survey as one would be held, and a million answers
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


def whole(clusters: int) -> tuple[float, int]:
    """Seconds from the answers of a synthetic survey to all its tables, and how many answered.

    Recoding, the breakdowns by area and sex for regions and nation, covariances, reliability, disclosure control.
    """
    definitions, edition = read_survey_definitions("2024.1"), cwi.read_edition(2023)
    population = imagine(definitions, edition, rng=np.random.default_rng(1))
    sample = Sample(clusters=clusters)
    children, parents = synthesize(definitions, population, rng=np.random.default_rng(2), year=2023, sample=sample)
    start = perf_counter()
    estimate(children, parents, definitions, year=2023, territory=edition.territory)
    return perf_counter() - start, len(children) + len(parents)


def alone(what: str) -> list[str]:
    """What a process of its own prints, so that its memory can be told."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.survey", what], check=True, capture_output=True, text=True)
    return done.stdout.split()


def main() -> None:
    """Print the seconds and the peak memory of the large survey, and the ratio on the smaller one."""
    size = f"{LARGE[0]:,} respondents × {LARGE[1]} indicators × {REGIONS} regions, {UNITS:,} sampling units"
    done = alone("proportions")
    print(f"\nproportions with linearised errors, {size}")
    print(f"  cwi.methods.survey    {float(done[0]):10.2f} s, peak memory {int(done[1]):,} MB")
    (ours, errors), (theirs, others) = (min((way(*SHARED) for _ in range(3)), key=first) for way in (estimated, peer))
    assert np.allclose(errors, others)
    print(f"the same errors of {SHARED[0]:,} respondents × {SHARED[1]} indicators")
    print(f"  cwi.methods.survey    {1000 * ours:10.0f} ms")
    print(f"  svy                   {1000 * theirs:10.0f} ms  ({theirs / ours:.1f} ×)")
    for clusters in CLUSTERS:
        seconds, count, memory = alone(str(clusters))
        print(f"a whole synthetic survey of {int(count):,} children and parents, from answers to protected tables")
        print(f"  cwi.inputs.survey.estimates {float(seconds):4.1f} s, peak memory {int(memory):,} MB")


if __name__ == "__main__":
    done = estimated(*LARGE)[:1] if sys.argv[1] == "proportions" else whole(int(sys.argv[1]))
    print(*done, peak())
