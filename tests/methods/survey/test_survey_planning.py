"""The size of the next survey: the textbook, an independent package, and that the margin is what was asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import svy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cwi.methods.survey import allocate, design_effect, margin_of_error, optimal_take, sample_size

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("planning", deadline=None, max_examples=100)
USUAL = settings.get_profile("planning")


def test_the_textbook_example() -> None:
    """Cochran (1977), 4.4: blood groups on an island of 3,200, p = 0.5, margin 0.05, t = 2."""
    level = 2 * stats.norm.cdf(2) - 1
    assert sample_size(0.05, level=level).item() == 400
    assert sample_size(0.05, level=level, population=3200).item() == 356


def test_against_another_package() -> None:
    for p, half, deff, rate in ((0.3, 0.04, 1.0, 1.0), (0.5, 0.03, 1.7, 0.8), (0.85, 0.02, 2.2, 0.65)):
        other = svy.SampleSize().estimate_prop(p=p, moe=half, deff=deff, resp_rate=rate)
        n = sample_size(half, p=p, deff=deff, response=rate).item()
        assert n <= other.n <= n + 3  # it rounds up after each step


@pytest.mark.slow
@given(
    half=st.floats(0.005, 0.2),
    p=st.floats(0.02, 0.98),
    deff=st.floats(0.5, 5),
    population=st.floats(1e4, 1e7),
    response=st.floats(0.9, 1.0),
)
@USUAL
def test_the_margin_is_met_and_one_fewer_would_miss_it(
    half: float, p: float, deff: float, population: float, response: float
) -> None:
    settings_ = {"p": p, "deff": deff, "population": population, "response": response}
    try:
        n = sample_size(half, **settings_).item()
    except ValueError as error:
        assert "would have to be asked" in str(error)  # noqa: PT017
        return
    assert margin_of_error(n, **settings_).item() <= half * (1 + 1e-9)
    if n > 1:
        assert margin_of_error(n - 1, **settings_).item() > half * (1 - 1e-9)


def test_the_effect_of_clusters_is_the_one_that_is_seen() -> None:
    """Units of 10 with an intraclass correlation of 0.2: by simulation."""
    rng = np.random.default_rng(1)
    y = np.sqrt(0.2) * rng.normal(size=(4000, 30, 1)) + np.sqrt(0.8) * rng.normal(size=(4000, 30, 10))
    seen = y.mean(axis=(1, 2)).var() * 300
    assert design_effect(10, 0.2).item() == pytest.approx(2.8)
    assert seen == pytest.approx(2.8, rel=0.08)
    assert design_effect(1, 0.2, cv_weights=0.5).item() == pytest.approx(1.25)
    assert design_effect(10, 0.2, cv_cluster=0.5).item() == pytest.approx(1 + (12.5 - 1) * 0.2)


def test_the_best_take_costs_least_for_the_same_error() -> None:
    takes = np.arange(1, 200)
    cost = (500 + 10 * takes) * design_effect(takes, 0.04) / takes
    best = optimal_take(0.04, cost_unit=500, cost_person=10).item()
    assert abs(best - takes[cost.argmin()]) <= 1


def test_allocations() -> None:
    sizes = np.array([40_000, 10_000, 2_500])
    assert allocate(1050, sizes).tolist() == [800, 200, 50]
    assert allocate(1050, sizes, rule="equal").tolist() == [350, 350, 350]
    assert allocate(1050, sizes, rule="power", power=0.5).tolist() == [600, 300, 150]
    assert allocate(1000, sizes, rule="neyman", spread=[1, 2, 4]).tolist() == [571, 286, 143]
    assert allocate(1050, sizes, least=200).tolist() == [650, 200, 200]


def test_neyman_gives_the_smallest_variance() -> None:
    sizes, spread = np.array([500.0, 300, 200]), np.array([1.0, 4, 2])
    best = allocate(100, sizes, rule="neyman", spread=spread)
    variance = ((sizes * spread) ** 2 / best).sum()
    for others in ("proportional", "equal", "power"):
        assert ((sizes * spread) ** 2 / allocate(100, sizes, rule=others)).sum() > variance


@pytest.mark.slow
@given(
    sizes=st.lists(st.integers(1, 1000), min_size=1, max_size=25),
    part=st.floats(0, 1),
    rule=st.sampled_from(["proportional", "equal", "power"]),
    least=st.integers(0, 3),
)
@USUAL
def test_all_are_shared_out(sizes: list[int], part: float, rule: str, least: int) -> None:
    floor = int(np.minimum(sizes, least).sum())
    n = floor + int(part * (sum(sizes) - floor))
    shares = allocate(n, sizes, rule=rule, least=least)
    assert shares.sum() == n
    assert (shares <= sizes).all()
    assert (shares >= np.minimum(sizes, least)).all()
    order = np.argsort(sizes, kind="stable")
    assert (np.diff(shares[order]) >= -1).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: sample_size(0), "the margin is 0; it must be above zero"),
        (lambda: sample_size(0.05, p=[0.5, 1.2]), "p is 1.2; it must be between 0 and 1"),
        (lambda: sample_size(0.05, deff=0), "the design effect is 0; it must be above zero"),
        (lambda: sample_size(0.05, response=80), "the response is 80; it must be above 0 and at most 1"),
        (lambda: sample_size(0.05, level=95), "the level is 95; it must be between 0 and 1"),
        (lambda: sample_size(0.05, population=1), "the population is 1; it must be above 1"),
        (
            lambda: sample_size([0.05, 0.01], population=2000, response=0.5),
            "3311 would have to be asked of 2000: the margin of 0.01 cannot be had at a response of 0.5",
        ),
        (lambda: margin_of_error(0), "the number asked is 0; it must be above zero and at most the population"),
        (
            lambda: margin_of_error(200, population=100),
            "the number asked is 200; it must be above zero and at most the population",
        ),
        (lambda: design_effect(0.5, 0.1), "a cluster is 0.5; it must be at least 1"),
        (lambda: design_effect(5, 1.1), "icc is 1.1; it must be from 0 to 1"),
        (lambda: design_effect(5, 0.1, cv_weights=-1), "a coefficient of variation is -1; it must be not below zero"),
        (lambda: optimal_take(0, cost_unit=1, cost_person=1), "icc is 0; it must be above 0 and at most 1"),
        (lambda: optimal_take(0.1, cost_unit=0, cost_person=1), "a cost is 0; it must be above zero"),
        (
            lambda: allocate(10, [5, 9], rule="nayman"),
            "there is no rule 'nayman' to allocate by (did you mean 'neyman'?); there are proportional, equal, power, "
            "neyman",
        ),
        (lambda: allocate(10, [5, 9], rule="neyman"), "the rule 'neyman' needs the spread of each stratum"),
        (lambda: allocate(20, [5, 9]), "20 cannot be shared out: at least 0 and at most 14 can"),
        (lambda: allocate(1, [5, 9], least=2), "1 cannot be shared out: at least 4 and at most 14 can"),
        (lambda: allocate(10, [5, 0]), "sizes of strata must be a list of numbers above zero"),
        (lambda: allocate(10, [5, 9], rule="power", power=2), "power is 2; it must be from 0 to 1"),
        (
            lambda: allocate(10, [5, 9], rule="neyman", spread=[0, 0]),
            "the spread of a stratum must be a number not below zero, and not all zero",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(says: Says, call: Callable[[], Any], sentence: str) -> None:
    with says(ValueError, sentence):
        call()
