"""Quantiles of beta distributions by compiled loops, against inverting the incomplete beta function."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from cwi.analysis.uncertainty.beta_quantiles import NODES, beta_logits, logits_at

Z = np.linspace(-5, 5, 401)[None]


def inverted(a: float, b: float) -> np.ndarray:
    return np.asarray(special.betaincinv(a, b, special.ndtr(Z)))


def law(mean: float, part: float) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of a mean and a standard deviation that is a part of the largest there can be."""
    size = 1 / part**2 - 1
    return np.array([mean * size]), np.array([(1 - mean) * size])


@settings(deadline=None, max_examples=40)
@given(mean=st.floats(0.002, 0.998), part=st.floats(0.02, 0.5))
def test_quantiles_are_those_of_the_inverted_function(mean: float, part: float) -> None:
    a, b = law(mean, part)
    quantiles = special.expit(logits_at(beta_logits(a, b), Z))
    assert (np.abs(quantiles - inverted(a[0], b[0])) < 5e-5 * part * (mean * (1 - mean)) ** 0.5).all()


@settings(deadline=None, max_examples=40)
@given(mean=st.floats(0.01, 0.99), part=st.floats(0.02, 0.95))
def test_the_share_of_draws_below_a_quantile_is_right_even_where_nearly_all_are_at_the_bounds(
    mean: float, part: float
) -> None:
    a, b = law(mean, part)
    quantiles = special.expit(logits_at(beta_logits(a, b), Z))
    inside = (quantiles > 1e-12) & (quantiles < 1 - 1e-12)
    assert (np.abs(special.betainc(a, b, quantiles) - special.ndtr(Z))[inside] < 1e-4).all()
    assert (np.diff(quantiles[0]) >= 0).all()


@pytest.mark.parametrize("answers", [1, 8, 400, 20_000])
def test_posteriors_of_a_share_of_nobody(answers: int) -> None:
    a, b = np.array([0.5]), np.array([answers + 0.5])
    assert special.expit(logits_at(beta_logits(a, b), Z)) == pytest.approx(inverted(0.5, answers + 0.5), rel=1e-4)
    assert logits_at(beta_logits(b, a), -Z) == pytest.approx(-logits_at(beta_logits(a, b), Z), abs=1e-5)


def test_where_the_inverted_function_has_no_number() -> None:
    a, b = np.array([1.0458726720916771]), np.array([0.10647723421158345])
    assert np.isnan(special.betaincinv(a, b, special.ndtr(-8.5))).all()  # a fault of the library
    assert np.isfinite(beta_logits(a, b)).all()
    tiny = beta_logits(np.array([5e-4]), np.array([0.1]))
    assert np.isfinite(tiny).all()
    assert (np.diff(tiny[0]) > 0).all()


def test_each_row_is_computed_alone_and_draws_have_the_mean_and_the_deviation() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0.1, 4, 500), rng.uniform(0.1, 40, 500)
    table = beta_logits(a, b)
    assert table.shape == (500, NODES)
    assert np.array_equal(table[7:9], beta_logits(a[7:9], b[7:9]))
    z = special.ndtri((np.arange(20_000) + 0.5) / 20_000)[None]
    drawn = special.expit(logits_at(table[:20], np.repeat(z, 20, axis=0)))
    exact = stats.beta(a[:20], b[:20])
    assert drawn.mean(axis=1) == pytest.approx(exact.mean(), rel=1e-3)
    assert drawn.std(axis=1) == pytest.approx(exact.std(), rel=1e-3)
