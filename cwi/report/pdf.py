"""An executed notebook as a tagged PDF: the Typst of its cells behind one template, the same bytes every time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from nbformat import NotebookNode

from cwi.report.blocks import TYPST, quoted
from cwi.report.column_widths import FONTS
from cwi.report.languages import Language

__all__ = ["pdf", "placed", "shown"]

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
PART = "#heading(level: 2,"
SUMMARY = "#in_columns("
FUNCTION = re.compile(r"^(data_table|picture)\(")


def pdf(
    notebook: NotebookNode, folder: Path, *, language: Language, title: str, author: str, mark: str = "", foot: str = ""
) -> bytes:
    """The report as a PDF/UA-1 document: tagged, with its language, a title and words for every picture.

    Parameters
    ----------
    notebook
        An executed notebook, every output of which has Typst.
    folder
        Where the notebook lies; its pictures are sought from here.
    mark
        Words that stand across every page.
    foot
        Words at the foot of every page.

    Raises
    ------
    RuntimeError
        If a cell ended with an error, or if Typst cannot set the report.
    ValueError
        If an output has nothing that could be printed.
    """
    source = _source(notebook, {"title": title, "author": author, "mark": mark, "foot": foot}, language)
    compiler = typst.Compiler(root=folder, font_paths=_fonts(), ignore_system_fonts=True)
    try:
        document = compiler.compile(source.encode(), format="pdf", pdf_standards=["ua-1"], timestamp=0)
    except typst.TypstError as problem:
        reasons = "; ".join([problem.message, *problem.hints])
        raise RuntimeError(f"the PDF of '{title}' ({language.code}) cannot be set: {reasons}") from problem
    if not isinstance(document, bytes):
        raise RuntimeError(f"the PDF of '{title}' ({language.code}) came out as {type(document).__name__}")
    return document


def placed(notebook: NotebookNode, folder: Path, *, language: Language) -> list[dict[str, Any]]:
    """Where every block of the PDF begins and ends: number, kind, side (begin, end, foot of a page), page, y in mm."""
    source = _source(notebook, dict.fromkeys(("title", "author", "mark", "foot"), ""), language)
    asked = {"places": "yes"}
    compiler = typst.Compiler(
        source.encode(), root=folder, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=asked
    )
    places: list[dict[str, Any]] = json.loads(compiler.query("<pages>", field="value"))[0]
    return places


def _source(notebook: NotebookNode, words: Mapping[str, str], language: Language) -> str:
    """The whole document in Typst."""
    parts = [_typst(number, data) for number, data in shown(notebook)]
    return f"{_preamble(language, words)}\n{_paginated(chr(10).join(parts))}\n"


def shown(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The number of the cell and the data of everything that the notebook shows, in order.

    What a cell writes to its streams is not shown. An output that only Jupyter could show is an error: no report
    leaves anything out silently.

    Raises
    ------
    RuntimeError
        If a cell ended with an error.
    ValueError
        If an output is neither HTML nor plain text, or if there is none at all.
    """
    empty = True
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                raise RuntimeError(f"cell {number} of the notebook ended with {output.ename}: {output.evalue}")
            if output.output_type == "stream":
                continue
            data = output.data
            if "text/html" not in data and set(data) != {"text/plain"}:
                kinds = ", ".join(sorted(data)) or "nothing"
                raise ValueError(f"cell {number} of the notebook shows {kinds}; a report can print text/html only")
            empty = False
            yield number, data
    if empty:
        raise ValueError("no cell of the notebook shows anything; has it been executed?")


def _typst(number: int, data: NotebookNode) -> str:
    """The Typst of one output, or its plain text where it is nothing else."""
    if TYPST in data:
        return str(data[TYPST])
    if "text/html" in data:
        raise ValueError(f"cell {number} of the notebook shows text/html without {TYPST}, so the PDF would lack it")
    return f"#raw(block: true, {quoted(data['text/plain'])})"


def _preamble(language: Language, words: Mapping[str, str]) -> str:
    words = {**words, "language": language.code, "contents": language.text("page.contents")}
    return f"#let report = ({', '.join(f'{k}: {quoted(v)}' for k, v in words.items())})\n{TEMPLATE.read_text('utf-8')}"


def _paginated(source: str) -> str:
    """The blocks, a line each, in one list that the template puts on pages, with the list of parts among them.

    That stands before the first part, or the first that follows columns, which fill pages of their own. Pictures and
    tables are handed over as functions, as their size is decided by the pages. No text can begin a line, blocks take
    care of that.
    """
    lines = source.split("\n")
    after = max((i + 1 for i, line in enumerate(lines) if line.startswith(SUMMARY)), default=0)  # they end their pages
    first = next((i for i, line in enumerate(lines) if i >= after and line.startswith(PART)), None)
    rest = lines[after:] if first is None else [*lines[after:first], "#contents", *lines[first:]]
    items = [FUNCTION.sub(r"\1.with(", line.removeprefix("#")) for line in rest if line]
    return "\n".join([*lines[:after], "#paginated((", *(f"{item}," for item in items), "))", "#all-placed"])


@lru_cache
def _fonts() -> typst.Fonts:
    """The fonts that come with matplotlib, and no others: they have every Kazakh letter."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
