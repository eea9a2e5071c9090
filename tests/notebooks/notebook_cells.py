"""The code cells of a source notebook: that they hold no machinery, and what they show when they are run here."""

import ast
import linecache
import re
from pathlib import Path
from typing import Any

import nbformat

from cwi.report.blocks import Section

MACHINERY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try)


def code_cells(source: Path) -> list[Any]:
    return [cell for cell in nbformat.read(source, as_version=4).cells if cell.cell_type == "code"]


def run(cells: list[Any], given: dict[str, Any]) -> tuple[dict[str, Any], list[Section]]:
    """The cells as a kernel runs them, with parameters; what the names hold, and the sections that were shown."""
    names: dict[str, Any] = {}
    shown: list[Section] = []
    for number, cell in enumerate(cells):
        name = f"<cell {number}>"
        linecache.cache[name] = (len(cell.source), None, cell.source.splitlines(keepends=True), name)
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if number == 0:
            names |= given
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), names)
            shown += [value] if isinstance(value, Section) else []
    return names, shown


def holds_no_outputs_and_no_machinery(cells: list[Any]) -> None:
    for cell in cells:
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, MACHINERY)], cell.source
        assert not re.search(r"^\s*[!%]", cell.source, re.MULTILINE)
    assert max(len(cell.source.splitlines()) for cell in cells[2:]) == 1
