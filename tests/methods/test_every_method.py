"""What every method of a family keeps, whatever numbers it is given."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.methods import normalisation, weighting
from cwi.methods.aggregation import arithmetic, geometric, harmonic, power
from cwi.methods.normalisation import goalposts
from cwi.methods.ranking import half_away, rank
from cwi.report.languages import Language
from cwi.traits import _METHODS, method, methods_of, traits_of

Array = NDArray[np.float64]
OUTSIDE = {"owa", "penalised"}  # one weighs places, not parts; the other may go beyond its parts


def of_parts() -> list[Callable[..., Array]]:
    """Every aggregation of parts, with the parameters that it cannot do without."""

    def ready(function: Callable[..., Array]) -> Callable[..., Array]:
        return lambda y, w: function(y, w, **traits_of(function).parameters(y.shape[-1]))

    return [
        ready(function)
        for name, function in methods_of("aggregation").items()
        if not traits_of(function).compares_units and name not in OUTSIDE
    ]


AGGREGATIONS: list[Callable[..., Array]] = [
    *of_parts(),
    *(lambda y, w, p=p: power(y, w, p=p) for p in (-3.0, -1.0, 0.0, 0.5, 1.0, 2.0)),
]

settings.register_profile("methods", deadline=None, max_examples=40)
USUAL = settings.get_profile("methods")

scores = st.floats(0.01, 100).map(lambda v: round(v, 6))
weights = st.floats(0.05, 1).map(lambda v: round(v, 6))


@st.composite
def parts(draw: st.DrawFn, least: int = 1) -> tuple[Array, Array]:
    k = draw(st.integers(least, 6))
    y = np.array(draw(st.lists(scores, min_size=k, max_size=k)))
    w = np.array(draw(st.lists(weights, min_size=k, max_size=k)))
    return y, w / w.sum()


# ---------------------------------------------------------------- how parts become a whole


@pytest.mark.parametrize("method", AGGREGATIONS)
@given(found=parts())
@USUAL
def test_a_whole_lies_between_its_smallest_and_its_largest_part(
    method: Callable[..., Array], found: tuple[Array, Array]
) -> None:
    y, w = found
    assert y.min() - 1e-9 <= method(y, w) <= y.max() + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("method", AGGREGATIONS)
@given(found=parts(), rise=st.floats(0, 50), place=st.integers(0, 5))
@USUAL
def test_a_better_part_never_lowers_the_whole(
    method: Callable[..., Array], found: tuple[Array, Array], rise: float, place: int
) -> None:
    y, w = found
    better = y.copy()
    better[place % len(y)] += rise
    assert method(better, w) >= method(y, w) - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("method", AGGREGATIONS)
@given(found=parts(2), seed=st.integers(0, 1000))
@USUAL
def test_the_order_of_the_parts_does_not_matter(
    method: Callable[..., Array], found: tuple[Array, Array], seed: int
) -> None:
    y, w = found
    order = np.random.default_rng(seed).permutation(len(y))
    assert method(y[order], w[order]) == pytest.approx(method(y, w), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("method", AGGREGATIONS)
@given(found=parts(), factor=st.floats(0.1, 10))
@USUAL
def test_the_unit_of_the_scores_does_not_matter(
    method: Callable[..., Array], found: tuple[Array, Array], factor: float
) -> None:
    y, w = found
    assert method(factor * y, w) == pytest.approx(factor * method(y, w), rel=1e-9)


@pytest.mark.parametrize("method", AGGREGATIONS)
def test_a_part_without_weight_counts_nothing(method: Callable[..., Array]) -> None:
    y, w = np.array([80.0, 20.0, 50.0]), np.array([0.25, 0.75, 0.0])
    assert method(y, w) == pytest.approx(method(y[:2], w[:2]), abs=1e-12)


@pytest.mark.parametrize("method", AGGREGATIONS)
def test_leading_axes_are_a_loop(method: Callable[..., Array]) -> None:
    rng = np.random.default_rng(5)
    y, w = rng.uniform(1, 100, (3, 4, 5)), rng.dirichlet(np.ones(5), (3, 1))
    whole = method(y, w)
    assert whole.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            assert whole[i, j] == pytest.approx(method(y[i, j], w[i, 0]), abs=1e-12)


@given(found=parts())
@USUAL
def test_harmonic_geometric_arithmetic_are_in_order(found: tuple[Array, Array]) -> None:
    y, w = found
    assert harmonic(y, w) <= geometric(y, w) + 1e-9
    assert geometric(y, w) <= arithmetic(y, w) + 1e-9


@pytest.mark.slow
@given(found=parts(), low=st.floats(-4, 4), step=st.floats(0, 3))
@USUAL
def test_power_rises_with_its_parameter(found: tuple[Array, Array], low: float, step: float) -> None:
    assume(min(abs(low), abs(low + step)) > 0.01)
    y, w = found
    assert power(y, w, p=low) <= power(y, w, p=low + step) + 1e-7


@pytest.mark.slow
@given(found=parts())
@USUAL
def test_power_meets_its_neighbours(found: tuple[Array, Array]) -> None:
    y, w = found
    assert power(y, w, p=1) == pytest.approx(arithmetic(y, w), abs=1e-9)
    assert power(y, w, p=-1) == pytest.approx(harmonic(y, w), abs=1e-9)
    assert power(y, w, p=0) == geometric(y, w)
    for p in (1e-5, -1e-5):
        assert power(y, w, p=p) == pytest.approx(geometric(y, w), rel=1e-3)


def test_equal_parts_give_themselves() -> None:
    y, w = np.full(4, 62.5), np.array([0.1, 0.2, 0.3, 0.4])
    for aggregate in AGGREGATIONS:
        assert aggregate(y, w) == pytest.approx(62.5, abs=1e-9)


@pytest.mark.parametrize(
    ("method", "parameters", "y", "said"),
    [
        (geometric, {}, [0.0, 5.0], "geometric needs scores above zero; the lowest is 0"),
        (harmonic, {}, [-2.5, 5.0], "harmonic needs scores above zero; the lowest is -2.5"),
        (power, {"p": -2}, [0.0, 5.0], "power (p = -2) needs scores above zero; the lowest is 0"),
        (power, {"p": 0}, [0.0, 5.0], "geometric needs scores above zero; the lowest is 0"),
        (power, {"p": 0.5}, [-1.0, 5.0], "power needs scores that are not below zero"),
    ],
)
def test_a_mean_that_does_not_exist_is_refused(
    method: Callable[..., Array], parameters: dict[str, float], y: list[float], said: str
) -> None:
    with pytest.raises(ValueError, match="needs scores") as caught:
        method(np.array(y), np.array([0.5, 0.5]), **parameters)
    assert str(caught.value) == said


# ---------------------------------------------------------------- how a value becomes a score


@pytest.mark.slow
@given(value=st.floats(-1000, 1000), worst=st.floats(-500, 500), best=st.floats(-500, 500))
@USUAL
def test_goalposts_reach_from_0_to_100(value: float, worst: float, best: float) -> None:
    assume(abs(worst - best) > 1e-3)
    x, ends = np.array([[value]]), (np.array([worst]), np.array([best]), np.array([False]))
    y = goalposts(x, *ends)[0, 0]
    assert 0 <= y <= 100
    assert y == pytest.approx(min(max(100 * (value - worst) / (best - worst), 0), 100), abs=1e-9)
    assert goalposts(np.array([[worst], [best]]), *ends)[:, 0] == pytest.approx([0, 100], abs=1e-9)


@pytest.mark.slow
@given(
    value=st.floats(1, 1000), worst=st.floats(1, 1000), best=st.floats(1, 1000), factor=st.floats(0.01, 100),
    shift=st.floats(-500, 500), log=st.booleans(),
)  # fmt: skip
@USUAL
def test_the_unit_of_measurement_does_not_matter(
    value: float, worst: float, best: float, factor: float, shift: float, log: bool
) -> None:
    assume(abs(worst - best) > 0.1)
    shift = 0.0 if log else shift
    flag = np.array([log])
    here = goalposts(np.array([[value]]), np.array([worst]), np.array([best]), flag)
    there = goalposts(
        np.array([[factor * value + shift]]),
        np.array([factor * worst + shift]),
        np.array([factor * best + shift]),
        flag,
    )
    assert there == pytest.approx(here, abs=1e-6)


@pytest.mark.slow
@given(value=st.floats(-100, 100), worst=st.floats(-90, 90), best=st.floats(-90, 90), a=st.floats(-200, 200))
@USUAL
def test_turning_the_scale_round_changes_nothing(value: float, worst: float, best: float, a: float) -> None:
    assume(abs(worst - best) > 0.01)
    flag = np.array([False])
    here = goalposts(np.array([[value]]), np.array([worst]), np.array([best]), flag)
    there = goalposts(np.array([[a - value]]), np.array([a - worst]), np.array([a - best]), flag)
    assert there == pytest.approx(here, abs=1e-8)


def test_goalposts_on_a_logarithmic_scale() -> None:
    y = goalposts(np.array([[10.0, 10.0]]), np.array([1.0, 100.0]), np.array([100.0, 1.0]), np.array([True, True]))
    assert y[0].tolist() == pytest.approx([50, 50], abs=1e-12)


def test_goalposts_without_caps_go_beyond() -> None:
    ends = (np.array([30.0]), np.array([0.0]), np.array([False]))
    x = np.array([[-3.0], [33.0], [math.nan]])
    assert goalposts(x, *ends, cap=False)[:2, 0].tolist() == pytest.approx([110, -10])
    assert goalposts(x, *ends)[:2, 0].tolist() == [100, 0]
    assert np.isnan(goalposts(x, *ends)[2, 0])


def test_goalposts_refuse_what_has_no_scale() -> None:
    flag = np.array([True])
    with pytest.raises(ValueError, match=r"^column 0 is not above zero everywhere; a logarithmic scale needs"):
        goalposts(np.array([[0.0]]), np.array([1.0]), np.array([2.0]), flag)
    with pytest.raises(ValueError, match=r"^column 0 is not above zero everywhere; a logarithmic scale needs"):
        goalposts(np.array([[1.0]]), np.array([0.0]), np.array([2.0]), flag)
    with pytest.raises(ValueError, match=r"^the worst and the best end are equal$"):
        goalposts(np.array([[1.0]]), np.array([2.0]), np.array([2.0]), ~flag)


@pytest.mark.parametrize("name", normalisation.__all__)
def test_a_gap_stays_a_gap_and_moves_nobody(name: str) -> None:
    x = np.random.default_rng(2).uniform(1, 9, (5, 3))
    holed = x.copy()
    holed[2, 1] = np.nan
    method = getattr(normalisation, name)
    rest = (np.zeros(3), np.full(3, 10.0), np.zeros(3, bool), x)
    full, gap = method(x, *rest), method(holed, *rest)
    assert np.argwhere(np.isnan(gap)).tolist() == [[2, 1]]
    assert np.array_equal(gap[~np.isnan(gap)], full[~np.isnan(gap)])


# ---------------------------------------------------------------- how much a part counts


@pytest.mark.parametrize("name", ["equal", "stated"])
@given(found=parts(2), units=st.integers(3, 8), seed=st.integers(0, 1000))
@USUAL
def test_weights_sum_to_one_and_follow_their_part(name: str, found: tuple[Array, Array], units: int, seed: int) -> None:
    _, stated = found
    rng = np.random.default_rng(seed)
    z = rng.uniform(1, 100, (units, len(stated)))
    before = stated.copy(), z.copy()
    w = getattr(weighting, name)(z, stated)
    assert w.shape == stated.shape
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1, abs=1e-12)
    order = rng.permutation(len(stated))
    assert getattr(weighting, name)(z[:, order], stated[order]) == pytest.approx(w[order], abs=1e-12)
    assert np.array_equal(before[0], stated)
    assert np.array_equal(before[1], z)


def test_equal_and_stated() -> None:
    stated = np.array([0.5, 0.3, 0.2])
    assert weighting.equal(np.empty((0, 3)), stated).tolist() == [1 / 3] * 3
    assert weighting.stated(np.empty((0, 3)), stated).tolist() == [0.5, 0.3, 0.2]


# ---------------------------------------------------------------- who comes first

printed = st.integers(-(10**6), 10**6).map(lambda n: n / 1000)


@pytest.mark.slow
@given(digits=st.integers(-(10**10), 10**10), power_of_ten=st.integers(0, 6), decimals=st.integers(0, 4))
@example(digits=2675, power_of_ten=3, decimals=2)
@example(digits=-25, power_of_ten=2, decimals=1)
@example(digits=1000000045, power_of_ten=3, decimals=2)
@example(digits=0, power_of_ten=0, decimals=0)
@settings(USUAL, max_examples=300)
def test_halves_go_away_from_zero_as_on_paper(digits: int, power_of_ten: int, decimals: int) -> None:
    exact = Decimal(digits).scaleb(-power_of_ten)
    paper = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert half_away(np.array([float(exact)]), decimals)[0] == float(paper)


@pytest.mark.slow
@given(digits=st.integers(-(10**17), 10**17), power_of_ten=st.integers(0, 12), decimals=st.integers(0, 6))
@example(digits=27487791118849978, power_of_ten=9, decimals=4)
@example(digits=438268945910492, power_of_ten=5, decimals=6)
@example(digits=56294995342131207, power_of_ten=2, decimals=0)
@example(digits=56294995342131240, power_of_ten=3, decimals=1)
@example(digits=10**17, power_of_ten=0, decimals=6)
@settings(USUAL, max_examples=300)
def test_large_numbers_are_rounded_as_they_are_written_out(digits: int, power_of_ten: int, decimals: int) -> None:
    number = float(Decimal(digits).scaleb(-power_of_ten))
    written = Decimal(repr(number))
    unit = np.spacing(abs(number) * 10**decimals)
    to_a_half = abs(float(abs(written).scaleb(decimals) % 1) - 0.5)
    assume(unit >= 1e-4 or to_a_half == 0 or to_a_half > max(2 * unit, 1e-9))  # so close it is the half itself
    paper = float(written.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
    assert half_away(np.array([number]), decimals)[0] == paper


def test_half_away_keeps_gaps_and_forgives_the_noise_of_a_sum() -> None:
    noisy = 61.25 - 3e-14
    assert noisy < 61.25
    assert half_away(np.array([noisy, math.nan]), 1)[0] == 61.3
    assert np.isnan(half_away(np.array([noisy, math.nan]), 1)[1])
    assert half_away(np.array([61.2499]), 1)[0] == 61.2


@pytest.mark.slow
@given(values=st.lists(printed, min_size=1, max_size=12), decimals=st.integers(0, 3), seed=st.integers(0, 1000))
@USUAL
def test_ranks_agree_with_what_is_printed(values: list[float], decimals: int, seed: int) -> None:
    y = np.array(values)
    ranks = rank(y, decimals=decimals)
    texts = [Language("en").number(v, decimals) for v in values]
    exact = [Decimal(repr(v)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) for v in values]
    for i in range(len(y)):
        assert ranks[i] == 1 + sum(other > exact[i] for other in exact)
        for j in range(len(y)):
            assert (ranks[i] == ranks[j]) == (texts[i] == texts[j])
    order = np.random.default_rng(seed).permutation(len(y))
    assert np.array_equal(rank(y[order], decimals=decimals), ranks[order])


def test_ties_share_the_better_rank_and_gaps_have_none() -> None:
    y = np.array([50.04, 49.96, np.nan, 60.0, 40.0])
    assert rank(y, decimals=1).tolist()[:2] == [2, 2]
    assert np.isnan(rank(y, decimals=1)[2])
    assert rank(y, decimals=1).tolist()[3:] == [1, 4]
    assert rank(y, decimals=2).tolist()[:2] == [2, 3]
    assert np.isnan(rank(np.array([np.nan, np.nan]), decimals=1)).all()


def test_ranks_of_draws_are_a_loop() -> None:
    y = np.round(np.random.default_rng(3).uniform(0, 5, (7, 9)), 1)
    y[2, 4] = np.nan
    together = rank(y, decimals=0)
    for row, alone in zip(y, together, strict=True):
        assert np.array_equal(rank(row, decimals=0), alone, equal_nan=True)


def test_a_method_that_is_added_is_tried_by_the_promises() -> None:
    """The list above is taken from the register, so one function more is one more that is tried."""

    def lowest_of_all(y: Array, w: Array) -> Array:
        return np.asarray(y.min(axis=-1))

    before = len(of_parts())
    method("aggregation")(lowest_of_all)
    try:
        assert len(of_parts()) == before + 1
        assert any(float(each(np.array([90.0, 60.0, 30.0]), np.full(3, 1 / 3))) == 30.0 for each in of_parts())
    finally:
        del _METHODS["aggregation"]["lowest_of_all"]
