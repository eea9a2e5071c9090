"""The notebook of the audit: short cells without outputs, and what they show."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cwi.report import blocks
from cwi.report.blocks import Figure, Section
from cwi.report.parameters import checked, declared

SOURCE = Path(__file__).parents[2] / "notebooks" / "statistical_audit.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return [cell for cell in nbformat.read(SOURCE, as_version=4).cells if cell.cell_type == "code"]


def test_the_source_holds_no_outputs_and_no_machinery(cells: list[Any]) -> None:
    for cell in cells:
        assert cell.outputs == []
        assert cell.execution_count is None
        tree = ast.parse(cell.source)
        forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try)
        assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)], cell.source
        assert not re.search(r"^\s*[!%]", cell.source, re.MULTILINE)
    assert max(len(cell.source.splitlines()) for cell in cells[2:]) == 1


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "methodology": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"year": 2019})["seed"] == 20241122


@pytest.mark.slow
@pytest.mark.parametrize("year", [2019, 2023])
def test_every_cell_shows_something(
    cells: list[Any], year: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    names: dict[str, Any] = {}
    shown: list[Section] = []
    for number, cell in enumerate(cells):
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if number == 0:
            names |= {"year": year, "draws": 50}
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            shown += [value] if isinstance(value, Section) else []
    assert f"{names['result'].regions} regions" in capsys.readouterr().out
    assert len(shown) == len(cells) - 3
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    figures = [block for section in shown for block in section.blocks if isinstance(block, Figure)]
    assert len(drawn) == len(figures) == 6
    assert all(figure.alt.endswith(".") and figure.table is not None for figure in figures)
