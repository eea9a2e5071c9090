"""Correlations, components, rotation and tests of whether parts belong together."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import spearmanr
from statsmodels.multivariate.factor_rotation import rotate_factors

from cwi.methods.weighting.factor_analysis import (
    alpha,
    alpha_if_deleted,
    bartlett,
    components,
    correlation,
    item_total,
    kmo,
    varimax,
)

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("factors", deadline=None, max_examples=40)
USUAL = settings.get_profile("factors")


def sample(n: int, k: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(n, 2)) @ rng.normal(size=(2, k)) + rng.normal(size=(n, k)))


def spread(loadings: Array) -> float:
    """What varimax makes large, after Kaiser's normalisation."""
    a = loadings / np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return float((a**2).var(axis=0).sum())


@pytest.mark.slow
@given(n=st.integers(6, 20), k=st.integers(1, 5), seed=st.integers(0, 10**6), factor=st.sampled_from([1e-12, 1, 1e12]))
@USUAL
def test_correlations_are_those_of_numpy_and_scipy_in_any_unit(n: int, k: int, seed: int, factor: float) -> None:
    x = sample(n, k, seed)
    assert correlation(factor * x + factor) == pytest.approx(np.corrcoef(x.T).reshape(k, k), abs=1e-9)
    for i in range(k):
        for j in range(k):
            assert correlation(x, method="spearman")[i, j] == pytest.approx(spearmanr(x[:, i], x[:, j])[0], abs=1e-12)


@pytest.mark.slow
@given(k=st.integers(1, 7), seed=st.integers(0, 10**6))
@USUAL
def test_components_explain_all_there_is(k: int, seed: int) -> None:
    r = correlation(sample(20, k, seed))
    values, loadings = components(r)
    assert loadings @ loadings.T == pytest.approx(r, abs=1e-9)
    assert (loadings**2).sum(axis=0) == pytest.approx(values, abs=1e-9)
    assert values.sum() == pytest.approx(k)
    assert (np.diff(values) <= 1e-12).all()
    assert (loadings.sum(axis=0) >= -1e-12).all()


@pytest.mark.slow
@given(k=st.integers(2, 8), m=st.integers(1, 4), seed=st.integers(0, 10**6))
@USUAL
def test_varimax_turns_and_does_nothing_else(k: int, m: int, seed: int) -> None:
    a = np.random.default_rng(seed).normal(size=(k, m))
    turned = varimax(a)
    assert turned @ turned.T == pytest.approx(a @ a.T, abs=1e-9)
    assert spread(turned) >= spread(a) - 1e-9
    assert spread(varimax(turned)) == pytest.approx(spread(turned), abs=1e-6)


def test_varimax_is_that_of_statsmodels() -> None:
    for seed in range(5):
        a = components(correlation(sample(40, 8, seed)))[1][:, :3]
        size = np.sqrt((a**2).sum(axis=1, keepdims=True))
        theirs = rotate_factors(a / size, "varimax")[0] * size
        ours = varimax(a)
        assert spread(ours) >= spread(theirs) - 1e-9
        assert np.sort(np.abs(ours), axis=1) == pytest.approx(np.sort(np.abs(theirs), axis=1), abs=1e-3)
        plain = rotate_factors(a, "varimax")[0]
        assert np.sort(np.abs(varimax(a, kaiser=False)), axis=1) == pytest.approx(
            np.sort(np.abs(plain), axis=1), abs=1e-3
        )


def test_varimax_leaves_what_nothing_can_improve() -> None:
    assert varimax(np.zeros((3, 2))).tolist() == np.zeros((3, 2)).tolist()
    assert varimax(np.eye(3)) == pytest.approx(np.eye(3))
    assert varimax(np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)) ** 2 == pytest.approx(np.eye(2), abs=1e-12)


def test_kmo_by_partial_correlations_from_regressions() -> None:
    x = sample(50, 4, 3)
    direct = np.corrcoef(x.T) - np.eye(4)
    partial = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            if i != j:
                others = np.column_stack([np.ones(50), np.delete(x, [i, j], axis=1)])
                left = [x[:, c] - others @ np.linalg.lstsq(others, x[:, c])[0] for c in (i, j)]
                partial[i, j] = np.corrcoef(left)[0, 1]
    found = kmo(x)
    assert found.overall == pytest.approx((direct**2).sum() / ((direct**2).sum() + (partial**2).sum()))
    assert found.parts == pytest.approx((direct**2).sum(0) / ((direct**2).sum(0) + (partial**2).sum(0)))


def test_bartlett_keeps_its_level() -> None:
    rng = np.random.default_rng(1)
    p = [bartlett(rng.normal(size=(40, 4))).p for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)
    found = bartlett(sample(400, 4, 2))
    assert (found.freedom, found.p < 1e-3) == (6, True)


@given(k=st.integers(2, 6), seed=st.integers(0, 10**6))
@USUAL
def test_alpha_has_two_formulas(k: int, seed: int) -> None:
    x = sample(15, k, seed)
    r = correlation(x)
    mean = (r.sum() - k) / (k * (k - 1))
    assert alpha(x) == pytest.approx(k * mean / (1 + (k - 1) * mean), rel=1e-6, abs=1e-9)
    covariance = np.cov(x.T)
    assert alpha(x, standardised=False) == pytest.approx(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
    expected = [np.corrcoef(x[:, j], np.delete(x, j, 1).sum(axis=1))[0, 1] for j in range(k)]
    assert item_total(x, standardised=False) == pytest.approx(expected)
    if k > 2:
        assert alpha_if_deleted(x)[0] == pytest.approx(alpha(x[:, 1:]))


def test_the_same_part_twice_measures_one_thing() -> None:
    x = sample(10, 1, 4)
    assert alpha(np.hstack([x, x])) == pytest.approx(1)


def test_what_cannot_be_tested_is_refused(says: Says) -> None:
    x = sample(10, 3, 1)
    with says(ValueError, "correlation is 'kendall'; it must be 'pearson' or 'spearman'"):
        correlation(x, method="kendall")
    with says(ValueError, "a correlation needs units that have all parts"):
        correlation(np.where(x == x[0, 0], np.nan, x))
    with says(ValueError, "a correlation needs parts that vary; part 2 does not"):
        correlation(np.column_stack([x[:, 0], np.full(10, 0.1)]))
    with says(ValueError, "a correlation needs parts that vary; part 1 does not"):
        correlation(x[:1])
    with says(ValueError, "KMO needs more units than parts; there are 3 and 3"):
        kmo(x[:3])
    with says(ValueError, "Bartlett's test needs parts none of which follows from others"):
        bartlett(np.column_stack([x, x.sum(axis=1)]))
    with says(ValueError, "Cronbach's alpha needs at least two parts"):
        alpha(x[:, :1])
    with says(ValueError, "Cronbach's alpha needs a sum that varies"):
        alpha(np.column_stack([x[:, 0], -x[:, 0]]))
    with says(ValueError, "Cronbach's alpha without one part needs at least three"):
        alpha_if_deleted(x[:, :2])
    with says(ValueError, "the correlation with the other parts needs at least two"):
        item_total(x[:, :1])
