"""The site of a small project: links, languages, tables before pictures, downloads, hostile words, what is written."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

from cwi import DataError, read_edition
from cwi.published import read_published
from cwi.report.forked_process import prepare
from cwi.report.languages import LANGUAGES
from cwi.report.site import build, build_site
from cwi.report.site.atlas import open_atlas, slug
from cwi.report.site.drawings import bar, interval, lines, strip
from cwi.report.site.shared import RANK_COLUMNS
from cwi.report.site.voice import Voice
from tests.report.everybody import markup, problems

EMPTY = {"meta", "link", "br", "img", "input", "path", "circle", "rect", "polygon"}
HOSTILE = "=<script>alert(1)</script>\" onload='x' & {{ 7 * 7 }}"


class Read(HTMLParser):
    """A page: its links, its anchors, and its texts with the language that each is in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.tags: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.languages: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(text)

    @classmethod
    def of(cls, page: str | Path) -> "Read":
        return cls(page.read_text(encoding="utf-8") if isinstance(page, Path) else page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.anchors.add(values.get("id") or "")
        self.links += [str(values[name]) for name in ("href", "src") if values.get(name)]
        language = values.get("lang") or (self._open[-1][1] if self._open else "")
        if tag in ("script", "style", "code", "pre"):
            language = "code"
        if tag == "html":
            self.languages.append(language)
        if tag not in EMPTY:
            self._open.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.texts.append((self._open[-1][1], data))


@pytest.fixture(scope="module")
def small(project_at: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    root = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CWI_ROOT", str(root))
        yield project_at(root)


@pytest.fixture(scope="module")
def site(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build_site(output=folder, explorers=False)
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Read]:
    return {path.relative_to(site).as_posix(): Read.of(path) for path in sorted(site.rglob("*.html"))}


def check_links(site: Path, pages: dict[str, Read]) -> None:
    for name, page in pages.items():
        for target in page.links:
            place, _, anchor = unquote(target).partition("#")
            assert not re.match(r"\w+:|/", place), f"{name} asks for {target}"
            path = ((site / name).parent / place).resolve() if place else site / name
            assert path.is_file(), f"{name} links to {target}"
            if anchor and path.suffix == ".html" and "compare" not in place:
                assert anchor in pages[path.relative_to(site.resolve()).as_posix()].anchors, f"{name}: {target}"


@pytest.mark.slow
def test_every_link_leads_to_a_file_of_the_site(site, pages):
    check_links(site, pages)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["kk", *(pytest.param(code, marks=pytest.mark.exhaustive) for code in ("ru", "en"))])
def test_the_markup_of_every_page_is_that_of_the_standard(code, site):
    for path in [site / "index.html", *(site / code).rglob("*.html")]:
        assert markup(path.read_text(encoding="utf-8")) == [], path


@pytest.mark.browser
@pytest.mark.slow
def test_everybody_can_use_its_pages(site, browser):
    """One page of each folder and those with a part of their own."""
    folders = [path for path in (site / "en").iterdir() if path.is_dir()]
    assert len(folders) > 3
    kinds = [site / "en" / f"{name}.html" for name in ("index", "compare", "search", "downloads")]
    kinds += [min(folder.glob("*.html")) for folder in folders]
    assert [wrong for path in kinds for wrong in problems(browser, path, "en", ((360, "light"),))] == []
    assert problems(browser, site / "index.html", LANGUAGES[0], ((360, "light"),)) == []


@pytest.mark.slow
def test_every_page_is_there_in_every_language_and_leads_to_itself_in_the_others(pages):
    by_language = {
        code: {name.partition("/")[2] for name in pages if name.startswith(f"{code}/")} for code in LANGUAGES
    }
    assert by_language["kk"] == by_language["ru"] == by_language["en"]
    assert {"index.html", "years/2022.html", "regions/A.html", "indicators/poverty.html", "framework/home.html",
            "compare.html", "method.html", "glossary.html", "downloads.html", "reports.html", "cite.html",
            "accessibility.html", "search.html"} <= by_language["kk"]  # fmt: skip
    for name, page in pages.items():
        code, _, rest = name.partition("/")
        if rest:
            assert page.languages == [code]
            up = "../" * name.count("/")
            assert {f"{up}{other}/{rest}" for other in LANGUAGES if other != code} <= set(page.links), name


@pytest.mark.slow
def test_a_country_that_is_not_kazakhstan_is_not_called_so(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search("Kazakhstan|Казахстан|Қазақстан|OCHA", text), path.name


@pytest.mark.slow
def test_a_table_comes_before_each_picture(pages):
    for name, page in pages.items():
        if "svg" in page.tags:
            assert "table" in page.tags[: page.tags.index("svg")], name


@pytest.mark.slow
def test_the_interval_is_beside_the_rank_in_the_first_table(small, pages):
    assert RANK_COLUMNS == ("rank", "interval")
    voice = Voice(open_atlas(), "en")
    edition = read_edition(2022)
    words = [text.strip() for _, text in pages["en/index.html"].texts]
    start = words.index("Rank")
    assert words[start + 1] == "Interval of ranks" or "nterval" in words[start + 1]
    index = edition.scores.of("index")[2022]
    for region in edition.regions:
        if index[region] == index[region]:
            rank = int(edition.scores.wide(2022, "index", "rank").at[region, "index"])
            place = words.index(voice.region(region), start)
            assert words[place - 2 : place] == [str(rank), voice.interval(edition, region)]


def test_no_line_of_the_first_sentences_ends_within_an_interval():
    made = build._environment().from_string("{{ lead | ranges }}").render(lead="rank 1, interval 11–20 <b>")
    assert made == 'rank 1, interval <span class="range">11–20</span> &lt;b&gt;'


@pytest.mark.slow
def test_marks_are_on_every_page_with_scores(pages):
    for name, page in pages.items():
        if name.startswith("en/"):
            assert any("working choices of this project (methodology t1)" in text for _, text in page.texts), name


@pytest.mark.slow
def test_downloads_are_the_scores_to_the_last_digit(small, site):
    edition = read_edition(2022)
    table = pd.read_csv(site / "data" / "scores.csv", keep_default_na=False, na_values={"score": [""]})
    assert table["score"].tolist() == pytest.approx(edition.scores.nodes["score"].tolist(), rel=0, abs=0, nan_ok=True)
    rows = json.loads((site / "data" / "scores.json").read_text(encoding="utf-8"))
    expected = [None if value != value else value for value in edition.scores.nodes["score"]]
    assert [row["score"] for row in rows] == expected
    assert set(rows[0]) == set(table.columns)
    own = json.loads((site / "data" / "indicators" / "poverty.json").read_text(encoding="utf-8"))
    base = edition.base[edition.base["indicator"] == "poverty"]
    assert sorted(row["value"] for row in own) == sorted(base["value"])


@pytest.mark.slow
def test_the_data_package_describes_every_file(site):
    package = json.loads((site / "data" / "datapackage.json").read_text(encoding="utf-8"))
    assert package["profile"] == "data-package"
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names)
    files = {path.relative_to(site / "data").as_posix() for path in (site / "data").rglob("*") if path.is_file()}
    assert {resource["path"] for resource in package["resources"]} == files - {"datapackage.json"}
    tables = {
        each["name"]: (each, pd.read_csv(site / "data" / each["path"], dtype=str, keep_default_na=False))
        for each in package["resources"] if each["format"] == "csv"
    }  # fmt: skip
    dictionary = set(tables["indicators"][1])  # definitions, units, availability and codes go with each download
    assert {"indicator", "title_kk", "definition_ru", "unit", "decimals", "data", "first", "last", "sdg"} <= dictionary
    of_one = next(resource for name, (resource, _) in tables.items() if name.endswith("poverty"))
    assert {key["reference"]["resource"] for key in of_one["schema"]["foreignKeys"]} == {"regions", "indicators"}
    for name, (resource, table) in tables.items():
        assert re.fullmatch(r"[-a-z0-9._]+", name)
        assert resource["bytes"] == (site / "data" / resource["path"]).stat().st_size
        schema = resource["schema"]
        assert [field["name"] for field in schema["fields"]] == list(table.columns)
        for field in schema["fields"]:
            assert field["description"]
            cells = table.loc[table[field["name"]] != "", field["name"]]
            if field["type"] in ("number", "integer"):
                numbers = pd.to_numeric(cells)
                assert field["type"] == "number" or (numbers % 1 == 0).all(), (name, field)
        if "primaryKey" in schema:
            assert not table.duplicated(schema["primaryKey"]).any(), name
        for key in schema.get("foreignKeys", []):
            known = tables[key["reference"]["resource"]][1][key["reference"]["fields"]]
            assert set(table[key["fields"]]) <= set(known), (name, key)


@pytest.mark.slow
def test_what_machines_read_of_a_page(site):
    text = (site / "ru" / "indicators" / "poverty.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text)[1])
    assert (data["@context"], data["@type"], data["inLanguage"]) == ("https://schema.org", "Dataset", "ru")
    for each in data["distribution"]:
        assert (site / "ru" / "indicators" / each["contentUrl"]).resolve().is_file()


@pytest.mark.slow
def test_only_what_changed_is_written_and_what_is_gone_is_removed(project, tmp_path_factory):
    project.write("country.toml", 'languages = ["en"]\n')
    tmp_path = tmp_path_factory.mktemp("site")
    first = build_site(output=tmp_path, explorers=False)
    (tmp_path / "mine.txt").write_text("stays")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert build_site(output=tmp_path, explorers=False) == {"files": first["files"], "written": 0, "removed": 0}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
    (tmp_path / "en" / "index.html").write_text("spoilt")
    record = json.loads((tmp_path / "site.json").read_text())
    record["checksums"] |= {"en/old.html": "", "../outside.html": ""}
    (tmp_path / "site.json").write_text(json.dumps(record))
    (tmp_path / "en" / "old.html").write_text("old")
    (tmp_path.parent / "outside.html").write_text("another's")
    assert build_site(output=tmp_path, explorers=False) == {"files": first["files"], "written": 2, "removed": 1}
    assert not (tmp_path / "en" / "old.html").exists()
    assert (tmp_path.parent / "outside.html").exists()
    assert (tmp_path / "mine.txt").read_text() == "stays"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_parts_made_at_once_are_the_same_files(small, site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("at-once")
    assert prepare()
    done = build_site(output=folder, explorers=False, forks=True)
    assert done["files"] == len([path for path in site.rglob("*") if path.is_file()]) == done["written"]
    for path in sorted(site.rglob("*")):
        assert path.is_dir() or (folder / path.relative_to(site)).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_an_input_that_changes_while_the_site_is_made_stops_it(project, says, tmp_path, monkeypatch):
    project.write("country.toml", 'languages = ["en"]\n')
    folder = tmp_path / "at-once"
    build_site(output=folder, explorers=False)
    states = iter([{"data/regions.csv": (1,)}, {"data/regions.csv": (2,)}])
    monkeypatch.setattr(build, "signatures", lambda: next(states))
    (folder / "index.html").write_text("old")
    with says(DataError, "data/regions.csv was changed while the site was made; make it again"):
        build_site(output=folder, explorers=False, forks=True)
    assert (folder / "index.html").read_text() == "old"


@pytest.mark.slow
def test_hostile_words_come_out_harmless(project, tmp_path_factory):
    project.write("country.toml", 'languages = ["ru"]\n')
    tmp_path = tmp_path_factory.mktemp("site")
    quoted = HOSTILE.replace('"', '""')
    project.change("regions.csv", "Alpha,Альфа,Альфа", f'"{quoted[:40]}","{quoted}","{quoted}"')
    project.change("methodology/t1/indicators.csv", "Poverty,50", f'"{quoted}{"x" * 9_900}",50')
    project.change("methodology/t1/indicators.csv", "scale,weight,data", "scale,weight,data,unit")
    rules = project.path("methodology/t1/indicators.csv").read_text(encoding="utf-8").splitlines()
    units = [rules[0], *(f'{line},"{quoted}"' for line in rules[1:])]
    project.write("methodology/t1/indicators.csv", "\n".join(units) + "\n")
    project.change("sources.toml", 'title = "Living conditions"', f"title = '''{HOSTILE}'''")
    build_site(output=tmp_path, explorers=False)
    shown = (tmp_path / "ru" / "regions" / "A.html").read_text(encoding="utf-8")
    assert shown.count("&lt;script&gt;alert(1)") > 5  # the region, its indicators, their units and sources
    sources = pd.read_csv(tmp_path / "data" / "sources.csv", dtype=str, keep_default_na=False).set_index("source")
    assert sources.at["living", "title"] == f"'{HOSTILE}"
    dictionary = pd.read_csv(tmp_path / "data" / "indicators.csv", dtype=str, keep_default_na=False)
    assert set(dictionary["unit"]) == {f"'{HOSTILE}"}
    for path in tmp_path.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        page = Read.of(path)
        assert page.tags.count("script") == text.count("<script"), path.name
        assert "<script>alert" not in text
        assert "onload='x'" not in re.sub(r"&#39;|&quot;", "", text) or "onload=&#39;x&#39;" in text
    assert "{{ 7 * 7 }}" in (tmp_path / "ru" / "regions" / "A.html").read_text(encoding="utf-8")
    table = pd.read_csv(tmp_path / "data" / "regions.csv", dtype=str, keep_default_na=False).set_index("region")
    assert table.at["A", "name_ru"] == f"'{HOSTILE}"
    assert "<script>alert" not in (tmp_path / "assets" / "search-ru.js").read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_would_turn_text_round_is_not_printed(small):
    atlas = open_atlas()
    voice = Voice(atlas, "ru")
    assert voice.flags("carried; gaps") == "перенесено из более раннего года, часть данных отсутствует"
    from cwi.report.site.voice import clean

    assert clean("a\u202eb\u2066c\x07") == "abc"
    assert slug("../../etc/passwd").startswith("x-")


def test_pictures_escape_what_they_print_and_draw_nothing_of_nothing():
    nan = float("nan")
    assert bar(nan, 0, 100) == interval(1, nan, 2, 3) == lines({}, "x") == strip([("a", 1.0, "1")], "x") == ""
    drawn = lines({"<b>": {2020: 1.0, 2021: 2.0}}, '"x"') + strip(
        [("<i>", 1.0, "1"), ("b", 2.0, "<u>")], "y", reference=1.5
    )
    assert not re.search("<(b|i|u)>", drawn)
    assert 'aria-label="&#34;x&#34;"' in drawn


def test_years_that_cannot_be_shown_are_named(project, tmp_path, says):
    with says(DataError, "there is no edition of 2031; there are 2022"):
        build_site([2031], tmp_path, explorers=False)
    project.append("editions/2022/edition.toml", "rehearsal = true\n")
    with says(DataError, "the edition of 2022 is a rehearsal; the site for everybody is made of real figures only"):
        build_site([2022], tmp_path, explorers=False)
    with says(DataError, "every edition is a rehearsal; the site for everybody is made of real figures only"):
        build_site([], tmp_path, explorers=False)
    assert list(tmp_path.rglob("*.html")) == []


@pytest.mark.slow
def test_the_pages_of_a_real_year_have_its_published_numbers_and_no_english(monkeypatch):
    """Every number that the published report has too is the same, to its printed text; proper names are free."""
    monkeypatch.delenv("CWI_ROOT", raising=False)
    atlas = open_atlas([2023])
    voice = Voice(atlas, "ru")
    monkeypatch.setattr(build, "Voice", lambda *given: voice)
    files = build._language(atlas, "ru", [])
    printed = voice.ledgers[2023].frame().set_index("name")
    published = read_published(atlas.edition)[0]
    both = printed.index.intersection(published.index)
    assert len(both) > 700
    assert printed.loc[both, "text_ru"].tolist() == published.loc[both, "text_ru"].tolist()
    free = re.compile(r"[\w-]+\.(csv|json)|datapackage|\b[0-9a-f]{12}\b")  # names of files, checksums
    pages = [content.decode() for name, content in files.items() if name.endswith(".html")]
    texts = [text for page in pages for text in Read.of(page).texts]
    left = {word for code, text in texts if code == "ru" for word in re.findall("[A-Za-z]{4,}", free.sub("", text))}
    assert left <= {"PISA", "TIMSS", "NEET", "JSON", "Open", "SDMX", "Data", "Package", "Python", "WCAG", "OCHA",
                    "UNHCR", "Kazakhstan", "OpenStreetMap", "PDDL", "LISER"}  # fmt: skip


@pytest.mark.slow
def test_reports_and_profiles_that_were_made_are_copied_and_linked(project, tmp_path_factory):
    project.write("country.toml", 'languages = ["en"]\n')
    for place in ("2022/report.en.html", "2022/ledger.csv", "profiles/2022/A.en.html"):
        path = project.data.parent / "reports" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place)
    folder = tmp_path_factory.mktemp("site")
    build_site(output=folder, explorers=False)
    assert (folder / "reports/2022/report.en.html").read_text() == "2022/report.en.html"
    assert "../../profiles/2022/A.en.html" in Read.of(folder / "en/regions/A.html").links
    assert {"../reports/2022/report.en.html", "../reports/2022/ledger.csv"} <= set(
        Read.of(folder / "en/reports.html").links
    )


@pytest.mark.slow
def test_a_folder_with_three_files_makes_a_site_too(project, tmp_path, monkeypatch):
    folder = tmp_path / "three"
    folder.mkdir()
    rules = project.path("methodology/t1/methodology.toml").read_text().replace('nation = "N"\n', "")
    (folder / "methodology.toml").write_text(rules.replace("base = [2021, 2022]", "base = [2022]"))
    (folder / "indicators.csv").write_bytes(project.path("methodology/t1/indicators.csv").read_bytes())
    table = pd.read_csv(io.StringIO(project.path("observations/living.csv").read_text()), keep_default_na=False)
    rest = pd.read_csv(io.StringIO(project.path("observations/schools.csv").read_text()), keep_default_na=False)
    both: Any = pd.concat([table[(table["sex"] == "") & (table["area"] == "")], rest])
    both = both[both["region"].isin(["A", "B"]) & (both["year"] == 2022)]
    both[["region", "year", "indicator", "value"]].to_csv(folder / "observations.csv", index=False)
    monkeypatch.setenv("CWI_ROOT", str(folder))
    counts = build_site(output=tmp_path / "site", explorers=False)
    assert counts["written"] == counts["files"] > 60
    pages = {
        path.relative_to(tmp_path / "site").as_posix(): Read.of(path) for path in (tmp_path / "site").rglob("*.html")
    }
    check_links(tmp_path / "site", pages)
    assert "years/2022.html" in {name.partition("/")[2] for name in pages}


@pytest.mark.slow
def test_a_site_of_a_rehearsal_is_marked_on_every_page_picture_and_row(project, tmp_path_factory, says):
    """It has no part without the mark: words across each page and picture, a column in each table."""
    folder = tmp_path_factory.mktemp("rehearsed")
    project.write("country.toml", 'languages = ["en"]\n')
    with says(DataError, "the edition of 2022 is real; a site of a rehearsal has none but synthetic ones"):
        build_site(output=folder, explorers=False, rehearsed=folder)
    project.append("editions/2022/edition.toml", "rehearsal = true\n")
    reports = tmp_path_factory.mktemp("reports")
    (reports / "2022").mkdir()
    (reports / "2022" / "report.en.html").write_text("x")
    build_site(output=folder, explorers=True, rehearsed=reports)
    mark = "SYNTHETIC – REHEARSAL"
    pages = sorted((folder / "en").rglob("*.html"))
    assert len(pages) > 15
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert f'<p class="across" aria-hidden="true" data-mark="{mark}"></p>' in text, path
        assert f"<title>{mark}. " in text
        assert text.count('<p class="mark">Rehearsal: the figures of this site are synthetic.') == 1
        for picture in re.findall(r'<svg class="(?:chart|map).*?</svg>', text, re.DOTALL):
            assert re.search(rf'<text class="across"[^>]*>{mark}</text>', picture), path
    assert '<svg class="chart' in (folder / "en/indicators/poverty.html").read_text(encoding="utf-8")
    assert mark in (folder / "index.html").read_text(encoding="utf-8")
    page = (folder / "explorer/2022.html").read_text(encoding="utf-8")
    assert '<p data-say="across" class="across" aria-hidden="true">СИНТЕТИКАЛЫҚ ДЕРЕКТЕР – РЕПЕТИЦИЯ</p>' in page
    assert (folder / "reports/2022/report.en.html").is_file()
    for path in sorted((folder / "data").rglob("*.csv")):
        assert set(pd.read_csv(path, dtype=str)["mark"]) == {mark}, path
        rows = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert {row["mark"] for row in rows} == {mark}, path
    package = json.loads((folder / "data/datapackage.json").read_text(encoding="utf-8"))
    assert all(text.startswith(mark) for text in (package["title"], package["description"]))
    assert not (folder / "data/sdmx.csv").exists()


@pytest.mark.slow
def test_a_picture_is_drawn_for_a_phone_too_with_every_name_whole():
    long = "Западно-Казахстанская область"
    for drawn in (lines({long: {2020: 1.0, 2021: 2.0}, "B": {2020: 1.1, 2021: 2.0}}, "x"),
                  strip([(long, 1.0, "1,0"), ("B", 2.0, "2,0")], "y", reference=1.5, name="N")):  # fmt: skip
        kinds = re.findall(r'<svg class="chart[a-z ]* (screen|phone)" viewBox="0 0 (\d+) ', drawn)
        assert [(kind, int(wide) <= 330) for kind, wide in kinds] == [("screen", False), ("phone", True)]
        screen, phone = drawn.split("</svg>")[:2]
        assert long in re.sub("</tspan><tspan[^>]*>", " ", screen).replace("- ", "-")
        assert re.sub("</tspan><tspan[^>]*>", " ", phone).replace("- ", "-").count("Западно-Казахстанская") == 1
    heights = [
        float(y)
        for y in re.findall(
            r'class="line-name[^>]* y="([\d.]+)"', lines({long: {1: 1.0, 2: 2.0}, "B": {1: 1.0, 2: 2.0}}, "x")
        )
    ]
    assert abs(heights[0] - heights[1]) > 15
