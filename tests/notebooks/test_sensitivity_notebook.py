"""The notebook of the sensitivity analysis: short cells without outputs or machinery, and what they show."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cwi.report import blocks
from cwi.report.blocks import Figure, Section
from cwi.report.parameters import checked, declared

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SOURCE = NOTEBOOKS / "sensitivity.ipynb"
FEW = {"draws": 100, "factors": "mean_of_components, weights", "seed": 3}


def code_cells(source: Path) -> list[Any]:
    return [cell for cell in nbformat.read(source, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(SOURCE)


def run(cells: list[Any], **parameters: Any) -> tuple[dict[str, Any], dict[str, Section]]:
    """What the cells leave behind, and the section that each shows, by its source."""
    names: dict[str, Any] = {}
    shown: dict[str, Section] = {}
    for number, cell in enumerate(cells):
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if number == 0:
            names |= parameters
        if last is not None:
            shown[cell.source] = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return names, shown


def test_the_source_holds_no_outputs_and_no_machinery(cells: list[Any]) -> None:
    for cell in cells:
        assert cell.outputs == []
        assert cell.execution_count is None
        tree = ast.parse(cell.source)
        forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try)
        assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)], cell.source
        assert not re.search(r"^\s*[!%]", cell.source, re.MULTILINE)
    assert max(len(cell.source.splitlines()) for cell in cells[2:]) == 1


def test_parameters_are_typed_and_start_like_the_official_report() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "methodology": str, "factors": str, "language": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {})["seed"] == checked(NOTEBOOKS / "official_report.ipynb", {})["seed"]


@pytest.mark.parametrize(("year", "language"), [(2019, "kk"), (2023, "en")])
def test_every_cell_shows_something(
    cells: list[Any], year: int, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: drawn.append(self.name) or (self.draw() and self.stem))
    names, shown = run(cells, year=year, language=language, **FEW)
    assert len(shown) == len(cells) - 2
    assert all(section._repr_mimebundle_()["text/html"] for section in shown.values())
    figures = [block for section in shown.values() for block in section.blocks if isinstance(block, Figure)]
    assert [figure.name for figure in figures] == drawn
    assert drawn == ["rank-intervals", "who-is-above", "what-matters-all", "what-matters-exact"]
    numbers = shown["report.close()"].blocks[0].plain()
    assert str(len(names["report"].ledger.frame())) in re.sub(r"[^0-9]", "", numbers)
    assert names["report"].ledger.edition == str(year)


def test_a_factor_that_is_misspelt_stops_the_notebook(cells: list[Any]) -> None:
    with pytest.raises(Exception, match=r"no factor is called 'wieghts' \(did you mean 'weights'\?\)"):
        run(cells, **FEW | {"factors": "wieghts"})


def test_the_official_report_has_the_section_between_the_ranking_and_the_dimensions() -> None:
    sources = [cell.source for cell in code_cells(NOTEBOOKS / "official_report.ipynb")]
    place = sources.index("report.certainty()")
    assert sources[place - 1 : place + 2] == ["report.ranking()", "report.certainty()", "report.dimensions()"]
