"""The summary: one printed page, the numbers of the other sections, and the rule for strengths and problems."""

import io
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from cwi import read_edition
from cwi.analysis.comparison import mean_by_children
from cwi.report import OfficialReport
from cwi.report.blocks import Bullets, Columns, Section
from cwi.report.document import write_pdf
from cwi.report.languages import LANGUAGES
from cwi.report.sections.summary import MOST, country_gaps

pytestmark = pytest.mark.slow  # an index is drawn


@pytest.fixture(scope="module", params=[2023, 2025])
def reports(request: pytest.FixtureRequest) -> list[OfficialReport]:
    """An edition with an index and one without, in three languages."""
    edition = read_edition(request.param)
    return [OfficialReport(edition, language=code, draws=100, seed=1) for code in LANGUAGES]


def pages(section: Section, folder: Path, report: OfficialReport) -> list[str]:
    path = folder / "first.pdf"
    write_pdf(path, [section], language=report._printer.language, title="t")
    return [page.extract_text() for page in PdfReader(io.BytesIO(path.read_bytes())).pages]


def columns(section: Section) -> Columns:
    return next(block for block in section.blocks if isinstance(block, Columns))


def test_the_first_page_is_one_page_and_its_numbers_are_those_of_the_sections(
    reports: list[OfficialReport], tmp_path: Path
) -> None:
    names = []
    for report in reports:
        section = report.opening()
        text = pages(section, tmp_path, report)
        assert len(text) == 1
        assert "{" not in text[0]
        names.append(list(report.ledger.frame()["name"]))
    longer = Columns([[*columns(section).blocks] * 3, []])
    assert len(pages(Section([*section.blocks[:-1], longer]), tmp_path, report)) > 1  # and too much would not fit
    assert names[0] == names[1] == names[2]
    report = reports[-1]
    report.measured(), report.robustness(), report.change(), report.money(), report.promises()  # one name has one value
    for name, value in report.ledger.frame().set_index("name")["value"].items():
        if name == f"mean_by_children.{report.edition.year}.index":
            assert float(value) == pytest.approx(mean_by_children(report.edition))


def test_strengths_and_problems_are_more_than_noise(reports: list[OfficialReport]) -> None:
    report = reports[-1]
    table, scores, year = country_gaps(report._printer), report.edition.scores, report.edition.year
    words = columns(report.opening()).plain()
    if year == 2025:
        assert table.empty
        assert "no strengths and problems are named" in words
        return
    assert (table["clear"] == ((table["low"] > 0) | (table["high"] < 0))).all()
    for row in table.to_dict("records"):
        assert row["gap"] == pytest.approx(scores.at("KZ", row["node"], year) - scores.at("KZ", year=year))
    title = report._printer.title
    unclear = [title(str(code)) for code in table.loc[~table["clear"], "node"]]
    named = " ".join(
        item for block in columns(report.opening()).blocks if isinstance(block, Bullets)
        for item in block.items if item.startswith(("Strengths:", "Problems:"))
    )  # fmt: skip
    clear = table[table["clear"]]
    assert named.count("(") == sum(min(MOST, int(n)) for n in ((clear["gap"] > 0).sum(), (clear["gap"] < 0).sum()))
    assert not any(word in named for word in unclear)


def test_noise_makes_no_strength(reports: list[OfficialReport]) -> None:
    """The control: of draws that lie on both sides no component is clear."""
    table = country_gaps(reports[-1]._printer)
    if table.empty:
        assert reports[-1].edition.year == 2025  # without an index
        return
    wide = table[np.sign(table["low"]) != np.sign(table["high"])]
    assert len(wide) > 0
    assert not wide["clear"].any()
