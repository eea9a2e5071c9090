"""Pages that everybody can use: axe-core finds nothing, the markup has no error, nothing is wider than a telephone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser

from cwi import read_edition
from cwi.analysis.intake import COUNTS, Board
from cwi.inputs.survey import read_survey_definitions
from cwi.report.blocks import Bullets, Columns, Figure, Folded, Heading, Paragraph, Section, Table
from cwi.report.intake import board_section
from cwi.report.languages import LANGUAGES, Language
from cwi.report.page import page
from cwi.report.questionnaire import questionnaire
from tests.report.everybody import markup, problems

pytestmark = pytest.mark.browser
CODES = ["kk", pytest.param("ru", marks=pytest.mark.exhaustive), "en"]
Problems = Callable[..., list[str]]


def table(name: str, columns: int = 3) -> Table:
    heads = ["Region", *(f"Column {i}" for i in range(1, columns))]
    rows = [[f"Region {i}", *["1.5"] * (columns - 1)] for i in range(3)]
    return Table(name, f"Table {name}", heads, rows, pd.DataFrame(rows, columns=heads), note="A note",
                 emphasised=frozenset({1}), english=frozenset({(0, 0)}))  # fmt: skip


def every_block() -> list[Section]:
    """A part of every kind that pages are built of."""
    figure = Figure("bars", "A picture", "Bars", lambda: Drawing(figsize=(6.2, 1)), "en", table("behind"), "The table")
    kinds = [Paragraph(f"A paragraph: {kind}.", kind) for kind in ("lead", "text", "note", "warning")]
    side = Columns([[Heading("Left", 3), Bullets(["one"])], [Heading("Right", 3), table("beside")]])
    return [
        Section([Heading("Title", 1), *kinds, Bullets(["one", "two"])]),
        Section([Heading("First part", 2, "first"), side, table("wide", 20)]),
        Section([Heading("Second part", 2, "second"), Heading("Below", 3), figure, Folded("More", [table("folded")])]),
    ]


@pytest.mark.parametrize("code", CODES)
def test_a_page_of_every_block(code: str, page_problems: Problems) -> None:
    modes = [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")]
    assert page_problems(every_block(), code, modes if code == "en" else modes[:1]) == []


def test_the_page_of_a_reviewer_under_a_mark(browser: Browser, tmp_path: Path) -> None:
    cells = [new_markdown_cell("## How it was computed\n\nA list:\n\n- one")]
    for section in every_block():
        shown = new_output("execute_result", data=section._repr_mimebundle_(), execution_count=1)
        cells.append(new_code_cell('import cwi  # why\n"a" + f(1.5, x=None)', execution_count=1, outputs=[shown]))
    cells = [cells[1], cells[0], *cells[2:]]
    html = page(
        new_notebook(cells=cells), tmp_path, language=Language("en"), title="Title", code=True, mark="REHEARSAL"
    )
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    assert problems(browser, tmp_path / "page.html", "en") == []


@pytest.mark.parametrize("code", CODES)
def test_a_questionnaire(code: str, browser: Browser, tmp_path: Path) -> None:
    html = questionnaire(read_survey_definitions("2024.1"), "parent", code)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    modes = ((360, "light"), (1440, "dark")) if code == "en" else ((360, "dark"),)
    assert problems(browser, tmp_path / "page.html", code, modes) == []
    assert markup(questionnaire(read_survey_definitions("2024.1"), "child", code)) == []


def test_the_board_of_an_intake(page_problems: Problems) -> None:
    edition = read_edition(2023)
    counts = {name: [1] for name in COUNTS}
    owner = pd.DataFrame({"owner": ["health"], **counts, "files": [1], "received": ["2025-03-01"], "state": ["open"]})
    figures = pd.DataFrame(
        {"owner": ["health"], "series": ["a"], "region": ["KZ-71"], "component": ["health"], "state": ["asked"]}
    )
    titles = {"health": dict.fromkeys(LANGUAGES, "Health")}
    board = Board(
        year=2024, day=date(2025, 3, 20), due=date(2025, 4, 1), index_due=date(2025, 6, 1), owners=owner,
        regions=pd.DataFrame({"region": ["KZ-71"], **counts}),
        components=pd.DataFrame({"component": ["health"], **counts}),
        figures=figures, series={"a": dict.fromkeys(LANGUAGES, "A series")}, titles=titles,
    )  # fmt: skip
    owners = pd.DataFrame({f"name_{code}": ["Ministry"] for code in LANGUAGES}, index=["health"])
    section = board_section(board, Language("ru"), owners, edition.territory)
    assert page_problems([section], "ru") == []
    assert "20.03.2025" in section.blocks[1].plain()
    assert section.tables()[0].rows[0][-2] == "01.03.2025"


def test_what_is_wrong_is_found(browser: Browser, tmp_path: Path) -> None:
    """The control."""
    (tmp_path / "page.html").write_text(
        "<!DOCTYPE html><html lang='xx'><head><title>T</title><style>:focus { outline: none; }</style></head>"
        "<body><main>"
        "<h1>One</h1><h1>Two</h1><h3>Below</h3><p style='color: #ccc'>pale<div>not closed</p></div>"
        "<img src='data:,'><a href='#nowhere'>link</a><b id='a'></b><b id='a'></b>"
        "<table><tr><th>head</th></tr><tr><td style='min-width: 900px'>1</td></tr></table></main></body></html>",
        encoding="utf-8",
    )
    found = "\n".join(problems(browser, tmp_path / "page.html", "kk", ((360, "light"),)))
    for words in (
        "markup: ", "2 titles", "headings [1, 1, 3]", "names there twice: ['a']", "links ['nowhere']",
        "a table without a caption", "a heading of a table without a scope", "a picture without words", "language xx",
        "axe color-contrast", "axe image-alt", "axe html-lang-valid", "axe heading-order", "focus cannot be seen",
        "the page is wider than its window",
    ):  # fmt: skip
        assert words in found, words
