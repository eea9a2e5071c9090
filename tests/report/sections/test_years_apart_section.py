"""Two years beside each other as they are printed, in three languages and on the command line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis.comparison import YearsApart, years_apart
from cwi.cli import main
from cwi.report.languages import LANGUAGES
from cwi.report.ledger import merge
from cwi.report.revision import years_apart_of

pytestmark = pytest.mark.slow

Command = Callable[..., tuple[object, str, str]]


@pytest.fixture
def apart(project: Any) -> YearsApart:
    """2021 and 2022 of the small project, an index in both for A and the nation."""
    rows = "A,2021,places,110,normal,schools\nN,2021,places,95,normal,schools\n"
    project.append("observations/schools.csv", rows)
    project.write("editions/2021/edition.toml", 'methodology = "t1"\n')
    project.sign()
    return years_apart(read_edition(2021), read_edition(2022))


@pytest.fixture
def diff(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["cwi", "edition", "diff", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, *capsys.readouterr()

    return run


def test_three_languages_print_the_same_numbers_and_every_number_is_in_the_ledger(apart: YearsApart) -> None:
    frames = []
    for code in LANGUAGES:
        section, ledger = years_apart_of(read_edition(2022), apart, code)
        frames.append(ledger.frame())
        texts = {*frames[-1][f"text_{code}"], "–"}
        regions, indicators, _ = section.tables()
        assert {cell for row in regions.rows for cell in row[1:]} <= texts
        items = [item for row in indicators.rows for cell in row[1:] for item in cell.split("; ")]
        assert {item.rpartition(" ")[2] for item in items} <= texts
        assert "apart." not in "".join(block.plain() for block in section.blocks)  # every word has a message
    assert len(merge(frames)) == len(frames[0])


def test_the_command_prints_the_causes_and_writes_them(apart: YearsApart, diff: Command, tmp_path: Path) -> None:
    target = tmp_path / "two" / "years"
    code, out, _ = diff("2021", "2022", "--output", str(target))
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "Alpha 70.0 77.8 +7.8 +6.8 0.0 +1.0 1 1 0" in lines
    assert "Alpha Places +5.00; Poverty +1.75 –" in lines
    table = pd.read_csv(target / "years-apart.csv").set_index("region")
    assert np.allclose(table["difference"], apart.regions["difference"], equal_nan=True)
    assert (target / "ledger.en.csv").is_file()
    assert [path.name for path in target.parent.iterdir()] == ["years"]
    code, _, complained = diff("2021", "2022", "--output", str(target))
    assert code == 2
    assert complained.endswith(": there is such a folder already; name a new one\n")
    code, out, _ = diff("2021", "2022", "--json")
    assert json.loads(out)["regions"][0]["difference"] == pytest.approx(7.75)


def test_what_cannot_be_compared_is_one_sentence(apart: YearsApart, diff: Command, project: Any) -> None:
    assert diff("2022")[2] == (
        "ParameterError: nothing to compare 2022 with; give a later year, or --under with a methodology\n"
    )
    assert diff("2022", "--under", "t1", "--join")[2] == (
        "ParameterError: --join is about two years; give a later year\n"
    )
    for name in ("methodology.toml", "indicators.csv"):
        text = project.path(f"methodology/t1/{name}").read_text(encoding="utf-8")
        text = text.replace('version = "t1"', 'version = "t2"').replace(
            "poverty,home,Poverty,50,", "poverty,home,Poverty,40,"
        )
        project.write(f"methodology/t2/{name}", text)
    project.write("editions/2021/edition.toml", 'methodology = "t2"\n')
    rules = [read_edition(year).methodology for year in (2021, 2022)]
    first, second = (f"{each.version} {each.fingerprint}" for each in rules)
    code, out, complained = diff("2021", "2022")
    assert (code, out) == (2, "")
    assert complained == (
        f"DataError: the editions of 2021 (methodology {first}) and 2022 ({second}) cannot be compared; ask for it "
        "with join, or score both years by one methodology\n"
    )
    code, out, _ = diff("2021", "2022", "--join")
    assert code == 0
    assert f"The editions have different methodologies (2021: {first}; 2022: {second})." in out
    code, out, _ = diff("2021", "2022", "--under", "t2")
    assert code == 0
    assert "different methodologies" not in out
