"""Girls and boys, town and village as they are printed: every number has a name, the same in every language."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing

from cwi import Edition, read_edition
from cwi.analysis.equity import gaps
from cwi.errors import DataError
from cwi.report.blocks import Bullets, Figure, Folded, Paragraph, Section
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import Ledger, merge
from cwi.report.pictures.pairs import paired_panels
from cwi.report.printer import Printer
from cwi.report.sections.equity import equity

pytestmark = pytest.mark.slow


def printer(edition: Edition, code: str = "en") -> Printer:
    words = Language(code)
    return Printer(edition, words, Ledger(words, edition.label, "f", "d", 7), 100, np.random.default_rng(7))


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


def test_the_three_languages_print_the_same_numbers(edition: Edition) -> None:
    frames = []
    for code in LANGUAGES:
        p = printer(edition, code)
        equity(p)
        frames.append(p.ledger.frame())
    assert len(merge(frames)) > 500


def test_every_printed_cell_is_in_the_ledger(edition: Edition) -> None:
    p = printer(edition)
    tables = equity(p).tables()
    texts = {*p.ledger.frame()["text_en"], "–", "not estimable"}
    for table in tables:
        start = 2 if table.name in ("equity-sex", "equity-area") else 1
        assert {cell for row in table.rows for cell in row[start:]} <= texts, table.name


def test_each_indicator_with_regional_figures_has_its_table(edition: Edition) -> None:
    section = equity(printer(edition))
    names = {table.name for table in section.tables()}
    for by in ("sex", "area"):
        found = gaps(edition, by)
        for code in found.loc[found["region"] != "KZ", "indicator"].unique():
            assert f"equity-{by}-{code}" in names
    folded = [block for block in section.blocks if isinstance(block, Folded)]
    assert folded[0].html().startswith("<details><summary>Tables by sex and region, one for each indicator (4)")
    housing = next(table for table in section.tables() if table.name == "equity-area-housing_space")
    assert housing.data["year"].min() < 2018  # the file holds all years, print the one
    assert housing.rows[-1] == ["Kazakhstan", "26.4", "20.2", "+6.2", "not estimable"]


def test_the_sentences_count_regions(edition: Edition) -> None:
    section = equity(printer(edition))
    said = [item for block in section.blocks if isinstance(block, Bullets) for item in block.items]
    assert said[0] == (
        "Girls and women have the worse figure in most regions: Youth 15-24 not in work or education (NEET) "
        "(19 of 20 regions); Unemployment rate (16 of 20 regions)."
    )
    how = next(block for block in section.blocks if isinstance(block, Paragraph)).text
    assert "never scored" in how
    assert how.endswith("the publisher of these figures provides none, so small gaps should not be interpreted.")


def test_an_interval_is_printed_where_an_error_is_known(edition: Edition) -> None:
    table = edition.base.copy()
    here = (table["indicator"] == "housing_space") & (table["area"] != "") & (table["region"] == "KZ-35")
    table.loc[here, "se"] = 0.5
    known = Edition(edition.year, edition.methodology, edition.territory, table, edition.sources, edition.path)
    section = equity(printer(known))
    housing = next(table for table in section.tables() if table.name == "equity-area-housing_space")
    cells = {row[0]: row for row in housing.rows}
    gap = float(cells["Karaganda"][3].replace("\N{MINUS SIGN}", "-"))
    low, high = (float(text.replace("\N{MINUS SIGN}", "-")) for text in cells["Karaganda"][4].split(" to "))
    assert (low, high) == pytest.approx((gap - 1.386, gap + 1.386), abs=0.06)
    assert cells["Akmola"][4] == "not estimable"
    assert "elsewhere it is not estimable" in section._repr_mimebundle_()["text/plain"]


def test_without_figures_the_section_says_so(project: Any) -> None:
    said = [block.text for block in equity(printer(read_edition(2022))).blocks if isinstance(block, Paragraph)]
    assert said[1:] == [
        "No indicator has figures by sex that are of 2022 or at most 1 years older.",
        "No indicator has figures by urban and rural area that are of 2022 or at most 1 years older.",
    ]


def test_a_rehearsal_is_marked_in_every_table_and_picture(edition: Edition) -> None:
    marked = equity(printer(edition)).marked("REHEARSAL")
    assert all(table.caption.startswith("REHEARSAL. ") for table in marked.tables())
    assert all((table.data["mark"] == "REHEARSAL").all() for table in marked.tables())
    assert all(block.mark == "REHEARSAL" for block in marked.blocks if isinstance(block, Figure))
    assert "REHEARSAL. Tables by sex" in Section(marked.blocks)._repr_mimebundle_()["text/html"]


def test_the_picture_joins_the_groups_and_skips_what_is_missing() -> None:
    table = pd.DataFrame({"first": [1.0, 4.0, np.nan], "second": [2.0, 3.5, 7.0]})
    drawn = paired_panels(
        ["Abai", "Zhetisu", "Ulytau"], {"Share, %": table, "Rate": table}, first="Girls", second="Boys", number=str
    )
    assert isinstance(drawn, Drawing)
    panels = [axes for axes in drawn.axes if len(axes.collections) == 3]
    assert len(panels) == 2
    for axes in panels:
        lines, first, second = axes.collections
        assert np.isfinite(np.ma.filled(first.get_offsets().astype(float), np.nan)).all(axis=1).sum() == 2
        assert len(second.get_offsets()) == 3
        segments = [part for part in lines.get_segments() if len(part) and np.isfinite(part).all()]
        assert [sorted(part[:, 0]) for part in segments] == [[1.0, 2.0], [3.5, 4.0]]
    words = {text.get_text() for axes in drawn.axes for text in axes.texts}
    assert {"Abai", "Girls", "Boys", "Rate"} <= words


def test_a_picture_of_nothing_is_refused() -> None:
    table = pd.DataFrame({"first": [1.0], "second": [2.0]})
    with pytest.raises(DataError, match=r"^paired panels: there is nothing to draw$"):
        paired_panels([], {"a": table}, first="f", second="s", number=str)
    with pytest.raises(DataError, match=r"^paired panels: 'a' has 1 rows; there are 2 names$"):
        paired_panels(["x", "y"], {"a": table}, first="f", second="s", number=str)
