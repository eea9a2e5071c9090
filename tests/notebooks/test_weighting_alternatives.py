"""The notebook of weighting alternatives: short cells without outputs, one scheme of one's own, and what they show."""

from pathlib import Path
from typing import Any

import pytest
from notebook_cells import code_cells, run

from cwi.report import blocks
from cwi.report.blocks import Figure
from cwi.report.parameters import checked, declared

SOURCE = Path(__file__).parents[2] / "notebooks" / "weighting_alternatives.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(SOURCE)


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "project": str, "methodology": str, "language": str, "schemes": str, "level": str,
        "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"year": 2019, "level": "all"})["seed"] == 20241122


@pytest.mark.slow
@pytest.mark.parametrize(("year", "level"), [(2019, "all"), pytest.param(2023, "index", marks=pytest.mark.exhaustive)])
def test_every_cell_shows_something(cells: list[Any], year: int, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    names, shown = run(cells, {"year": year, "level": level, "draws": 50})
    assert len(shown) == len(cells) - 3
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert sorted(drawn) == sorted({figure.name for figure in figures})
    assert len(figures) >= 10
    assert all(figure.alt.endswith(".") and figure.table is not None for figure in figures)
    titles = [table.name for section in shown for table in section.tables()]
    assert len(titles) == len(set(titles))

    asked = {word.strip() for word in names["schemes"].split(",")}
    run_or_refused = [*names["result"].runs, *names["result"].refused["scheme"]]
    assert sorted(run_or_refused) == sorted(["working", *asked])
    assert {"ahp", "budget_allocation"} <= set(names["result"].refused["scheme"])
    assert {"report_card", "kids_count", "hdi", "ampi", "sdg_index"} <= set(names["theirs"].runs)
    assert {"ihdi", "mpi", "land_cwi"} <= set(names["theirs"].refused["scheme"])

    own = next(table for section in shown for table in section.tables() if table.name == "comparison-run-own")
    before, after = (row[1] for row in own.rows)
    assert (before, after) == (names["edition"].methodology.fingerprint, names["mine"].fingerprint)
    assert before != after
    weights = names["tried"].runs["equal_spread"].weights[-1]
    assert weights.sum() == pytest.approx(1)
    assert weights.tolist() != pytest.approx([0.25] * 4)
