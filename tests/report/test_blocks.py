"""What a report is made of: everything that comes from data is escaped, in HTML and in Typst."""

import json
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure as Drawing
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pypdf import PdfReader

from cwi.report.blocks import TYPST, Block, Bullets, Figure, Heading, Paragraph, Section, Table, quoted
from cwi.report.languages import Language
from cwi.report.pdf import pdf

NASTY = """<script>alert("1")</script> & 'x' #let $a$ *b* _c_ @d \\ [e] `f` //g /*h*/ <i> ~"""


def table(text: str) -> Table:
    return Table(
        name="t", caption=text, columns=["Region", text], rows=[[text, text], ["Other", "1.0"]],
        data=pd.DataFrame(), note=text, emphasised=frozenset({1}),
    )  # fmt: skip


def blocks(text: str) -> list[Block]:
    return [
        Heading(text, level=1),
        Heading(text, anchor="a"),
        Paragraph(text),
        *(Paragraph(text, kind) for kind in ("lead", "note", "warning")),
        Bullets([text, text]),
        table(text),
    ]


class Reader(HTMLParser):
    """Text and tags of a piece of HTML; complains of what is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.open = "", [], []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("img", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("number", range(8))
def test_html_says_the_text_and_nothing_else(number: int) -> None:
    nasty, plain = blocks(NASTY)[number], blocks("plain")[number]
    read, expected = Reader(nasty.html()), Reader(plain.html())
    assert read.tags == expected.tags
    assert read.text == expected.text.replace("plain", NASTY)
    attributes = [[name for name, _ in page.attributes if name != "class"] for page in (read, expected)]
    assert attributes[0] == attributes[1]


@pytest.mark.slow
@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=("Cs", "Cc")), max_size=40)
)
@settings(deadline=None, max_examples=25)
def test_any_text_survives_html(text: str) -> None:
    for block in blocks(text):
        assert text in Reader(block.html()).text


@pytest.mark.slow
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40))
@settings(deadline=None, max_examples=40)
def test_any_text_survives_a_typst_string(text: str) -> None:
    source = f"#metadata({quoted(text)}) <said>"
    (said,) = json.loads(typst.query(source.encode(), "<said>", field="value"))
    assert said == text


def test_every_block_can_be_set_in_print(tmp_path: Path) -> None:
    output = new_output("execute_result", Section(blocks(NASTY))._repr_mimebundle_(), execution_count=1)
    notebook = new_notebook(cells=[new_code_cell(outputs=[output])])
    printed = PdfReader(BytesIO(pdf(notebook, tmp_path, language=Language("en"), title=NASTY, author="a")))
    text = "".join(page.extract_text() for page in printed.pages)
    squeezed = "".join(text.split())
    assert squeezed.count("".join(NASTY.split())) >= 6


def test_typst_text_cannot_begin_a_line() -> None:
    """A heading in data must not become a heading of the report."""
    for block in blocks("one\n#heading(level: 2, [x])\n= two"):
        assert all(
            line.startswith("#") and not line.startswith("#heading(level: 2, [") for line in block.typst().split("\n")
        )


def test_a_table_marks_its_headings_and_numbers() -> None:
    html = table("plain").html()
    assert html.count('<th scope="col"') == 2
    assert html.count('<th scope="col" class="number">') == 1
    assert html.count('<th scope="row">') == 2
    assert html.count('<td class="number">') == 2
    assert html.count('<tr class="emphasised">') == 1
    assert "<caption>plain</caption>" in html


def drawing() -> Drawing:
    picture = Drawing(figsize=(1, 1))
    picture.add_axes((0, 0, 1, 1)).plot([0, 1], [0, 1])
    return picture


@pytest.mark.slow
def test_a_figure_has_words_and_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = Figure(name="f", caption=NASTY, alt=NASTY, draw=drawing, language="kk", table=table("t"), open_table="see")
    monkeypatch.delenv("CWI_OUTPUT", raising=False)
    alone = Reader(figure.html())
    assert dict(alone.attributes)["alt"] == NASTY
    assert str(dict(alone.attributes)["src"]).startswith("data:image/svg+xml;base64,")
    assert "details" in alone.tags
    assert "summary" in alone.tags

    monkeypatch.setenv("CWI_OUTPUT", str(tmp_path))
    beside = Reader(figure.html())
    assert dict(beside.attributes)["src"] == "figures/f.kk.svg"
    assert (tmp_path / "figures" / "f.kk.svg").read_bytes().startswith(b"<?xml")
    assert dict(beside.attributes)["srcset"] == "figures/f-narrow.kk.svg"
    assert (tmp_path / "figures" / "f-narrow.kk.svg").read_bytes().startswith(b"<?xml")
    for read in (alone, beside):  # an equal table, before the picture
        assert read.tags.index("table") < read.tags.index("img")
    first = {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    figure.html()
    assert {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()} == first


def test_a_section_speaks_three_ways_and_knows_its_tables() -> None:
    figure = Figure(name="f", caption="c", alt="a", draw=drawing, language="en", table=table("behind"))
    bundle = Section([Heading("H"), table("plain"), figure])._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", TYPST}
    assert bundle["text/plain"].split("\n") == ["H", "plain (2 × 2)", "c [a]"]
    assert [t.caption for t in Section([table("plain"), figure]).tables()] == ["plain", "behind"]


def test_a_column_of_words_or_addresses_is_not_set_to_the_right() -> None:
    rows = [["a", "1,5", "тенге", "https://stat.gov.kz/a/long/address/of/a/page"], ["b", "–", "лет", ""]]
    html = Table("t", "c", ["r", "value", "unit", "source"], rows, pd.DataFrame()).html()
    assert re.findall(r"<td([^>]*)>", html) == [' class="number"', "", "", ' class="number"', "", ""]
    assert '<td class="long">' in Table("t", "c", ["r", "x"], [["a", "text " * 20]], pd.DataFrame(), numeric=2).html()
