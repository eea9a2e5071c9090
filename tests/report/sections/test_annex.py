"""The method annex: its parts, its figures counted again from the rows, and years of every kind."""

import re

import pytest

from cwi import read_edition
from cwi.published import vintages
from cwi.report import OfficialReport
from cwi.report.blocks import Heading, Paragraph
from cwi.report.languages import LANGUAGES

pytestmark = pytest.mark.slow  # an index is drawn
PARTS = ["annex", "rules", "in-force", "quality", "revisions", "sources", "cite"]
HEADINGS = 9  # of SIMS and the Code of Practice


@pytest.fixture(scope="module", params=[2023, 2025])
def reports(request: pytest.FixtureRequest) -> list[OfficialReport]:
    """An edition with an index and replaced vintages, and one with neither; in three languages."""
    edition = read_edition(request.param)
    return [OfficialReport(edition, language=code, draws=100, seed=1) for code in LANGUAGES]


def test_parts_and_numbers_are_the_same_in_each_language(reports: list[OfficialReport]) -> None:
    names, files = [], []
    for report in reports:
        section = report.annex()
        files.append({table.name: table.data.to_csv() for table in section.tables()})
        assert [block.anchor for block in section.blocks if isinstance(block, Heading)] == PARTS
        quality = next(table for table in section.tables() if table.name == "quality")
        assert len(quality.rows) == HEADINGS
        assert all(text and "{" not in text for row in quality.rows for text in row)
        assert [block.kind for block in section.blocks if isinstance(block, Paragraph)][-3:] == ["boxed"] * 3
        names.append(list(report.ledger.frame()["name"]))
    assert names[0] == names[1] == names[2]
    assert files[0] == files[1] == files[2]  # whichever language is made last


def test_counts_of_the_quality_sheet_are_those_of_the_rows(reports: list[OfficialReport]) -> None:
    report = reports[-1]
    report.annex()
    edition, numbers = report.edition, report.ledger.frame().set_index("name")["value"].astype(float)
    cells = edition.scores.cells[edition.scores.cells["value"].notna()]
    rows = edition.observations[edition.observations["year"] == edition.year]
    expected = {
        "sources": cells["source"].nunique(),
        "derived": (cells["status"] == "derived").sum(),
        "imputed": (cells["status"] == "imputed").sum(),
        "suppressed": (rows["status"] == "suppressed").sum(),
        "treated": len(edition.scores.treated),
    }
    assert {word: numbers[f"quality.{edition.year}.{word}"] for word in expected} == expected
    assert expected["sources"] > 5


def test_replaced_vintages_are_listed_with_their_reason(reports: list[OfficialReport]) -> None:
    tables = {table.name: table for table in reports[0].annex().tables()}
    replaced = sorted(vintages(reports[0].edition))[:-1]
    if not replaced:
        assert "revisions" not in tables
        return
    assert [row[0] for row in tables["revisions"].rows] == [str(number) for number in replaced]
    assert not any(re.fullmatch(r"\d{4}-\d\d-\d\d", row[1]) for row in tables["revisions"].rows)  # days as read
    assert all(len(row[-1]) > 20 for row in tables["revisions"].rows)
    assert {place for _, place in tables["revisions"].english} == {3}  # reasons are kept in English
