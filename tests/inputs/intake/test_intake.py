"""From templates to returned workbooks, spoilt in every way, to a scored edition."""

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from messy import NOTE, REGION, TOP, VALUE, spoil, with_history

import cwi
from cwi import folders
from cwi.analysis.intake import read_board
from cwi.edition import new_edition, open_project
from cwi.inputs.intake import (
    Answer,
    add_answer,
    build_request,
    freeze_request,
    read_folder,
    read_owners,
    read_request,
)
from cwi.inputs.observation_files import build_derived
from cwi.observations import problems
from cwi.report.intake import board_section, write_letters, write_templates
from cwi.report.languages import Language
from cwi.territory import read_territory

YEAR = 2024
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A copy of the project's data, templates sent out, spoilt files come back and read once."""
    root = tmp_path_factory.mktemp("intake")
    shutil.copytree(folders.data(), root / "data")
    for made in (YEAR, YEAR + 1):  # the year is still to come
        shutil.rmtree(root / "data" / "editions" / str(made))
    with folders.within(root):
        project = open_project()
        rules, owners = project.methodology("2026.1"), read_owners()
        request = build_request(project, YEAR, rules)
        freeze_request(request)
        write_templates(root / "templates", request, owners, rules, project.territory)
        truth = spoil(root / "templates", root / "returned", with_history(request.facts, project))
        outcome = read_folder(root / "returned", YEAR)
        letters = write_letters(root / "letters", outcome, owners, rules, project.territory)
        yield SimpleNamespace(
            root=root, request=request, rules=rules, owners=owners, territory=project.territory, truth=truth,
            outcome=outcome, letters=letters,
        )  # fmt: skip


def entered(root: Path) -> pd.DataFrame:
    paths = sorted((root / "data" / "observations").glob(f"intake-{YEAR}-*.csv"))
    return pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths])


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_every_clean_figure_is_entered_to_the_last_digit_and_nothing_else(intake):
    rows = entered(intake.root)
    figures = rows[rows["status"] == "provisional"]
    came = {(row.indicator, row.region): Decimal(row.value) for row in figures.itertuples()}
    assert {key: (came.get(key), value) for key, value in intake.truth.figures.items() if came.get(key) != value} == {}
    assert set(came) == set(intake.truth.figures)
    others = rows[rows["status"] != "provisional"]
    assert {(row.indicator, row.region): row.status for row in others.itertuples()} == intake.truth.statuses
    assert (others["value"] == "").all()


def test_every_doubt_is_asked_about_and_nothing_else(intake):
    doubts = intake.outcome.settled.doubts
    keyed = {(each.entry.series, each.entry.region): each.kind for each in doubts if each.entry.series}
    assert keyed == intake.truth.doubts
    assert {(each.receipt.file, each.kind) for each in doubts if not each.entry.series} == intake.truth.loose
    assert {receipt.file: each.refusal for receipt, each in intake.outcome.settled.refused} == intake.truth.refused


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_doubt_is_in_the_letter_of_its_owner(intake, language):
    words = Language(language)
    for doubt in intake.outcome.settled.doubts:
        page = (intake.root / "letters" / f"{doubt.owner}.html").read_text(encoding="utf-8")
        part = page.split(f'<section lang="{language}">')[1].split("</section>")[0]
        place = f"<td>{escape(doubt.entry.sheet)}!{doubt.entry.cell}</td>"
        row = next(line for line in part.splitlines() if place in line)
        assert f"<td>{escape(doubt.receipt.file)}</td>" in row
        assert escape(doubt.entry.shown) in row
    for file, kind in intake.truth.refused.items():
        owner = file.removesuffix(".xlsx").split()[0]
        page = (intake.root / "letters" / f"{owner}.html").read_text(encoding="utf-8")
        reason = words.text(f"intake.refusal.{kind.replace(' ', '_')}", detail="2023")
        assert escape(reason) in page


def texts(sheet, column=VALUE):
    cells = (cell.value for row in sheet.iter_rows(min_col=column, max_col=column) for cell in row)
    return [value for value in cells if isinstance(value, str)]


def values(sheet):
    cells = (cell.value for row in sheet.iter_rows(min_row=TOP, min_col=VALUE, max_col=VALUE) for cell in row)
    return [value for value in cells if isinstance(value, int | float)]


THOUSANDS = re.compile(r"\d{1,3}(['\s]\d{3})+")
DISASTERS = {
    # what the issue names: whose file, and how it is seen in it
    "moved or inserted columns": ("akimat-akmola", lambda sheet: sheet.cell(TOP + 3, VALUE + 3).value is not None),
    "merged cells": ("statistics", lambda sheet: any(span.min_row > TOP for span in sheet.merged_cells.ranges)),
    "decimal commas": ("akimat-abai", lambda sheet: any(re.fullmatch(r"\d+,\d+", text) for text in texts(sheet))),
    "a dash": ("akimat-atyrau", lambda sheet: "–" in texts(sheet)),
    "н/д": ("akimat-atyrau", lambda sheet: "н/д" in texts(sheet)),
    "…": ("akimat-west-kazakhstan", lambda sheet: "…" in texts(sheet)),
    "a note in a cell": ("akimat-west-kazakhstan", lambda sheet: any("(оценка)" in text for text in texts(sheet))),
    "a comment on a cell": (
        "akimat-west-kazakhstan", lambda sheet: any(cell.comment for row in sheet.iter_rows() for cell in row),
    ),
    "thousands": ("statistics", lambda sheet: any(THOUSANDS.fullmatch(text) for text in texts(sheet))),
    "hidden rows": ("akimat-zhambyl", lambda sheet: sheet.row_dimensions[TOP + 1].hidden),
    "percent as 0.85": ("akimat-almaty-region", lambda sheet: any(0 < value < 1 for value in values(sheet))),
    "an English name": ("health", lambda sheet: "Kazakhstan" in texts(sheet, REGION)),
    "an old name": ("health", lambda sheet: "Nur-Sultan" in texts(sheet, REGION)),
    "a Russian name in an old spelling": ("health", lambda sheet: "Кустанайская область" in texts(sheet, REGION)),
    "a Kazakh name": ("health", lambda sheet: "Ақмола облысы" in texts(sheet, REGION)),
}  # fmt: skip


@pytest.mark.parametrize("name", DISASTERS)
def test_every_disaster_of_the_list_is_in_a_returned_file(intake, name):
    owner, seen = DISASTERS[name]
    paths = (intake.root / folder / f"{owner}.xlsx" for folder in ("returned", "templates"))
    returned, sent = map(openpyxl.load_workbook, paths)
    assert any(map(seen, returned.worksheets))
    assert not any(map(seen, sent.worksheets))


def test_two_files_of_one_owner_an_old_version_and_a_renamed_pdf_came(intake):
    """What is seen outside of the sheets; twenty owners and more returned something."""
    returned = intake.root / "returned"
    names = {path.name for path in returned.glob("akimat-karaganda*")}
    assert names == {"akimat-karaganda.xlsx", "akimat-karaganda (2).xlsx"}
    assert openpyxl.load_workbook(returned / "akimat-kostanay.xlsx")["cwi"].cell(4, 2).value != intake.request.version
    assert (returned / "akimat-kyzylorda.xlsx").read_bytes().startswith(b"%PDF")
    assert len([path for path in returned.iterdir() if not path.name.startswith("~$")]) > 20


def test_a_letter_without_doubt_asks_nothing(intake):
    page = (intake.root / "letters" / "transport.html").read_text(encoding="utf-8")
    assert Language("ru").text("intake.letter.none") in page
    assert Language("ru").text("intake.letter.doubts") not in page


def test_sources_are_recorded_and_the_data_pass_the_checks(intake):
    with folders.within(intake.root):
        sources = cwi.observations.read_sources()
        kinds = {problem.kind for problem in problems()}
    assert kinds == set()
    record = sources["intake-2024-health"]
    assert (record["publisher"], record["status"]) == ("Ministry of Health", "provisional")
    original = intake.root / "data" / record["originals"][0]
    assert original.read_bytes() == (intake.root / "returned" / "health.xlsx").read_bytes()


def test_originals_of_all_files_are_kept_untouched(intake):
    kept = {path.read_bytes() for path in (intake.root / "data" / "intake" / "2024" / "originals").iterdir()}
    sent = {path.read_bytes() for path in (intake.root / "returned").iterdir() if not path.name.startswith("~")}
    assert kept == sent


def test_comments_and_notes_are_kept(intake):
    rows = entered(intake.root)
    assert rows.loc[rows["note"].str.contains("предварительно"), "region"].tolist() == ["KZ-27"]


def test_the_board_counts_every_figure_once(intake):
    from datetime import date

    with folders.within(intake.root):
        board = read_board(YEAR, intake.rules, today=date(2025, 3, 20))
        late = read_board(YEAR, intake.rules, today=date(2025, 4, 2))
    truth, asked = intake.truth, len(intake.request.cells)
    for table in (board.owners, board.regions, board.components):
        assert table["asked"].sum() == asked
        assert table["entered"].sum() == len(truth.figures)
        assert table["no_figure"].sum() == len(truth.statuses)
        assert table["asked_back"].sum() == len(truth.doubts)
    states = board.owners.set_index("owner")["state"]
    assert (states["transport"], states["health"], states["akimat-atyrau"]) == ("complete", "complete", "open")
    assert late.owners.set_index("owner").loc["finance", "state"] == "late"
    for code in ("kk", "ru", "en"):
        tables = board_section(board, Language(code), intake.owners, intake.territory).blocks[2:]
        assert [len(each.rows) for each in tables] == [28, 21, board.components["component"].size, asked]


def test_a_later_file_revises_an_answer_enters_and_reading_again_changes_nothing(intake, tmp_path):
    """The letter's own form comes back with a figure put right, a corrected template with one changed; a jump is
    confirmed by letter."""
    root, back = tmp_path / "copy", tmp_path / "back"
    shutil.copytree(intake.root / "data", root / "data")
    back.mkdir()
    size = answered(intake, back / "statistics ответ.xlsx")
    old = corrected(intake, back / "akimat-akmola исправлено.xlsx")
    with folders.within(root):
        first = read_folder(back, YEAR)
        write_letters(tmp_path / "letters", first, intake.owners, intake.rules, intake.territory)
        jump = next(key for key in intake.truth.doubts if key[0] == "poverty")
        assert jump not in first.settled.entered
        add_answer(YEAR, Answer(*jump, Decimal(size), "letter 12-3/45", "2025-04-05", "a new survey"))
        second = read_folder(back, YEAR)
        before = tree(root / "data")
        again = read_folder(back, YEAR)
    assert second.new == again.new == again.written == ()
    assert tree(root / "data") == before
    housing = next(key for key in intake.truth.doubts if key[0] == "housing_space")
    assert first.settled.entered[housing][0].number == Decimal("23.7")
    assert second.settled.entered[jump][0].number == Decimal(size)
    questions = (root / "data" / "questions.csv").read_text(encoding="utf-8")
    line = f"jump,poverty,{jump[1]},2024,keep,Confirmed by the owner in the intake of 2024: letter 12-3/45"
    assert line in questions
    (revision,) = first.settled.revisions
    assert revision.key == ("waste_collection", "KZ-11")
    assert (float(revision.old.number), float(revision.new.number)) == (old, old - 0.5)
    page = (tmp_path / "letters" / "akimat-akmola.html").read_text(encoding="utf-8")
    assert Language("kk").text("intake.letter.revised") in page
    assert f"<td>{revision.old.number}</td><td>{revision.new.number}</td>" in page


def answered(intake: SimpleNamespace, path: Path) -> str:
    """The form of a letter, one figure put right; what the jump was that the form asks about."""
    book = openpyxl.load_workbook(intake.root / "letters" / "statistics.xlsx")
    sheet = book.worksheets[0]
    size = ""
    for row in range(TOP, sheet.max_row + 1):
        _, _, series, region, _ = sheet.cell(row, 1).value.split("|")
        if (series, region) in intake.truth.doubts and series == "housing_space":
            sheet.cell(row, VALUE).value = "23,7"
        if series == "poverty":
            size = sheet.cell(row, NOTE + 1).value.split(" = ")[1].split("\n")[0]
    book.save(path)
    return size


def corrected(intake: SimpleNamespace, path: Path) -> float:
    """A returned file with one figure half a point lower; what it was."""
    book = openpyxl.load_workbook(intake.root / "returned" / "akimat-akmola.xlsx")
    sheet = book.worksheets[0]
    marks = {sheet.cell(9, column).value: column for column in range(1, 16)}
    keys = {row: str(sheet.cell(row, marks["cwi:key"]).value) for row in range(11, sheet.max_row + 1)}
    cell = sheet.cell(next(row for row, key in keys.items() if "|waste_collection|" in key), marks["cwi:value"])
    old, cell.value = cell.value, cell.value - 0.5
    book.save(path)
    return float(old)


def test_from_templates_to_a_scored_edition(intake):
    with folders.within(intake.root):
        build_derived()
        edition = new_edition(YEAR, "2026.1")
        measured = edition.scores.cells.query("year == @YEAR and region == 'KZ-10'").set_index("indicator")["value"]
    for code in ("immunisation", "poverty", "internet_use", "child_overweight"):
        assert Decimal(repr(float(measured[code]))) == intake.truth.figures[code, "KZ-10"], code
    assert edition.scores.wide(YEAR, "component").notna().any().sum() >= 9


def test_an_original_that_was_changed_is_refused(intake, tmp_path, says):
    root = tmp_path / "copy"
    shutil.copytree(intake.root / "data", root / "data")
    original = sorted((root / "data" / "intake" / "2024" / "originals").glob("*-health.xlsx"))[0]
    original.write_bytes(b"other")
    with (
        folders.within(root),
        says(
            cwi.DataError,
            f"data/intake/2024/originals/{original.name}: this is not the file that came; put the original back",
        ),
    ):
        read_folder(None, YEAR)


def test_the_request_is_frozen_and_read_back(intake):
    with folders.within(intake.root):
        read = read_request(YEAR)
        assert read_territory().nation == "KZ"
    assert (read.version, read.methodology) == (intake.request.version, "2026.1")
    pd.testing.assert_frame_equal(read.cells, intake.request.cells, check_dtype=False)
