"""Scores: the published example, and what every word promises."""

import csv
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.errors import ColumnError
from cwi.methods import normalisation as n
from cwi.methods.aggregation.of_units import outranking

Array = NDArray[np.float64]
Method = Callable[..., Array]

USUAL = settings(deadline=None, max_examples=50)
UP, DOWN = (np.array([0.0]), np.array([1000.0])), (np.array([1000.0]), np.array([0.5]))
LINEAR = np.array([False])
MISSING = math.nan

INTERVAL: dict[str, Method] = {
    "goalposts": n.goalposts,
    "min_max": n.min_max,
    "min_max uncapped": partial(n.min_max, cap=False),
    "z_score": n.z_score,
    "z_score n": partial(n.z_score, mean=0.0, sd=1.0, ddof=0),
    "ampi": n.ampi,
    "ampi median": partial(n.ampi, reference="median"),
    "ampi row": partial(n.ampi, reference=0),
    "distance_to_target": n.distance_to_target,
}
ORDER: dict[str, Method] = {
    "rank": n.rank,
    "borda": n.borda,
    "percentile_rank": n.percentile_rank,
    "percentile_rank span": partial(n.percentile_rank, formula="(rank-1)/(n-1)"),
    "bands": n.bands,
}
RATIO: dict[str, Method] = {
    "distance_to_target zero": partial(n.distance_to_target, start="zero", cap=False),
    "distance_to_target reciprocal": partial(n.distance_to_target, start="zero", cap=False, less="reciprocal"),
    "distance_to_reference": n.distance_to_reference,
    "distance_to_reference reciprocal": partial(n.distance_to_reference, less="reciprocal"),
    "distance_to_reference median": partial(n.distance_to_reference, reference="median", equal=0.0),
    "distance_to_leader": n.distance_to_leader,
    "distance_to_worst": n.distance_to_worst,
    "fraction_of_max": n.fraction_of_max,
    "above_below_mean": n.above_below_mean,
    "base_year_index": n.base_year_index,
    "base_year_index reciprocal": partial(n.base_year_index, less="reciprocal"),
}
ALL = INTERVAL | ORDER | RATIO
LEARNING = {
    name: method for name, method in ALL.items() if name != "goalposts" and not name.startswith("distance_to_target ")
}

whole = st.integers(1, 999)
columns = st.lists(whole, min_size=2, max_size=9).filter(lambda v: len(set(v)) > 1)


def column(values: list[int]) -> Array:
    return np.array(values, dtype=float)[:, None]


def every(methods: dict[str, Method]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("method", methods.values(), ids=methods.keys())


def test_every_word_of_the_family_is_tried_here() -> None:
    tried = {(m.func if isinstance(m, partial) else m).__name__ for m in ALL.values()}  # type: ignore[attr-defined]
    assert tried == set(n.__all__)


# ---------------------------------------------------------------- the published example


@pytest.fixture(scope="module")
def printed() -> dict[str, Array]:
    path = Path(__file__).parents[1] / "reference" / "normalisation" / "schooling.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "country"}


@pytest.mark.parametrize(
    ("name", "method", "hundredths", "digits"),
    [
        ("rank_high_is_top", n.rank, 1, 0),
        ("zscore", partial(n.z_score, mean=0.0, sd=1.0), 1, 2),
        ("minmax", n.min_max, 100, 2),
        ("ratio_to_mean", n.distance_to_reference, 100, 2),
        ("ratio_to_best", n.distance_to_leader, 100, 2),
        ("ratio_to_worst", n.distance_to_worst, 100, 2),
        ("diff_from_mean", partial(n.distance_to_reference, equal=0.0), 100, 2),
        ("diff_from_worst", partial(n.distance_to_worst, equal=0.0), 100, 2),
        ("above_below_mean_p20", n.above_below_mean, 1, 0),
        ("percentile", n.percentile_rank, 1, 1),
        (
            "categorical",
            partial(n.bands, percentiles=[5, 15, 35, 65, 85, 95], points=[0, 20, 40, 50, 60, 80, 100]),
            1,
            0,
        ),
    ],
)
def test_every_column_of_table_15(
    printed: dict[str, Array], name: str, method: Method, hundredths: float, digits: int
) -> None:
    x = printed["value"][:, None]
    y = method(x, *UP, LINEAR, x)[:, 0] / hundredths
    assert len(y) == 23
    assert np.abs(y - printed[name]).max() <= 0.5 * 10.0**-digits * (digits > 0) + 1e-9


def test_the_classes_of_table_3_are_not_those_of_table_15(printed: dict[str, Array]) -> None:
    x = printed["value"][:, None]
    y = n.bands(x, *UP, LINEAR, x)[:, 0]
    assert (y != printed["categorical"]).sum() == 9
    assert sorted(set(y)) == [0, 20, 40, 60, 80, 100]


def test_two_formulas_of_the_percentile_rank() -> None:
    x = column([10, 20, 20, 40])
    assert n.percentile_rank(x, *UP, LINEAR, x)[:, 0].tolist() == [25, 50, 50, 100]
    span = n.percentile_rank(x, *UP, LINEAR, x, formula="(rank-1)/(n-1)")
    assert span[:, 0].tolist() == pytest.approx([0, 100 / 3, 100 / 3, 100])


def test_ampi_puts_60_points_on_the_range_and_100_on_the_reference() -> None:
    base = column([10, 20, 60])
    assert n.ampi(base, *UP, LINEAR, base)[:, 0].tolist() == pytest.approx([76, 88, 136])
    assert n.ampi(base, *DOWN, LINEAR, base)[:, 0].tolist() == pytest.approx([124, 112, 64])
    assert n.ampi(base, *UP, LINEAR, base, reference="median")[1, 0] == 100
    assert n.ampi(base, *UP, LINEAR, base, reference=2)[2, 0] == 100
    # the same through the two goalposts of the definition
    low, high = 30 - 25, 30 + 25
    assert n.ampi(base, *UP, LINEAR, base) == pytest.approx(60 * (base - low) / (high - low) + 70)


def test_two_variants_of_less_is_better_differ() -> None:
    x, base = column([8, 10, 20]), column([10, 10])
    mirror, reciprocal = (
        n.base_year_index(x, *DOWN, LINEAR, base, less=less)[:, 0] for less in ("mirror", "reciprocal")
    )
    assert mirror.tolist() == pytest.approx([120, 100, 0])
    assert reciprocal.tolist() == pytest.approx([125, 100, 50])


def test_distance_to_target() -> None:
    target = (np.array([0.0]), np.array([80.0]))
    x = column([20, 40, 80, 100])
    assert n.distance_to_target(x, *target, LINEAR, column([40, 40]))[:, 0].tolist() == [-50, 0, 100, 100]
    assert n.distance_to_target(x, *target, LINEAR, column([40]), cap=False)[3, 0] == 150
    assert n.distance_to_target(x, *target, LINEAR, start="zero")[:, 0].tolist() == [25, 50, 100, 100]
    down = (np.array([90.0]), np.array([20.0]))
    assert n.distance_to_target(x, *down, LINEAR, start="zero")[:3, 0].tolist() == [100, 0, -200]
    assert n.distance_to_target(x, *down, LINEAR, start="zero", less="reciprocal")[:3, 0].tolist() == [100, 50, 25]


def test_on_a_logarithmic_scale_equal_ratios_are_equal_steps() -> None:
    base, log = np.array([[1.0], [10.0], [100.0]]), np.array([True])
    assert n.min_max(base, *UP, log, base)[:, 0].tolist() == pytest.approx([0, 50, 100])
    assert n.z_score(base, *UP, log, base)[:, 0].tolist() == pytest.approx([90, 100, 110])
    assert n.ampi(base, *UP, log, base)[:, 0].tolist() == pytest.approx([70, 100, 130])
    target = (np.array([1.0]), np.array([1000.0]))
    assert n.distance_to_target(base, *target, log, base)[:, 0].tolist() == pytest.approx([-50, 0, 50])
    assert n.rank(base, *UP, log, base)[:, 0].tolist() == [1, 2, 3]


# ---------------------------------------------------------------- promises of all words


@pytest.mark.slow
@every(ALL)
@given(base=columns, values=st.lists(whole, min_size=1, max_size=6), falls=st.booleans())
@USUAL
def test_a_better_value_never_scores_less(method: Method, base: list[int], values: list[int], falls: bool) -> None:
    ends = DOWN if falls else UP
    order = sorted(values, reverse=falls)
    y = _tried(method, column(order), *ends, LINEAR, column(base))[:, 0]
    assert (np.diff(y) >= -1e-9).all()


@pytest.mark.slow
@every(INTERVAL | ORDER)
@given(base=columns, values=st.lists(whole, min_size=1, max_size=6), a=st.integers(-2000, 2000), falls=st.booleans())
@USUAL
def test_turning_the_scale_round_changes_nothing(
    method: Method, base: list[int], values: list[int], a: int, falls: bool
) -> None:
    worst, best = DOWN if falls else UP
    x, learnt = column(values), column(base)
    here = _tried(method, x, worst, best, LINEAR, learnt)
    there = method(a - x, a - worst, a - best, LINEAR, a - learnt)
    assert there == pytest.approx(here, rel=1e-9, abs=1e-7)


@every(RATIO)
def test_another_zero_is_another_ratio(method: Method) -> None:
    x, base = column([300, 500, 900]), column([300, 400, 800])
    here = method(x, *UP, LINEAR, base)
    turned = method(3000 - x, 3000 - UP[0], 3000 - UP[1], LINEAR, 3000 - base)
    assert not np.allclose(here, turned)
    with pytest.raises(ColumnError, match="below zero; a ratio needs a scale with a true zero"):
        method(400 - x, 400 - UP[0], 400 - UP[1], LINEAR, 400 - base)


@pytest.mark.slow
@every(ALL)
@pytest.mark.parametrize("factor", [1e-12, 1e12])
@given(base=columns, values=st.lists(whole, min_size=1, max_size=6), falls=st.booleans())
@USUAL
def test_the_unit_does_not_matter(
    method: Method, factor: float, base: list[int], values: list[int], falls: bool
) -> None:
    worst, best = DOWN if falls else UP
    x, learnt = column(values), column(base)
    here = _tried(method, x, worst, best, LINEAR, learnt)
    there = method(factor * x, factor * worst, factor * best, LINEAR, factor * learnt)
    assert there == pytest.approx(here, rel=1e-9, abs=1e-7)


@every(ALL)
def test_columns_and_draws_are_loops(method: Method) -> None:
    rng = np.random.default_rng(7)
    x, base = rng.uniform(1, 900, (3, 4, 2)), rng.uniform(1, 900, (8, 2))
    worst, best, log = np.array([0.0, 950.0]), np.array([950.0, 0.5]), np.array([False, False])
    together = method(x, worst, best, log, base)
    assert together.shape == x.shape
    for draw in range(3):
        for j in range(2):
            at = slice(j, j + 1)
            alone = method(x[draw][:, at], worst[at], best[at], log[at], base[:, at])
            assert np.array_equal(together[draw][:, at], alone)


@every(ALL)
def test_gaps_stay_gaps_and_neither_units_nor_gaps_move_others(method: Method) -> None:
    rng = np.random.default_rng(8)
    x, base = rng.uniform(1, 900, (6, 2)), rng.uniform(1, 900, (8, 2))
    base[3, 0] = MISSING
    ends, log = (np.array([0.0, 950.0]), np.array([950.0, 0.5])), np.array([False, False])
    before = x.copy(), base.copy()
    full = method(x, *ends, log, base)
    holed = x.copy()
    holed[2, 1] = MISSING
    gap = method(holed, *ends, log, base)
    assert np.argwhere(np.isnan(gap)).tolist() == [[2, 1]]
    assert np.array_equal(gap[~np.isnan(gap)], full[~np.isnan(gap)])
    assert np.array_equal(method(x[:1], *ends, log, base), full[:1])
    assert np.array_equal(before[0], x)
    assert np.array_equal(before[1], base, equal_nan=True)
    assert method(np.empty((0, 2)), *ends, log, base).shape == (0, 2)


@every(LEARNING)
def test_an_indicator_that_nobody_measured_is_let_be(method: Method) -> None:
    x, base = np.array([[5.0, MISSING], [7.0, MISSING]]), np.array([[4.0, MISSING], [8.0, MISSING]])
    ends, log = (np.array([0.0, 0.0]), np.array([9.0, 9.0])), np.array([False, False])
    assert np.isnan(method(x, *ends, log, base)).tolist() == [[False, True], [False, True]]
    with pytest.raises(ColumnError) as caught:
        method(np.array([[5.0, 6.0]]), *ends, log, base)
    assert str(caught.value) == "column 1 has no value in the base years"
    assert caught.value.of(["a", "b"]) == "b has no value in the base years"


@every(LEARNING)
@pytest.mark.parametrize("base", [None, np.empty((0, 1))])
def test_who_learns_needs_base_years(method: Method, base: Array | None) -> None:
    with pytest.raises(ValueError, match=r"^this normalisation learns from the base years, and there are no values"):
        method(column([5]), *UP, LINEAR, base)


@every({**ORDER, **{name: INTERVAL[name] for name in ("min_max", "z_score", "ampi")}})
@pytest.mark.parametrize("value", [0.0, 5.0, 1e-12, 1e12, 0.1 + 0.2])
def test_a_constant_column_is_refused(method: Method, value: float) -> None:
    base = np.column_stack([np.arange(4.0), np.full(4, value)])
    base[1, 1] += np.spacing(value) * (value > 0.25)  # the noise of a sum is no spread
    two = np.array([0.0, 0.0]), np.array([9.0, 9.0]), np.array([False, False])
    with pytest.raises(ColumnError) as caught:
        method(base, *two, base)
    assert str(caught.value) == "column 1 is constant in the base years"


@every({name: method for name, method in RATIO.items() if not name.startswith("distance_to_target")})
def test_a_ratio_can_be_taken_to_a_constant_column_but_not_to_zero(method: Method) -> None:
    base = column([50, 50])
    assert np.isfinite(method(column([40, 60]), *UP, LINEAR, base)).all()
    with pytest.raises(ColumnError) as caught:
        method(column([40, 60]), *UP, LINEAR, 0 * base)
    assert str(caught.value) == "column 0 has zero or less as its reference; a ratio cannot be taken to it"


@every(RATIO)
def test_a_ratio_refuses_what_has_no_zero(method: Method) -> None:
    with pytest.raises(ColumnError) as caught:
        method(column([4, 6]), *UP, np.array([True]), column([5, 6]))
    assert str(caught.value) == ("column 0 is read on a logarithmic scale, which has no zero; a ratio needs a true one")
    with pytest.raises(ColumnError, match="column 0 has values below zero"):
        method(column([-4, 6]), *UP, LINEAR, column([5, 6]))


def test_zero_is_a_value_of_a_ratio_but_has_no_reciprocal() -> None:
    x, base = column([0, 10]), column([5, 15])
    assert n.distance_to_reference(x, *DOWN, LINEAR, base)[:, 0].tolist() == [200, 100]
    with pytest.raises(ColumnError, match=r"^column 0 has a value of zero; a reciprocal needs values above zero$"):
        n.distance_to_reference(x, *DOWN, LINEAR, base, less="reciprocal")


@pytest.mark.parametrize("method", [n.min_max, n.z_score, n.ampi, n.distance_to_target])
def test_a_logarithm_of_zero_is_refused(method: Method) -> None:
    ends, base = (np.array([0.5]), np.array([1000.0])), column([5, 6])
    with pytest.raises(ValueError, match="a logarithmic scale needs values"):
        method(column([0, 6]), *ends, np.array([True]), base)


@every(ALL)
def test_two_equal_ends_have_no_direction(method: Method) -> None:
    with pytest.raises(ValueError, match=r"^the worst and the best end are equal$"):
        method(column([4]), UP[0], UP[0], LINEAR, column([-5, -6]) * (method is not None))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (partial(n.z_score, sd=0.0), "sd is 0 and ddof 1; sd must be above zero, ddof 0 or 1"),
        (partial(n.z_score, ddof=2), "sd is 10 and ddof 2; sd must be above zero, ddof 0 or 1"),
        (partial(n.ampi, reference="maen"), "reference is 'maen' (did you mean 'mean'?); there are mean, median"),
        (partial(n.ampi, reference=3), "reference is row 3; the base years have rows 0 to 2"),
        (partial(n.ampi, reference=1), "column 0 has no value in row 1 of the base years"),
        (partial(n.percentile_rank, formula="x"), "formula is 'x'; there are rank/n, (rank-1)/(n-1)"),
        (partial(n.bands, points=[0, 1]), "5 percentiles and 2 points; both must rise, with one point more"),
        (
            partial(n.bands, percentiles=[-1, 50], points=[0, 1, 2]),
            "the percentiles reach from -1 to 50; they must lie from 0 to 100",
        ),
        (partial(n.above_below_mean, threshold=-0.1), "threshold is -0.1; it must not be below zero"),
        (partial(n.distance_to_target, start="x"), "start is 'x'; there are base, zero"),
        (partial(n.base_year_index, less="x"), "less is 'x'; there are mirror, reciprocal"),
    ],
)
def test_a_parameter_out_of_range_is_refused(call: Method, said: str) -> None:
    base = np.array([[5.0], [MISSING], [8.0]])
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is read below
        call(column([6]), *UP, LINEAR, base)
    assert str(caught.value) == said


def test_a_target_that_was_reached_before_the_start_is_refused() -> None:
    target = (np.array([0.0]), np.array([4.0]))
    with pytest.raises(ColumnError, match=r"^column 0 has the mean of its base years at the target or beyond it$"):
        n.distance_to_target(column([6]), *target, LINEAR, column([5, 8]))


def test_a_methodology_says_which_indicator_was_refused(project: object) -> None:
    from cwi import derive, read_methodology
    from cwi.errors import MethodologyError

    official = read_methodology("t1").replace(normalisation="z_score")
    base = np.array([[10.0, 90.0, 100.0], [20.0, 90.0, 120.0]])
    with pytest.raises(MethodologyError) as caught:
        derive(base, official, base=base)
    assert str(caught.value) == "normalisation: water is constant in the base years"


def _tried(method: Method, *arrays: Array) -> Array:
    """The scores, unless the method refuses these numbers with a reason."""
    try:
        return method(*arrays)
    except ColumnError as error:
        assume("target" not in error.reason)
        raise


# ---------------------------------------------------------------- other ranges, other references, one rule of ties


@given(low=st.floats(-50, 50), reach=st.floats(0.5, 200), seed=st.integers(0, 1000))
@USUAL
def test_another_range_is_the_same_scale(low: float, reach: float, seed: int) -> None:
    x = np.random.default_rng(seed).uniform(0, 1200, (9, 1))
    for method in (n.goalposts, n.min_max):
        plain = method(x, *UP, LINEAR, x)
        ranged = method(x, *UP, LINEAR, x, low=low, high=low + reach)
        np.testing.assert_allclose(ranged, low + reach * plain / 100, rtol=1e-9, atol=1e-9)
        assert (ranged >= low).all()
        assert (ranged <= low + reach).all()
    with pytest.raises(ValueError, match=r"^the scores are to reach from low 5 to high 5; low must be below high$"):
        n.goalposts(x, *UP, LINEAR, low=5.0, high=5.0)


def test_sums_that_differ_by_rounding_tie_in_every_order() -> None:
    """5.1 and 5.1000000000000005 are one value: in places, points and percentiles as in outranking."""
    x = np.array([[5.1], [5.1000000000000005], [4.0], [6.0]])
    assert n.rank(x, *UP, LINEAR, x)[:, 0].tolist() == [2, 2, 1, 4]
    assert n.borda(x, *DOWN, LINEAR, x)[:, 0].tolist() == [1, 1, 3, 0]
    share = n.percentile_rank(x, *UP, LINEAR, x)[:, 0].tolist()
    assert share == [50, 50, 25, 100]
    assert outranking(x, np.ones((1, 1)))[0, 1] == 0.5
    apart = np.array([[5.1], [5.1001], [4.0], [6.0]])
    assert n.rank(apart, *UP, LINEAR, apart)[:, 0].tolist() == [2, 3, 1, 4]  # the control


def test_years_without_observations_are_refused() -> None:
    x = np.array([[1.0], [2.0], [4.0]])
    with pytest.raises(
        ValueError, match=r"^range_years are years of observations, which are not given here; score them$"
    ):
        n.ampi(x, *UP, LINEAR, x, range_years=[2020])
    with pytest.raises(ValueError, match=r"^reference_years are years of observations, which are not given here; "):
        n.distance_to_reference(x, *UP, LINEAR, x, reference_years=[2020])
    with pytest.raises(ColumnError, match=r"has no value of the reference 'KZ'$"):
        n.ampi(x, *UP, LINEAR, x, reference="KZ", reference_values=np.array([MISSING]))
