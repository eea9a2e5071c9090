"""The notebook of the audit: short cells without outputs, and what they show."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from notebook_cells import code_cells, run

from cwi.report import blocks
from cwi.report.blocks import Figure
from cwi.report.parameters import checked, declared

SOURCE = Path(__file__).parents[2] / "notebooks" / "statistical_audit.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(SOURCE)


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "project": str, "methodology": str, "language": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"year": 2019})["seed"] == 20241122


@pytest.mark.slow
@pytest.mark.parametrize(("year", "language"), [pytest.param(2019, "en", marks=pytest.mark.exhaustive), (2023, "kk")])
def test_every_cell_shows_something(
    cells: list[Any], year: int, language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CWI_LEDGER", str(tmp_path))
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    names, shown = run(cells, {"year": year, "language": language, "draws": 50})
    assert len(shown) == len(cells) - 2
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert len(drawn) == len(figures) == 6
    assert all(figure.alt.endswith(".") and figure.table is not None for figure in figures)
    ledger = pd.read_csv(tmp_path / f"ledger.audit.{language}.csv", dtype=str, keep_default_na=False)
    assert len(ledger) == len(names["show"].ledger.frame()) > 1000
    assert ledger.set_index("name").at[f"audit.{year}.regions", "value"] == str(names["result"].regions)
