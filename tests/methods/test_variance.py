"""Shares of variance: closed forms, exact fractions, an independent library, and estimators that must fail."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from SALib.analyze import sobol as salib
from scipy.stats import qmc

from cwi.methods.variance import Indices, anova, sobol_indices

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Function = Callable[[Array], Array]

REFERENCE = Path(__file__).parents[1] / "reference" / "sobol"


def ishigami(u: Array) -> Array:
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def sobol_g(u: Array) -> Array:
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
    return np.asarray(np.prod((np.abs(4 * u - 2) + a) / (1 + a), axis=1))


FUNCTIONS: dict[str, tuple[Function, int]] = {"ishigami": (ishigami, 3), "sobol_g": (sobol_g, 8)}


def design(function: Function, d: int, n: int = 2**14, seed: int = 1) -> tuple[Array, Array, Array]:
    """Outputs at A, B and A with each column of B."""
    points = qmc.Sobol(2 * d, scramble=True, rng=np.random.default_rng(seed)).random(n)
    a, b = points[:, :d], points[:, d:]
    mixed = [np.where(np.arange(d) == i, b, a) for i in range(d)]
    return function(a)[:, None], function(b)[:, None], np.stack([function(x) for x in mixed])[..., None]


def estimated(a: Array, b: Array, ab: Array, level: float = 0.9, seed: int = 2) -> tuple[Indices, Array, Array]:
    return sobol_indices(a, b, ab, resamples=200, rng=np.random.default_rng(seed), level=level)


def closed_form(name: str) -> tuple[Array, Array]:
    table = pd.read_csv(REFERENCE / "functions.csv").query("function == @name")
    return table["first"].to_numpy(), table["total"].to_numpy()


# ---------------------------------------------------------------- estimates


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_estimates_meet_the_closed_forms(name: str) -> None:
    first, total = closed_form(name)
    found, of_first, of_total = estimated(*design(*FUNCTIONS[name]), level=0.999)
    assert found.first[:, 0] == pytest.approx(first, abs=0.01)
    assert found.total[:, 0] == pytest.approx(total, abs=0.01)
    for index, (low, high) in ((first, of_first[..., 0]), (total, of_total[..., 0])):
        assert ((low <= index) & (index <= high)).all()
        assert (high > low).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_estimators_do_not(name: str) -> None:
    """What must fail: outputs that are not centred, A and B swapped, half of the total forgotten."""
    first, total = closed_form(name)
    function, d = FUNCTIONS[name]
    u, v = np.random.default_rng(4).random((2, 2**14, d))
    mixed = [np.where(np.arange(d) == i, v, u) for i in range(d)]
    a, b, ab = (1e4 + y[..., None] for y in (function(u), function(v), np.stack([function(x) for x in mixed])))
    right, *_ = estimated(a, b, ab)
    assert right.first[:, 0] == pytest.approx(first, abs=0.05)
    assert right.total[:, 0] == pytest.approx(total, abs=0.05)
    variance = np.var(np.vstack([a, b]))
    uncentred = (b * (ab - a)).mean(axis=1)[:, 0] / variance
    swapped, *_ = estimated(b, a, ab)
    whole = ((a - ab) ** 2).mean(axis=1)[:, 0] / variance
    assert np.abs(uncentred - first).max() > 0.05
    assert np.abs(swapped.first[:, 0] - first).max() > 0.05
    assert np.abs(swapped.total[:, 0] - total).max() > 0.05
    assert np.abs(whole - total).max() > 0.05


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_values_as_salib(name: str) -> None:
    a, b, ab = design(*FUNCTIONS[name], n=256)
    found, *_ = estimated(a, b, ab)
    centre = np.vstack([a, b]).mean()
    for i in range(len(ab)):
        columns = [(outputs - centre)[:, 0] for outputs in (a, ab[i], b)]
        assert found.first[i, 0] == pytest.approx(salib.first_order(*columns), abs=1e-10)
        assert found.total[i, 0] == pytest.approx(salib.total_order(*columns), abs=1e-10)


@pytest.mark.slow
def test_intervals_hold_what_they_promise() -> None:
    """Of independent rows, not a sequence: the closed form lies in nine of ten intervals."""
    first, total = closed_form("ishigami")
    rng = np.random.default_rng(3)
    held = []
    for _ in range(100):
        a, b = rng.random((2, 512, 3))
        mixed = np.stack([ishigami(np.where(np.arange(3) == i, b, a)) for i in range(3)])[..., None]
        _, of_first, of_total = sobol_indices(ishigami(a)[:, None], ishigami(b)[:, None], mixed, resamples=100, rng=rng)
        held.append([(low[:, 0] <= x) & (x <= high[:, 0]) for x, (low, high) in ((first, of_first), (total, of_total))])
    assert np.mean(held) == pytest.approx(0.9, abs=0.04)


def test_outputs_are_independent_of_each_other_and_of_their_unit() -> None:
    both = [np.concatenate([x, 3 * x - 7, np.ones_like(x)], axis=-1) for x in design(*FUNCTIONS["ishigami"], n=128)]
    found, of_first, of_total = estimated(*both)
    for index in (found.first, found.total, of_first, of_total):
        assert index[..., 1] == pytest.approx(index[..., 0], abs=1e-9)
        assert np.isnan(index[..., 2]).all()
    assert found.variance[1] == pytest.approx(9 * found.variance[0])


def test_a_factor_without_effect_has_the_index_zero_exactly() -> None:
    a, b, ab = design(lambda u: u[:, 0] + 0.1, 2, n=64)
    found, of_first, of_total = estimated(a, b, ab)
    assert found.first[1, 0] == found.total[1, 0] == 0
    assert (of_first[:, 1] == 0).all()
    assert (of_total[:, 1] == 0).all()


def test_an_output_with_a_gap_has_no_index() -> None:
    """scipy itself says 0 there, as if the factor did not matter."""
    a, b, ab = (np.concatenate([x, x], axis=-1) for x in design(*FUNCTIONS["ishigami"], n=64))
    ab[0, 5, 0] = np.nan
    a[3, 1] = np.nan
    found, of_first, of_total = estimated(a, b, ab)
    for index in (found.first, found.total, of_first[0], of_total[1]):
        assert np.isnan(index[0]).all()
        assert np.isnan(index[:, 1]).all()
    assert np.isfinite(found.first[1:, 0]).all()


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        (
            {"resamples": 0},
            "rows 4, resamples 0, level 0.9; rows must be at least 2, resamples at least 1, level between 0 and 1",
        ),
        (
            {"level": 1.0},
            "rows 4, resamples 9, level 1; rows must be at least 2, resamples at least 1, level between 0 and 1",
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(given_: dict[str, float], sentence: str, says: Says) -> None:
    how = {"resamples": 9, "level": 0.9} | given_
    a = np.arange(4.0)[:, None]
    with says(ValueError, sentence):
        sobol_indices(a, a, a[None], rng=np.random.default_rng(1), **how)  # type: ignore[arg-type]


def test_arrays_that_do_not_fit_are_refused(says: Says) -> None:
    a = np.arange(4.0)[:, None]
    with says(ValueError, "outputs of A, B and A with columns of B have the shapes (4, 1), (3, 1) and (1, 4, 1)"):
        sobol_indices(a, a[:3], a[None], resamples=9, rng=np.random.default_rng(1))


# ---------------------------------------------------------------- enumeration


@pytest.fixture(scope="module")
def table() -> Array:
    return pd.read_csv(REFERENCE / "discrete.csv")["y"].to_numpy(float).reshape(3, 2, 4, 1)


def alike(*sizes: int) -> list[Array]:
    return [np.full(size, 1 / size) for size in sizes]


def test_the_discrete_table(table: Array) -> None:
    expected = pd.read_csv(REFERENCE / "expected.csv")
    found = anova(table, alike(3, 2, 4), order=3)
    for i, row in enumerate(expected.itertuples()):
        assert found.first[i, 0] == pytest.approx(float(Fraction(str(row.first))), abs=1e-14)
        assert found.total[i, 0] == pytest.approx(float(Fraction(str(row.total))), abs=1e-14)
    assert found.first[:, 0] == pytest.approx([0.0044, 0.5394, 0.3250], abs=0.5e-4 + 1e-9)
    assert found.total[:, 0] == pytest.approx([0.0586, 0.6242, 0.4557], abs=0.5e-4 + 1e-9)
    assert sum(found.joint.values())[0] == pytest.approx(1, abs=1e-13)
    assert found.variance[0] == pytest.approx(table.var())


def test_without_the_highest_order_the_terms_do_not_sum_to_one(table: Array) -> None:
    assert sum(anova(table, alike(3, 2, 4), order=2).joint.values())[0] < 0.999


@st.composite
def grids(draw: st.DrawFn) -> tuple[NDArray[np.float64], list[Array]]:
    """Outputs of a grid, one at least that varies, and unequal shares."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    count = int(np.prod(sizes))
    y = draw(st.lists(st.integers(-9, 9).map(float), min_size=count, max_size=count))
    shares = [np.array(draw(st.lists(st.integers(1, 9).map(float), min_size=size, max_size=size))) for size in sizes]
    return np.array(y).reshape(*sizes, 1), [share / share.sum() for share in shares]


def by_counting(y: Array, shares: list[Array]) -> tuple[Array, dict[tuple[int, ...], float], float]:
    """First, total and joint shares by the definition: conditional means and variances of a list of outcomes."""
    f = len(shares)
    cells = list(product(*(range(len(share)) for share in shares)))
    p = {cell: float(np.prod([share[i] for share, i in zip(shares, cell, strict=True)])) for cell in cells}

    def spread(members: tuple[int, ...]) -> float:
        """The variance of the mean given some factors."""
        mass: dict[tuple[int, ...], float] = {}
        mean: dict[tuple[int, ...], float] = {}
        for cell in cells:
            key = tuple(cell[i] for i in members)
            mass[key] = mass.get(key, 0) + p[cell]
            mean[key] = mean.get(key, 0) + p[cell] * y[cell][0]
        centre = sum(mean.values())
        return sum(mass[key] * (mean[key] / mass[key] - centre) ** 2 for key in mass)

    variance = spread(tuple(range(f)))
    joint: dict[tuple[int, ...], float] = {}
    for members in (m for size in range(1, f + 1) for m in combinations(range(f), size)):
        parts = (joint[part] for size in range(1, len(members)) for part in combinations(members, size))
        joint[members] = spread(members) - sum(parts)
    total = [variance - spread(tuple(j for j in range(f) if j != i)) for i in range(f)]
    return np.array(total), joint, variance


@pytest.mark.slow
@given(grids())
@settings(deadline=None, max_examples=80)
def test_enumeration_against_the_definition(grid: tuple[Array, list[Array]]) -> None:
    y, shares = grid
    f = len(shares)
    found = anova(y, shares, order=f)
    total, joint, variance = by_counting(y, shares)
    assert found.variance[0] == pytest.approx(variance, abs=1e-9)
    if np.ptp(y) == 0:
        assert np.isnan(found.first).all()
        assert np.isnan(found.total).all()
        return
    assert found.total[:, 0] * variance == pytest.approx(total, abs=1e-9)
    assert set(found.joint) == set(joint)
    for members, share in joint.items():
        assert found.joint[members][0] * variance == pytest.approx(share, abs=1e-9)
        assert found.joint[members][0] >= 0
    assert sum(found.joint.values())[0] == pytest.approx(1, abs=1e-9)
    assert (found.first <= found.total + 1e-9).all()


@pytest.mark.slow
@given(grids(), st.integers(0, 4), st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_a_factor_that_moves_nothing_has_exactly_zero_everywhere(
    grid: tuple[Array, list[Array]], axis: int, size: int
) -> None:
    y, shares = grid
    y = y / 7 + 1e3 / 3  # numbers that are not exact
    axis = min(axis, len(shares))
    idle = np.repeat(np.expand_dims(y, axis), size, axis=axis)
    weights = np.arange(1.0, size + 1)
    found = anova(idle, [*shares[:axis], weights / weights.sum(), *shares[axis:]], order=3)
    if np.ptp(y) == 0:
        return
    assert found.first[axis, 0] == 0
    assert found.total[axis, 0] == 0
    assert all(share[0] == 0 for members, share in found.joint.items() if axis in members)


def test_an_interaction_of_two() -> None:
    """A product of two signs: neither matters alone, together they are everything."""
    signs = np.array([-1.0, 1.0])
    y = (signs[:, None] * signs)[..., None]
    found = anova(y, alike(2, 2))
    assert found.first[:, 0].tolist() == [0, 0]
    assert found.total[:, 0].tolist() == [1, 1]
    assert found.joint[0, 1].tolist() == [1]


def test_shares_of_choices_count() -> None:
    """A choice that is never made moves nothing."""
    y = np.array([[0.0, 4.0], [0.0, 4.0], [9.0, 2.0]])[..., None]
    never = [np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75])]
    found = anova(y, never)
    assert found.first[:, 0].tolist() == [0, 1]
    assert found.total[:, 0].tolist() == [0, 1]
    assert found.variance[0] == pytest.approx(16 * 0.25 * 0.75)
    assert anova(y, alike(3, 2)).first[0, 0] > 0.1


def test_a_gap_takes_the_output_and_no_other() -> None:
    y = np.stack([np.arange(6.0).reshape(3, 2)] * 2, axis=-1)
    y[1, 1, 0] = np.nan
    found = anova(y, alike(3, 2))
    assert np.isnan(found.first[:, 0]).all()
    assert np.isnan(found.total[:, 0]).all()
    assert found.first[:, 1] == pytest.approx(found.total[:, 1])


def test_rounding_noise_is_no_variance() -> None:
    y = np.array([0.1 + 0.2, 0.3])[:, None]
    assert np.isnan(anova(y, alike(2)).first).all() or anova(y, alike(2)).variance[0] > 0
    constant = np.full((2, 3, 1), 0.1)
    assert anova(constant, alike(2, 3)).variance[0] == 0
    assert np.isnan(anova(constant, alike(2, 3)).total).all()


@pytest.mark.parametrize(
    ("shares", "order", "sentence"),
    [
        ([[0.5, 0.5], [1.0]], 2, "shares of [2, 1] choices for a grid of [2, 2]"),
        (
            [[0.5, 0.5], [0.5, 0.4]],
            2,
            "shares of choices must not be below zero and must sum to one; they are [0.5, 0.4]",
        ),
        (
            [[1.5, -0.5], [0.5, 0.5]],
            2,
            "shares of choices must not be below zero and must sum to one; they are [1.5, -0.5]",
        ),
        ([[0.5, 0.5], [0.5, 0.5]], 0, "order is 0; it must be at least 1"),
    ],
)
def test_shares_that_do_not_fit_are_refused(shares: list[list[float]], order: int, sentence: str, says: Says) -> None:
    with says(ValueError, sentence):
        anova(np.arange(4.0).reshape(2, 2, 1), [np.array(share) for share in shares], order=order)
