"""What stands in for a gap: what each word fills, what it leaves, and how several results are joined."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cwi.errors import ColumnError
from cwi.methods import imputation
from cwi.methods.imputation import (
    Filled,
    carry,
    em,
    group_mean,
    group_median,
    holdout,
    in_turn,
    linear,
    mean,
    median,
    multiple_imputation,
    regression,
    row_mean,
    rubin,
)

Array = NDArray[np.float64]
Method = Callable[..., Filled]

USUAL = settings(deadline=None, max_examples=40)
MISSING = math.nan
GROUPS = np.array([0, 0, 0, 1, 1, 1, 2, 2])

SERIES: dict[str, Method] = {
    "carry": partial(carry, max_age=2),
    "carry backward": partial(carry, max_age=2, direction="backward"),
    "carry both": partial(carry, max_age=2, direction="both"),
    "linear": linear,
    "linear constant": partial(linear, extrapolate="constant"),
    "linear line": partial(linear, extrapolate="line"),
}
UNITS: dict[str, Method] = {
    "mean": mean,
    "median": median,
    "group_mean": partial(group_mean, groups=GROUPS),
    "group_median": partial(group_median, groups=GROUPS),
}
INDICATORS: dict[str, Method] = {"regression": regression, "em": em}
ROWS: dict[str, Method] = {"row_mean": row_mean}
ALL = SERIES | UNITS | INDICATORS | ROWS


def every(methods: dict[str, Method]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "method"), methods.items(), ids=methods.keys())


def panel(seed: int, gaps: float = 0.15) -> Array:
    """Five years of eight units and three indicators that go together, with gaps."""
    rng = np.random.default_rng(seed)
    values = rng.normal(50, 10, (5, 8, 1)) + rng.normal(0, 3, (5, 8, 3)) * [1, 2, 3]
    values[rng.uniform(size=values.shape) < gaps] = MISSING
    return values


def series(*numbers: float) -> Array:
    return np.array(numbers, dtype=float)[:, None, None]


def test_every_word_of_the_family_is_tried_here() -> None:
    others = {"Filled", "holdout", "in_turn", "multiple_imputation", "rubin"}
    assert {name.split()[0] for name in ALL} | others == set(imputation.__all__)


# ---------------------------------------------------------------- promises of all words


@pytest.mark.slow
@every(ALL)
@given(seed=st.integers(0, 10**6))
@USUAL
def test_what_was_measured_and_what_must_stay_open_are_left_alone(name: str, method: Method, seed: int) -> None:
    values = panel(seed)
    never = np.random.default_rng(seed).uniform(size=values.shape) < 0.3
    before = values.copy()
    result = method(values, never)
    has = ~np.isnan(values)
    assert np.array_equal(values, before, equal_nan=True)
    assert np.array_equal(result.values[has], values[has])
    assert np.isnan(result.values[never & ~has]).all()
    new = ~has & ~np.isnan(result.values)
    assert (result.how[new] == name.split()[0]).all()
    assert (result.how[~new] == "").all()


@every(ALL)
@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_the_unit_does_not_matter(name: str, method: Method, factor: float) -> None:
    values = panel(3)
    scale = np.array([1.0, factor, 1.0])
    here, there = method(values), method(values * scale)
    assert np.array_equal(here.how, there.how)
    assert there.values / scale == pytest.approx(here.values, rel=1e-6, nan_ok=True)


@every(ALL)
def test_nothing_missing_nothing_done(name: str, method: Method) -> None:
    values = panel(4, gaps=0)
    result = method(values)
    assert np.array_equal(result.values, values)
    assert not (result.how != "").any()


@every(UNITS | INDICATORS)
def test_the_order_of_units_does_not_matter(name: str, method: Method) -> None:
    values = panel(5)
    order = np.random.default_rng(1).permutation(8)
    grouped = name.startswith("group")
    shuffled = partial(method.func, groups=GROUPS[order]) if grouped else method  # type: ignore[attr-defined]
    assert shuffled(values[:, order]).values == pytest.approx(method(values).values[:, order], nan_ok=True)


@every(UNITS)
def test_each_year_for_itself(name: str, method: Method) -> None:
    values = panel(6)
    together = method(values).values
    for year in range(5):
        assert np.array_equal(together[year], method(values[year]).values, equal_nan=True)


@every(ALL)
def test_a_mask_must_fit(name: str, method: Method) -> None:
    with pytest.raises(ValueError, match=r"shape"):
        method(panel(7), np.zeros((4, 8, 3), dtype=bool))


# ---------------------------------------------------------------- along the years


def test_carry_is_bound_by_age_in_years() -> None:
    x = series(MISSING, 5, MISSING, MISSING, MISSING, 9, MISSING)
    nan = MISSING
    for age, expected in ((0, [nan, 5, nan, nan, nan, 9, nan]), (1, [nan, 5, 5, nan, nan, 9, 9])):
        assert np.array_equal(carry(x, max_age=age).values[:, 0, 0], expected, equal_nan=True)
    apart = carry(x, max_age=2, years=[2010, 2011, 2012, 2014, 2015, 2016, 2019]).values[:, 0, 0]
    assert np.array_equal(apart, [nan, 5, 5, nan, nan, 9, nan], equal_nan=True)


def test_carry_passes_over_a_suppressed_cell_and_leaves_it_open() -> None:
    never = series(0, 1, 0).astype(bool)
    assert np.array_equal(carry(series(5, MISSING, MISSING), never, max_age=2).values[:, 0, 0], [5, MISSING, 5], True)


def test_linear_goes_by_the_years_and_never_beyond_the_series() -> None:
    x = series(MISSING, 2, MISSING, MISSING, 8, MISSING)
    assert np.array_equal(linear(x).values[:, 0, 0], [MISSING, 2, 4, 6, 8, MISSING], equal_nan=True)
    apart = linear(x, years=[2000, 2010, 2011, 2015, 2016, 2020]).values[:, 0, 0]
    assert apart[1:5].tolist() == pytest.approx([2, 3, 7, 8])
    assert np.isnan(linear(series(MISSING, 3, MISSING)).values[[0, 2]]).all()
    assert np.isnan(linear(series(MISSING, MISSING)).values).all()


@given(start=st.floats(-1e6, 1e6), step=st.floats(-1e3, 1e3), hidden=st.sets(st.integers(1, 8), max_size=8))
@USUAL
def test_linear_gives_back_a_line(start: float, step: float, hidden: set[int]) -> None:
    line = series(*(start + step * np.arange(10)))
    holed = line.copy()
    holed[list(hidden)] = MISSING
    assert linear(holed).values == pytest.approx(line, rel=1e-9, abs=1e-6)


ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (partial(carry, ONES, max_age=1), "values have the shape (2, 3); a series needs years, units and indicators"),
        (partial(carry, series(1, 2), max_age=-1), "max_age is -1; it must not be below zero"),
        (
            partial(linear, series(1, 2), years=[2001, 2001]),
            "2 years for 2 rows of values; there must be one each, and they must rise",
        ),
        (
            partial(group_mean, ONES, groups=np.array([1])),
            "there are 1 group labels for 2 units; there must be one each",
        ),
        (
            partial(em, ONES, components=np.array([1])),
            "there are 1 labels of components for 3 indicators; there must be one each",
        ),
        (partial(regression, ONES, spare=0), "spare is 0; it must be at least 1"),
        (
            partial(multiple_imputation, ONES, m=1, rng=np.random.default_rng(1)),
            "m is 1; multiple imputation needs at least 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call: Callable[[], Filled], said: str) -> None:
    with pytest.raises(ValueError, match=r"must|needs") as caught:
        call()
    assert str(caught.value) == said


# ---------------------------------------------------------------- across units


def test_groups() -> None:
    values = np.array([1.0, 2, 9, 4, MISSING, 8, MISSING, MISSING])[:, None]
    nan = MISSING
    for method, first in ((group_mean, 6), (group_median, 6)):
        filled = method(values, groups=GROUPS).values[:, 0]
        assert np.array_equal(filled, [1, 2, 9, 4, first, 8, nan, nan], equal_nan=True)
    gap = np.array([1.0, 2, 9, MISSING])[:, None]
    same = np.zeros(4, dtype=int)
    assert group_mean(gap, groups=same).values[3] == mean(gap).values[3] == 4
    assert group_median(gap, groups=same).values[3] == median(gap).values[3] == 2


def test_each_takes_what_those_before_it_left() -> None:
    values = np.array([[[1.0], [4.0], [MISSING]], [[MISSING], [6.0], [MISSING]], [[MISSING], [8.0], [2.0]]])
    never = np.zeros(values.shape, dtype=bool)
    never[0, 2] = True
    result = in_turn(values, never, methods=[partial(carry, max_age=1), linear, mean])
    assert result.how[..., 0].tolist() == [["", "", ""], ["carry", "", "mean"], ["mean", "", ""]]
    assert np.array_equal(result.values[..., 0], [[1, 4, MISSING], [1, 6, 3.5], [5, 8, 2]], equal_nan=True)


# ---------------------------------------------------------------- across indicators


@every(INDICATORS)
def test_what_follows_exactly_is_found_exactly(name: str, method: Method) -> None:
    rng = np.random.default_rng(9)
    free = rng.normal(size=(20, 2))
    values = np.column_stack([free, 3 + free @ [2.0, -1.0]])
    holed = values.copy()
    holed[[2, 5], 2] = MISSING
    holed[7, 0] = MISSING
    if name == "em":  # three columns on one plane have a covariance without an inverse
        method = partial(em, ridge=1e-8, tolerance=1e-9)
    assert method(holed).values == pytest.approx(values, abs=1e-5)


def test_regression_is_least_squares_on_the_complete_rows() -> None:
    values = panel(10, gaps=0).reshape(-1, 3)
    values[4, 2] = MISSING
    values[9, [0, 2]] = MISSING
    result = regression(values).values
    complete = np.delete(values, [4, 9], axis=0)
    both = np.linalg.lstsq(np.column_stack([np.ones(38), complete[:, :2]]), complete[:, 2], rcond=None)[0]
    assert result[4, 2] == pytest.approx(both @ [1, *values[4, :2]])
    has = np.delete(values, [4, 9], axis=0)
    one = np.linalg.lstsq(np.column_stack([np.ones(38), has[:, 1]]), has[:, 2], rcond=None)[0]
    assert result[9, 2] == pytest.approx(one @ [1, values[9, 1]])


def test_regression_refuses_too_few_rows() -> None:
    values = np.random.default_rng(1).normal(size=(7, 3))
    values[0, 1] = MISSING
    with pytest.raises(ColumnError) as caught:
        regression(values)
    assert str(caught.value) == "column 1 has 6 complete rows with 2 other indicators; a regression on them needs 8"
    assert caught.value.column == 1
    assert not np.isnan(regression(values, spare=3).values).any()


@every(INDICATORS)
def test_components_do_not_know_each_other(name: str, method: Method) -> None:
    values, other = panel(11).reshape(-1, 3), panel(12).reshape(-1, 3)
    labels = np.array([1, 0, 1, 0, 1, 0])
    mixed = np.empty((40, 6))
    mixed[:, labels == 1], mixed[:, labels == 0] = values, other
    result = method(mixed, components=labels).values
    assert np.array_equal(result[:, labels == 1], method(values).values, equal_nan=True)
    assert np.array_equal(result[:, labels == 0], method(other).values, equal_nan=True)


@every(INDICATORS)
def test_a_row_without_anything_stays_open(name: str, method: Method) -> None:
    values = panel(13, gaps=0)
    values[2, 3] = MISSING
    result = method(values)
    assert np.isnan(result.values).sum() == 3
    assert not (result.how != "").any()


@every(INDICATORS)
def test_a_constant_indicator_and_a_double_one_do_no_harm(name: str, method: Method) -> None:
    values = panel(14, gaps=0).reshape(-1, 3)
    values[3, 0] = MISSING
    more = np.column_stack([values, np.full(40, 0.3), values[:, 1]])
    assert method(more).values[3, 0] == pytest.approx(method(values).values[3, 0], rel=1e-2)
    more[5, 3] = MISSING
    assert method(more).values[5, 3] == pytest.approx(0.3)


def test_em_with_gaps_in_one_indicator_only_has_a_closed_form() -> None:
    # the likeliest distribution of a monotone pattern: the mean of all x, and y regressed on x where both are known
    rng = np.random.default_rng(15)
    x = rng.normal(size=30)
    y = 2 * x + rng.normal(size=30)
    y[20:] = MISSING
    slope, level = np.polyfit(x[:20], y[:20], 1)
    result = em(np.column_stack([x, y]), ridge=0.0, tolerance=1e-12).values
    assert result[20:, 1] == pytest.approx(level + slope * x[20:], abs=1e-8)


def test_em_says_that_it_did_not_settle() -> None:
    with pytest.raises(ValueError, match=r"^em did not settle within 1e-06 in 2 steps; raise ridge or max_steps$"):
        em(panel(16), max_steps=2)
    with pytest.raises(ColumnError, match=r"^column 1 has fewer than two values; there is nothing to learn from$"):
        em(np.array([[1.0, MISSING], [2.0, 5.0], [3.0, MISSING]]))


@pytest.mark.slow
def test_draws_are_centred_on_the_expectation_and_as_wide_as_they_should_be() -> None:
    rng = np.random.default_rng(17)
    x = rng.normal(size=400)
    values = np.column_stack([x, x + rng.normal(0, 0.5, 400)])
    values[0] = [1.0, MISSING]
    drawn = multiple_imputation(values, m=400, rng=np.random.default_rng(18))
    assert drawn.values.shape == (400, 400, 2)
    assert (drawn.how[:, 0, 1] == "multiple imputation").all()
    assert (drawn.how != "").sum() == 400
    gap = drawn.values[:, 0, 1]
    assert gap.mean() == pytest.approx(em(values).values[0, 1], abs=4 * 0.5 / 20)
    assert gap.std() == pytest.approx(0.5, rel=0.12)


def test_draws_keep_the_contract_and_follow_their_generator() -> None:
    values = panel(19)
    never = np.random.default_rng(2).uniform(size=values.shape) < 0.3
    one, same = (multiple_imputation(values, never, m=3, rng=np.random.default_rng(5)) for _ in range(2))
    assert one.values.shape == (3, 5, 8, 3)
    assert np.array_equal(one.values, same.values, equal_nan=True)
    has = ~np.isnan(values)
    for table in one.values:
        assert np.array_equal(table[has], values[has])
        assert np.isnan(table[never & ~has]).all()
    filled = one.how[0] != ""
    assert (one.values.std(axis=0)[filled] > 0).all()


# ---------------------------------------------------------------- joining, judging


def test_rubin() -> None:
    rng = np.random.default_rng(20)
    q, u = rng.normal(size=(8, 5)), rng.uniform(1, 2, (8, 5))
    together, total, df = rubin(q, u)
    b = q.var(axis=0, ddof=1)
    assert together == pytest.approx(q.mean(axis=0))
    assert total == pytest.approx(u.mean(axis=0) + 9 / 8 * b)
    share = 9 / 8 * b / total  # of the variance that comes from not knowing
    assert df == pytest.approx(7 / share**2)
    same = rubin(np.full(4, 3.0), np.full(4, 0.5))
    assert [float(a) for a in same] == [3.0, 0.5, math.inf]
    assert [float(a) for a in rubin(np.array([1.0, 3.0]), np.zeros(2))] == [2.0, 3.0, 1.0]
    for bad in ((q[:1], u[:1]), (q, u[:4]), (q, -u)):
        with pytest.raises(ValueError, match=r"at least two results and no variance below zero"):
            rubin(*bad)


@pytest.mark.slow
def test_intervals_of_multiple_imputation_hold() -> None:
    rng = np.random.default_rng(21)
    inside = 0
    for _ in range(60):
        x = rng.normal(size=60)
        values = np.column_stack([x, x + rng.normal(size=60)])
        values[rng.uniform(size=60) < 0.3, 1] = MISSING
        drawn = multiple_imputation(values, m=10, rng=rng).values[:, :, 1]
        q, total, df = rubin(drawn.mean(axis=1), drawn.var(axis=1, ddof=1) / 60)
        inside += abs(q) <= stats.t.ppf(0.95, df) * np.sqrt(total)
    assert 47 <= inside <= 59  # nine in ten, give or take what sixty trials may


def test_holdout_compares_what_it_hid() -> None:
    values = panel(22)
    never = np.zeros(values.shape, dtype=bool)
    never[0] = True
    seen: list[Array] = []

    def looking(holed: Array, mask: NDArray[np.bool_] | None) -> Filled:
        assert mask is never
        seen.append(holed)
        return Filled(np.where(np.isnan(holed), values + 3.0, holed), np.full(holed.shape, ""))

    def open_left(holed: Array, mask: NDArray[np.bool_] | None) -> Filled:
        return Filled(holed, np.full(holed.shape, ""))

    result = holdout(
        values, {"off by 3": looking, "none": open_left, "mean": mean}, rng=np.random.default_rng(1), repeats=4,
        share=0.2, never=never,
    )  # fmt: skip
    assert result["method"] == ["off by 3"] * 3 + ["none"] * 3 + ["mean"] * 3
    assert list(result["column"]) == [0, 1, 2] * 3
    assert list(result["rmse"][:3]) == pytest.approx([3, 3, 3])
    assert list(result["bias"][:3]) == pytest.approx([3, 3, 3])
    assert list(result["relative"][:3]) == pytest.approx(3 / np.nanstd(values.reshape(-1, 3), axis=0))
    assert list(result["filled"][3:6]) == [0, 0, 0]
    assert np.isnan(list(result["rmse"][3:6])).all()
    known = (~np.isnan(values) & ~never).sum()
    assert sum(list(result["hidden"])[:3]) == 4 * round(0.2 * known)
    assert len(seen) == 4
    for holed in seen:
        hidden = np.isnan(holed) & ~np.isnan(values)
        assert hidden.sum() == round(0.2 * known)
        assert not (hidden & never).any()
    again = holdout(values, {"mean": mean}, rng=np.random.default_rng(1), repeats=4, share=0.2, never=never)
    assert list(again["rmse"]) == list(result["rmse"])[6:]


@pytest.mark.slow
def test_holdout_tells_a_good_method_from_a_bad_one() -> None:
    values = panel(23, gaps=0.05)
    result = holdout(values, {"mean": mean, "em": em, "regression": regression}, rng=np.random.default_rng(3))
    rmse = np.array(result["rmse"]).reshape(3, 3).mean(axis=1)
    assert rmse[1] < 0.8 * rmse[0]
    assert rmse[2] < 0.8 * rmse[0]


@pytest.mark.parametrize("parameters", [{"share": 0.0}, {"share": 1.0}, {"repeats": 0}])
def test_holdout_refuses_what_it_cannot_do(parameters: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share must lie between 0 and 1, the others be at least 1$"):
        holdout(panel(24), {"mean": mean}, rng=np.random.default_rng(1), **parameters)
    with pytest.raises(ValueError, match=r"0 measured cells"):
        holdout(np.full((2, 2), MISSING), {"mean": mean}, rng=np.random.default_rng(1))


# ---------------------------------------------------------------- backward, beyond the ends, along a row


def test_a_series_is_filled_beyond_its_ends_only_when_asked() -> None:
    """By hand: 4 in 2012, 8 in 2014; the line falls by 2 a year before and rises by 2 a year after."""
    values, years = series(MISSING, MISSING, 4, MISSING, 8, MISSING), [2010, 2011, 2012, 2013, 2014, 2017]

    def result(**settings: object) -> list[float]:
        return [round(float(v), 9) for v in linear(values, years=years, **settings).values[:, 0, 0]]  # type: ignore[arg-type]

    np.testing.assert_array_equal(result(), [MISSING, MISSING, 4, 6, 8, MISSING])
    assert result(extrapolate="constant") == [4, 4, 4, 6, 8, 8]
    assert result(extrapolate="line") == [0, 2, 4, 6, 8, 14]
    np.testing.assert_array_equal(result(extrapolate="line", max_age=1), [MISSING, 2, 4, 6, 8, MISSING])
    back = carry(values, max_age=1, direction="backward", years=years).values[:, 0, 0]
    np.testing.assert_array_equal(back, [MISSING, 4, 4, 8, 8, MISSING])
    alone = linear(series(MISSING, 5, MISSING), extrapolate="line")  # one value makes no line
    assert np.isnan(alone.values[[0, 2], 0, 0]).all()


@given(seed=st.integers(0, 10_000))
@USUAL
def test_backward_is_forward_of_the_series_turned_round(seed: int) -> None:
    values = panel(seed, 0.4)
    for method in (partial(carry, max_age=2), partial(linear, extrapolate="line")):
        other = {"direction": "backward"} if method.func is carry else {}
        turned = partial(method, **other)(values[::-1]).values[::-1]
        np.testing.assert_allclose(turned, method(values).values, rtol=1e-9)


@given(seed=st.integers(0, 10_000), factor=st.floats(0.1, 10), shift=st.floats(-50, 50))
@USUAL
def test_a_row_is_filled_alike_in_any_unit_and_direction(seed: int, factor: float, shift: float) -> None:
    values = panel(seed)[0]
    plain = row_mean(values, directions=np.array([1, -1, 1])).values
    moved = row_mean(factor * values + shift, directions=np.array([1, -1, 1])).values
    np.testing.assert_allclose(moved, factor * plain + shift, rtol=1e-6, atol=1e-6)
    turned = row_mean(-values, directions=np.array([-1, 1, -1])).values
    np.testing.assert_allclose(-turned, plain, rtol=1e-9, atol=1e-9)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    known = ~np.isnan(plain)
    assert (plain >= low - 1e-9)[known].all()
    assert (plain <= high + 1e-9)[known].all()


def test_a_row_is_filled_within_its_component() -> None:
    """By hand: 1 of 0 to 2 is half way, so half of 10 to 30; the second component has nothing of that row."""
    values = np.array([[0.0, 10, 5], [1, MISSING, MISSING], [2, 30, 9]])
    result = row_mean(values, components=np.array([0, 0, 1]))
    np.testing.assert_array_equal(result.values[1], [1, 20, MISSING])
    assert result.how[1].tolist() == ["", "row_mean", ""]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (partial(carry, max_age=1, direction="back"), "direction is 'back' (did you mean 'backward'?); there are "),
        (partial(linear, extrapolate="lines"), "extrapolate is 'lines' (did you mean 'line'?); there are "),
        (partial(linear, max_age=-1), "max_age is -1; it must not be below zero"),
        (partial(row_mean, statistic="mode"), "statistic is 'mode'"),
    ],
)
def test_settings_of_a_filling_that_are_refused(call: Method, sentence: str) -> None:
    with pytest.raises(ValueError, match="is") as caught:
        call(panel(1))
    assert str(caught.value).startswith(sentence)
