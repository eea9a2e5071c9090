"""The notebook of the consultation: short cells without outputs, what they show, and that it says it is synthetic."""

from pathlib import Path
from typing import Any

import pytest
from notebook_cells import code_cells, run

from cwi.report import blocks
from cwi.report.blocks import Figure, Paragraph, Table
from cwi.report.parameters import checked, declared

SOURCE = Path(__file__).parents[2] / "notebooks" / "consultation.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(SOURCE)


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "methodology": str, "folder": str, "lambdas": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"year": 2019})["lambdas"] == "0, 0.5, 1"


@pytest.mark.slow
@pytest.mark.parametrize("year", [2019, 2023])
def test_every_cell_shows_something_and_says_that_it_is_synthetic(
    cells: list[Any], year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    texts: list[list[str]] = []

    def draw(figure: Figure) -> str:
        page = figure.draw()
        texts.append([text.get_text() for axes in page.axes for text in axes.texts])
        drawn.append(figure.name)
        return figure.stem

    monkeypatch.setattr(blocks.Figure, "_source", draw)
    names, shown = run(cells, {"year": year, "draws": 50})
    assert names["result"].synthetic
    assert len(shown) == len(cells) - 3
    for section in shown:
        first = section.blocks[0]
        assert isinstance(first, Paragraph)
        assert (first.kind, first.text[:9]) == ("warning", "SYNTHETIC")
        assert "SYNTHETIC" in section._repr_mimebundle_()["text/html"]
    tables = [table for section in shown for table in section.tables()]
    assert len(tables) == 17
    assert all(table.caption.startswith("Synthetic: ") for table in tables)
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert len(drawn) == len(figures) == 10
    assert all("SYNTHETIC" in said for said in texts)
    assert all(figure.alt.startswith("Synthetic. ") and figure.alt.endswith(".") for figure in figures)
    assert all(isinstance(figure.table, Table) for figure in figures)
