"""Hidden cells of tables: bounds known in closed form, tables attacked before and after, controls that are undone."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.methods.survey.disclosure import Amount, bounds, class_sizes, hide, secondary

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

counts = st.lists(st.integers(0, 60), min_size=4, max_size=4)


def with_totals(inner: Array) -> tuple[Array, Array]:
    """The cells of a table of two ways with its totals, and their equations."""
    rows, columns = inner.shape
    full = np.zeros((rows + 1, columns + 1))
    full[:rows, :columns] = inner
    full[:rows, columns] = inner.sum(axis=1)
    full[rows] = full[:rows].sum(axis=0)
    place = np.arange(full.size).reshape(full.shape)
    lines = []
    for line in (*place, *place.T):
        equation = np.zeros(full.size)
        equation[line[:-1]], equation[line[-1]] = 1, -1
        lines.append(equation)
    return full.ravel(), np.array(lines)


def hidden_counts(x: Array, hidden: NDArray[np.bool_]) -> tuple[Array, Array]:
    return np.where(hidden, 0, x), np.where(hidden, np.inf, x)


@pytest.mark.slow
@given(values=counts)
@settings(max_examples=30, deadline=None)
def test_a_table_of_four_cells_has_the_bounds_of_frechet(values: list[int]) -> None:
    """From the margins alone a cell lies from max(0, row + column - all) to min(row, column) (Fréchet 1940)."""
    x, lines = with_totals(np.array(values, dtype=float).reshape(2, 2))
    inner = np.array([0, 1, 3, 4])
    hidden = np.isin(np.arange(9), inner)
    low, high = bounds(lines, *hidden_counts(x, hidden), hidden)
    for cell in inner:
        row, column = x[3 * (cell // 3) + 2], x[6 + cell % 3]
        assert low[cell] == pytest.approx(max(0, row + column - x[8]), abs=1e-6)
        assert high[cell] == pytest.approx(min(row, column), abs=1e-6)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_bounds_are_those_of_all_tables_that_fit(data: st.DataObject) -> None:
    """Against every table of whole numbers with the same margins, counted one by one."""
    inner = np.array(data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=6)), dtype=float).reshape(2, 3)
    x, lines = with_totals(inner)
    hidden = np.zeros((3, 4), dtype=bool)
    hidden[:2, :3] = np.array(data.draw(st.lists(st.booleans(), min_size=6, max_size=6))).reshape(2, 3)
    hidden = hidden.ravel()
    low, high = bounds(lines, *hidden_counts(x, hidden), hidden)
    places = np.flatnonzero(hidden)
    fitting = []
    for values in np.ndindex(*[10] * min(len(places), 4)):
        if len(places) > 4:
            return
        tried = x.copy()
        tried[places] = values
        if np.allclose(lines @ tried, 0):
            fitting.append(tried)
    if len(places):
        assert low[places] == pytest.approx(np.min(fitting, axis=0)[places], abs=1e-6)
        assert high[places] == pytest.approx(np.max(fitting, axis=0)[places], abs=1e-6)


def test_a_cell_that_nothing_binds_stays_open() -> None:
    low, high = bounds([[1.0, 1.0, -1.0]], [0, 0, 0], [np.inf, np.inf, np.inf], [True, True, False])
    assert low[:2].tolist() == [0, 0]
    assert high[:2].tolist() == [np.inf, np.inf]
    assert np.isnan([low[2], high[2]]).all()


def test_what_does_not_add_up_is_refused(says: Says) -> None:
    with says(ValueError, "no table fits what is printed: its parts do not add up to their totals"):
        bounds([[1.0, 1.0, -1.0]], [0, 50, 43], [np.inf, 50, 43], [True, False, False])


def test_no_line_keeps_one_hidden_cell() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        x, lines = with_totals(rng.integers(1, 60, (4, 3)).astype(float))
        primary = (np.arange(x.size) == rng.integers(x.size - 1)) | (x < 8)
        found = secondary(lines, primary, x)
        assert (found >= primary).all()
        assert (((lines != 0) & found).sum(axis=1) != 1).all()


def test_the_cheapest_cell_beside_is_hidden_too(says: Says) -> None:
    x, lines = with_totals(np.array([[3.0, 40, 50], [60, 30, 70], [80, 90, 95]]))
    found = secondary(lines, x == 3, x)
    assert sorted(x[found]) == [3, 30, 40, 60]
    with says(ValueError, "a line of one hidden cell alone shows that it is zero"):
        secondary([[1.0, 0.0]], [True, False], [1, 1])


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_after_hiding_no_small_cell_comes_out_closely(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, lines = with_totals(rng.integers(3, 70, (4, 3)).astype(float))
    primary = x < 15
    width = np.full(x.size, 5.0)
    hidden = hide(lines, primary, x, [Amount(x, np.zeros(x.size), np.full(x.size, np.inf), width)])
    assert (hidden >= primary).all()
    low, high = bounds(lines, *hidden_counts(x, hidden), primary)
    assert (high - low)[primary] == pytest.approx(np.maximum((high - low)[primary], 5 - 1e-4))
    assert ((low <= x + 1e-6) & (x <= high + 1e-6))[primary].all()


@pytest.mark.slow
def test_small_cells_alone_are_undone() -> None:
    """The control: with nothing but the small cells hidden most tables give them away."""
    rng = np.random.default_rng(11)
    given_away = narrow = tables = 0
    for _ in range(60):
        x, lines = with_totals(rng.integers(3, 70, (4, 3)).astype(float))
        primary = x < 15
        if primary.any():
            tables += 1
            low, high = bounds(lines, *hidden_counts(x, primary), primary)
            given_away += bool(((high - low)[primary] < 1e-6).any())
            hidden = secondary(lines, primary, x)
            low, high = bounds(lines, *hidden_counts(x, hidden), primary)
            narrow += bool(((high - low)[primary] < 12 - 1e-6).any())
    assert tables > 50
    assert given_away > 0.6 * tables
    assert 0 < narrow < given_away  # counting cells in lines is not enough, hence the attack inside


def test_one_cannot_hide_what_is_known_beforehand(says: Says) -> None:
    amount = Amount(np.array([2.0, 3.0, 5.0]), np.array([2.0, 0, 0]), np.array([2.0, 9, 9]), np.full(3, 1.0))
    with says(ValueError, "with every cell hidden one can still be worked out: too much is known beforehand"):
        hide([[1.0, 1.0, -1.0]], [True, False, False], [1, 1, 1], [amount])


def test_rows_that_are_alike_are_counted() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, (200, 3))
    sizes = class_sizes(codes)
    for row, size in zip(codes, sizes, strict=True):
        assert size == (codes == row).all(axis=1).sum()
    assert class_sizes(np.empty((4, 0))).tolist() == [4, 4, 4, 4]
