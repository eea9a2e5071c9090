"""The documentation site is built from the repository, without warnings; what it is generated from is complete."""

import csv
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cwi.traits import FAMILIES, methods_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> ModuleType:
    """docs/build.py."""
    spec = importlib.util.spec_from_file_location("cwi_documentation", ROOT / "docs" / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(site: ModuleType, tmp_path: Path) -> None:
    """Every page of the repository, and a part of the reference; `make docs` builds all of it."""
    code, printed = site.quiet(tmp_path / "html", only=["cwi", "cwi.analysis.audit"])
    assert (code, printed.strip()) == (0, str(tmp_path / "html" / "index.html"))
    index = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert "http://" not in re.sub(r'href="http[^"]*"', "", index)  # nothing is loaded from elsewhere
    for page in ("docs/tutorial", "docs/glossary", "docs/faq", "docs/decisions/index", "docs/reference/data",
                 "docs/how-to/another-country", "docs/reference/cwi", "CONTRIBUTING"):  # fmt: skip
        assert (tmp_path / "html" / f"{page}.html").is_file()
    assert "under" in (tmp_path / "html/docs/reference/cwi.html").read_text(encoding="utf-8")


def test_every_method_has_its_place_formula_and_source(site: ModuleType) -> None:
    page = site.methods_page()
    assert all(f"\n### {word}\n" in page for family in FAMILIES for word in methods_of(family))
    assert "- Formula: `0.6 × 80 + 0.4 × 50 (scores 80 and 50, weights 0.6 and 0.4)`" in page
    assert "- Source: OECD/JRC (2008)" in page


def test_every_front_door_and_every_name_is_in_the_reference(site: ModuleType) -> None:
    doors = site.front_doors()
    assert {"cwi", "cwi.edition", "cwi.analysis.uncertainty", "cwi.methods.weighting"} <= set(doors)
    for door in ("cwi", "cwi.edition"):
        page = site.package_page(door)
        assert all(f"\n## {name}\n" in f"\n{page}" for name in importlib.import_module(door).__all__)


def test_every_command_is_in_the_reference(site: ModuleType) -> None:
    page = site.commands_page()
    assert all(f"## cwi {words}\n" in page for words in ("report", "affected", "edition new", "survey synthesize"))


def test_every_column_of_the_data_has_a_meaning(site: ModuleType) -> None:
    known = site.columns()
    there = {column for paths in site.tables().values() for column in pd.read_csv(paths[0], nrows=0).columns}
    assert sorted(there - set(known)) == []
    assert sorted(set(known) - there) == []
    assert all(known.values())


def test_the_glossary_is_in_three_languages_with_its_sources() -> None:
    with (ROOT / "docs" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["code"] for row in rows}) == len(rows) > 30
    assert all(value and not value.isspace() for row in rows for value in row.values())
    assert all(re.search("[Ѐ-ӿ]", row[f"{what}_{code}"]) for row in rows for what in ("term", "definition")
               for code in ("ru", "kk"))  # fmt: skip


def test_every_decision_has_a_status_and_a_date(site: ModuleType) -> None:
    rows = site.decisions()
    assert len(rows) > 30
    dated = re.compile(r"(in force|accepted|replaced by \d{4}|withdrawn)[.,].*\b20\d\d\b")
    assert [name for name, _, status in rows if not dated.match(status)] == []
    numbers = [name[:4] for name, _, _ in rows]
    assert numbers == sorted(set(numbers))  # one page a number


def test_a_link_that_leads_nowhere_is_named(site: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"^docs/faq\.md: the link \[here\]\(nowhere\.md\) leads nowhere$"):
        site._linked("[here](nowhere.md)", "docs/faq.md", {})
    assert site._linked("[a table](../data/regions.csv)", "docs/faq.md", {}) == "a table"
    assert site._linked("`x` [us](house.md#a)", "docs/faq.md", {"docs/house.md": ""}) == "`x` [us](/docs/house.md#a)"


def test_the_version_is_one() -> None:
    """Of the package, of its metadata and of the citation: step 2 of docs/how-to/release.md."""
    import cwi

    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CITATION.cff")]
    patterns = (r'^version = "(.+)"$', r"^version: (.+)$")
    found = [re.search(p, t, re.MULTILINE) for p, t in zip(patterns, texts, strict=True)]
    assert [match[1] for match in found if match] == [cwi.__version__] * 2
