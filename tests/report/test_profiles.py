"""Profiles as files: what is written, and that a failure writes nothing."""

import base64
import re
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from cwi import read_edition
from cwi.errors import DataError, ParameterError
from cwi.report.profiles import publish_profiles

pytestmark = pytest.mark.slow

HOSTILE = "=<script>alert(1)</script> #panic() \" onload='x' & {{ 7 }} $x$"


class Attributes(HTMLParser):
    """The names of all attributes of a page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.update(name for name, _ in attrs)

    @classmethod
    def of(cls, page: str) -> set[str]:
        parser = cls()
        parser.names = set()
        parser.feed(page)
        return parser.names


@pytest.fixture(scope="module")
def edition():
    return read_edition(2023)


def test_a_page_a_pdf_and_a_ledger_for_each_language(edition, tmp_path):
    """The country's profile, the quickest; a region's sections are tried in notebooks/test_analysis_languages.py."""
    (tmp_path / "mine.txt").write_text("stays", encoding="utf-8")
    [made] = publish_profiles(edition, ["Kazakhstan"], tmp_path, languages=("kk", "en"), draws=100)
    assert [path.name for path in made] == [
        "KZ.en.html", "KZ.en.pdf", "KZ.kk.html", "KZ.kk.pdf", "ledger.KZ.en.csv", "ledger.KZ.kk.csv",
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == [*(path.name for path in made), "mine.txt"]
    html = (tmp_path / "KZ.en.html").read_text(encoding="utf-8")
    assert "Kazakhstan: profile of 2023" in html
    assert (
        '"region.2023.KZ.nodes.health_care.score"' in html.partition('<script type="application/json" id="numbers">')[2]
    )
    assert len(PdfReader(tmp_path / "KZ.kk.pdf").pages) == 2
    index = edition.scores.at("KZ", year=2023)
    ledger = (tmp_path / "ledger.KZ.en.csv").read_text(encoding="utf-8")
    assert f"score.2023.KZ.index,{index:.12g}" in ledger


def test_nothing_is_written_where_a_region_is_unknown(edition, tmp_path):
    with pytest.raises(DataError) as error:
        list(publish_profiles(edition, ["KZ-19", "Atlantis"], tmp_path / "new", languages=("en",)))
    assert str(error.value).startswith("the edition of 2023 has no region 'Atlantis'; there are KZ-10, KZ-11, ")
    with pytest.raises(ParameterError) as error:
        list(publish_profiles(edition, ["KZ-19"], tmp_path / "new", languages=("de",)))
    assert str(error.value) == "language is 'de'; there are kk, ru, en"
    assert not (tmp_path / "new").exists()


def test_hostile_names_come_out_harmless_on_page_paper_and_in_the_ledger(project, tmp_path_factory):
    """Markup, quotes, formulas, templates and Typst's own signs in the names of regions, parts and indicators."""
    quoted = HOSTILE.replace('"', '""')
    project.write("country.toml", 'languages = ["en"]\n')
    project.change("regions.csv", "Alpha,Альфа,Альфа", f'"{quoted[:58]}","{quoted[:58]}","{quoted[:58]}"')
    project.change("methodology/t1/indicators.csv", "Poverty,50", f'"{quoted}{"x" * 9_900}",50')
    folder = tmp_path_factory.mktemp("hostile")
    [made] = publish_profiles(read_edition(2022), ["A"], folder, languages=("en",), draws=100)
    html = (folder / "A.en.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert "onload" not in Attributes.of(html)
    assert "onload" in Attributes.of("<p onload='x'>")
    for picture in re.findall(r'src(?:set)?="data:image/svg\+xml;base64,([^"]*)"', html):
        assert b"<script" not in base64.b64decode(picture)
    text = "".join(page.extract_text() for page in PdfReader(folder / "A.en.pdf").pages)
    assert "<script>alert(1)" in text.replace("\n", "")
    assert "#panic" in text.replace("\n", "")
    assert [path.name for path in made] == ["A.en.html", "A.en.pdf", "ledger.A.en.csv"]
    ledger = (folder / "ledger.A.en.csv").read_text(encoding="utf-8")
    assert not re.search(r"(?m)(^|,)\"?[=@]", ledger)
