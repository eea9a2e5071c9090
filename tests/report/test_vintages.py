"""A publication that changes numbers is a new vintage: the old one stays readable, each difference has its cause."""

import json
import os
import re
import signal
import tomllib
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser

from cwi import DataError, read_edition
from cwi.errors import WritingError
from cwi.published import KEPT, frozen, published_series, read_published, vintages
from cwi.report import publication
from cwi.report.official import OfficialReport
from cwi.report.printer import Printer
from cwi.report.publication import mend_publication, publish, review
from cwi.report.recomputation import recompute
from cwi.writing import alone
from tests.report.everybody import markup

pytestmark = pytest.mark.slow
Finish = Callable[..., Path]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


@pytest.fixture(autouse=True)
def _few_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of the sections that print scores."""
    monkeypatch.setattr(OfficialReport, "sections", lambda self: [self.dimensions(), self.profiles()])


@pytest.fixture
def published(project: Any, tmp_path: Path, finished: Finish, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small project whose edition of 2022 is published."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    publish(read_edition(2022), finished(tmp_path / "report"))
    return project


def revise(project: Any, finished: Finish, folder: Path, reason: str = "corrected") -> None:
    publish(read_edition(2022), finished(folder), revision=reason)


def test_a_publication_keeps_rows_rules_and_the_executed_notebooks(published: Any) -> None:
    edition = read_edition(2022)
    with zipfile.ZipFile(edition.path / KEPT) as archive:
        assert archive.read("notebooks/official_report.kk.ipynb") == b"executed in kk"
        assert archive.read("rules/methodology.toml") == published.path("methodology/t1/methodology.toml").read_bytes()
    assert recompute(frozen(edition), draws=100, seed=5).equals(recompute(edition, draws=100, seed=5))
    _, record = read_published(edition)
    assert (record["vintage"], record["date"]) == (1, "2026-09-21")
    assert list(vintages(edition)) == [1]


def test_the_same_publication_again_changes_no_file(published: Any, tmp_path: Path) -> None:
    folder = read_edition(2022).path
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    publish(read_edition(2022), tmp_path / "report")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_row_a_rule_and_the_code_are_told_apart(
    published: Any, tmp_path: Path, finished: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, _ = read_published(read_edition(2022))
    published.change("observations/living.csv", "A,2022,poverty,,,8,,,normal", "A,2022,poverty,,,13,,,normal")
    published.sign()
    revise(published, finished, tmp_path / "second", "The Bureau corrected poverty of A")
    edition = read_edition(2022)
    assert list(vintages(edition)) == [1, 2]
    pd.testing.assert_frame_equal(read_published(edition, 1)[0], old)
    table = pd.read_csv(edition.path / "revision.csv", index_col="name")
    # poverty of A from 8 to 13: its score falls from 84 to 74, home by 7.5 (weights 3 and 1)
    row = table.loc["score.2022.A.home"]
    assert row[["old", "new", "difference", "code", "rules", "rows"]].tolist() == [85.5, 78, -7.5, 0, 0, -7.5]
    assert set(table["cause"]) == {"rows"}
    for code, words in (
        ("en", "poverty in A, 2022: value was '8.0' when it was published and is '13.0' now"),
        ("ru", "Причина: The Bureau corrected poverty of A"),
        ("kk", "Орташа абсолюттік қайта қарау"),
    ):
        html = (edition.path / f"revision.{code}.html").read_text(encoding="utf-8")
        assert words in unescape(html)
        assert markup(html) == []
        (known,) = re.findall(r'<script type="application/json" id="numbers">(.*?)</script>', html)
        numbers = json.loads(known)["numbers"]
        at = next(place for place, row in enumerate(numbers) if row[0] == "score.2022.A.home")
        assert numbers[at][1:3] == [78, "points"]
        assert f"<data value={at}>78" in html

    published.change("methodology/t1/indicators.csv", "poverty,home,Poverty,50,", "poverty,home,Poverty,60,")
    assert (
        "data/methodology/t1/indicators.csv: poverty, worst was '50' when it was published and is '60' now"
    ) in review(read_edition(2022))
    revise(published, finished, tmp_path / "third")
    table = pd.read_csv(edition.path / "revision.csv", index_col="name")
    assert table.at["score.2022.A.home", "cause"] == "rules"
    assert table.at["score.2022.A.home", "rules"] == table.at["score.2022.A.home", "difference"] > 0
    assert list(vintages(edition)) == [1, 2, 3]

    printed = Printer.score
    monkeypatch.setattr(Printer, "score", lambda self, *of, **year: printed(self, *of[:-1], of[-1] / 2, **year))
    revise(published, finished, tmp_path / "fourth")
    table = pd.read_csv(edition.path / "revision.csv", index_col="name")
    assert table.at["score.2022.A.home", "cause"] == "code"
    assert (edition.path / "vintages" / "3" / "revision.csv").is_file()


@pytest.mark.browser
def test_numbers_of_a_revision_open(published: Any, tmp_path: Path, finished: Finish, browser: Browser) -> None:
    published.change("observations/living.csv", "A,2022,poverty,,,8,,,normal", "A,2022,poverty,,,13,,,normal")
    published.write("country.toml", 'languages = ["en", "ru"]\n')
    published.sign()
    revise(published, finished, tmp_path / "second")
    folder = read_edition(2022).path
    assert sorted(path.name for path in folder.glob("revision.*.html")) == ["revision.en.html", "revision.ru.html"]
    tab = browser.new_context(offline=True).new_page()
    tab.goto((folder / "revision.en.html").as_uri())
    tab.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    number = tab.locator("tr", has_text="score.2022.A.home").locator("data").first
    number.hover()
    assert number.get_attribute("title") == "78 points · score.2022.A.home"
    number.click()
    dialog = tab.locator("dialog")
    text = dialog.inner_text()
    assert "score.2022.A.home" in text
    assert "78" in text
    assert "arithmetic" in text
    tab.keyboard.press("Escape")
    assert not dialog.is_visible()
    number.focus()
    tab.keyboard.press("Enter")
    assert dialog.inner_text() == text
    tab.keyboard.press("Escape")
    sources = tomllib.loads(published.path("sources.toml").read_text(encoding="utf-8"))
    row = "data/observations/living.csv:7"
    for part in (row, "13", "Living conditions", "2024-01", sources["living"]["sha256"]):
        assert part in text
    assert (
        published.path("observations/living.csv")
        .read_text(encoding="utf-8")
        .splitlines()[6]
        .startswith("A,2022,poverty")
    )


def test_later_rows_and_late_series_do_not_touch_a_published_edition(
    published: Any, tmp_path: Path, finished: Finish
) -> None:
    published.append("series.csv", "books,Books,Книги,%,0,100,share,3.1,yes\n")
    published.append(
        "observations/living.csv", "A,2023,poverty,,,1,,,normal,living,\nA,2022,books,,,5,,,normal,living,\n"
    )
    published.sign()
    assert review(read_edition(2022)) == []


def test_figures_of_an_awaited_series_that_come_late_enter_by_a_revision_only(
    project: Any, tmp_path: Path, finished: Finish
) -> None:
    project.append("series.csv", "books,Books,Книги,%,0,100,share,3.1,yes\n")
    row = "books,school,Books,20,100,linear,1,awaiting data\nplaces,school"
    project.change("methodology/t1/indicators.csv", "places,school", row)
    publish(read_edition(2022), finished(tmp_path / "report"))
    before = read_edition(2022).scores.at("A")
    project.append("observations/living.csv", "A,2022,books,,,30,,,normal,living,\n")
    project.sign()
    assert review(read_edition(2022)) == []
    assert read_edition(2022).scores.at("A") == before
    project.write("editions/2022/edition.toml", 'methodology = "t1"\ntake = ["books"]\n')
    assert "books in A, 2022 is new since it was published" in review(read_edition(2022))
    assert read_edition(2022).scores.at("A") != before


def test_numbers_of_several_vintages_make_no_series(
    published: Any, tmp_path: Path, finished: Finish, says: Says
) -> None:
    published.write("editions/2021/edition.toml", 'methodology = "t1"\n')
    publish(read_edition(2021), finished(tmp_path / "earlier", 2021))
    assert published_series("score.{year}.A.home")["vintage"].tolist() == [1, 1]
    published.change("observations/living.csv", "A,2022,poverty,,,8,,,normal", "A,2022,poverty,,,13,,,normal")
    published.sign()
    revise(published, finished, tmp_path / "second")
    with says(
        DataError,
        "the numbers 'score.{year}.A.home' are of several vintages (1: 2021; 2: 2022) and make no series; ask for it "
        "with join, or score the years by one methodology",
    ):
        published_series("score.{year}.A.home")
    assert published_series("score.{year}.A.home", join=True)["vintage"].tolist() == [1, 2]


def test_a_second_publication_at_once_is_refused(published: Any, tmp_path: Path, says: Says) -> None:
    edition = read_edition(2022)
    with (
        alone(edition.path, "held"),
        says(WritingError, "the edition of 2022 is being published by another run; wait until it has ended"),
    ):
        publish(edition, tmp_path / "report")


def test_a_review_leaves_a_publication_alone_that_is_under_way(published: Any, says: Says) -> None:
    edition = read_edition(2022)
    stage = edition.path / ".publish"
    stage.mkdir()
    (stage / "published.csv").write_text("new", encoding="utf-8")
    before = (edition.path / "published.csv").read_bytes()
    with (
        alone(edition.path, "held"),
        says(WritingError, "the edition of 2022 is being published by another run; wait until it has ended"),
    ):
        review(edition)
    assert (stage / "published.csv").is_file()
    assert (edition.path / "published.csv").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="processes are killed so on these systems only")
@pytest.mark.parametrize("after", [None, 0, 3])
def test_a_publication_that_is_killed_is_old_or_finished_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int | None
) -> None:
    """Killed while files are written aside, and before the first and the fourth of them took its place."""
    for name in ("published.csv", "published.toml", "rows.csv.gz"):
        (tmp_path / name).write_bytes(b"old")
    files = dict.fromkeys(("published.csv", "rows.csv.gz", "kept.zip", "published.toml", "vintages/1/rows"), b"new")
    moved: list[Path] = []
    replace, write = Path.replace, Path.write_bytes

    def stopping(path: Path, target: Path) -> Path:
        if len(moved) == after:
            os.kill(os.getpid(), signal.SIGKILL)
        moved.append(path)
        return replace(path, target)

    def half(path: Path, content: bytes) -> int:
        if after is None and path.name == "kept.zip":
            os.kill(os.getpid(), signal.SIGKILL)
        return write(path, content)

    if (child := os.fork()) == 0:
        monkeypatch.setattr(Path, "replace", stopping)
        monkeypatch.setattr(Path, "write_bytes", half)
        publication._lay_down(tmp_path, files)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    mend_publication(tmp_path)
    left = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and ".publ" not in str(path)}
    assert set(left.values()) == ({b"old"} if after is None else {b"new"})
    assert len(left) == (3 if after is None else 5)
    publication._lay_down(tmp_path, files)
    assert not list(tmp_path.glob(".publ*"))
