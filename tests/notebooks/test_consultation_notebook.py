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
        "year": int, "project": str, "methodology": str, "language": str, "folder": str, "lambdas": str,
        "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"year": 2019})["lambdas"] == "0, 0.5, 1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("year", "language", "mark"),
    [pytest.param(2019, "en", "SYNTHETIC", marks=pytest.mark.exhaustive), (2023, "kk", "СИНТЕТИКАЛЫҚ")],
)
def test_every_cell_shows_something_and_is_marked_as_synthetic(
    cells: list[Any], year: int, language: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(figure: Figure) -> str:
        figure.draw()
        assert figure.mark.startswith(mark)  # written across the picture
        drawn.append(figure.name)
        return figure.stem

    monkeypatch.setattr(blocks.Figure, "_source", draw)
    names, shown = run(cells, {"year": year, "language": language, "draws": 50})
    assert names["result"].synthetic
    assert len(shown) == len(cells) - 2
    for section in shown[:-1]:  # the last tells of the ledger
        warning = section.blocks[1]
        assert isinstance(warning, Paragraph)
        assert (warning.kind, warning.text[: len(mark)]) == ("warning", mark)
        assert mark in section._repr_mimebundle_()["text/html"]
    tables = [table for section in shown for table in section.tables()]
    assert len(tables) == 17
    assert all(table.caption.startswith(mark) for table in tables)
    assert all(table.data["mark"].str.startswith(mark).all() for table in tables)
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert len(drawn) == len(figures) == 10
    assert all(figure.caption.startswith(mark) and figure.alt.endswith(".") for figure in figures)
    assert all(isinstance(figure.table, Table) for figure in figures)
