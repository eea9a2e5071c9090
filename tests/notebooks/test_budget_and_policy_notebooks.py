"""The notebooks of the children's budget and of the policy tracker: parameters, and what their cells show."""

from pathlib import Path

import pytest
from notebook_cells import code_cells, run

from cwi.report import blocks
from cwi.report.blocks import Figure
from cwi.report.parameters import declared

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BUDGET, POLICY = NOTEBOOKS / "children_budget.ipynb", NOTEBOOKS / "policy_tracking.ipynb"


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(BUDGET).items()} == {
        "year": int, "region": str, "form": str, "coefficients": str, "language": str,
    }  # fmt: skip
    assert {name: kind for name, (kind, _) in declared(POLICY).items()} == {
        "year": int, "methodology": str, "region": str, "day": str, "panel": str, "language": str, "seed": int,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "pictures"),
    [
        ({"language": "kk"}, ["hundred", "purposes", "regions"]),
        pytest.param(
            {"region": "KZ", "year": 2024, "form": "compare", "language": "ru"},
            ["hundred"],
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_every_cell_of_the_budget_shows_something(
    given: dict[str, object], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    cells = code_cells(BUDGET)
    _, shown = run(cells, given)
    assert len(shown) == len(cells) - 2
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    assert drawn == pictures


@pytest.mark.slow
def test_every_cell_of_the_tracker_shows_something(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    rows = [
        f"R{i:02d},{year},{year + 3 * (i == 0 and year > 2020)},{2021 if i == 0 else ''}"
        for i in range(20)
        for year in range(2017, 2023)
    ]
    panel = tmp_path / "panel.csv"
    panel.write_text("region,year,value,first_year\n" + "\n".join(rows) + "\n", encoding="utf-8")
    cells = code_cells(POLICY)
    names, shown = run(cells, {"panel": str(panel), "language": "ru", "region": "KZ-62"})
    assert len(shown) == len(cells) - 2
    assert "из 28\N{NO-BREAK SPACE}целей" in " ".join(block.plain() for block in shown[1].blocks)
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    assert [block.name for section in shown for block in section.blocks if isinstance(block, Figure)] == drawn
    assert names["effect"].floor == pytest.approx(1 / 20)
    assert "0,050" in " ".join(block.plain() for block in shown[7].blocks)
