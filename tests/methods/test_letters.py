"""Compact letters: two units share one if and only if they are not told apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwi.methods.ranking import letter_groups


@st.composite
def tables(draw):
    n = draw(st.integers(1, 9))
    pairs = draw(st.lists(st.booleans(), min_size=n * n, max_size=n * n))
    table = np.array(pairs).reshape(n, n)
    np.fill_diagonal(table, False)
    return table | table.T


@pytest.mark.slow
@given(tables())
def test_sharing_a_letter_is_not_being_told_apart(told):
    groups = letter_groups(told)
    n = len(told)
    for a in range(n):
        for b in range(n):
            assert any({a, b} <= set(group) for group in groups) == (a == b or not told[a, b])
    for one in groups:
        assert not any(set(one) < set(other) for other in groups)
        outside = [unit for unit in range(n) if unit not in one]
        assert all(told[unit, list(one)].any() for unit in outside)  # nobody can be added
    assert groups == sorted(set(groups))


@pytest.mark.slow
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_units_does_not_matter(told, random):
    order = list(range(len(told)))
    random.shuffle(order)
    moved = letter_groups(told[np.ix_(order, order)])
    assert {frozenset(order[unit] for unit in group) for group in moved} == set(map(frozenset, letter_groups(told)))


def letters(names, different):
    place = {name: i for i, name in enumerate(names)}
    told = np.zeros((len(names), len(names)), dtype=bool)
    for pair in different:
        told[tuple(place[name] for name in pair)] = True
    marks = dict.fromkeys(names, "")
    for letter, group in zip("abcdefgh", letter_groups(told), strict=False):
        for unit in group:
            marks[names[unit]] += letter
    return marks


def test_published_display_of_plant_growth():
    """R, ``multcompLetters(TukeyHSD(aov(weight ~ group, PlantGrowth)))``: adjusted p .391, .198 and .012."""
    p = {("ctrl", "trt1"): 0.3908711, ("ctrl", "trt2"): 0.1979960, ("trt1", "trt2"): 0.0120064}
    found = letters(["ctrl", "trt1", "trt2"], [pair for pair, value in p.items() if value < 0.05])
    assert found == {"ctrl": "ab", "trt1": "a", "trt2": "b"}


def test_published_display_in_which_a_letter_is_no_run():
    """Package cld for R, guide to its displays: Wilcoxon tests of ``chickwts``; casein a, meatmeal ac, soybean c."""
    names = ["casein", "horsebean", "linseed", "meatmeal", "soybean", "sunflower"]
    printed = {"casein": "a", "horsebean": "b", "linseed": "bc", "meatmeal": "ac", "soybean": "c", "sunflower": "a"}
    different = [(a, b) for a in names for b in names if a < b and not set(printed[a]) & set(printed[b])]
    assert letters(names, different) == printed


def test_runs_of_an_order_are_not_enough():
    """Control: the first and the third are alike, the second like neither; runs would give three letters."""
    told = [[False, True, False], [True, False, True], [False, True, False]]
    assert letter_groups(told) == [(0, 2), (1,)]


def test_a_table_that_is_not_square(says):
    with says(ValueError, "the table has the shape (2, 3); it must have a row and a column for each unit"):
        letter_groups(np.zeros((2, 3), dtype=bool))
    assert letter_groups(np.zeros((0, 0), dtype=bool)) == []
