"""The first notebook: load, score, explain, replace, how robust, draw, in a quarter of an hour."""

from pathlib import Path

import pytest
from notebook_cells import code_cells, run

from cwi.report import blocks
from cwi.report.blocks import Figure, Table
from cwi.report.parameters import declared

SOURCE = Path(__file__).parents[2] / "notebooks" / "start_here.ipynb"


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "project": str, "methodology": str, "language": str, "draws": int, "seed": int,
    }  # fmt: skip


@pytest.mark.slow
def test_every_cell_shows_something(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or self.stem)
    cells = code_cells(SOURCE)
    names, shown = run(cells, {"language": "kk", "draws": 100})
    assert len(shown) == len(cells) - 2
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    assert drawn == ["dots", "rank-intervals", "map"]
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert [figure.name for figure in figures] == drawn
    changed, doubled = (shown[at].tables()[0] for at in (3, 6))
    assert isinstance(changed, Table)
    assert len(changed.rows) == 10
    assert len(doubled.data) == len(changed.data) == len(names["edition"].regions) + 1
    # by hand: the geometric mean of a region is at most the arithmetic, and so is every change
    assert (changed.data["change"].dropna() <= 0).all()
    assert (doubled.data["change"].dropna() != 0).any()
