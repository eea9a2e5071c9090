"""Cells that look wrong are asked about: on the real data before any decision, and not at all on clean data."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi.errors import DataError
from cwi.inputs.questions import ask, read_answers, unanswered
from cwi.observations import read_observations, read_series
from cwi.territory import read_territory

REGIONS = [f"R{i}" for i in range(12)]
CHANGES = pd.DataFrame({"old": ["OLD", "OLD"], "new": ["EAST", "WEST"]})
TERRITORY = SimpleNamespace(nation="N", changes=CHANGES)
HEAD = "check,indicator,region,year,decision,reason\n"


def series(kind="share"):
    return pd.DataFrame({"kind": [kind], "used": ["yes"]}, index=["poverty"])


def clean(regions=REGIONS, years=range(2018, 2024), seed=3):
    """Regions that differ by about 10 points and move by about 0.5 a year, and men and women around each."""
    rng = np.random.default_rng(seed)
    rows = []
    for place, region in enumerate(regions):
        level = 30 + 3 * place
        for year in years:
            level += rng.uniform(-0.5, 0.6)
            rows += [(region, year, "", round(level, 1)), (region, year, "F", round(level + 1, 1))]
            rows.append((region, year, "M", round(level - 1, 1)))
    table = pd.DataFrame(rows, columns=["region", "year", "sex", "value"])
    table = table.assign(area="", indicator="poverty", scored=True, status="normal", file="data/poverty.csv")
    return table.assign(line=np.arange(2, 2 + len(table)))


def changed(table, region, year, value, sex=""):
    here = (table["region"] == region) & (table["year"] == year) & (table["sex"] == sex)
    return table.assign(value=table["value"].where(~here, value))


def asked(table, kind="share"):
    found = ask(table, series(kind), TERRITORY)
    return [tuple(row) for row in found[["check", "region", "year"]].to_numpy()]


# ---------------------------------------------------------------- one check at a time


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["share", "rate"])
@pytest.mark.parametrize("seed", range(4))
def test_clean_data_are_not_asked_about(kind, seed):
    assert asked(clean(seed=seed), kind) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["share", "rate"])
def test_a_jump_and_the_way_back(kind):
    table = changed(clean(), "R3", 2021, 80.0)
    table = table[table["sex"] == ""]
    assert asked(table, kind) == [("jump", "R3", 2021), ("jump", "R3", 2022)]
    (first, _) = ask(table, series(kind), TERRITORY)["text"]
    assert "in 2020, 80 here (+" in first


def test_a_jump_that_lasts_is_asked_about_once():
    table = clean()
    table = table[table["sex"] == ""]
    for year in (2021, 2022, 2023):
        table = changed(table, "R3", year, 75.0 + 0.1 * (year - 2021))
    assert asked(table) == [("jump", "R3", 2021)]


def test_a_move_of_all_regions_is_no_jump_but_a_break():
    table = clean()
    later = table["year"] >= 2021
    assert asked(table.assign(value=table["value"] + 25 * later)) == [("definition break", "all", 2021)]


def test_an_order_that_has_nothing_in_common_is_a_break():
    table = clean()
    table = table[table["sex"] == ""]
    mixed = dict(zip(REGIONS, [REGIONS[(5 * place) % 12] for place in range(12)], strict=True))
    later = table["year"] >= 2022
    table = table.assign(region=table["region"].where(~later, table["region"].map(mixed)))
    assert ("definition break", "all", 2022) in asked(table)


def test_a_copied_column():
    table = clean()
    before = table[table["year"] == 2020]
    table = pd.concat([table[table["year"] != 2021], before.assign(year=2021)], ignore_index=True)
    assert asked(table) == [("copied column", "all", 2021)]


def test_figures_at_their_bound_are_no_copy():
    table = clean()
    top = table["region"].isin(REGIONS[:9])
    table = table.assign(value=table["value"].where(~top, 100.0))
    assert asked(table[table["sex"] == ""]) == []


@pytest.mark.slow
def test_a_total_outside_women_and_men():
    table = changed(clean(), "R5", 2022, 40.0, sex="F")
    assert asked(table) == [("total outside its parts", "R5", 2022)]
    suspect = table.assign(scored=table["sex"] == "")  # breakdowns that are not scored still say something
    assert asked(suspect) == [("total outside its parts", "R5", 2022)]


def test_totals_outside_in_a_third_of_the_regions_are_one_question():
    table = clean()
    wrong = (table["sex"] == "F") & table["region"].isin(REGIONS[:5]) & (table["year"] == 2023)
    assert asked(table.assign(value=table["value"] - 5 * wrong)) == [("total outside its parts", "all", 2023)]


@pytest.mark.slow
def test_one_unit_of_the_last_digit_is_rounding():
    table = clean()
    total = table["value"].where(table["sex"] == "").ffill()
    women = table["sex"] == "F"
    assert asked(table.assign(value=table["value"].where(~women, total - 0.1))) == []
    assert len(asked(table.assign(value=table["value"].where(~women, total - 0.2)))) == 6


@pytest.mark.slow
def test_parts_of_a_divided_region_together():
    """OLD has 40 to 2021; EAST 50 of three quarters and WEST 10 of the people of 2022: 40 together."""
    table = clean([*REGIONS, "OLD"])
    table = table[table["sex"] == ""]
    table = changed(table[(table["region"] != "OLD") | (table["year"] <= 2021)], "OLD", 2021, 40.0)

    def with_parts(east, west):
        parts = table[table["region"] == "R0"].query("year >= 2022")
        rows = [parts.assign(region=region, value=value) for region, value in (("EAST", east), ("WEST", west))]
        people = [parts.assign(region=r, value=v, indicator="population") for r, v in (("EAST", 300), ("WEST", 100))]
        return pd.concat([table, *rows, *people], ignore_index=True)

    assert ("division", "EAST", 2022) not in asked(with_parts(50.0, 10.0))
    assert ("division", "EAST", 2022) in asked(with_parts(60.0, 35.0))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 11), st.integers(2019, 2023), st.floats(25, 40))
def test_whatever_cell_jumps_it_is_found_and_no_other_region(place, year, size):
    table = clean()
    table = table[table["sex"] == ""]
    here = (table["region"] == REGIONS[place]) & (table["year"] == year)
    found = asked(table.assign(value=table["value"] + size * here))
    assert ("jump", REGIONS[place], year) in found
    assert {region for _, region, _ in found} == {REGIONS[place]}


def test_synthetic_figures_are_not_asked_about():
    table = changed(clean(), "R3", 2021, 80.0)
    assert asked(table.assign(status="synthetic")) == []


# ---------------------------------------------------------------- the real data


@pytest.fixture(scope="module")
def real():
    observations = read_observations()
    return observations, ask(observations, read_series(), read_territory())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "indicator", "region", "year"),
    [
        ("total outside its parts", "neet", "all", 2023),  # 'Worse: NEET (-9.3)'
        ("jump", "waste_recycling", "KZ-71", 2021),  # Astana: 30, 75, 75, 17
        ("jump", "waste_recycling", "KZ-71", 2023),
        ("division", "waste_recycling", "KZ-35", 2022),  # Karaganda: 29, then 55 and 0
        ("jump", "waste_collection", "KZ-10", 2023),  # Abai: 36, 68
        ("copied column", "road_quality", "all", 2019),
        ("jump", "earnings_relative", "KZ-27", 2019),
        ("jump", "preprimary_participation", "KZ-71", 2018),
        ("jump", "preprimary_participation", "KZ-71", 2019),
        ("jump", "preprimary_participation", "KZ-75", 2018),
    ],
)
def test_the_cells_of_the_review_are_found(real, check, indicator, region, year):
    """Before any decision: what the checks notice in the data as they are."""
    _, found = real
    rows = found[(found["check"] == check) & (found["indicator"] == indicator)]
    assert (region, year) in set(map(tuple, rows[["region", "year"]].to_numpy()))


@pytest.mark.slow
def test_there_are_few_enough_to_be_decided_by_people(real):
    assert 40 <= len(real[1]) <= 60


@pytest.mark.slow
def test_all_of_them_are_decided(real):
    observations, found = real
    assert unanswered(found, read_answers(), observations) == []


@pytest.mark.slow
def test_without_the_registers_all_are_open_with_file_and_line(real):
    observations, found = real
    nothing = read_answers().iloc[:0]
    problems = unanswered(found, nothing, observations)
    assert len(problems) == len(found)
    roads = [text for text in problems if "road_quality" in text]
    assert roads == [
        "data/observations/kazstat-11-2-1-1.csv line 13: copied column: road_quality in all regions, 2019: "
        "14 of 14 regions repeat the figure of 2018 to the last digit; "
        "decide on it in data/questions.csv or in cells.csv of the methodology"
    ]


@pytest.mark.slow
def test_a_decision_without_its_cell_is_a_problem(real):
    observations, found = real
    answers = read_answers()
    row = {"check": "", "indicator": "neet", "region": "KZ-99", "year": 2020, "decision": "keep", "reason": "x"}
    more = pd.concat([answers, pd.DataFrame([{**row, "file": "data/cells.csv", "line": 9}])], ignore_index=True)
    assert unanswered(found, more, observations) == [
        "data/cells.csv line 9: decides on neet in KZ-99, 2020, but there is no such figure"
    ]


@pytest.mark.slow
def test_an_answer_to_a_question_that_nobody_asks_is_a_problem(real):
    observations, found = real
    row = {"check": "jump", "indicator": "neet", "region": "KZ-11", "year": 2021, "decision": "keep", "reason": "x"}
    more = pd.DataFrame([{**row, "file": "data/questions.csv", "line": 9}])
    more = pd.concat([read_answers(), more], ignore_index=True)
    assert unanswered(found, more, observations) == [
        "data/questions.csv line 9: the check 'jump' asks nothing about neet in KZ-11, 2021; take the line away"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "leap,neet,KZ,2020,keep,why",
            "questions.csv line 2: check is 'leap'; there are jump, division, copied column, total outside its parts, "
            "definition break",
        ),
        ("jump,neet,KZ,2020,maybe,why", "questions.csv line 2: decision is 'maybe'; there are keep, series dropped"),
        ("jump,neet,KZ,20x,keep,why", "questions.csv line 2: year is '20x', which is not a whole number"),
        ("jump,neet,KZ,2020,keep,", "questions.csv line 2: the decision on neet has no reason"),
        ("jump,neet,KZ,2020,keep,a\njump,neet,KZ,2020,keep,b", "line 3: the question has an answer already"),
    ],
)  # fmt: skip
def test_a_register_that_is_wrong_is_refused(tmp_path, line, message):
    (tmp_path / "questions.csv").write_text(HEAD + line + "\n")
    with pytest.raises(DataError) as error:
        read_answers(tmp_path)
    assert str(error.value).endswith(message)


def test_a_project_without_registers_has_no_answers(tmp_path):
    assert read_answers(tmp_path).empty
