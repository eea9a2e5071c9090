"""The page of an edition in a browser: it fetches nothing, fits a telephone, and needs no mouse."""

from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page

from cwi import folders, read_edition
from cwi.report import OfficialReport
from cwi.report.languages import LANGUAGES, Language
from cwi.report.page import SOURCE
from cwi.report.page import page as make_page
from tests.report.everybody import OVERFLOW, markup, of_axe

YEAR = 2023
pytestmark = pytest.mark.browser


BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="446pt" height="216pt" viewBox="0 0 446 216"/>'


def made(code: str, folder: Path) -> Path:
    """The page of the executed notebook that is kept, which its own tests hold equal to what is computed today.

    Its pictures are no part of what is kept. In one language those of the dimensions are drawn, the others are blank.
    """
    notebook = nbformat.read(folders.reports() / str(YEAR) / f"official_report.{code}.ipynb", as_version=4)
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", [])]
    assert len(shown) >= 15
    if code == LANGUAGES[0]:
        section = OfficialReport(read_edition(YEAR), language=code, draws=100, seed=1).dimensions()
        drawn = section._repr_mimebundle_()["text/html"]
        at = [n for n, data in enumerate(shown) if '<h2 id="dimension-' in data["text/html"]]
        assert len(at) == 1
        assert drawn.count("<img") >= 2
        shown[at[0]]["text/html"] = drawn
    for data in shown:
        for name in SOURCE.findall(data["text/html"]):
            if not name.startswith("data:"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(BLANK, encoding="utf-8")
    title = Language(code).text("report.title", year=YEAR)
    html = make_page(notebook, folder, language=Language(code), title=title, code=False)
    (folder / "page.html").write_text(html, encoding="utf-8")
    return folder / "page.html"


class Opened:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page, self.address = page, path.as_uri()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address, wait_until="load")


def nothing_is_fetched_and_nothing_complains(opened: Opened, code: str) -> None:
    assert [url for url in opened.asked if url != opened.address and not url.startswith("data:")] == []
    assert opened.complaints == []


def the_page_says_its_language_and_title(opened: Opened, code: str) -> None:
    assert opened.page.locator("html").get_attribute("lang") == code
    assert opened.page.title() == Language(code).text("report.title", year=YEAR)
    assert opened.page.locator("h1").count() == 1
    assert opened.page.locator("h1").inner_text() == opened.page.title()


def headings_are_in_order(opened: Opened, code: str) -> None:
    levels = opened.page.eval_on_selector_all("h1,h2,h3,h4,h5,h6", "found => found.map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(2) >= 8
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def every_picture_is_there_and_has_words(opened: Opened, code: str) -> None:
    opened.page.eval_on_selector_all("img", "found => Promise.all(found.map(i => i.decode()))")
    found = opened.page.eval_on_selector_all(
        "img", "found => found.map(i => [i.complete, i.naturalWidth, i.getAttribute('alt')])"
    )
    assert len(found) >= 8
    for complete, width, words in found:
        assert complete
        assert width > 0
        assert words.strip()


def the_page_is_never_wider_than_the_window(opened: Opened, code: str) -> None:
    page = opened.page
    for is_open in ("false", "true"):
        page.eval_on_selector_all("details", f"found => found.forEach(d => {{ d.open = {is_open}; }})")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(OVERFLOW) <= 0, (width, is_open)


def every_detail_opens(opened: Opened, code: str) -> None:
    summaries = opened.page.locator("main details > summary")
    assert summaries.count() >= 8
    for i in range(summaries.count()):
        summary = summaries.nth(i)
        assert summary.inner_text().strip()
        summary.focus()
        opened.page.keyboard.press("Enter")
    open_ = opened.page.eval_on_selector_all("main details", "found => found.map(d => d.open && d.offsetHeight > 60)")
    assert all(open_)
    tables = opened.page.eval_on_selector_all(
        "table", "found => found.map(t => [t.caption && t.caption.innerText.trim().length, t.tBodies[0].rows.length])"
    )
    assert all(caption and rows for caption, rows in tables)


def the_keyboard_reaches_the_skip_link_first(opened: Opened, code: str) -> None:
    page = opened.page
    page.keyboard.press("Tab")
    focused = page.evaluate_handle("document.activeElement")
    assert focused.evaluate("e => e.matches('a.skip')")
    box = focused.as_element().bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["width"] > 20
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#content"
    assert page.evaluate("document.activeElement.id") == "content"


def links_lead_to_places_of_the_page(opened: Opened, code: str) -> None:
    names = opened.page.eval_on_selector_all("a[href]", "found => found.map(a => a.getAttribute('href'))")
    ids = opened.page.eval_on_selector_all("[id]", "found => found.map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert [name for name in names if not name.startswith("#") or name[1:] not in ids] == []


def axe_finds_nothing_in_windows_of_two_kinds(opened: Opened, code: str) -> None:
    """In one language: the others differ in their words."""
    assert markup(Path(opened.address.removeprefix("file://")).read_text(encoding="utf-8")) == []
    page = opened.page
    page.eval_on_selector_all("tbody", "all => all.forEach(b => [...b.rows].slice(3).forEach(row => row.remove()))")
    for width, theme in ((360, "light"), (1440, "dark")) if code == "kk" else ():
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 800})
        assert of_axe(page) == [], (width, theme)


# in this order on one page: the keyboard starts from the top, then every detail is opened, and at last tables are cut
CHECKS = [
    nothing_is_fetched_and_nothing_complains,
    the_page_says_its_language_and_title,
    headings_are_in_order,
    every_picture_is_there_and_has_words,
    links_lead_to_places_of_the_page,
    the_keyboard_reaches_the_skip_link_first,
    every_detail_opens,
    the_page_is_never_wider_than_the_window,
    axe_finds_nothing_in_windows_of_two_kinds,
]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page(code: str, browser: Browser, tmp_path: Path, subtests: pytest.Subtests) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    opened = Opened(context.new_page(), made(code, tmp_path))
    for check in CHECKS:
        with subtests.test(check.__name__.replace("_", " ")):
            check(opened, code)
    context.close()
