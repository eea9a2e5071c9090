"""Gaps between two groups: by hand on a small table, with what must not enter, and what a wrong call is answered."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import Edition, read_edition, read_methodology
from cwi.analysis.equity import gaps, gaps_by_year, history, summary
from cwi.errors import DataError, ParameterError

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

ROWS = """\
A,2022,poverty,F,,9,0.3,,normal
A,2022,poverty,M,,7,0.4,,normal
B,2022,poverty,F,,20,,,normal
B,2022,poverty,M,,23,0.5,,normal
EAST,2022,poverty,F,,30,,,suspect
EAST,2022,poverty,M,,40,,,normal
OLD,2022,poverty,F,,50,,,normal
OLD,2022,poverty,M,,60,,,normal
N,2022,poverty,F,,18,,,normal
N,2022,poverty,M,,17,,,normal
N,2021,poverty,F,,25,,,normal
N,2021,poverty,M,,21,,,normal
A,2022,water,,U,96,,,normal
A,2021,water,,U,97,,,normal
A,2021,water,,R,90,,,normal
B,2021,water,,U,99,,,normal
B,2021,water,,R,91,,,normal
A,2022,water,,R,95,,,normal
"""


@pytest.fixture
def small(project: Any) -> Edition:
    """The small project with figures by sex and area beside its totals."""
    project.change(
        "observations/living.csv", "A,2022,poverty,F,,9,,,normal,living,\nA,2022,poverty,,U,7,,,normal,living,\n", ""
    )
    project.append("observations/living.csv", "".join(f"{line},living,\n" for line in ROWS.splitlines()))
    project.sign()
    return read_edition(2022)


def test_gaps_by_hand(small: Edition) -> None:
    table = gaps(small, "sex").set_index("region")
    assert list(table.index) == [
        "A",
        "B",
        "N",
    ]  # EAST is suspect for girls, and OLD's figures are not those of its parts
    assert table["gap"].to_list() == [2, -3, 1]
    assert table["year"].to_list() == [2022] * 3
    assert table.at["A", "se"] == pytest.approx(0.5)  # 3, 4, 5
    assert table.loc["A", ["low", "high"]].to_list() == pytest.approx([2 - 0.9799820, 2 + 0.9799820])
    assert table.loc[["B", "N"], ["se", "low", "high"]].isna().all(axis=None)  # one group without an error


@pytest.mark.slow
def test_each_indicator_is_of_the_newest_year_that_half_of_the_regions_have(small: Edition) -> None:
    table = gaps(small, "area")
    assert table["year"].to_list() == [2022]  # one of two regions is half
    more = Edition.of(small.observations[small.observations["year"] == 2021], small.methodology, 2022)
    assert gaps(more, "area")[["region", "year", "gap"]].to_numpy().tolist() == [["A", 2021, 7], ["B", 2021, 8]]
    assert gaps(more, "area", max_age=0).empty
    two = small.observations.query("region == 'B' and year == 2021 and indicator == 'water'")
    third = pd.concat([small.observations, two.assign(region="C")])
    wide = Edition.of(third, small.methodology, 2022)
    assert gaps(wide, "area")["year"].to_list() == [2021] * 3  # one of three is not


@pytest.mark.slow
def test_who_fares_worse_follows_the_direction(small: Edition) -> None:
    sex = summary(gaps(small, "sex"), small).iloc[0]
    assert (sex["regions"], sex["first_worse"], sex["second_worse"]) == (2, 1, 1)  # poverty: more is worse
    assert (sex["first"], sex["second"], sex["gap"], sex["widest"], sex["widest_gap"]) == (18, 17, 1, "B", -3)
    area = summary(gaps(small, "area"), small).iloc[0]
    assert (area["regions"], area["first_worse"], area["second_worse"]) == (1, 0, 1)  # water: less is worse
    assert np.isnan(area["gap"])  # the nation has none


@pytest.mark.slow
def test_the_gap_of_the_nation_year_by_year(small: Edition) -> None:
    assert gaps_by_year(small, "sex").to_dict("list") == {2021: [4], 2022: [1]}
    assert gaps_by_year(small, "area").empty


@pytest.mark.slow
def test_the_index_does_not_know_the_groups(small: Edition) -> None:
    totals = small.observations[(small.observations["sex"] == "") & (small.observations["area"] == "")]
    assert Edition.of(totals, small.methodology, 2022).scores.at("A") == small.scores.at("A")


RULES = read_methodology("2024.1").replace(nation=None)


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2, *[st.floats(0, 1e3)] * 2), min_size=1, max_size=6))
def test_exchanged_groups_turn_every_gap(rows: list[tuple[float, float, float, float]]) -> None:
    table = pd.DataFrame(
        [
            {"region": f"R{i}", "year": 2020, "indicator": "poverty", "sex": sex, "value": row[j], "se": row[2 + j]}
            for i, row in enumerate(rows)
            for j, sex in enumerate("FM")
        ]
    )
    there = gaps(Edition.of(table, RULES, 2020), "sex")
    back = gaps(Edition.of(table.replace({"sex": {"F": "M", "M": "F"}}), RULES, 2020), "sex")
    assert there["gap"].to_list() == [-gap for gap in back["gap"]]
    assert np.allclose(there["low"], -back["high"])
    assert (there["low"] <= there["gap"]).all()
    assert (there["gap"] <= there["high"]).all()


@pytest.mark.slow
def test_real_figures() -> None:
    """Life expectancy of 2022 and NEET of 2023: the sexes of NEET 2023 are suspect, so its gap is of 2022."""
    edition = read_edition(2023)
    table = gaps(edition, "sex").set_index(["indicator", "region"])
    assert table.loc[("life_expectancy", "KZ"), ["first", "second"]].to_list() == [78.41, 70.26]
    assert table.at[("neet", "KZ"), "year"] == 2022
    cities = {"KZ-71", "KZ-75", "KZ-79"}
    assert cities.isdisjoint(gaps(edition, "area")["region"])
    past = history(edition, "area", indicators=["housing_space"])
    assert past["year"].min() < 2018
    assert past["year"].max() == 2023


def test_a_wrong_call_is_answered(small: Edition, says: Says) -> None:
    with says(ParameterError, "by is 'gender'; there are sex, area"):
        gaps(small, "gender")
    with says(ParameterError, "level is 95; it must be between 0 and 1"):
        gaps(small, "sex", level=95)
    with says(
        DataError,
        "no indicator or series has the code 'povert' (did you mean 'poverty'?); there are places, poverty, water",
    ):
        gaps(small, "sex", indicators=["povert"])
