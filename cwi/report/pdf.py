"""An executed notebook as a tagged PDF: the Typst of its cells behind one template, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import matplotlib
import typst
from nbformat import NotebookNode

from cwi.report.blocks import TYPST, quoted
from cwi.report.languages import Language

__all__ = ["pdf", "shown"]

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
PART = "#heading(level: 2,"
SUMMARY = "#in_columns("


def pdf(notebook: NotebookNode, folder: Path, *, language: Language, title: str, author: str, mark: str = "") -> bytes:
    """The report as a PDF/UA-1 document: tagged, with its language, a title and words for every picture.

    Parameters
    ----------
    notebook
        An executed notebook, every output of which has Typst.
    folder
        Where the notebook lies; its pictures are sought from here.
    mark
        Words that stand across every page.

    Raises
    ------
    RuntimeError
        If a cell ended with an error, or if Typst cannot set the report.
    ValueError
        If an output has nothing that could be printed.
    """
    parts = [_typst(number, data) for number, data in shown(notebook)]
    source = f"{_preamble(language, title, author, mark)}\n{_with_contents(chr(10).join(parts))}\n"
    compiler = typst.Compiler(root=folder, font_paths=_fonts(), ignore_system_fonts=True)
    try:
        document = compiler.compile(source.encode(), format="pdf", pdf_standards=["ua-1"], timestamp=0)
    except typst.TypstError as problem:
        reasons = "; ".join([problem.message, *problem.hints])
        raise RuntimeError(f"the PDF of '{title}' ({language.code}) cannot be set: {reasons}") from problem
    if not isinstance(document, bytes):
        raise RuntimeError(f"the PDF of '{title}' ({language.code}) came out as {type(document).__name__}")
    return document


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


def _preamble(language: Language, title: str, author: str, mark: str) -> str:
    words = {"title": title, "author": author, "mark": mark}
    words |= {"language": language.code, "contents": language.text("page.contents")}
    return f"#let report = ({', '.join(f'{k}: {quoted(v)}' for k, v in words.items())})\n{TEMPLATE.read_text('utf-8')}"


def _with_contents(source: str) -> str:
    """The list of parts set before the first of them that follows the summary, if there is one.

    No text can begin a line, blocks take care of that.
    """
    lines = source.split("\n")
    after = next((i for i, line in enumerate(lines) if line.startswith(SUMMARY)), 0)
    first = next((i for i, line in enumerate(lines) if i >= after and line.startswith(PART)), None)
    return source if first is None else "\n".join([*lines[:first], "#contents()", *lines[first:]])


@lru_cache
def _fonts() -> typst.Fonts:
    """The fonts that come with matplotlib, and no others: they have every Kazakh letter."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
