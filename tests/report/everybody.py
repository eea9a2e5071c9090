"""What everybody needs of a page: axe-core, a strict parser of HTML, and what neither of them looks at."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import justhtml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
MODES = ((360, "light"), (1440, "dark"))
OPENED = "all => all.forEach(one => { one.open = true; })"
PARTS = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    levels: all("h1,h2,h3,h4,h5,h6").filter(h => h.offsetParent).map(h => Number(h.tagName[1])),
    ids: all("[id]").map(e => e.id),
    links: all("a[href^='#']").map(a => a.getAttribute("href").slice(1)),
    uncaptioned: all("table").filter(t => !(t.caption && t.caption.textContent.trim())).length,
    unscoped: all("th:not([scope])").filter(h => h.ariaHidden !== "true").length,
    unnamed: all("img:not([alt]), img[alt='']").length,
    lang: document.documentElement.lang,
  };
}"""


def problems(browser: Browser, path: Path, language: str, modes: tuple[tuple[int, str], ...] = MODES) -> list[str]:
    """Everything that is wrong with a page in some windows (width, light or dark), all that is folded opened."""
    result = markup(path.read_text(encoding="utf-8"))
    for width, theme in modes:
        context = browser.new_context(color_scheme=theme, offline=True, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(path.as_uri())
        page.eval_on_selector_all("details", OPENED)
        result += [
            f"{width} {theme}: {problem}" for problem in [*structure(page, language), *of_axe(page), *focus(page)]
        ]
        if page.evaluate(OVERFLOW) > 0:
            result.append(f"{width} {theme}: the page is wider than its window")
        context.close()
    return result


def markup(html: str) -> list[str]:
    """The errors that the HTML standard names, without a browser that mends them."""
    return [f"markup: {error}" for error in justhtml.JustHTML(html, collect_errors=True).errors]


def of_axe(page: Page) -> list[str]:
    """What axe-core finds: the rules of WCAG A and AA, and its best practices.

    The pale word across a page that is not real is left out: captions and warnings begin with the same word.
    """
    found: list[dict[str, Any]] = Axe().run(page, context={"exclude": [[".mark"]]}).response["violations"]
    return [f"axe {rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in found]


def structure(page: Page, language: str) -> list[str]:
    """One title, headings in order, tables with captions and scopes, pictures with words, links that lead somewhere."""
    parts = page.evaluate(PARTS)
    levels, ids = parts["levels"], parts["ids"]
    found = {
        f"{levels.count(1)} titles": levels.count(1) == 1 and levels[0] == 1,
        f"headings {levels}": all(later <= earlier + 1 for earlier, later in pairwise(levels)),
        f"names there twice: {sorted({name for name in ids if ids.count(name) > 1})}": len(ids) == len(set(ids)),
        f"links {sorted(set(parts['links']) - set(ids))}": set(parts["links"]) <= set(ids),
        "a table without a caption": parts["uncaptioned"] == 0,
        "a heading of a table without a scope": parts["unscoped"] == 0,
        "a picture without words": parts["unnamed"] == 0,
        f"language {parts['lang']}": parts["lang"] == language,
    }
    return [name for name, good in found.items() if not good]


def focus(page: Page, stops: int = 4) -> list[str]:
    """Whether it can be seen where the keyboard is, at the first stops."""
    for stop in range(stops):
        page.keyboard.press("Tab")
        style, tag, where = page.evaluate(
            "(e => [getComputedStyle(e).outlineStyle, e.tagName, e.outerHTML.slice(0, 80)])(document.activeElement)"
        )
        if tag == "BODY":  # the page has no more of them
            break
        if style == "none":
            return [f"focus cannot be seen at stop {stop + 1}: {where}"]
    return []
