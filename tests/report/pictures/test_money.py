"""Pictures of money: whole parts of a hundred, and what cannot be drawn."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwi.errors import DataError
from cwi.report.pictures.money import against, bars, squares, whole_parts


@pytest.mark.slow
@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=7))
def test_whole_parts_sum_to_a_hundred_and_are_less_than_one_off(values: list[float]) -> None:
    shares = pd.Series(values)
    parts = whole_parts(shares)
    assert parts.sum() == 100
    assert ((parts - 100 * shares / shares.sum()).abs() < 1).all()


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(DataError, match=r"^a hundred squares: 2 parts with 2 looks sum to 90, not 100$"):
        squares(pd.Series({"a": 50, "b": 40}), [0, 1])
    with pytest.raises(DataError, match=r"^bars: there is nothing to draw$"):
        bars(pd.DataFrame(columns=["value", "low", "high"]), axis_label="", number=str, interval="", value="")
    with pytest.raises(DataError, match=r"^against: a line needs two regions or more$"):
        against(pd.DataFrame({"x": [1.0]}), x_label="", y_label="", line="", point="", number=str)
