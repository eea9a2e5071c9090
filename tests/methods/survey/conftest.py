"""A made-up sample, drawn as surveys of children are: strata, schools, unequal weights, answers left out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from cwi.methods.survey import Design

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Twelve strata of three to seven schools, four regions of three strata, girls and boys; all synthetic."""

    strata: NDArray[np.intp]
    psu: NDArray[np.intp]
    region: NDArray[np.intp]
    girl: NDArray[np.intp]
    weights: Array
    y: Array  # (n, 3): a measure, a yes or no, a count; some missing

    @property
    def design(self) -> Design:
        return Design(self.weights, strata=self.strata, psu=self.psu)


def synthetic(seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    schools = np.repeat(np.arange(12), rng.integers(3, 8, size=12))
    pupils = rng.integers(2, 12, size=schools.size)
    psu = np.repeat(np.arange(schools.size), pupils)
    strata = schools[psu]
    n = psu.size
    school = rng.normal(0, 1, size=schools.size)[psu]
    measure = 50 + strata + 3 * school + rng.normal(0, 4, size=n)
    yes = (rng.random(n) < 1 / (1 + np.exp(-0.5 - school))).astype(float)
    count = rng.poisson(5 + strata / 3).astype(float)
    y = np.column_stack([measure, yes, count])
    y[rng.random(y.shape) < 0.1] = np.nan
    weights = rng.uniform(1, 3, size=n) * (1 + strata)
    shuffled = rng.permutation(n)
    girl = rng.integers(0, 2, size=n)
    return Sample(*(part[shuffled] for part in (strata, psu, strata // 3, girl, weights, y)))


@pytest.fixture(scope="session")
def drawn() -> Callable[[int], Sample]:
    """``drawn(seed)``: a sample."""
    return synthetic


@pytest.fixture(scope="session")
def sample() -> Sample:
    return synthetic(7)
