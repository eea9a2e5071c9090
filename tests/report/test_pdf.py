"""The report as a PDF: tagged, with its language and title, its text within reach, the same every time."""

import io
from itertools import pairwise

import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pypdf import PdfReader

from cwi.report import pdf as press
from cwi.report.blocks import TYPST, Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.pdf import pdf, placed

NASTY = 'Ұлытау <script>"1"</script> # $x$ \\ @y *z* [q] //w'
LETTERS = "ӘәҒғҚқҢңӨөҰұҮүҺһІі ₸"


class Words:
    code = "kk"

    def text(self, key):
        return {"page.contents": "Мазмұны"}[key]


def draw(width=4.0, height=3.0):
    drawing = Drawing(figsize=(width, height))
    drawing.subplots().bar(["а", "ә"], [1, 2])
    return drawing


def table(columns=4, rows=3, note=""):
    cells = [[f"{NASTY} {i}", *["1\N{NO-BREAK SPACE}234,5"] * (columns - 1)] for i in range(rows)]
    return Table("t", f"Кесте {NASTY}", ["Өңір", *["Қауіпсіздік"] * (columns - 1)], cells, pd.DataFrame(), note=note)


def notebook(*blocks):
    cells = []
    for section in (Section([Heading(f"Есеп {NASTY}", 1), Paragraph("Қысқаша", "lead")]), Section(blocks)):
        shown = new_output("display_data", data=section._repr_mimebundle_())
        cells.append(new_code_cell("show()", execution_count=1, outputs=[shown]))
    return new_notebook(cells=cells)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CWI_OUTPUT", str(tmp_path))
    return tmp_path


def made(folder, book):
    return pdf(book, folder, language=Words(), title=f"Есеп {NASTY}", author="Бюро «Ә»")


def read(folder, *blocks):
    return PdfReader(io.BytesIO(made(folder, notebook(*blocks))))


def text(reader):
    return " ".join(" ".join(p.extract_text() for p in reader.pages).split())


def tags(reader):
    """The kinds of all elements of the structure."""
    found, todo = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while todo:
        node = todo.pop().get_object()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, dict):
            found.append((node.get("/S"), node.get("/Alt")))
            todo += [node[key] for key in ("/K",) if key in node]
    return found


def test_it_is_tagged_and_says_what_it_is(folder):
    picture = Figure("bars", "Сурет", f"Бағандар {NASTY}", draw, "kk")
    reader = read(folder, Heading("Бөлім", 2), table(), picture, Bullets([NASTY, "екі"]))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "kk"
    assert reader.metadata.title == f"Есеп {NASTY}"
    assert reader.metadata.author == "Бюро «Ә»"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    found = tags(reader)
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Caption", "/Figure", "/L", "/LI"} <= {kind for kind, _ in found}
    assert f"Бағандар {NASTY}" in {alt for _, alt in found}
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    bookmarks = [each["/Title"] for each in reader.outline if not isinstance(each, list)]
    assert bookmarks == [f"Есеп {NASTY}"]
    assert [each["/Title"] for part in reader.outline if isinstance(part, list) for each in part] == ["Бөлім"]


def test_the_same_bytes_twice(folder):
    book = notebook(Heading("Бөлім", 2), table(), Figure("bars", "Сурет", "Бағандар", draw, "kk"))
    first = made(folder, book)
    assert first == made(folder, book)
    assert b"CreationDate" not in first


def test_every_letter_can_be_found_and_nothing_is_taken_for_markup(folder):
    found = text(read(folder, Paragraph(LETTERS), Paragraph(NASTY, "note"), Paragraph(NASTY, "warning")))
    assert LETTERS in found
    assert found.count(NASTY) >= 3


@pytest.mark.parametrize("columns", [1, 2, 10, 16, 24])
def test_no_table_is_wider_than_its_page(folder, columns):
    reader = read(folder, table(columns, 4, note="Ескерту соңы"))
    shown = [page for page in reader.pages if "Қауіпсіздік" in page.extract_text() or columns == 1]
    edges = []
    for page in shown:
        page.extract_text(visitor_text=lambda t, cm, tm, font, size, p=page: edges.append((cm, tm, t, p)))
    assert shown
    for cm, tm, words, page in edges:
        x = tm[4] * cm[0] + cm[4]
        assert not words.strip() or 0 < x < float(page.mediabox.width) - 57
    assert "Ескерту соңы" in text(reader)
    assert columns < 16 or shown[-1].mediabox.width > shown[-1].mediabox.height


@pytest.mark.slow
def test_a_long_table_says_its_headings_on_every_page(folder):
    reader = read(folder, table(3, 120))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 2
    assert all("Қауіпсіздік" in page for page in pages)


def test_a_tall_picture_fits_on_a_page(folder):
    reader = read(folder, Figure("tall", "Биік сурет", "Бағандар", lambda: draw(3, 14), "kk"))
    assert len(reader.pages) == 2
    assert "Биік сурет" in reader.pages[1].extract_text()


def test_three_parts_have_a_list(folder):
    parts = [Heading(f"Бөлім {i}", 2) for i in range(3)]
    assert "Мазмұны" in text(read(folder, *parts))
    assert "Мазмұны" not in text(read(folder, *parts[:2]))


@pytest.mark.parametrize("columns", [1, 3])
def test_a_table_without_rows_can_be_printed(folder, columns):
    assert "Өңір" in text(read(folder, table(columns, 0)))


def test_what_typst_does_not_take_is_said(folder):
    book = notebook()
    book.cells[0].outputs[0].data[TYPST] += '\n#picture("figures/none.svg", alt: "a", caption: "c")'
    with pytest.raises(RuntimeError, match=r"\(kk\) cannot be set: .*汉"):
        read(folder, Paragraph("汉"))
    with pytest.raises(RuntimeError, match="cannot be set: file not found"):
        made(folder, book)


@pytest.mark.parametrize(
    ("output", "error", "says"),
    [
        (new_output("error", ename="KeyError", evalue="'a'"), RuntimeError, "cell 0 .* KeyError: 'a'"),
        (new_output("display_data", data={"text/html": "<p>a</p>"}), ValueError, "cell 0 .* without text/vnd.typst"),
        (new_output("stream", name="stdout", text="a"), ValueError, "executed"),
    ],
)
def test_nothing_is_left_out_silently(folder, output, error, says):
    with pytest.raises(error, match=says):
        made(folder, new_notebook(cells=[new_code_cell("1", outputs=[output])]))


# ---------------------------------------------------------------- pages

TOP, FOOT, HEIGHT = 21.0, 279.0, 258.0  # mm: where the text of a page begins and ends
EMPTIEST = 0.5  # of a page, at most


def small_report():
    """What reports are made of, one after the other: pictures and tables of several heights behind text."""
    blocks = []
    for part, inches in enumerate((5.2, 4.4, 6.0, 3.0, 5.6, 4.9)):
        blocks += [Heading(f"Бөлім {part}", 2), Paragraph("Қысқаша мәтін. " * 25), Paragraph("Ескерту. " * 20, "note")]
        blocks.append(Figure(f"p{part}", f"Сурет {part}", "Бағандар", lambda h=inches: draw(6.2, h), "kk"))
        if part % 2:
            blocks += [Heading(f"Кесте {part}", 3), table(5, 4 + 9 * part)]
    return notebook(*blocks)


def faults(places):
    """What looks wrong on the pages: text apart from its picture, headings left alone, pages left empty."""
    found, feet = [], {each["number"]: each for each in places if each["side"] == "foot"}
    begins = [each for each in places if each["side"] == "begin"]
    for one, two in pairwise(begins):
        if one["kind"] == "heading" and two["page"] > one["page"]:
            found.append(f"heading {one['number']} is the last on page {one['page']}")
        if two["kind"] in ("heading", "picture") and two["y"] < TOP + 1 and two["number"] not in feet:
            found.append(f"{two['kind']} {two['number']} was pushed to page {two['page']}")
    for each in feet.values():
        if (blank := (FOOT - each["y"]) / HEIGHT) > EMPTIEST:
            found.append(f"page {each['page']} is empty to {blank:.0%}")
    return found


@pytest.mark.slow
def test_no_page_is_left_half_empty_and_no_heading_alone(folder, monkeypatch):
    book = small_report()
    places = placed(book, folder, language=Words())
    assert {each["kind"] for each in places} == {"heading", "text", "picture", "table"}
    assert max(each["page"] for each in places) > 4
    assert faults(places) == []

    rules = press.TEMPLATE.read_text("utf-8")
    spoiled = folder / "spoiled.typ"  # the control: pictures as large as they were drawn, pages as they fall
    spoiled.write_text(rules.replace("if i in breaks {", "if false {").replace("#let least = 0.62", "#let least = 1"))
    assert spoiled.read_text("utf-8") != rules
    monkeypatch.setattr(press, "TEMPLATE", spoiled)
    assert any("was pushed" in fault for fault in faults(placed(book, folder, language=Words())))


@pytest.mark.slow
def test_every_page_has_its_part_its_foot_and_its_number(folder):
    made = pdf(small_report(), folder, language=Words(), title="Есеп", author="а", foot="жұмыс тізбесі")
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    assert all("жұмыс тізбесі" in text and f"{i} / {len(texts)}" in text for i, text in enumerate(texts, start=1))
    assert all("Есеп" in text and "Бөлім" in text for text in texts[1:])
