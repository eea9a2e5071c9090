"""Every way in which a row, a register or a source can be wrong, and the whole sentence that is said then."""

import hashlib

import pytest

from cwi import read_observations
from cwi.errors import DataError
from cwi.observations import problems, read_series, read_sources, read_statuses

LIVING = "observations/living.csv"
SCHOOLS = "observations/schools.csv"
HEAD = ["region", "year", "indicator", "sex", "area", "value", "se", "n", "status", "source", "note"]
ROW = "A,2021,poverty,,,10,,,normal,living,"  # line 3
HERE = "data/observations/living.csv line 3: "


def with_cell(column, text):
    """The row of line 3 with another cell."""
    cells = ROW.split(",")
    cells[HEAD.index(column)] = text
    return ",".join(cells)


@pytest.mark.slow
def test_the_project_has_no_problem(project):
    assert problems() == []


def test_what_is_read(project):
    table = read_observations()
    assert len(table) == 20
    assert list(table.columns) == [*HEAD, "scored", "file", "line"]
    row = table[(table["region"] == "EAST") & (table["indicator"] == "water")].iloc[0]
    assert (row["value"], row["status"], row["scored"]) == (80, "suspect", False)
    assert (row["file"], row["line"]) == ("data/observations/living.csv", 16)
    assert table["value"].isna().sum() == 1
    assert table.loc[table["source"] == "schools", ["sex", "area", "note"]].eq("").all(axis=None)


NUMBER = "; leave the cell empty where there is none"
CELLS = [
    ("region", "C", "no region has the code 'C'; there are N, A, B, EAST, WEST, OLD"),
    ("region", "EASTT", "no region has the code 'EASTT' (did you mean 'EAST'?); there are N, A, B, EAST, WEST, OLD"),
    ("region", "A B", "no region has the code 'A B'; there are N, A, B, EAST, WEST, OLD"),
    ("region", "", "no region has the code ''; there are N, A, B, EAST, WEST, OLD"),
    ("year", "20x3", "year is '20x3'; it must be a whole number from 1990 to 2100"),
    ("year", "2021.0", "year is '2021.0'; it must be a whole number from 1990 to 2100"),
    ("year", "２０２１", "year is '２０２１'; it must be a whole number from 1990 to 2100"),
    ("year", "1989", "year is '1989'; it must be a whole number from 1990 to 2100"),
    ("year", "2101", "year is '2101'; it must be a whole number from 1990 to 2100"),
    ("year", "", "year is ''; it must be a whole number from 1990 to 2100"),
    (
        "indicator",
        "povrty",
        "data/series.csv has no series 'povrty' (did you mean 'poverty'?); there are poverty, water, places",
    ),
    ("sex", "f", "no sex is called 'f'; there are F, M; an empty cell means all"),
    ("area", "Urban", "no area is called 'Urban'; there are U, R; an empty cell means all"),
    ("value", '"12,5"', "value is '12,5', which is not a number; decimals take a point"),
    ("value", "twelve", f"value is 'twelve', which is not a number{NUMBER}"),
    ("value", "1_000", f"value is '1_000', which is not a number{NUMBER}"),
    ("value", "inf", f"value is 'inf', which is not a number{NUMBER}"),
    ("value", "NaN", f"value is 'NaN', which is not a number{NUMBER}"),
    ("value", "١٢", f"value is '١٢', which is not a number{NUMBER}"),
    ("se", "x", f"se is 'x', which is not a number{NUMBER}"),
    ("n", "-", f"n is '-', which is not a number{NUMBER}"),
    (
        "status",
        "Normal",
        "no status is called 'Normal' (did you mean 'normal'?); "
        "there are normal, derived, backcast, suspect, missing, suppressed",
    ),
    ("status", "", "no status is called ''; there are normal, derived, backcast, suspect, missing, suppressed"),
    # what only the program says
    (
        "status",
        "carried",
        "no status is called 'carried'; there are normal, derived, backcast, suspect, missing, suppressed",
    ),
    (
        "status",
        "parent region",
        "no status is called 'parent region'; there are normal, derived, backcast, suspect, missing, suppressed",
    ),
    ("source", "livin", "data/sources.toml has no record 'livin' (did you mean 'living'?); there are living, schools"),
    (
        "value",
        "",
        "poverty in A, 2021 is empty but 'normal'; an empty value has the status 'missing' or 'suppressed'",
    ),
    ("status", "missing", "poverty in A, 2021 is 'missing' but has the value 10"),
    ("status", "suppressed", "poverty in A, 2021 is 'suppressed' but has the value 10"),
    ("value", "101", "poverty in A, 2021 is 101 %; the register allows 0 to 100"),
    ("value", "-1", "poverty in A, 2021 is -1 %; the register allows 0 to 100"),
    ("se", "-0.1", "poverty in A, 2021 has a standard error or a count below zero"),
    ("n", "-1", "poverty in A, 2021 has a standard error or a count below zero"),
    (
        "region",
        "WEST",
        "WEST did not exist in 2021; a value published for later borders has the status 'backcast', "
        "one of the former territory its own code (see data/regions.csv)",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("column", "text", "sentence"), CELLS, ids=[f"{c}={t}" for c, t, _ in CELLS])
def test_a_cell_that_is_refused(project, says, column, text, sentence):
    project.change(LIVING, ROW, with_cell(column, text))
    with says(DataError, HERE + sentence):
        read_observations()


ACCEPTED = [
    ("value", "9.50"),
    ("value", " 9.5 "),
    ("value", '"9.5"'),
    ("value", "+9.5"),
    ("value", "95e-1"),
]


@pytest.mark.parametrize(("column", "text"), ACCEPTED, ids=[t for _, t in ACCEPTED])
def test_a_number_may_be_written_in_several_ways(project, column, text):
    project.change(LIVING, ROW, with_cell(column, text))
    table = read_observations()
    assert table.loc[table["line"].eq(3) & table["file"].str.endswith("living.csv"), "value"].item() == 9.5


@pytest.mark.slow
def test_a_suspect_value_may_lie_outside_the_range(project):
    project.change(LIVING, "EAST,2022,water,,,80", "EAST,2022,water,,,800")
    project.sign()
    assert problems() == []


@pytest.mark.slow
def test_zero_is_not_missing_and_negative_zero_is_zero(project):
    project.change(LIVING, ROW, with_cell("value", "-0"))
    table = read_observations()
    (value,) = table.loc[table["region"].eq("A") & table["year"].eq(2021) & table["indicator"].eq("poverty"), "value"]
    assert str(value) == "0.0"


@pytest.mark.slow
def test_a_region_that_comes_later_may_be_backcast(project):
    project.append(LIVING, "EAST,2020,poverty,,,11,,,backcast,living,\n")
    project.sign()
    assert problems() == []


def test_a_region_that_is_gone_may_not_be_backcast(project, says):
    project.append(LIVING, "OLD,2023,poverty,,,11,,,backcast,living,\n")
    with says(
        DataError,
        "data/observations/living.csv line 18: OLD did not exist in 2023; a value published for later borders has the "
        "status 'backcast', one of the former territory its own code (see data/regions.csv)",
    ):
        read_observations()


def test_one_key_twice_in_a_file(project, says):
    project.append(LIVING, "A,2022,poverty,F,,9,,,normal,living,\n")
    with says(
        DataError,
        "data/observations/living.csv line 18: poverty A 2022 F is in data/observations/living.csv line 8 too; "
        "a value has one row",
    ):
        read_observations()


def test_one_key_twice_across_files(project, says):
    project.append(SCHOOLS, "A,2021,poverty,10,normal,schools\n")
    with says(
        DataError,
        "data/observations/schools.csv line 6: poverty A 2021 is in data/observations/living.csv line 3 too; "
        "a value has one row",
    ):
        read_observations()


@pytest.mark.slow
def test_all_problems_are_found_and_the_first_is_said(project, says):
    project.change(LIVING, ROW, "C,20x3,povrty,,,ten,,,normal,living,")
    project.append(SCHOOLS, "A,2023,places,x,normal,schools\n")
    found = [str(problem) for problem in problems()]
    assert len(found) == 5
    assert found[-1] == "data/observations/schools.csv line 6: value is 'x', which is not a number" + NUMBER
    with says(DataError, f"{found[0]} (and 4 more: 'cwi check' lists them)"):
        read_observations()


def test_a_row_with_a_decimal_comma_has_too_many_cells(project, says):
    project.change(LIVING, ROW, with_cell("value", "12,5"))
    with says(
        DataError,
        HERE + "12 cells where the first line names 11 columns; a number with a decimal comma or a text with a comma "
        "must be in quotes, decimals take a point",
    ):
        read_observations()


def test_a_column_is_missing(project, says):
    project.change(SCHOOLS, ",source\n", "\n")
    with says(
        DataError,
        "data/observations/schools.csv line 1: the column 'source' is missing; "
        "the first line reads region, year, indicator, value, status",
    ):
        read_observations()


@pytest.mark.slow
def test_a_file_that_an_office_program_saved(project):
    text = project.path(LIVING).read_bytes()
    expected = read_observations().drop(columns="line")
    project.write(LIVING, b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n") + b",,,,,,,,,,\r\n")
    assert read_observations().drop(columns="line").equals(expected)


def test_no_observations(project, says):
    for name in (LIVING, SCHOOLS):
        project.write(name, project.path(name).read_text(encoding="utf-8").splitlines()[0])
    with says(
        DataError, "data/observations/living.csv: no row is left in it; restore the file, or delete it with its record "
        "in sources.toml"
    ):  # fmt: skip
        read_observations()
    for name in (LIVING, SCHOOLS):
        project.path(name).unlink()
    with says(DataError, "data/observations: there is no table of observations"):
        read_observations()


# ---------------------------------------------------------------- files and sources


def said_problems():
    return [str(problem) for problem in problems()]


def test_a_changed_file(project):
    project.change(LIVING, ROW, with_cell("value", "11"))
    digest = hashlib.sha256(project.path(LIVING).read_bytes()).hexdigest()
    assert said_problems() == [
        "data/observations/living.csv: the file is not the one that 'living' records in data/sources.toml "
        f"(its sha256 is {digest}); if the change is meant, write the new checksum and the reason there"
    ]


def test_a_checksum_in_capitals(project):
    digest = hashlib.sha256(project.path(LIVING).read_bytes()).hexdigest()
    project.change("sources.toml", digest, digest.upper())
    assert problems() == []


@pytest.mark.slow
def test_a_file_without_a_record(project):
    project.write(
        "observations/new.csv", "region,year,indicator,value,status,source\nA,2021,places,100,normal,schools\n"
    )
    assert said_problems() == [
        "data/observations/new.csv: no record of data/sources.toml names this file",
        "data/observations/new.csv line 2: the record 'schools' is that of data/observations/schools.csv",
    ]


@pytest.mark.slow
def test_a_record_without_its_file(project):
    project.path(SCHOOLS).unlink()
    assert said_problems() == ["data/sources.toml: the file of 'schools', observations/schools.csv, is not there"]


@pytest.mark.slow
def test_a_national_value_that_no_mean_of_the_regions_can_be(project):
    project.append(LIVING, "OLD,2022,poverty,,,30,,,normal,living,\n")  # the fifth territory of that year
    project.change(LIVING, "N,2022,poverty,,,18", "N,2022,poverty,,,36")
    project.sign()
    assert said_problems() == [
        "data/observations/living.csv line 6: poverty in N, 2022 is 36, outside the range of the 5 regions (8 to 35)"
    ]


def test_a_national_count_may_lie_outside(project):
    project.append(LIVING, "OLD,2022,poverty,,,30,,,normal,living,\n")
    project.change(LIVING, "N,2022,poverty,,,18", "N,2022,poverty,,,36")
    project.sign()
    project.change("series.csv", "poverty,Poverty,Бедность,%,0,100,share", "poverty,Poverty,Бедность,%,0,100,count")
    assert problems() == []


# ---------------------------------------------------------------- registers

WATER = "water,Water,Вода,%,0,100,share,1.2,yes"
KINDS = "share, rate, ratio, mean, index, count, money, context"
SERIES = {
    "twice": (WATER, f"{WATER}\n{WATER}", "line 4: the series 'water' is listed twice"),
    "nameless": (WATER, WATER.removeprefix("water"), "line 3: 'indicator' is empty"),
    "low above high": (WATER, WATER.replace("0,100", "100,0"), "line 3: low is not below high"),
    "low equals high": (WATER, WATER.replace("0,100", "0,0"), "line 3: low is not below high"),
    "low not a number": (WATER, WATER.replace("0,100", "none,100"), "line 3: low is 'none', which is not a number"),
    "high not finite": (WATER, WATER.replace("0,100", "0,inf"), "line 3: high is 'inf', which is not a number"),
    "low empty": (WATER, WATER.replace("0,100", ",100"), "line 3: low is '', which is not a number"),
    "kind": (
        WATER,
        WATER.replace("share", "shar"),
        f"line 3: kind is 'shar' (did you mean 'share'?); there are {KINDS}",
    ),
    "used": (WATER, WATER.replace("yes", "maybe"), "line 3: used is 'maybe'; there are yes, no"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), SERIES.values(), ids=SERIES)
def test_a_register_of_series_that_is_refused(project, says, old, new, sentence):
    project.change("series.csv", old, new)
    with says(DataError, f"data/series.csv {sentence}"):
        read_series()


def test_a_register_of_statuses_that_is_refused(project, says):
    project.change("statuses.csv", "suspect,U,no", "suspect,U,never")
    with says(DataError, "data/statuses.csv line 7: scored is 'never'; it must be yes or no"):
        read_statuses()
    project.change("statuses.csv", "suspect,U,never", "derived,U,no")
    with says(DataError, "data/statuses.csv line 7: 'derived' is listed twice"):
        read_statuses()


@pytest.mark.parametrize("key", ["publisher", "title", "licence", "retrieved"])
def test_a_source_without_what_it_needs(project, says, key):
    text = project.path("sources.toml").read_text(encoding="utf-8")
    project.write("sources.toml", text.replace(f"{key} =", "other =", 1))
    with says(DataError, f"data/sources.toml: the source 'living' has no {key}"):
        read_sources()


SOURCES = {
    "no table": (
        '[living]\npublisher = "Bureau"',
        'version = 1\n[living]\npublisher = "Bureau"',
        "the source 'version' has no publisher, title, licence, retrieved",
    ),
    "file not a text": (
        'file = "observations/living.csv"',
        "file = 5",
        "file of the source 'living' is 5; it must be a text in quotes",
    ),
    "syntax": (
        "[schools]",
        "[schools",
        "this is not TOML: Expected ']' at the end of a table declaration (at line 9, column 9)",
    ),
    "twice": ("[schools]", "[living]", "this is not TOML: Cannot declare ('living',) twice (at line 9, column 8)"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), SOURCES.values(), ids=SOURCES)
def test_a_register_of_sources_that_is_refused(project, says, old, new, sentence):
    project.change("sources.toml", old, new)
    with says(DataError, f"data/sources.toml: {sentence}"):
        read_sources()


def test_texts_of_sources_are_printed_in_each_language(project):
    project.write("source_words.csv", "text,ru,kk\nSchools,Школы,Мектептер\n")
    record = read_sources()["schools"]
    assert (record["title_ru"], record["title_kk"]) == ("Школы", "Мектептер")
    assert "publisher_ru" not in record


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("A,B,\n", "line 2: a cell is empty; each text has both translations"),
        ("A,B,C\nA,D,E\n", "line 3: 'A' is listed twice"),
    ],
)
def test_texts_of_sources_that_are_refused(project, says, rows, sentence):
    project.write("source_words.csv", "text,ru,kk\n" + rows)
    with says(DataError, f"data/source_words.csv {sentence}"):
        read_sources()
