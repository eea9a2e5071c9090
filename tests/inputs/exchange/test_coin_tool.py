"""Workbooks of the COIN Tool, made here in the layout that COINr's importer describes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import cwi
from cwi.errors import CwiError, DataError
from cwi.inputs.exchange import read_coin_tool
from cwi.inputs.exchange.framework import Imported

# code, name, sub-pillar, pillar, sub-index, weight, direction, goalposts, values of the units A to D
INDICATORS = [
    ("ind.01", "Poverty", "sp.01", "p.01", "si.01", 2, -1, (0, 50), (10, 20, 50, "n/a")),
    ("ind.02", "Water", "sp.01", "p.01", "si.01", 1, 1, (0, 100), (90, "n/a", 70, 50)),
    ("ind.03", "Places", "sp.01", "p.02", "si.01", 1, 1, (50, 150), (100, 80, 90, 60)),
]
FRAMEWORK = [
    ("ind.01", "Poverty", 2),
    ("sp.01", "Only one", 1),
    ("p.01", "Home", 3),
    ("p.02", "School", 1),
    ("si.01", "Only one too", 1),
    ("Index", "The index", 1),
]


class Workbook:
    """The workbook in a folder; change its sheets, then read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tool.xlsx"
        self.book = openpyxl.Workbook()
        self.base: Any = self.book.active
        self.base.title = "Database"
        self.frame: Any = self.book.create_sheet("Framework")
        self.base["A1"] = "COIN Tool"
        self.base.merge_cells("A1:F2")
        for column, (code, name, sp, p, si, weight, direction, posts, values) in enumerate(INDICATORS, start=5):
            cells = (weight, direction, *posts, "Index", si, p, sp, name, code)
            for row, value in enumerate((*cells, *values), start=7):
                self.base.cell(row, column, value)
        self.base["H16"], self.base["H15"] = "ind.04", "--"
        for row, unit in enumerate("ABCD", start=17):
            self.base.cell(row, 2, f"Unit {unit}")
            self.base.cell(row, 3, unit)
        self.base["C21"] = "E"
        self.frame["D4"] = "Dimension/indicator"
        for row, (code, name, weight) in enumerate(FRAMEWORK, start=5):
            for column, value in zip((3, 4, 5, 8), (code, name, weight, name), strict=True):
                self.frame.cell(row, column, value)
        self.frame["D20"] = "--"

    def read(self, **given: Any) -> Imported:
        self.book.save(self.path)
        return read_coin_tool(self.path, **({"year": 2020} | given))


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbook:
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    return Workbook(tmp_path)


def test_a_small_index(workbook: Workbook, tmp_path: Path) -> None:
    read = workbook.read()
    methodology = read.save(tmp_path / "small")
    assert [level.name for level in methodology.levels] == ["pillar", "Index"]
    assert {node.code: (node.weight, node.titles["en"]) for node in methodology.nodes[0]} == {
        "p.01": (3.0, "Home"),
        "p.02": (1.0, "School"),
    }
    assert list(methodology.indicators.iloc[0][["code", "title_en", "worst", "best", "weight", "ends_basis"]]) == [
        "ind.01", "Poverty", 50.0, 10.0, 2.0, "range"
    ]  # fmt: skip
    assert read.notes[:2] == (
        "Levels that the workbook does not use were left out: sub-pillar, sub-index.",
        "Units without any value were left out, as COINr does: E.",
    )
    observations = pd.read_csv(tmp_path / "small" / "observations.csv")
    index = cwi.score(observations, methodology).of("Index")[2020]
    home, school = (2 * 100 + 1 * 100) / 3, 100 * (100 - 60) / 40
    assert index["A"] == pytest.approx((3 * home + school) / 4)
    assert index["B"] == pytest.approx((3 * 75 + 50) / 4)  # of Home only poverty was measured
    assert index["D"] == pytest.approx(0)


def test_goalposts_macros_and_older_frameworks(workbook: Workbook) -> None:
    read = workbook.read(ends="goalposts")
    assert read.indicators[["worst", "best"]].to_numpy().tolist() == [[50, 0], [0, 100], [50, 150]]
    workbook.frame.move_range("C4:H30", rows=1)
    workbook.path = workbook.path.with_suffix(".xlsm")
    assert list(workbook.read().indicators["code"]) == ["ind.01", "ind.02", "ind.03"]


def cells(**given: Any) -> Callable[[Workbook], None]:
    """Put values into cells, those of Framework written with an f before."""

    def spoil(workbook: Workbook) -> None:
        for place, value in given.items():
            (workbook.frame if place[0] == "f" else workbook.base)[place.lstrip("f")] = value

    return spoil


def without(sheet: str) -> Callable[[Workbook], None]:
    return lambda workbook: workbook.book.remove(workbook.book[sheet])


def hidden(workbook: Workbook) -> None:
    workbook.frame.sheet_state = "hidden"


def merged(workbook: Workbook) -> None:
    workbook.base.merge_cells("E14:F14")


VERSION = (
    "this is not the layout of the COIN Tool version 1, the only one that can be read; COINr reads other versions, and "
    "its tables can be imported"
)
BASE, FRAME = "tool.xlsx, sheet 'Database'", "tool.xlsx, sheet 'Framework'"
BAD = [
    (without("Database"), "tool.xlsx: no sheet is called 'Database'; there are Framework"),
    (without("Framework"), "tool.xlsx: no sheet is called 'Framework'; there are Database"),
    (hidden, "tool.xlsx: the sheet 'Framework' is hidden; show it if it is meant, and save the workbook"),
    (merged, f"{BASE}: the cells E14:F14 are merged; part them and fill in each of them"),
    (cells(E16=None), f"{BASE}: {VERSION} (E16 must hold the code of the first indicator, E8 its direction)"),
    (cells(fD4="Indicator"), f"{FRAME}: {VERSION} (row 4 or 5 must hold the heading 'Dimension/indicator')"),
    (cells(F8=0), f"{BASE}, cell F8: the direction is '0'; it must be 1 or -1"),
    (cells(F7=None), f"{BASE}, cell F7: the weight is empty; it must be a number not below zero"),
    (cells(F7=-1), f"{BASE}, cell F16: the weight of 'ind.02' is -1, below zero"),
    (cells(F16="ind.01"), f"{BASE}, cell F16: 'ind.01' is at {BASE}, cell E16 too; a code is one"),
    (cells(F16=None), f"{BASE}, cell F16: the column holds values but its code is empty"),
    (
        cells(H15="Books"),
        f"{BASE}, cell H16: the indicator 'ind.04' (Books) has no value in the rows 17 to 315; fill in the column or "
        "clear its name",
    ),
    (cells(F18="much"), f"{BASE}, cell F18: the value is 'much', which is not a number"),
    (
        cells(F18="#REF!"),
        f"{BASE}, cell F18 holds the error #REF!; mend the formula, or empty the cell where there is no value",
    ),
    (
        cells(F18="=E18*2"),
        f"{BASE}, cell F18 holds a formula whose result was never saved; open the workbook in a spreadsheet, let it "
        "compute, and save it",
    ),
    (cells(C18=None), f"{BASE}, cell C18: the unit of this row has no code; give it one"),
    (cells(C18="A"), f"{BASE}, cell C18: 'A' in 2020 is at {BASE}, cell C17 too; keep one of them"),
    (cells(F13=None), f"{BASE}, cell F13: the indicator 'ind.02' has no pillar; give it one"),
    (
        cells(F13="p.03"),
        f"{FRAME}: the pillar 'p.03' of {BASE}, cell F13 has no row (did you mean 'p.02'?); there are ind.01, sp.01, "
        "p.01, p.02, si.01, Index",
    ),
    (
        cells(F12="si.02", fC20="si.02", fD20="More", fE20=1),
        f"{BASE}, cell F12: 'p.01' belongs to 'si.02' here and to 'si.01' before; an aggregate has one parent",
    ),
    (cells(fE7=None), f"{FRAME}, cell E7: the weight of 'p.01' is empty; give it a number"),
    (cells(fE7="half"), f"{FRAME}, cell E7: the weight is 'half', which is not a number"),
    (cells(fC6="p.01"), f"{FRAME}, cell C7: 'p.01' is in row 6 too; a code is one"),
    (
        cells(F17=60, F18=60, F19=60, F20=60),
        f"{BASE}, cell F16: every value of 'ind.02' is 60, which is no range; give goalposts or take it out",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "sentence"), BAD, ids=range(len(BAD)))
def test_bad_workbooks(
    workbook: Workbook, says: Callable[..., Any], spoil: Callable[[Workbook], None], sentence: str
) -> None:
    spoil(workbook)
    with says(CwiError, sentence):
        workbook.read()


def test_bad_goalposts(workbook: Workbook, says: Callable[..., Any]) -> None:
    workbook.base["F9"] = 100
    with says(
        CwiError,
        f"{BASE}, cell F16: the lower goalpost of 'ind.02' is 100 and the upper 100; the lower must be below the "
        "upper, the direction decides which is better",
    ):
        workbook.read(ends="goalposts")
    workbook.base["F9"] = None
    with says(CwiError, f"{BASE}, cell F16: 'ind.02' lacks a goalpost; give both, or take the ends from the range"):
        workbook.read(ends="goalposts")


def test_wrong_extension(workbook: Workbook, says: Callable[..., Any]) -> None:
    with says(DataError, "tool.xls: the name ends in '.xls'; save the workbook as .xlsx"):
        read_coin_tool(workbook.path.with_suffix(".xls"), year=2020)
