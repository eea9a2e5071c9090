"""Variances of few clusters: published values, closed forms, full matrices, and how often intervals hold the truth."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cwi.methods.few_clusters import KINDS, cluster_variance

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def fitted(X: Array, y: Array, w: Array) -> tuple[Array, Array]:
    beta = np.linalg.solve(X.T @ (X * w[:, None]), X.T @ (w * y))
    return beta, y - X @ beta


def by_full_matrices(X: Array, e: Array, w: Array, groups: NDArray[Any], kind: str) -> tuple[Array, Array]:
    """Variance and degrees of freedom as the articles write them, by matrices of n rows and n columns."""
    n, p = X.shape
    W = np.diag(w)
    bread = np.linalg.inv(X.T @ W @ X)
    left = np.eye(n) - X @ bread @ X.T @ W
    variance, rows_of = np.zeros((p, p)), []
    for g in range(groups.max() + 1):
        rows = np.flatnonzero(groups == g)
        if kind == "CR2":
            values, vectors = np.linalg.eigh(left[rows] @ left[rows].T)
            A = vectors @ np.diag([1 / np.sqrt(one) if one > 1e-10 else 0.0 for one in values]) @ vectors.T
        else:
            A = np.linalg.inv(left[np.ix_(rows, rows)]).T
        L = A @ W[np.ix_(rows, rows)] @ X[rows] @ bread
        variance += np.outer(L.T @ e[rows], L.T @ e[rows])
        rows_of.append(left[rows].T @ L)
    of_each = np.stack(rows_of)  # (G, n, p)
    products = np.einsum("gnp,hnp->pgh", of_each, of_each)
    df = np.trace(products, axis1=1, axis2=2) ** 2 / (products**2).sum(axis=(1, 2))
    many = groups.max() + 1
    return variance * (1.0 if kind == "CR2" else (many - 1) / many), df


def test_errors_that_stata_prints_where_each_row_is_a_cluster() -> None:
    """Sines and tangents of the tests of the R package dfadjust 1.1.0 (test_clustervar.R), which has Stata's HC2."""
    steps = np.arange(10.0)
    y = np.concatenate([np.cos(steps), np.tan(steps + 1)])
    X = np.column_stack([np.ones(20), np.concatenate([np.sin(steps + 1), np.sin(steps + 2)])])
    beta, e = fitted(X, y, np.ones(20))
    assert beta == pytest.approx([-0.4456202905, 0.3241183110], abs=5e-11)
    result = cluster_variance(X, e, np.ones(20), np.arange(20))
    assert np.sqrt(np.diag(result.variance)) == pytest.approx([0.4227339762, 0.4421048122], abs=5e-11)


@pytest.mark.parametrize(("yes", "no"), [(2, 18), (3, 17), (10, 10)])
def test_two_groups_of_equal_clusters_are_a_test_of_welch(yes: int, no: int) -> None:
    rng = np.random.default_rng(2)
    means, size = rng.normal(size=yes + no), 6
    groups = np.repeat(np.arange(yes + no), size)
    X = np.column_stack([np.ones(groups.size), (np.arange(yes + no) < yes)[groups]])
    y = means[groups]
    _, e = fitted(X, y, np.ones(groups.size))
    result = cluster_variance(X, e, np.ones(groups.size), groups)
    peer = stats.ttest_ind(means[:yes], means[yes:], equal_var=False)
    difference = means[:yes].mean() - means[yes:].mean()
    assert np.sqrt(result.variance[1, 1]) == pytest.approx(difference / peer.statistic)
    expected = (1 / yes + 1 / no) ** 2 / (1 / (yes**2 * (yes - 1)) + 1 / (no**2 * (no - 1)))
    assert result.df([[0, 1]])[0] == pytest.approx(expected)
    assert result.df([[1, 1]])[0] == pytest.approx(yes - 1)  # the mean of the one group


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS), weighted=st.booleans())
def test_variances_and_degrees_of_freedom_are_those_of_full_matrices(seed: int, kind: str, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 12, size=rng.integers(6, 9))
    groups = rng.permutation(np.repeat(np.arange(sizes.size), sizes))
    n = groups.size
    X = np.column_stack([np.ones(n), rng.normal(size=n), rng.normal(size=sizes.size)[groups]])
    w = rng.uniform(0.3, 3.0, n) if weighted else np.ones(n)
    beta, e = fitted(X, rng.normal(size=n), w)
    variance, df = by_full_matrices(X, e, w, groups, kind)
    got = cluster_variance(X, e, w, groups, kind=kind)
    np.testing.assert_allclose(got.variance, variance, atol=1e-10 * variance.max())
    np.testing.assert_allclose(got.df(np.eye(3)), df, rtol=1e-6)
    assert (got.df(np.eye(3)) <= sizes.size + 1e-9).all()
    assert got.df(2.5 * np.eye(3)) == pytest.approx(got.df(np.eye(3)))  # the unit of a contrast does not count
    if kind == "CR3":  # the jackknife as its name has it: without each cluster
        moved = np.stack([
            fitted(X[groups != g], (X @ beta + e)[groups != g], w[groups != g])[0] - beta for g in range(sizes.size)
        ])  # fmt: skip
        by_hand = (sizes.size - 1) / sizes.size * moved.T @ moved
        np.testing.assert_allclose(got.variance, by_hand, atol=1e-9 * by_hand.max())


def test_a_term_of_one_cluster_has_no_variance_of_its_own() -> None:
    groups = np.repeat(np.arange(5), 8)
    X = np.column_stack([np.ones(40), groups == 0])
    _, e = fitted(X, np.random.default_rng(1).normal(size=40), np.ones(40))
    result = cluster_variance(X, e, np.ones(40), groups)
    assert result.df([[1, 1]])[0] < 1.5  # the cluster fits itself
    assert np.isfinite(result.variance).all()
    assert np.isnan(result.df([[0, 0]])).all()


@pytest.mark.slow
def test_intervals_of_unequal_clusters_hold_the_truth_and_those_of_g_less_one_do_not() -> None:
    """A control: three of twenty clusters with the yes; 19 degrees of freedom cover far less than 95 of 100."""
    rng = np.random.default_rng(12)
    sizes = np.array([5] * 10 + [10] * 5 + [30] * 3 + [120] * 2)
    groups = np.repeat(np.arange(20), sizes)
    X = np.column_stack([np.ones(groups.size), (np.arange(20) % 7 == 0)[groups]])
    covered, rounds = np.zeros(2), 200
    for _ in range(rounds):
        y = 0.5 + 0.1 * X[:, 1] + 0.1 * rng.normal(size=20)[groups] + 0.2 * rng.normal(size=groups.size)
        beta, e = fitted(X, y, np.ones(groups.size))
        result = cluster_variance(X, e, np.ones(groups.size), groups)
        df = np.array([result.df([[0, 1]])[0], 19.0])
        covered += abs(beta[1] - 0.1) <= stats.t.ppf(0.975, df) * np.sqrt(result.variance[1, 1])
    assert df[0] < 3
    assert covered[0] / rounds >= 0.93
    assert covered[1] / rounds < 0.92


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "CR1"}, "kind is 'CR1'; it must be one of CR2, CR3"),
        ({"w": np.ones(3)}, "residuals, weights and clusters of the shapes (4,), (3,), (4,) do not fit (4, 2)"),
        ({"X": np.ones((4, 2))}, "the coefficients are not determined: columns are linearly dependent"),
        (
            {"clusters": np.array([0, 0, 0, 1]), "kind": "CR3"},
            "without one of the clusters the coefficients are not determined; take CR2",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused(change: dict[str, Any], sentence: str, says: Says) -> None:
    given_: dict[str, Any] = {
        "X": np.column_stack([np.ones(4), [0.0, 0, 0, 1]]), "residual": np.zeros(4), "w": np.ones(4),
        "clusters": np.array([0, 0, 1, 1]), "kind": "CR2",
    } | change  # fmt: skip
    with says(ValueError, sentence):
        cluster_variance(**given_)


def test_contrasts_must_fit(says: Says) -> None:
    result = cluster_variance(np.ones((4, 1)), np.zeros(4), np.ones(4), [0, 0, 1, 1])
    with says(ValueError, "contrasts of the shape (1, 2) do not fit 1 coefficients"):
        result.df([[1, 0]])
