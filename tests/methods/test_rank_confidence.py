"""Confidence sets of ranks hold at their level where intervals of draws do not."""

import numpy as np
import pytest

from cwi.methods.rank_confidence import rank_confidence_sets

LEVEL = 0.9


def repeated(true, sd, repeats=300, draws=400, seed=1):
    """For each of many samples the sets, and the 5 % and 95 % quantiles of the ranks of redrawn scores."""
    rng = np.random.default_rng(seed)
    sets, intervals = [], []
    for _ in range(repeats):
        estimate = true + sd * rng.normal(size=len(true))
        errors = sd * rng.normal(size=(draws, len(true)))
        sets.append(rank_confidence_sets(estimate, errors, level=LEVEL))
        drawn = estimate + errors
        ranks = 1 + (drawn[:, None, :] > drawn[:, :, None]).sum(axis=2)
        intervals.append(np.quantile(ranks, [0.05, 0.95], axis=0))
    return np.array(sets), np.array(intervals)


def covered(bounds, ranks):
    return ((bounds[:, 0] <= ranks) & (ranks <= bounds[:, 1])).all(axis=1).mean()


@pytest.mark.slow
def test_sets_hold_together_at_their_level_where_scores_nearly_tie():
    true = np.array([50.0, 49.99, 49.98, 49.97, 49.96, 40.0])
    sets, intervals = repeated(true, np.ones(6))
    ranks = np.arange(1, 7)
    assert covered(sets, ranks) >= LEVEL - 2 * np.sqrt(LEVEL * (1 - LEVEL) / 300)
    assert covered(intervals, ranks) < 0.75, "control: intervals of draws miss more often than their share says"


@pytest.mark.slow
def test_sets_are_short_where_scores_are_apart_and_hold_with_unequal_errors():
    true = np.array([60.0, 50.0, 49.5, 30.0, 29.0])
    sd = np.array([0.5, 2.0, 0.5, 3.0, 0.5])
    sets, _ = repeated(true, sd)
    assert covered(sets, np.arange(1, 6)) >= LEVEL - 2 * np.sqrt(LEVEL * (1 - LEVEL) / 300)
    assert (sets[:, 1] - sets[:, 0]).mean() < 1.2


def test_steps_decide_more_pairs_than_one_critical_value():
    """By hand: with all pairs open the value is that of six; once the far one is decided that of the near pair."""
    rng = np.random.default_rng(2)
    errors = rng.normal(size=(4000, 3))
    gap = errors[:, :, None] - errors[:, None, :]
    first = np.quantile(np.abs(gap / np.sqrt(2)).max(axis=(1, 2)), 0.95)
    estimates = np.array([100.0, 0.0, -np.sqrt(2) * (first - 0.15)])
    low, high = rank_confidence_sets(estimates, errors, level=0.95)
    assert (low.tolist(), high.tolist()) == ([1, 2, 3], [1, 2, 3])
    near = np.array([0.5, 0.0, -np.sqrt(2) * (first - 0.15)])
    low, high = rank_confidence_sets(near, errors, level=0.95)
    assert high[1] == 3


def test_a_common_error_moves_nobody_and_no_error_leaves_nothing_open():
    common = np.repeat(np.random.default_rng(1).normal(size=(100, 1)), 3, axis=1)
    low, high = rank_confidence_sets(np.array([3.0, 1.0, 2.0]), 10 * common)
    assert low.tolist() == high.tolist() == [1, 3, 2]
    low, high = rank_confidence_sets(np.array([3.0, 1.0, 1.0]), np.zeros((2, 3)))
    assert (low.tolist(), high.tolist()) == ([1, 2, 2], [1, 3, 3])


@pytest.mark.parametrize(
    ("estimates", "errors", "level", "sentence"),
    [
        ([1.0, 2.0], np.zeros((5, 3)), 0.9, "errors have the shape (5, 3); they must be at least 2 draws of 2 units"),
        ([1.0, 2.0], np.zeros((1, 2)), 0.9, "errors have the shape (1, 2); they must be at least 2 draws of 2 units"),
        ([1.0, np.nan], np.zeros((5, 2)), 0.9, "an estimate or an error is missing; leave units without a score out"),
        ([1.0, 2.0], np.zeros((5, 2)), 1.0, "level is 1; it must be between 0 and 1"),
    ],
)
def test_what_has_no_sets(estimates, errors, level, sentence, says):
    with says(ValueError, sentence):
        rank_confidence_sets(np.array(estimates), errors, level=level)
