"""Counting deprivations: the published example, and what holds whoever is counted."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.errors import ColumnError
from cwi.methods.deprivation import Deprivation, alkire_foster, deprived

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Survey = tuple[Array, Array, float, Array, Array]

REFERENCE = Path(__file__).parents[2] / "reference" / "alkire_foster"
DIGITS = 0.5e-4  # the published figures have four

settings.register_profile("deprivation", deadline=None, max_examples=30)
USUAL = settings.get_profile("deprivation")


@st.composite
def surveys(draw: st.DrawFn) -> Survey:
    """Deprivations, weights, k, sample weights and groups."""
    n, d = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    g = draw(st.lists(st.integers(0, 1).map(float), min_size=n * d, max_size=n * d))
    w = draw(st.lists(st.integers(1, 12).map(float), min_size=d, max_size=d))
    k = draw(st.integers(1, 12)) / 12
    people = draw(st.lists(st.integers(1, 50).map(float), min_size=n, max_size=n))
    groups = draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=n, max_size=n))
    return np.array(g).reshape(n, d), np.array(w), k, np.array(people), np.array(groups)


def three(found: Deprivation) -> list[float]:
    return [found.H, found.A, found.M0]


@pytest.fixture(scope="module")
def persons() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "persons.csv", index_col="person")


@pytest.fixture(scope="module")
def expected() -> dict[str, Array]:
    table = pd.read_csv(REFERENCE / "expected.csv")
    return {str(measure): rows["value"].to_numpy() for measure, rows in table.groupby("measure", sort=False)}


@pytest.mark.parametrize("one", [1.0, 0.25, 1 / 3])
def test_the_published_example(persons: pd.DataFrame, expected: dict[str, Array], one: float) -> None:
    g = persons.filter(like="indicator").to_numpy()
    found = alkire_foster(g, np.full(4, one), k=0.5, groups=persons["region"])
    assert list(found.groups) == ["North", "South"]
    for measure, values in {
        "count": found.counts,
        "H": [found.H],
        "A": [found.A],
        "M0": [found.M0, *found.group_M0],
        "uncensored": found.uncensored,
        "censored": found.censored,
        "contribution": found.contributions,
    }.items():
        assert values == pytest.approx(expected[measure], abs=DIGITS + 1e-9), measure
    assert found.poor.tolist() == [True, False, True, False, True]
    assert found.group_share == pytest.approx([0.4, 0.6])
    assert found.group_H == pytest.approx([1 / 2, 2 / 3])
    assert found.group_A == pytest.approx([1 / 2, 5 / 8])
    assert found.lost == 0
    assert found.used.all()


def test_the_published_example_in_whole_fractions(persons: pd.DataFrame) -> None:
    """Counted on paper: persons 1, 3 and 5 lack 2, 3 and 2 of 4, so that A = 7/12 and M0 = 7/20 exactly."""
    g = persons.filter(like="indicator").to_numpy()
    found = alkire_foster(g, np.ones(4), k=0.5, groups=persons["region"])
    by_hand = {
        "H": ([found.H], [Fraction(3, 5)]),
        "A": ([found.A], [Fraction(7, 12)]),
        "M0": ([found.M0], [Fraction(7, 20)]),
        "M0 by region": (found.group_M0, [Fraction(1, 4), Fraction(5, 12)]),
        "contributions": (found.contributions, [Fraction(2, 7), Fraction(1, 7), Fraction(3, 7), Fraction(1, 7)]),
    }
    for name, (values, fractions) in by_hand.items():
        assert values == pytest.approx([float(one) for one in fractions], rel=1e-15, abs=0), name
    at_three = alkire_foster(g, np.ones(4), k=0.75)
    assert at_three.H == 1 / 5  # a control: only person 3 reaches three of four


def test_a_person_may_stand_for_many(persons: pd.DataFrame) -> None:
    g = persons.filter(like="indicator").to_numpy(float)
    many = np.array([3, 1, 2, 0, 4])
    found = alkire_foster(g, np.ones(4), k=0.5, sample_weights=many)
    each = alkire_foster(np.repeat(g, many, axis=0), np.ones(4), k=0.5)
    assert three(found) == pytest.approx(three(each))
    assert found.censored == pytest.approx(each.censored)
    assert found.uncensored == pytest.approx(each.uncensored)


@pytest.mark.slow
def test_a_count_that_reaches_k_but_for_the_noise_of_the_sum_is_poor() -> None:
    assert np.cumsum(np.full(12, 1 / 12))[5] < 0.5
    short = 0
    rng = np.random.default_rng(1)
    for d in range(2, 61):
        for lacking in range(1, d + 1):
            g = np.zeros((4, d))
            g[0, :lacking] = 1
            g[1:] = rng.permuted(np.tile(g[0], (3, 1)), axis=1)
            found = alkire_foster(g, np.full(d, 1 / d), k=lacking / d)
            assert found.poor.all(), (d, lacking)
            short += int((found.counts < lacking / d).sum())
            if lacking > 1:
                g[:, np.argmax(g, axis=1)] = 0
                assert not alkire_foster(g, np.full(d, 1 / d), k=lacking / d).poor.any()
    assert short > 100  # a plain comparison would have missed these


@pytest.mark.slow
@given(survey=surveys())
@USUAL
def test_the_measure_is_the_share_of_the_poor_times_what_they_lack(survey: Survey) -> None:
    g, w, k, people, _ = survey
    found = alkire_foster(g, w, k=k, sample_weights=people)
    assert 0 <= found.M0 <= found.H <= 1 + 1e-12
    assert (found.censored <= found.uncensored + 1e-12).all()
    assert (found.censored <= found.H + 1e-12).all()
    assert found.weights.sum() == pytest.approx(1)
    assert np.isclose(found.M0, found.weights @ found.censored)
    if found.poor.any():
        assert np.isclose(found.M0, found.H * found.A)
        assert k - 1e-8 <= found.A <= 1 + 1e-12
        assert found.contributions.sum() == pytest.approx(1)
    else:
        assert found.H == found.M0 == 0
        assert np.isnan([found.A, *found.contributions]).all()


@pytest.mark.slow
@given(survey=surveys())
@USUAL
def test_the_union_counts_whoever_lacks_anything_and_the_intersection_whoever_lacks_all(survey: Survey) -> None:
    g, w, _, people, _ = survey
    for k in (float((w / w.sum()).min()), 1e-15):
        union = alkire_foster(g, w, k=k, sample_weights=people)
        assert union.poor.tolist() == g.any(axis=1).tolist()
        assert union.censored == pytest.approx(union.uncensored)
        assert np.isclose(union.M0, union.weights @ union.uncensored)
    all_of_it = alkire_foster(g, w, k=1, sample_weights=people)
    assert all_of_it.poor.tolist() == g.all(axis=1).tolist()
    assert np.isclose(all_of_it.M0, all_of_it.H)


@pytest.mark.slow
@given(survey=surveys(), seed=st.integers(0, 1000))
@USUAL
def test_neither_order_nor_scale_of_weights_matters(survey: Survey, seed: int) -> None:
    g, w, k, people, groups = survey
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(g.shape[0]), rng.permutation(g.shape[1])
    one = alkire_foster(g, w, k=k, sample_weights=people, groups=groups)
    other = alkire_foster(
        g[np.ix_(rows, columns)], 7e9 * w[columns], k=k, sample_weights=people[rows] / 3e9, groups=groups[rows]
    )
    assert other.poor.tolist() == one.poor[rows].tolist()
    assert three(other) == pytest.approx(three(one), nan_ok=True)
    assert other.censored == pytest.approx(one.censored[columns])
    assert other.contributions == pytest.approx(one.contributions[columns], nan_ok=True)
    assert other.groups.tolist() == one.groups.tolist()
    assert other.group_M0 == pytest.approx(one.group_M0)


@pytest.mark.slow
@given(survey=surveys())
@USUAL
def test_the_whole_is_made_of_its_groups(survey: Survey) -> None:
    g, w, k, people, groups = survey
    found = alkire_foster(g, w, k=k, sample_weights=people, groups=groups)
    assert found.group_share.sum() == pytest.approx(1)
    assert found.group_share @ found.group_M0 == pytest.approx(found.M0)
    assert found.group_share @ found.group_H == pytest.approx(found.H)
    for place, label in enumerate(found.groups):
        own = groups == label
        alone = alkire_foster(g[own], w, k=k, sample_weights=people[own])
        in_all = [measure[place] for measure in (found.group_H, found.group_A, found.group_M0)]
        assert in_all == pytest.approx(three(alone), nan_ok=True)


@pytest.mark.slow
@given(survey=surveys(), data=st.data())
@USUAL
def test_it_falls_when_a_poor_person_lacks_one_thing_less(survey: Survey, data: st.DataObject) -> None:
    g, w, k, people, _ = survey
    before = alkire_foster(g, w, k=k, sample_weights=people)
    lacks = np.argwhere((g == 1) & before.poor[:, None])
    assume(len(lacks) > 0)
    row, column = lacks[data.draw(st.integers(0, len(lacks) - 1))]
    g = g.copy()
    g[row, column] = 0
    after = alkire_foster(g, w, k=k, sample_weights=people)
    assert after.M0 < before.M0
    assert after.H <= before.H


@pytest.mark.slow
@given(survey=surveys(), data=st.data())
@USUAL
def test_what_the_not_poor_lack_does_not_count(survey: Survey, data: st.DataObject) -> None:
    g, w, k, people, _ = survey
    before = alkire_foster(g, w, k=k, sample_weights=people)
    after = alkire_foster(g * before.poor[:, None], w, k=k, sample_weights=people)
    assert np.isclose(after.M0, before.M0)
    assert after.uncensored == pytest.approx(before.censored)


@pytest.mark.slow
@given(survey=surveys(), seed=st.integers(0, 1000))
@USUAL
def test_to_drop_gaps_is_to_have_only_the_others(survey: Survey, seed: int) -> None:
    g, w, k, people, _ = survey
    rng = np.random.default_rng(seed)
    gone = rng.random(len(g)) < 0.5
    assume(not gone.all())
    holed = g.copy()
    holed[gone, rng.integers(g.shape[1])] = np.nan
    found = alkire_foster(holed, w, k=k, sample_weights=people, missing="drop")
    rest = alkire_foster(g[~gone], w, k=k, sample_weights=people[~gone])
    assert three(found) == pytest.approx(three(rest), nan_ok=True)
    assert found.uncensored == pytest.approx(rest.uncensored)
    assert found.used.tolist() == (~gone).tolist()
    assert np.isnan(found.counts).tolist() == gone.tolist()
    assert not found.poor[gone].any()
    assert found.lost == pytest.approx(people[gone].sum() / people.sum())


def test_at_the_cut_off_nobody_is_deprived() -> None:
    x = [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [np.nan, 0.0]]
    assert deprived(x, 2).tolist()[:3] == [[1, 1], [0, 0], [0, 0]]
    found = deprived(x, [2, 2], less_is_worse=[True, False])
    assert found.tolist()[:3] == [[1, 0], [0, 0], [0, 1]]
    assert np.isnan(found).tolist() == np.isnan(x).tolist()


def test_cut_offs_that_do_not_fit_are_refused(says: Says) -> None:
    with says(ValueError, "a cut-off is missing"):
        deprived([[1.0, 2.0]], [1, np.nan])
    with says(ValueError, "values of the shape (2,) do not fit cut-offs of the shape (2, 1)"):
        deprived([1.0, 2.0], [[1.0], [2.0]])


def test_a_gap_is_refused_by_the_column_that_has_it(says: Says) -> None:
    g = [[0.0, 1.0], [1.0, np.nan], [1.0, np.nan]]
    with says(ColumnError, "column 1 is missing in 2 of 3 rows, first in row 1; 'drop' would leave them out"):
        alkire_foster(g, [1, 1], k=0.5)
    with says(ColumnError, "column 0 has values other than 0 and 1"):
        alkire_foster([[0.5, 1]], [1, 1], k=0.5)


GOOD: dict[str, Any] = {"g": [[0, 1], [1, 1]], "w": [1, 1], "k": 0.5}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"k": 0}, "k is 0; it must be above 0 and at most 1"),
        ({"k": 2}, "k is 2; it must be above 0 and at most 1"),
        ({"k": np.nan}, "k is nan; it must be above 0 and at most 1"),
        ({"g": [0, 1]}, "deprivations of the shape (2,); there must be persons by indicators"),
        ({"g": np.empty((0, 2))}, "deprivations of the shape (0, 2); there must be persons by indicators"),
        ({"w": [1, 1, 1]}, "weights of the shape (3,) do not fit 2 indicators"),
        ({"w": [1, -1]}, "weights are below zero"),
        ({"w": [0, 0]}, "weights are all zero"),
        ({"w": [1, np.nan]}, "weights are missing or infinite"),
        ({"sample_weights": [1]}, "sample weights of the shape (1,) do not fit 2 persons"),
        ({"sample_weights": [1, np.inf]}, "sample weights are missing or infinite"),
        ({"groups": ["a"]}, "1 labels of groups do not fit 2 persons"),
        ({"groups": ["a", None]}, "the person in row 1 has no group"),
        ({"groups": ["a", np.nan]}, "the person in row 1 has no group"),
        (
            {"groups": ["a", "b"], "sample_weights": [1, 0]},
            "nobody with a sample weight is left to count in the group 'b'",
        ),
        (
            {"groups": ["a", "b"], "g": [[0, np.nan], [1, 1]], "missing": "drop"},
            "nobody with a sample weight is left to count in the group 'a'",
        ),
        ({"g": [[0, np.nan], [np.nan, 1]], "missing": "drop"}, "nobody with a sample weight has all indicators"),
        (
            {"missing": "dropp"},
            "there is no rule 'dropp' for what is missing (did you mean 'drop'?); there are refuse, drop",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(says: Says, change: dict[str, Any], sentence: str) -> None:
    with says(ValueError, sentence):
        alkire_foster(**(GOOD | change))


def test_weights_that_add_up_to_a_rounding_step_above_one_leave_no_share_above_one() -> None:
    found = alkire_foster(np.vstack([np.zeros((6, 3)), np.ones((1, 3))]), np.array([1.0, 1.0, 7.0]), k=1 / 12)
    assert found.A <= 1
    assert found.M0 <= found.H
