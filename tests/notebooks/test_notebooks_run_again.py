"""The notebooks of the analyses through papermill, and what they showed again through nbval, output by output.

Each is run for one year, with few draws, and again by nbval.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

from cwi.report.parameters import checked, declared
from cwi.report.render import execute

ROOT = Path(__file__).parents[2]
SANITIZE = Path(__file__).parent / "sanitize.cfg"
YEARS = {
    "child_deprivation": 2023,
    "children_budget": 2025,
    "consultation": 2023,
    "policy_tracking": 2023,
    "region_profile": 2023,
    "revision_report": 2023,
    "sensitivity": 2019,
    "start_here": 2023,
    "statistical_audit": 2019,
    "survey_estimates": 2023,
    "weighting_alternatives": 2023,
}
pytestmark = pytest.mark.exhaustive
FEW = {"draws": 200, "first": 2022, "last": 2024}  # draws and years of a notebook that has such parameters
RUNS = list(YEARS.items())


def test_every_notebook_is_run() -> None:
    sources = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sources == {*YEARS, "official_report"}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Path]:
    """Every notebook as papermill leaves it, with few draws and years."""
    folder, done = tmp_path_factory.mktemp("executed"), {}
    for name, year in RUNS:
        source = ROOT / "notebooks" / f"{name}.ipynb"
        given = {"year": year} | {word: few for word, few in FEW.items() if word in declared(source)}
        done[name, year] = folder / f"{name}-{year}.ipynb"
        execute(in_all_languages(source, folder), done[name, year], checked(source, given))
    return done


def in_all_languages(source: Path, folder: Path) -> Path:
    """The notebook of child deprivation with its sections in Russian and Kazakh too, after one computation.

    Of each cell what shows a section, or makes the report that does, comes again; every other notebook as it is.
    """
    if source.stem != "child_deprivation":
        return source
    notebook = nbformat.read(source, as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for language in ("ru", "kk"):
        notebook.cells.append(nbformat.v4.new_code_cell(f'language = "{language}"', id=language))
        for place, text in enumerate(cells):
            shown = [ast.unparse(part) for part in ast.parse(text).body if shows(part)]
            if shown:
                notebook.cells.append(nbformat.v4.new_code_cell("\n".join(shown), id=f"{language}-{place}"))
    path = folder / "sources" / source.name
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def shows(part: ast.stmt) -> bool:
    """Whether a statement shows a section, or makes a report."""
    makes = isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) in ("show", "policy")
    return makes or isinstance(part, ast.Expr)


@pytest.mark.slow
def test_child_deprivation_is_shown_in_three_languages(executed: dict[tuple[str, int], Path]) -> None:
    path = next(path for (name, _), path in executed.items() if name == "child_deprivation")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    ru, kk = (next(i for i, cell in enumerate(cells) if cell.source == f'language = "{one}"') for one in ("ru", "kk"))
    parts = {"СИНТЕТИЧЕСКИЕ ДАННЫЕ": cells[ru + 1 : kk], "СИНТЕТИКАЛЫҚ ДЕРЕКТЕР": cells[kk + 1 :]}
    assert [sum(bool(cell.outputs) for cell in part) for part in parts.values()] == [10, 10]
    for mark, part in parts.items():
        assert sum(mark in str(cell.outputs) for cell in part) >= 6
        assert not any("SYNTHETIC DATA" in str(cell.outputs) for cell in part)


@pytest.fixture(scope="module")
def compared(executed: dict[tuple[str, int], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What nbval finds in each of them, all in one run: no complaint, or the complaints of its cells."""
    record = tmp_path_factory.mktemp("nbval") / "record.xml"
    again = {path.stem: str(path) for path in executed.values()}
    (folder,) = {path.parent for path in executed.values()}  # its files are named from there
    command = [sys.executable, "-m", "pytest", "--nbval", *again.values(), "--nbval-sanitize-with", str(SANITIZE)]
    aside = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "CWI_", "COV_"))}
    aside["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "cwi-forked"  # the tests of executed reports take an ordinary kernel
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={folder}", f"--junitxml={record}"],
        cwd=ROOT, env=aside, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert record.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, list[str]] = {stem: [] for stem in again}
    cells = dict.fromkeys(found, 0)
    for case in ElementTree.parse(record).iter("testcase"):
        (name,) = [stem for stem in found if case.attrib["classname"].endswith(f"{stem}.ipynb")]
        cells[name] += 1
        found[name] += [str(part.text)[-3000:] for kind in ("failure", "error") for part in case.iter(kind)]
    assert all(cells.values()), cells
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "year"), RUNS)
def test_a_notebook_runs_from_top_to_bottom(name: str, year: int, executed: dict[tuple[str, int], Path]) -> None:
    cells = [
        cell for cell in nbformat.read(executed[name, year], as_version=4).cells if cell.cell_type == "code"
    ]  # fmt: skip
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "year"), RUNS)
def test_a_notebook_run_again_shows_the_same(
    name: str, year: int, executed: dict[tuple[str, int], Path], compared: dict[str, list[str]]
) -> None:
    assert compared[executed[name, year].stem] == []
