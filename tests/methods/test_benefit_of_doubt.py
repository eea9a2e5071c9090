"""What the benefit of the doubt keeps, whatever scores it is given."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.methods.benefit_of_doubt import benefit_of_doubt, best_weights

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("doubt", deadline=None, max_examples=25)
USUAL = settings.get_profile("doubt")


@st.composite
def tables(draw: st.DrawFn) -> Array:
    n, k = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    y = draw(st.lists(st.integers(0, 20).map(float), min_size=n * k, max_size=n * k))
    table = np.array(y).reshape(n, k)
    table[0, 0] += 1.0  # somebody has something
    return table


@pytest.mark.slow
@given(y=tables(), factor=st.sampled_from([1e-12, 1.0, 1e12]), seed=st.integers(0, 1000))
@USUAL
def test_neither_unit_nor_order_matters_and_somebody_is_on_the_frontier(y: Array, factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(y.shape[0]), rng.permutation(y.shape[1])
    s = benefit_of_doubt(y)
    assert ((s >= 0) & (s <= 1)).all()
    assert s.max() == pytest.approx(1)
    assert benefit_of_doubt(factor * y[np.ix_(rows, columns)]) == pytest.approx(s[rows], abs=1e-6)
    scaled = y * rng.uniform(0.5, 2, y.shape[1])
    assert benefit_of_doubt(scaled) == pytest.approx(s, abs=1e-6)  # free weights take up the units of the parts


@pytest.mark.slow
@given(y=tables(), low=st.floats(0, 0.2))
@USUAL
def test_bounds_never_raise_a_score(y: Array, low: float) -> None:
    free = benefit_of_doubt(y)
    bound = benefit_of_doubt(y, weights=(low, 1.0))
    assert (bound <= free + 1e-7).all()
    positive = y + 1.0
    assert (benefit_of_doubt(positive, shares=(low, 1.0)) <= benefit_of_doubt(positive) + 1e-7).all()


@pytest.mark.slow
@given(y=tables())
@USUAL
def test_its_weights_make_its_scores(y: Array) -> None:
    y = y + 1.0
    k = y.shape[1]
    low, high = 0.5 / k, min(1.5 / k, 1.0)
    for bounds in ({}, {"weights": (low, high)}, {"shares": (low, high)}):
        s, w = benefit_of_doubt(y, **bounds), best_weights(y, **bounds)
        assert w.sum(axis=1) == pytest.approx(np.ones(len(y)))
        assert (w >= -1e-9).all()
        assert (w * y).sum(axis=1) / (w @ y.T).max(axis=1) == pytest.approx(s, abs=1e-6)
        if "weights" in bounds:
            assert ((w >= low - 1e-7) & (w <= high + 1e-7)).all()
        if "shares" in bounds:
            share = w * y / (w * y).sum(axis=1, keepdims=True)
            assert ((share >= low - 1e-6) & (share <= high + 1e-6)).all()


def test_fixed_weights_are_a_mean_against_the_best_mean() -> None:
    y = np.random.default_rng(1).uniform(0, 100, (8, 3))
    w = np.array([0.5, 0.3, 0.2])
    assert benefit_of_doubt(y, weights=(w, w)) == pytest.approx(y @ w / (y @ w).max(), abs=1e-7)


def test_one_part_is_a_share_of_the_largest() -> None:
    assert benefit_of_doubt(np.array([[2.0], [8.0], [0.0]])).tolist() == pytest.approx([0.25, 1, 0])
    assert np.isnan(best_weights(np.array([[2.0], [8.0], [0.0]]))[2]).all()


def test_a_dominated_unit_is_below_one_and_a_specialist_is_at_one() -> None:
    y = np.array([[90.0, 80, 10], [80.0, 70, 5], [1.0, 1, 20]])
    assert benefit_of_doubt(y)[[0, 2]] == pytest.approx([1, 1])
    assert benefit_of_doubt(y)[1] < 1
    assert benefit_of_doubt(y, weights=(0.2, 0.5))[2] < 0.5


def test_a_direction_says_how_parts_are_exchanged() -> None:
    y = np.array([[10.0, 2.0], [2.0, 10.0], [4.0, 4.0]])
    # from (4, 4) along (1, 1) the line between the first two is 2 lengths away, at (6, 6)
    assert benefit_of_doubt(y, direction=[1, 1]) == pytest.approx([1, 1, 1 / 3])
    assert benefit_of_doubt(y, direction=[4, 4])[2] == pytest.approx(benefit_of_doubt(y)[2])
    # along (6, 1e-6) only the first part grows: to (8, 4)
    assert benefit_of_doubt(y, direction=[4, 1e-6])[2] == pytest.approx(1 / 2, abs=1e-5)
    assert benefit_of_doubt(1e6 * y, direction=[1e6, 1e6]) == pytest.approx([1, 1, 1 / 3])
    assert benefit_of_doubt(np.vstack([y, [0, 0]]), direction=[1, 1])[3] == pytest.approx(1 / 7)


def test_what_cannot_be_solved_is_refused(says: Says) -> None:
    y = np.array([[3.0, 0.0], [1.0, 2.0]])
    with says(ValueError, "benefit of the doubt needs scores of all parts, none below zero"):
        benefit_of_doubt(np.array([[1.0, np.nan]]))
    with says(ValueError, "benefit of the doubt needs scores of all parts, none below zero"):
        benefit_of_doubt(-y)
    with says(ValueError, "benefit of the doubt needs a unit that has something"):
        benefit_of_doubt(0 * y)
    with says(ValueError, "no weights keep the bounds for unit 1"):
        benefit_of_doubt(y, shares=(0.1, 0.9))
    with says(ValueError, "bounds of weights go from [0.6, 0.6] to [0.9, 0.9]; no 2 shares of a whole keep them"):
        benefit_of_doubt(y, weights=(0.6, 0.9))
    with says(ValueError, "bounds of shares go from [0.1, 0.1] to [0.3, 0.3]; no 2 shares of a whole keep them"):
        benefit_of_doubt(y, shares=(0.1, 0.3))
    with says(ValueError, "the direction must be 2 numbers above zero"):
        benefit_of_doubt(y, direction=[1, 0])
