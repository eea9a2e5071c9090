"""Scores and values for other systems: SDMX-CSV 2.0 and the data folder of an Open SDG site."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cwi import DataError, read_edition, read_methodology
from cwi.report.exchange import area_codes, opensdg_numbers, sdmx_table, unit_code, write_opensdg, write_sdmx
from cwi.report.languages import LANGUAGES

HOSTILE = "=1+1 </script><b> \" ' & : {x} -"
HEAD = (
    "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,INDICATOR,SEX,URBANISATION,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE,"
    "DECIMALS,OBS_STATUS,STANDARD_ERROR,SOURCE,COMMENT_OBS"
)


@pytest.fixture
def edition(project):
    return read_edition(2022)


@pytest.mark.slow
def test_sdmx_has_each_score_and_each_observation_to_the_last_digit(edition, tmp_path):
    assert write_sdmx(tmp_path / "sdmx", edition) == [
        "CL_AREA.csv", "CL_INDICATOR.csv", "CL_OBS_STATUS.csv", "CL_UNIT.csv", "data.csv",
    ]  # fmt: skip
    path = tmp_path / "sdmx" / "data.csv"
    assert path.read_text(encoding="utf-8").splitlines()[0] == HEAD
    table = pd.read_csv(path, keep_default_na=False, na_values={"OBS_VALUE": [""]})
    assert set(table["STRUCTURE"]) == {"dataflow"}
    assert set(table["ACTION"]) == {"I"}
    assert re.fullmatch(r"\w+:\w+\(\d+\.\d+\.\d+\)", table["STRUCTURE_ID"].iloc[0])
    scores = edition.scores.nodes.dropna(subset=["score"])
    made = table[table["UNIT_MEASURE"] == "POINTS"]
    assert made["OBS_VALUE"].tolist() == scores["score"].tolist()
    assert set(made["OBS_STATUS"]) == {"E"}
    assert set(made["COMMENT_OBS"]) == {"working methodology; not the Government's index"}
    rest = table[table["UNIT_MEASURE"] != "POINTS"].set_index(
        ["REF_AREA", "TIME_PERIOD", "INDICATOR", "SEX", "URBANISATION"]
    )
    assert len(rest) == len(edition.base)
    assert rest.loc[("A", 2022, "poverty", "F", "_T"), "OBS_VALUE"] == 9
    assert rest.loc[("A", 2022, "poverty", "_T", "U"), "OBS_VALUE"] == 7
    assert rest.loc[("EAST", 2022, "water", "_T", "_T"), "OBS_STATUS"] == "U"
    missing = rest.loc[("WEST", 2022, "water", "_T", "_T")]
    assert (missing["OBS_STATUS"], bool(pd.isna(missing["OBS_VALUE"]))) == ("O", True)


@pytest.mark.slow
def test_each_code_of_the_file_is_in_its_list_with_three_names(edition, tmp_path):
    write_sdmx(tmp_path / "sdmx", edition)
    table = pd.read_csv(tmp_path / "sdmx" / "data.csv", dtype=str, keep_default_na=False)
    for column, name in (
        ("REF_AREA", "CL_AREA"), ("INDICATOR", "CL_INDICATOR"), ("UNIT_MEASURE", "CL_UNIT"),
        ("OBS_STATUS", "CL_OBS_STATUS"),
    ):  # fmt: skip
        codes = pd.read_csv(tmp_path / "sdmx" / f"{name}.csv", dtype=str, keep_default_na=False)
        assert list(codes.columns) == ["code", "name_en", "name_kk", "name_ru"]
        assert set(table[column]) == set(codes["code"])
        assert codes["code"].is_unique


def test_units_have_the_codes_of_the_standard_list():
    assert [unit_code(unit) for unit in ("%", "per 100 000", "per 1000 live births", "kg per person")] == [
        "PT", "PER_100000_POP", "PER_1000_LIVE_BIRTHS", "KG_PER_PERSON",
    ]  # fmt: skip


def test_open_sdg_reads_the_folder(edition, project, tmp_path):
    """Year first, value last, code of the area before it; a blank breakdown is the total; no columns of blanks."""
    assert write_opensdg(tmp_path / "sdg", edition) == 3
    text = (tmp_path / "sdg" / "data" / "indicator_1-1-1.csv").read_text(encoding="utf-8").splitlines()
    assert text[0] == "Year,UNIT_MEASURE,REF_AREA,SEX,URBANISATION,GeoCode,Value"
    assert "2022,_Z,A,,,A,8.0" in text
    assert "2022,_Z,A,F,,A,9.0" in text
    assert "2022,_Z,,,,,18.0" in text  # the nation
    water = (tmp_path / "sdg" / "data" / "indicator_1-1-2.csv").read_text(encoding="utf-8").splitlines()
    assert water[0] == "Year,UNIT_MEASURE,REF_AREA,GeoCode,Value"
    assert not [line for line in water if "EAST" in line or "WEST" in line]  # suspect, missing
    for code in LANGUAGES:
        folder = tmp_path / "sdg" / "meta"
        meta = yaml.safe_load((folder / ("" if code == "en" else code) / "1-1-1.yml").read_text(encoding="utf-8"))
        assert meta["indicator_number"] == "1.1.1"
        assert meta["reporting_status"] == "complete"
        assert "t1" in meta["data_notice_text"]
        for name in ("REF_AREA", "UNIT_MEASURE", "SEX", "URBANISATION", "global_goals", "global_targets",
                     "global_indicators"):  # fmt: skip
            words = yaml.safe_load(
                (tmp_path / "sdg" / "translations" / code / f"{name}.yml").read_text(encoding="utf-8")
            )
            assert all(words.values())
    assert "1-1-title" in yaml.safe_load((tmp_path / "sdg/translations/en/global_targets.yml").read_text())


def test_numbers_are_places_in_the_tree_and_none_is_given_twice():
    rules = read_methodology("2026.1")
    numbers = opensdg_numbers(rules)
    leaves = [numbers[code] for code in rules.indicators["code"]]
    assert len(set(leaves)) == len(leaves) == 56
    assert len(set(numbers.values())) == len(numbers)
    assert all(number.count(".") == 2 for number in leaves)


@pytest.mark.slow
def test_the_bureaus_codes_of_areas():
    codes = area_codes(read_edition(2023))
    assert (codes["KZ-75"], codes["KZ-10"], codes["KZ"]) == ("KZALA", "KZABY", "KZ")
    assert len({codes[code] for code in read_edition(2023).regions}) == 20


def test_a_wrong_row_of_area_codes_is_named(edition, project, says):
    project.write("exchange/opensdg_areas.csv", "region,code\nA,AA\nZ,ZZ\n")
    sentence = "data/exchange/opensdg_areas.csv line 3: no region has the code 'Z'; data/regions.csv lists them"
    with says(DataError, sentence):
        area_codes(edition)
    project.write("exchange/opensdg_areas.csv", "region,code\nA,AA\nA,AB\n")
    with says(DataError, "data/exchange/opensdg_areas.csv line 3: the region 'A' is listed twice"):
        area_codes(edition)


@pytest.mark.slow
def test_hostile_words_stay_words(project, tmp_path):
    quoted = HOSTILE.replace('"', '""')
    project.change("regions.csv", "Alpha,Альфа", f'Alpha,"{quoted}"')
    project.change("methodology/t1/indicators.csv", "Poverty,50", "=Poverty</script>,50")
    edition = read_edition(2022)
    write_opensdg(tmp_path / "sdg", edition)
    names = yaml.safe_load((tmp_path / "sdg/translations/ru/REF_AREA.yml").read_text(encoding="utf-8"))
    assert names["A"] == HOSTILE
    assert yaml.safe_load((tmp_path / "sdg/meta/1-1-1.yml").read_text())["indicator_name"] == "=Poverty</script>"
    write_sdmx(tmp_path / "sdmx", edition)
    areas = pd.read_csv(tmp_path / "sdmx" / "CL_AREA.csv", dtype=str, keep_default_na=False).set_index("code")
    assert areas.at["A", "name_ru"] == f"'{HOSTILE}"
    titles = pd.read_csv(tmp_path / "sdmx" / "CL_INDICATOR.csv", dtype=str, keep_default_na=False).set_index("code")
    assert titles.at["poverty", "name_en"] == "'=Poverty</script>"


@pytest.mark.slow
def test_nothing_is_overwritten_and_no_rehearsal_leaves(project, tmp_path, says):
    for write in (write_sdmx, write_opensdg):
        with says(DataError, f"{tmp_path.as_posix()}: there is such a file or folder already; name a new folder"):
            write(tmp_path, read_edition(2022))
    project.append("editions/2022/edition.toml", "rehearsal = true\n")
    with says(DataError, "the edition of 2022 is a rehearsal; what 'cwi export' writes would not be marked"):
        sdmx_table(read_edition(2022))
    assert not Path(tmp_path / "sdg").exists()


@pytest.mark.slow
def test_an_indicator_without_figures_is_not_started_and_is_statistical_in_open_sdg(tmp_path):
    write_opensdg(tmp_path / "sdg", read_edition(2023))
    missing = [path for path in (tmp_path / "sdg" / "meta").glob("*.yml") if '"notstarted"' in path.read_text("utf-8")]
    assert len(missing) > 20
    assert not any((tmp_path / "sdg" / "data" / f"indicator_{path.stem}.csv").exists() for path in missing)
    assert all('"data_non_statistical": false\n' in path.read_text("utf-8") for path in missing)
