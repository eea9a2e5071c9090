"""The code cells of a source notebook: that they hold no machinery, and what they show when they are run here."""

import ast
import linecache
import re
from pathlib import Path
from typing import Any

import nbformat

from cwi.report.blocks import Section

LINES = 5  # of a cell, but for parameters and imports
METHODS = ("score", "replace", "under")  # calls of the library that need no import of their own
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


def problems(notebook: Any, *, taught: int = 0) -> list[str]:
    """What an analysis notebook does that it must not; ``taught`` functions may be defined, where it teaches that."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    trees = [ast.parse(cell.source) for cell in cells]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    broken = [f"cell {i} holds outputs" for i, cell in enumerate(cells) if cell.outputs or cell.execution_count]
    broken += [
        f"cell {i} holds a command" for i, c in enumerate(cells) if re.search(r"^\s*[!%]", c.source, re.MULTILINE)
    ]
    for i, (cell, tree) in enumerate(zip(cells[1:], trees[1:], strict=True), start=1):
        imports = all(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)
        if not imports and len(cell.source.splitlines()) > LINES:
            broken.append(f"cell {i} has more than {LINES} lines")
    machinery = [type(node) for node in nodes if isinstance(node, MACHINERY)]
    if machinery != [ast.FunctionDef] * taught:
        broken.append(f"{len(machinery)} definitions or loops, not {taught}")
    library = _library(nodes)
    if not any(_calls(tree, library) for tree in trees[:-1]):
        broken.append("no call of the library before the last section")
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {name.asname or name.name for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}
    broken += [f"nothing is called {name}" for name in ("edition", "result", "show") if name not in bound]
    left = [cell for cell in notebook.cells if cell.source != "show.close()"]
    before, last = left[-2:]
    if not (before.cell_type == "markdown" and before.source.split("\n")[0].endswith("Change something")):
        broken.append("the last section is not 'Change something'")
    elif not (last.cell_type == "code" and _calls(ast.parse(last.source), library)):
        broken.append("'Change something' calls nothing of the library")
    return broken


def untranslated(notebook: Any) -> list[str]:
    """The cells of text that are not in all three languages: a heading of three parts, and a line for each language."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    wanted = re.compile(
        r"#+ [^\n]+ · [^\n]+ · [^\n]+(\n\n- \*\*kk\*\* [^\n]+\n- \*\*ru\*\* [^\n]+\n- \*\*en\*\* [^\n]+)?"
    )
    return [text.split("\n")[0] for text in texts if not wanted.fullmatch(text)]


def _library(nodes: list[ast.AST]) -> set[str]:
    """Names that come from cwi and are not of cwi.report: what computes, not what prints."""
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and str(node.module).startswith("cwi.")]
    return {n.asname or n.name for i in imports if not str(i.module).startswith("cwi.report") for n in i.names}


def _calls(tree: ast.AST, library: set[str]) -> bool:
    return any(
        (isinstance(call, ast.Name) and call.id in library)
        or (isinstance(call, ast.Attribute) and call.attr in METHODS)
        for call in (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    )
