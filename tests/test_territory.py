"""Which regions there are in a year, what a successor inherits, and registers of regions that are refused."""

import pandas as pd
import pytest

from cwi import read_observations, read_territory
from cwi.errors import DataError
from cwi.territory import PARENT_REGION

REGIONS = "regions.csv"
CHANGES = "boundary_changes.csv"


@pytest.fixture
def territory(project):
    return read_territory()


def row(region, year, value, status="normal", scored=True, indicator="water", sex=""):
    return {"indicator": indicator, "region": region, "year": year, "sex": sex, "area": "", "value": value,
            "status": status, "scored": scored, "source": "living"}  # fmt: skip


def cells(table):
    """What a table says: region, year and sex, with value and status."""
    return {(r.region, r.year, r.sex): (r.value, r.status) for r in table.itertuples() if pd.notna(r.value)}


# ---------------------------------------------------------------- the regions of a year


def test_the_regions_are_those_at_the_end_of_the_year(territory):
    assert territory.nation == "N"
    assert territory.regions_of(2021) == ("A", "B", "OLD")
    assert territory.regions_of(2022) == ("A", "B", "EAST", "WEST")


def test_a_territory_is_valid_in_each_year_that_it_touches(territory):
    valid = {code: [territory.valid(code, year) for year in (2021, 2022, 2023)] for code in ("N", "A", "OLD", "EAST")}
    assert valid == {"N": [True] * 3, "A": [True] * 3, "OLD": [True, True, False], "EAST": [False, True, True]}


def test_names(territory):
    assert [territory.name("EAST", language) for language in ("en", "ru", "kk")] == ["East", "Восток", "Шығыс"]


# ---------------------------------------------------------------- what a successor inherits


def test_successors_take_the_value_of_the_former_region_and_say_so(territory):
    table = pd.DataFrame([row("N", 2022, 90.0), row("A", 2022, 95.0), row("OLD", 2022, 80.0)])
    assert cells(territory.on_regions(table, ("A", "EAST", "WEST"))) == {
        ("N", 2022, ""): (90, "normal"),
        ("A", 2022, ""): (95, "normal"),
        ("EAST", 2022, ""): (80, PARENT_REGION),
        ("WEST", 2022, ""): (80, PARENT_REGION),
    }


def test_a_value_of_its_own_wins(territory):
    table = pd.DataFrame([row("OLD", 2022, 80.0), row("EAST", 2022, 70.0)])
    assert cells(territory.on_regions(table, ("EAST", "WEST"))) == {
        ("EAST", 2022, ""): (70, "normal"),
        ("WEST", 2022, ""): (80, PARENT_REGION),
    }


def test_a_suspect_value_of_its_own_is_not_covered_by_one_of_the_former_region(territory):
    table = pd.DataFrame([row("OLD", 2022, 80.0), row("EAST", 2022, 70.0, "suspect", scored=False)])
    assert cells(territory.on_regions(table, ("EAST",))) == {("EAST", 2022, ""): (70, "suspect")}


def test_an_empty_cell_is_no_value_of_its_own(territory):
    table = pd.DataFrame([row("OLD", 2022, 80.0), row("EAST", 2022, float("nan"), "missing", scored=False)])
    assert cells(territory.on_regions(table, ("EAST",))) == {("EAST", 2022, ""): (80, PARENT_REGION)}


def test_a_suspect_value_of_the_former_region_stays_suspect(territory):
    table = pd.DataFrame([row("OLD", 2022, 80.0, "suspect", scored=False)])
    inherited = territory.on_regions(table, ("EAST", "WEST"))
    assert set(inherited["status"]) == {"suspect"}
    assert not inherited["scored"].any()


def test_women_and_men_inherit_each_their_own(territory):
    table = pd.DataFrame([row("OLD", 2022, 80.0), row("OLD", 2022, 82.0, sex="F"), row("EAST", 2022, 70.0)])
    assert cells(territory.on_regions(table, ("EAST",))) == {
        ("EAST", 2022, ""): (70, "normal"),
        ("EAST", 2022, "F"): (82, PARENT_REGION),
    }


def test_two_generations(project):
    project.change(REGIONS, "OLD,region,Old,Старая,Ескі,,", "OLD,region,Old,Старая,Ескі,2018-06-19,")
    project.append(REGIONS, "OLDEST,region,Oldest,Старейшая,Ең ескі,,2018-06-18\n")
    project.append(CHANGES, "2018-06-19,OLDEST,OLD,renamed\n")
    territory = read_territory()
    assert territory.ancestors("EAST") == ["OLD", "OLDEST"]
    table = pd.DataFrame([row("OLDEST", 2017, 60.0), row("OLDEST", 2018, 61.0), row("OLD", 2018, 65.0)])
    assert cells(territory.on_regions(table, ("EAST",))) == {
        ("EAST", 2017, ""): (60, PARENT_REGION),
        ("EAST", 2018, ""): (65, PARENT_REGION),  # the nearest former region wins
    }


def test_a_former_region_takes_nothing_from_its_successors(territory):
    table = pd.DataFrame([row("EAST", 2022, 70.0), row("WEST", 2022, 60.0)])
    assert cells(territory.on_regions(table, ("A", "B", "OLD"))) == {}


def test_no_key_stands_twice_on_the_regions(project, territory):
    table = territory.on_regions(read_observations(), territory.regions_of(2022))
    assert not table[table["value"].notna()].duplicated(["indicator", "region", "year", "sex", "area"]).any()


# ---------------------------------------------------------------- registers that are refused

EAST = "EAST,region,East,Восток,Шығыс,2022-06-08,"
KINDS = "there are nation, region, city"
REFUSED = {
    "date": (
        EAST,
        EAST.replace("2022-06-08", "8.6.2022"),
        "line 5: valid_from is '8.6.2022'; a date is written 2022-06-08",
    ),
    "date without dashes": (
        EAST,
        EAST.replace("2022-06-08", "20220608"),
        "line 5: valid_from is '20220608'; a date is written 2022-06-08",
    ),
    "date with time": (
        EAST,
        EAST.replace("2022-06-08", "2022-06-08T00:00"),
        "line 5: valid_from is '2022-06-08T00:00'; a date is written 2022-06-08",
    ),
    "date as week": (
        EAST,
        EAST.replace("2022-06-08", "2022-W23-3"),
        "line 5: valid_from is '2022-W23-3'; a date is written 2022-06-08",
    ),
    "no such day": (
        "OLD,region,Old,Старая,Ескі,,2022-06-07",
        "OLD,region,Old,Старая,Ескі,,2022-06-31",
        "line 7: valid_to is '2022-06-31'; a date is written 2022-06-08",
    ),
    "end before beginning": (EAST, EAST + "2022-06-07", "line 5: EAST ends on 2022-06-07, before it begins"),
    "code twice": (EAST, f"{EAST}\n{EAST}", "line 6: the region 'EAST' is listed twice"),
    "no code": ("A,region", ",region", "line 3: 'code' is empty"),
    "no name": ("Альфа,Альфа", "Альфа,", "line 3: 'name_kk' is empty"),
    "kind": ("B,city", "B,town", f"line 4: kind is 'town'; {KINDS}"),
    "no kind": ("B,city", "B,", f"line 4: kind is ''; {KINDS}"),
    "kind nearly": ("B,city", "B,City", f"line 4: kind is 'City' (did you mean 'city'?); {KINDS}"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_register_of_regions_that_is_refused(project, says, old, new, sentence):
    project.change(REGIONS, old, new)
    with says(DataError, f"data/regions.csv {sentence}"):
        read_territory()


@pytest.mark.parametrize(("old", "new", "nations"), [("N,nation", "N,region", 0), ("B,city", "B,nation", 2)])
def test_there_is_one_nation(project, says, old, new, nations):
    project.change(REGIONS, old, new)
    with says(DataError, f"data/regions.csv: one row must be of the kind 'nation'; there are {nations}"):
        read_territory()


MUST = "must end before 2022-06-08 and"
REFUSED_CHANGES = {
    "unknown new": (
        "OLD,EAST",
        "OLD,EASTT",
        "line 2: no region has the code 'EASTT' (did you mean 'EAST'?); there are N, A, B, EAST, WEST, OLD",
    ),
    "unknown old": (
        "OLD,EAST",
        "ÖLD,EAST",
        "line 2: no region has the code 'ÖLD' (did you mean 'OLD'?); there are N, A, B, EAST, WEST, OLD",
    ),
    "own successor": ("OLD,EAST", "EAST,EAST", "line 2: 'EAST' cannot be its own successor"),
    "two parents": ("OLD,WEST", "OLD,EAST", "line 3: 'EAST' has two parents"),
    "date": ("2022-06-08,OLD,EAST", "June 2022,OLD,EAST", "line 2: date is 'June 2022'; a date is written 2022-06-08"),
    "no date": ("2022-06-08,OLD,EAST", ",OLD,EAST", "line 2: date is ''; a date is written 2022-06-08"),
    "parent still there": ("OLD,EAST", "A,EAST", f"line 2: in regions.csv 'A' {MUST} 'EAST' begin on that day"),
    "successor was there": ("OLD,EAST", "OLD,A", f"line 2: in regions.csv 'OLD' {MUST} 'A' begin on that day"),
    "circle": ("OLD,EAST", "EAST,OLD", f"line 2: in regions.csv 'EAST' {MUST} 'OLD' begin on that day"),
    "another day": (
        "2022-06-08,OLD,EAST",
        "2022-06-09,OLD,EAST",
        "line 2: in regions.csv 'OLD' must end before 2022-06-09 and 'EAST' begin on that day",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSED_CHANGES.values(), ids=REFUSED_CHANGES)
def test_changes_of_borders_that_are_refused(project, says, old, new, sentence):
    project.change(CHANGES, old, new)
    with says(DataError, f"data/boundary_changes.csv {sentence}"):
        read_territory()
