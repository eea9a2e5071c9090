"""Faults that an attacker put into each file that people edit: each is one sentence, before anything is computed."""

import io
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

from cwi import read_edition
from cwi.checks import check_all
from cwi.errors import CwiError, DataError, ParameterError
from cwi.inputs.cells import read_grid
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


def test_an_end_that_no_figure_can_have(project: Any) -> None:
    project.change("methodology/t1/indicators.csv", "poverty,home,Poverty,50,0", "poverty,home,Poverty,50,2000")
    assert "data/methodology/t1/indicators.csv line 2: best of 'poverty' is 2000; a share is 0 to 100 %" in found(
        "methodologies"
    )


def test_a_component_that_is_misspelt(project: Any) -> None:
    project.change("methodology/t1/indicators.csv", "water,home,Water", "water,homee,Water")
    assert (
        "data/methodology/t1/indicators.csv: the component 'homee' has one part only and is written almost as 'home'; "
        "make them one, or call it otherwise"
    ) in found("methodologies")


def test_an_exposure_that_is_no_series(project: Any) -> None:
    project.append(
        "methodology/t1/factors.toml",
        '\n[factor.events]\nvalues = {error = "counts", of = {places = {exposure = "peple", per = 100}}}\n',
    )
    assert found("factors") == [
        "data/methodology/t1/factors.toml: factor 'events': of 'places': exposure is 'peple', which is no series of "
        "data/series.csv; there are poverty, water, places"
    ]


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
