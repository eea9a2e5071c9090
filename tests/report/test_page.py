"""The report as a page: whole in itself, legible without eyes, the same every time."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cwi.report.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.languages import LANGUAGES, Language
from cwi.report.page import TEMPLATES, page

NASTY = 'Ұлытау <script>alert("1")</script> & # $x$ \\ @y'
WORDS = {"page.skip": "Өту & <b>", "page.contents": "Мазмұны"}


class Words:
    code = "kk"

    def text(self, key):
        return WORDS[key]


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def draw():
    drawing = Drawing(figsize=(3, 2))
    drawing.subplots().bar(["а", "ә"], [1, 2])
    return drawing


def table(name="scores", columns=4):
    rows = [[NASTY, *["12,3"] * (columns - 1)], ["Астана", *["–"] * (columns - 1)]]
    return Table(
        name, f"Кесте: {NASTY}", ["Өңір", *["Қауіпсіздік"] * (columns - 1)], rows, pd.DataFrame(), note="Ескерту"
    )


def notebook(*more):
    """A small report as papermill would leave it."""
    figure = Figure("bars", "Сурет", f"Бағандар: {NASTY}", draw, "kk", table("behind"), "Кестені көрсету")
    sections = [
        Section([Heading(f"Есеп {NASTY}", 1), Paragraph("Қысқаша", "lead"), Paragraph("Сынақ", "warning")]),
        Section([Heading("Бірінші бөлім", 2, "first"), Bullets([NASTY]), table(), table("wide", 14)]),
        Section([Heading(f"Екінші {NASTY}", 2, "second"), figure]),
    ]
    cells = [new_markdown_cell("## For reviewers\n\n`made` *so*")]
    for number, section in enumerate(sections, start=1):
        shown = new_output("display_data", data=section._repr_mimebundle_())
        noise = new_output("stream", name="stderr", text="noise of a library")
        cells.append(new_code_cell(f"show(part_{number})  # hidden", execution_count=number, outputs=[noise, shown]))
    book = new_notebook(cells=[*cells, *more], metadata={"language_info": {"name": "python"}})
    return nbformat.from_dict(book)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CWI_OUTPUT", str(tmp_path))
    return tmp_path


def read(folder, code=False, *more):
    return page(notebook(*more), folder, language=Words(), title=f"Есеп {NASTY}", code=code)


@pytest.mark.slow
@pytest.mark.parametrize("code", [False, True])
def test_a_page_needs_nothing_else(folder, code):
    text = read(folder, code)
    tags = Tags(text)
    assert not tags.all("script")
    assert not tags.all("link")
    assert not re.search(r"url\(|@import|https?:", text.replace("http-equiv", ""))
    assert tags.all("img")
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in tags.all("img"))
    assert all(anchor["href"].startswith("#") for anchor in tags.all("a"))


def test_a_page_says_what_it_is_to_who_cannot_see_it(folder):
    tags = Tags(read(folder))
    assert tags.all("html") == [{"lang": "kk"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in tags.all("meta")
    assert [image["alt"] for image in tags.all("img")] == [f"Бағандар: {NASTY}"]
    assert len(tags.all("caption")) == len(tags.all("table")) == 3
    assert {head["scope"] for head in tags.all("th")} == {"col", "row"}
    assert len(tags.all("main")) == len(tags.all("nav")) == len(tags.all("h1")) == 1
    names = [attributes["id"] for _, attributes in tags.tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert {anchor["href"][1:] for anchor in tags.all("a")} <= set(names)


def test_the_way_around_is_made_of_the_headings(folder):
    text = read(folder)
    assert '<a class="skip" href="#content">Өту &amp; &lt;b&gt;</a>' in text
    assert [anchor["href"] for anchor in Tags(text).all("a")] == ["#content", "#first", "#second"]


def test_what_is_escaped_stays_escaped(folder):
    text = read(folder)
    assert "<script" not in text
    shown = text.partition("<title>")[2]
    assert shown.startswith("Есеп Ұлытау &lt;script&gt;")
    assert shown.count("&lt;script&gt;") >= 6


@pytest.mark.slow
def test_readers_see_results_and_reviewers_the_notebook_too(folder):
    reader, reviewer = read(folder), read(folder, code=True)
    for hidden in ("For reviewers", "part_1", "# hidden"):
        assert hidden not in reader
        assert hidden in reviewer
    for text in (reader, reviewer):
        assert "noise" not in text
        assert "Қысқаша" in text
    assert '<span class="c1"># hidden</span>' in reviewer


def test_the_same_bytes_twice(folder):
    assert read(folder, code=True) == read(folder, code=True)


def test_plain_text_is_shown_as_it_is(folder):
    more = new_code_cell("1", execution_count=9, outputs=[new_output("execute_result", data={"text/plain": "<9>"})])
    assert '<pre class="plain">&lt;9&gt;</pre>' in read(folder, False, more)


def html(text):
    return new_output("display_data", data={"text/html": text})


@pytest.mark.parametrize(
    ("output", "error", "says"),
    [
        (new_output("error", ename="KeyError", evalue="'a'"), RuntimeError, "cell 4 .* KeyError: 'a'"),
        (new_output("display_data", data={"image/png": "aaaa"}), ValueError, "cell 4 .* image/png"),
        (html('<img src="figures/x.svg">'), ValueError, "alt text"),
        (html('<img alt="" src="figures/x.svg">'), ValueError, "figures/x.svg"),
        (html('<img alt="" src="../x.svg">'), ValueError, "x.svg"),
        (html('<img alt="" src="//a.b/x.svg">'), ValueError, "x.svg"),
    ],
)
def test_what_cannot_be_printed_is_said(folder, output, error, says):
    (folder.parent / "x.svg").write_text("<svg/>")
    with pytest.raises(error, match=says):
        read(folder, False, new_code_cell("bad", execution_count=4, outputs=[output]))


def test_a_notebook_that_was_not_executed_is_no_report(folder):
    with pytest.raises(ValueError, match="executed"):
        page(new_notebook(cells=[new_code_cell("1")]), folder, language=Words(), title="T", code=False)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_few_words_of_a_page_are_in_every_language(code):
    assert all(Language(code).text(key) for key in WORDS)


def test_every_text_can_be_told_from_its_ground():
    style = (TEMPLATES / "page" / "page.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]  # light and dark
    pairs = [("ink", "ground"), ("ink", "raised"), ("ink", "marked"), ("quiet", "ground"), ("link", "ground")]
    pairs += [("alarm-ink", "alarm"), ("c-word", "raised"), ("c-text", "raised"), ("c-number", "raised")]
    pairs += [("c-name", "raised"), ("c-remark", "raised")]
    for colours in (dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in blocks):
        for ink, ground in pairs:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        assert contrast(colours["focus"], colours["ground"]) >= 3


def contrast(one, other):
    """The ratio that WCAG asks for."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(lights) / min(lights)


@pytest.mark.browser
def test_a_phone_shows_the_page_without_scrolling_sideways(folder, browser):
    path = Path(folder, "report.html")
    path.write_text(read(folder, code=True), encoding="utf-8")
    for width in (360, 768, 1280):
        sheet = browser.new_page(viewport={"width": width, "height": 800})
        heard, asked = [], []
        sheet.on("console", lambda message, heard=heard: heard.append(message.text))
        sheet.on("request", lambda request, asked=asked: asked.append(request.url))
        sheet.goto(path.as_uri())
        assert sheet.evaluate("document.documentElement.scrollWidth") == width
        assert not heard
        assert all(url.startswith(("file:", "data:")) for url in asked)
        box = sheet.locator("#table-wide").locator("..")
        moved = box.evaluate("b => { b.scrollLeft = 200; return b.scrollLeft }")
        left = sheet.evaluate("document.querySelector('#table-wide tbody th').getBoundingClientRect().left")
        assert width > 768 or moved == 200  # the box scrolls …
        assert abs(left - box.bounding_box()["x"]) < 1  # … and the names of the rows stay
        sheet.close()
