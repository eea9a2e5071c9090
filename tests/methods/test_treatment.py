"""Values far from all others: when they are treated, how, and that it is kept."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cwi.methods.treatment import Treatment, apply, changes, kurtosis, learn, learn_each, outlying, skewness

Array = NDArray[np.float64]

USUAL = settings(deadline=None, max_examples=60)
values = st.lists(st.integers(-500, 500), min_size=4, max_size=20).filter(lambda v: len(set(v)) > 1)
MISSING = math.nan


def column(*numbers: float) -> Array:
    return np.array(numbers, dtype=float)[:, None]


TAIL = column(1, 2, 3, 2, 1, 3, 2, 99)
STUBBORN = np.exp(np.linspace(0, 12, 100))[:, None]  # no five values carry its tail


# ---------------------------------------------------------------- the two numbers


@pytest.mark.slow
@given(found=values, factor=st.sampled_from([1e-12, 1.0, 1e12]), shift=st.sampled_from([0.0, 1000.0]))
@USUAL
def test_skewness_and_kurtosis_are_those_of_the_reference(found: list[int], factor: float, shift: float) -> None:
    x = np.array(found, dtype=float)
    here = factor * (x + shift)[:, None]
    assert skewness(here)[0] == pytest.approx(stats.skew(x, bias=False), rel=1e-6, abs=1e-8)
    assert kurtosis(here)[0] == pytest.approx(stats.kurtosis(x, bias=False), rel=1e-6, abs=1e-8)


def test_closed_forms() -> None:
    # one one among n - 1 zeros: skewness (n - 2)/sqrt(n - 1) sqrt(n(n - 1))/(n - 2) = sqrt(n), kurtosis n
    for n in (4, 9, 25):
        x = np.eye(n)[:, :1]
        assert skewness(x)[0] == pytest.approx(math.sqrt(n))
        assert kurtosis(x)[0] == pytest.approx(n)
    # 1 to n: kurtosis -1.2 of the uniform distribution, exactly, once the bias is taken off
    assert kurtosis(np.arange(1.0, 8.0)[:, None])[0] == pytest.approx(-1.2)
    assert skewness(np.arange(1.0, 8.0)[:, None])[0] == pytest.approx(0, abs=1e-12)


def test_gaps_are_left_out_and_too_little_has_no_shape() -> None:
    x = np.array([1.0, 4.0, 9.0, 16.0, 26.0])
    holed = np.insert(x, 2, MISSING)[:, None]
    assert skewness(holed) == pytest.approx(skewness(x[:, None]))
    assert kurtosis(holed) == pytest.approx(kurtosis(x[:, None]))
    table = np.array([[1, 2, MISSING, MISSING], [5] * 4, [1, 2, 4, MISSING], [1, 3, 9, 2], [MISSING] * 3 + [1]]).T
    assert np.isnan(skewness(table)).tolist() == [True, True, False, False, True]
    assert np.isnan(kurtosis(table)).tolist() == [True, True, True, False, True]
    assert np.isnan(skewness(column(0.1, 0.1, 0.1))).all()
    assert outlying(table).tolist() == [False] * 5


def test_both_limits_must_be_passed() -> None:
    assert outlying(TAIL).tolist() == [True]
    assert outlying(TAIL, skew=3).tolist() == [False]
    assert outlying(TAIL, kurt=9).tolist() == [False]
    far_on_both_sides = column(-99, 1, 2, 3, 2, 1, 3, 2, 103)
    assert kurtosis(far_on_both_sides)[0] > 3.5
    assert outlying(far_on_both_sides).tolist() == [False]
    assert outlying(-TAIL).tolist() == [True]


# ---------------------------------------------------------------- the treatment


def test_one_far_value_is_brought_to_the_next() -> None:
    treatment = learn(TAIL)
    assert treatment.how == ("winsorised",)
    assert apply(treatment, TAIL)[:, 0].tolist() == [1, 2, 3, 2, 1, 3, 2, 3]
    assert (treatment.low[0], treatment.high[0]) == (-math.inf, 3)
    found = treatment.changes
    assert [a.tolist() for a in (found.row, found.column, found.old, found.new, found.why)] == [
        [7], [0], [99.0], [3.0], ["high"],
    ]  # fmt: skip
    assert treatment.skewness[:, 0].tolist() == [skewness(TAIL)[0], skewness(apply(treatment, TAIL))[0]]
    assert not treatment.still_outlying.any()


def test_a_tail_below_is_the_mirror_image() -> None:
    up, down = learn(TAIL), learn(-TAIL)
    assert apply(down, -TAIL).tolist() == (-apply(up, TAIL)).tolist()
    assert (down.low[0], down.high[0]) == (-3, math.inf)
    assert down.changes.why.tolist() == ["low"]
    for then in ("log", "boxcox"):
        up, down = learn(STUBBORN, then=then), learn(-STUBBORN, then=then)
        assert apply(down, -STUBBORN) == pytest.approx(-apply(up, STUBBORN), rel=1e-6)


def test_point_by_point_and_no_further_than_needed() -> None:
    x = column(*range(10), *range(10), 60, 70, 80)
    treatment = learn(x)
    assert treatment.how == ("winsorised",)
    n = len(treatment.changes)
    assert 1 <= n <= 3
    less = np.minimum(x, np.sort(x[:, 0])[::-1][n - 1])
    assert outlying(less).tolist() == [True]
    assert learn(x, limit=n - 1).how == ("log",)


def test_what_five_values_do_not_mend_is_transformed_instead() -> None:
    treatment = learn(STUBBORN)
    low, reach = STUBBORN.min(), STUBBORN.max() - STUBBORN.min()
    assert treatment.how == ("log",)
    assert apply(treatment, STUBBORN) == pytest.approx(np.log(STUBBORN - low + 0.01 * reach), rel=1e-12)
    assert len(treatment.changes) == len(STUBBORN)
    assert set(treatment.changes.why) == {"log"}
    assert not treatment.still_outlying.any()


def test_box_cox_takes_the_likeliest_power() -> None:
    treatment = learn(STUBBORN, then="boxcox")
    reach = STUBBORN.max() - STUBBORN.min()
    u = (STUBBORN[:, 0] - STUBBORN.min() + 0.01 * reach) / reach
    expected, power = stats.boxcox(u)
    assert treatment.how == ("boxcox",)
    assert treatment.power[0] == pytest.approx(power, abs=1e-6)
    assert apply(treatment, STUBBORN)[:, 0] == pytest.approx(expected, rel=1e-6)


def test_nothing_may_be_done() -> None:
    treatment = learn(STUBBORN, then="nothing")
    assert treatment.how == ("none",)
    assert np.array_equal(apply(treatment, STUBBORN), STUBBORN)
    assert treatment.still_outlying.tolist() == [True]
    assert len(treatment.changes) == 0
    assert learn(TAIL, limit=0).how == ("log",)


def test_winsorising_never_makes_all_values_equal() -> None:
    x = column(*[0] * 12, 7)
    treatment = learn(x)
    assert treatment.how == ("log",)
    assert len(set(apply(treatment, x)[:, 0])) == 2


def test_the_base_years_decide_for_all_years() -> None:
    treatment = learn(np.hstack([TAIL, TAIL / 100, STUBBORN[:8] * 0 + np.arange(8.0)[:, None]]))
    later = np.array([[500.0, 500.0, 500.0], [0.0, -5.0, MISSING]])
    assert treatment.how == ("winsorised", "winsorised", "none")
    assert np.array_equal(apply(treatment, later), [[3, 0.03, 500], [0, -5, MISSING]], equal_nan=True)
    listed = changes(treatment, later)
    assert (listed.row.tolist(), listed.column.tolist()) == ([0, 0], [0, 1])
    assert (listed.old.tolist(), listed.new.tolist()) == ([500, 500], [3, 0.03])
    draws = np.stack([later, later[::-1]])
    assert np.array_equal(apply(treatment, draws)[1], apply(treatment, later)[::-1], equal_nan=True)
    # a logarithm ends where the base years do: what lies beyond is brought there
    logged = learn(STUBBORN)
    assert len(set(apply(logged, column(-1e9, STUBBORN.min()))[:, 0])) == 1
    assert np.isfinite(apply(logged, column(-1e9, 1e12))).all()


@pytest.mark.parametrize("factor", [1.0, 0.1, 1 / 3, 7e-5, 1e9])
def test_a_column_exactly_at_the_limit_is_not_beyond_it_in_any_unit(factor: float) -> None:
    values = np.array([1.0, 1, 0, 1])[:, None]  # skewness -2 and kurtosis 4, exactly
    assert skewness(values) == pytest.approx(-2)
    assert outlying(factor * values).tolist() == [False]
    assert outlying(factor * values, skew=1.99).tolist() == [True]


@pytest.mark.slow
@given(found=st.lists(st.one_of(st.integers(0, 20), st.integers(-5000, 5000)), min_size=1, max_size=25), data=st.data())
@USUAL
def test_the_order_never_turns_and_the_unit_does_not_matter(found: list[int], data: st.DataObject) -> None:
    base = np.array(found, dtype=float)[:, None]
    then = data.draw(st.sampled_from(["log", "boxcox", "nothing"]))
    treatment = learn(base, then=then)
    x = np.sort(np.array(data.draw(st.lists(st.integers(-9000, 9000), min_size=2, max_size=9)), dtype=float))[:, None]
    before = x.copy()
    y = apply(treatment, x)
    assert (np.diff(y, axis=0) >= -1e-9 * np.abs(y).max()).all()
    assert np.array_equal(x, before)
    for factor in (1e-12, 1e12):
        scaled = learn(factor * base, then=then)
        assert scaled.how == treatment.how
        if treatment.how == ("winsorised",):
            assert apply(scaled, factor * x) == pytest.approx(factor * y, rel=1e-9)
    assert_complete(treatment, base)


def assert_complete(treatment: Treatment, base: Array) -> None:
    """The list of changes is what lies between the values and the treated values."""
    again, listed = base.copy(), treatment.changes
    again[listed.row, listed.column] = listed.new
    assert np.array_equal(again, apply(treatment, base))
    assert np.array_equal(base[listed.row, listed.column], listed.old)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"then": "logg"}, "then is 'logg' (did you mean 'log'?); there are log, boxcox, nothing"),
        ({"limit": -1}, "limit is -1; it must not be below zero, and values must be finite"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match="is") as caught:
        learn(TAIL, **parameters)
    assert str(caught.value) == said


def test_two_units_one_column_and_no_values() -> None:
    for base in (np.empty((0, 2)), np.full((3, 2), MISSING), np.array([[1.0, 2.0], [3.0, 4.0]])):
        treatment = learn(base)
        assert treatment.how == ("none", "none")
        assert np.array_equal(apply(treatment, base), base, equal_nan=True)


# ---------------------------------------------------------------- combined, shifted, with a stated power


def test_the_example_of_coinr_is_winsorised_alike() -> None:
    """``winsorise`` of COINr 1.1.14: of 1 to 10, 30 and 100 the last becomes 30, and one point is treated."""
    x = column(*range(1, 11), 30, 100)
    treatment = learn(x)
    assert apply(treatment, x)[:, 0].tolist() == [*range(1, 11), 30, 30]
    assert (len(treatment.changes), treatment.changes.why.tolist()) == (1, ["high"])


def test_the_logarithm_after_winsorising() -> None:
    """By hand: the five largest are brought to the sixth, then ln(x - min + 0.01 range) of what is left."""
    treatment = learn(STUBBORN, limit=5, combine=True)
    cap = np.sort(STUBBORN[:, 0])[-6]
    x = np.minimum(STUBBORN[:, 0], cap)
    expected = np.log(x - x.min() + 0.01 * (x.max() - x.min()))
    np.testing.assert_allclose(apply(treatment, STUBBORN)[:, 0], expected, rtol=1e-12)
    assert treatment.how == ("winsorised, log",)
    counts = {str(word): int(n) for word, n in zip(*np.unique(treatment.changes.why, return_counts=True), strict=True)}
    assert counts == {"high": 5, "log": 95}
    assert learn(STUBBORN, limit=5).how == ("log",)  # the control


def test_the_shifted_logarithm_and_a_stated_power() -> None:
    x = STUBBORN[:, 0]
    shifted = apply(learn(STUBBORN, limit=0, shift="one"), STUBBORN)[:, 0]
    np.testing.assert_allclose(shifted, np.log(x - x.min() + 1), rtol=1e-12)
    rooted = apply(learn(STUBBORN, limit=0, then="boxcox", shift="one", power=0.5), STUBBORN)[:, 0]
    np.testing.assert_allclose(rooted, stats.boxcox(x - x.min() + 1, lmbda=0.5), rtol=1e-10, atol=1e-12)
    left = apply(learn(-STUBBORN, limit=0, shift="one"), -STUBBORN)[:, 0]
    np.testing.assert_allclose(left, -shifted, rtol=1e-12)


@pytest.mark.slow
@given(found=values, limit=st.integers(0, 4), combine=st.booleans(), shift=st.sampled_from(["hundredth", "one"]))
@USUAL
def test_every_treatment_keeps_the_order(found: list[int], limit: int, combine: bool, shift: str) -> None:
    x = np.array(found, dtype=float)[:, None]
    treated = apply(learn(x, limit=limit, combine=combine, shift=shift, skew=0.5, kurt=-1.0), x)[:, 0]
    order = np.argsort(x[:, 0], kind="stable")
    assert (np.diff(treated[order]) >= -1e-9).all()
    assert np.isfinite(treated).all()


def test_columns_have_their_own_settings() -> None:
    x = np.column_stack([STUBBORN, STUBBORN, STUBBORN])
    joined = learn_each(x, [{"limit": 0}, None, {"limit": 5, "combine": True}])
    assert joined.how == ("log", "none", "winsorised, log")
    for place, alone in ((0, learn(STUBBORN, limit=0)), (2, learn(STUBBORN, limit=5, combine=True))):
        np.testing.assert_array_equal(apply(joined, x)[:, place], apply(alone, STUBBORN)[:, 0])
    assert apply(joined, x)[:, 1].tolist() == STUBBORN[:, 0].tolist()
    assert set(joined.changes.column.tolist()) == {0, 2}
    with pytest.raises(ValueError, match=r"^shift is 'two'; there are hundredth, one$"):
        learn(STUBBORN, shift="two")
