"""A trend on one set of indicators and territories: worked by hand, then as promises, then on the real data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis.comparison import fixed_set
from cwi.errors import DataError

pytestmark = pytest.mark.slow

PEOPLE = "region,year,indicator,value,status,source\n"


@pytest.fixture
def divided(project):
    """The small project with population and children; OLD was divided in 2022 into EAST (300) and WEST (100)."""
    project.append("series.csv", "population,People,Люди,persons,0,1e9,context,0,no\n")
    project.append("series.csv", "children_0_15,Children,Дети,persons,0,1e9,context,0,no\n")
    rows = ["A,2020,children_0_15,10", "B,2020,children_0_15,30", "OLD,2020,children_0_15,60"]
    rows += ["EAST,2022,population,300", "WEST,2022,population,100", "A,2022,population,50", "B,2022,population,60"]
    text = project.path("observations/schools.csv").read_text()
    project.write("observations/schools.csv", text + "".join(f"{row},normal,schools\n" for row in rows))
    project.sign()
    return project


def test_by_hand(divided):
    """Poverty alone is measured in both years; in 2022 OLD is (300 x 25 + 100 x 35) / 400 = 27.5, so 45 points."""
    result = fixed_set(read_edition(2022), [2021, 2022])
    assert result.territories == ("A", "B", "OLD")
    assert result.kept == ("poverty",)
    assert result.indicators["missing"].to_dict() == {"poverty": "", "water": "2021, 2022", "places": "2021"}
    table = result.table("home")
    assert table.to_numpy().tolist() == [[80, 84], [60, 64], [40, 45], [60, 64]]
    assert list(table.index) == ["A", "B", "OLD", "N"]
    assert result.means.loc["home"].tolist() == [(10 * 80 + 30 * 60 + 60 * 40) / 100, (840 + 1920 + 2700) / 100]
    assert result.nation().loc["home"].tolist() == [60, 64]
    assert list(result.means.index) == ["index", "home", "poverty"]
    assert result.table().isna().all(axis=None)  # the index asks for home and school


def test_a_territory_whose_part_has_no_figure_is_not_whole(divided):
    divided.change("observations/living.csv", "WEST,2022,poverty,,,35,,,normal", "WEST,2022,poverty,,,35,,,suspect")
    divided.sign()
    with pytest.raises(DataError) as error:
        fixed_set(read_edition(2022), [2021, 2022])
    assert str(error.value) == "no indicator has a figure of every territory in each year from 2021 to 2022"


@pytest.mark.parametrize("years", [[2022], []])
def test_one_year_is_no_trend(divided, years):
    with pytest.raises(DataError) as error:
        fixed_set(read_edition(2022), years)
    assert str(error.value) == f"a fixed set needs two years or more; there is {'2022' if years else 'none'}"


def test_how_many_live_there_does_not_matter_but_how_they_are_divided(divided):
    first = fixed_set(read_edition(2022), [2021, 2022]).table("home")
    for people in ("EAST,2022,population,300", "WEST,2022,population,100"):
        divided.change("observations/schools.csv", people, people + "00")
    divided.sign()
    assert fixed_set(read_edition(2022), [2021, 2022]).table("home").equals(first)
    divided.change("observations/schools.csv", "EAST,2022,population,30000", "EAST,2022,population,3")
    divided.sign()
    moved = fixed_set(read_edition(2022), [2021, 2022]).table("home")
    assert 30 <= moved.at["OLD", 2022] < first.at["OLD", 2022]


# ---------------------------------------------------------------- the real trend


@pytest.fixture(scope="module")
def trend():
    return fixed_set(read_edition(2023, "2026.1"), range(2018, 2023))


def test_the_set_of_2018_to_2022(trend):
    assert trend.kept == (
        "adolescent_births", "housing_space", "neet", "informal_employment", "physicians", "grp_relative", "emissions",
        "internet_use",
    )  # fmt: skip
    assert len(trend.territories) == 17
    assert trend.table().notna().all(axis=None)
    cells = trend.scores.cells
    cells = cells[cells["indicator"].isin(trend.kept)]
    assert cells["value"].notna().all()
    assert (cells["observed"] == cells["year"]).all()
    assert not trend.scores.nodes["flag"].str.contains("parent region|carried").any()


def test_a_divided_region_takes_the_published_total_where_a_decision_says_so(trend):
    """Births of 2022 still list 17 territories: the row of Almaty region stands for the former territory."""
    cells = trend.scores.cells.set_index(["region", "year", "indicator"])["value"]
    base = read_edition(2023).base.query("sex == '' and area == ''")
    known = base.set_index(["region", "year", "indicator"])["value"]
    assert cells["KZ-ALM", 2022, "adolescent_births"] == known["KZ-19", 2022, "adolescent_births"]
    people = [known[part, 2022, "population"] for part in ("KZ-19", "KZ-33")]
    parts = [known[part, 2022, "housing_space"] for part in ("KZ-19", "KZ-33")]
    assert cells["KZ-ALM", 2022, "housing_space"] == pytest.approx(np.average(parts, weights=people))
    assert min(parts) < cells["KZ-ALM", 2022, "housing_space"] < max(parts)


def test_a_year_in_which_nothing_moved_shows_no_change():
    edition = read_edition(2023, "2026.1")
    rows = edition.base[edition.base["year"] == 2021]
    still = [rows.assign(year=year) for year in (2018, 2019, 2020, 2021)]
    table = fixed_set(replace(edition, base=pd.concat(still), year=2021), range(2018, 2022)).table()
    assert (table.max(axis=1) - table.min(axis=1)).max() == pytest.approx(0, abs=1e-9)


def test_with_2023_there_is_no_index_but_a_trend_of_its_dimensions():
    result = fixed_set(read_edition(2023, "2026.1"))
    assert result.years == (2018, 2019, 2020, 2021, 2022, 2023)
    assert result.kept == (
        "adolescent_births", "housing_space", "informal_employment", "grp_relative", "internet_use"
    )  # fmt: skip
    assert result.means.loc["index"].isna().all()
    assert result.means.loc["country"].notna().all()
    assert "public_policy" not in result.means.index
