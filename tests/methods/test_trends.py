"""Growth and trend of a series, by hand and as they must behave."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi.methods.trends import compound_growth, growth_rates, slope, total_growth

USUAL = settings(deadline=None, max_examples=40)
GAP = float("nan")
YEARS = [2018, 2019, 2020, 2021, 2023]


def test_by_hand() -> None:
    """80, 100, none, 60, 90: +25 % in 2019, nothing after a gap, 90/80 = 1.125 in five years."""
    values = np.array([80.0, 100.0, GAP, 60.0, 90.0])
    np.testing.assert_allclose(growth_rates(values, YEARS), [GAP, 25, GAP, GAP, GAP], equal_nan=True)
    assert total_growth(values, YEARS) == pytest.approx(12.5)
    assert compound_growth(values, YEARS) == pytest.approx(100 * (1.125**0.2 - 1))
    years, known = np.array([2018.0, 2019, 2021, 2023]), np.array([80.0, 100, 60, 90])
    assert slope(values, YEARS) == pytest.approx(np.polyfit(years - 2018, known, 1)[0])


@given(seed=st.integers(0, 10_000), rate=st.floats(-0.5, 1.0), factor=st.floats(0.01, 100))
@USUAL
def test_what_grows_evenly_has_its_rate_in_any_unit(seed: int, rate: float, factor: float) -> None:
    rng = np.random.default_rng(seed)
    start = rng.uniform(1, 9, 4)
    values = factor * start * (1 + rate) ** (np.array(YEARS) - 2018.0)[:, None]
    values[1, 2] = GAP
    np.testing.assert_allclose(compound_growth(values, YEARS), 100 * rate, atol=1e-8)
    rates = growth_rates(values, YEARS)
    np.testing.assert_allclose(rates[~np.isnan(rates)], 100 * rate, atol=1e-8)
    line = values[:1] + rate * (np.array(YEARS) - 2018.0)[:, None]
    np.testing.assert_allclose(slope(line, YEARS), rate, atol=1e-9)


def test_what_has_no_growth_has_no_number() -> None:
    values = np.array([[0.0, GAP, 5.0], [4.0, GAP, GAP]])
    assert np.isnan(total_growth(values, [1, 2])).tolist() == [True, True, True]
    assert np.isnan(compound_growth(values, [1, 2])).all()
    assert np.isnan(growth_rates(values, [1, 2])).all()
    assert slope(values, [1, 2]).tolist()[0] == 4.0
    with pytest.raises(ValueError, match=r"^3 years for 2 rows of values; there must be one each, and they must rise$"):
        slope(values, [1, 2, 3])
