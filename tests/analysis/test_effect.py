"""Difference-in-differences of a panel that a user brings: worked by hand, promises, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi.analysis.policy import difference_in_differences, read_effect_panel
from cwi.errors import DataError

YEARS = range(2017, 2023)


def panel(first: dict[str, float | None], effect: float = 5.0, slope: float = 1.0) -> pd.DataFrame:
    """Regions that move alike but for the effect from the year on in which each began."""
    rows = [
        (region, year, 10.0 * i + slope * year + effect * (begun is not None and year >= begun), begun)
        for i, (region, begun) in enumerate(first.items())
        for year in YEARS
    ]
    return pd.DataFrame(rows, columns=["region", "year", "value", "first_year"])


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


TWENTY = {f"R{i:02d}": 2021.0 if i == 3 else None for i in range(20)}


def test_one_region_of_twenty_has_a_floor_of_one_in_twenty() -> None:
    found = difference_in_differences(panel(TWENTY), rng=rng())
    assert found.average == pytest.approx(5)
    assert len(found.placebo) == 19
    assert found.floor == pytest.approx(1 / 20)
    assert found.p_value == pytest.approx(1 / 20)
    assert found.pre_trends["effect"].abs().max() == pytest.approx(0, abs=1e-9)
    assert found.table["se"].isna().all()  # one region has no spread


@pytest.mark.slow
def test_regions_that_begin_in_different_years_worked_by_hand() -> None:
    # A began in 2019, B in 2021, C and D never. A against B, C, D to 2020, then against C, D only; B against C, D.
    first = {"A": 2019.0, "B": 2021.0, "C": None, "D": None}
    data = panel(first, effect=0.0)
    data.loc[(data["region"] == "A") & (data["year"] >= 2019), "value"] += 2
    data.loc[(data["region"] == "B") & (data["year"] >= 2021), "value"] += 8
    found = difference_in_differences(data, rng=rng())
    effects = found.table.set_index(["first_year", "year"])["effect"]
    assert [effects[2019, year] for year in (2019, 2020, 2021, 2022)] == pytest.approx([2, 2, 2, 2])
    assert [effects[2021, year] for year in (2021, 2022)] == pytest.approx([8, 8])
    assert found.average == pytest.approx((4 * 2 + 2 * 8) / 6)
    assert found.table.set_index(["first_year", "year"]).loc[(2019, 2020), "comparison"] == 3


def test_a_trend_of_its_own_shows_before_the_measure() -> None:
    data = panel(TWENTY, effect=0.0)
    data.loc[data["region"] == "R03", "value"] += 2.0 * (data["year"] - 2017)
    found = difference_in_differences(data, rng=rng())
    assert found.pre_trends["effect"].abs().min() > 1.9  # the caution that the number is no effect


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.floats(-50, 50), st.floats(-10, 10), st.permutations(range(len(TWENTY) * len(YEARS))))
def test_what_all_regions_have_in_common_and_the_order_of_rows_do_not_matter(
    effect: float, slope: float, order: list[int]
) -> None:
    found = difference_in_differences(panel(TWENTY, effect, slope).iloc[order], rng=rng())
    assert found.average == pytest.approx(effect, abs=1e-6)
    assert 1 / 20 <= found.p_value <= 1


def test_cautions_are_printed_beside_the_number() -> None:
    few = panel({"A": 2018.0, "B": None, "C": None})
    found = difference_in_differences(few, rng=rng())
    assert found.cautions[1:] == (
        "Only 1 year before the measure: a trend of its own cannot be seen.",
        "With so few regions the p-value cannot be below 0.33.",
    )
    assert "descriptive" in repr(found)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (panel({"A": None, "B": None}), "the measure began in no region; there is nothing to compare"),
        (
            panel({"A": 2021.0, "B": 2021.0}),
            "the measure began in all regions in 2021; no effect can be separated from what would have happened anyway",
        ),
        (
            panel({"A": 2017.0, "B": None}),
            "A began in 2017, with no year before it in the panel; nothing shows a change",
        ),
        (panel(TWENTY).iloc[1:], "R00 has no value in 2017; every region needs one in every year"),
        (pd.concat([panel(TWENTY)] * 2), "R00 has two values in 2017; one is needed"),
    ],
)
def test_what_identifies_nothing_is_refused(data: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(DataError) as problem:
        difference_in_differences(data, rng=rng())
    assert str(problem.value) == sentence


def test_a_panel_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    panel(TWENTY).astype({"first_year": "Int64"}).to_csv(path, index=False)
    read = read_effect_panel(path)
    assert difference_in_differences(read, rng=rng()).average == pytest.approx(5)
    path.write_text("region,year,value,first_year\nA,2017,many,\n", encoding="utf-8")
    with pytest.raises(DataError) as problem:
        read_effect_panel(path)
    assert str(problem.value) == f"{path.as_posix()} line 2: value is 'many'; it must be a number"
