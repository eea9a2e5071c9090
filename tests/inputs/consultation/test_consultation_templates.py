"""Templates: plain tables with lists and sums; filled in, they are read as they stand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cwi import read_methodology, read_territory
from cwi.errors import DataError
from cwi.inputs.consultation import (
    read_budgets,
    read_judgements,
    read_proposals,
    read_votes,
    write_templates,
)
from cwi.inputs.consultation.experts import parents_of

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates")
    paths = write_templates(folder, read_methodology("2024.1"), read_territory())
    assert [path.name for path in paths] == ["budget.xlsx", "ahp.xlsx", "votes.xlsx", "proposals.xlsx"]
    return folder


def filled(folder: Path, name: str, fill: Callable[[Any, dict[str, int]], None], to: Path) -> Path:
    book = openpyxl.load_workbook(folder / f"{name}.xlsx")
    sheet = book[name]
    fill(sheet, {str(cell.value): int(cell.column) for cell in sheet[1]})
    if "about" in book.sheetnames:
        book["about"]["B2"] = "E017"
    book.save(to / f"{name}.xlsx")
    return to / f"{name}.xlsx"


def test_points_filled_in_are_read(folder: Path, tmp_path: Path) -> None:
    methodology = read_methodology("2024.1")
    size = parents_of(methodology).value_counts()

    def fill(sheet: Any, column: dict[str, int]) -> None:
        for row in range(2, sheet.max_row + 1):
            n = int(size[sheet.cell(row, column["parent"]).value])
            sheet.cell(row, column["points"], 100 / n)

    panel = read_budgets(filled(folder, "budget", fill, tmp_path), methodology)
    assert panel.weights.index.to_list() == ["E017"]
    assert panel.weights.loc["E017", "child"] == pytest.approx(1 / 3 if size["index"] == 3 else 1 / 4)


def test_judgements_filled_in_are_read(folder: Path, tmp_path: Path) -> None:
    methodology = read_methodology("2024.1")

    def fill(sheet: Any, column: dict[str, int]) -> None:
        for row in range(2, sheet.max_row + 1):
            ecology = sheet.cell(row, column["first"]).value == "emissions"
            sheet.cell(row, column["times"], "1/3" if ecology else 1)

    panel = read_judgements(filled(folder, "ahp", fill, tmp_path), methodology)
    assert panel.weights.loc["E017", ["emissions", "waste_recycling", "child"]].to_list() == pytest.approx(
        [0.25, 0.75, 0.25]
    )


def test_votes_and_proposals_filled_in_are_read(folder: Path, tmp_path: Path) -> None:
    methodology, territory = read_methodology("2024.1"), read_territory()
    said = ["a1", "parent", "KZ-10", "kk", "2024-03-15T14:05:09", 95, "d1", "poverty; neet"]
    votes = filled(folder, "votes", lambda sheet, _: fill_row(sheet, said), tmp_path)
    ballots = read_votes(votes, methodology, territory)
    assert ballots.ticks.sum() == 2
    assert ballots.frame["seconds"].to_list() == [95]
    row = ["P001", "2024-03-01", "ngo", "poverty", "more weight", "partly", "as far as agreed", "2024.1"]
    register = read_proposals(filled(folder, "proposals", lambda sheet, _: fill_row(sheet, row), tmp_path))
    assert register.table["version"].to_list() == ["2024.1"]


def fill_row(sheet: Any, values: list[object]) -> None:
    for column, value in enumerate(values, start=1):
        sheet.cell(2, column, value)


def test_an_empty_template_and_one_without_a_code_are_refused(folder: Path, tmp_path: Path, says: Says) -> None:
    methodology = read_methodology("2024.1")
    path = (folder / "budget.xlsx").as_posix()
    with says(
        DataError,
        f"{path}, sheet 'about': the expert who filled the sheet in is not named; "
        "write the expert's code beside 'expert'",
    ):
        read_budgets(folder / "budget.xlsx", methodology)
    empty = filled(folder, "budget", lambda sheet, column: None, tmp_path)
    with says(
        DataError,
        f"{empty.as_posix()}, sheet 'budget', cell F2: expert E017 gave no points at all; leave the sheet out",
    ):
        read_budgets(empty, methodology)


@pytest.mark.parametrize("name", ["budget", "ahp", "votes", "proposals"])
def test_templates_are_plain_and_say_what_they_ask_in_three_languages(folder: Path, name: str) -> None:
    book = openpyxl.load_workbook(folder / f"{name}.xlsx")
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert all(cell.value and cell.font.bold for cell in sheet[1]), sheet.title
    assert book[name].freeze_panes == "A2"
    assert [cell.value for cell in book["read me"][1]] == ["kk", "ru", "en"]
    assert all(cell.value for row in book["read me"].iter_rows(min_row=2) for cell in row)
    assert book[name].data_validations.dataValidation
    if name == "budget":
        assert str(book[name]["G2"].value).startswith("=SUMIF(")
        assert len(book[name].conditional_formatting) == 1


def test_equal_templates_are_equal_bytes_and_nothing_is_overwritten(folder: Path, tmp_path: Path, says: Says) -> None:
    again = write_templates(tmp_path, read_methodology("2024.1"), read_territory())
    assert all(path.read_bytes() == (folder / path.name).read_bytes() for path in again)
    with says(DataError, f"{tmp_path.as_posix()}/budget.xlsx: there is such a file already; name another folder"):
        write_templates(tmp_path, read_methodology("2024.1"), read_territory())
