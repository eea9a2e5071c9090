"""A notebook reads the edition of another project's folder, as commands do."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from notebook_cells import code_cells

from cwi import DataError, cli, read_edition
from cwi.report import OfficialReport
from cwi.report.parameters import declared

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OF_THIS_PROJECT = (  # they need a nation and its registers, or two methodologies
    "child_deprivation",
    "children_budget",
    "policy_tracking",
    "region_profile",
    "revision_report",
)
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb") if path.stem not in OF_THIS_PROJECT)

RULES = """\
version = "theirs"
normalisation = "goalposts"

[[level]]
name = "pillar"
weighting = "equal"
aggregation = "arithmetic"
coverage = 0.0

[[level]]
name = "index"
weighting = "equal"
aggregation = "arithmetic"
coverage = 0.0
"""
INDICATORS = "code,pillar,worst,best\nincome,living,0,10\ndebt,living,40,0\nschool,learning,0,12\n"
VALUES = {
    "NA": (4, 10, 7), "ZM": (2, 30, 6), "ZW": (6, 20, 9), "BW": (9, 5, 10), "LS": (3, 25, 5),
}  # fmt: skip


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of five countries and three indicators."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    rows = [
        f"{code},2020,{indicator},{value}"
        for code, values in VALUES.items()
        for indicator, value in zip(("income", "debt", "school"), values, strict=True)
    ]
    observations = "\n".join(["region,year,indicator,value", *rows]) + "\n"
    files = {"methodology.toml": RULES, "indicators.csv": INDICATORS, "observations.csv": observations}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_reads_the_edition_of_its_project(name: str) -> None:
    source = NOTEBOOKS / f"{name}.ipynb"
    parameters = declared(source)
    assert parameters["project"] == parameters["methodology"] == (str, "")
    nodes = [node for cell in code_cells(source) for node in ast.walk(ast.parse(cell.source))]
    calls = [ast.unparse(node) for node in nodes if isinstance(node, ast.Call)]
    reads = [call for call in calls if call.startswith("cwi.read_edition(")]
    assert reads == ["cwi.read_edition(year, methodology, root=project or None)"]


@pytest.mark.slow
def test_no_methodology_is_the_one_that_was_approved(theirs: Path, project: object) -> None:
    assert read_edition(2020, "", root=theirs).methodology.version == "theirs"
    assert read_edition(2022, "").methodology.version == "t1"


def test_the_official_report_needs_a_nation(theirs: Path, says: Callable[..., "pytest.RaisesExc[Exception]"]) -> None:
    with says(
        DataError, "the report sets every region beside its nation, and the scores of 2020 have none; name it in "
        "methodology.toml (nation), or run another notebook"
    ):  # fmt: skip
        OfficialReport(read_edition(2020, root=theirs), language="en", draws=100, seed=1)


@pytest.mark.slow
def test_a_notebook_runs_for_another_project(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # the folder is named from where the command is given
    words = ("run", NOTEBOOKS / "sensitivity.ipynb", "done.ipynb")
    given = ("-p", "project=theirs", "-p", "year=2020", "-p", "draws=100")
    monkeypatch.setattr(sys, "argv", ["cwi", *map(str, words), *given])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code, capsys.readouterr().err
    outputs = [output for cell in code_cells(tmp_path / "done.ipynb") for output in cell.outputs]
    shown = "\n".join(str(output.data.get("text/html", "")) for output in outputs if "data" in output)
    assert all(code in shown for code in VALUES)
    assert nbformat.read(tmp_path / "done.ipynb", as_version=4).cells
