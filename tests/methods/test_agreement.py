"""Agreement of experts against independent computations, and at its ends."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import friedmanchisquare

from cwi.methods.agreement import kendall_w, mean_distance


@pytest.mark.parametrize("steps", [2, 4, 1000])
def test_w_is_friedmans_statistic_divided_by_its_largest_value(steps: int) -> None:
    """With few steps there are many ties; scipy corrects for them by itself."""
    points = np.random.default_rng(1).integers(steps, size=(12, 5)).astype(float)
    statistic = friedmanchisquare(*points.T).statistic
    assert kendall_w(points) == pytest.approx(statistic / (12 * 4), rel=1e-12)


def test_w_of_opposite_orders_is_nought_and_of_two_parts_too() -> None:
    assert kendall_w(np.array([[60.0, 40], [40, 60]])) == 0
    assert kendall_w(np.array([[60.0, 40], [51, 49]])) == 1


def test_w_does_not_see_float_noise() -> None:
    noisy = np.array([[0.1 + 0.2, 0.3, 0.4], [0.3, 0.3, 0.4]])
    assert kendall_w(noisy) == kendall_w(np.array([[3.0, 3, 4], [3, 3, 4]]))


@pytest.mark.parametrize("points", [[[50.0, 50]], [[100.0], [100.0]], [[50.0, 50], [50, 50]]])
def test_w_is_no_number_where_nothing_can_be_compared(points: list[list[float]]) -> None:
    assert np.isnan(kendall_w(np.array(points)))


def test_distance_is_that_of_all_pairs() -> None:
    weights = np.random.default_rng(2).dirichlet(np.ones(6), 25)
    pairs = [np.abs(a - b).sum() / 2 for a, b in combinations(weights, 2)]
    assert mean_distance(weights) == pytest.approx(np.mean(pairs), rel=1e-12)
    assert mean_distance(np.eye(3)) == pytest.approx(1)
    assert mean_distance(weights[:1].repeat(4, axis=0)) == pytest.approx(0, abs=1e-12)
    assert np.isnan(mean_distance(weights[:1]))
