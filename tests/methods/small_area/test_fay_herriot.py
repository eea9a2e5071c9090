"""Small areas: published numbers, an independent mixed model at 1e-5, shares, benchmarking, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats

from cwi.methods.small_area import (
    METHODS,
    arcsine_shares,
    benchmark,
    bootstrap_mse,
    diagnose,
    fay_herriot,
    logit_shares,
)

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
REFERENCE = Path(__file__).parents[2] / "reference" / "small_area" / "milk.csv"


@pytest.fixture(scope="module")
def milk() -> pd.DataFrame:
    return pd.read_csv(REFERENCE)


def design(milk: pd.DataFrame) -> Array:
    groups = [(milk["major_area"] == area).to_numpy(float) for area in (2, 3, 4)]
    return np.column_stack([np.ones(len(milk)), *groups])


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_the_published_predictors_and_errors(milk: pd.DataFrame, method: str) -> None:
    fit = fay_herriot(milk["y"], design(milk), milk["sd"] ** 2, method=method)
    # the package stops its iterations at a change of 1e-4 of A, so its last digits are not those of the optimum
    np.testing.assert_allclose(fit.estimate, milk[method], atol=3e-5)
    np.testing.assert_allclose(fit.mse, milk[f"{method}_mse"], atol=3e-6)
    if method == "reml":
        assert pytest.approx(0.01855022, abs=1e-5) == fit.A
        np.testing.assert_allclose(fit.beta, [0.9681890, 0.1327801, 0.2269462, -0.2413011], atol=2e-5)
        np.testing.assert_allclose(
            np.sqrt(np.diag(fit.beta_cov)), [0.06936208, 0.10300072, 0.09232981, 0.08161707], atol=2e-5
        )


def independent(y: Array, X: Array, D: Array, method: str) -> tuple[float, Array]:
    """The same model by matrices of m by m and Fisher scoring, as a textbook writes it."""
    A, m = float(np.median(D)), y.size
    for _ in range(500):
        inverse = np.linalg.inv(np.diag(A + D))
        P = inverse - inverse @ X @ np.linalg.inv(X.T @ inverse @ X) @ X.T @ inverse
        if method == "reml":
            score, information = -0.5 * np.trace(P) + 0.5 * y @ P @ P @ y, 0.5 * np.trace(P @ P)
        else:
            score, information = -0.5 * np.trace(inverse) + 0.5 * y @ P @ P @ y, 0.5 * np.trace(inverse @ inverse)
        A = max(A + float(score / information), 0.0)
    V = np.diag(A + D)
    beta = np.linalg.solve(X.T @ np.linalg.inv(V) @ X, X.T @ np.linalg.inv(V) @ y)
    return A, X @ beta + A * np.eye(m) @ np.linalg.inv(V) @ (y - X @ beta)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("seed", range(4))
def test_an_independent_implementation_agrees(method: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = 20 + 10 * seed
    X = np.column_stack([np.ones(m), rng.normal(size=(m, 2))])
    D = rng.uniform(0.01, 0.2, m)
    y = X @ [0.5, 0.2, -0.1] + rng.normal(size=m) * 0.3 + rng.normal(size=m) * np.sqrt(D)
    fit = fay_herriot(y, X, D, method=method)
    A, estimate = independent(y, X, D, method)
    assert pytest.approx(A, abs=1e-7) == fit.A
    np.testing.assert_allclose(fit.estimate, estimate, atol=1e-5)


def test_areas_without_a_sample_are_predicted_with_a_larger_error(milk: pd.DataFrame) -> None:
    y = milk["y"].to_numpy(float).copy()
    y[[3, 20]] = np.nan
    D = (milk["sd"] ** 2).to_numpy(float).copy()
    D[3] = np.nan
    fit = fay_herriot(y, design(milk), D)
    assert fit.sampled.sum() == 41
    np.testing.assert_allclose(fit.estimate[[3, 20]], fit.synthetic[[3, 20]])
    spread = np.einsum("ij,jk,ik->i", design(milk), fit.beta_cov, design(milk))
    np.testing.assert_allclose(fit.mse[[3, 20]], fit.A + spread[[3, 20]])
    others = fay_herriot(np.delete(y, [3, 20]), np.delete(design(milk), [3, 20], axis=0), np.delete(D, [3, 20]))
    np.testing.assert_allclose(others.estimate, np.delete(fit.estimate, [3, 20]))


def test_without_variance_between_areas_only_the_adjusted_method_keeps_the_direct_estimates() -> None:
    X, D = np.ones((12, 1)), np.full(12, 1.0)
    y = np.tile([0.9, 1.1], 6)
    plain, adjusted = fay_herriot(y, X, D), fay_herriot(y, X, D, method="adjusted")
    assert plain.A == 0
    np.testing.assert_allclose(plain.estimate, 1.0)
    assert adjusted.A > 0
    assert (adjusted.gamma > 0).all()


@pytest.mark.slow
def test_the_mean_squared_error_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(7)
    m, A = 40, 0.05
    X, D = np.column_stack([np.ones(m), np.linspace(-1, 1, m)]), np.linspace(0.02, 0.15, m)
    errors, stated = np.zeros(m), np.zeros(m)
    for _ in range(250):
        truth = X @ [1.0, 0.5] + rng.normal(size=m) * np.sqrt(A)
        fit = fay_herriot(truth + rng.normal(size=m) * np.sqrt(D), X, D)
        errors += (fit.estimate - truth) ** 2 / 250
        stated += fit.mse / 250
    assert stated.mean() == pytest.approx(errors.mean(), rel=0.05)
    assert errors.mean() < 0.75 * D.mean()


@pytest.mark.slow
def test_the_arcsine_is_undone_without_bias() -> None:
    rng = np.random.default_rng(2)
    m = 30
    X = np.column_stack([np.ones(m), rng.normal(size=m)])
    p = np.clip(0.1 + 0.04 * X[:, 1] + 0.04 * rng.normal(size=m), 0.0, 1.0)
    p[0] = 0.0
    shares = arcsine_shares(p, np.full(m, 40.0), X)
    for area in range(0, m, 7):
        z, v = shares.model.estimate[area], shares.model.g1[area]
        want = integrate.quad(lambda t, z=z, v=v: np.sin(t) ** 2 * stats.norm.pdf(t, z, np.sqrt(v)), -6, 6)[0]
        assert shares.estimate[area] == pytest.approx(want, abs=1e-9)
        total = shares.model.mse[area]
        moments = [
            integrate.quad(lambda t, k=k, z=z, s=total: np.sin(t) ** k * stats.norm.pdf(t, z, np.sqrt(s)), -6, 6)[0]
            for k in (2, 4)
        ]
        assert shares.mse[area] == pytest.approx(moments[1] - moments[0] ** 2, abs=1e-9)
    assert (shares.low <= shares.naive).all()
    assert (shares.naive <= shares.high).all()
    assert (shares.estimate > 0).all()


def test_the_logit_leaves_out_areas_at_the_edge() -> None:
    X = np.column_stack([np.ones(8), np.arange(8.0)])
    p = np.array([0.0, 0.06, 0.09, 0.1, 0.16, 0.2, 0.24, np.nan])
    shares = logit_shares(p, np.full(8, 0.0012), X)
    assert shares.model.sampled.tolist() == [False, *[True] * 6, False]
    assert ((shares.low < shares.estimate) & (shares.estimate < shares.high)).all()


def test_benchmarked_areas_add_up() -> None:
    values, parts = np.array([0.1, 0.3, 0.2]), np.array([2.0, 1.0, 1.0])
    for how in ("ratio", "difference"):
        moved = benchmark(values, parts, 0.21, how=how)
        assert moved.estimate @ parts / parts.sum() == pytest.approx(0.21)
        np.testing.assert_allclose(moved.estimate - moved.shift, values)


@pytest.mark.slow
def test_an_outlying_area_is_noticed(milk: pd.DataFrame) -> None:
    y, D = milk["y"].to_numpy(float).copy(), (milk["sd"] ** 2).to_numpy(float)
    y[10] = 3.0
    X = design(milk)
    found = diagnose(y, X, D, fay_herriot(y, X, D))
    assert int(np.nanargmax(np.abs(found.left_out_z))) == 10
    assert found.normality < 0.01
    calm = diagnose(milk["y"], X, D, fay_herriot(milk["y"], X, D))
    assert calm.normality > 100 * found.normality
    assert 0 < calm.explained < 1
    assert calm.mean_gain > 1


GOOD: dict[str, Any] = {"y": [0.1, 0.2, 0.3], "X": [[1.0], [1.0], [1.0]], "D": [0.1, 0.1, 0.1]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": "remml"}, "there is no method 'remml' (did you mean 'reml'?); there are reml, ml, adjusted"),
        (
            {"D": [0.1, 0.0, 0.1]},
            "the variance of area 1 is 0; a direct estimate needs one above zero, or leave it out and let the model "
            "predict the area",
        ),
        ({"X": [[1.0], [np.nan], [1.0]]}, "a covariate of area 1 is missing; every area needs all of them"),
        (
            {"y": [0.1, np.nan, np.nan]},
            "1 areas have a direct estimate; with 1 covariates there must be more than 1",
        ),
        ({"X": [[1.0, 2.0]] * 3}, "the covariates are linearly dependent"),
        (
            {"D": [0.1, 0.2]},
            "estimates, covariates and variances of the shapes (3,), (3, 1), (2,) do not fit",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(says: Says, change: dict[str, Any], sentence: str) -> None:
    with says(ValueError, sentence):
        fay_herriot(**(GOOD | change))


def test_shares_and_targets_that_cannot_be_used(says: Says) -> None:
    assert METHODS == ("reml", "ml", "adjusted")
    with says(ValueError, "the share of area 1 is 1.2; it must be from 0 to 1"):
        arcsine_shares([0.1, 1.2, 0.3], [10, 10, 10], np.ones((3, 1)))
    with says(ValueError, "an effective sample size is missing or not above zero"):
        arcsine_shares([0.1, 0.2, 0.3], [10, 0, 10], np.ones((3, 1)))
    with says(ValueError, "there is no way 'ratios' (did you mean 'ratio'?); there are ratio, difference"):
        benchmark([0.1], [1.0], 0.2, how="ratios")
    with says(ValueError, "the weighted mean of the areas is zero, so no factor leads to the target"):
        benchmark([0.0], [1.0], 0.2)


@pytest.mark.slow
def test_the_bootstrap_error_is_near_the_analytic_one(milk: pd.DataFrame) -> None:
    X, D = design(milk), milk["sd"].to_numpy() ** 2
    fit = fay_herriot(milk["y"], X, D)
    by_bootstrap = bootstrap_mse(fit, X, D, rng=np.random.default_rng(1), draws=150)
    assert np.median(by_bootstrap / fit.mse) == pytest.approx(1, abs=0.1)
    assert (by_bootstrap > 0.5 * fit.mse).all()
    assert np.median(by_bootstrap / fit.g1) > 1.1  # a control: the error of the parameters is in it
    again = bootstrap_mse(fit, X, D, rng=np.random.default_rng(1), draws=150)
    assert np.array_equal(again, by_bootstrap)


@pytest.mark.slow
def test_the_bootstrap_predicts_areas_without_a_sample_and_needs_draws(milk: pd.DataFrame, says: Says) -> None:
    X, D = design(milk), milk["sd"].to_numpy() ** 2
    y = milk["y"].to_numpy(float).copy()
    y[4] = np.nan
    fit = fay_herriot(y, X, D)
    by_bootstrap = bootstrap_mse(fit, X, D, rng=np.random.default_rng(1), draws=60)
    assert by_bootstrap[4] == pytest.approx(fit.A, rel=0.8)
    assert by_bootstrap[4] > 1.5 * np.median(by_bootstrap)
    with says(ValueError, "draws is 1; there must be at least 2"):
        bootstrap_mse(fit, X, D, rng=np.random.default_rng(1), draws=1)
