"""The committed executed notebooks are what the source notebook gives today, output by output.

By default one report is run again by nbval in a kernel, as a reviewer would, and one language of two other years
in this process, without drawing, where its numbers are held against the published ones too. With CWI_ALL_REPORTS=1, as
`make test-reports` has it, nbval runs every report of every year and language, and all languages of every year are
held against what was published.
"""

import ast
import json
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbval.plugin import get_sanitize_patterns

import cwi
from cwi.edition import editions
from cwi.published import read_published
from cwi.report import blocks
from cwi.report.blocks import Section
from cwi.report.languages import LANGUAGES
from cwi.report.ledger import merge
from cwi.report.official import OfficialReport
from cwi.report.publication import compare, review

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "notebooks" / "official_report.ipynb"
REPORTS = ROOT / "reports"
SANITIZE = Path(__file__).parent / "sanitize.cfg"
EXECUTED = sorted(REPORTS.glob("[0-9]*/official_report.*.ipynb"))
FIRST = REPORTS / "2023" / "official_report.en.ipynb"
ALL = os.environ.get("CWI_ALL_REPORTS") == "1"
pytestmark = [pytest.mark.exhaustive] if ALL else []
OTHERS = {2019, 2025}  # earlier borders; the last year, by later rules
CHOSEN = {  # one language a year, all languages in turn
    REPORTS / str(year) / f"official_report.{LANGUAGES[year % 3]}.ipynb"
    for year in editions()
    if year != 2023 and (ALL or year in OTHERS)
}


def name_of(path: Path) -> str:
    return path.relative_to(REPORTS).as_posix()


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prints(cell: NotebookNode) -> bool:
    """Whether the cell ends with a section of the report."""
    return str(cell.source).splitlines()[-1].startswith("report.")


def nbval(notebook: Path) -> "subprocess.CompletedProcess[str]":
    """The reviewer's command."""
    command = [sys.executable, "-m", "pytest", "--nbval", str(notebook), "--nbval-sanitize-with", str(SANITIZE)]
    aside = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "CWI_", "COV_"))}
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist", "--noconftest"],
        cwd=ROOT, env=aside, capture_output=True, text=True, check=False,
    )  # fmt: skip


def copy(source: Path, target: Path, change: Any = lambda notebook: None) -> Path:
    notebook = read(source)
    change(notebook)
    nbformat.write(notebook, target)
    return target


# ---------------------------------------------------------------- all of them, as they lie there


def test_every_edition_has_an_executed_notebook_in_every_language() -> None:
    wanted = [f"{year}/official_report.{code}.ipynb" for year in editions() for code in LANGUAGES]
    assert sorted(wanted) == [name_of(path) for path in EXECUTED]


@pytest.mark.parametrize("path", EXECUTED, ids=name_of)
def test_a_report_was_executed_from_top_to_bottom(path: Path) -> None:
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"execute_result"}
    shown = [cell for cell in cells if prints(cell)]
    assert all(len(cell.outputs) == 1 for cell in shown)
    assert len(shown) == len(outputs)


@pytest.mark.parametrize("path", EXECUTED, ids=name_of)
def test_a_report_holds_no_pictures_times_or_places(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            assert set(output["data"]) == {"text/html", "text/plain", blocks.TYPST}
    assert not re.search(r"data:image|base64|<svg", text)
    assert not re.search(r"execution\"|papermill|start_time|duration|/(tmp|home|root|Users)/", text)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", EXECUTED, ids=name_of)
def test_a_report_is_made_of_the_source_notebook(path: Path) -> None:
    executed, source = read(path), read(SOURCE)
    injected = [cell for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert len(injected) == 1
    rest = [(cell.cell_type, cell.source) for cell in executed.cells if cell not in injected]
    assert rest == [(cell.cell_type, cell.source) for cell in source.cells]
    said = {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]
        for node in ast.parse(injected[0].source).body
        if isinstance(node, ast.Assign)
    }
    assert said["year"] == int(path.parent.name)
    assert said["language"] == path.name.split(".")[1]


# ---------------------------------------------------------------- the source


def test_the_source_holds_no_outputs_and_no_machinery() -> None:
    notebook = read(SOURCE)
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert len(cell.source.splitlines()) <= 15
        tree = ast.parse(cell.source)
        forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try)
        assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)], cell.source
        assert not re.search(r"^\s*[!%]", cell.source, re.MULTILINE)
    assert sum(bool(cell.metadata.get("tags") == ["parameters"]) for cell in notebook.cells) == 1


def test_the_sanitizer_hides_nothing_but_where_a_picture_lies_and_the_names_of_numbers() -> None:
    config = ConfigParser()
    config.read(SANITIZE, encoding="utf-8")
    assert config.sections() == ["picture", "name of a number", "picture for a phone"]
    assert sanitized(
        '<p src="x">56.1 <data value="score.2023.KZ.cwi">56.2</data></p><figure><picture>'
        '<source media="(max-width: 36rem)" srcset="figures/map-narrow.en.svg">'
        '<img src="figures/map.en.svg" alt="the index is 56.1"></picture><figcaption>1</figcaption>'
    ) == (
        '<p src="x">56.1 56.2</p><figure><img src="PICTURE" alt="the index is 56.1"><figcaption>1</figcaption>'
    )  # fmt: skip


# ---------------------------------------------------------------- run again


def sanitized(text: str) -> str:
    """What is left of an output when all that may differ is taken out of it, as nbval does."""
    for regex, replacement in get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")):
        text = re.sub(regex, replacement, text)
    return text


def run_here(notebook: NotebookNode) -> tuple[dict[int, dict[str, str]], OfficialReport]:
    """What every code cell shows when the notebook is run in this process, and its report."""
    names: dict[str, Any] = {}
    shown = {}
    for cell in code_cells(notebook):
        tree = ast.parse(cell.source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            if isinstance(value, Section):
                shown[cell.execution_count] = value._repr_mimebundle_()
    return shown, names["report"]


def differences(notebook: NotebookNode, shown: dict[int, dict[str, str]]) -> list[str]:
    found = []
    for cell in code_cells(notebook):
        wanted = cell.outputs[0].data if cell.outputs else {}
        here = shown.get(cell.execution_count, {})
        for kind in sorted({*wanted, *here}):
            old, new = sanitized(wanted.get(kind, "")), sanitized(here.get(kind, ""))
            if old != new:
                same = [a == b for a, b in zip(old, new, strict=False)]
                at = same.index(False) if False in same else len(same)
                said = f"…{old[max(at - 40, 0) : at + 40]}… and now …{new[max(at - 40, 0) : at + 40]}…"
                found.append(f"cell {cell.execution_count}, {kind}: {said}")
    return found


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks.Figure, "_source", lambda self: f"{self.stem}.svg")
    monkeypatch.delenv("CWI_OUTPUT", raising=False)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(CHOSEN), ids=name_of)
def test_a_report_run_again_shows_the_same_and_counts_the_published_numbers(
    path: Path, undrawn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook, edition = read(path), cwi.read_edition(int(path.parent.name))
    given: list[tuple[object, ...]] = []
    monkeypatch.setattr(cwi, "read_edition", lambda *words, root: given.append((*words, root)) or edition)
    shown, report = run_here(notebook)
    assert given == [(edition.year, "", None)]
    assert set(shown) == {cell.execution_count for cell in code_cells(notebook) if prints(cell)}
    assert shown
    assert differences(notebook, shown) == []
    last = notebook.cells[-1].outputs[0].data
    last["text/plain"] = last["text/plain"] + "1"  # and the comparison would notice
    assert len(differences(notebook, shown)) == 1
    published, record = read_published(edition)
    assert (record["fingerprint"], record["data"]) == (edition.methodology.fingerprint, edition.checksum)
    language = path.name.split(".")[1]
    others = [f"text_{code}" for code in LANGUAGES if code != language]
    numbers = merge([report.ledger.frame()]).set_index("name").drop(columns=others).join(published[others])
    assert compare(published, numbers) == []
    name = next(name for name in numbers.index if str(name).startswith("score."))
    numbers.loc[name, "value"] += "1"  # the control: the comparison would notice
    assert len(compare(published, numbers)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("year", editions() if ALL else [2023])
def test_a_published_edition_is_computed_again_to_its_last_digit(year: int) -> None:
    assert review(cwi.read_edition(year)) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", EXECUTED if ALL else [p for p in EXECUTED if p == FIRST], ids=name_of)
def test_nbval_finds_the_same_in_every_output(path: Path, tmp_path: Path) -> None:
    done = nbval(copy(path, tmp_path / path.name))
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
def test_nbval_notices_one_changed_number(tmp_path: Path) -> None:
    spoiled: list[str] = []

    def change(notebook: NotebookNode) -> None:
        """Keep what reads the edition and the section on what was measured, and change one digit of that."""
        cells = [i for i, cell in enumerate(notebook.cells) if cell.get("outputs")]
        first, measured = cells[:2]
        del notebook.cells[measured + 1 :]
        assert notebook.cells[first].source.splitlines()[-1] == "report.opening()"
        notebook.cells[first].source = notebook.cells[first].source.removesuffix("\nreport.opening()")
        notebook.cells[first].outputs = []
        data = notebook.cells[measured].outputs[0].data
        number = re.search(r"\b\d\d\b", data["text/plain"])
        assert number
        spoiled.append(str(int(number[0]) + 1))
        for kind in data:
            data[kind] = data[kind].replace(number[0], spoiled[0])

    done = nbval(copy(FIRST, tmp_path / FIRST.name, change))
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert spoiled[0] in done.stdout
