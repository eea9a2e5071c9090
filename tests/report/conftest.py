"""What tests of reports share."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure as Drawing
from playwright.sync_api import Browser, sync_playwright

from cwi import read_edition
from cwi.report.blocks import Columns, Figure, Folded, Section, Table
from cwi.report.document import write_html
from cwi.report.languages import Language
from cwi.report.recomputation import languages_of, recompute
from tests.report.everybody import CHROMIUM, FLAGS, MODES, problems


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a page needs the system's Chromium; `.ci/run` installs it, so that nothing is left out there."""
    if CHROMIUM is not None:
        return
    for item in items:
        if item.get_closest_marker("browser") or "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason="neither chromium nor google-chrome is installed"))


@pytest.fixture
def finished() -> Callable[..., Path]:
    """``finished(folder, year)`` leaves a report as `cwi report` does, in the project's languages: ledger, manifest."""

    def make(folder: Path, year: int = 2022, *, draws: int = 100, seed: int = 5, **files: bytes) -> Path:
        edition = read_edition(year)
        folder.mkdir(parents=True, exist_ok=True)
        ledger = recompute(edition, draws=draws, seed=seed).reset_index()
        ledger.assign(edition=year).to_csv(folder / "ledger.csv", index=False)
        for code in languages_of(edition):
            (folder / f"official_report.{code}.ipynb").write_bytes(f"executed in {code}".encode())
        record: dict[str, Any] = {
            "inputs": {},
            "outputs": {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in folder.iterdir()
                if path.name != "manifest.json"
            },
            "edition": {"fingerprint": edition.methodology.fingerprint, "data": edition.checksum},
            "languages": sorted(languages_of(edition)),
            "parameters": {"draws": draws, "seed": seed},
        }
        (folder / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
        return folder

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, once for each file of tests: while it is open, nothing else can use asyncio."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def _tiny() -> Drawing:
    return Drawing(figsize=(6.2, 1), facecolor="white")


def _small(block: Any) -> Any:
    """The same with pictures in which nothing is drawn, and three rows a table: what a page is built of stays."""
    if isinstance(block, Table):
        return replace(block, rows=block.rows[:3], emphasised=frozenset({1}))
    if isinstance(block, Figure):
        return replace(block, draw=_tiny, table=None if block.table is None else _small(block.table))
    if isinstance(block, Folded):
        return replace(block, tables=[_small(table) for table in block.tables])
    if isinstance(block, Columns):
        return Columns([[_small(inside) for inside in column] for column in block.columns])
    return block


@pytest.fixture
def page_problems(browser: Browser, tmp_path: Path) -> Callable[..., list[str]]:
    """``page_problems(sections, language)``: what is wrong with the page of some sections, their tables shortened."""

    def found(sections: list[Section], language: str, modes: tuple[tuple[int, str], ...] = MODES) -> list[str]:
        small = [Section([_small(block) for block in section.blocks]) for section in sections]
        write_html(tmp_path / "page.html", small, language=Language(language), title="Title")
        return problems(browser, tmp_path / "page.html", language, modes)

    return found
