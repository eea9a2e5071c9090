"""Faults that an attacker put into each file that people edit: each is one sentence, before anything is computed."""

import io
import shutil
import tomllib
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import folders, read_edition
from cwi.analysis.uncertainty import read_factors
from cwi.checks import check_all
from cwi.derived_series import read_derived_series
from cwi.errors import CwiError, DataError, ParameterError
from cwi.inputs.budget import read_coefficients, read_executed
from cwi.inputs.cells import read_grid
from cwi.inputs.policy import read_register
from cwi.inputs.survey import read_microdata, read_survey_definitions
from cwi.methodology import read_methodology
from cwi.published import read_published
from cwi.report import OfficialReport
from cwi.territory import read_territory
from cwi.textfiles import read_toml

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def found(part: str) -> list[str]:
    return next(list(check.problems) for check in check_all() if check.name == part)


def test_a_predecessor_without_figures_is_no_error(project: Any) -> None:
    rows = project.path("observations/living.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    project.write("observations/living.csv", "".join(row for row in rows if not row.startswith("OLD,")))
    rows = project.path("observations/schools.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    project.write("observations/schools.csv", "".join(row for row in rows if not row.startswith("OLD,")))
    project.sign()
    assert set(read_edition(2022).observations["region"]) == {"N", "A", "B", "EAST", "WEST"}


def test_a_deleted_succession_is_named(project: Any, says: Says) -> None:
    project.change("boundary_changes.csv", "2022-06-08,OLD,EAST,divided\n", "")
    with says(
        DataError,
        "data/regions.csv line 5: 'EAST' begins on 2022-06-08, but data/boundary_changes.csv has no change with it in "
        "the column 'new'; without it figures of the other territory are lost",
    ):
        read_territory()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("Beta", "Alpha", "data/regions.csv line 4: B has the same name_en as A, 'Alpha'; give each its own"),
        ("Beta", "B" * 60, "data/regions.csv line 4: name_en has 60 letters; at most 59 can be drawn on a map"),
    ],
)
def test_names_that_cannot_be_drawn(project: Any, says: Says, old: str, new: str, sentence: str) -> None:
    project.change("regions.csv", old, new)
    with says(DataError, sentence):
        read_territory()


def test_the_former_territory_may_have_the_name_of_the_new_one(project: Any) -> None:
    project.change("regions.csv", "OLD,region,Old", "OLD,region,East")
    assert read_territory().name("OLD") == "East"


@pytest.mark.slow
def test_an_end_that_no_figure_can_have(project: Any) -> None:
    project.change("methodology/t1/indicators.csv", "poverty,home,Poverty,50,0", "poverty,home,Poverty,50,2000")
    assert "data/methodology/t1/indicators.csv line 2: best of 'poverty' is 2000; a share is 0 to 100 %" in found(
        "methodologies"
    )


@pytest.mark.slow
def test_a_component_that_is_misspelt(project: Any) -> None:
    project.change("methodology/t1/indicators.csv", "water,home,Water", "water,homee,Water")
    assert (
        "data/methodology/t1/indicators.csv: the component 'homee' has one part only and is written almost as 'home'; "
        "make them one, or call it otherwise"
    ) in found("methodologies")


@pytest.mark.slow
def test_an_exposure_that_is_no_series(project: Any) -> None:
    project.append(
        "methodology/t1/factors.toml",
        '\n[factor.events]\nvalues = {error = "counts", of = {places = {exposure = "peple", per = 100}}}\n',
    )
    assert found("factors") == [
        "data/methodology/t1/factors.toml: factor 'events': of 'places': exposure is 'peple', which is no series of "
        "data/series.csv; there are poverty, water, places"
    ]


INDICATORS = "methodology/t1/indicators.csv"
PLACE = f"data/{INDICATORS} line 2: "


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("poverty,home,Poverty,50,0", "poverty,home,Poverty,50,-5", "best of 'poverty' is -5; a share is 0 to 100 %"),
        (
            "poverty,home,Poverty,50,0", "poverty,home,Poverty,12,0",
            "7 of 9 values of 'poverty' in the base years lie outside its ends 12 and 0, the furthest 35 (WEST, 2022); "
            "move the ends, or change their basis",
        ),
        (
            "places,school,Places,50,150", "places,school,Places,-20,150",
            "worst of 'places' is -20 per 100; the register of series allows no value below 0",
        ),
        (
            "places,school,Places,50,150", "places,school,Places,50,60",
            "4 of 4 values of 'places' in the base years lie outside its ends 50 and 60, the furthest 120 (A, 2022); "
            "move the ends, or change their basis",
        ),
    ],
)  # fmt: skip
def test_ends_that_no_scale_of_these_figures_has(project: Any, old: str, new: str, sentence: str) -> None:
    project.change(INDICATORS, old, new)
    line = 2 if old.startswith("poverty") else 4
    place = f"data/{INDICATORS} line {line}: "
    assert f"{place}{sentence}" in found("methodologies") + found("editions")


@pytest.mark.slow
def test_natural_ends_of_a_share_are_0_and_100(project: Any) -> None:
    text = "code,component,title_en,worst,best,scale,weight,data,ends_basis\n"
    project.change(INDICATORS, "code,component,title_en,worst,best,scale,weight,data\n", text)
    project.change(INDICATORS, "50,0,linear,3,open", "100,1,linear,3,open,natural")
    project.change(INDICATORS, "50,100,linear,1,open", "50,100,linear,1,open,spread")
    project.change(INDICATORS, "50,150,linear,1,open", "50,150,linear,1,open,spread")
    assert found("methodologies")[1] == (
        f"{PLACE}the ends of 'poverty' are 100 and 1 and their basis is 'natural'; the natural ends of a share are 0 "
        "and 100 %"
    )


def test_a_table_of_observations_cut_to_its_header(project: Any, says: Says) -> None:
    """With its checksum renewed: the other tables alone would give other scores."""
    head = project.path("observations/schools.csv").read_text(encoding="utf-8").splitlines()[0]
    project.write("observations/schools.csv", f"{head}\n")
    project.sign()
    with says(
        DataError,
        "data/observations/schools.csv: no row is left in it; restore the file, or delete it with its record in "
        "sources.toml",
    ):
        read_edition(2022)


def test_successions_cut_to_their_header(project: Any, says: Says) -> None:
    project.write("boundary_changes.csv", "date,old,new,note\n")
    with says(
        DataError,
        "data/regions.csv line 5: 'EAST' begins on 2022-06-08, but data/boundary_changes.csv has no change with it in "
        "the column 'new'; without it figures of the other territory are lost",
    ):
        read_territory()


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\x07"])
def test_characters_that_hide_or_turn_text(project: Any, says: Says, hidden: str) -> None:
    project.change("regions.csv", "Alpha,Альфа,Альфа", f"Al{hidden}pha,Альфа,Альфа")
    with says(
        DataError,
        f"data/regions.csv line 3: there is a character that is not seen, U+{ord(hidden):04X}; delete it",
    ):
        read_territory()


@pytest.mark.parametrize("year", [99_999, 0, -1, 10**30])
def test_years_that_no_calendar_has(project: Any, says: Says, year: int) -> None:
    with says(DataError, f"year is {year}; it must be a whole number from 1 to 9999"):
        read_territory().regions_of(year)


RULES_FILE = "methodology/t1/methodology.toml"


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        (RULES_FILE, 'title_en = "Test"', "title_en = 2024-01-01",
         "data/methodology/t1/methodology.toml: title_en is datetime.date(2024, 1, 1); it must be a text in quotes"),
        (RULES_FILE, 'title_en = "Home"', "title_en = 3",
         "data/methodology/t1/methodology.toml: the node 'home': title_en is 3; it must be a text in quotes"),
        ("sources.toml", 'title = "Schools"', "title = 2024-01-01",
         "data/sources.toml: title of the source 'schools' is datetime.date(2024, 1, 1); it must be a text in quotes"),
    ],
)  # fmt: skip
def test_a_date_or_a_number_where_text_is_wanted(
    project: Any, says: Says, name: str, old: str, new: str, sentence: str
) -> None:
    project.change(name, old, new)
    with says(CwiError, sentence):
        read_edition(2022)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("draws = 100", 'draws = "x"', "draws is 'x'; it must be a whole number"),
        ("seed = 1", "seed = true", "seed is True; it must be a whole number"),
        ("revision = []", "revision = [3]", "revision is [3]; it must be a list of texts"),
        ('data = "d"', "data = 2024-01-01", "data is datetime.date(2024, 1, 1); it must be a text in quotes"),
        ("seed = 1\n", "", "'seed' is missing"),
        (
            "seed = 1",
            "seed = 1\nseedz = 1",
            "there is no 'seedz' (did you mean 'seed'?); there are methodology, "
            "fingerprint, data, draws, seed, revision, vintage, date, code, registers",
        ),
    ],
)
def test_a_record_of_publication_that_cannot_be_used(
    project: Any, says: Says, old: str, new: str, sentence: str
) -> None:
    text = 'methodology = "t1"\nfingerprint = "f"\ndata = "d"\ndraws = 100\nseed = 1\nrevision = []\n'
    head = "name,value,unit,decimals,text_en,text_ru,text_kk\n"
    project.write("editions/2022/published.csv", f"{head}a,1,points,0,1,1,1\n")
    project.write("editions/2022/published.toml", text)
    assert read_published(read_edition(2022))[1]["draws"] == 100
    project.change("editions/2022/published.toml", old, new)
    with says(DataError, f"data/editions/2022/published.toml: {sentence}"):
        read_published(read_edition(2022))


SURVEY = folders.data() / "survey" / "2024.1"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('methodology = "2024.1"', "methodology = 2024.1", "methodology is 2024.1; it must be a text in quotes"),
        ("[columns]", "[[columns]]", "'columns' is no table of settings; it must be written [columns]"),
        ("protection = 10.0", 'protection = "x"', "protection is 'x'; it must be above 0 and below 100 points"),
    ],
)
def test_settings_of_the_survey_of_another_kind(tmp_path: Path, says: Says, old: str, new: str, sentence: str) -> None:
    folder = shutil.copytree(SURVEY, tmp_path / "2024.1")
    text = (folder / "survey.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "survey.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with says(DataError, f"{(folder / 'survey.toml').as_posix()}: {sentence}"):
        read_survey_definitions(folder)


@pytest.mark.parametrize(
    ("draws", "seed", "sentence"),
    [
        (3_000_000, 1, "draws is 3000000; at most 200,000 can be held"),
        (100, -1, "seed is -1; it must be a whole number not below 0"),
    ],
)
def test_draws_and_seeds_that_cannot_be(project: Any, says: Says, draws: int, seed: int, sentence: str) -> None:
    edition = read_edition(2022)
    with says(ParameterError, sentence):
        OfficialReport(edition, language="en", draws=draws, seed=seed)


# ---------------------------------------------------------------- TOML


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = " + "[" * 3000 + "]" * 3000, "tables are nested too deeply to be read"),
        ("a = " + "1" * 5000, "a number has too many digits to be read"),
    ],
)
def test_toml_beyond_reading(tmp_path: Path, says: Says, text: str, sentence: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with says(DataError, f"{path.as_posix()}: {sentence}"):
        read_toml(path, DataError)


@pytest.mark.slow
@given(text=st.text(alphabet="a=[]{}\"'.,\n0123456789-_ T:", max_size=60))
@settings(deadline=None, max_examples=150)
def test_whatever_is_written_in_toml_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8")
    refused = ""
    try:
        assert read_toml(path, DataError) == tomllib.loads(text)
    except DataError as problem:
        refused = str(problem)
    assert not refused or refused.startswith(f"{path.as_posix()}: ")


# ---------------------------------------------------------------- workbooks


def workbook(path: Path, cell: str, merged: str = "") -> Path:
    """A small workbook in which one cell, or one range, is far away."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title, sheet["A1"], sheet["B2"] = "table", "x", 1
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            data = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                far = (
                    f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode() if cell else b"</sheetData>"
                )
                if merged:
                    far += f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>'.encode()
                assert b"</sheetData>" in data
                data = data.replace(b"</sheetData>", far)
            new.writestr(part, data)
    return path


@pytest.mark.parametrize(
    ("cell", "merged", "what"),
    [
        ("XFD1048576", "", "reaches to row 1,048,576 and column 16,384"),
        ("C1048576", "", "reaches to row 1,048,576 and column 3"),
        ("", "A1:XFD1048576", "has merged ranges of 17,179,869,184 cells"),
    ],
)
def test_a_small_workbook_that_would_exhaust_the_machine(
    tmp_path: Path, says: Says, cell: str, merged: str, what: str
) -> None:
    path = workbook(tmp_path / "far.xlsx", cell, merged)
    assert path.stat().st_size < 20_000
    with says(
        DataError,
        f"{path.as_posix()}: a sheet {what}, more than 2,000,000 cells; delete the empty rows and columns beside the "
        "table, and save the workbook",
    ):
        read_grid(path, "table", DataError)


def test_a_workbook_of_usual_size_is_read(tmp_path: Path) -> None:
    grid = read_grid(workbook(tmp_path / "near.xlsx", "C300"), "table", DataError)
    assert (grid.rows, grid.columns) == (300, 3)


# ---------------------------------------------------------------- whatever is done to a file, no traceback


MUTATED = ["regions.csv", "boundary_changes.csv", "series.csv", "statuses.csv", "observations/living.csv",
           "methodology/t1/indicators.csv", "methodology/t1/methodology.toml", "methodology/t1/factors.toml",
           "editions/2022/edition.toml", "sources.toml"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATED)
def test_a_file_with_one_cell_or_value_spoilt_gives_problems_and_no_traceback(project: Any, name: str) -> None:
    """Every cell of a table, and every value of a settings file, replaced by what people write by mistake."""
    whole = project.path(name).read_text(encoding="utf-8")
    lines = whole.splitlines()
    for number in range(len(lines)):
        mark = "," if name.endswith(".csv") else "="
        pieces = lines[number].split(mark)
        for place in range(len(pieces) if mark == "," else min(len(pieces), 1)):
            for slip in ("", "x", "1e300", "-1", '"'):
                changed = [*pieces[:place], slip, *pieces[place + 1 :]] if mark == "," else [pieces[0], f" {slip}"]
                text = "\n".join([*lines[:number], mark.join(changed), *lines[number + 1 :], ""])
                if (number * 7 + place + len(slip)) % 29 == 0:  # a part of them, the same every time
                    project.write(name, text)
                    with suppress(CwiError):
                        _ = read_edition(2022).scores
    project.write(name, whole)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("policy/facts.csv", lambda path: read_register(path.parent)),
        ("budget/coefficients.csv", read_coefficients),
        ("budget/executed_by_function.csv", read_executed),
        ("derived_series.csv", lambda path: read_derived_series(path.parent)),
    ],
)
def test_tables_cut_to_their_header(tmp_path: Path, says: Says, name: str, read: Callable[[Path], Any]) -> None:
    source = folders.data() / name
    shutil.copytree(source.parent, tmp_path / "copy", ignore=shutil.ignore_patterns("observations", "editions"))
    path = tmp_path / "copy" / source.name
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with says(DataError, f"{path.as_posix()}: no row is left below the names of the columns; restore the file"):
        read(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,region\n", ": there is no answer in it"),
        ("id,region\n1,KZ-39\n2\n", " line 3: 1 cells where the first line names 2 columns; the file was cut, or a "
         "text with a comma is not in quotes"),
    ],
)  # fmt: skip
def test_files_of_answers_that_were_cut(tmp_path: Path, says: Says, text: str, sentence: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(text, encoding="utf-8")
    definitions = read_survey_definitions("2024.1")
    with says(DataError, f"{path.as_posix()}{sentence}"):
        read_microdata(path, definitions, respondent="child", regions=("KZ-39",), year=2023)


def test_a_title_of_a_factor_that_is_no_text(project: Any, says: Says) -> None:
    project.change("methodology/t1/factors.toml", 'title_en = "The weights themselves"', "title_en = []")
    with says(
        CwiError, "data/methodology/t1/factors.toml: factor 'weights': title_en is []; it must be a text in quotes"
    ):
        read_factors(read_methodology("t1"))
