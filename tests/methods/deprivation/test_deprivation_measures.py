"""Every cut-off, whole weights, gaps, changes and overlaps: the published example, rules by hand, identities."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.errors import ColumnError
from cwi.methods.deprivation import (
    CountingPlan,
    Part,
    alkire_foster,
    breadth,
    compound,
    every_cutoff,
    gap_measures,
    group_change,
    measure_change,
    measures_of,
    overlap_pattern,
    overlaps,
    pack,
    reaches,
    two_by_two,
    weighted_counts,
    whole_weights,
)

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
REFERENCE = Path(__file__).parents[2] / "reference" / "alkire_foster"
FEW = settings(deadline=None, max_examples=30)


@st.composite
def surveys(draw: st.DrawFn) -> tuple[Array, list[int], Array, NDArray[np.int64]]:
    n, d = draw(st.integers(1, 9)), draw(st.integers(1, 13))
    cells = draw(st.lists(st.integers(0, 1), min_size=n * d, max_size=n * d))
    w = draw(st.lists(st.integers(1, 6), min_size=d, max_size=d))
    people = draw(st.lists(st.integers(1, 50), min_size=n, max_size=n))
    groups = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return np.array(cells, float).reshape(n, d), w, np.array(people, float), np.array(groups)


def test_the_published_example_at_every_cutoff() -> None:
    persons = pd.read_csv(REFERENCE / "persons.csv", index_col="person")
    table = pd.read_csv(REFERENCE / "expected.csv")
    want = {str(name): rows["value"].to_numpy() for name, rows in table.groupby("measure", sort=False)}
    g = persons.filter(like="indicator").to_numpy(float)
    group = (persons["region"] == "South").to_numpy(int)
    got = every_cutoff(g, [Fraction(1, 4)] * 4, groups=group)
    at = list(got.k).index(2)
    assert got.H[-1, at] == pytest.approx(want["H"][0], abs=5e-5)
    assert got.A[-1, at] == pytest.approx(want["A"][0], abs=5e-5)
    assert [got.M0[-1, at], *got.M0[:2, at]] == pytest.approx(want["M0"], abs=5e-5)
    assert got.censored[-1, at] == pytest.approx(want["censored"])
    assert got.uncensored[-1] == pytest.approx(want["uncensored"])
    assert got.contributions[-1, at] == pytest.approx(want["contribution"], abs=5e-5)


@pytest.mark.slow
@given(survey=surveys())
@FEW
def test_every_cutoff_is_counting_at_each(survey: tuple[Array, list[int], Array, NDArray[np.int64]]) -> None:
    g, w, people, groups = survey
    got = every_cutoff(g, w, people=people, groups=groups, count=3)
    for at, k in enumerate(got.k):
        one = alkire_foster(g, w, k=k / sum(whole_weights(w)), sample_weights=people)
        assert [got.H[-1, at], got.M0[-1, at]] == pytest.approx([one.H, one.M0])
        assert got.censored[-1, at] == pytest.approx(one.censored)
        if one.H:
            assert got.contributions[-1, at].sum() == pytest.approx(1)
            assert got.M0[-1, at] == pytest.approx(got.H[-1, at] * got.A[-1, at])
    assert (np.diff(got.H[-1]) <= 1e-12).all()
    assert (np.diff(got.M0[-1]) <= 1e-12).all()
    assert got.H[-1, 0] == pytest.approx(np.average(g.any(axis=1), weights=people))  # union
    assert got.H[-1, -1] == pytest.approx(np.average(g.all(axis=1), weights=people))  # intersection
    there = got.size[:3] > 0
    share = got.size[:3] / got.size[-1]
    assert share[there] @ got.M0[:3][there] == pytest.approx(got.M0[-1])


@given(survey=surveys(), cut=st.integers(0, 9))
@FEW
def test_tallies_of_parts_add_up(survey: tuple[Array, list[int], Array, NDArray[np.int64]], cut: int) -> None:
    g, w, people, groups = survey
    d = g.shape[1]
    plan = CountingPlan(w, dimensions=[range(0, d, 2), range(1, d, 2), [d - 1]])
    codes, _ = pack(g)
    whole = plan.tally(codes, groups, 3, people=people)
    parts = [plan.tally(codes[rows], groups[rows], 3, people=people[rows]) for rows in (slice(cut), slice(cut, None))]
    both = plan.empty(3) + parts[0] + parts[1]
    for one, other in zip(whole.halves, both.halves, strict=True):
        np.testing.assert_allclose(one, other)
    by_hand = np.stack([g[:, 0::2].any(axis=1), g[:, 1::2].any(axis=1), g[:, d - 1] > 0], axis=1)
    cells = whole.cells.sum(axis=0) / people.sum()
    assert cells.sum() == pytest.approx(1)
    np.testing.assert_allclose(cells, overlaps(by_hand, people), atol=1e-12)
    assert both.rows == len(g)


def test_who_has_a_gap_is_lost_and_counted_as_such() -> None:
    g = [[1, 0], [np.nan, 1], [1, 1], [0, np.nan]]
    got = every_cutoff(g, [1, 1], people=[1, 2, 3, 4], groups=[0, 0, 1, 1])
    assert got.lost.tolist() == pytest.approx([2 / 3, 4 / 7, 0.6])
    assert got.size.tolist() == [1, 3, 4]
    assert got.H[-1].tolist() == [1.0, 0.75]


def test_a_count_at_the_threshold_reaches_it_whatever_the_weights() -> None:
    """Of twelve, sixty: sums of decimals fall short of the share they are; whole numbers do not."""
    short = 0
    for d in (3, 6, 12, 49, 60):
        w = whole_weights([1 / d] * d)
        assert w.tolist() == [1] * d
        for lacking in range(1, d + 1):
            g = np.zeros((1, d))
            g[0, :lacking] = 1
            assert reaches(weighted_counts(g, w), Fraction(lacking, d), of=d).all()
            assert reaches(weighted_counts(g, w), lacking / d, of=d).all()
            short += bool(np.cumsum(np.full(d, 1 / d))[lacking - 1] < lacking / d)
    assert short > 5


def test_nested_weights_of_the_global_index() -> None:
    w = whole_weights([1 / 6] * 4 + [1 / 18] * 6)
    assert w.tolist() == [3, 3, 3, 3, 1, 1, 1, 1, 1, 1]
    g = np.array([[1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 1, 1, 0, 0, 0, 0]])
    counts = weighted_counts(g, w)
    assert counts.tolist() == [6, 6, 5]
    assert reaches(counts, Fraction(1, 3), of=18).tolist() == [True, True, False]
    assert reaches(counts, 1 / 3, of=18).tolist() == [True, True, False]


def test_the_compound_rule_on_a_dozen_children() -> None:
    """At least seven of thirteen and at least three of the last five."""
    text = (
        "1111111000000 1111000111000 1111100110000 0000000011111 1100000011111 1111111111111 "
        "0000000000000 1111111011000 1111111100000 1111111111000 0111100011100 1110000011110"
    )
    rows = text.split()
    g = np.array([[int(cell) for cell in row] for row in rows])
    by_hand = [sum(row) >= 7 and sum(row[8:]) >= 3 for row in g.tolist()]
    got = compound(g, at_least=7, also=[Part(tuple(range(8, 13)), 3)])
    assert got.tolist() == by_hand
    assert by_hand == [False, False, False, False, True, True, False, False, False, False, True, True]


@pytest.mark.slow
@given(survey=surveys())
@FEW
def test_overlaps_of_any_number_of_dimensions(survey: tuple[Array, list[int], Array, NDArray[np.int64]]) -> None:
    g, _, people, _ = survey
    cells = overlaps(g, people)
    d = g.shape[1]
    assert cells.sum() == pytest.approx(1)
    for j in range(d):
        holds = (np.arange(1 << d) >> j) & 1 == 1
        assert cells[holds].sum() == pytest.approx(np.average(g[:, j], weights=people))
    pattern = overlap_pattern(g, people)
    assert pattern.sum(axis=1) == pytest.approx(np.average(g, axis=0, weights=people))
    assert pattern[:, 0] == pytest.approx(cells[1 << np.arange(d)])
    size = np.array([int(cell).bit_count() for cell in range(1 << d)])
    assert breadth(g, people) == pytest.approx(np.bincount(size, cells, d + 1))


def test_measures_by_hand_in_fractions() -> None:
    """Six children, four indicators of weights 1/3, 1/3, 1/6, 1/6 and children who count 1 or 2; worked by hand, as no
    published example with nested weights and all its inputs could be had.

    Counts in sixths: 4, 3, 2, 1, 6, 0. At k = 1/2 the first, the second and the fifth are poor.
    """
    g = [[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]]
    people = [1, 2, 1, 1, 2, 2]  # nine
    w = [Fraction(1, 3), Fraction(1, 3), Fraction(1, 6), Fraction(1, 6)]
    H, M0 = Fraction(5, 9), Fraction(4 + 2 * 3 + 2 * 6, 6 * 9)
    censored = [Fraction(5, 9), Fraction(3, 9), Fraction(4, 9), Fraction(2, 9)]
    one = alkire_foster(g, [float(part) for part in w], k=1 / 2, sample_weights=people)
    at_every = every_cutoff(g, w, people=people, groups=[0, 0, 0, 1, 1, 1])
    at = list(at_every.k).index(3)
    for got in ((one.H, one.A, one.M0), (at_every.H[-1, at], at_every.A[-1, at], at_every.M0[-1, at])):
        assert got == pytest.approx([float(H), float(M0 / H), float(M0)])
    assert (Fraction(5, 9), Fraction(11, 15), Fraction(11, 27)) == (H, M0 / H, M0)
    assert one.censored == pytest.approx([float(share) for share in censored])
    shares = [part * share / M0 for part, share in zip(w, censored, strict=True)]
    assert sum(shares) == 1
    assert at_every.contributions[-1, at] == pytest.approx([float(share) for share in shares])
    assert at_every.uncensored[-1] == pytest.approx([5 / 9, 4 / 9, 4 / 9, 3 / 9])
    assert at_every.M0[:2, at] == pytest.approx([10 / 24, 12 / 30])  # of four and of five children
    union, all_of = list(at_every.k).index(1), list(at_every.k).index(6)
    assert at_every.H[-1, [union, all_of]] == pytest.approx([7 / 9, 2 / 9])
    cells = overlaps(g, people)
    assert cells[[0, 0b11, 0b101, 0b10, 0b1000, 0b1111]] == pytest.approx([2 / 9, 1 / 9, 2 / 9, 1 / 9, 1 / 9, 2 / 9])


def test_gaps_by_hand_in_fractions() -> None:
    """Three achievements with cut-offs 10, 4 and 1 and equal weights, k = 2/3; worked by hand."""
    x = [[5, 1, 1], [10, 3, 0], [8, 2, 0], [9, 4, 2]]
    gap = [[Fraction(1, 2), Fraction(3, 4), 0], [0, Fraction(1, 4), 1], [Fraction(1, 5), Fraction(1, 2), 1], [0, 0, 0]]
    M1, M2 = (sum(one**power for row in gap for one in row) / Fraction(12) for power in (1, 2))
    assert (Fraction(7, 20), Fraction(211, 800)) == (M1, M2)
    got = gap_measures(x, [10, 4, 1], [1, 1, 1], k=2 / 3)  # the fourth lacks one of three and is not poor
    assert pytest.approx([3 / 4, 7 / 9, 7 / 12]) == [got.H, got.A, got.M0]
    assert pytest.approx([float(M1), float(M2)]) == [got.M1, got.M2]
    assert pytest.approx([float(M1 * 12 / 7), float(M2 * 12 / 7)]) == [got.G, got.S]


def test_two_conditions() -> None:
    table = two_by_two([1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 1, 6])
    assert table.tolist() == [[0.7, 0.1], [0.1, 0.1]]


@given(survey=surveys())
@FEW
def test_a_change_is_the_sum_of_its_parts(survey: tuple[Array, list[int], Array, NDArray[np.int64]]) -> None:
    g, w, people, groups = survey
    one = every_cutoff(g, w, people=people, groups=groups, count=3)
    two = every_cutoff(1 - g, w, people=people[::-1], groups=groups, count=3)
    change = measure_change((one.H[-1], two.H[-1]), (one.A[-1], two.A[-1]), years=3)
    assert change.from_H + change.from_A == pytest.approx(two.M0[-1] - one.M0[-1])
    assert change.yearly * 3 == pytest.approx(change.absolute)
    shares = [np.bincount(groups, side, 3) / people.sum() for side in (people, people[::-1])]
    m0 = [np.nan_to_num(side.M0[:3, 0]) for side in (one, two)]
    split = group_change((shares[0], shares[1]), (m0[0], m0[1]))
    assert split.within.sum() + split.between.sum() == pytest.approx(two.M0[-1, 0] - one.M0[-1, 0])


@given(survey=surveys(), data=st.data())
@FEW
def test_gaps_shrink_when_a_poor_person_comes_nearer(
    survey: tuple[Array, list[int], Array, NDArray[np.int64]], data: st.DataObject
) -> None:
    g, w, people, _ = survey
    x = np.where(g > 0, 4.0, 12.0)
    before = gap_measures(x, np.full(g.shape[1], 10.0), w, k=0.3, sample_weights=people)
    assert before.M2 <= before.M1 <= before.M0 <= before.H + 1e-12
    if before.M0:
        assert pytest.approx(before.M0 * before.G) == before.M1
        assert pytest.approx(before.M0 * before.S) == before.M2
        row, column = data.draw(st.sampled_from(np.argwhere((g > 0) & (before.gaps > 0)[:, None]).tolist()))
        x[row, column] = 7.0
        after = gap_measures(x, np.full(g.shape[1], 10.0), w, k=0.3, sample_weights=people)
        assert pytest.approx(before.M0) == after.M0
        assert after.M1 < before.M1
        assert after.M2 < before.M2


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: whole_weights([]), ValueError, "there is no weight"),
        (lambda: whole_weights([1, -1]), ValueError, "weight 1 is below zero"),
        (lambda: whole_weights([np.nan]), ValueError, "weight 0 is missing or infinite"),
        (lambda: whole_weights([0, 0]), ValueError, "weights are all zero"),
        (
            lambda: whole_weights([0.123456789, 0.876543211]), ValueError,
            "as whole numbers the weights add up to 1,000,000,000, more than 100,000; write them as simple fractions",
        ),
        (lambda: reaches([1], 0), ValueError, "the threshold is 0; it must be above zero"),
        (lambda: reaches([1], 1.5, of=3), ValueError, "the threshold is 1.5; as a share it must be at most 1"),
        (lambda: compound([[1, 0]], at_least=3), ValueError, "at least 3 of 2 items; it must be from 1 to 2"),
        (
            lambda: compound([[1, 0]], at_least=1, also=[Part((0, 5), 1)]), ValueError,
            "a part names column 5; there are 2, from 0",
        ),
        (
            lambda: compound([[1, 0]], at_least=1, also=[Part((0,), 2)]), ValueError,
            "at least 2 of 1 items of a part; it must be from 1 to 1",
        ),
        (lambda: pack([1, 0]), ValueError, "deprivations of the shape (2,); there must be persons by indicators"),
        (lambda: pack([[1, 2]]), ColumnError, "column 1 has values other than 0 and 1"),
        (lambda: pack(np.ones((1, 61))), ValueError, "there are 61 indicators; at most 60 can be packed"),
        (lambda: CountingPlan(np.ones(61)), ValueError, "there are 61 indicators; at most 60 can be tallied"),
        (
            lambda: CountingPlan([1], dimensions=[[0]] * 13), ValueError,
            "there are 13 dimensions; at most 12 can overlap",
        ),
        (
            lambda: CountingPlan([1], dimensions=[[2]]), ValueError,
            "a dimension names indicator 2; there are 1, from 0",
        ),
        (
            lambda: CountingPlan([1]).tally([0, 1], [0, 2], 2), ValueError,
            "groups run from 0 to 2; they must lie between 0 and 1",
        ),
        (
            lambda: CountingPlan([1]).tally([0, 1], [0, 1], 2, people=[1, -1]), ValueError,
            "weights of persons are missing, infinite or below zero",
        ),
        (
            lambda: measures_of(CountingPlan([1, 1]).empty(1), [3]), ValueError,
            "a cut-off is 3; it must be from 1 to 2",
        ),
        (lambda: every_cutoff([[1, 0]], [1]), ValueError, "1 weights do not fit 2 indicators"),
        (
            lambda: gap_measures([[-1.0]], [1], [1], k=1), ColumnError,
            "column 0 has achievements that are missing, infinite or below zero",
        ),
        (lambda: gap_measures([[1.0]], [0], [1], k=1), ValueError, "a cut-off is missing or not above zero"),
        (
            lambda: measure_change((0.1, 0.2), (0.3, 0.4), years=0), ValueError,
            "there are 0 years between the two; it must be above zero",
        ),
        (
            lambda: group_change(([0.5, 0.6], [0.5, 0.5]), ([0.1, 0.1], [0.1, 0.1])), ValueError,
            "shares of groups add up to 1.1, not 1",
        ),
        (
            lambda: overlaps([[1, np.nan]]), ColumnError,
            "column 1 has values other than 0 and 1; leave out who has a gap",
        ),
        (
            lambda: overlaps(np.ones((1, 21))), ValueError, "there are 21 dimensions; at most 20 can overlap",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(
    says: Says, call: Callable[[], Any], kind: type[Exception], sentence: str
) -> None:
    with says(kind, sentence):
        call()


def test_codes_of_more_than_thirty_indicators() -> None:
    g = np.zeros((3, 41))
    g[0, [0, 40]] = 1
    g[1, 33] = 1
    got = every_cutoff(g, np.ones(41))
    assert got.H[-1, :3] == pytest.approx([2 / 3, 1 / 3, 0])
    assert got.uncensored[-1, [0, 33, 40, 5]] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_all_cells_of_three_dimensions_by_hand() -> None:
    g = np.array(list(product([0, 1], repeat=3)))
    assert overlaps(g, [8, 7, 6, 5, 4, 3, 2, 1]).tolist() == pytest.approx(
        [8 / 36, 4 / 36, 6 / 36, 2 / 36, 7 / 36, 3 / 36, 5 / 36, 1 / 36]
    )
