"""Weights from ballots: a hand-made count, a library's raking, coverage of the bootstrap, and promises."""

import re

import numpy as np
import polars as pl
import pytest
import svy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.methods.ballots import divided, effective_number, rake, resampled, support, weights_of

Array = NDArray[np.float64]

# Three indicators a, b, c; a and b lie in the group g, c alone in h; g and h in the index.
UNDER = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]], dtype=float)
PARENTS = np.array([0, 0, 1, 2, 2])
TICKS = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1]], dtype=bool)

USUAL = settings(deadline=None, max_examples=100)


def test_counted_by_hand() -> None:
    """a has three ticks and b one; g is supported by 1/2, 1, 1/2, 0 and h by 0, 0, 1, 1."""
    said = support(TICKS, UNDER)
    assert said.tolist() == [[1, 0, 0, 0.5, 0], [1, 1, 0, 1, 0], [1, 0, 1, 0.5, 1], [0, 0, 1, 0, 1]]
    assert weights_of(said.sum(axis=0), PARENTS).tolist() == [0.75, 0.25, 1, 0.5, 0.5]
    # One vote each: the second voter halves it between a and b, the third gives g a third and h two thirds.
    one = divided(said, PARENTS)
    assert one[:, :2].tolist() == [[1, 0], [0.5, 0.5], [1, 0], [0, 0]]
    assert weights_of(one.sum(axis=0), PARENTS) == pytest.approx(
        [2.5 / 3, 0.5 / 3, 1, (2 + 1 / 3) / 4, (1 + 2 / 3) / 4]
    )


def test_a_floor_leaves_no_part_without_weight() -> None:
    assert weights_of(np.array([1.0, 0, 0, 0]), np.zeros(4, int), floor=0.2) == pytest.approx([0.85, 0.05, 0.05, 0.05])
    assert weights_of(np.zeros(4), np.array([0, 0, 0, 1])) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])


@pytest.mark.parametrize("floor", [-0.1, 1.1, np.nan])
def test_a_floor_outside_its_range_is_refused(floor: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"floor is {floor:g}; it must be from 0 to 1")):
        weights_of(np.ones(2), np.zeros(2, int), floor=floor)


def test_raking_agrees_with_svy() -> None:
    rng = np.random.default_rng(3)
    n = 700
    region, group = rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05]), rng.choice(3, n, p=[0.6, 0.3, 0.1])
    regions, groups = np.array([0.1, 0.2, 0.3, 0.15, 0.25]), np.array([0.3, 0.3, 0.4])
    data = pl.DataFrame({"region": region.astype(str), "group": group.astype(str), "w": np.ones(n)})
    shares = {
        "region": {str(i): float(share) for i, share in enumerate(regions)},
        "group": {str(i): float(share) for i, share in enumerate(groups)},
    }
    sample = svy.Sample(data, svy.Design(wgt="w")).weighting.rake(shares=shares, tol=1e-12, max_iter=1000)
    theirs = sample.data["rk_wgt"].to_numpy()
    cells = region * 3 + group
    counts = np.bincount(cells, minlength=15).astype(float)
    raked = rake(counts, [(np.arange(15) // 3, regions), (np.arange(15) % 3, groups)])
    ours = (raked / np.where(counts > 0, counts, 1))[cells]
    assert ours == pytest.approx(theirs / theirs.sum(), rel=1e-9)
    assert effective_number(ours) == pytest.approx(theirs.sum() ** 2 / (theirs**2).sum())


def test_raking_of_draws_is_that_of_each() -> None:
    counts = np.random.default_rng(4).integers(1, 40, (6, 4)).astype(float)
    margins = [(np.array([0, 0, 1, 1]), np.array([0.2, 0.8])), (np.array([0, 1, 0, 1]), np.array([0.5, 0.5]))]
    assert rake(counts, margins) == pytest.approx(np.stack([rake(row, margins) for row in counts]), rel=1e-8)


def test_an_empty_category_leaves_its_share_to_the_others() -> None:
    assert rake(np.array([3.0, 1, 0]), [(np.arange(3), np.array([0.2, 0.3, 0.5]))]) == pytest.approx([0.4, 0.6, 0])


def test_margins_that_contradict_each_other_are_refused() -> None:
    margins = [(np.array([0, 1]), np.array([0.5, 0.5])), (np.array([0, 1]), np.array([0.9, 0.1]))]
    sentence = "after 20 rounds a share is still 0.4 from its margin; merge categories in which few were counted"
    with pytest.raises(ValueError, match=rf"\A{re.escape(sentence)}\Z"):
        rake(np.array([10.0, 10]), margins, rounds=20)


def simulated(seed: int, raked: bool) -> float:
    """How often the 90 % interval holds the truth: 300 consultations of 240 voters, most of them of the group that is
    rarer in the population and thinks otherwise."""
    rng = np.random.default_rng(seed)
    likes = np.array([[0.7, 0.4, 0.2, 0.1], [0.3, 0.4, 0.5, 0.6]])
    population, turnout = np.array([0.75, 0.25]), np.array([0.4, 0.6])
    truth = (population @ likes) / (population @ likes).sum()
    parents, margins = np.zeros(4, int), [(np.arange(2), population)]
    held = []
    for _ in range(300):
        group = rng.choice(2, 240, p=turnout)
        ticks = (rng.random((240, 4)) < likes[group]).astype(float)
        drawn = resampled(ticks, group, margins if raked else [], draws=200, rng=rng)
        low, high = np.quantile(weights_of(drawn, parents), [0.05, 0.95], axis=0)
        held.append((low <= truth) & (truth <= high))
    return float(np.mean(held))


@pytest.mark.slow
def test_intervals_hold_the_truth_at_their_nominal_rate() -> None:
    assert simulated(5, raked=True) == pytest.approx(0.90, abs=0.03)


@pytest.mark.slow
def test_without_raking_they_do_not() -> None:
    """The control: voters are not the population, and redrawing them does not make them so."""
    assert simulated(5, raked=False) < 0.5


def test_the_same_generator_gives_the_same_draws_however_many_follow() -> None:
    x, cells = np.random.default_rng(6).random((50, 3)), np.zeros(50, int)
    many, few = (resampled(x, cells, [], draws=draws, rng=np.random.default_rng(7)) for draws in (130, 70))
    assert many[:70] == pytest.approx(few, abs=1e-14)
    assert many[:70] != pytest.approx(resampled(x, cells, [], draws=70, rng=np.random.default_rng(8)), abs=1e-6)


ballots = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=n, max_size=n)
)


@pytest.mark.slow
@USUAL
@given(ballots, st.floats(0, 1), st.randoms(use_true_random=False))
def test_weights_sum_to_one_and_the_order_of_ballots_does_not_matter(
    rows: list[list[bool]], floor: float, random: "np.random.Generator"
) -> None:
    found = []
    for _ in range(2):
        said = support(np.array(rows, dtype=bool), UNDER)
        for votes in (said, divided(said, PARENTS)):
            weights = weights_of(votes.sum(axis=0), PARENTS, floor=floor)
            assert np.bincount(PARENTS, weights) == pytest.approx(1)
            assert (weights >= floor * np.array([0.5, 0.5, 1, 0.5, 0.5]) - 1e-12).all()
            found.append(weights)
        random.shuffle(rows)
    assert found[0] == pytest.approx(found[2])
    assert found[1] == pytest.approx(found[3])


@USUAL
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_the_effective_number_is_between_one_and_the_number(g: list[float]) -> None:
    assert 1 - 1e-9 <= effective_number(np.array(g)) <= len(g) + 1e-9
    assert effective_number(np.zeros(3)) == 0
