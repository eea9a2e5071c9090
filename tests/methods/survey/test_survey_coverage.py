"""Do 95 % intervals hold the truth in 95 of 100 samples? Samples drawn again and again from a known population.

A population of twelve strata in three regions, with schools that differ and pupils that differ in them, of which the
truth is known exactly: a yes is a normal measure above zero. The samples share their strata, units and weights, so that
each is a column of answers, and hundreds are estimated in one call: 2,000 take a second, and stay in the default run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from cwi.methods.survey import Design, Estimates, make_replicates, mean, proportion, quantile, ratio

Array = NDArray[np.float64]

STRATA, SCHOOLS, PUPILS = 12, 6, 6
BETWEEN, WITHIN = 0.6, 0.8  # standard deviations of schools and of pupils: alike by 0.36
LEVEL = np.linspace(-0.3, 1.2, STRATA)  # means of the strata
SHARE = np.arange(1, STRATA + 1) / np.arange(1, STRATA + 1).sum()  # of the population


@dataclass(frozen=True)
class Drawn:
    """``count`` samples of one design as columns."""

    design: Design
    region: NDArray[np.intp]
    measure: Array  # (n, count)
    girl: Array


def draw(count: int, seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(STRATA * SCHOOLS), PUPILS)
    stratum = psu // SCHOOLS
    school = rng.normal(0, BETWEEN, size=(STRATA * SCHOOLS, count))
    measure = LEVEL[stratum][:, None] + school[psu] + rng.normal(0, WITHIN, size=(psu.size, count))
    girl = (rng.random((psu.size, count)) < 0.5).astype(float)
    design = Design(SHARE[stratum] * 1e5 / (SCHOOLS * PUPILS), strata=stratum, psu=psu)
    return Drawn(design, stratum // 4, measure, girl)


def truth_of_proportion(of: slice = slice(None)) -> float:
    return float(SHARE[of] @ stats.norm.cdf(LEVEL[of]) / SHARE[of].sum())


def truth_of_quantile(p: float) -> float:
    return float(optimize.brentq(lambda q: SHARE @ stats.norm.cdf(q - LEVEL) - p, -5, 5))


def held(found: Estimates, truth: float, domain: int = 0) -> float:
    """The share of samples whose interval has the truth in it."""
    return float(((found.low[domain] <= truth) & (truth <= found.high[domain])).mean())


ESTIMATES: dict[str, Callable[[Drawn], tuple[Estimates, float, int]]] = {
    "mean": lambda s: (mean(s.measure, s.design), float(SHARE @ LEVEL), 0),
    "proportion": lambda s: (proportion(s.measure > 0, s.design), truth_of_proportion(), 0),
    "proportion of a region": lambda s: (
        proportion(s.measure > 0, s.design, domains=s.region),
        truth_of_proportion(slice(4, 8)),
        1,
    ),
    "mean of girls": lambda s: (mean(np.where(s.girl > 0, s.measure, np.nan), s.design), float(SHARE @ LEVEL), 0),
    "ratio": lambda s: (
        ratio((s.measure > 0) * s.girl, s.girl, s.design),
        truth_of_proportion(),
        0,
    ),
    "median": lambda s: (quantile(s.measure, s.design, p=0.5), truth_of_quantile(0.5), 0),
    "mean, by the jackknife": lambda s: (
        mean(s.measure, replace(s.design, replicates=make_replicates(s.design, "jackknife"))),
        float(SHARE @ LEVEL),
        0,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATES)
def test_intervals_of_two_thousand_samples_hold_the_truth(name: str) -> None:
    parts = [held(*ESTIMATES[name](draw(250, seed=seed))) for seed in range(20, 28)]
    assert 0.93 <= np.mean(parts) <= 0.97


@pytest.mark.slow
def test_the_errors_are_those_that_are_seen() -> None:
    drawn = draw(500, seed=22)
    for name in ("mean", "proportion", "ratio"):
        found, truth, domain = ESTIMATES[name](drawn)
        seen = found.estimate[domain].std()
        assert np.sqrt((found.se[domain] ** 2).mean()) == pytest.approx(seen, rel=0.12)
        assert found.estimate[domain].mean() == pytest.approx(truth, abs=0.2 * seen)


def test_without_the_units_the_intervals_are_too_short() -> None:
    drawn = draw(500, seed=23)
    naive = Design(drawn.design.w, strata=drawn.design.strata)
    assert held(mean(drawn.measure, naive), float(SHARE @ LEVEL)) < 0.85


def test_without_the_weights_the_truth_is_missed() -> None:
    drawn = draw(500, seed=24)
    equal = replace(drawn.design, weights=np.ones(drawn.design.n))
    assert held(mean(drawn.measure, equal), float(SHARE @ LEVEL)) < 0.6
