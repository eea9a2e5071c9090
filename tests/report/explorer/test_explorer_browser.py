"""The weights explorer in a browser computes what derive computes; it fetches nothing and needs no mouse."""

import io
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from cwi import MethodologyError, derive, folders, read_edition
from cwi.analysis.uncertainty import LiveDraws, full_simulation, live_draws
from cwi.edition import Edition
from cwi.methods.ranking import rank
from cwi.published import read_published
from cwi.report.explorer.data import by_count, sets
from cwi.report.explorer.draws import KEPT
from cwi.report.explorer.page import explorer, make_site
from cwi.report.languages import LANGUAGES, Language
from tests.report.everybody import OVERFLOW, markup, of_axe

Array = NDArray[np.float64]

pytestmark = pytest.mark.browser
SETTLED = '#ranking[aria-busy="false"]'

HOSTILE = "<script>alert(1)</script>"
RULES = f"""\
version = "t2"
base = [2021, 2022]
nation = "N"
normalisation = {{name = "goalposts", cap = true}}
max_age = 1
decimals = 1

[[level]]
name = "component"
weighting = "stated"
aggregation = "arithmetic"
coverage = 0.5

[[level]]
name = "dimension"
weighting = "equal"
aggregation = {{name = "geometric", floor = 1}}
coverage = 0.5

[[level]]
name = "index"
weighting = "entropy"
aggregation = {{name = "power", p = 0.5}}
coverage = 0.7

[node.c1]
title_en = "{HOSTILE}"
aggregation = {{name = "harmonic", floor = 2}}
[node.d2]
weighting = "stated"
aggregation = {{name = "power", p = -1}}
[node.c3]
weight = 3
[node."d 3&c"]
aggregation = {{name = "power", p = 0}}
"""
TREE = {"d1": ["c1", "c2"], "d2": ["c3", "c4"], "d 3&c": ["c5", "c6"]}
MANY = [f"R{i}" for i in range(12)]


def made_up(project: Any) -> Edition:
    """Three levels, five kinds of mean, a scheme that learns, gaps, ties, and names that would do harm."""
    rng = np.random.default_rng(7)
    codes = [f"i{i}" for i in range(15)]
    lines = ["code,component,dimension,title_en,title_ru,title_kk,worst,best,scale,weight,data"]
    places = [(d, c) for d, parts in TREE.items() for c in parts]
    for i, code in enumerate(codes):
        dimension, component = places[i % 6]
        ends = (0, 100) if i % 4 else (120, -20)
        weight = [1, 2, 0.5, 0][i % 4] if i < 12 else 1
        lines.append(
            f"{code},{component},{dimension},{code} & <b>,=1+1,{code},{ends[0]},{ends[1]},linear,{weight},open"
        )
    project.write("methodology/t2/indicators.csv", "\n".join(lines) + "\n")
    project.write("methodology/t2/methodology.toml", RULES)
    project.write("editions/2022/edition.toml", 'methodology = "t2"\n')
    harm = {code: f'"=<img src=""x"" onerror=alert(1)>{code}"' for code in MANY}
    project.append("regions.csv", "".join(f"{code},region,{harm[code]},{harm[code]},{harm[code]},,\n" for code in MANY))
    project.append("series.csv", "".join(f"{code},{code},{code},%,0,100,share,9.9,yes\n" for code in codes))
    values = np.round(rng.uniform(3, 98, (2, len(MANY) + 1, len(codes))), 3)
    values[:, 5] = values[:, 4]  # a tie
    values[1, :4, 6] = [0, 0.5, 1, 1.5]  # below the floor of a mean
    gaps = rng.uniform(size=values.shape) < 0.25
    gaps[0] = False
    gaps[1, 5] = gaps[1, 4]
    gaps[1, :4, 6] = False
    gaps[1, -2] = True  # measured only the year before
    gaps[:, :, 14] = True  # never measured
    gaps[:, 7, [0, 6, 12, 1, 7, 13]] = True  # without the first dimension
    text = "".join(
        f"{region},{2021 + year},{code},,,{values[year, i, j]},,,normal,living,\n"
        for year in (0, 1)
        for i, region in enumerate([*MANY, "N"])
        for j, code in enumerate(codes)
        if not gaps[year, i, j]
    )
    project.append("observations/living.csv", text)
    project.sign()
    return read_edition(2022)


# ---------------------------------------------------------------- what Python says


def expected(edition: Edition, given: list[Array]) -> pd.DataFrame:
    """Score and rank of every region under these points."""
    scores = edition.scores
    values = scores.values(edition.year)
    weights = [row[None, :] for row in given]
    index = derive(values.to_numpy(float), edition.methodology, base=scores.base, weights=weights).index
    ranked = values.index != edition.methodology.nation
    table = pd.DataFrame({"score": index, "rank": np.nan}, index=values.index)
    table.loc[ranked, "rank"] = rank(index[ranked], decimals=edition.methodology.decimals)
    return table


def random_points(edition: Edition, rng: np.random.Generator, *, whole: bool) -> list[Array]:
    """Points for every part, one of each level nought."""
    given = []
    for codes in edition.methodology.tree.codes[:-1]:
        row = rng.uniform(1, 100, len(codes))
        row[rng.integers(len(codes))] = 0.0
        given.append(np.round(row) if whole else row)
    return given


def link(edition: Edition, given: list[Array], language: str = "en") -> str:
    rows = zip(edition.methodology.tree.codes[:-1], given, strict=True)
    said = {f"w.{code}": repr(float(value)) for codes, row in rows for code, value in zip(codes, row, strict=True)}
    return "#" + urlencode({"lang": language, **said})


# ---------------------------------------------------------------- the browser


class Opened:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page, self.address = page, path.as_uri()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address + "#lang=en")

    def go(self, fragment: str) -> None:
        """Follow a link; the page has taken note of it at the end."""
        self.page.evaluate(
            """hash => new Promise(done => {
                if (location.hash === hash) return done();
                addEventListener("hashchange", () => setTimeout(done), { once: true });
                location.hash = hash;
            })""",
            fragment,
        )

    def settle(self) -> None:
        """Until the bands are drawn."""
        self.page.locator(SETTLED).wait_for(state="attached")

    def table(self) -> pd.DataFrame:
        """What the rows hold, at full precision."""
        rows = self.page.eval_on_selector_all(
            "#rows tr", "rows => rows.map(r => [r.dataset.region, r.dataset.score, r.dataset.rank, r.dataset.interval])"
        )
        table = pd.DataFrame(rows, columns=["region", "score", "rank", "interval"]).set_index("region")
        return table.assign(**{c: [float(v) if v else math.nan for v in table[c]] for c in ("score", "rank")})

    def printed(self, cell: str) -> list[str]:
        return [text.strip() for text in self.page.locator(f"#rows .{cell}").all_inner_texts()]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens the page of an edition; afterwards nothing was fetched and nothing complained."""
    shown = []

    def made(html: str, **context: Any) -> Opened:
        path = tmp_path / f"page{len(shown)}.html"
        path.write_text(html, encoding="utf-8")
        page = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}, **context).new_page()
        shown.append(Opened(page, path))
        return shown[-1]

    yield made
    for opened in shown:
        assert [url for url in opened.asked if not url.startswith((opened.address, "blob:"))] == []
        assert opened.complaints == []
        opened.page.context.close()


def page_of(edition: Edition) -> str:
    return explorer(edition, draws=100, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def real() -> dict[int, tuple[Edition, str]]:
    return {2023: (read_edition(2023), page_of(read_edition(2023)))}


@pytest.fixture(scope="module")
def invented(project_at: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Edition, str]:
    root = tmp_path_factory.mktemp("invented")
    with folders.within(root):
        edition = made_up(project_at(root))
        return edition, page_of(edition)


def agree(opened: Opened, edition: Edition, given: list[Array]) -> None:
    found, wanted = opened.table(), expected(edition, given)
    found = found.reindex(wanted.index)
    assert wanted["score"].notna().sum() > len(wanted) / 2
    np.testing.assert_allclose(found["score"], wanted["score"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found["rank"], wanted["rank"])


def check_through_link_and_controls(opened: Opened, edition: Edition, rng: np.random.Generator) -> None:
    for _ in range(3):
        given = random_points(edition, rng, whole=False)
        opened.go(link(edition, given))
        agree(opened, edition, given)
    other = [row.copy() for row in given]
    other[-1][0] = 100.0 - other[-1][0]  # the control: one weight changed is another table
    with pytest.raises(AssertionError):
        agree(opened, edition, other)
    opened.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true; })")
    given = [*given[:1], *random_points(edition, rng, whole=True)[1:]]
    given[0][:3] = [17, 0, 94]
    for codes, row in zip(edition.methodology.tree.codes[:-1], given, strict=True):
        for code, value in list(zip(codes, row, strict=True))[: 3 if row is given[0] else None]:
            opened.page.locator(f'input[data-code="{code}"]').fill(f"{value:.0f}")
    agree(opened, edition, given)
    written = opened.page.locator("#link").input_value()
    opened.go("#lang=en")
    agree(opened, edition, list(edition.scores.weights))
    opened.go(written.removeprefix(opened.address))
    agree(opened, edition, given)


@pytest.mark.parametrize("year", [2023, pytest.param(2019, marks=pytest.mark.exhaustive)])
def test_real_editions(year: int, real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]) -> None:
    edition, html = real[year] if year in real else (read_edition(year), page_of(read_edition(year)))
    check_through_link_and_controls(show(html), edition, np.random.default_rng(year))


def test_a_made_up_edition_with_gaps_ties_and_other_means(
    invented: tuple[Edition, str], show: Callable[..., Opened]
) -> None:
    edition, html = invented
    official = expected(edition, [np.asarray(row) for row in edition.scores.weights])
    assert official["score"].isna().any()
    assert official["score"].notna().sum() > 8
    assert official["rank"].duplicated(keep=False).loc[["R4", "R5"]].all()
    opened = show(html)
    agree(opened, edition, list(edition.scores.weights))
    check_through_link_and_controls(opened, edition, np.random.default_rng(5))
    assert opened.page.locator("script, img").count() == 2  # data and the page's own; what names hold stays text
    assert HOSTILE in opened.page.locator("label").all_inner_texts()


def test_weights_that_cannot_be_used_are_said(invented: tuple[Edition, str], show: Callable[..., Opened]) -> None:
    edition, html = invented
    opened = show(html)
    refusal = opened.page.locator("#refusal")
    assert refusal.is_hidden()
    opened.go("#lang=en&w.c3=0&w.c4=0&w.nobody=3&w.c5=-1&w.c6=many")
    assert refusal.inner_text() == "The weights of all parts of “d2” are zero, so it has no score."
    assert opened.page.locator("#alarm").inner_text() == (
        "The link contains entries that this page cannot use; they were ignored: w.nobody=3, w.c5=-1, w.c6=many."
    )
    given = [row * [1, 1, 0, 0, 1, 1] if len(row) == 6 else row for row in edition.scores.weights]
    assert expected(edition, given)["score"].isna().all()
    assert opened.table()["score"].isna().all()
    opened.page.locator("#summary", has_text="Too little was measured to compute an index for any region.").wait_for()


def test_a_zero_that_a_mean_cannot_take(project: Any, show: Callable[..., Opened]) -> None:
    project.change("methodology/t1/methodology.toml", 'weighting = "equal"\naggregation = "arithmetic"',
                   'weighting = "stated"\naggregation = "geometric"')  # fmt: skip
    project.change("methodology/t1/indicators.csv", "places,school,Places,50,150", "places,school,Places,80,150")
    project.append("methodology/t1/methodology.toml", "[node.school]\nweight = 0\n")
    edition = read_edition(2022)
    opened = show(page_of(edition))
    opened.go("#lang=en&w.school=10")
    with pytest.raises(MethodologyError, match="geometric needs scores above zero"):
        expected(edition, [np.array([3.0, 1, 1]), np.array([50.0, 10])])
    assert opened.page.locator("#refusal").inner_text() == (
        "“index” cannot be computed with these weights: its mean requires scores above zero."
    )
    assert opened.table()["score"].isna().all()


# ---------------------------------------------------------------- intervals


def drawn(edition: Edition) -> LiveDraws:
    """The draws behind ``page_of``."""
    simulation = full_simulation(edition, draws=100, rng=np.random.default_rng(1).spawn(1)[0])
    assert simulation is not None
    return live_draws(simulation, draws=KEPT)


def ranges(opened: Opened, order: pd.Index) -> Array:
    """(regions, 4) the ends of rank and index that the rows hold."""
    held = opened.table()["interval"].reindex(order)
    return np.array([[float(v) for v in text.split()] if text else [math.nan] * 4 for text in held])


@pytest.mark.parametrize("made", ["2023", pytest.param("2024", marks=pytest.mark.exhaustive), "made up"])
def test_ranges_are_those_of_the_same_draws_in_python(
    made: str, request: pytest.FixtureRequest, show: Callable[..., Opened]
) -> None:
    if made == "2024":
        edition = read_edition(2024)
        html = page_of(edition)
    else:
        edition, html = request.getfixturevalue("real")[2023] if made == "2023" else request.getfixturevalue("invented")
    live, opened = drawn(edition), show(html)
    assert live.fixed == ()
    rng = np.random.default_rng(3)
    for _ in range(2):
        given = random_points(edition, rng, whole=False)
        opened.go(link(edition, given))
        opened.settle()
        wanted = live.intervals(given)
        found = ranges(opened, wanted.index)
        assert np.isfinite(found[:, 0]).sum() > len(found) / 2
        np.testing.assert_array_equal(found[:, :2], wanted[["low", "high"]])
        np.testing.assert_allclose(found[:, 2:], wanted[["score_low", "score_high"]], rtol=1e-15, atol=0)
    assert "the first of the 100 draws of the report" in opened.page.locator("#bands").inner_text()
    other = [row * np.linspace(1, 2, len(row)) for row in given]  # the control: other weights have other ranges
    assert not np.array_equal(found, live.intervals(other), equal_nan=True)


def test_a_slider_moves_the_ranges_at_once_and_says_so_later(
    real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    edition, html = real[2023]
    opened, live = show(html), drawn(edition)
    page, given = opened.page, [row.copy() for row in sets_of_methodology(edition)]
    opened.settle()
    page.get_by_label("Show a region").select_option("KZ-71")
    given[-1][0] = 100.0
    page.wait_for_function("document.getElementById('bands').textContent")
    page.locator('input[data-code="child"]').evaluate(
        "input => { input.value = 100; input.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    wanted = live.intervals(given)
    np.testing.assert_array_equal(ranges(opened, wanted.index)[:, :2], wanted[["low", "high"]])
    low, high = wanted.loc["KZ-71", ["low", "high"]].astype(int)
    text = f"range {low}" + (f"–{high}" if high > low else "")
    page.locator("#summary", has_text=text).wait_for()
    assert page.locator("#summary").inner_text().startswith("Astana: rank ")
    assert page.locator("tr.pointed").get_attribute("data-region") == "KZ-71"


def sets_of_methodology(edition: Edition) -> list[Array]:
    return [given["methodology"] for given in sets(edition.scores)]


def test_without_a_script_the_order_of_the_report_is_there(
    real: dict[int, tuple[Edition, str]], browser: Browser, tmp_path: Path
) -> None:
    edition, html = real[2023]
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    official = edition.scores.nodes[edition.scores.nodes["node"] == "index"].set_index("region")["rank"].dropna()
    for code in LANGUAGES:
        table = page.locator(f'div[lang="{code}"] table.plain')
        assert table.is_visible()
        rows = table.locator("tbody tr").all_inner_texts()
        assert len(rows) == 21
        first = str(official.index[official == 1][0])
        assert rows[0].split("\t")[0] == "1"
        assert rows[0].split("\t")[2] == edition.territory.name(first, code)
    low, high = (drawn(edition).intervals(list(edition.scores.weights)).loc[first, end] for end in ("low", "high"))
    assert rows[0].split("\t")[1] == (f"{low:.0f}–{high:.0f}" if high > low else f"{low:.0f}")
    assert page.locator("#weights").is_hidden()
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(OVERFLOW) <= 0
    context.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(2019, tmp_path_factory.mktemp("made") / "site")


def test_bands_of_the_methodology_are_those_of_the_report(site: Path, show: Callable[..., Opened]) -> None:
    opened = show(site.read_text(encoding="utf-8"))
    opened.settle()
    published = read_published(read_edition(2019))[0]["value"].astype(float)
    held = {region: text for region, text in opened.table()["interval"].items() if text and region != "KZ"}
    assert len(held) == 17
    for region, text in held.items():
        named = [published[f"sure.2019.{region}.{tail}"] for tail in ("p5", "p95")]
        assert [float(v) for v in text.split()[:2]] == named
    assert "10,000 draws, the same as in the report" in opened.page.locator("#bands").inner_text()


# ---------------------------------------------------------------- words, numbers, files


@pytest.mark.parametrize("code", ["kk", "en", pytest.param("ru", marks=pytest.mark.exhaustive)])
def test_languages_print_numbers_as_the_library_does(
    code: str, real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    edition, html = real[2023]
    given = random_points(edition, np.random.default_rng(11), whole=False)
    opened = show(html)
    opened.go(link(edition, given))
    opened.page.locator(f'[data-language="{code}"]').click()
    opened.settle()
    language, page = Language(code), opened.page
    assert page.locator("html").get_attribute("lang") == code
    assert f"lang={code}" in page.locator("#link").input_value()
    assert page.locator("h1").inner_text() == language.text("explorer.title")
    assert page.title() == f"{language.text('explorer.title')} – {language.text('report.title', year=2023)}"
    table = opened.table()
    assert opened.printed("score") == [language.number(v, 1) for v in table["score"]]
    assert opened.printed("region") == [edition.territory.name(r, code) for r in table.index]
    assert page.locator('[data-language][aria-pressed="true"]').all_inner_texts() == [
        {"kk": "Қазақша", "ru": "Русский", "en": "English"}[code]
    ]
    seen = page.locator("body").inner_text()
    assert re.findall(r"\{\w+\}|undefined|NaN|explorer\.", seen) == []
    if code != "en":
        assert language.text("status.working") in seen
    page.wait_for_url(lambda url: f"lang={code}" in url)
    page.reload()
    opened.settle()
    assert page.locator("html").get_attribute("lang") == code
    agree(opened, edition, given)


def test_the_file(real: dict[int, tuple[Edition, str]], show: Callable[..., Opened], tmp_path: Path) -> None:
    edition, html = real[2023]
    given = random_points(edition, np.random.default_rng(13), whole=False)
    opened = show(html)
    opened.go(link(edition, given))
    opened.settle()
    assert "draws under the weights on the screen" in opened.page.locator("#bands").inner_text()
    with opened.page.expect_download() as download:
        opened.page.locator("#download").click()
    assert download.value.suggested_filename == "cwi-2023-weights.csv"
    download.value.save_as(tmp_path / "table.csv")
    text = (tmp_path / "table.csv").read_text(encoding="utf-8-sig")
    table = pd.read_csv(io.StringIO(text), comment="#", index_col="region")
    wanted = expected(edition, given).reindex(table.index)
    np.testing.assert_allclose(table["index"], wanted["score"], rtol=1e-11)
    np.testing.assert_array_equal(table["rank"], wanted["rank"])
    official = edition.scores.of("index")[2023].reindex(table.index)
    np.testing.assert_allclose(table["index_report"], official, rtol=1e-11)
    for word in (edition.methodology.version, edition.methodology.fingerprint, edition.checksum[:12], "working",
                 "Experimental", "CC BY 4.0", "Bureau of National Statistics", "w.child="):  # fmt: skip
        assert word in text
    weights = dict(re.findall(r"^# weight \S+ (\S+) (\S+)$", text, re.MULTILINE))
    above = given[-1] / given[-1].sum()
    assert [float(weights[code]) for code in edition.methodology.tree.codes[:-1][-1]] == pytest.approx(
        list(above), abs=1e-11
    )


def test_a_browser_that_computes_otherwise_says_so(
    real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    html = real[2023][1]
    assert show(html).page.locator("#alarm").is_hidden()
    changed, n = re.subn(r'("index":\d+\.\d{6})', r"\g<1>9", html, count=1)
    assert n == 1
    alarm = show(changed).page.locator("#alarm").inner_text()
    assert alarm.startswith("This browser computes the index of the report differently from Python (difference ")


# ---------------------------------------------------------------- presets


def test_ready_made_weights(real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]) -> None:
    edition, html = real[2023]
    opened, methodology = show(html), edition.methodology
    opened.page.locator('[data-set="count"]').click()
    agree(opened, edition, by_count(methodology))
    opened.page.locator(".schemes > summary").click()
    opened.page.locator("#scheme-2").select_option("critic")
    critic = sets(edition.scores)[2]["critic"]
    agree(opened, edition, [*by_count(methodology)[:2], critic])
    assert opened.page.locator("#scheme-2").input_value() == "critic"
    opened.page.locator('input[data-code="child"]').fill("3")
    assert opened.page.locator("#scheme-2").input_value() == "own"
    opened.page.locator('[data-set="methodology"]').click()
    agree(opened, edition, list(edition.scores.weights))
    assert opened.page.locator('[data-set][aria-pressed="true"]').count() == 1


# ---------------------------------------------------------------- for everybody


def test_the_markup_is_that_of_the_standard(real: dict[int, tuple[Edition, str]]) -> None:
    assert markup(real[2023][1]) == []


@pytest.mark.parametrize(
    ("width", "scheme", "code"),
    [(360, "light", "kk"), (1440, "dark", "ru"), pytest.param(1440, "light", "en", marks=pytest.mark.exhaustive)],
)
def test_axe_finds_nothing(
    width: int, scheme: str, code: str, real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    opened = show(real[2023][1], color_scheme=scheme)
    opened.page.set_viewport_size({"width": width, "height": 800})
    opened.go(f"#lang={code}&w.child=70")
    opened.settle()
    for details in opened.page.locator("#levels, #ranking details").all():
        details.evaluate("one => { (one.closest('details') ?? one).open = true; }")
    assert of_axe(opened.page) == []


def test_dark_ink_is_printed_where_the_reader_chose_the_dark(
    real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    page = show(real[2023][1]).page
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    inks = [
        page.eval_on_selector(name, "e => getComputedStyle(e).color") for name in ("h1", "#parts label", "#rows th")
    ]
    assert inks == ["rgb(0, 0, 0)"] * 3
    assert page.eval_on_selector("#summary", "e => getComputedStyle(e).position") == "static"


def test_everything_has_a_name_and_the_keyboard_moves_it(
    real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    opened = show(real[2023][1])
    page = opened.page
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true; })")
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    seen: dict[str, list[str]] = {}
    for node in nodes:
        if not node.get("ignored"):
            seen.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role in ("slider", "button", "combobox", "textbox", "table", "columnheader", "rowheader", "DisclosureTriangle"):
        assert seen[role], role
        assert all(name.strip() for name in seen[role]), role
    assert len(seen["slider"]) == 4 + 14 + 56
    assert {"Child", "Physical health", "Suicide mortality (all ages)"} <= set(seen["slider"])
    assert len(seen["rowheader"]) == 21
    assert sum("Map of the regions" in name for name in seen["image"]) == 1
    slider = page.get_by_role("slider", name="Child", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "51"
    assert slider.get_attribute("aria-valuetext") == "25.4% of “Child Well-Being Index”"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.locator("#summary", has_text="Highest: Astana").wait_for()
    assert page.locator("#summary").get_attribute("aria-live") == "polite"


def test_the_skip_link_keeps_the_weights(real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]) -> None:
    opened = show(real[2023][1])
    opened.go("#lang=en&w.child=77")
    opened.page.reload()
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.matches('a.skip')")
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "ranking"
    assert "w.child=77" in opened.page.evaluate("location.hash")


@pytest.mark.parametrize("code", ["kk", "ru", pytest.param("en", marks=pytest.mark.exhaustive)])
def test_a_telephone_scrolls_one_way_only(
    code: str, real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]
) -> None:
    opened = show(real[2023][1])
    opened.page.set_viewport_size({"width": 360, "height": 740})
    opened.go(f"#lang={code}&w.child=99&w.country=0")
    for is_open in ("false", "true"):
        opened.page.eval_on_selector_all("details", f"all => all.forEach(d => {{ d.open = {is_open}; }})")
        assert opened.page.evaluate(OVERFLOW) <= 0
        cut = opened.page.eval_on_selector_all(
            "body *", "all => all.filter(e => e.getBoundingClientRect().right > 361 && !e.closest('thead')).length"
        )
        assert cut == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_and_light(scheme: str, real: dict[int, tuple[Edition, str]], show: Callable[..., Opened]) -> None:
    page = show(real[2023][1], color_scheme=scheme).page
    ground = "getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}
    assert page.evaluate(ground) == colours[scheme]
    page.locator("#dark").click()
    assert page.evaluate(ground) == colours["dark" if scheme == "light" else "light"]
