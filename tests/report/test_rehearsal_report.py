"""The report of the rehearsal: marked on every page, picture, row and number; real reports stay as they are."""

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from pypdf import PdfReader

from cwi import folders, read_edition
from cwi.cli.report import report as report_command
from cwi.errors import DataError
from cwi.inputs import rehearsal as rehearsals
from cwi.report import OfficialReport, SensitivityReport, blocks
from cwi.report.blocks import Figure, Heading, Paragraph, Section, Table
from cwi.report.languages import LANGUAGES, Language
from cwi.report.page import page
from cwi.report.pdf import pdf
from cwi.report.pictures.points import as_points
from cwi.report.profiles import publish_profiles
from cwi.report.publication import publish

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

MARK = "SYNTHETIC – REHEARSAL"
YEAR = 2023


def digests(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def report(rehearsal: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What 'cwi report rehearsal' makes, of one year in one language, with few draws."""
    output = tmp_path_factory.mktemp("reports")
    asked: list[tuple[Path, int]] = []

    def write(folder: Path, *, seed: int) -> Path:
        asked.append((folder, seed))
        return rehearsal

    before = digests(folders.reports())
    assert before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rehearsals, "write_rehearsal", write)
        patch.setattr(rehearsals, "YEARS", (YEAR,))
        report_command("rehearsal", language=["en"], output=output, parameter=["draws=100"])
    assert asked == [(folders.root() / "build" / "rehearsal", 20241122)]
    assert digests(folders.reports()) == before
    yield output / "rehearsal" / str(YEAR)
    assert digests(folders.reports()) == before


def test_it_lies_in_a_folder_of_its_own(report: Path) -> None:
    assert sorted(path.name for path in report.parents[1].iterdir()) == ["rehearsal"]
    assert {path.name for path in report.iterdir()} >= {
        "report.en.html",
        "review.en.html",
        "report.en.pdf",
        "ledger.csv",
    }


def test_every_page_of_the_pdf_is_marked(report: Path) -> None:
    reader = PdfReader(report / "report.en.pdf")
    assert len(reader.pages) > 10
    assert [number for number, page in enumerate(reader.pages, 1) if MARK not in page.extract_text()] == []
    assert str(reader.metadata and reader.metadata.title).startswith(f"{MARK}. ")


@pytest.mark.parametrize("name", ["report.en.html", "review.en.html"])
def test_the_pages_are_marked(report: Path, name: str) -> None:
    html = (report / name).read_text(encoding="utf-8")
    assert html.count(f'class="mark" aria-hidden="true">{MARK}<') == 1
    assert f"<title>{MARK}. " in html
    assert f'<h1 id="top">{MARK}. ' in html
    captions = re.findall(r"<(?:figcaption|caption)>(.*?)</", html)
    assert len(captions) > 20
    assert all(caption.startswith(f"{MARK}. ") for caption in captions)
    assert "This is a rehearsal." in html


def test_every_picture_is_marked(report: Path) -> None:
    pictures = sorted((report / "figures").glob("*.svg"))
    assert len(pictures) > 8
    for picture in pictures:
        assert 'id="mark"' in picture.read_text(encoding="utf-8"), picture.name
        if picture.name.endswith("-narrow.en.svg"):
            continue  # a phone's is on the page alone
        with Image.open(picture.with_suffix(".png")) as image:
            assert reddish(image) > 500, picture.name
    html = (report / "report.en.html").read_text(encoding="utf-8")
    shown = re.findall(r'src(?:set)?="data:image/svg\+xml;base64,([^"]*)"', html)
    assert len(shown) == len(pictures)
    assert all(b'id="mark"' in base64.b64decode(data) for data in shown)


def reddish(image: Image.Image) -> int:
    """Points of the colour that the mark has on a white ground: 14 % of dark red."""
    colours = image.convert("RGB").getcolors(maxcolors=2**24) or []
    return sum(
        count for count, (r, g, b) in colours if abs(r - 239) <= 2 and abs(g - 223) <= 2 and abs(b - 223) <= 2
    )  # fmt: skip


def test_every_row_of_every_table_is_marked(report: Path) -> None:
    tables = sorted((report / "tables").glob("*.csv"))
    assert len(tables) > 10
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        assert found, path.name
        assert {row["mark"] for row in found} == {MARK}, path.name
    book = openpyxl.load_workbook(report / "tables.en.xlsx", read_only=True)
    cover = [[cell for cell in row if cell] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert cover[0][0].startswith(f"{MARK}. ")
    assert ["Data", MARK] in cover
    for sheet in book.worksheets[1:]:
        first, _, _, head, *body = sheet.iter_rows(values_only=True)
        assert str(first[0]).startswith(f"{MARK}. ")
        assert {row[head.index("mark")] for row in body} == {MARK}


def test_every_number_of_the_ledger_and_the_manifest_say_rehearsal(report: Path) -> None:
    ledger = pd.read_csv(report / "ledger.csv")
    assert len(ledger) > 1000
    assert set(ledger["edition"]) == {f"{YEAR} (rehearsal, synthetic)"}
    assert json.loads((report / "manifest.json").read_text(encoding="utf-8"))["edition"]["rehearsal"] is True


def test_made_up_and_real_figures_are_counted_in_the_opening(rehearsal: Path, report: Path) -> None:
    ledger = pd.read_csv(report / "ledger.csv", index_col="name")["value"]
    with folders.within(rehearsal):
        cells = read_edition(YEAR).scores.cells.query("region == 'KZ'")
    assert int(ledger["rehearsal.synthetic"]) == (cells["status"] == "synthetic").sum() > 21
    assert int(ledger["rehearsal.real"]) == (cells["status"] != "synthetic").sum() > 10
    assert int(ledger["rehearsal.synthetic"]) + int(ledger["rehearsal.real"]) == 56


def test_the_error_of_the_survey_moves_the_order(report: Path) -> None:
    ledger = pd.read_csv(report / "ledger.csv", index_col="name")["value"]
    assert float(ledger[f"sure.{YEAR}.all.survey.total"]) > 0


def test_the_profile_of_a_rehearsal_is_marked_on_page_and_paper(rehearsal: Path, tmp_path: Path) -> None:
    """Of the first year: an edition knows nothing of the covariances of the survey after it."""
    edition = read_edition(2022, root=rehearsal)
    with folders.within(rehearsal):
        [made] = publish_profiles(edition, ["KZ-75"], tmp_path, languages=["en"], draws=100)
    html = next(path for path in made if path.suffix == ".html").read_text(encoding="utf-8")
    assert html.count(f'class="mark" aria-hidden="true">{MARK}<') == 1
    assert f"<title>{MARK}. Almaty city: profile of 2022</title>" in html
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', html)
    assert pictures
    assert all(b'id="mark"' in base64.b64decode(data) for data in pictures)
    reader = PdfReader(next(path for path in made if path.suffix == ".pdf"))
    assert [MARK in page.extract_text() for page in reader.pages] == [True, True]
    assert set(pd.read_csv(tmp_path / "ledger.KZ-75.en.csv")["edition"]) == {"2022 (rehearsal, synthetic)"}


# ---------------------------------------------------------------- what is real has no mark


def test_a_real_report_has_no_mark() -> None:
    looked_at = 0
    for path in (folders.reports() / str(YEAR)).rglob("*"):
        if path.suffix in (".html", ".csv", ".svg", ".json", ".ipynb"):
            text = path.read_text(encoding="utf-8")
            if path.name == "manifest.json":  # which names the files of the code too
                text = json.dumps({key: said for key, said in json.loads(text).items() if key != "inputs"})
            looked_at += 1
            for word in ('class="mark"', 'id="mark"', MARK, "rehearsal"):
                assert word not in text, (path, word)
    assert looked_at >= 20


@pytest.mark.parametrize("mark", ["", MARK])
def test_pages_are_marked_if_and_only_if_they_are_told_to(tmp_path: Path, mark: str) -> None:
    section = Section([Heading("Title", level=1), *(Paragraph("A line of text.") for _ in range(150))])
    notebook = new_notebook(
        cells=[new_code_cell("x", outputs=[new_output("display_data", section._repr_mimebundle_())])]
    )
    said = {"language": Language("en"), "title": "Title", "mark": mark}
    html = page(notebook, tmp_path, code=False, **said)
    assert html.count('class="mark"') == html.count(MARK) == bool(mark)
    pages = PdfReader(io.BytesIO(pdf(notebook, tmp_path, author="a", **said))).pages
    assert len(pages) > 2
    assert [MARK in one.extract_text() for one in pages] == [bool(mark)] * len(pages)


def test_an_unmarked_picture_is_the_one_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawing() -> Drawing:
        figure = Drawing(figsize=(4, 3))
        figure.add_subplot().plot([0, 1])
        return figure

    table = Table("t", "A table", ["Region", "1"], [["A", "2"]], pd.DataFrame({"region": ["A"]}))
    plain = Section(
        [Heading("Title"), Paragraph("Text"), Figure("f", "A figure", "Words.", drawing, "en", table), table]
    )
    marked = plain.marked(MARK)
    monkeypatch.setenv(blocks.OUTPUT, str(tmp_path))
    found = {}
    for name, section in (("plain", plain), ("marked", marked)):
        html = section._repr_mimebundle_()["text/html"]
        svg = (tmp_path / "figures" / "f.en.svg").read_text(encoding="utf-8")
        with Image.open(io.BytesIO(as_points([svg.encode()])[0])) as image:
            found[name] = (html.count(MARK), svg.count('id="mark"'), reddish(image) > 500)
        tables: list[Any] = section.tables()
        assert all(("mark" in each.data) == (name == "marked") for each in tables)
    # in the captions, and in what a picture and a table are called for those who cannot see them
    assert found == {"plain": (0, 0, False), "marked": (6, 1, True)}
    assert plain.blocks[2].mark == ""  # type: ignore[attr-defined]
    assert list(marked.blocks[:2]) == list(plain.blocks[:2])  # headings and texts stay as they are


def test_a_picture_that_is_drawn_twice_is_marked_once() -> None:
    figure = Drawing(figsize=(4, 3))
    for _ in range(2):
        svg = blocks._bytes(figure, "svg", MARK).decode()
    assert svg.count('id="mark"') == 1


# ---------------------------------------------------------------- other ways to print it


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_a_mark_of_its_own(rehearsal: Path, code: str) -> None:
    mark = Language(code).text("rehearsal.mark")
    with folders.within(rehearsal):
        report = OfficialReport(read_edition(YEAR), language=code, draws=100, seed=1)
        opening, measured = report.opening(), report.measured()
    assert opening.blocks[0].plain().startswith(f"{mark}. ")
    assert opening.blocks[1].html().startswith('<p class="warning">')
    assert all(table.caption.startswith(f"{mark}. ") for table in measured.tables())
    assert len({Language(other).text("rehearsal.mark") for other in LANGUAGES}) == 3


def test_the_notebook_of_the_sensitivity_analysis_is_marked(rehearsal: Path) -> None:
    with folders.within(rehearsal):
        edition = read_edition(YEAR)
        report = SensitivityReport(edition, factors="mean_of_dimensions", language="en", draws=100, seed=1)
        section = report.intervals()
    (figure,) = [block for block in section.blocks if isinstance(block, Figure)]
    assert figure.mark == MARK
    assert all((table.data["mark"] == MARK).all() for table in section.tables())
    assert set(report.ledger.frame()["edition"]) == {f"{YEAR} (rehearsal, synthetic)"}


def test_a_rehearsal_is_never_published(rehearsal: Path, report: Path, says: Says) -> None:
    with folders.within(rehearsal):
        edition = read_edition(YEAR)
        with says(DataError, "the edition of 2023 is a rehearsal; its numbers are synthetic and never published"):
            publish(edition, report)
    assert not (edition.path / "published.csv").exists()


def test_no_exact_number_of_the_survey_is_written(rehearsal: Path) -> None:
    """What the rehearsal leaves behind: every number of answers in tens, every share and error on its step."""
    for name in ("observations", "covariance"):
        assert list((rehearsal / "data" / name).glob("synthetic-survey-*.csv"))
    for path in (rehearsal / "data" / "observations").glob("synthetic-survey-*.csv"):
        table = pd.read_csv(path, keep_default_na=False, na_values={"n": "", "value": "", "se": ""})
        whole = (table["area"] == "") & (table["sex"] == "")
        assert table.loc[~whole, "n"].isna().all()
        printed = table.loc[whole & table["value"].notna()]
        assert len(printed) > 300
        assert (printed["n"] % 10 == 0).all()
        twentieths = printed[["value", "se"]].to_numpy() * 20  # 0.05 points, half of the finest step
        assert np.abs(twentieths - twentieths.round()).max() < 1e-6
