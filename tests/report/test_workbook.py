"""The tables of a report as a spreadsheet that machines and screen readers can read."""

import csv
import datetime
import io
import re
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from cwi.report.blocks import Table
from cwi.report.languages import LANGUAGES, Language
from cwi.report.official import written
from cwi.report.workbook import write_workbook

WORDS = {
    "workbook.cover": "Мұқаба",
    "workbook.sheet": "Парақ",
    "workbook.content": "Мазмұны",
    "workbook.empty": "Бос ұяшық: мән жоқ.",
}
RISKY = ["=1+1", "+7 701", "-x", "@SUM(A1)", "http://a.b", "007"]


class Words:
    code = "kk"

    def text(self, key):
        return WORDS[key]


def table(name="scores", data=None, note=""):
    data = pd.DataFrame({"region": ["Ұлытау", "Астана"], "score": [1 / 3, 66.6]}) if data is None else data
    return Table(name, f"Кесте {name}", ["а", "б"], [["в", "1,2"]], data, note=note)


def made(path, *tables, about=(("Әдістеме", "1.0"), ("Мәртебе", "=сынақ"))):
    write_workbook(path, tables, language=Words(), title="Есеп", about=about)
    return openpyxl.load_workbook(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tables.xlsx"


def test_the_cover_leads_to_every_sheet_and_back(path):
    book = made(path, table(), table("other"))
    assert book.sheetnames == ["Мұқаба", "scores", "other"]
    cover = book["Мұқаба"]
    assert [[cell.value for cell in row] for row in cover["A1:B7"]] == [
        ["Есеп", None],
        ["Әдістеме", "1.0"],
        ["Мәртебе", "=сынақ"],
        [None, None],
        ["Парақ", "Мазмұны"],
        ["scores", "Кесте scores"],
        ["other", "Кесте other"],
    ]
    assert [cover[cell].hyperlink.location for cell in ("A6", "A7")] == ["'scores'!A1", "'other'!A1"]
    assert book["other"]["A3"].hyperlink.location == "'Мұқаба'!A1"
    assert book.properties.title == "Есеп"


def test_one_table_a_sheet_without_merged_cells_and_gaps(path):
    book = made(path, table(note="Ескерту"))
    sheet = book["scores"]
    assert sheet["A1"].value == "Кесте scores"
    assert sheet["A2"].value == "Ескерту"
    assert [sheet.tables[name].ref for name in sheet.tables] == ["A4:B6"]
    assert [cell.value for cell in sheet[4]] == ["region", "score"]
    assert sheet.freeze_panes == "B5"
    assert sheet.max_row == 6
    assert all(not each.merged_cells.ranges for each in book)
    assert sheet.column_dimensions["A"].width > 8


def test_numbers_are_numbers_to_the_last_digit_and_texts_are_texts(path):
    data = pd.DataFrame(
        {
            "text": RISKY,
            "year": range(2020, 2026),
            "count": np.arange(6, dtype=np.int64) * 1_000_000,
            "share": [1 / 3, np.nan, 2e-17, 0.1, 0.2, 0.3],
            "missing": ["a", None, pd.NA, "d", "e", float("inf")],
            "sure": [True, False] * 3,
            "day": [datetime.date(2024, 6, 1)] * 6,
        }
    )
    sheet = made(path, table(data=data))["scores"]
    rows = [[cell.value for cell in row] for row in sheet["A5:G10"]]
    assert [row[0] for row in rows] == RISKY
    assert {cell.data_type for row in sheet["A5:A10"] for cell in row} == {"s"}
    assert all(sheet.cell(row, 1).quotePrefix for row in range(5, 9))
    assert [row[1] for row in rows] == list(range(2020, 2026))
    assert sheet["B5"].number_format == "0"
    assert (sheet["C6"].value, sheet["C6"].number_format) == (1_000_000, "#,##0")
    assert [row[3] for row in rows] == [1 / 3, None, 2e-17, 0.1, 0.2, 0.3]
    assert [row[4] for row in rows] == ["a", None, None, "d", "e", "inf"]
    assert rows[0][5] is True
    assert rows[0][6] == datetime.datetime(2024, 6, 1)
    assert sheet["A2"].value == "Бос ұяшық: мән жоқ."


def test_there_is_no_formula_anywhere(path):
    data = pd.DataFrame({"=a": RISKY, "+b": RISKY})
    book = made(path, table("=name", data, note="=1+1"), about=[("=a", "=b")])
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]


@pytest.mark.parametrize("risky", ["a/b:c?*[d]\\", "'quoted'", "x" * 40, "History", "Мұқаба", ""])
def test_names_of_sheets_are_such_that_spreadsheets_take_them(path, risky):
    book = made(path, table(risky), table(risky.upper()), table(risky))
    assert len({name.casefold() for name in book.sheetnames}) == 4
    assert all(0 < len(name) <= 31 for name in book.sheetnames)
    links = [row[0].hyperlink.location for row in book["Мұқаба"]["A6:A8"]]
    assert [link.replace("''", "'")[1:-4] for link in links] == book.sheetnames[1:]


def test_headings_are_never_empty_or_equal(path):
    data = pd.DataFrame([[1, 2, 3, 4]], columns=["a", "A", "", "a"])
    sheet = made(path, table(data=data))["scores"]
    assert [cell.value for cell in sheet[4]] == ["a", "A 2", "column 3", "a 3"]


def test_a_table_without_rows_is_its_headings(path):
    sheet = made(path, table(data=pd.DataFrame({"a": [], "b": []})))["scores"]
    assert [cell.value for cell in sheet[4]] == ["a", "b"]
    assert not sheet.tables


def test_the_same_bytes_twice(path, tmp_path):
    made(path, table(), table("b"))
    made(tmp_path / "again.xlsx", table(), table("b"))
    assert path.read_bytes() == (tmp_path / "again.xlsx").read_bytes()


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_few_words_of_a_workbook_are_in_every_language(code):
    assert all(Language(code).text(key) for key in WORDS)


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1-1", "@sum(A1)", "\t=1+1"])
def test_what_a_spreadsheet_would_run_is_text(tmp_path: Path, text: str) -> None:
    """In the workbook marked as text, headings and captions among them; in CSV behind an apostrophe."""
    data = pd.DataFrame({text: [text, "words"], "number": [-0.5, 1.0]})
    risky = Table("risky", text, [], [], data, note=text)
    path = tmp_path / "a.xlsx"
    write_workbook(path, [risky], language=Language("en"), title=text, about=[(text, text)])
    book = openpyxl.load_workbook(path)
    cells = [
        cell
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value)[:1] == text[0] and isinstance(cell.value, str)
    ]
    assert len(cells) >= 6
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)
    lines = written(data).to_csv(index=False, lineterminator="\n")
    assert [row[0] for row in csv.reader(io.StringIO(lines, newline=""))][1] == f"'{text}"
    assert written(data)["number"].tolist() == [-0.5, 1.0]


def test_hostile_words_are_text_in_every_cell_of_a_workbook(path: Path) -> None:
    """Markup, quotes, a formula, marks that turn text round and 10,000 letters: as words, and nothing hidden."""
    hostile = "=<script>alert(1)</script>\" onload='x' & {{ 7 * 7 }}"
    turned = f"\u202e{hostile}\u2066{'x' * 10_000}\x07"
    data = pd.DataFrame({"source": [turned], turned[:200]: [hostile], "unit": [turned]})
    risky = Table("risky", turned, [], [], data, note=turned)
    write_workbook(path, [risky], language=Language("ru"), title=hostile, about=[(hostile, turned)])
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    texts = [cell.value for cell in cells if "alert(1)" in cell.value]
    assert len(texts) >= 8
    assert max(map(len, texts)) == len(hostile) + 10_000
    assert not [text for text in texts if re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]|_x0007_", text)]
    assert all(text.startswith("=<script>") for text in texts)
