"""Ties, agreement of two rankings, and leads that no choice of weights can turn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import linprog

from cwi.methods.ranking import (
    dominance,
    kendall,
    least_lead,
    mean_rank_shift,
    movers,
    rank,
    rank_within,
    robust_dominance,
    spearman,
)

Array = NDArray[np.float64]

USUAL = settings(deadline=None, max_examples=60)
MISSING = math.nan
scores = st.lists(st.one_of(st.integers(0, 9).map(float), st.just(MISSING)), min_size=1, max_size=9)


# ---------------------------------------------------------------- ties


@pytest.mark.slow
@given(found=scores, factor=st.sampled_from([1e-12, 1.0, 1e12]), seed=st.integers(0, 999))
@USUAL
def test_noise_parts_nobody_and_the_order_of_rows_does_not_matter(found: list[float], factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.array(found)
    exact = rank(y, decimals=0)
    noisy = factor * (y + rng.uniform(-1e-10, 1e-10, len(y)))
    ranks = rank_within(noisy, tolerance=1e-9 * factor)
    assert np.array_equal(ranks, exact, equal_nan=True)
    order = rng.permutation(len(y))
    assert np.array_equal(rank_within(noisy[order], tolerance=1e-9 * factor), ranks[order], equal_nan=True)


def test_a_chain_of_ties_is_one_tie() -> None:
    assert rank_within(np.array([0.0, 0.8, 1.6, 5.0, 2.7]), tolerance=1).tolist() == [3, 3, 3, 1, 2]
    assert rank_within(np.array([1.0, 2.0, 2.0]), tolerance=0).tolist() == [3, 1, 1]
    draws = np.array([[3.0, 1.0, MISSING], [1.0, 2.0, 3.0]])
    assert np.array_equal(rank_within(draws, tolerance=0), [[1, 2, MISSING], [3, 2, 1]], equal_nan=True)
    assert np.isnan(rank_within(np.array([MISSING]), tolerance=0)).all()
    with pytest.raises(ValueError, match=r"^tolerance is -1; it must not be below zero$"):
        rank_within(draws, tolerance=-1)


# ---------------------------------------------------------------- agreement


@pytest.mark.slow
@given(found=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=9))
@USUAL
def test_correlations_are_those_of_the_reference(found: list[tuple[int, int]]) -> None:
    a, b = np.array(found, dtype=float).T
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert np.isnan(spearman(a, b))
        assert np.isnan(kendall(a, b))
        return
    assert float(spearman(a, b)) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    assert float(kendall(a, b)) == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)


@pytest.mark.parametrize("measure", [spearman, kendall, mean_rank_shift])
def test_units_without_both_are_left_out_and_draws_are_a_loop(measure: object) -> None:
    assert callable(measure)
    rng = np.random.default_rng(1)
    reference, draws = rng.permutation(9) + 1.0, np.stack([rng.permutation(9) + 1.0 for _ in range(4)])
    draws[1, 3], holed = MISSING, reference.copy()
    holed[5] = MISSING
    together = measure(holed, draws)
    assert together.shape == (4,)
    for i, draw in enumerate(draws):
        has = ~np.isnan(draw) & ~np.isnan(holed)
        assert together[i] == pytest.approx(float(measure(holed[has], draw[has])))
    assert np.isnan(measure(np.array([MISSING, 1.0]), np.array([1.0, MISSING])))


def test_opposite_rankings() -> None:
    a = np.arange(1.0, 8.0)
    assert float(spearman(a, a)) == pytest.approx(1)
    assert float(spearman(a, -a)) == pytest.approx(-1)
    assert float(kendall(a, -a)) == pytest.approx(-1)
    assert float(mean_rank_shift(a, a[::-1])) == pytest.approx(24 / 7)


def test_movers() -> None:
    a, b = np.array([1.0, 2, 3, 4, MISSING]), np.array([[3.0, 1, 4, 2, 5], [1, 2, 3, 4, 5]])
    assert movers(a, b, more_than=1).tolist() == [[True, False, False, True, False], [False] * 5]
    assert movers(a, b, more_than=2).sum(axis=-1).tolist() == [0, 0]


# ---------------------------------------------------------------- sure leads


@st.composite
def problems(draw: st.DrawFn) -> tuple[Array, Array, float]:
    n, k = draw(st.integers(2, 4)), draw(st.integers(1, 5))
    y = np.array(draw(st.lists(st.integers(0, 100), min_size=n * k, max_size=n * k)), dtype=float).reshape(n, k)
    w = np.array(draw(st.lists(st.integers(0, 10), min_size=k, max_size=k).filter(any)), dtype=float)
    return y, w / w.sum(), draw(st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]))


@pytest.mark.slow
@given(problem=problems())
@settings(USUAL, max_examples=25)
def test_the_least_lead_is_that_of_the_linear_programme(problem: tuple[Array, Array, float]) -> None:
    y, w, band = problem
    lead = least_lead(y, w, band=band)
    limits = list(zip(np.maximum(w - band, 0), np.minimum(w + band, 1), strict=True))
    for a in range(len(y)):
        for b in range(len(y)):
            solved = linprog(y[a] - y[b], A_eq=np.ones((1, len(w))), b_eq=[1.0], bounds=limits)
            assert lead[a, b] == pytest.approx(solved.fun, abs=1e-6)


@pytest.mark.slow
@given(problem=problems())
@USUAL
def test_a_wider_band_leaves_fewer_sure_leads(problem: tuple[Array, Array, float]) -> None:
    y, w, band = problem
    lead = least_lead(y, w, band=band)
    index = y @ w
    assert least_lead(y, w, band=0.0) == pytest.approx(index[:, None] - index, abs=1e-9)
    assert (least_lead(y, w, band=band / 2) >= lead - 1e-9).all()
    assert least_lead(y, w, band=1.0) == pytest.approx((y[:, None] - y[None]).min(axis=-1), abs=1e-9)
    sure = robust_dominance(y, w, band=band)
    assert not (sure & sure.T).any()
    assert (index[:, None] - index)[sure].min(initial=1.0) > 0
    assert (robust_dominance(y, w, band=1.0) <= dominance(y)).all()
    assert np.array_equal(dominance(1e-12 * y), dominance(1e12 * y))


def test_dominance() -> None:
    y = np.array([[3.0, 3.0], [3.0, 2.0], [1.0, 9.0], [3.0, 3.0], [MISSING, 1.0]])
    assert np.argwhere(dominance(y)).tolist() == [[0, 1], [3, 1]]
    draws = np.stack([y, y[::-1]])
    assert np.array_equal(dominance(draws)[1], dominance(y)[::-1, ::-1])
    assert dominance(np.array([[1.0], [2.0]])).tolist() == [[False, False], [True, False]]


def test_a_gap_leaves_the_lead_open() -> None:
    y, w = np.array([[3.0, 3.0], [MISSING, 1.0]]), np.array([0.5, 0.5])
    assert np.isnan(least_lead(y, w, band=0.1)).tolist() == [[False, True], [True, True]]
    assert not robust_dominance(y, w, band=0.1).any()


@pytest.mark.parametrize(("w", "band"), [([0.5, 0.6], 0.1), ([1.5, -0.5], 0.1), ([1.0], 0.1), ([0.5, 0.5], -0.1)])
def test_what_is_no_set_of_weights_is_refused(w: list[float], band: float) -> None:
    with pytest.raises(ValueError, match=r"for 2 parts, band .*; there must be one for each part"):
        least_lead(np.ones((2, 2)), np.array(w), band=band)
