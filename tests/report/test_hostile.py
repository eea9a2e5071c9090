"""Hostile words of sources, units, indicators and regions come out as words: in SVG, in the PDF and on the page.

Characters that are not seen or turn text round are refused as a file is read (tests/test_textfiles.py).
"""

import io
import re
from collections.abc import Callable
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pypdf import PdfReader

from cwi.inputs.boundaries import boundaries_of
from cwi.report.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.explorer import drawing, stamped
from cwi.report.languages import Language
from cwi.report.pdf import pdf
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.maps import choropleth, codes_of
from cwi.report.pictures.marks import footnote, status
from cwi.report.pictures.panels import interval_panels
from cwi.report.pictures.ranking import dot_plot
from cwi.report.pictures.style import narrow, page, saved
from cwi.report.site.drawings import lines, strip

MARKUP = "</text></svg><script>alert(1)</script><a href='javascript:x' onload=\"y\">--> ]]> &#0; &amp;"
TYPST = '") #panic() #import "@preview/x:1" $x$ \\" #link("javascript:x") `raw` = /* // {{ 7 }}'
TURNED = "=1+1\u202eабв\u2066\u200f"
LONG = "ш" * 10_000
FEW = 300  # letters of a word in a picture
WORDS = {"markup": MARKUP, "typst": TYPST, "turned": TURNED}
DRAWN = {"svg", "g", "path", "defs", "use", "style", "clipPath", "rect", "pattern", "metadata", "text", "tspan",
         "title", "image", "circle", "line", "polyline", "polygon", "RDF", "Work", "type", "format",
         "creator", "Agent"}  # fmt: skip


def problems(svg: bytes) -> list[str]:
    """What is in a picture that no picture of ours needs: elements, handlers and links to elsewhere."""
    result = []
    for element in ElementTree.fromstring(svg).iter():
        name = str(element.tag).rpartition("}")[2]
        result += [name] if name not in DRAWN else []
        for key, value in element.attrib.items():
            link = key.endswith("href") and not value.startswith(("#", "data:image/png;base64,"))  # a bar of colours
            result += [f"{name} {key}"] if key.lower().startswith("on") or link else []
    return result


def number(value: float) -> str:
    return f"{value:.1f}"


def dots(word: str) -> Drawing:
    scores = pd.DataFrame({"index": [9.0, 1.0], "home": [2.0, 3.0]}, index=[word, "B"])
    labels = {"index": word, "home": word, "nation": word, "interval": word}
    return dot_plot(
        scores, index="index", parts=["home"], nation=None, intervals=None, labels=labels, axis_label=word,
        number=number,
    )  # fmt: skip


def cells(word: str) -> Drawing:
    values = pd.DataFrame([[1.0, np.nan]], [word], [word, "B"])
    return heat_map(values, number=number, axis_label=word, missing_label=word)


def regions(word: str) -> Drawing:
    codes = codes_of(boundaries_of(2023))
    return choropleth(
        pd.Series([1.0], [codes[0]]), boundaries_of(2023), names=dict.fromkeys(codes, word), number=number,
        axis_label=word, missing_label=word,
    )  # fmt: skip


def panels(word: str) -> Drawing:
    table = pd.DataFrame({"value": [1.0], "low": [0.5], "high": [4.0]})
    return interval_panels([word], {word: table}, axis_label=word, point=word, interval=word)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*WORDS, "long"])
@pytest.mark.parametrize("draw", [dots, cells, panels, regions])
def test_pictures_have_nothing_but_shapes(draw: Callable[[str], Drawing], kind: str) -> None:
    word = LONG[:FEW] if kind == "long" else WORDS[kind]
    with narrow() if kind in ("markup", "long") else nullcontext():
        figure = draw(word)
        footnote(figure, word)
    status(figure, word[:40])
    assert problems(saved(figure, "svg")) == []


def test_control_foreign_elements_are_noticed() -> None:
    assert problems(b"<svg><script/><a href='x'/><path onload='x'/></svg>") == ["script", "a", "a href", "path onload"]


@pytest.mark.parametrize("kind", WORDS)
def test_pictures_of_the_site_are_xml_without_foreign_elements(kind: str) -> None:
    word = WORDS[kind]
    codes = codes_of(boundaries_of(2023))
    texts = dict.fromkeys(codes, word)
    for picture in (
        stamped(drawing(boundaries_of(2023), dict.fromkeys(codes, 0.5), texts, texts, word), word),
        lines({word: {2022: 1.0, 2023: 2.0}}, word),
        strip([(word, 1.0, word), ("B", 2.0, "2")], word, reference=1.5, name=word),
    ):
        for each in str(picture).replace("</svg><svg", "</svg>\n<svg").split("\n"):
            assert problems(each.encode()) == []


def sections(word: str) -> Section:
    data = pd.DataFrame({"source": [word], "unit": [word]})
    table = Table("t", word, ["Источник", word], [[word, word]], data, note=word)

    def draw() -> Drawing:
        return page(1)

    return Section(
        [
            Heading(word, 1, anchor="top"), Heading(word), Paragraph(word), Paragraph(word, "warning"),
            Bullets([word, word]), table, Figure("f", word, word, draw, "ru", table, word),
        ]
    )  # fmt: skip


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bytes]:
    monkeypatch.setenv("CWI_OUTPUT", str(tmp_path))

    def made(word: str) -> bytes:
        output = new_output("display_data", sections(word)._repr_mimebundle_())
        notebook = new_notebook(cells=[new_code_cell("x", outputs=[output])])
        return pdf(notebook, tmp_path, language=Language("ru"), title=word, author=word, mark=word, foot=word)

    return made


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*WORDS, "long"])
def test_words_of_a_pdf_are_words(report: Callable[[str], bytes], kind: str) -> None:
    content = report((WORDS | {"long": LONG})[kind])
    reader = PdfReader(io.BytesIO(content))
    assert not re.search(rb"/(JavaScript|JS|URI|Launch|OpenAction|EmbeddedFile)\b", content)
    assert [link for each in reader.pages for link in each.get("/Annots", ()) if "/A" in link.get_object()] == []
    text = "".join(each.extract_text() for each in reader.pages).replace("\n", "").replace(" ", "")
    expected = {
        "markup": "<script>alert(1)</script>",
        "typst": "#panic()",
        "turned": "=1+1",
        "control": "b",
        "long": "шшш",
    }
    assert text.count(expected[kind]) >= 8


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [f"{tag} {name}" for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("kind", [*WORDS, "long"])
def test_blocks_of_a_page_have_no_element_of_the_words(kind: str) -> None:
    hostile, harmless = _Reader(), _Reader()
    for reader, word in ((hostile, (WORDS | {"long": LONG})[kind]), (harmless, "word")):
        reader.feed("\n".join(block.html() for block in sections(word).blocks))
    assert hostile.tags == harmless.tags
    assert hostile.handlers == []
