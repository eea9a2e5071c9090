"""The site in a browser: it fetches nothing from elsewhere; its script is used by keyboard and announces changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cwi.report.site import build_site

OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(project_at: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, folder = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CWI_ROOT", str(root))
        project_at(root).write("country.toml", 'languages = ["ru"]\n')
        build_site(output=folder, explorers=False)
    return folder


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    opened = browser.new_page(viewport={"width": 360, "height": 740})
    opened.asked = []  # type: ignore[attr-defined]
    opened.on("request", lambda request: opened.asked.append(request.url))  # type: ignore[attr-defined]
    opened.on("console", lambda message: opened.asked.append(message.text))  # type: ignore[attr-defined]
    opened.on("pageerror", lambda problem: opened.asked.append(str(problem)))  # type: ignore[attr-defined]
    return opened


def test_no_page_asks_for_anything_from_elsewhere_or_is_wider_than_a_phone(site, page):
    for path in sorted((site / "ru").rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate(OVERFLOW) <= 0, path.name
    assert [asked for asked in page.asked if not asked.startswith(site.as_uri())] == []
    assert any(asked.endswith("assets/site.css") for asked in page.asked)


def test_two_regions_are_chosen_by_keyboard_and_announced(site, page):
    page.goto((site / "ru" / "compare.html").as_uri())
    page.focus("#first")
    page.keyboard.press("ArrowDown")
    page.focus("#second")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    names = [page.eval_on_selector(f"#{each}", "s => s.selectedOptions[0].textContent") for each in ("first", "second")]
    assert page.text_content("#live") == f"Показаны: {names[0]}; {names[1]}"
    heads = page.eval_on_selector_all("thead th:not([hidden])", "each => each.map(one => one.textContent)")
    assert heads == ["Часть индекса", *names, "Разница, баллов"]
    row = page.eval_on_selector_all("tbody tr:first-child > :not([hidden])", "each => each.map(one => one.textContent)")
    first, second = (float(text.replace(",", ".")) for text in row[1:3])
    assert float(row[3].replace(",", ".").replace("\N{MINUS SIGN}", "-")) == pytest.approx(first - second, abs=0.11)


def test_a_column_is_sorted_and_announced(site, page):
    page.goto((site / "ru" / "index.html").as_uri())
    page.focus("thead th:nth-child(3) button")
    page.keyboard.press("Enter")
    assert page.get_attribute("thead th:nth-child(3)", "aria-sort") == "ascending"
    names = page.eval_on_selector_all("tbody tr:not(.emphasised) th a", "each => each.map(one => one.textContent)")
    assert names == sorted(names)
    assert "Регион" in page.text_content("#live")


def test_the_search_finds_the_beginning_of_a_word_and_forgives_a_slip(site, page):
    page.goto((site / "ru" / "search.html").as_uri())
    for typed in ("Альф", "Альфв"):
        page.fill("#query", typed)
        assert page.text_content("#found li a") == "Альфа"
        assert page.get_attribute("#found li a", "href") == "regions/A.html"
    page.fill("#query", "щщщщщщ")
    assert page.text_content("#live") == "Ничего не найдено"


def test_what_was_chosen_dark_is_printed_dark_on_white(site, page):
    """Paper is white whatever the reader chose; the map keeps its colours, the menus stay behind."""
    page.goto((site / "ru" / "index.html").as_uri())
    page.click("#dark")
    assert page.eval_on_selector("body", "e => getComputedStyle(e).color") == "rgb(230, 233, 236)"
    page.emulate_media(media="print")
    assert page.eval_on_selector("body", "e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    assert page.eval_on_selector("body", "e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    assert page.eval_on_selector(".menu", "e => getComputedStyle(e).display") == "none"
    page.emulate_media(media="screen")
    page.evaluate("localStorage.clear()")
