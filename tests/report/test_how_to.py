"""The pages are followed: every block is run as it is printed, in a copy of the project or in a new one.

A line that begins with `cwi` is run in this process, others by the shell. `cwi report` leaves the numbers of two
sections and no notebook: reports are made in the tests of reports.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from cwi import folders, read_edition
from cwi.cli import app
from cwi.published import published_series, read_published, vintages
from cwi.report.blocks import Figure
from cwi.report.document import write_html
from cwi.report.languages import LANGUAGES, Language
from cwi.report.official import OfficialReport
from cwi.report.printer import language_of
from cwi.report.publication import publish
from cwi.report.recomputation import recompute

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the pages are written for a POSIX shell"),
]
Finish = Callable[..., Path]
PAGES = folders.root() / "docs" / "how-to"
BLOCK = re.compile(r"```bash\n(.*?)```", re.S)
OF_KAZAKHSTAN = (
    "Kazakhstan", "Казахстан", "Қазақстан", "Abai", "Абай", "KZ", "Astana", "Астана", "tenge", "тенге", "теңге",
    "Government", "Правительств", "Үкімет", "2018", "2020", "2022", "three cities", "OpenStreetMap",
)  # fmt: skip
VALUE, TOP = 7, 8  # of a template: the column of the figures, the first row


def visible(html: str) -> str:
    """The words of a page, without style, script and pictures."""
    html = re.sub(r"<(style|script).*?</\1>", " ", html, flags=re.DOTALL)
    alternatives = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r" \1 ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", alternatives)).split())


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project in which 2023 is the only edition."""
    root = tmp_path / "project"
    for name in ("data", "notebooks"):
        shutil.copytree(folders.root() / name, root / name)
    for folder in (root / "data" / "editions").iterdir():
        if folder.name != "2023":
            shutil.rmtree(folder)
    monkeypatch.setenv("CWI_ROOT", str(root))
    monkeypatch.chdir(root)
    monkeypatch.setattr(OfficialReport, "sections", lambda self: [self.measured(), self.dimensions()])
    return root


def steps(page: str) -> Iterator[str]:
    """Each command of the cwi by itself, and what is between them together."""
    shell: list[str] = []
    for line in "".join(BLOCK.findall((PAGES / page).read_text(encoding="utf-8"))).splitlines():
        if not line.startswith("cwi "):
            shell.append(line)
            continue
        if shell:
            yield "\n".join(shell)
            shell = []
        yield line
    if shell:
        yield "\n".join(shell)


def follow(
    page: str, root: Path, finished: Finish, before: Callable[[str], None] = lambda line: None
) -> dict[str, str]:
    """Run a page; what each command printed."""
    printed = {}
    for step in steps(page):
        before(step)
        if not step.startswith("cwi "):
            subprocess.run(["bash", "-euc", step], check=True)
            continue
        command, _, expected = step.partition("  # exit ")
        words = shlex.split(command)[1:]
        if words[0] == "report":
            finished(root / "reports" / words[1], int(words[1]))
            continue
        result = CliRunner().invoke(app, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == int(expected or 0), f"{step}\n{result.output}"
        printed[command] = " ".join(result.output.split())
    return printed


@pytest.mark.slow
def test_a_new_indicator(copy: Path, finished: Finish) -> None:
    printed = follow("a-new-indicator.md", copy, finished)
    assert "immunisation: no value in the base years 2018 to 2022;" in printed["cwi edition status 2024"]
    assert "96.2 of 2024, status normal" in printed["cwi trace 2024 Astana immunisation"]


@pytest.mark.slow
def test_a_new_methodology(copy: Path, finished: Finish) -> None:
    printed = follow("a-new-methodology.md", copy, finished)
    assert "methodology 2027.1" in printed["cwi edition new 2024 --methodology 2027.1"]
    assert [level.coverage for level in read_edition(2024).methodology.levels] == [0.2, 0.4, 1.0]
    assert "Astana" in printed["cwi score 2023 --methodology 2027.1"]


@pytest.mark.slow
def test_a_correction(copy: Path, finished: Finish) -> None:
    for path in (copy / "data" / "editions" / "2023").glob("[!e]*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    publish(read_edition(2023), finished(copy / "reports" / "2023", 2023))
    printed = follow("a-correction.md", copy, finished)
    assert printed["cwi review 2023"].startswith("2023: every published number is computed again to its last digit")
    edition = read_edition(2023)
    assert list(vintages(edition)) == [1, 2]
    assert read_published(edition)[1]["revision"][0].endswith(" numbers: The Bureau corrected poverty in Astana")
    table = pd.read_csv(edition.path / "revision.csv", index_col="name")
    assert set(table["cause"]) == {"rows"}
    assert (table["rows"].abs() > 0).all()
    assert {name.split(".")[2] for name in table.index if name.startswith("score.")} == {"KZ-71"}


@pytest.mark.slow
def test_another_country(tmp_path: Path, finished: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing to the whole page in three languages, and nothing in it is of Kazakhstan."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CWI_ROOT", raising=False)
    testland = tmp_path / "testland"

    def moved(step: str) -> None:
        if step == "cwi check":  # as the shell block before it did for itself
            monkeypatch.chdir(testland)
            monkeypatch.setenv("CWI_ROOT", str(testland))

    printed = follow("another-country.md", testland, finished, moved)
    assert "none" in printed["cwi check"]
    assert "1 P Port 79.4 77.9 74.9 85.3" in printed["cwi score 2025"]
    assert "arithmetic mean of 2 of 2 parts" in printed["cwi trace 2025 Port health"]
    assert (testland / "ranking.svg").stat().st_size > 5_000
    edition = read_edition(2025)
    titles = ["Тестландия балалары: 2025 жылғы индекс", "Дети Тестландии: индекс за 2025 год",
              "Children of Testland: the index of 2025"]  # fmt: skip
    for code, title in zip(LANGUAGES, titles, strict=True):
        if code != LANGUAGES[0]:  # pictures are drawn in one language
            monkeypatch.setattr(Figure, "_image", lambda self: '<img src="data:image/svg+xml," alt="x">')
        words = language_of(edition, code)
        report = OfficialReport(edition, language=code, draws=100, seed=1)
        write_html(tmp_path / f"{code}.html", report.sections(), language=words, title=title)
        text = visible((tmp_path / f"{code}.html").read_text(encoding="utf-8"))
        assert f" {title} " in text
        assert edition.territory.name("H", code) in text
        assert [word for word in OF_KAZAKHSTAN if word.casefold() in text.casefold()] == []
    kazakh = Language("en", PAGES.parents[1]).text("limits.territory")  # the control: the words are in its own report
    assert [word for word in OF_KAZAKHSTAN if word in kazakh] == ["Kazakhstan", "Abai", "2022"]


@pytest.mark.slow
def test_the_year(copy: Path, finished: Finish) -> None:
    def returned(step: str) -> None:
        """Two owners fill in their templates: every figure the one of last year and a little more."""
        if not step.startswith("cwi intake read"):
            return
        (copy / "returned").mkdir()
        for path in sorted((copy / "templates").glob("*.xlsx"))[:2]:
            book = openpyxl.load_workbook(path)
            sheet = book.worksheets[0]
            for row in range(TOP, sheet.max_row + 1):
                last = sheet.cell(row, 5).value
                if isinstance(last, int | float):
                    sheet.cell(row, VALUE).value = round(last * 1.01, 2)
            book.save(copy / "returned" / path.name)

    printed = follow("the-year.md", copy, finished, returned)
    assert "vintage 1" in printed["cwi publish 2024"]
    assert printed["cwi review 2024"].startswith("2024: every published number is computed again to its last digit")
    assert len(printed) + 1 <= 8  # commands of the whole year, the report among them
    edition = read_edition(2024)
    assert (edition.observations["year"] == 2024).any()
    with pytest.raises(ValueError, match="no edition published a number"):
        published_series("nothing.{year}")
    assert recompute(edition, draws=100, seed=5, languages=("en",)).shape[0] > 20
