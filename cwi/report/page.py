"""An executed notebook as one HTML page that needs nothing else: no script, font or picture from elsewhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode

from cwi.report.languages import Language
from cwi.report.numbers import with_numbers, without_names
from cwi.report.pdf import shown

__all__ = ["page"]

TEMPLATES = Path(__file__).parent / "templates"
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
IMAGE = re.compile(r"<(?:img|source)\b[^>]*>")
SOURCE = re.compile(r'(?:(?<=\ssrc=")|(?<=\ssrcset="))[^"]*(?=")')


def page(
    notebook: NotebookNode, folder: Path, *, language: Language, title: str, code: bool, mark: str = "",
    numbers: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """The report as one HTML page.

    Parameters
    ----------
    notebook
        An executed notebook.
    folder
        Where the notebook lies; its pictures are sought from here and set into the page.
    code
        Whether reviewers see text and code of the notebook too; readers see what its cells show.
    mark
        Words that stand across the whole page.
    numbers
        What is known of the printed numbers, of :func:`~cwi.report.numbers.known_numbers`; plain numbers without.

    Raises
    ------
    RuntimeError
        If a cell ended with an error.
    ValueError
        If an output is no HTML, or a picture is missing, comes from elsewhere or has no words for who cannot see it.
    """
    for _ in shown(notebook):  # errors and what cannot be printed
        pass
    exporter: Any = _EXPORTER(
        template_name="page",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        filters={"parts": _parts, "embedded": lambda html: _embedded(html, folder, phone=not code)},
    )
    words = {"skip": language.text("page.skip"), "contents": language.text("page.contents")}
    report = {"language": language.code, "title": title, "code": code, "mark": mark, **words}
    html, _resources = exporter.from_notebook_node(notebook, resources={"report": report})
    html = html.rstrip() + "\n"
    return without_names(html) if numbers is None else with_numbers(html, numbers, language)


class _Exporter(HTMLExporter):
    """nbconvert's own but for its last step: to parse the whole page again, for words that our pictures have."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **given: Any) -> Any:
        prepared: Any = self
        prepared.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python", parent=self))
        return TemplateExporter.from_notebook_node(self, nb, prepared._init_resources(resources), **given)


_EXPORTER: Any = _Exporter


def _embedded(html: str, folder: Path, *, phone: bool) -> str:
    """The same with every picture set in as data; those for a phone are left out of what is read on a desk."""

    def picture(tag: re.Match[str]) -> str:
        if not phone and tag[0].startswith("<source"):
            return ""
        source = SOURCE.search(tag[0])
        if source is None or not (tag[0].startswith("<source") or ' alt="' in tag[0]):
            raise ValueError(f"a picture needs a source and an alt text: {tag[0][:200]}")
        return SOURCE.sub(_data(source[0], folder).replace("\\", r"\\"), tag[0], count=1)

    return IMAGE.sub(picture, html)


def _data(source: str, folder: Path) -> str:
    if source.startswith("data:"):
        return source
    path = folder / source
    if path.suffix not in KINDS or not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise ValueError(f"the picture '{source}' is not among the files of the report")
    return f"data:{KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _parts(html: str) -> list[tuple[str, str]]:
    """The names and texts of the headings of level 2."""
    reader = _Parts()
    reader.feed(html)
    reader.close()
    return [(name, " ".join(text.split())) for name, text in reader.parts]


class _Parts(HTMLParser):
    """Collects the headings of level 2 that have a name."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("id")
        if tag == "h2" and name:
            self.parts.append((name, ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            name, text = self.parts[-1]
            self.parts[-1] = (name, text + data)
