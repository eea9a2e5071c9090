"""The revision report as it is printed, in three languages, in the notebook and on the command line."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis import comparison
from cwi.analysis.comparison import Revision, Revisions
from cwi.cli import main
from cwi.report import blocks
from cwi.report.languages import LANGUAGES
from cwi.report.ledger import merge
from cwi.report.notebooks.revision import RevisionReport
from cwi.report.revision import revision_of

pytestmark = pytest.mark.slow  # sixteen mixtures are scored


@pytest.fixture
def change(revised: Revisions) -> Revision:
    return revised.each[0]


def test_three_languages_print_the_same_numbers_and_every_cell_is_in_the_ledger(change: Revision) -> None:
    frames = []
    for code in LANGUAGES:
        section, ledger = revision_of(read_edition(2023), change, code)
        frames.append(ledger.frame())
        texts = {*frames[-1][f"text_{code}"], "–"}
        for table in section.tables():
            assert {cell for row in table.rows for cell in row[1:]} <= texts
    assert len(merge(frames)) == len(frames[0])


def test_the_sentences_are_those_of_the_table(change: Revision) -> None:
    section, _ = revision_of(read_edition(2023), change, "en")
    said = section.blocks[2].plain().splitlines()
    inside = change.regions.dropna(subset=["old_rank", "new_rank"])
    assert said[0].startswith(f"- {len(inside)} regions have an index under both; mean revision +{change.mean:.1f}, ")
    assert f"{np.abs(inside['moved']).max():.0f} places" in said[2]
    table = section.tables()[0]
    assert table.columns[:4] == ["Region", "2024.1", "2026.1", "Difference"]
    row = next(row for row in table.rows if row[0] == "Astana")
    assert row[1:3] == [f"{change.regions.at['KZ-71', side]:.1f}" for side in ("old", "new")]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_notebook_prints_what_was_computed(revised: Revisions, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: f"{self.stem}.svg")
    show = RevisionReport(read_edition(2023), revised, language=code)
    sections = [show.opening(), show.years(), show.causes(), show.regions(), show.levels(), show.one_year(2023)]
    html = " ".join(section._repr_mimebundle_()["text/html"] for section in sections)
    words = re.sub(r'<data value="[^"]*">', "", html)  # the name of a number is no word
    assert "revision." not in words.replace("revision.csv", "")  # every word has a message
    years = sections[1].tables()[0].rows[0]
    row = revised.years.loc[2023]
    number = show.language.number
    assert years[1:4] == ["20", number(row["mean"], 1, sign=True), number(row["mean_absolute"], 1)]
    printed = {line[1]: line[4] for line in sections[2].tables()[0].rows}
    shares = revised.causes.set_index("cause")["share"]
    assert printed[show.text("revision.column.indicators")] == number(100 * shares["indicators"], 1)
    frame = show.ledger.frame()
    assert len(frame) > 300
    assert frame["name"].is_unique


def test_the_command_prints_writes_and_refuses(
    change: Revision, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(comparison, "revision", lambda edition, under: given.append((edition.year, under)) or change)

    def run(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["cwi", "edition", "diff", "2023", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, *capsys.readouterr()

    target = tmp_path / "revision"
    code, out, _ = run("--under", "2026.1", "--language", "ru", "--output", str(target))
    assert code == 0
    assert given == [(2023, "2026.1")]
    assert "Индекс за 2023 год по 2024.1 и 2026.1" in out
    table = pd.read_csv(target / "revision.csv").set_index("region")
    assert np.allclose(table["difference"], change.regions["difference"], equal_nan=True)
    assert (target / "ledger.ru.csv").is_file()
    code, _, said = run("--under", "2026.1", "--output", str(target))
    assert code != 0
    assert "there is such a folder already; name a new one" in said
    code, out, _ = run("--under", "2026.1", "--json")
    assert json.loads(out)["mean"] == pytest.approx(change.mean)


def test_an_unknown_methodology_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["cwi", "edition", "diff", "2023", "--under", "2031.1"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code != 0
    assert "2031.1" in capsys.readouterr().err


@pytest.mark.browser
def test_everybody_can_use_its_page(revised: Revisions, page_problems: Callable[..., list[str]]) -> None:
    show = RevisionReport(read_edition(2023), revised, language="ru")
    sections = [show.opening(), show.years(), show.causes(), show.regions(), show.levels(), show.one_year(2023)]
    assert page_problems(sections, "ru") == []
