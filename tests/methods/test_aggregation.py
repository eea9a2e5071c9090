"""What every aggregation keeps, whatever numbers it is given."""

from collections.abc import Callable
from functools import partial
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.methods import aggregation
from cwi.methods.aggregation import (
    arithmetic,
    borda,
    condorcet,
    copeland,
    geometric,
    harmonic,
    kemeny,
    mean_min,
    mean_of_ranks,
    owa,
    penalised,
    wroclaw,
)
from cwi.methods.aggregation.of_units import outranking, thirds
from cwi.methods.aggregation.orders import kemeny_orders
from cwi.traits import methods_of, traits_of

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("aggregation", deadline=None, max_examples=60)
USUAL = settings.get_profile("aggregation")

OF_UNITS = {word for word, function in methods_of("aggregation").items() if traits_of(function).compares_units}

scores = st.floats(0.01, 100).map(lambda v: round(v, 6))
weights = st.floats(0.05, 1).map(lambda v: round(v, 6))
unit_scores = st.integers(0, 4).map(float)  # few values: ties and circles are common
factors = st.sampled_from([1e-12, 1e-3, 1.0, 7.0, 1e12])

NEW = {
    "mean_min": partial(mean_min, alpha=0.5, beta=0.0),
    "penalised down": partial(penalised, direction="down"),
    "penalised up": partial(penalised, direction="up"),
    "geometric": geometric,
    "harmonic": harmonic,
}


@st.composite
def parts(draw: st.DrawFn, least: int = 1) -> tuple[Array, Array]:
    k = draw(st.integers(least, 6))
    y = np.array(draw(st.lists(scores, min_size=k, max_size=k)))
    w = np.array(draw(st.lists(weights, min_size=k, max_size=k)))
    return y, w / w.sum()


@st.composite
def units(draw: st.DrawFn, most: int = 6) -> tuple[Array, Array]:
    n, k = draw(st.integers(1, most)), draw(st.integers(1, 4))
    y = np.array(draw(st.lists(unit_scores, min_size=n * k, max_size=n * k))).reshape(n, k)
    w = np.array(draw(st.lists(weights, min_size=k, max_size=k)))
    return y, w[None] / w.sum()


def test_every_word_is_of_one_kind() -> None:
    assert set(aggregation.__all__) == set(methods_of("aggregation"))
    assert {"borda", "condorcet", "copeland", "kemeny", "mean_of_ranks", "wroclaw"} == OF_UNITS


# ---------------------------------------------------------------- of parts


@pytest.mark.slow
@pytest.mark.parametrize("name", NEW)
@given(found=parts(), factor=factors, seed=st.integers(0, 1000))
@USUAL
def test_neither_the_unit_nor_the_order_matters(
    name: str, found: tuple[Array, Array], factor: float, seed: int
) -> None:
    y, w = found
    order = np.random.default_rng(seed).permutation(len(y))
    expected = factor * NEW[name](y, w)
    assert NEW[name](factor * y[order], w[order]) == pytest.approx(expected, rel=1e-9, abs=factor * 1e-9)


@pytest.mark.parametrize("name", NEW)
def test_leading_axes_are_a_loop_and_a_part_without_weight_counts_nothing(name: str) -> None:
    rng = np.random.default_rng(5)
    y, w = rng.uniform(1, 100, (3, 4, 5)), rng.dirichlet(np.ones(5), (3, 1))
    w[..., 2] = 0.0
    w /= w.sum(axis=-1, keepdims=True)
    whole, without = NEW[name](y, w), [0, 1, 3, 4]
    for i in range(3):
        for j in range(4):
            assert whole[i, j] == pytest.approx(NEW[name](y[i, j, without], w[i, 0, without]), rel=1e-12)


@pytest.mark.slow
@given(found=parts(), alpha=st.floats(0, 1), beta=st.floats(0, 50), share=st.floats(0, 1))
@USUAL
def test_bounds_and_order_of_the_aggregations_of_parts(
    found: tuple[Array, Array], alpha: float, beta: float, share: float
) -> None:
    y, w = found
    mean = arithmetic(y, w)
    assert harmonic(y, w) <= geometric(y, w) + 1e-9 <= mean + 2e-9
    assert y.min() - 1e-9 <= mean_min(y, w, alpha=alpha, beta=beta) <= mean + 1e-9
    assert penalised(y, w, direction="down") - 1e-9 <= mean <= penalised(y, w, direction="up") + 1e-9
    assert penalised(y, w, direction="down") + penalised(y, w, direction="up") == pytest.approx(2 * mean)
    order_weights = np.linspace(share, 1 - share, len(y)) if len(y) > 1 else np.ones(1)
    order_weights /= order_weights.sum()
    assert y.min() - 1e-9 <= owa(y, w, order_weights=order_weights.tolist()) <= y.max() + 1e-9


@pytest.mark.slow
@given(k=st.integers(1, 6), value=scores, found=parts())
@USUAL
def test_balanced_parts_give_themselves(k: int, value: float, found: tuple[Array, Array]) -> None:
    _, w = found
    y = np.full(len(w), value)
    for method in NEW.values():
        assert method(y, w) == pytest.approx(value)
    assert owa(y, w, order_weights=[1 / len(w)] * len(w)) == pytest.approx(value)


def test_the_worked_example_of_the_penalty() -> None:
    third = np.full(3, 1 / 3)
    for y, down, up in (([60, 60, 60], 60, 60), ([90, 60, 30], 50, 70)):
        assert penalised(np.array(y, float), third, direction="down") == pytest.approx(down, abs=1e-12)
        assert penalised(np.array(y, float), third, direction="up") == pytest.approx(up, abs=1e-12)
    assert penalised(np.array([100.0, 0, 0]), third, direction="down") < 0  # below its smallest part


@pytest.mark.slow
@given(found=parts(2))
@USUAL
def test_mean_min_between_its_ends(found: tuple[Array, Array]) -> None:
    y, w = found
    assert mean_min(y, w, alpha=0, beta=3) == pytest.approx(arithmetic(y, w))
    assert mean_min(y, w, alpha=1, beta=0) == pytest.approx(y.min())
    assert mean_min(y, w, alpha=1, beta=1e9) == pytest.approx(arithmetic(y, w), abs=1e-4)


@pytest.mark.slow
@given(found=parts(2))
@USUAL
def test_owa_of_known_orders(found: tuple[Array, Array]) -> None:
    y, w = found
    k = len(y)
    same = np.full(k, 1 / k)
    first, last = np.eye(k)[0].tolist(), np.eye(k)[-1].tolist()
    assert owa(y, same, order_weights=first) == pytest.approx(y.max())
    assert owa(y, same, order_weights=last) == pytest.approx(y.min())
    assert owa(y, w, order_weights=same.tolist()) == pytest.approx(arithmetic(y, w))
    falling = np.arange(k, 0.0, -1) / np.arange(k, 0.0, -1).sum()
    assert owa(y, same, order_weights=falling.tolist()) == pytest.approx((np.sort(y)[::-1] * falling).sum())
    order = np.random.default_rng(k).permutation(k)
    assert owa(y[order], w[order], order_weights=falling.tolist()) == pytest.approx(
        owa(y, w, order_weights=falling.tolist())
    )


def test_owa_with_a_part_missing_takes_the_stretches_of_the_rest() -> None:
    y, w = np.array([80.0, 1.0, 20.0]), np.array([0.5, 0.0, 0.5])
    # half of the places: the best part takes 0.2 and half of 0.3
    assert owa(y, w, order_weights=[0.2, 0.3, 0.5]) == pytest.approx(0.35 * 80 + 0.65 * 20)


def test_a_floor_lifts_what_lies_below_it_and_nothing_else() -> None:
    half = np.array([0.5, 0.5])
    assert geometric(np.array([0.0, 100.0]), half, floor=1.0) == pytest.approx(10)
    assert harmonic(np.array([-5.0, 30.0]), half, floor=10.0) == pytest.approx(15)
    y = np.array([40.0, 90.0])
    assert geometric(y, half, floor=0.01) == geometric(y, half)
    assert harmonic(y, half, floor=0.01) == harmonic(y, half)


def test_parts_that_cannot_be_put_together_are_refused(says: Says) -> None:
    y, w = np.array([0.0, 100.0]), np.array([0.5, 0.5])
    with says(ValueError, "the floor is 0; it must be above zero"):
        geometric(y, w, floor=0)
    with says(ValueError, "geometric needs scores above zero; the lowest is 0"):
        geometric(y, w)
    with says(ValueError, "direction is 'left'; it must be 'down' or 'up'"):
        penalised(y, w, direction="left")
    with says(ValueError, "penalised needs means above zero; the lowest is 0"):
        penalised(0 * y, w, direction="down")
    with says(ValueError, "alpha is 2; it must be from 0 to 1"):
        mean_min(y, w, alpha=2, beta=0)
    with says(ValueError, "beta is -1; it must be zero or above"):
        mean_min(y, w, alpha=1, beta=-1)
    with says(ValueError, "there are 3 order weights for 2 parts"):
        owa(y, w, order_weights=[1, 0, 0])
    with says(ValueError, "order weights must not be below zero and must sum to one; they are [0.5, 0.6]"):
        owa(y, w, order_weights=[0.5, 0.6])


# ---------------------------------------------------------------- of units


def answer(name: str, y: Array, w: Array) -> Array | str:
    try:
        return np.asarray(getattr(aggregation, name)(y, w).round(6))
    except ValueError as error:
        return str(error)[:26]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(OF_UNITS))
@given(found=units(), seed=st.integers(0, 1000), factor=factors)
@USUAL
def test_units_keep_their_score_in_any_order_and_unit(
    name: str, found: tuple[Array, Array], seed: int, factor: float
) -> None:
    y, w = found
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(y.shape[0]), rng.permutation(y.shape[1])
    here = answer(name, y, w)
    there = answer(name, factor * y[np.ix_(rows, columns)], w[:, columns])
    if isinstance(here, str) or isinstance(there, str):
        assert here == there == "majorities go in a circle:"
    else:
        assert there == pytest.approx(here[rows], abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(OF_UNITS))
@given(found=units())
@USUAL
def test_a_unit_that_leads_everywhere_comes_first(name: str, found: tuple[Array, Array]) -> None:
    y, w = found
    s = answer(name, np.vstack([y, np.full((1, y.shape[1]), 9.0)]), w)
    assert isinstance(s, str) or s[-1] > s[:-1].max()


@pytest.mark.parametrize("name", sorted(OF_UNITS))
def test_twins_share_their_score_and_one_unit_has_one(name: str) -> None:
    w = np.array([[0.6, 0.4]])
    s = getattr(aggregation, name)(np.array([[5.0, 3.0], [5.0, 3.0], [2.0, 9.0]]), w)
    assert s[0] == s[1]
    same = getattr(aggregation, name)(np.full((3, 2), 7.0), w)
    assert len(set(same.tolist())) == 1
    alone = getattr(aggregation, name)(np.array([[5.0, 3.0]]), w)
    assert alone.tolist() == [100 if name == "wroclaw" else 0]


@pytest.mark.parametrize("name", sorted(OF_UNITS - {"condorcet"}))
def test_draws_are_a_loop(name: str) -> None:
    rng = np.random.default_rng(8)
    y, w = rng.uniform(0, 100, (2, 3, 6, 4)).round(-1), rng.dirichlet(np.ones(4), (2, 1, 1))
    method = getattr(aggregation, name)
    together = method(y, w)
    assert together.shape == (2, 3, 6)
    for i in range(2):
        for j in range(3):
            assert together[i, j] == pytest.approx(method(y[i, j], w[i, 0]), abs=1e-12)


@pytest.mark.slow
@given(found=units())
@USUAL
def test_pairs_share_all_the_weight(found: tuple[Array, Array]) -> None:
    y, w = found
    e = outranking(y, w)
    n = len(y)
    assert (e + e.T + np.eye(n)) == pytest.approx(np.ones((n, n)))
    assert borda(y, w).sum() == pytest.approx(n * (n - 1) / 2)
    assert copeland(y, w).sum() == 0
    assert kemeny(y, w).sum() == pytest.approx(n * (n - 1) / 2)


def test_a_pair_is_compared_on_what_both_have() -> None:
    y = np.array([[9.0, 1.0, 1.0], [5.0, 1.0, 6.0], [7.0, 8.0, 5.0]])
    w = np.array([[1.0, 0, 0], [0.5 / 0.8, 0, 0.3 / 0.8], [0.5, 0.2, 0.3]])  # 0.5, 0.2, 0.3 where measured
    e = outranking(y, w)
    assert e[0, 1:].tolist() == [1, 1]
    assert e[1, 2] == pytest.approx(0.3 / 0.8)
    nothing = outranking(y[:2], np.array([[1.0, 0, 0], [0, 1.0, 0]]))
    assert nothing.tolist() == [[0, 0.5], [0.5, 0]]


def test_mean_of_ranks_and_thirds() -> None:
    y = np.array([[90.0, 10.0], [90.0, 20.0], [40.0, 30.0], [10.0, 5.0]])
    s = mean_of_ranks(y, np.array([[0.5, 0.5]]))
    assert s.tolist() == [4 - 2, 4 - 1.5, 4 - 2, 4 - 4]
    assert thirds(np.arange(1.0, 8)).tolist() == [1, 1, 2, 2, 3, 3, 3]
    assert np.isnan(thirds(np.array([np.nan]))).all()


def test_wroclaw_by_hand() -> None:
    y, w = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), np.array([[0.5, 0.5]])
    d = np.sqrt(np.array([8.0, 4.5, 12.5]))
    assert wroclaw(y, w) == pytest.approx(100 * (1 - d / (d.mean() + 2 * d.std())))


def test_noise_is_no_majority() -> None:
    y = np.array([[0.1 + 0.2, 1.0, 0.0, 0.0], [0.3, 0.0, 1.0, 1.0]])  # the first two are one number, but for noise
    w = np.array([[0.1, 0.45, 0.15, 0.3]])  # and so are 0.45 and 0.15 + 0.3
    assert copeland(y, w).tolist() == [0, 0]
    assert condorcet(y, w).tolist() == [0.5, 0.5]


def test_a_circle_of_majorities_is_named(says: Says) -> None:
    y = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 1.0], [1.0, 2.0, 3.0]])
    third = np.full((1, 3), 1 / 3)
    with says(
        ValueError,
        "majorities go in a circle: unit 1 holds against unit 2, unit 2 against unit 3, and unit 3 beats unit 1; "
        "there is no Condorcet order",
    ):
        condorcet(y, third)
    assert condorcet(y[:2], third).tolist() == [1, 0]


def circle(n: int) -> Array:
    return np.array([np.roll(np.arange(n, 0.0, -1), i) for i in range(n)]).T


@pytest.mark.slow
def test_twenty_units_in_one_circle_are_solved_exactly() -> None:
    e = outranking(circle(20), np.full((1, 20), 1 / 20))
    found = kemeny_orders(e)
    assert (found.exact, found.count) == (True, 20)
    assert found.places == pytest.approx(np.full(20, 10.5))
    tied = kemeny_orders(np.full((12, 12), 0.5), limit=5)
    assert (tied.count, len(tied.orders)) == (479001600, 5)


def test_beyond_twenty_the_best_found_says_so(says: Says) -> None:
    y, w = circle(21), np.full((1, 21), 1 / 21)
    with says(ValueError, "more than 20 units beat each other in circles; the best order is not proven"):
        kemeny(y, w)
    assert kemeny(y, w, exact=False).sum() == 210
    rng = np.random.default_rng(3)
    chain = np.sort(rng.uniform(0, 100, (40, 3)), axis=0)
    assert kemeny(chain, np.full((1, 3), 1 / 3)).tolist() == list(range(40))  # no circle: exact at any number


def test_the_search_is_near_the_exact_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        e = outranking(rng.uniform(0, 1, (12, 5)), np.full((1, 5), 0.2))
        exact = kemeny_orders(e)
        with monkeypatch.context() as patch:
            patch.setattr("cwi.methods.aggregation.orders.LARGEST", 1)
            found = kemeny_orders(e)
        assert 0.98 * exact.score <= found.score <= exact.score + 1e-9
        assert not found.exact or exact.count == 1


@pytest.mark.slow
def test_kemeny_against_all_orders() -> None:
    rng = np.random.default_rng(11)
    for n in (2, 3, 5, 6):
        for _ in range(6):
            e = outranking(rng.integers(0, 4, (n, 5)).astype(float), rng.dirichlet(np.ones(5))[None].round(2))
            every = {order: float(np.triu(e[np.ix_(order, order)]).sum()) for order in permutations(range(n))}
            best = max(every.values())
            optimal = sorted(list(order) for order, score in every.items() if score > best - 1e-9)
            found = kemeny_orders(e)
            assert found.orders.tolist() == optimal
            assert (found.score, found.count) == (pytest.approx(best), len(optimal))
            assert found.places == pytest.approx(np.argsort(optimal, axis=1).mean(axis=0) + 1)


# ---------------------------------------------------------------- k or k - 1, weighted or not


@given(seed=st.integers(0, 1000), k=st.integers(2, 6))
@settings(deadline=None, max_examples=40)
def test_the_penalty_by_the_sample_and_without_weights(seed: int, k: int) -> None:
    """M less S squared over M, with S of numpy: over k or k - 1, of the weighted parts or of the parts alone."""
    rng = np.random.default_rng(seed)
    y, w = rng.uniform(60, 140, k), rng.dirichlet(np.ones(k))
    equal = np.full(k, 1 / k)
    for ddof in (0, 1):
        plain = y.mean() - y.var(ddof=ddof) / y.mean()
        assert penalised(y, equal, direction="down", ddof=ddof) == pytest.approx(plain, abs=1e-9)
        unweighted = w @ y - y.var(ddof=ddof) / y.mean()
        assert penalised(y, w, direction="down", ddof=ddof, weighted=False) == pytest.approx(unweighted, abs=1e-9)
    longer = penalised(np.append(y, 1.0), np.append(w, 0.0), direction="up", ddof=1)
    assert longer == pytest.approx(penalised(y, w, direction="up", ddof=1), abs=1e-9)
    with pytest.raises(ValueError, match=r"^ddof is 2; it must be 0 \(divided by k\) or 1 \(by k - 1\)$"):
        penalised(y, w, direction="down", ddof=2)


def test_one_part_has_no_penalty() -> None:
    assert penalised(np.array([80.0]), np.ones(1), direction="down", ddof=1) == 80.0


def test_wroclaw_by_the_sample() -> None:
    """By hand: distances 0, 3 and 6 of one part: mean 3, sd √6 over n and 3 over n - 1."""
    y, w = np.array([[9.0], [6.0], [3.0]]), np.ones((1, 1))
    assert wroclaw(y, w).tolist() == pytest.approx(
        [100, 100 * (1 - 3 / (3 + 2 * 6**0.5)), 100 * (1 - 6 / (3 + 2 * 6**0.5))]
    )
    assert wroclaw(y, w, ddof=1).tolist() == pytest.approx([100, 100 * (1 - 3 / 9), 100 * (1 - 6 / 9)])
    assert wroclaw(y[:1], w, ddof=1).tolist() == [100]
    with pytest.raises(ValueError, match=r"^ddof is 3; it must be 0 \(divided by n\) or 1 \(by n - 1\)$"):
        wroclaw(y, w, ddof=3)
