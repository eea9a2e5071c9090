"""Numbers of a page know their source: names survive sentences and tables, and a dialog shows what is behind them."""

import json
import pickle
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from cwi import read_edition
from cwi.report import OfficialReport
from cwi.report.blocks import Bullets, Figure, Paragraph, Table
from cwi.report.document import _shown, write_html
from cwi.report.grounds import Grounds
from cwi.report.languages import Language
from cwi.report.ledger import Ledger
from cwi.report.named import Named, joined, marked_up
from cwi.report.notebooks.region import RegionReport
from cwi.report.numbers import _status, known_numbers, with_numbers, without_names
from cwi.report.page import page
from cwi.report.printer import language_of

NASTY = '<i> & "x"'


def test_a_name_survives_a_sentence_a_list_and_a_table() -> None:
    ledger = Ledger(Language("en"), "2023", "f", "d", 1)
    gap = ledger.number("gap.2023.index", 20.34, unit="points")
    sentence = Language("en").text("index.gap", gap=gap)
    expected = f'<data value="gap.2023.index">{gap}</data>'
    assert expected in Paragraph(sentence).html()
    assert expected in Bullets([sentence, "x"]).html()
    assert f"<td>{expected}</td>" in Table("t", "c", ["a", "b"], [["r", gap]], None, numeric=2).html()  # type: ignore[arg-type]
    assert sentence == Language("en").text("index.gap", gap=str(gap))  # for everybody else it is text
    assert "data" not in Paragraph(sentence).typst()
    assert (pickle.loads(pickle.dumps(gap)), pickle.loads(pickle.dumps(gap)).spans) == (gap, gap.spans)
    assert marked_up(Named(NASTY, [(0, 3, NASTY)])).startswith(
        '<data value="&lt;i&gt; &amp; &quot;x&quot;">&lt;i&gt;</data>'
    )
    assert joined(["a", "b"]) == "ab"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, Any]]:
    """A page of three sections of a real year, without pictures; the same with plain numbers; what it knows."""
    edition = read_edition(2023)
    words = language_of(edition, "en")
    folder = tmp_path_factory.mktemp("numbers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "_image", lambda self: '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="x">')
        report = OfficialReport(edition, language="en", draws=100, seed=1)
        notebook = _shown([report.opening(), report.dimensions(), report.rules(), report.limits()], folder)
    known = known_numbers(edition, report.ledger.frame(), words)
    (folder / "page.html").write_text(
        page(notebook, folder, language=words, title="T", code=False, numbers=known), encoding="utf-8"
    )
    return folder / "page.html", page(notebook, folder, language=words, title="T", code=False), known


def embedded(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', html)
    assert found
    record: dict[str, Any] = json.loads(found[1])
    return record


@pytest.mark.slow
def test_the_page_knows_what_it_prints(made: tuple[Path, str, dict[str, Any]]) -> None:
    path, plain, _ = made
    html = path.read_text(encoding="utf-8")
    record = embedded(html)
    assert "<data" not in plain
    shown, _, _ = html.partition('<dialog id="number"')
    assert re.sub(r"script-src [^;]*; ", "", without_names(shown)) == plain.partition("</body>")[0]
    name, value, unit, ground = next(row for row in record["numbers"] if row[0] == "score.2023.KZ-71.health_care")
    edition = read_edition(2023)
    nodes = edition.scores.nodes.set_index(["region", "node"])
    assert value == pytest.approx(nodes.at[("KZ-71", "health_care"), "score"], abs=1e-9)
    assert unit == "points"
    kind, years, count, sources, registers = record["grounds"][ground]
    cells = edition.scores.cells
    codes = set(edition.methodology.tree.under("health_care")) | {"physicians"}
    mine = cells[(cells["region"] == "KZ-71") & cells["indicator"].isin(codes) & cells["value"].notna()]
    assert (kind, years, count, registers) == ("cells", [2023], len(mine), [])
    assert {record["sources"][s][0] for s in sources} == set(mine["source"])
    row = record["rows"]["KZ-71"]["physicians"]
    assert row[4].startswith("data/observations/")
    assert len(record["sources"][row[3]][4]) == 64
    assert name.endswith("health_care")


def test_a_name_that_nothing_is_known_of_stays_plain() -> None:
    words = Language("en")
    html = '<meta content="default-src \'none\'; x"><data value="a">1</data><data value="b">2</data></body>'
    known = {
        "numbers": {"a": [1.0, "", 0]},
        "grounds": [["rules", [], 0, [], []]],
        "rows": {},
        "scores": {},
        "sources": [],
    }
    text = with_numbers(html, known, words)
    assert "<data value=0>1</data><data>2</data>" in text
    assert with_numbers('<data value="b">2</data>', known, words) == "<data>2</data>"
    with pytest.raises(ValueError, match="no content security policy"):
        with_numbers('<data value="a">1</data></body>', known, words)


@pytest.mark.slow
def test_a_page_keeps_what_its_numbers_need_and_no_more(made: tuple[Path, str, dict[str, Any]]) -> None:
    known = made[2]
    name = "score.2023.KZ-71.health_care"
    html = with_numbers(f"default-src 'none'; <data value=\"{name}\">1</data></body>", known, Language("en"))
    record = embedded(html)
    assert [number[0] for number in record["numbers"]] == [name]
    assert (sorted(record["rows"]), sorted(record["scores"])) == (["KZ-71"], ["KZ-71"])
    (ground,) = record["grounds"]
    before = known["grounds"][known["numbers"][name][2]]
    assert ground[:3] == [before[0], list(before[1]), before[2]]
    assert [record["sources"][at] for at in ground[3]] == [known["sources"][at] for at in before[3]]
    leaf = "default-src 'none'; <data value=\"score.2023.KZ-71.physicians\">1</data></body>"
    indicator = {**known, "numbers": {"score.2023.KZ-71.physicians": known["numbers"][name]}}
    record = embedded(with_numbers(leaf, indicator, Language("en")))
    row = record["rows"]["KZ-71"]["physicians"]
    assert row[4] == known["rows"]["KZ-71"]["physicians"][4]
    assert record["sources"][row[3]] == known["sources"][known["rows"]["KZ-71"]["physicians"][3]]


@pytest.mark.parametrize("code", ["kk", "ru"])
def test_units_statuses_and_rules_are_called_in_the_language(code: str, made: tuple[Path, str, dict[str, Any]]) -> None:
    edition = read_edition(2023)
    units = sorted({row[1] for row in made[2]["numbers"].values()} | {"KZT", "billion KZT", "p-value", "r", "children"})
    ledger = pd.DataFrame({"name": [f"n.{i}" for i, _ in enumerate(units)], "value": 1.0, "unit": units})
    called = known_numbers(edition, ledger, language_of(edition, code))["called"]
    assert set(units) - {""} <= set(called)
    assert {"normal", "derived", "arithmetic"} <= set(called)
    for word, local in called.items():
        assert word == "%" or (word != local and re.search("[а-яәіңғүұқөһ]", local)), word
        assert not re.search("[A-Za-z]{2}", local), local


def test_a_status_without_words_is_not_called_published() -> None:
    assert _status("normal", Language("en")) == "as published"
    assert _status("parent region", Language("ru")) == "значение прежней области"
    assert _status("guessed", Language("ru")) == "guessed"


def opened(page: Page) -> str:
    return page.locator("dialog").inner_text() if page.evaluate("document.getElementById('number').open") else ""


@pytest.mark.browser
@pytest.mark.slow
def test_numbers_open_by_click_and_keyboard(made: tuple[Path, str, dict[str, Any]], browser: Browser) -> None:
    path = made[0]
    tab = browser.new_context(offline=True, viewport={"width": 360, "height": 800}).new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(path.as_uri())
    tab.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    numbers = tab.locator("main data[role=button]")
    assert numbers.count() > 300
    assert tab.eval_on_selector_all(
        "main tr", "rows => rows.every(r => r.querySelectorAll('[tabindex=\"0\"]').length <= 1)"
    )
    numbers.first.focus()
    tab.keyboard.press("Enter")
    text = opened(tab)
    assert "Value, not rounded" in text
    assert "Name in the ledger" in text
    tab.keyboard.press("Escape")
    assert opened(tab) == ""
    assert tab.evaluate("document.activeElement.tagName") == "DATA"
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement === document.querySelectorAll('main data[value]')[1]")
    score = embedded(path.read_text(encoding="utf-8"))["numbers"]
    at = next(i for i, row in enumerate(score) if row[0] == "score.2023.KZ-71.health_care")
    tab.locator(f"main data[value='{at}']").first.click()
    text = opened(tab)
    assert str(score[at][1]) in text
    assert "arithmetic" in text
    assert tab.evaluate("document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth")
    tab.locator("dialog button").click()
    assert opened(tab) == ""
    assert complaints == []
    plain = browser.new_context(offline=True, java_script_enabled=False).new_page()
    plain.goto(path.as_uri())
    assert plain.locator("main data").count() == numbers.count()
    assert plain.locator("main data[role]").count() == 0
    assert not plain.locator("dialog").is_visible()


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RegionReport]:
    """The page of a region's profile, without pictures."""
    edition = read_edition(2023)
    report = RegionReport(edition, "KZ-71", language="ru", draws=100, seed=1)
    path = tmp_path_factory.mktemp("profile") / "KZ-71.ru.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "_image", lambda self: '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="x">')
        sections = report.sections()
        known = known_numbers(edition, report.ledger.frame(), report.language)
        write_html(path, sections, language=report.language, title="T", numbers=known)
    return path, report


@pytest.mark.slow
def test_each_number_of_a_profile_rests_on_the_cells_of_its_kind(profile: tuple[Path, RegionReport]) -> None:
    path, report = profile
    record = embedded(path.read_text(encoding="utf-8"))
    names = [row[0] for row in record["numbers"]]
    assert {name.split(".")[3] for name in names if name.startswith("region.")} >= {
        "nodes", "gap", "groups", "measured", "missing", "carried", "trend", "similar", "explained",
    }  # fmt: skip
    assert sorted(record["scores"]) == ["KZ", "KZ-71"]
    kept = set(report.ledger.frame()["name"])
    assert kept - set(names) == {"region.2023.KZ-71.explained.rest"}  # a rest of 0.0 is not printed
    grounds = Grounds(report.edition)
    score = grounds.of("region.2023.KZ-71.nodes.health_care.score")
    assert (score.regions, score.indicators) == ({"KZ-71"}, grounds.below["health_care"])
    assert grounds.of("region.2023.KZ-71.nodes.health_care.nation").regions == {"KZ"}
    assert grounds.of("region.2023.KZ-71.nodes.health_care.gap").regions == {"KZ", "KZ-71"}
    assert grounds.of("region.2023.KZ-71.nodes.health_care.rank").regions == grounds.everyone
    assert grounds.of("region.2023.KZ-71.missing").regions == {"KZ-71"}
    assert grounds.of("region.2023.KZ-71.gap.health_care.low").regions == grounds.everyone
    assert grounds.of("region.2023.KZ-71.money.2024.share").folders == ("budget",)
    groups = next(name for name in names if name.startswith("region.2023.KZ-71.groups.sex."))
    ground = grounds.of(groups)
    assert (ground.of, ground.by, ground.indicators) == ("rows", "sex", {groups.split(".")[5]})


@pytest.mark.browser
@pytest.mark.slow
def test_numbers_of_a_profile_open_too(profile: tuple[Path, RegionReport], browser: Browser) -> None:
    path, report = profile
    numbers = embedded(path.read_text(encoding="utf-8"))["numbers"]
    at = {row[0]: place for place, row in enumerate(numbers)}
    score = at["region.2023.KZ-71.nodes.health_care.score"]
    nodes = report.edition.scores.nodes.set_index(["region", "node"])
    assert numbers[score][1] == pytest.approx(nodes.at[("KZ-71", "health_care"), "score"], abs=1e-9)
    tab = browser.new_context(offline=True).new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(path.as_uri())
    tab.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    number = tab.locator(f"main data[value='{score}']").first
    number.hover()
    value = str(numbers[score][1]).replace(".", ",")
    assert number.get_attribute("title") == f"{value} баллов · region.2023.KZ-71.nodes.health_care.score"
    number.click()
    text = opened(tab)
    assert value in text
    assert "region.2023.KZ-71.nodes.health_care.score" in text
    assert "среднее арифметическое" in text
    assert not {"points", "normal", "arithmetic"} & set(re.findall(r"[a-z]+", text))
    row = embedded(path.read_text(encoding="utf-8"))["rows"]["KZ-71"]["physicians"]
    assert row[4] in text  # the file and line of an indicator under it
    assert row[4].startswith("data/observations/")
    tab.keyboard.press("Escape")
    number.focus()
    tab.keyboard.press("Enter")
    assert opened(tab) == text
    tab.keyboard.press("Escape")
    tab.keyboard.press("ArrowRight")
    following = tab.evaluate("document.activeElement.getAttribute('value')")
    tab.keyboard.press(" ")
    assert numbers[int(following)][0] in opened(tab)
    tab.keyboard.press("Escape")
    # a figure of girls and boys: two rows of one indicator, with their source, its date and its checksum
    one = next(place for name, place in at.items() if name.startswith("region.2023.KZ-71.groups.sex."))
    tab.locator(f"main data[value='{one}']").first.click()
    sources = [row for row in embedded(path.read_text(encoding="utf-8"))["sources"] if row[4] in opened(tab)]
    assert sources
    assert all(row[3] in opened(tab) for row in sources)
    assert complaints == []


@pytest.mark.slow
def test_the_numbers_of_a_picture_are_in_the_table_below_it(profile: tuple[Path, RegionReport]) -> None:
    """A picture is an image: what it shows is opened in its table."""
    pictures = [block for section in profile[1].sections() for block in section.blocks if isinstance(block, Figure)]
    html = profile[0].read_text(encoding="utf-8")
    assert len(pictures) > 1
    for section in profile[1].sections():
        tables = list(section.tables())
        drawn = [block for block in section.blocks if isinstance(block, Figure)]
        assert len(tables) >= len(drawn)
        assert all("<data value=" in table.html() for table in tables)
    assert html.count("<figure") == len(pictures)
    assert "<data" not in Table("t", "c", ["a", "b"], [["r", "1"]], None, numeric=2).html()  # type: ignore[arg-type]
