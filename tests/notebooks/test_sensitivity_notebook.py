"""The notebook of the sensitivity analysis: short cells without outputs or machinery, and what they show."""

import re
from pathlib import Path
from typing import Any

import pytest
from notebook_cells import code_cells, run

from cwi.report import blocks
from cwi.report.blocks import Figure
from cwi.report.parameters import checked, declared

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SOURCE = NOTEBOOKS / "sensitivity.ipynb"
FEW = {"draws": 100, "factors": "mean_of_components, weights", "seed": 3}


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(SOURCE)


def test_parameters_are_typed_and_start_like_the_official_report() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "project": str, "methodology": str, "factors": str, "language": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {})["seed"] == checked(NOTEBOOKS / "official_report.ipynb", {})["seed"]


@pytest.mark.slow
@pytest.mark.parametrize(("year", "language"), [(2019, "kk"), (2023, "en")])
def test_every_cell_shows_something(
    cells: list[Any], year: int, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    names, shown = run(cells, {"year": year, "language": language, **FEW})
    assert len(shown) == len(cells) - 2
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert [figure.name for figure in figures] == drawn
    assert drawn == ["rank-intervals", "who-is-above", "sensitivity-all", "sensitivity-exact"]
    numbers = shown[-1].blocks[0].plain()
    assert str(len(names["show"].ledger.frame())) in re.sub(r"[^0-9]", "", numbers)
    assert names["show"].ledger.edition == str(year)


@pytest.mark.slow
def test_a_factor_that_is_misspelt_stops_the_notebook(cells: list[Any]) -> None:
    with pytest.raises(Exception, match=r"no factor is called 'wieghts' \(did you mean 'weights'\?\)"):
        run(cells, FEW | {"factors": "wieghts"})


def test_the_official_report_has_the_section_between_the_ranking_and_the_dimensions() -> None:
    sources = [cell.source for cell in code_cells(NOTEBOOKS / "official_report.ipynb")]
    place = sources.index("report.robustness()")
    ranking = "ranked = scores.ranked(year)\nreport.ranking(ranked)"
    assert sources[place - 1 : place + 2] == [ranking, "report.robustness()", "report.dimensions()"]
