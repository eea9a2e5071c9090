"""Numbers as people type them come back to the last digit, or are asked about; none is guessed."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cwi.inputs.intake import decide, readings
from cwi.inputs.intake.typed_numbers import exact
from cwi.inputs.intake.values import Limits, read_value, words_of
from cwi.inputs.intake.workbooks import Found

MARKS = [" ", "\u00a0", "\u2009", "\u202f", "'", "’", ",", ".", ""]
numbers = st.decimals(-(10**9), 10**9, places=3) | st.decimals(0, 100, places=2)


def typed(value: Decimal, thousands: str, point: str) -> str:
    whole, _, rest = f"{abs(value):,f}".partition(".")
    sign = "-" if value < 0 else ""
    return sign + whole.replace(",", thousands) + (point + rest if rest else "")


@given(numbers, st.sampled_from(MARKS), st.sampled_from([".", ","]))
def test_a_number_in_any_style_is_among_its_readings(value, thousands, point):
    assume(thousands != point)
    possible = readings(typed(value, thousands, point))
    assert value in possible
    assert len(possible) <= 2


@given(numbers, st.sampled_from(MARKS[:6]), st.sampled_from([".", ","]))
def test_only_one_mark_before_three_digits_is_in_doubt(value, thousands, point):
    text = typed(value, thousands, point)
    marks = [mark for mark in text if not mark.isdigit() and mark != "-"]
    whole = text.lstrip("-").partition(point)[0]
    if marks != [point] or len(text.rpartition(point)[2]) != 3 or len(whole) > 3 or whole == "0":
        assert readings(text) == (value,)


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,"))
def test_a_doubtful_number_is_decided_by_limits_and_the_last_figure_or_not_at_all(whole, rest, mark):
    possible = readings(f"{whole}{mark}{rest:03d}")
    small, large = Decimal(f"{whole}.{rest:03d}"), Decimal(whole * 1000 + rest)
    assert possible == (small, large)
    assert decide(possible, 0, 999.9995, None) == small
    assert decide(possible, 1000, 1e6, None) == large
    assert decide(possible, 0, 1e6, None) is None
    assert decide(possible, 0, 1e6, float(large)) == large
    assert decide(possible, 0, 1e6, float(small)) == small
    assert decide(possible, -2, -1, None) is None


@given(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False))
def test_a_number_of_a_spreadsheet_is_exact(value):
    assert float(exact(value)) == value
    assert exact(value, hundredfold=True) == 100 * Decimal(repr(value))


@pytest.mark.parametrize(
    "text", ["", "-", "1 23", "1,23,456", "12 34", "1.2.3", "1e5", "٣", "1_000", "--5", "5-", "0x1A"]
)
def test_what_is_no_number_has_no_reading(text):
    assert readings(text) == ()


@pytest.mark.parametrize(
    ("cell", "doubt"),
    [
        (Found("1.234"), "two readings"),
        (Found("12,5*"), "number with text"),
        (Found("12,5 %"), "percent of another unit"),
        (Found(0.125, percent=True), "percent of another unit"),
        (Found(None, formula="=A1"), "formula never saved"),
        (Found("—"), "dash"),
        (Found(5000), "outside the limits"),
    ],
)
def test_a_cell_in_doubt_holds_no_figure(cell, doubt):
    value = read_value(cell, Limits("per 1000", 0, 3000, None), words_of({}))
    assert (value.number, value.status, value.doubt) == (None, "", doubt)
