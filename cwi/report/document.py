"""Sections as a page and a PDF of their own, without a notebook that was executed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from cwi.report.blocks import OUTPUT, TYPST, Section
from cwi.report.languages import Language
from cwi.report.page import page
from cwi.report.pdf import pdf

__all__ = ["write_html", "write_pdf"]

AUTHOR = "cwi"


def write_html(
    path: Path, sections: Sequence[Section], *, language: Language, title: str, mark: str = "",
    numbers: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write sections as one HTML page that needs nothing else; pictures are drawn beside it meanwhile.

    ``mark``: words across the whole page, such as those of a rehearsal. ``numbers``: what is known of the printed
    numbers (:func:`~cwi.report.numbers.known_numbers`); plain ones without.
    """
    notebook = _shown(sections, path.parent)
    text = page(notebook, path.parent, language=language, title=title, code=False, mark=mark, numbers=numbers)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_pdf(
    path: Path, sections: Sequence[Section], *, language: Language, title: str, mark: str = "", foot: str = "",
    drawn: Sequence[Section] = (),
) -> None:  # fmt: skip
    """Write sections as a tagged PDF.

    Parameters
    ----------
    mark, foot
        Printed across every page, and at its foot.
    drawn
        Sections that :func:`write_html` wrote beside it just before: pictures that are the same are not drawn again.
    """
    notebook = _shown(sections, path.parent, drawn)
    path.write_bytes(pdf(notebook, path.parent, language=language, title=title, author=AUTHOR, mark=mark, foot=foot))


def _shown(sections: Sequence[Section], folder: Path, drawn: Sequence[Section] | None = None) -> NotebookNode:
    """A notebook whose cells show the sections, or print them alone; their pictures lie in the folder."""
    there = {figure.stem: figure.what for section in drawn or () for figure in section.figures()}
    with _output(folder):
        cells = []
        for number, section in enumerate(sections, start=1):
            if drawn is None:
                data = section._repr_mimebundle_()
            else:
                for figure in section.figures():
                    if there.get(figure.stem) != figure.what:
                        figure.save(folder)
                data = {TYPST: section.typst(), "text/html": ""}
            about = {"execution_count": number, "metadata": {}}
            output = {"output_type": "execute_result", "data": data, **about}
            code = {"cell_type": "code", "source": "", "outputs": [output], **about}
            cells.append({"id": f"cell-{number:02d}", **code})
    notebook: NotebookNode = from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return notebook


@contextmanager
def _output(folder: Path) -> Iterator[None]:
    before = os.environ.get(OUTPUT)
    os.environ[OUTPUT] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(OUTPUT, None) if before is None else os.environ.update({OUTPUT: before})
