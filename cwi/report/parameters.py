"""The parameters of a notebook, read from its tagged cell and checked before a kernel starts."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cwi.errors import ParameterError, near
from cwi.folders import relative
from cwi.textfiles import read_text

__all__ = ["checked", "declared"]

TYPES: dict[str, type] = {"int": int, "str": str, "float": float, "bool": bool}
NAMES = {int: "a whole number", str: "a text", float: "a number", bool: "true or false"}


def declared(notebook: Path) -> dict[str, tuple[type, Any]]:
    """What the cell tagged 'parameters' declares: name, type and default of each.

    Raises
    ------
    ParameterError
        If there is no such cell, or it holds anything but lines like ``year: int = 2023``.
    """
    cells = _tagged(notebook)
    if len(cells) != 1:
        raise ParameterError(f"{relative(notebook)}: {len(cells)} cells are tagged 'parameters'; there must be one")
    parameters: dict[str, tuple[type, Any]] = {}
    try:
        statements = ast.parse(cells[0]).body
    except SyntaxError as problem:
        raise ParameterError(f"{relative(notebook)}: the parameters are not Python: {problem.msg}") from None
    for statement in statements:
        if (
            not isinstance(statement, ast.AnnAssign)
            or not isinstance(statement.target, ast.Name)
            or not isinstance(statement.annotation, ast.Name)
            or statement.annotation.id not in TYPES
            or statement.value is None
        ):
            raise ParameterError(
                f"{relative(notebook)}: '{ast.unparse(statement)}' is no parameter; write name: type = default, "
                f"the type one of {', '.join(TYPES)}"
            )
        name, kind = statement.target.id, TYPES[statement.annotation.id]
        try:
            default = ast.literal_eval(statement.value)
        except (ValueError, TypeError):
            default = None
        if type(default) is not kind:
            raise ParameterError(
                f"{relative(notebook)}: the default of {name} is '{ast.unparse(statement.value)}'; "
                f"it must be {NAMES[kind]}"
            )
        parameters[name] = (kind, default)
    return parameters


def _tagged(notebook: Path) -> list[str]:
    """The sources of the cells that are tagged 'parameters'.

    A notebook of format 4 is JSON with cells; what is anything else is left to nbformat, whose import takes long.
    """
    text = read_text(notebook, ParameterError)
    try:
        document = json.loads(text)
        if document["nbformat"] == 4:
            tagged = [cell for cell in document["cells"] if "parameters" in cell["metadata"].get("tags", [])]
            sources = [cell["source"] for cell in tagged]
            return [source if isinstance(source, str) else "".join(source) for source in sources]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        pass
    import nbformat
    from nbformat.reader import NotJSONError

    try:
        document = nbformat.reads(text, as_version=4)
    except (NotJSONError, nbformat.ValidationError, AttributeError, KeyError, TypeError):
        raise ParameterError(f"{relative(notebook)}: this is not a notebook") from None
    return [cell.source for cell in document.cells if "parameters" in cell.metadata.get("tags", [])]


def checked(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a run: the given ones, of the right type, and the defaults of the others.

    Raises
    ------
    ParameterError
        If a name is not declared by the notebook, or a value is not of the declared type.

    Examples
    --------
    >>> from cwi import folders
    >>> checked(folders.notebooks() / "official_report.ipynb", {"year": 2019})["year"]
    2019
    """
    known = declared(notebook)
    for name in given:
        if name not in known:
            raise ParameterError(f"{relative(notebook)}: there is no parameter '{name}'{near(name, known)}")
    if not given:
        return {name: default for name, (_, default) in known.items()}
    from pydantic import ConfigDict, ValidationError, create_model  # it takes long, and most runs give nothing

    fields: dict[str, Any] = {name: (kind, default) for name, (kind, default) in known.items()}
    model = create_model("Parameters", __config__=ConfigDict(strict=True, extra="forbid"), **fields)
    try:
        return model(**given).model_dump()
    except ValidationError as problem:
        first = problem.errors()[0]
        name = str(first["loc"][0])
        kind, default = known[name]
        example = "" if default == "" else f", such as {default!r}"
        raise ParameterError(
            f"{relative(notebook)}: {name} is {first['input']!r}; it must be {NAMES[kind]}{example}"
        ) from None
